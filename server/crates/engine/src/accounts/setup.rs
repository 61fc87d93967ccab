//! The first administrator.
//!
//! Owns the one-time code of a fresh installation. *Invariant:* no account exists by default; the
//! code works once, for a day, and only while there is no account.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::event::{Actor, Event};
use carillon_domain::role::Role;
use carillon_store::Unit;
use secrecy::SecretString;
use serde_json::json;
use subtle::ConstantTimeEq as _;

use super::bearer;
use super::sessions::{Origin, actor};
use super::sign_in::SignedIn;
use crate::Engine;
use crate::error::{EngineError, Result};
use crate::ids::new_id;
use crate::secrets::Keyring;

/// How long a setup code works.
pub const SETUP_CODE_LIFETIME: Duration = Duration::from_hours(24);
/// Where the hash of the code stands, with the end of its life.
pub(super) const SETUP: &str = "setup";

/// What the first administrator typed.
pub struct Setup {
    /// The code of the setup link.
    pub code: SecretString,
    /// Account name.
    pub name: String,
    /// Password.
    pub password: SecretString,
    /// Source address.
    pub ip: Option<String>,
    /// What the browser calls itself.
    pub agent: String,
}

impl Engine {
    /// Whether there is no account yet.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn setup_needed(&self) -> Result<bool> {
        Ok(self.store.count_users().await? == 0)
    }

    /// Makes a fresh setup code, in place of any earlier one; `None` once there is an account,
    /// and while the keys are missing, since nobody could sign in afterwards.
    /// The code is returned this once: only its hash is stored.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn issue_setup_code(&self) -> Result<Option<SecretString>> {
        if self.keyring.is_none() {
            return Ok(None);
        }
        let now = self.clock.now();
        let mut unit = self.store.begin().await?;
        if unit.count_users().await? > 0 {
            return Ok(None);
        }
        let code = bearer::fresh::<16>(&self.random, "")?;
        let hash = code_hash(&code).ok_or(EngineError::Internal("a setup code"))?;
        let until = now.plus(SETUP_CODE_LIFETIME);
        unit.set_meta(SETUP, &format!("{} {until}", hex::encode(hash)))
            .await?;
        let event = Event::new(now, Actor::system(), "setup.code_issued");
        unit.record(&[event]).await?.commit().await?;
        Ok(Some(code))
    }

    /// Whether a setup code would work now.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn setup_code_works(&self, code: &SecretString) -> Result<bool> {
        let stored = self.store.meta(SETUP).await?;
        Ok(self.setup_needed().await? && is_right(stored.as_deref(), code, self.clock.now()))
    }

    /// Makes the first administrator and signs them in. The code is used up with it.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names every wrong field; `code` when the link is used or old.
    pub async fn complete_setup(&self, setup: Setup) -> Result<SignedIn> {
        if !self.setup_code_works(&setup.code).await? {
            return Err(stale_code());
        }
        let name = self.checked_account(&setup.name, &setup.password).await?;
        let id = new_id(self.clock.now(), &self.random)?;
        let password = self.sealed_hash(&id, 1, setup.password).await?;
        let digest = Keyring::digest_of(&password);
        let mut unit = self.store.begin().await?;
        self.use_up(&mut unit, &setup.code).await?;
        let user = carillon_store::NewUser {
            id,
            name,
            role: Role::Admin,
            password: Some(password),
        };
        self.insert_user(&mut unit, &user).await?;
        let user = unit.user(&user.id).await?.ok_or(EngineError::NotFound)?;
        let origin = Origin {
            ip: setup.ip.clone(),
            agent: setup.agent,
        };
        let (signed_in, entered) = self
            .begin_session(&mut unit, &user, ("password", self.clock.now()), origin)
            .await?;
        let mut event = Event::new(self.clock.now(), actor(&user, "setup"), "setup.completed");
        event.ip = setup.ip;
        event.detail = json!({ "user": user.name, "role": user.role, "sealed": digest });
        unit.record(&[event, entered]).await?.commit().await?;
        Ok(signed_in)
    }

    /// Of two who hold the same code one removes it; the other finds none.
    async fn use_up(&self, unit: &mut Unit, code: &SecretString) -> Result<()> {
        let stored = unit.meta(SETUP).await?;
        let right = is_right(stored.as_deref(), code, self.clock.now());
        if right && unit.delete_meta(SETUP).await? && unit.count_users().await? == 0 {
            Ok(())
        } else {
            Err(stale_code())
        }
    }
}

fn code_hash(code: &SecretString) -> Option<[u8; 32]> {
    bearer::hash_of::<16>(code, "")
}

fn is_right(stored: Option<&str>, code: &SecretString, now: Timestamp) -> bool {
    let Some((hash, until)) = stored.and_then(|text| text.split_once(' ')) else {
        return false;
    };
    let (Ok(hash), Ok(until)) = (hex::decode(hash), until.parse::<Timestamp>()) else {
        return false;
    };
    let given = code_hash(code).unwrap_or_default();
    now < until && bool::from(hash.ct_eq(&given))
}

fn stale_code() -> EngineError {
    let message = "This setup link was used or is too old: restart the server for a new one.";
    EngineError::invalid("code", "expired", message)
}
