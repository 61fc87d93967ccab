//! Has the audit log signed as long as the process lives, and once more at its end.

use std::path::PathBuf;
use std::time::Duration;

use carillon_engine::Engine;
use carillon_engine::audit::{
    Journal, Notary, NotaryFault, NotaryParts, RemoteSigner, SIGNING_KEY_FILE, Seal, SigningKey,
    VerifierKey, signing_key, signing_key_source,
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
fn key_source(settings: &Settings) -> KeySource {
    let beside = |path: &PathBuf| path.with_file_name(SIGNING_KEY_FILE);
    let file = settings
        .key_file
        .as_ref()
        .map_or_else(|| settings.in_data_dir(SIGNING_KEY_FILE), beside);
    signing_key_source(credentials_directory().as_deref(), file)
}

/// The signer of the settings, where there is one.
fn signer(settings: &Settings) -> Option<RemoteSigner> {
    settings.signer.clone().map(RemoteSigner::new)
}

/// The public half of the key of these settings, as far as it can be had: the signer's, else that
/// of the key's file.
pub(crate) async fn public_key(settings: &Settings) -> Option<VerifierKey> {
    if let Some(signer) = signer(settings) {
        return signer.last().await.ok().map(|last| last.key);
    }
    let key = SigningKey::load(&key_source(settings)).ok()?;
    Some(key.public().clone())
}

/// The file of checkpoints beside the database.
pub(crate) fn journal(settings: &Settings) -> PathBuf {
    settings.in_data_dir(JOURNAL)
}

/// The notary of this process. Without a key it signs nothing and says so.
pub(super) async fn open(settings: &Settings, engine: &Engine) -> Result<Notary, StartError> {
    let seal = match signer(settings) {
        Some(signer) => Ok(elsewhere(signer, &key_source(settings))),
        None => here(settings, engine).await?,
    };
    Ok(Notary::new(NotaryParts {
        store: engine.store.clone(),
        clock: engine.clock.clone(),
        seal,
        journal: Journal::new(journal(settings)),
        anchors: settings.anchors.iter().cloned().map(Journal::new).collect(),
    }))
}

/// A key that this process could read would make a signer of its own worth little.
fn elsewhere(signer: RemoteSigner, unused: &KeySource) -> Seal {
    let file = unused.path();
    if file.exists() {
        let file = file.display();
        tracing::warn!(%file, "a signer signs the audit log, and a signing key lies here still: take it away");
    }
    Seal::Signer(signer)
}

async fn here(settings: &Settings, engine: &Engine) -> Result<Result<Seal, String>, StartError> {
    let source = key_source(settings);
    let key = signing_key(&engine.store, &source, &engine.clock, &engine.random)
        .await
        .map_err(|error| StartError::failed("the audit log's key is not known", &error))?;
    match &key {
        Ok(key) => tracing::info!(key = %key.public(), "the audit log is signed"),
        Err(problem) => tracing::error!(%problem, "the audit log is not signed"),
    }
    Ok(key.map(|key| Seal::Key(Box::new(key))))
}

/// Runs until `stop`. A problem is told when it comes, not at every look, and so is its end.
pub(super) async fn run(notary: Notary, stop: CancellationToken) {
    let (mut told, mut alarmed) = (None, false);
    loop {
        let fault = notary.look(false).await.err();
        let problem = fault.as_ref().map(|fault| chain(fault));
        if problem != told {
            tell(fault.as_ref(), problem.as_deref());
        }
        alarmed = match &fault {
            Some(fault) => alarmed || record(&notary, fault).await,
            None => false,
        };
        told = problem;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

fn tell(fault: Option<&NotaryFault>, problem: Option<&str>) {
    match (fault, problem) {
        (Some(fault), problem) if fault.is_alarm() => {
            tracing::error!(
                problem,
                "ALARM: the audit log is not the one that was signed"
            );
        }
        (Some(_), problem) => tracing::error!(problem, "the audit log is not signed"),
        (None, _) => tracing::info!("the audit log is signed again"),
    }
}

/// That nobody signs the log is no reason not to write into it what is wrong: whoever follows it
/// elsewhere reads that there. Once for each alarm: the record itself changes what is told of it.
async fn record(notary: &Notary, fault: &NotaryFault) -> bool {
    let recorded = notary.record_alarm(fault).await;
    if let Err(error) = &recorded {
        tracing::error!(error = %chain(error), "the alarm of the audit log is not recorded");
    }
    fault.is_alarm() && recorded.is_ok()
}

/// Signs what the stop itself recorded.
pub(super) async fn last_look(notary: &Notary) {
    if let Err(error) = notary.look(true).await {
        tracing::error!(error = %chain(&error), "the end of the audit log is not signed");
    }
}
