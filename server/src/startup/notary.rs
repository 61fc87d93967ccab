//! Signs the audit log as long as the process lives, and once more at its end.

use std::path::PathBuf;
use std::time::Duration;

use carillon_engine::Engine;
use carillon_engine::audit::{
    Journal, Notary, NotaryParts, SIGNING_KEY_FILE, signing_key, signing_key_source,
};
use carillon_engine::secrets::KeySource;
use tokio_util::sync::CancellationToken;

use super::StartError;
use crate::config::{Settings, credentials_directory};
use crate::problem::chain;

/// How often the log is looked at; it is signed less often.
const EVERY: Duration = Duration::from_secs(1);
const JOURNAL: &str = "checkpoints";

/// The file of the signing key: beside the keys that seal secrets.
pub(crate) fn key_source(settings: &Settings) -> KeySource {
    let beside = |path: &PathBuf| path.with_file_name(SIGNING_KEY_FILE);
    let file = settings
        .key_file
        .as_ref()
        .map_or_else(|| settings.in_data_dir(SIGNING_KEY_FILE), beside);
    signing_key_source(credentials_directory().as_deref(), file)
}

/// The file of checkpoints beside the database.
pub(crate) fn journal(settings: &Settings) -> PathBuf {
    settings.in_data_dir(JOURNAL)
}

/// The notary of this process. Without a key it signs nothing and says so.
pub(super) async fn open(settings: &Settings, engine: &Engine) -> Result<Notary, StartError> {
    let source = key_source(settings);
    let key = signing_key(&engine.store, &source, &engine.clock, &engine.random)
        .await
        .map_err(|error| StartError::failed("the audit log's key is not known", &error))?;
    match &key {
        Ok(key) => tracing::info!(key = %key.public(), "the audit log is signed"),
        Err(problem) => tracing::error!(%problem, "the audit log is not signed"),
    }
    Ok(Notary::new(NotaryParts {
        store: engine.store.clone(),
        clock: engine.clock.clone(),
        key,
        journal: Journal::new(journal(settings)),
        anchors: settings.anchors.iter().cloned().map(Journal::new).collect(),
    }))
}

/// Runs until `stop`. A problem is told when it comes, not at every look.
pub(super) async fn run(notary: Notary, stop: CancellationToken) {
    let mut told = None;
    loop {
        let failed = notary.look(false).await.err().map(|error| chain(&error));
        if let Some(problem) = failed.as_ref().filter(|_| failed != told) {
            tracing::error!(%problem, "the audit log is not signed");
        }
        told = failed;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Signs what the stop itself recorded.
pub(super) async fn last_look(notary: &Notary) {
    if let Err(error) = notary.look(true).await {
        tracing::error!(error = %chain(&error), "the end of the audit log is not signed");
    }
}
