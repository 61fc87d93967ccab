//! Showing once more who one is, before something dangerous.
//!
//! Owns how long that lasts and its throttling. *Invariant:* the session has another token
//! afterwards; a wrong guess counts against the account, also with many at once.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::event::EventResult;
use carillon_store::UserRow;
use secrecy::SecretString;
use serde_json::json;

use super::second_factor::Code;
use super::sessions::SessionContext;
use super::sign_in::SignedIn;
use super::throttle::Buckets;
use crate::Engine;
use crate::error::Result;

/// How long one is known after having shown who one is.
pub const PROOF_LASTS: Duration = Duration::from_mins(5);

impl SessionContext {
    /// Whether somebody showed lately who they are. A moment that is still to come was noted
    /// before the clock was set back, and proves nothing.
    pub fn is_proved(&self, now: Timestamp) -> bool {
        self.proved_at <= now && now.since(self.proved_at) < PROOF_LASTS
    }
}

impl Engine {
    /// Shows once more who holds this session: by password, and by a code where the account has
    /// a second factor. The session goes on under another token. `None` is the one answer to
    /// everything that is not right.
    ///
    /// # Errors
    /// [`crate::EngineError::Busy`]; else when the storage fails.
    pub async fn prove(
        &self,
        session: &SessionContext,
        password: SecretString,
        code: &SecretString,
    ) -> Result<Option<SignedIn>> {
        let user = self.own_row(session).await?;
        let buckets = Buckets::of_proofs(self.keyring()?, &user.id);
        let slot = self.hasher.slot().await?;
        if !self.admit(&buckets).await? {
            return Ok(None);
        }
        let right = self.compare(slot, Some(&user), &password).await?.matches;
        let code = self.judge_code(&user, code)?;
        let proved = if right {
            self.note_proof(session, &user, &code, &buckets).await?
        } else {
            None
        };
        if proved.is_none() {
            let why = if right {
                "wrong_code"
            } else {
                "wrong_password"
            };
            self.record_no_proof(session, why).await?;
        }
        Ok(proved)
    }

    async fn note_proof(
        &self,
        session: &SessionContext,
        user: &UserRow,
        code: &Code,
        buckets: &Buckets,
    ) -> Result<Option<SignedIn>> {
        let mut unit = self.store.begin().await?;
        let Some(how) = code.use_up(&mut unit, &user.id).await? else {
            return Ok(None);
        };
        buckets.forgive(&mut unit).await?;
        let signed_in = self.renew_session(&mut unit, session).await?;
        let mut event = session.caller.event(self.clock.now(), "account.proved");
        event.detail = json!({ "by": how });
        unit.record(&[event]).await?.commit().await?;
        Ok(Some(signed_in))
    }

    async fn record_no_proof(&self, session: &SessionContext, why: &str) -> Result<()> {
        let mut event = session.caller.event(self.clock.now(), "account.proved");
        event.result = EventResult::Failed;
        event.detail = json!({ "why": why });
        let unit = self.store.begin().await?;
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }
}
