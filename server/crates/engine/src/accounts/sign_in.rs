//! Signing in with a password.
//!
//! Owns the one way from a name and a password to a session. *Invariant:* an unknown name, a
//! disabled account, a wrong password and one try too many give the same answer; the first three
//! after the same work.

use carillon_domain::event::{Actor, ActorKind, Event, EventResult};
use carillon_store::UserRow;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use zeroize::Zeroizing;

use super::bearer;
use super::hasher::{HashText, Slot, Verdict};
use super::policy::account_name;
use super::sessions::{Origin, SessionContext, actor};
use super::throttle::Buckets;
use crate::Engine;
use crate::error::{EngineError, Result};
use crate::secrets::{Keyring, Place};

/// What somebody typed, and from where.
pub struct SignIn {
    /// Account name as typed.
    pub name: String,
    /// Password as typed.
    pub password: SecretString,
    /// Source address.
    pub ip: Option<String>,
    /// What the browser calls itself.
    pub agent: String,
    /// The session cookie that came along, if any: that session ends.
    pub previous: Option<SecretString>,
}

/// A fresh session.
pub struct SignedIn {
    /// The cookie's value. Goes to the browser and nowhere else.
    pub token: SecretString,
    /// The session as every later request will see it.
    pub session: SessionContext,
}

impl Engine {
    /// Signs in. `None` is the one answer to everything that is not right: "wrong, or too many
    /// tries: wait".
    ///
    /// Every attempt is recorded. One made inside a delay is not looked at; of those, more than
    /// sixty a minute from one source are counted in one record.
    ///
    /// # Errors
    /// [`EngineError::Busy`] when too many sign in at once; else when the storage fails.
    pub async fn sign_in(&self, attempt: SignIn) -> Result<Option<SignedIn>> {
        let typed = attempt.name.trim().to_lowercase();
        let buckets = Buckets::of(self.keyring()?, &typed, attempt.ip.as_deref());
        let slot = self.hasher.slot().await?;
        if !self.admit(&buckets).await? {
            self.record_unseen(&typed, &attempt, &buckets).await?;
            return Ok(None);
        }
        let user = match account_name("name", &attempt.name) {
            Ok(name) => self.store.user_by_name(&name).await?,
            Err(_) => None,
        };
        let verdict = self.compare(slot, user.as_ref(), &attempt.password).await?;
        match user {
            Some(user) if verdict.matches && !user.disabled => {
                let signed_in = self.enter(&user, &attempt, &buckets).await?;
                if signed_in.is_some() && verdict.outdated {
                    self.rehash(&user, attempt.password).await;
                }
                Ok(signed_in)
            }
            user => {
                self.record_failure(user.as_ref(), &attempt, verdict)
                    .await?;
                Ok(None)
            }
        }
    }

    pub(super) async fn admit(&self, buckets: &Buckets) -> Result<bool> {
        let mut unit = self.store.begin().await?;
        let admitted = buckets.admit(&mut unit, self.clock.now()).await?;
        if admitted {
            unit.commit_bookkeeping().await?;
        }
        Ok(admitted)
    }

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

    /// The account is read again inside the unit: it may have been disabled, or its password
    /// changed, while the hash was computed.
    async fn enter(
        &self,
        compared: &UserRow,
        attempt: &SignIn,
        buckets: &Buckets,
    ) -> Result<Option<SignedIn>> {
        let mut unit = self.store.begin().await?;
        let user = unit.user(&compared.id).await?;
        let still =
            |user: &UserRow| !user.disabled && user.password_version == compared.password_version;
        let Some(user) = user.filter(still) else {
            return Ok(None);
        };
        buckets.forgive(&mut unit).await?;
        let previous = attempt.previous.as_ref();
        if let Some(hash) = previous.and_then(|token| bearer::hash_of::<32>(token, "")) {
            unit.delete_session(&hash).await?;
        }
        let origin = Origin {
            ip: attempt.ip.clone(),
            agent: attempt.agent.clone(),
        };
        let (signed_in, event) = self.begin_session(&mut unit, &user, origin).await?;
        unit.record(&[event]).await?.commit().await?;
        Ok(Some(signed_in))
    }

    /// What was typed as a name is not recorded where no account has it: people type passwords
    /// into the wrong field.
    async fn record_failure(
        &self,
        user: Option<&UserRow>,
        attempt: &SignIn,
        verdict: Verdict,
    ) -> Result<()> {
        let (who, why) = match user {
            None => (unknown(), "unknown_account"),
            Some(user) if user.disabled && verdict.matches => {
                (actor(user, "password"), "disabled_account")
            }
            Some(user) => (actor(user, "password"), "wrong_password"),
        };
        let mut event = Event::new(self.clock.now(), who, "account.sign_in_failed");
        event.ip.clone_from(&attempt.ip);
        event.result = EventResult::Failed;
        event.detail = json!({ "why": why });
        let unit = self.store.begin().await?;
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }

    /// Hashes again what was hashed at a lower cost. If it does not succeed now, it will at the
    /// next sign-in.
    async fn rehash(&self, user: &UserRow, password: SecretString) {
        let done = async {
            let version = user.password_version + 1;
            let sealed = self.sealed_hash(&user.id, version, password).await?;
            let mut unit = self.store.begin().await?;
            let now = self.clock.now();
            let digest = Keyring::digest_of(&sealed);
            unit.set_password(&user.id, sealed, version, now).await?;
            let mut event = Event::new(now, Actor::system(), "user.password_rehashed");
            event.detail = json!({ "user": user.name, "sealed": digest });
            unit.record(&[event]).await?.commit().await?;
            Ok::<_, EngineError>(())
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "a password was not hashed at today's cost");
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

/// Whoever tried is nobody we know.
pub(super) fn unknown() -> Actor {
    Actor {
        kind: ActorKind::User,
        id: String::new(),
        name: "unknown account".to_owned(),
        auth: "password".to_owned(),
    }
}
