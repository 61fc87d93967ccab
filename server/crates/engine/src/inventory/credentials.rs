//! Stored credentials: what phones ask for. Passwords go in and never come out.

use carillon_domain::credential::{self, MAX_LOGIN};
use carillon_domain::line::misleads;
use carillon_domain::role::Permission;
use carillon_domain::{FieldError, Timestamp};
use carillon_store::{CredentialRow, CredentialSummary, Keeps};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{check_version, finish, record};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::secrets::Keyring;

/// A credential as somebody gives it.
#[derive(Clone)]
pub struct CredentialInput {
    /// Name, for a new one.
    pub name: String,
    /// User name.
    pub username: String,
    /// Password; left out in a change, the stored one stays.
    pub password: Option<SecretString>,
}

impl CredentialInput {
    fn check(&self, is_new: bool) -> Result<()> {
        let mut errors = Vec::new();
        if is_new && let Err(problem) = credential::name(&self.name) {
            errors.push(FieldError::new("name", "invalid", problem.to_string()));
        }
        let username = self.username.trim();
        if username.is_empty() {
            errors.push(FieldError::new(
                "username",
                "missing",
                "the user name is missing",
            ));
        } else if username.contains(':') || !is_login(username) {
            let message = format!("at most {MAX_LOGIN} characters, and no colon");
            errors.push(FieldError::new("username", "invalid", message));
        }
        match &self.password {
            None if is_new => {
                errors.push(FieldError::new(
                    "password",
                    "missing",
                    "the password is missing",
                ));
            }
            Some(password) if !is_login(password.expose_secret()) => {
                let message = format!("1 to {MAX_LOGIN} characters, none of them control");
                errors.push(FieldError::new("password", "invalid", message));
            }
            _ => {}
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(EngineError::Invalid(errors))
        }
    }
}

fn is_login(text: &str) -> bool {
    let fits = (1..=MAX_LOGIN).contains(&text.chars().count());
    fits && !text.chars().any(char::is_control) && !text.contains(misleads)
}

impl Engine {
    /// The stored credentials and how many use each. Those of single phones are not listed.
    ///
    /// # Errors
    /// Denied.
    pub async fn credentials(&self, caller: &Caller) -> Result<Vec<CredentialSummary>> {
        caller.require(Permission::ManageInventory)?;
        Ok(self.store.credentials().await?)
    }

    /// One stored credential.
    ///
    /// # Errors
    /// Denied, or not found.
    pub async fn credential(&self, caller: &Caller, name: &str) -> Result<CredentialSummary> {
        let all = self.credentials(caller).await?;
        all.into_iter()
            .find(|row| row.name == name)
            .ok_or(EngineError::NotFound)
    }

    /// How many phones have a credential of their own.
    ///
    /// # Errors
    /// Denied.
    pub async fn count_own_credentials(&self, caller: &Caller) -> Result<i64> {
        caller.require(Permission::ManageInventory)?;
        Ok(self.store.count_own_credentials().await?)
    }

    /// Stores a credential.
    ///
    /// # Errors
    /// Denied, sealed, or every field at fault.
    pub async fn create_credential(
        &self,
        caller: &Caller,
        input: &CredentialInput,
    ) -> Result<CredentialSummary> {
        caller.require(Permission::ManageInventory)?;
        input.check(true)?;
        let name = input.name.trim().to_owned();
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&self.store, Keeps::Ways).await?;
        if unit.credential(&name).await?.is_some() {
            return Err(EngineError::invalid(
                "name",
                "taken",
                "there is one of this name already",
            ));
        }
        let password = input
            .password
            .as_ref()
            .ok_or(EngineError::Internal("no password"))?;
        let username = input.username.trim().to_owned();
        let row = self.sealed(name.clone(), username, password, None, 1, now)?;
        unit.insert_credential(&row).await?;
        let mut event = caller.event(now, "credential.created");
        event.detail = json!({"name": row.name, "username": row.username});
        record::seal(&mut event, Some(&Keyring::digest_of(&row.secret)));
        finish(unit, &[event]).await?;
        self.credential(caller, &name).await
    }

    /// Changes a stored credential. A new password is what phones are sent from then on.
    ///
    /// # Errors
    /// Denied, not found, sealed, an old version, or every field at fault.
    pub async fn update_credential(
        &self,
        caller: &Caller,
        name: &str,
        input: &CredentialInput,
        version: Option<i64>,
    ) -> Result<CredentialSummary> {
        caller.require(Permission::ManageInventory)?;
        input.check(false)?;
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&self.store, Keeps::Ways).await?;
        let old = unit
            .credential(name)
            .await?
            .filter(|row| row.phone.is_none());
        let old = old.ok_or(EngineError::NotFound)?;
        check_version(old.version, version)?;
        let new = self.changed_credential(&old, input, now)?;
        let mut changes = Vec::new();
        if new.username != old.username {
            changes.push(record::changed("username", &old.username, &new.username));
        }
        if input.password.is_some() {
            changes.push(record::hidden("password", true));
        }
        if !changes.is_empty() {
            unit.update_credential(&new).await?;
            let mut event = caller.event(now, "credential.changed");
            event.detail = record::changes(&changes);
            event.detail["name"] = name.into();
            record::seal(&mut event, Some(&Keyring::digest_of(&new.secret)));
            finish(unit, &[event]).await?;
        }
        self.credential(caller, name).await
    }

    fn changed_credential(
        &self,
        old: &CredentialRow,
        input: &CredentialInput,
        now: Timestamp,
    ) -> Result<CredentialRow> {
        let username = input.username.trim().to_owned();
        let new = match &input.password {
            None => CredentialRow {
                username,
                ..old.clone()
            },
            Some(password) => {
                let version = old.secret_version + 1;
                self.sealed(old.name.clone(), username, password, None, version, now)?
            }
        };
        Ok(CredentialRow {
            version: old.version,
            ..new
        })
    }

    /// Deletes a stored credential that nothing names.
    ///
    /// # Errors
    /// Denied, not found, an old version, or a conflict that says who names it.
    pub async fn delete_credential(
        &self,
        caller: &Caller,
        name: &str,
        version: Option<i64>,
    ) -> Result<()> {
        let row = self.credential(caller, name).await?;
        check_version(row.version, version)?;
        if row.used_by() > 0 {
            return Err(EngineError::Conflict(format!(
                "it is named by {} phones, {} groups and {} sites: give them another one first",
                row.phones, row.groups, row.sites
            )));
        }
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&self.store, Keeps::Ways).await?;
        unit.delete_credential(name).await?;
        let mut event = caller.event(now, "credential.deleted");
        event.detail = json!({"name": name});
        finish(unit, &[event]).await
    }
}
