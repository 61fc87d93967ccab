//! Whether who asked and who decides are two people.
//!
//! Owns what is said where one person may stand behind both. *Invariant:* nobody decides about what was
//! asked for by an account that owes theirs something of the last day, or to which theirs does, or that
//! owes it to the same third one, over any chain; nor by or about one that came by itself within that day.

use carillon_domain::Timestamp;
use carillon_store::{Store, Unit};

use super::influence::{COUNTS_FOR, Influence};
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// From when somebody may decide about what another one asked for. Nothing where that is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hindrance {
    /// From when whoever looks is somebody else than who asked.
    pub own: Option<Timestamp>,
    /// From when anybody at all is.
    pub everybody: Option<Timestamp>,
}

/// Who may decide, and what they owe each other.
pub(crate) struct Deciders {
    influence: Influence,
    names: Vec<String>,
}

impl Deciders {
    /// Those of these names.
    pub(crate) async fn of(store: &Store, names: Vec<String>, now: Timestamp) -> Result<Self> {
        let influence = Influence::seen(store, now).await?;
        Ok(Self { influence, names })
    }

    /// Whether what was done to an account that was last changed then may still count.
    pub(crate) fn may_count(changed_at: Timestamp, now: Timestamp) -> bool {
        changed_at.plus(COUNTS_FOR) > now
    }

    /// Until when this account and `asker` may be one person.
    pub(crate) fn until(&self, name: &str, asker: &str) -> Option<Timestamp> {
        self.influence.one_person_until(name, asker)
    }

    /// What stands between a request of `asker` and an answer.
    pub(crate) fn hindrance(&self, caller: &Caller, asker: &str) -> Hindrance {
        let until = |name: &str| self.until(name, asker);
        let others = self.names.iter().filter(|name| *name != asker);
        let others: Option<Vec<Timestamp>> = others.map(|name| until(name)).collect();
        let account = caller.user_id.is_some().then_some(&caller.actor.name);
        Hindrance {
            own: account
                .filter(|name| *name != asker)
                .and_then(|name| until(name)),
            everybody: others.and_then(|times| times.into_iter().min()),
        }
    }
}

/// Refuses where one person may stand behind who decides and the account that asked.
pub(crate) async fn independent(
    unit: &mut Unit,
    (caller, asker): (&Caller, &str),
    now: Timestamp,
) -> Result<()> {
    let Some(asker) = unit.user(asker).await? else {
        return Ok(());
    };
    let influence = Influence::read(unit, now).await?;
    let Some(until) = influence.one_person_until(&caller.actor.name, &asker.name) else {
        return Ok(());
    };
    let moment = until.to_minute_text();
    if influence.came_by_itself(&caller.actor.name, &asker.name) {
        return Err(EngineError::Conflict(format!(
            "you and who asked may be one person: within the last day one of these accounts, or one that made \
             one of them, came by the provider or was given more by it, and anybody may stand behind it; you can \
             decide from {moment} UTC on"
        )));
    }
    Err(EngineError::Conflict(format!(
        "you and who asked may be one person: within the last day one of you, or the same third person, made \
         the account of the other, gave its rights or set its password; somebody else can decide, or you from {moment} UTC on"
    )))
}
