//! What an account may, and how far it and its tokens reach.
//!
//! Owns the change of role, reach and the right to approve, all at once. *Invariant:* who may
//! change everything reaches everything; a token never reaches further than its account.

use carillon_domain::phone::GroupKind;
use carillon_domain::reach::{Area, Reach};
use carillon_domain::role::Role;
use carillon_store::{Keeps, StoreError, TokenRow, Unit, UserRow};
use serde_json::json;

use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, FieldError, Result};
use crate::jobs::pause_jobs_of;

/// What an account may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Role.
    pub role: Role,
    /// What it reaches; `None` = everything.
    pub area: Option<Area>,
    /// May let dangerous jobs of others run.
    pub approver: bool,
}

impl Access {
    /// Whether this account has just this already.
    fn is_of(&self, user: &UserRow) -> bool {
        let area = user.scoped.then_some(&user.area);
        (self.role, self.area.as_ref(), self.approver) == (user.role, area, user.approver)
    }
}

/// How far an account reaches.
pub(crate) fn reach_of(user: &UserRow) -> Reach {
    Reach::within(user.scoped.then(|| user.area.clone()))
}

/// How far a token reaches: what it was given, within what its account reaches.
pub(super) fn reach_of_token(token: &TokenRow, user: &UserRow) -> Reach {
    let area = token.scoped.then(|| token.area.clone());
    reach_of(user).and(Reach::within(area))
}

impl Engine {
    /// Gives an account another role or reach and ends its sessions. Nothing different = nothing
    /// written: who only looked did nothing to the account.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names every wrong field; [`EngineError::Conflict`] when
    /// `version` is old, or no administrator would be left.
    pub async fn change_access(
        &self,
        caller: &Caller,
        name: &str,
        access: &Access,
        version: i64,
    ) -> Result<()> {
        caller.require_administrator()?;
        fits(access)?;
        let id = self.user_named(name).await?.id;
        let mut unit = caller.begin_keeping(&self.store, Keeps::Accounts).await?;
        unit.lock_administrators().await?;
        // Before its jobs: whoever writes for it keeps the account, and then waits for jobs.
        let before = unit.user_for_update(&id).await?;
        let before = before.ok_or(EngineError::NotFound)?;
        let reached = before.scoped.then(|| before.area.clone());
        if before.version != version {
            return Err(StoreError::Conflict.into());
        }
        if access.is_of(&before) {
            return Ok(());
        }
        let area = access.area.clone().unwrap_or_default();
        check_area(&mut unit, &area).await?;
        let after = UserRow {
            role: access.role,
            scoped: access.area.is_some(),
            area: area.clone(),
            approver: access.approver,
            version,
            ..before.clone()
        };
        let paused = pause_jobs_of(&mut unit, &after, (caller, self.clock.now())).await?;
        self.update_user(&mut unit, &after).await?;
        unit.set_area(&id, &area).await?;
        let mut event = caller.event(self.clock.now(), "user.role_changed");
        event.detail = json!({
            "user": before.name, "before": before.role, "after": access.role,
            "reach_before": reached, "reach": access.area,
            "approver_before": before.approver, "approver": access.approver,
        });
        let events = [vec![event], paused].concat();
        unit.record(&events).await?.commit().await?;
        self.jobs_moved(&events);
        Ok(())
    }
}

/// Whether who has this role reaches everything, whatever else was given.
pub(super) const fn reaches_everything(role: Role) -> bool {
    matches!(role, Role::Admin | Role::Auditor)
}

/// Whether who has this role can be given the right to approve.
pub(super) const fn can_approve(role: Role) -> bool {
    matches!(role, Role::Operator | Role::Admin)
}

/// Whether role, reach and the right to approve go together.
fn fits(access: &Access) -> Result<()> {
    let mut errors = Vec::new();
    if access.area.is_some() && reaches_everything(access.role) {
        let message = "Administrators and auditors reach everything.";
        errors.push(FieldError::new("reach", "invalid", message));
    }
    if access.area == Some(Area::default()) {
        let message = "Name at least one site or group.";
        errors.push(FieldError::new("sites", "required", message));
    }
    if access.approver && !can_approve(access.role) {
        let message = "Operators and administrators can approve, nobody else.";
        errors.push(FieldError::new("approver", "invalid", message));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(EngineError::Invalid(errors))
    }
}

/// Refuses sites that do not exist, and groups that do not or have a rule: who edits the rule
/// would decide who reaches what.
pub(super) async fn check_area(unit: &mut Unit, area: &Area) -> Result<()> {
    let mut errors = Vec::new();
    for slug in &area.sites {
        if unit.site(slug).await?.is_none() {
            let message = format!("There is no site {slug:?}.");
            errors.push(FieldError::new("sites", "unknown", message));
        }
    }
    for slug in &area.groups {
        let message = match unit.group(slug).await? {
            None => format!("There is no group {slug:?}."),
            Some(row) if row.group.kind == GroupKind::Rule => {
                format!("{slug:?} has a rule: only groups with a list can be named.")
            }
            Some(_) => continue,
        };
        errors.push(FieldError::new("groups", "unknown", message));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(EngineError::Invalid(errors))
    }
}
