//! Who may decide about jobs of others.
//!
//! Owns what is told of them before anybody decides; a decision itself reads all of it again: see `approve`.

use carillon_domain::role::Permission;
use carillon_store::Approver;

use super::rules::{DECIDE, Rules};
use crate::Engine;
use crate::accounts::STRONG;
use crate::caller::Caller;
use crate::error::Result;

impl Engine {
    /// Those who may decide about jobs of others. No secret to who sees jobs.
    ///
    /// # Errors
    /// Denied.
    pub async fn approvers(&self, caller: &Caller) -> Result<Vec<Approver>> {
        caller.require(Permission::ViewJobs)?;
        Ok(self.store.approvers().await?)
    }

    /// Whether this caller's account may decide about jobs of others.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn may_approve(&self, caller: &Caller) -> Result<bool> {
        let Some(account) = caller.user_id.as_deref().filter(|_| caller.is_person()) else {
            return Ok(false);
        };
        let user = self.store.user(account).await?;
        Ok(caller.require(DECIDE).is_ok() && user.is_some_and(|user| user.approver))
    }

    /// Whether only a second factor is missing to this caller for approving: jobs and changes alike.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn lacks_factor(&self, caller: &Caller, rules: &Rules) -> Result<bool> {
        let account = caller.user_id.as_deref().filter(|_| caller.is_person());
        let asked = rules.approve_with_factor && caller.actor.auth != STRONG;
        let Some(account) = account.filter(|_| asked) else {
            return Ok(false);
        };
        let user = self.store.user(account).await?;
        Ok(user.is_some_and(|user| user.factor.is_none()))
    }
}
