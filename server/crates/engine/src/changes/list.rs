//! The requests that wait.
//!
//! Changes nothing.

use carillon_domain::role::{Permission, Role};
use carillon_store::{ChangeRequestRow, UserRow};

use crate::Engine;
use crate::accounts::{Deciders, Hindrance};
use crate::caller::Caller;
use crate::error::Result;

/// A request that waits, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingChange {
    /// The request.
    pub request: ChangeRequestRow,
    /// Whether this caller asked for it.
    pub own: bool,
    /// From when somebody may decide.
    pub hindrance: Hindrance,
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
        let users = self.store.users().await?;
        let others = users.into_iter().filter(administers).map(|user| user.name);
        let deciders = Deciders::of(&self.store, others.collect(), self.clock.now()).await?;
        let waiting = rows.into_iter().map(|request| WaitingChange {
            own: caller.user_id.as_deref() == Some(request.account.as_str()),
            hindrance: deciders.hindrance(caller, &request.actor),
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

fn administers(user: &UserRow) -> bool {
    user.role == Role::Admin && !user.disabled
}
