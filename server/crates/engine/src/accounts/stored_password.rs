//! The hash of an account's password, as it is stored.
//!
//! Owns its sealing and the comparison with it. *Invariant:* it is sealed for its account and
//! version; where there is none, as much work is done as where there is one.

use carillon_domain::event::{Actor, Event};
use carillon_store::UserRow;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use zeroize::Zeroizing;

use super::hasher::{HashText, Slot, Verdict};
use crate::Engine;
use crate::error::{EngineError, Result};
use crate::secrets::{Keyring, Place};

impl Engine {
    /// Compares with the account's hash, or with one that nothing matches where there is none.
    pub(super) async fn compare(
        &self,
        slot: Slot,
        user: Option<&UserRow>,
        typed: &SecretString,
    ) -> Result<Verdict> {
        let stored = match user {
            Some(user) => self.stored_hash(user)?,
            None => None,
        };
        let hash = match stored {
            Some(hash) => hash,
            None => self.hasher.decoy(&self.random)?,
        };
        slot.verify(typed.clone(), hash).await
    }

    fn stored_hash(&self, user: &UserRow) -> Result<Option<HashText>> {
        let Some(sealed) = &user.password else {
            return Ok(None);
        };
        let place = Place::account_password(&user.id, user.password_version);
        let opened = self.keyring()?.open_text(&place, sealed)?;
        Ok(Some(Zeroizing::new(opened.expose_secret().to_owned())))
    }

    /// Hashes again what was hashed at a lower cost, and says whether it did. If it does not
    /// succeed now, it will at the next sign-in.
    pub(super) async fn rehash(&self, user: &mut UserRow, password: SecretString) -> bool {
        let done = async {
            let version = user.password_version + 1;
            let sealed = self.sealed_hash(&user.id, version, password).await?;
            let mut unit = self.store.begin().await?;
            let now = self.clock.now();
            let digest = Keyring::digest_of(&sealed);
            unit.replace_hash(&user.id, sealed, version, now).await?;
            let mut event = Event::new(now, Actor::system(), "user.password_rehashed");
            event.detail = json!({ "user": user.name, "sealed": digest });
            unit.record(&[event]).await?.commit().await?;
            Ok::<_, EngineError>(version)
        };
        match done.await {
            Ok(version) => {
                user.password_version = version;
                true
            }
            Err(error) => {
                tracing::warn!(%error, "a password was not hashed at today's cost");
                false
            }
        }
    }

    /// Hashes a password and seals the hash for its account and version.
    pub(super) async fn sealed_hash(
        &self,
        user_id: &str,
        version: i64,
        password: SecretString,
    ) -> Result<Vec<u8>> {
        let hash = self
            .hasher
            .slot()
            .await?
            .hash(password, &self.random)
            .await?;
        let place = Place::account_password(user_id, version);
        Ok(self
            .keyring()?
            .seal(&self.random, &place, hash.as_bytes())?)
    }
}
