//! What somebody did to the accounts of others lately.
//!
//! Owns for how long that counts where two people are asked for. An administrator who makes a second
//! account, or takes a right away from whoever could say no, is still one person, and so are two accounts
//! that a third one made. Who stands behind an account that came by itself, or was given more by the provider,
//! nobody here knows: it may be anybody's. *Invariant:* it is read from the audit log, which nobody changes, and not from
//! rows; acts of the server's own machine are nobody's.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::event::{ActorKind, Event};
use carillon_domain::role::{Permission, Role};
use carillon_store::{AuditQuery, AuditRow, Seek, Store, Unit};
use serde_json::json;

use super::external::PLAIN;
use crate::error::{EngineError, Result};

/// A day: others see what was recorded before it comes to anything.
pub(super) const COUNTS_FOR: Duration = Duration::from_hours(24);
/// More of such records in a day than anybody makes: where there are more, nobody knows who is who.
const MOST: usize = 10_000;

const CREATED: &str = "user.created";
const FACTOR: &str = "second_factor.reset";
const DISABLED: &str = "user.disabled";
const ROLE: &str = "user.role_changed";
const ACTS: [&str; 7] = [
    CREATED,
    "user.enabled",
    ROLE,
    "user.password_set",
    "user.reset_link_made",
    DISABLED,
    FACTOR,
];

/// One act on an account.
struct Act {
    by: String,
    to: String,
    at: Timestamp,
    /// Whether the account owes something by it, rather than having lost something.
    gives: bool,
    /// Whether it came by itself, or by what the provider says.
    by_itself: bool,
    took_approver: bool,
    took_administrator: bool,
}

impl Act {
    /// Who asked for it did it as much as who let it come true.
    fn all_of(event: &Event) -> Vec<Self> {
        if !matches!(event.actor.kind, ActorKind::User | ActorKind::Token) {
            return Vec::new();
        }
        let takes = [DISABLED, ROLE].contains(&event.action.as_str());
        let by = [
            Some(event.actor.name.as_str()),
            event.detail["asked_by"].as_str(),
        ];
        let act = |by: &str| Self {
            by: by.to_owned(),
            to: event.detail["user"].as_str().unwrap_or_default().to_owned(),
            at: event.at,
            gives: event.action != DISABLED,
            by_itself: by_itself(event),
            took_approver: takes && event.detail["approver_before"] == true,
            took_administrator: takes && event.detail["before"] == json!(Role::Admin),
        };
        by.into_iter().flatten().map(act).collect()
    }
}

/// Who owes what to whom, of the last day.
pub(crate) struct Influence {
    /// Oldest first.
    acts: Vec<Act>,
}

impl Influence {
    /// As this unit finds it.
    pub(crate) async fn read(unit: &mut Unit, now: Timestamp) -> Result<Self> {
        Self::of(unit.audit_end(&query(now), MOST).await?, now)
    }

    /// For what is shown.
    pub(crate) async fn seen(store: &Store, now: Timestamp) -> Result<Self> {
        let most = i64::try_from(MOST).unwrap_or(i64::MAX);
        let page = store.audit_page(&query(now), &Seek::Start, most).await?;
        Self::of(page.items.into_iter().rev().collect(), now)
    }

