//! The requests that wait.
//!
//! Changes nothing.

use carillon_domain::role::Permission;
use carillon_store::{Approver, ChangeRequestRow};

use crate::Engine;
use crate::accounts::{Deciders, Hindrance};
use crate::caller::Caller;
use crate::error::Result;
use crate::jobs::Prospect;

/// A request that waits, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingChange {
    /// The request.
    pub request: ChangeRequestRow,
    /// Whether this caller asked for it.
    pub own: bool,
    /// From when somebody may decide.
    pub hindrance: Hindrance,
    /// Who would have to set up a second factor first, where the rules want one and nobody has it whose yes
    /// would count.
    pub lacking: Vec<String>,
}

impl Engine {
    /// The requests about which another administrator can decide, oldest first.
    ///
    /// # Errors
    /// Denied to all but who administers.
    pub async fn change_requests(&self, caller: &Caller) -> Result<Vec<WaitingChange>> {
        let rows = self.requests_that_wait(caller).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let all = self.store.administrators().await?;
        let names = all.iter().map(|one| one.name.clone());
        let deciders = Deciders::of(&self.store, names.collect(), self.clock.now()).await?;
        let waiting = rows.into_iter().map(|request| WaitingChange {
            own: caller.user_id.as_deref() == Some(request.account.as_str()),
            hindrance: deciders.hindrance(caller, &request.actor),
            lacking: lacking(&all, &deciders, &request.actor),
            request,
        });
        Ok(waiting.collect())
    }

    /// The same, without who can decide when.
    ///
    /// # Errors
    /// Denied to all but who administers.
    pub async fn requests_that_wait(&self, caller: &Caller) -> Result<Vec<ChangeRequestRow>> {
        caller.require(Permission::Administer)?;
        let now = self.clock.now();
        let rows = self.store.waiting_change_requests().await?;
        self.tell_of_forged_rows().await;
        Ok(rows.into_iter().filter(|row| row.until > now).collect())
    }
}

/// Whose second factor is missing, where nobody else could approve what `asker` asked for.
fn lacking(all: &[Approver], deciders: &Deciders, asker: &str) -> Vec<String> {
    let until = |name: &str| deciders.until(name, asker);
    let others = Prospect::of(all, (asker, true), until);
    if others.able.is_empty() {
        others.without_factor
    } else {
        Vec::new()
    }
}
