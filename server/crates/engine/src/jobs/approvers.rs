//! Who may decide about jobs of others.
//!
//! Owns what is told of them before anybody decides; a decision itself reads all of it again: see `approve`.

use carillon_domain::Timestamp;
use carillon_domain::role::Permission;
use carillon_store::Approver;

use super::rules::{DECIDE, Rules};
use crate::Engine;
use crate::accounts::{Deciders, STRONG};
use crate::caller::Caller;
use crate::error::Result;

/// Who could approve what somebody is about to ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prospect {
    /// Those whose yes counts.
    pub able: Vec<String>,
    /// Those who lack nothing but a second factor that the rules want.
    pub without_factor: Vec<String>,
    /// From when one of the first is somebody else than who asks; nothing where that is now.
    pub from: Option<Timestamp>,
}

impl Engine {
    /// Who could approve a job that this caller is about to ask for.
    ///
    /// # Errors
    /// Denied.
    pub async fn job_prospect(&self, caller: &Caller, rules: &Rules) -> Result<Prospect> {
        caller.require(Permission::ViewJobs)?;
        let approvers = self.store.approvers().await?;
        self.prospect(caller, rules, approvers).await
    }

    /// Who could approve a change that this caller is about to ask for.
    ///
    /// # Errors
    /// Denied to all but who manages the inventory.
    pub async fn change_prospect(&self, caller: &Caller, rules: &Rules) -> Result<Prospect> {
        caller.require(Permission::ManageInventory)?;
        let administrators = self.store.administrators().await?;
        self.prospect(caller, rules, administrators).await
    }

    async fn prospect(
        &self,
        caller: &Caller,
        rules: &Rules,
        all: Vec<Approver>,
    ) -> Result<Prospect> {
        let asker = caller.actor.name.as_str();
        let others = all.into_iter().filter(|one| one.name != asker);
        let asks = rules.approve_with_factor;
        let (lacking, able): (Vec<_>, Vec<_>) = others.partition(|one| asks && one.without_factor);
        let from = self.one_person_with_all(caller, &able).await?;
        let names = |of: Vec<Approver>| of.into_iter().map(|one| one.name).collect();
        Ok(Prospect {
            able: names(able),
            without_factor: names(lacking),
            from,
        })
    }

    /// Until when all of these and this caller may be one person. The audit log is asked only where each of
    /// them was changed lately: one that was not is somebody else.
    async fn one_person_with_all(
        &self,
        caller: &Caller,
        able: &[Approver],
    ) -> Result<Option<Timestamp>> {
        let now = self.clock.now();
        let recent = |one: &Approver| Deciders::may_count(one.changed_at, now);
        if able.is_empty() || !able.iter().all(recent) {
            return Ok(None);
        }
        let names = able.iter().map(|one| one.name.clone()).collect();
        let deciders = Deciders::of(&self.store, names, now).await?;
        Ok(deciders.hindrance(caller, &caller.actor.name).everybody)
    }

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
