//! Sealed parameters of jobs that are not those that the job was made with.
//!
//! Owns how they are found: a seal is of one job and opens in no other. *Invariant:* a job whose
//! parameters do not open counts as changed by somebody else, and nothing is sent for it.

use carillon_store::{ForgedRow, SignedRows, Store, StoreError};
use secrecy::SecretSlice;

use crate::Engine;
use crate::error::{EngineError, Result};
use crate::secrets::{Keyring, OpenError, Place};

/// The sealed parameters of a job, opened.
///
/// # Errors
/// Sealed when they are another job's, or were changed: somebody is told of the job. When the storage
/// fails or the keys are missing.
pub(crate) async fn opened_params(
    engine: &Engine,
    job: &str,
    sealed: &[u8],
) -> Result<SecretSlice<u8>> {
    match engine.keyring()?.open(&Place::job_params(job), sealed) {
        Ok(opened) => Ok(opened),
        // Another node may have changed the key: that is no forgery.
        Err(OpenError::UnknownKey(_)) => Err(EngineError::Sealed),
        Err(error) => {
            tracing::error!(%error, job.id = job, "the parameters of a job do not open");
            disbelieve(engine, job).await?;
            engine.tell_of_forged_rows().await;
            Err(EngineError::Sealed)
        }
    }
}

/// From now on the job counts no more.
pub(super) async fn disbelieve(engine: &Engine, job: &str) -> Result<ForgedRow> {
    let mut unit = engine.store.begin().await?;
    match unit.disbelieve(SignedRows::Jobs, job.as_bytes()).await? {
        StoreError::Forged(row) => Ok(row),
        other => Err(other.into()),
    }
}

/// The jobs that are not over and whose parameters do not open.
///
/// # Errors
/// Only when the storage fails.
pub(super) async fn jobs_with_others(
    store: &Store,
    keyring: &Keyring,
) -> Result<Vec<ForgedRow>, StoreError> {
    let mut found = Vec::new();
    for job in store.open_jobs().await? {
        let Some((sealed, _)) = store.job_sealed_params(&job).await? else {
            continue;
        };
        let opened = keyring.open(&Place::job_params(job.as_str()), &sealed);
        if opened.is_err_and(|error| !matches!(error, OpenError::UnknownKey(_))) {
            found.push(ForgedRow {
                rows: SignedRows::Jobs,
                name: job,
            });
        }
    }
    Ok(found)
}
