//! One-time links by which somebody sets their password anew.
//!
//! Owns making and using them. *Invariant:* whoever makes a link never sees the password; a link
//! works once, for an hour, and leaves the second factor as it is; only its hash is stored.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::event::Event;
use carillon_store::Keeps;
use secrecy::SecretString;
use serde_json::json;

use super::sessions::{actor, short};
use super::{bearer, throttle};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::secrets::Keyring;

/// How long a link works.
pub const RESET_LINK_LASTS: Duration = Duration::from_hours(1);

/// A fresh link.
pub struct ResetLink {
    /// The code in it. Goes to whoever asked and nowhere else.
    pub code: SecretString,
    /// Until when it works.
    pub until: Timestamp,
}

impl Engine {
    /// Makes a link by which the owner of an account sets their password. Earlier ones do not
    /// work any more. Sessions go on until it is used.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], [`EngineError::Denied`]; a conflict for one's own account.
    pub async fn make_reset_link(&self, caller: &Caller, name: &str) -> Result<ResetLink> {
        caller.require_administrator()?;
        let user = self.user_named(name).await?;
        if caller.user_id.as_deref() == Some(user.id.as_str()) {
            let message = "Change your own password on your account page.";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        let code = bearer::fresh::<32>(&self.random, "")?;
        let hash = bearer::hash_of::<32>(&code, "").ok_or(EngineError::Internal("a link"))?;
        let now = self.clock.now();
        let until = now.plus(RESET_LINK_LASTS);
        let mut unit = caller.begin_keeping(&self.store, Keeps::Accounts).await?;
        unit.put_reset_link(&user.id, &hash, until).await?;
        let mut event = caller.event(now, "user.reset_link_made");
        event.detail = json!({ "user": user.name, "until": until, "link": short(&hash) });
        unit.record(&[event]).await?.commit().await?;
        Ok(ResetLink { code, until })
    }

    /// Whose password a link sets, while it works.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn reset_link_owner(&self, code: &SecretString) -> Result<Option<String>> {
        let Some(hash) = bearer::hash_of::<32>(code, "") else {
            return Ok(None);
        };
        let Some(id) = self.owner_of_link(&hash).await? else {
            return Ok(None);
        };
        Ok(self.store.user(&id).await?.map(|user| user.name))
    }

    /// The account of a link that works. One that was used or replaced, and is back, does not.
    async fn owner_of_link(&self, hash: &[u8]) -> Result<Option<String>> {
        let found = self.store.reset_link(hash, self.clock.now()).await;
        let Some(id) = self.believed(found).await? else {
            return Ok(None);
        };
        let goes_on = self.link_goes_on(hash, RESET_LINK_LASTS).await?;
        Ok(Some(id).filter(|_| goes_on))
    }

    /// Sets a password by a link, which is used up. All sessions of the account end, and its
    /// failed sign-ins are forgotten.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the link is used or old; [`EngineError::Invalid`] says what
    /// is wrong with the password, and then the link still works.
    pub async fn use_reset_link(
        &self,
        code: &SecretString,
        password: SecretString,
        ip: Option<String>,
    ) -> Result<String> {
        let now = self.clock.now();
        let hash = bearer::hash_of::<32>(code, "").ok_or(EngineError::NotFound)?;
        let id = self.owner_of_link(&hash).await?;
        let id = id.ok_or(EngineError::NotFound)?;
        let user = self.store.user(&id).await?.ok_or(EngineError::NotFound)?;
        self.check_new_password("password", &password, &user.name)
            .await?;
        let version = user.password_version + 1;
        let sealed = self.sealed_hash(&id, version, password).await?;
        let digest = Keyring::digest_of(&sealed);
        let mut unit = self.store.begin_keeping(Keeps::Accounts).await?;
        if unit.take_reset_link(&hash, now).await?.is_none() {
            return Err(EngineError::NotFound);
        }
        unit.set_password(&id, sealed, version, now).await?;
        unit.delete_sessions_of(&id, None).await?;
        throttle::clear_account(&mut unit, self.keyring()?, &user.name).await?;
        let mut event = Event::new(now, actor(&user, "reset_link"), "user.password_reset");
        event.ip = ip;
        event.detail = json!({ "user": user.name, "sealed": digest, "link": short(&hash) });
        unit.record(&[event]).await?.commit().await?;
        self.hasher.door.open();
        Ok(user.name)
    }
}
