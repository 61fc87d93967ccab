//! Accounts of people whom an OpenID provider vouches for.
//!
//! Owns how they are made, get the role that the provider gives, and lose what they had where it
//! gives none. *Invariant:* an account that is there is never taken over by its name; a provider
//! never widens what somebody narrowed here.

use carillon_domain::event::Event;
use carillon_domain::reach::Area;
use carillon_domain::role::Role;
use carillon_store::{StoreError, Unit, UserRow};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::access::{can_approve, reaches_everything};
use super::external::{Arrival, External, PLAIN};
use super::policy::account_name;
use super::sessions::actor;
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::ids::new_id;
use crate::jobs::pause_jobs_of;

/// Most characters that a provider's name for somebody gives to an account.
const LONGEST_NAME: usize = 56;

impl Engine {
    /// The account with the role of now, kept as it is until the unit ends. A role that is another
    /// than before ends its sessions.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when no administrator would be left; [`StoreError::Conflict`]
    /// when the account was changed meanwhile: look again.
    pub(super) async fn with_role(
        &self,
        unit: &mut Unit,
        read: UserRow,
        role: Role,
    ) -> Result<(UserRow, Vec<Event>)> {
        // Only a change of role waits for others, and before it holds any account.
        if read.role != role {
            unit.lock_administrators().await?;
        }
        let before = unit.user_for_update(&read.id).await?;
        let Some(before) = before.filter(|now| now.version == read.version) else {
            return Err(EngineError::Store(StoreError::Conflict));
        };
        if before.role == role {
            return Ok((before, Vec::new()));
        }
        self.change_role_of(unit, before, role).await
    }

    /// Who reaches everything keeps the areas given before, unused: they count again on the way
    /// back.
    async fn change_role_of(
        &self,
        unit: &mut Unit,
        before: UserRow,
        role: Role,
    ) -> Result<(UserRow, Vec<Event>)> {
        let area = before.area.clone();
        let narrowed = before.scoped || area != Area::default();
        let after = UserRow {
            role,
            scoped: narrowed && !reaches_everything(role),
            approver: before.approver && can_approve(role),
            ..before.clone()
        };
        // Before its jobs: whoever writes for it keeps the account, and then waits for jobs.
        unit.user_for_update(&after.id).await?;
        let now = self.clock.now();
        let paused = pause_jobs_of(unit, &after, (&Caller::system(), now)).await?;
        self.update_user(unit, &after).await?;
        let who = actor(&after, PLAIN);
        let mut event = Event::new(self.clock.now(), who, "user.role_changed");
        let reach = |user: &UserRow| user.scoped.then_some(&area);
        event.detail = json!({
            "user": after.name, "before": before.role, "after": role,
            "reach_before": reach(&before), "reach": reach(&after),
            "approver_before": before.approver, "approver": after.approver,
        });
        let now = unit.user(&after.id).await?.ok_or(EngineError::NotFound)?;
        Ok((now, [vec![event], paused].concat()))
    }

    /// Makes the account of somebody who comes for the first time. It has no password of ours.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else made it, or took the name, meanwhile.
    pub(super) async fn first_time(
        &self,
        unit: &mut Unit,
        who: &External,
        role: Role,
    ) -> Result<(UserRow, Vec<Event>)> {
        let now = self.clock.now();
        let user = carillon_store::NewUser {
            id: new_id(now, &self.random)?,
            name: free_name(unit, who).await?,
            role,
            password: None,
        };
        let made = unit.insert_user(&user, now).await;
        made.map_err(EngineError::Store)?;
        let noted = unit.insert_identity((&who.issuer, &who.subject), &user.id, now);
        noted.await.map_err(EngineError::Store)?;
        let row = unit.user(&user.id).await?.ok_or(EngineError::NotFound)?;
        let mut event = Event::new(now, actor(&row, PLAIN), "user.created");
        event.detail = json!({ "user": row.name, "role": role, "issuer": who.issuer });
        Ok((row, vec![event]))
    }

    /// Ends the sessions of somebody who may no longer enter. Without a role of the provider
    /// their tokens are revoked too: those would outlive it by up to a year.
    pub(super) async fn shut_out(
        &self,
        mut unit: Unit,
        user: Option<&UserRow>,
        who: &External,
        arrival: &Arrival,
    ) -> Result<()> {
        let Some(user) = user else {
            return Ok(());
        };
        let now = self.clock.now();
        let told = |action: &str, detail| {
            let mut event = Event::new(now, actor(user, PLAIN), action);
            event.ip.clone_from(&arrival.ip);
            event.detail = detail;
            event
        };
        let mut events = Vec::new();
        let ended = unit.delete_sessions_of(&user.id, None).await?;
        if ended > 0 {
            let detail = json!({ "user": user.name, "count": ended });
            events.push(told("session.ended", detail));
        }
        if who.role.is_none() {
            for (token, label) in unit.revoke_tokens_of(&user.id, now).await? {
                let detail = json!({ "user": user.name, "token": token, "label": label });
                events.push(told("token.revoked", detail));
            }
        }
        if !events.is_empty() {
            unit.record(&events).await?.commit().await?;
        }
        Ok(())
    }
}

/// What the provider calls them, or that with something behind it where another account has the
/// name.
async fn free_name(unit: &mut Unit, who: &External) -> Result<String> {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(&who.issuer)
        .chain_update([0])
        .chain_update(&who.subject)
        .finalize()
        .into();
    let mark = hex::encode(digest.get(..3).unwrap_or_default());
    let told = who.name.as_deref().unwrap_or_default();
    let short: String = told.trim().chars().take(LONGEST_NAME).collect();
    let Ok(name) = account_name("name", &short) else {
        return Ok(format!("user-{mark}"));
    };
    if unit.user_by_name(&name).await?.is_none() {
        return Ok(name);
    }
    Ok(format!("{name}-{mark}"))
}
