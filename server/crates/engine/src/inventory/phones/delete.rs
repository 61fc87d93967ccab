//! Deleting phones.
//!
//! Owns what goes with a phone. *Invariant:* more than a few are for two, and whoever deletes many at once
//! is refused; what decides about that is with [`crate::changes`].

use std::collections::BTreeMap;

use carillon_domain::event::Event;
use carillon_domain::role::Permission;
use carillon_domain::{Mac, Timestamp};
use carillon_store::Unit;

use super::super::{check_version, record};
use crate::Engine;
use crate::caller::Caller;
use crate::changes::{Change, Leaving, MOST_DELETED, Made};
use crate::error::{EngineError, Result};
use crate::jobs::pause_jobs_that_lose;

/// The groups that each phone is in.
pub(crate) type GroupsOf = BTreeMap<Mac, Vec<String>>;

impl Engine {
    /// Deletes phones, or asks another administrator for it. Jobs and records keep their names.
    ///
    /// # Errors
    /// Denied, or a conflict where they are too many.
    pub async fn delete_phones(&self, caller: &Caller, macs: &[Mac], reason: &str) -> Result<Made> {
        caller.require(Permission::ManageInventory)?;
        if macs.len() > MOST_DELETED {
            let (phones, most) = (macs.len(), MOST_DELETED);
            return Err(EngineError::Conflict(format!(
                "{phones} phones are too many to be deleted at once: at most {most}"
            )));
        }
        let leaving = self.leaving(macs).await?;
        let change = Change::PhonesDeletion(leaving);
        self.make_change(caller, &change, reason).await
    }

    /// Deletes one phone that somebody has looked at.
    ///
    /// # Errors
    /// Denied, not found, or an old version.
    pub async fn delete_phone(
        &self,
        caller: &Caller,
        mac: Mac,
        version: Option<i64>,
    ) -> Result<Made> {
        caller.require(Permission::ManageInventory)?;
        let row = self.store.phone(mac).await?.ok_or(EngineError::NotFound)?;
        check_version(row.version, version)?;
        self.delete_phones(caller, &[mac], "").await
    }

    /// These phones with their groups of now, read before anything is kept.
    pub(crate) async fn leaving(&self, macs: &[Mac]) -> Result<Leaving> {
        let groups = self.store.groups_of(macs, self.clock.now()).await?;
        Ok(Leaving {
            macs: macs.to_vec(),
            groups,
        })
    }
}

/// Takes phones out of the inventory, with all that is theirs alone. Answers the records: those of the
/// phones first, then those of jobs that lose one.
pub(crate) async fn take_out(
    unit: &mut Unit,
    (macs, groups): (&[Mac], &GroupsOf),
    by: (&Caller, Timestamp),
) -> Result<Vec<Event>> {
    let rows = unit.phones_by_macs(macs).await?;
    let event = |row: &carillon_store::PhoneRow| {
        let mut event = record::of_phone(by.0, by.1, "phone.deleted", &row.phone);
        event.groups = groups.get(&row.phone.mac).cloned().unwrap_or_default();
        event
    };
    let mut events: Vec<Event> = rows.iter().map(event).collect();
    let found: Vec<Mac> = rows.iter().map(|row| row.phone.mac).collect();
    events.extend(pause_jobs_that_lose(unit, &found, by).await?);
    unit.delete_own_credentials(&found).await?;
    unit.delete_phones(&found).await?;
    Ok(events)
}
