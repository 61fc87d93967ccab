//! How much one person may do alone.
//!
//! Owns the limits on what operators start, and when a second person is needed; `judge` holds a job
//! to them.

mod judge;
mod let_on;

use carillon_domain::action::{Class, Entry};
use carillon_domain::role::Permission;
use carillon_store::{AskedAlone, MadeAlone, Ordered, StopAll, Surroundings};
use serde::{Deserialize, Serialize};

use crate::Engine;
use crate::caller::Caller;
use crate::changes::{Change, Made};
use crate::error::{EngineError, FieldError, Result};

/// Fewer people who may approve are none: whoever is alone could do nothing dangerous at all.
const FEWEST_APPROVERS: i64 = 2;

/// How much one person may do alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Most phones of an operator's job.
    pub phones_per_job: u32,
    /// Most phones of an operator's jobs within an hour.
    pub phones_per_hour: u32,
    /// Most jobs of an operator within a minute.
    pub jobs_per_minute: u32,
    /// Whether destructive actions need a second person.
    pub approve_destructive: bool,
    /// Disruptive actions need one above so many phones; `None` = never.
    pub approve_disruptive_above: Option<u32>,
    /// And above so many percent of all phones; `None` = never. One phone alone never is.
    #[serde(default = "Rules::usual_percent")]
    pub approve_disruptive_percent: Option<u32>,
    /// Whether only somebody with a second factor lets such jobs run.
    #[serde(default = "Rules::usual_factor")]
    pub approve_with_factor: bool,
    /// What operators start at all.
    #[serde(default)]
    pub operators_start: Started,
}

/// What operators start, by class of action; call control is a class of its own beside these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Started {
    /// Actions that disturb nobody.
    pub harmless: bool,
    /// Actions that interrupt work.
    pub disruptive: bool,
    /// Actions that cannot be taken back.
    pub destructive: bool,
    /// Dialling, answering, transfers.
    pub call_control: bool,
}

impl Default for Started {
    fn default() -> Self {
        Self {
            harmless: true,
            disruptive: true,
            destructive: true,
            call_control: true,
        }
    }
}

impl Started {
    /// Why this action is not started; nothing where it is.
    fn refusal(self, entry: &Entry) -> Option<&'static str> {
        if entry.call_control && !self.call_control {
            return Some("operators do not take calls or dial here: ask an administrator");
        }
        match entry.class {
            Class::Harmless => (!self.harmless)
                .then_some("operators do not start harmless commands here: ask an administrator"),
            Class::Disruptive => (!self.disruptive)
                .then_some("operators do not start disruptive commands here: ask an administrator"),
            Class::Destructive => (!self.destructive).then_some(
                "operators do not start destructive commands here: ask an administrator",
            ),
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            phones_per_job: 500,
            phones_per_hour: 2_000,
            jobs_per_minute: 10,
            approve_destructive: true,
            approve_disruptive_above: Some(50),
            approve_disruptive_percent: Some(10),
            approve_with_factor: true,
            operators_start: Started::default(),
        }
    }
}

impl Rules {
    /// Operators start nothing, and everything that disturbs somebody is for two.
    const STRICTEST: Self = Self {
        phones_per_job: 1,
        phones_per_hour: 1,
        jobs_per_minute: 1,
        approve_destructive: true,
        approve_disruptive_above: Some(0),
        approve_disruptive_percent: Some(0),
        approve_with_factor: true,
        operators_start: Started {
            harmless: false,
            disruptive: false,
            destructive: false,
            call_control: false,
        },
    };

    /// What rules from before had no word for.
    fn usual_percent() -> Option<u32> {
        Self::default().approve_disruptive_percent
    }

    fn usual_factor() -> bool {
        Self::default().approve_with_factor
    }

    /// Whether a job of this class on so many phones is one for two, where there are two. Phones that
    /// the same person disturbed alone within the hour count with it: many small jobs are a large one.
    pub fn wants_second_person(&self, class: Class, phones: usize, alone: AskedAlone) -> bool {
        let phones = i64::try_from(phones).unwrap_or(i64::MAX);
        let all = phones.saturating_add(alone.phones);
        let above = |limit: u32| all > i64::from(limit);
        let share = |percent: u32| {
            let (part, whole) = (i128::from(all) * 100, i128::from(alone.fleet));
            all > 1 && part > i128::from(percent) * whole
        };
        phones > 0
            && match class {
                Class::Harmless => false,
                Class::Disruptive => {
                    self.approve_disruptive_above.is_some_and(above)
                        || self.approve_disruptive_percent.is_some_and(share)
                }
                Class::Destructive => self.approve_destructive,
            }
    }

    fn faults(&self) -> Vec<FieldError> {
        let limits = [
            ("phones_per_job", self.phones_per_job),
            ("phones_per_hour", self.phones_per_hour),
            ("jobs_per_minute", self.jobs_per_minute),
        ];
        let zero = limits.into_iter().filter(|(_, limit)| *limit == 0);
        let zero =
            zero.map(|(field, _)| FieldError::new(field, "out_of_range", "Give at least 1."));
        let share = self.approve_disruptive_percent.filter(|share| *share > 100);
        let share = share.map(|_| {
            let field = "approve_disruptive_percent";
            FieldError::new(field, "out_of_range", "Give at most 100.")
        });
        zero.chain(share).collect()
    }
}

/// The rules, and whether there are enough people for a second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RulesInForce {
    /// As they are set.
    pub rules: Rules,
    /// People who may approve.
    pub approvers: i64,
}

impl RulesInForce {
    fn of(found: &Surroundings) -> Result<Self> {
        Ok(Self {
            rules: read(&found.rules)?,
            approvers: found.approvers,
        })
    }