    fn of(records: Vec<AuditRow>, now: Timestamp) -> Result<Self> {
        if records.len() >= MOST {
            let message = "more was done to accounts within the last day than can be looked through: \
                 nobody decides before it is over";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        let mut acts: Vec<Act> = records
            .iter()
            .flat_map(|record| Act::all_of(&record.event))
            .collect();
        acts.retain(|act| act.at.plus(COUNTS_FOR) > now);
        acts.sort_by_key(|act| act.at);
        Ok(Self { acts })
    }

    /// Until when one person may stand behind both accounts; nothing where these are two.
    pub(crate) fn one_person_until(&self, one: &str, other: &str) -> Option<Timestamp> {
        // Without the oldest so many they are two for the first time: the one before decides.
        let (mut low, mut high) = (0, self.acts.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if is_one(&self.acts[middle..], one, other) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let last = self.acts.get(low.checked_sub(1)?)?;
        Some(last.at.plus(COUNTS_FOR))
    }

    /// Whether this account, or one behind which the same person may stand, took the right to approve
    /// from somebody: then nobody else being there is its own doing.
    pub(crate) fn took_an_approver(&self, account: &str) -> bool {
        self.took(account, |act| act.took_approver)
    }

    /// The same of the rights of an administrator.
    pub(crate) fn took_an_administrator(&self, account: &str) -> bool {
        self.took(account, |act| act.took_administrator)
    }

    fn took(&self, account: &str, what: impl Fn(&Act) -> bool) -> bool {
        let takers = self.acts.iter().filter(|act| what(act));
        let takers: BTreeSet<&str> = takers.map(|act| act.by.as_str()).collect();
        let givers = Givers::of(&self.acts);
        takers.iter().any(|taker| givers.are_one(taker, account))
    }

    /// Whether one of these accounts, or one behind them, came by itself.
    pub(crate) fn came_by_itself(&self, one: &str, other: &str) -> bool {
        let givers = Givers::of(&self.acts);
        [one, other].iter().any(|name| givers.is_anybody(name))
    }
}

/// An account that the provider made, or to which it gave what decides.
fn by_itself(event: &Event) -> bool {
    let itself = event.detail["user"].as_str() == Some(event.actor.name.as_str());
    let role = |when: &str| {
        event.detail[when]
            .as_str()
            .and_then(|role| role.parse().ok())
    };
    let more = match (role("before"), role("after")) {
        (Some(before), Some(after)) => widens(before, after),
        _ => false,
    };
    event.actor.auth == PLAIN && itself && (event.action == CREATED || more)
}

/// Whether the second role decides where the first one did not.
fn widens(before: Role, after: Role) -> bool {
    let gains = |what: Permission| after.may(what) && !before.may(what);
    [Permission::Approve, Permission::Administer]
        .into_iter()
        .any(gains)
}

/// Each account with those whom it owes something, and those that came by themselves.
struct Givers<'a> {
    owes: BTreeMap<&'a str, BTreeSet<&'a str>>,
    anybody: BTreeSet<&'a str>,
}

impl<'a> Givers<'a> {
    fn of(acts: &'a [Act]) -> Self {
        let mut givers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for act in acts.iter().filter(|act| act.gives) {
            givers.entry(&act.to).or_default().insert(&act.by);
        }
        let anybody = acts.iter().filter(|act| act.by_itself);
        Self {
            owes: givers,
            anybody: anybody.map(|act| act.to.as_str()).collect(),
        }
    }

    /// Whether one person may stand behind both.
    fn are_one(&self, one: &'a str, other: &'a str) -> bool {
        let apart = self.behind(one).is_disjoint(&self.behind(other));
        !apart || self.is_anybody(one) || self.is_anybody(other)
    }

    /// Whether anybody may stand behind it.
    fn is_anybody(&self, account: &'a str) -> bool {
        !self.anybody.is_disjoint(&self.behind(account))
    }

    /// Everybody who may stand behind an account: itself, and whom it owes something over any chain.
    fn behind(&self, account: &'a str) -> BTreeSet<&'a str> {
        let (mut found, mut rest) = (BTreeSet::from([account]), vec![account]);
        while let Some(next) = rest.pop() {
            let givers = self.owes.get(next).into_iter().flatten();
            rest.extend(givers.copied().filter(|giver| found.insert(*giver)));
        }
        found
    }
}

fn is_one(acts: &[Act], one: &str, other: &str) -> bool {
    Givers::of(acts).are_one(one, other)
}

fn query(now: Timestamp) -> AuditQuery {
    AuditQuery {
        actions: ACTS.iter().map(|action| (*action).to_owned()).collect(),
        from: Some(now.minus(COUNTS_FOR)),
        ..AuditQuery::default()
    }
}
