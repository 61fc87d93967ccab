//! Showing once more who one is, before something dangerous.
//!
//! Owns how long that lasts and its throttling. *Invariant:* the session has another token
//! afterwards; a wrong guess counts against the account, also with many at once.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::event::EventResult;
use carillon_store::{Unit, UserRow};
use secrecy::SecretString;
use serde_json::json;

use super::codes::Tried;
use super::sessions::{SessionContext, short};
use super::sign_in::{SignedIn, is_as_compared};
use super::throttle::Buckets;
use crate::Engine;
use crate::error::Result;

/// How long one is known after having shown who one is.
pub const PROOF_LASTS: Duration = Duration::from_mins(5);

impl SessionContext {
    /// Whether somebody showed lately who they are.
    pub fn is_proved(&self, now: Timestamp) -> bool {
        is_fresh_proof(self.proved_at, now)
    }
}

/// A moment that is still to come was noted before the clock was set back, and proves nothing.
pub(super) fn is_fresh_proof(proved_at: Timestamp, now: Timestamp) -> bool {
    proved_at <= now && now.since(proved_at) < PROOF_LASTS
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
        if self.is_refused_at_door(&buckets) {
            return Ok(None);
        }
        let slot = self.hasher.slot_of_session(&user.id).await?;
        if !self.admit(&buckets).await?.is_open() {
            return Ok(None);
        }
        if self.compare(slot, Some(&user), &password).await?.matches {
            return self.prove_code(session, &user, code, &buckets).await;
        }
        let unit = self.store.begin().await?;
        self.record_no_proof(unit, session, "wrong_password").await
    }

    /// The second half of a proof.
    async fn prove_code(
        &self,
        session: &SessionContext,
        compared: &UserRow,
        typed: &SecretString,
        buckets: &Buckets,
    ) -> Result<Option<SignedIn>> {
        let mut unit = self.store.begin().await?;
        // The account first, as at sign-in: two units must not wait for each other.
        let now = unit.user_for_update(&compared.id).await?;
        let Some(user) = now.filter(|user| is_as_compared(user, compared)) else {
            return self
                .record_no_proof(unit, session, "changed_meanwhile")
                .await;
        };
        let shown = match self.try_code(&mut unit, &user, (typed, true)).await? {
            Tried::Right(shown) => shown,
            Tried::Wrong => return self.record_no_proof(unit, session, "wrong_code").await,
            Tried::TooOften => {
                drop(unit);
                let unit = self.store.begin().await?;
                return self.record_no_proof(unit, session, "too_many_tries").await;
            }
        };
        buckets.forgive(&mut unit).await?;
        let signed_in = self.renew_session(&mut unit, session).await?;
        let mut event = session.caller.event(self.clock.now(), "account.proved");
        event.detail = json!({ "by": shown.how, "renewed": short(signed_in.session.hash()) });
        shown.tell(&mut event);
        unit.record(&[event]).await?.commit().await?;
        Ok(Some(signed_in))
    }

    async fn record_no_proof(
        &self,
        unit: Unit,
        session: &SessionContext,
        why: &str,
    ) -> Result<Option<SignedIn>> {
        let mut event = session.caller.event(self.clock.now(), "account.proved");
        event.result = EventResult::Failed;
        event.detail = json!({ "why": why });
        unit.record(&[event]).await?.commit().await?;
        self.tell_of_forged_rows().await;
        Ok(None)
    }
}