    /// Whether dangerous jobs wait for a second person at all.
    pub const fn asks_second_person(&self) -> bool {
        self.approvers >= FEWEST_APPROVERS
    }
}

/// What every page says, to whom it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation {
    /// How many jobs that the caller may see are under way.
    pub under_way: i64,
    /// How many of those are paused.
    pub paused: i64,
    /// How many that the caller may see have not ended: those, and what may send something yet.
    pub not_ended: i64,
    /// Whether all sending is stopped.
    pub stop: Option<StopAll>,
    /// Which rules hold.
    pub rules: RulesInForce,
    /// How many changes of others wait for this administrator.
    pub changes: i64,
    /// How many jobs of others wait for this person.
    pub approvals: i64,
    /// The last change that an administrator made alone.
    pub alone: Option<MadeAlone>,
}

impl Engine {
    /// What holds now. No secret: whoever runs jobs sees it in their effect.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn rules(&self) -> Result<RulesInForce> {
        RulesInForce::of(&self.store.surroundings(None).await?)
    }

    /// What every page says.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn surroundings(&self, caller: &Caller) -> Result<Situation> {
        let seen = caller.sight(Permission::ViewJobs, &self.store);
        let may_see = seen.is_ok();
        let account = caller.user_id.as_deref();
        let decides = caller.is_person() && caller.require(DECIDE).is_ok();
        let found = match seen {
            Ok(seen) => seen.surroundings(account).await?,
            Err(_) => self.store.surroundings(account).await?,
        };
        let rules = RulesInForce::of(&found)?;
        let administers = caller.require(Permission::Administer).is_ok();
        Ok(Situation {
            under_way: if may_see { found.under_way } else { 0 },
            paused: if may_see { found.paused } else { 0 },
            not_ended: if may_see { found.not_ended } else { 0 },
            stop: found.stop,
            rules,
            changes: if administers { found.changes } else { 0 },
            approvals: if decides { found.approvals } else { 0 },
            alone: found.alone.filter(|_| administers),
        })
    }

    /// Changes the rules, or asks another administrator for that.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names every wrong field.
    pub async fn change_rules(&self, caller: &Caller, rules: &Rules, reason: &str) -> Result<Made> {
        caller.require_administrator()?;
        let faults = rules.faults();
        if !faults.is_empty() {
            return Err(EngineError::Invalid(faults));
        }
        self.make_change(caller, &Change::Rules(*rules), reason)
            .await
    }
}

/// Where somebody else wrote the rules, the strictest hold.
pub(crate) fn read(ordered: &Ordered) -> Result<Rules> {
    match ordered {
        Ordered::Forged => Ok(Rules::STRICTEST),
        Ordered::As(None) => Ok(Rules::default()),
        Ordered::As(Some(text)) => serde_json::from_str(text)
            .map_err(|_| EngineError::Internal("the rules cannot be read")),
    }
}

/// The permission to decide about jobs of others; the account's flag comes on top.
pub(super) const DECIDE: Permission = Permission::Approve;

pub(crate) use judge::wants_factor;
pub(super) use judge::{judge, may_go_on, may_start};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destructive_actions_always_want_two_and_disruptive_ones_above_fifty_phones() {
        let rules = Rules::default();
        let large = AskedAlone {
            phones: 0,
            fleet: 100_000,
        };
        for (class, phones, two) in [
            (Class::Harmless, 10_000, false),
            (Class::Disruptive, 50, false),
            (Class::Disruptive, 51, true),
            (Class::Destructive, 1, true),
            (Class::Destructive, 0, false),
        ] {
            assert_eq!(
                rules.wants_second_person(class, phones, large),
                two,
                "{class:?} {phones}"
            );
        }
    }

    #[test]
    fn small_jobs_add_up_and_a_tenth_of_the_fleet_is_much() {
        let rules = Rules::default();
        let wants = |phones, before, fleet| {
            let alone = AskedAlone {
                phones: before,
                fleet,
            };
            rules.wants_second_person(Class::Disruptive, phones, alone)
        };
        assert!(!wants(25, 25, 1_000));
        assert!(wants(26, 25, 1_000), "together more than fifty");
        assert!(!wants(10, 0, 100));
        assert!(wants(11, 0, 100), "more than a tenth");
        assert!(wants(6, 5, 100), "more than a tenth together");
        assert!(!wants(1, 0, 3), "one phone is one person's business");
        assert!(wants(1, 1, 3), "two of three are not");
    }

    #[test]
    fn rules_from_before_are_read_with_what_is_new() {
        let stored = r#"{"phones_per_job":7,"phones_per_hour":8,"jobs_per_minute":9,
            "approve_destructive":false,"approve_disruptive_above":null}"#;
        let expected = Rules {
            phones_per_job: 7,
            phones_per_hour: 8,
            jobs_per_minute: 9,
            approve_destructive: false,
            approve_disruptive_above: None,
            ..Rules::default()
        };
        let stored = Ordered::As(Some(stored.to_owned()));
        assert_eq!(read(&stored).unwrap(), expected);
        assert_eq!(read(&Ordered::As(None)).unwrap(), Rules::default());
    }

    #[test]
    fn where_somebody_else_wrote_the_rules_the_strictest_hold() {
        let rules = read(&Ordered::Forged).unwrap();
        let alone = AskedAlone {
            phones: 0,
            fleet: 100_000,
        };
        assert!(rules.wants_second_person(Class::Destructive, 1, alone));
        assert!(rules.wants_second_person(Class::Disruptive, 1, alone));
        for entry in carillon_domain::action::all() {
            assert!(rules.operators_start.refusal(entry).is_some());
        }
    }
}
