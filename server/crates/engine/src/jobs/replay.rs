//! A request that comes twice under one key is one job.
//!
//! Owns what is kept of a request for that, and for how long. *Invariant:* nothing kept tells what
//! was asked to somebody without the keys.

use carillon_domain::job::JobRequest;
use carillon_store::{IdempotencyKey, KeyUse};

use super::submit::{Submission, Submitted};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::secrets::Purpose;

/// The same as in the API.
const LONGEST_KEY: usize = 100;
/// How long an idempotency key is remembered.
pub(super) const KEY_LIFE: std::time::Duration = std::time::Duration::from_hours(24);

pub(super) fn replayed(used: KeyUse) -> Result<Submitted> {
    match used {
        KeyUse::SameRequest(id) => Ok(Submitted { id, replayed: true }),
        KeyUse::Fresh | KeyUse::OtherRequest => Err(EngineError::Conflict(
            "this idempotency key was used for another request: use a new one".to_owned(),
        )),
    }
}

impl Engine {
    /// Forgets the keys of requests that are too old to come twice. For a timer.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn sweep_idempotency_keys(&self) -> Result<u64> {
        let mut unit = self.store.begin().await?;
        let before = self.clock.now().minus(KEY_LIFE);
        let gone = unit.delete_old_keys(before).await?;
        unit.commit_bookkeeping().await?;
        Ok(gone)
    }

    /// What is kept of a request is a keyed digest: whoever reads the database alone must not try
    /// numbers against it.
    pub(super) fn idempotency(
        &self,
        caller: &Caller,
        request: &JobRequest,
        submission: &Submission,
    ) -> Result<Option<IdempotencyKey>> {
        let Some(key) = &submission.idempotency_key else {
            return Ok(None);
        };
        if key.is_empty() || key.len() > LONGEST_KEY || !key.chars().all(|c| c.is_ascii_graphic()) {
            let message = "an idempotency key is 1 to 100 printable characters";
            return Err(EngineError::invalid("idempotency_key", "invalid", message));
        }
        let body = serde_json::to_vec(&(request, &submission.retry_of))
            .map_err(|_| EngineError::Internal("a request without a JSON form"))?;
        let digest = self.keyring()?.mac(Purpose::Request, &[&body]);
        let user = caller.user_id.as_ref().unwrap_or(&caller.actor.id);
        Ok(Some(IdempotencyKey {
            user_id: user.clone(),
            key: key.clone(),
            body_hash: digest.to_vec(),
        }))
    }
}
