//! Accounts and their administration.
//!
//! Owns adding accounts, their roles, disabling them, and setting passwords for others.
//! *Invariant:* at least one administrator can always sign in; an API token changes no account.

use carillon_domain::Timestamp;
use carillon_domain::reach::Area;
use carillon_domain::role::{Permission, Role};
use carillon_store::{Keeps, StoreError, Unit, UserRow};
use secrecy::SecretString;
use serde_json::json;

use super::access::Access;
use super::policy::{account_name, check_password};
use super::setup::SETUP;
use super::strength;
use super::throttle;
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::ids::new_id;
use crate::jobs::pause_jobs_of;
use crate::secrets::Keyring;

/// A new account as asked for.
pub struct NewUser {
    /// Name as typed.
    pub name: String,
    /// Role.
    pub role: Role,
    /// First password.
    pub password: SecretString,
}

/// One account as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInfo {
    /// Identity.
    pub id: String,
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// The only sites and groups that it reaches; `None` = everything.
    pub area: Option<Area>,
    /// May let dangerous jobs of others run.
    pub approver: bool,
    /// Has a second factor.
    pub second_factor: bool,
    /// Cannot sign in, nor can its tokens.
    pub disabled: bool,
    /// For edits.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody last signed in.
    pub last_sign_in_at: Option<Timestamp>,
}

impl UserInfo {
    fn new(row: UserRow) -> Self {
        Self {
            area: row.scoped.then_some(row.area),
            approver: row.approver,
            second_factor: row.factor.is_some(),
            id: row.id,
            name: row.name,
            role: row.role,
            disabled: row.disabled,
            version: row.version,
            created_at: row.created_at,
            last_sign_in_at: row.last_sign_in_at,
        }
    }
}

impl Engine {
    /// All accounts by name.
    ///
    /// # Errors
    /// [`EngineError::Denied`].
    pub async fn list_users(&self, caller: &Caller) -> Result<Vec<UserInfo>> {
        caller.require(Permission::Administer)?;
        let users = self.store.users().await?;
        Ok(users.into_iter().map(UserInfo::new).collect())
    }

    /// One account by name.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], [`EngineError::Denied`].
    pub async fn find_user(&self, caller: &Caller, name: &str) -> Result<UserInfo> {
        caller.require(Permission::Administer)?;
        self.user_named(name).await.map(UserInfo::new)
    }

    /// Adds an account. With the first one the setup code is void.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names every wrong field.
    pub async fn add_user(&self, caller: &Caller, new: NewUser) -> Result<UserInfo> {
        caller.require_administrator()?;
        let name = self.checked_account(&new.name, &new.password).await?;
        let id = new_id(self.clock.now(), &self.random)?;
        let sealed = self.sealed_hash(&id, 1, new.password).await?;
        let user = carillon_store::NewUser {
            id,
            name,
            role: new.role,
            password: Some(sealed),
        };
        self.add(caller, user).await
    }

    /// Adds an account without a password: its owner chooses one by a link, and nobody else ever
    /// knows one.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names every wrong field.
    pub async fn invite_user(&self, caller: &Caller, name: &str, role: Role) -> Result<UserInfo> {
        caller.require_administrator()?;
        let name = account_name("name", name).map_err(|fault| EngineError::Invalid(vec![fault]))?;
        let user = carillon_store::NewUser {
            id: new_id(self.clock.now(), &self.random)?,
            name,
            role,
            password: None,
        };
        self.add(caller, user).await
    }

    async fn add(&self, caller: &Caller, user: carillon_store::NewUser) -> Result<UserInfo> {
        let digest = user.password.as_deref().map(Keyring::digest_of);
        let mut unit = caller.begin_keeping(&self.store, Keeps::Accounts).await?;
        self.insert_user(&mut unit, &user).await?;
        unit.delete_meta(SETUP).await?;
        let row = unit.user(&user.id).await?.ok_or(EngineError::NotFound)?;
        let mut event = caller.event(self.clock.now(), "user.created");
        event.detail = json!({ "user": row.name, "role": row.role, "sealed": digest });
        unit.record(&[event]).await?.commit().await?;
        Ok(UserInfo::new(row))
    }

    /// Gives an account another role, leaves its reach, and ends its sessions.
    ///
    /// # Errors
    /// Those of [`Engine::change_access`].
    pub async fn change_role(
        &self,
        caller: &Caller,
        name: &str,
        role: Role,
        version: i64,
    ) -> Result<()> {
        let now = self.find_user(caller, name).await?;
        let access = Access {
            role,
            area: now.area,
            approver: now.approver,
        };
        self.change_access(caller, name, &access, version).await
    }

    /// Disables an account: its sessions end, its tokens stop working.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when no administrator would be left.
    pub async fn disable_user(&self, caller: &Caller, name: &str) -> Result<()> {
        self.switch_user(caller, name, true, "user.disabled").await
    }

