//! How much one person may do alone.
//!
//! Owns the limits on what operators start, and when a second person is needed. *Invariant:* both
//! are looked at inside the transaction that makes the job, so that many requests at once come to
//! no more than one after another.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::action::Class;
use carillon_domain::role::{Permission, Role};
use carillon_store::{StopAll, Surroundings, Unit};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::preview::JobPreview;
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, FieldError, Result};

const KEPT_AS: &str = "rules";
const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);
/// How long a job waits for a second person.
const APPROVAL_WAITS: Duration = Duration::from_mins(30);
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
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            phones_per_job: 500,
            phones_per_hour: 2_000,
            jobs_per_minute: 10,
            approve_destructive: true,
            approve_disruptive_above: Some(50),
        }
    }
}

impl Rules {
    /// Whether a job of this class on so many phones is one for two, where there are two.
    pub fn wants_second_person(&self, class: Class, phones: usize) -> bool {
        let above = |limit: u32| phones > limit as usize;
        phones > 0
            && match class {
                Class::Harmless => false,
                Class::Disruptive => self.approve_disruptive_above.is_some_and(above),
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
        zero.map(|(field, _)| FieldError::new(field, "out_of_range", "Give at least 1."))
            .collect()
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
            rules: read(found.rules.as_deref())?,
            approvers: found.approvers,
        })
    }

    /// Whether dangerous jobs wait for a second person at all.
    pub const fn asks_second_person(&self) -> bool {
        self.approvers >= FEWEST_APPROVERS
    }
}

impl Engine {
    /// What holds now. No secret: whoever runs jobs sees it in their effect.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn rules(&self) -> Result<RulesInForce> {
        RulesInForce::of(&self.store.surroundings(KEPT_AS).await?)
    }

    /// What every page says: how many jobs that the caller may see are under way, whether all
    /// sending is stopped, and which rules hold.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn surroundings(
        &self,
        caller: &Caller,
    ) -> Result<(i64, Option<StopAll>, RulesInForce)> {
        let seen = caller.sight(Permission::ViewJobs, &self.store);
        let may_see = seen.is_ok();
        let found = match seen {
            Ok(seen) => seen.surroundings(KEPT_AS).await?,
            Err(_) => self.store.surroundings(KEPT_AS).await?,
        };
        let rules = RulesInForce::of(&found)?;
        let under_way = if may_see { found.under_way } else { 0 };
        Ok((under_way, found.stop, rules))
    }

    /// Changes the rules.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names every wrong field.
    pub async fn change_rules(&self, caller: &Caller, rules: &Rules) -> Result<()> {
        caller.require_administrator()?;
        let faults = rules.faults();
        if !faults.is_empty() {
            return Err(EngineError::Invalid(faults));
        }
        let text = serde_json::to_string(rules)
            .map_err(|_| EngineError::Internal("rules without a JSON form"))?;
        let mut unit = self.store.begin().await?;
        let before = read(unit.meta(KEPT_AS).await?.as_deref())?;
        unit.set_meta(KEPT_AS, &text).await?;
        let mut event = caller.event(self.clock.now(), "rules.changed");
        event.detail = json!({ "before": before, "after": rules });
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }
}

fn read(stored: Option<&str>) -> Result<Rules> {
    let Some(text) = stored else {
        return Ok(Rules::default());
    };
    serde_json::from_str(text).map_err(|_| EngineError::Internal("the rules cannot be read"))
}

/// Refuses what is too much for an operator, and says until when the job waits for a second
/// person, where it does. The limits are those of the account, whatever its tokens may.
pub(super) async fn judge(
    unit: &mut Unit,
    caller: &Caller,
    preview: &JobPreview,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let rules = read(unit.meta(KEPT_AS).await?.as_deref())?;
    if let Some(account) = &caller.user_id {
        let user = unit.user(account).await?;
        if user.is_some_and(|user| user.role == Role::Operator) {
            within(unit, (account, &rules), preview.total(), now).await?;
        }
    }
    let class = preview.action.entry().class;
    let wanted = rules.wants_second_person(class, preview.plan.run.len());
    let asked = wanted && unit.count_approvers().await? >= FEWEST_APPROVERS;
    Ok(asked.then(|| now.plus(APPROVAL_WAITS)))
}

async fn within(
    unit: &mut Unit,
    (account, rules): (&str, &Rules),
    phones: usize,
    now: Timestamp,
) -> Result<()> {
    if phones > rules.phones_per_job as usize {
        let message = format!(
            "{phones} phones are too many for one job of an operator: {} at most",
            rules.phones_per_job
        );
        return Err(EngineError::invalid("targets", "over_limit", message));
    }
    let (jobs, _) = unit.asked_since(account, now.minus(MINUTE)).await?;
    if jobs >= i64::from(rules.jobs_per_minute) {
        let message = format!("{jobs} jobs within a minute are enough: wait, then start this one");
        return Err(EngineError::Conflict(message));
    }
    let (_, before) = unit.asked_since(account, now.minus(HOUR)).await?;
    let after = before.saturating_add(i64::try_from(phones).unwrap_or(i64::MAX));
    if after > i64::from(rules.phones_per_hour) {
        let message = format!(
            "your jobs of the last hour had {before} phones: with these it would be {after}, and {} is the most",
            rules.phones_per_hour
        );
        return Err(EngineError::Conflict(message));
    }
    Ok(())
}

impl JobPreview {
    /// Whether this caller's job would wait for somebody else.
    pub fn needs_approval(&self, in_force: &RulesInForce) -> bool {
        let (class, phones) = (self.action.entry().class, self.plan.run.len());
        in_force.asks_second_person() && in_force.rules.wants_second_person(class, phones)
    }
}

/// The permission to decide about jobs of others; the account's flag comes on top.
pub(super) const DECIDE: Permission = Permission::Approve;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destructive_actions_always_want_two_and_disruptive_ones_above_fifty_phones() {
        let rules = Rules::default();
        for (class, phones, two) in [
            (Class::Harmless, 10_000, false),
            (Class::Disruptive, 50, false),
            (Class::Disruptive, 51, true),
            (Class::Destructive, 1, true),
            (Class::Destructive, 0, false),
        ] {
            assert_eq!(
                rules.wants_second_person(class, phones),
                two,
                "{class:?} {phones}"
            );
        }
    }
}
