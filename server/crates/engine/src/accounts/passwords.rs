//! Changing one's own password.
//!
//! *Invariant:* needs the current one; all other sessions of the account end with it.

use carillon_store::{Keeps, UserRow};
use secrecy::SecretString;
use serde_json::json;

use super::sessions::SessionContext;
use super::throttle::Buckets;
use crate::Engine;
use crate::error::{EngineError, Result};
use crate::secrets::Keyring;

impl Engine {
    /// Changes the password of the one who is signed in, and ends their other sessions. Gives a
    /// cookie by which this browser is known from now on: the one from before is none any more.
    /// Wrong guesses of the current one count like failed sign-ins.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] on the field `current` or `password`.
    pub async fn change_own_password(
        &self,
        session: &SessionContext,
        current: SecretString,
        new: SecretString,
    ) -> Result<Option<SecretString>> {
        let user = self.own_row(session).await?;
        self.check_new_password("password", &new, &user.name)
            .await?;
        self.prove_current(session, &user, &current).await?;
        let version = user.password_version + 1;
        let sealed = self.sealed_hash(&user.id, version, new).await?;
        let now = self.clock.now();
        let mut unit = session
            .caller
            .begin_keeping(&self.store, Keeps::Accounts)
            .await?;
        let digest = Keyring::digest_of(&sealed);
        unit.set_password(&user.id, sealed, version, now).await?;
        let ended = unit
            .delete_sessions_of(&user.id, Some(session.hash()))
            .await?;
        let mut event = session.caller.event(now, "user.password_changed");
        event.detail = json!({ "user": user.name, "sessions_ended": ended, "sealed": digest });
        unit.record(&[event]).await?.commit().await?;
        // The password is the new one, whatever becomes of the cookie.
        let user = self.own_row(session).await;
        Ok(user.and_then(|user| self.fresh_browser(&user)).ok())
    }

    async fn prove_current(
        &self,
        session: &SessionContext,
        user: &UserRow,
        current: &SecretString,
    ) -> Result<()> {
        let buckets = Buckets::of_proofs(self.keyring()?, &user.id);
        let message = "This is not your current password, or there were too many tries: wait.";
        let wrong = || EngineError::invalid("current", "wrong", message);
        if self.is_refused_at_door(&buckets) {
            return Err(wrong());
        }
        let slot = self.hasher.slot_of_session(&user.id).await?;
        let admitted = self.admit(&buckets).await?.is_open();
        if admitted && self.compare(slot, Some(user), current).await?.matches {
            let mut unit = self.store.begin().await?;
            buckets.forgive(&mut unit).await?;
            unit.commit_bookkeeping().await?;
            return Ok(());
        }
        if admitted {
            self.record_wrong_current(session).await?;
        }
        Err(wrong())
    }

    async fn record_wrong_current(&self, session: &SessionContext) -> Result<()> {
        let mut event = session
            .caller
            .event(self.clock.now(), "user.password_changed");
        event.result = carillon_domain::event::EventResult::Failed;
        event.detail = json!({ "user": session.caller.actor.name, "why": "wrong_password" });
        let unit = self.store.begin().await?;
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }
}