    /// Lets a disabled account sign in again; its unexpired tokens work again too.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], [`EngineError::Denied`].
    pub async fn enable_user(&self, caller: &Caller, name: &str) -> Result<()> {
        self.switch_user(caller, name, false, "user.enabled").await
    }

    /// Sets somebody's password, ends their sessions and forgets their failed sign-ins.
    /// One's own password is changed with [`Engine::change_own_password`].
    ///
    /// # Errors
    /// [`EngineError::Invalid`] says what is wrong with the password.
    pub async fn reset_password(
        &self,
        caller: &Caller,
        name: &str,
        password: SecretString,
    ) -> Result<()> {
        caller.require_administrator()?;
        let user = self.user_named(name).await?;
        if caller.user_id.as_deref() == Some(user.id.as_str()) {
            let message = "Change your own password on your account page.";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        self.check_new_password("password", &password, &user.name)
            .await?;
        let version = user.password_version + 1;
        let sealed = self.sealed_hash(&user.id, version, password).await?;
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&self.store, Keeps::Accounts).await?;
        let digest = Keyring::digest_of(&sealed);
        unit.set_password(&user.id, sealed, version, now).await?;
        unit.delete_sessions_of(&user.id, None).await?;
        throttle::clear_account(&mut unit, self.keyring()?, &user.name).await?;
        let mut event = caller.event(now, "user.password_set");
        event.detail = json!({ "user": user.name, "sealed": digest });
        unit.record(&[event]).await?.commit().await?;
        self.hasher.door.open();
        Ok(())
    }

    async fn switch_user(
        &self,
        caller: &Caller,
        name: &str,
        disabled: bool,
        action: &str,
    ) -> Result<()> {
        caller.require_administrator()?;
        let id = self.user_named(name).await?.id;
        let mut unit = caller.begin_keeping(&self.store, Keeps::Accounts).await?;
        unit.lock_administrators().await?;
        // Before its jobs: whoever writes for it keeps the account, and then waits for jobs.
        let user = unit.user_for_update(&id).await?;
        let user = user.ok_or(EngineError::NotFound)?;
        if user.disabled == disabled {
            return Ok(());
        }
        let user = UserRow { disabled, ..user };
        let paused = pause_jobs_of(&mut unit, &user, (caller, self.clock.now())).await?;
        self.update_user(&mut unit, &user).await?;
        if disabled {
            unit.delete_reset_links(&user.id).await?;
        }
        let mut event = caller.event(self.clock.now(), action);
        event.detail = json!({
            "user": user.name, "before": user.role, "approver_before": user.approver,
        });
        let events = [vec![event], paused].concat();
        unit.record(&events).await?.commit().await?;
        self.jobs_moved(&events);
        Ok(())
    }

    /// Writes role and state, ends the sessions, and keeps one administrator.
    pub(super) async fn update_user(&self, unit: &mut Unit, user: &UserRow) -> Result<()> {
        unit.update_user(user, self.clock.now()).await?;
        unit.delete_sessions_of(&user.id, None).await?;
        if unit.count_active(Role::Admin).await? == 0 {
            let message = "This is the last administrator: give the role to somebody else first.";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        Ok(())
    }

    pub(super) async fn insert_user(
        &self,
        unit: &mut Unit,
        user: &carillon_store::NewUser,
    ) -> Result<()> {
        match unit.insert_user(user, self.clock.now()).await {
            Err(StoreError::Conflict) => Err(EngineError::invalid(
                "name",
                "taken",
                "There is an account of this name.",
            )),
            other => Ok(other?),
        }
    }

    pub(super) async fn user_named(&self, name: &str) -> Result<UserRow> {
        self.store
            .user_by_name(name)
            .await?
            .ok_or(EngineError::NotFound)
    }

    /// The name as stored; every fault of name and password at once.
    pub(super) async fn checked_account(
        &self,
        name: &str,
        password: &SecretString,
    ) -> Result<String> {
        let parsed = account_name("name", name);
        let account = parsed.as_deref().unwrap_or(name);
        let mut faults = match self.check_new_password("password", password, account).await {
            Err(EngineError::Invalid(faults)) => faults,
            other => other.map(|()| Vec::new())?,
        };
        match parsed {
            Ok(name) if faults.is_empty() => Ok(name),
            Ok(_) => Err(EngineError::Invalid(faults)),
            Err(fault) => {
                faults.insert(0, fault);
                Err(EngineError::Invalid(faults))
            }
        }
    }

    /// What is wrong with a new password, also that it is known from a breach.
    pub(super) async fn check_new_password(
        &self,
        field: &str,
        password: &SecretString,
        account: &str,
    ) -> Result<()> {
        check_password(field, password, account).map_err(EngineError::Invalid)?;
        strength::check(field, password, account).await?;
        if self.hasher.is_breached(password).await? {
            let message = "This password is known from a breach elsewhere: whoever guesses tries it first. Take another.";
            return Err(EngineError::invalid(field, "breached", message));
        }
        Ok(())
    }
}
