//! The keyring and the setup code at the start.
//!
//! *Invariant:* a key file is made only where the database has no schema yet; a database with
//! sealed rows and no fitting key leaves the server sealed, never with a new key.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use carillon_engine::rows::adopt_rows;
use carillon_engine::secrets::{KeyCheckError, KeySource, Keyring, check_keys};
use carillon_engine::{Clock, Engine, Random};
use carillon_store::Store;
use secrecy::{ExposeSecret as _, SecretString};

use super::StartError;
use crate::config::{Settings, credentials_directory};
use crate::problem::chain;

/// Holds the code by which the first account is made.
pub(super) const SETUP_FILE: &str = "setup-code";

/// Where the keys are, by these settings.
pub(crate) fn source(settings: &Settings) -> KeySource {
    let file = settings
        .key_file
        .clone()
        .unwrap_or_else(|| settings.in_data_dir("secret.keys"));
    KeySource::choose(credentials_directory().as_deref(), file)
}

/// Brings the schema up to date and opens the keys; `None` = sealed.
pub(super) async fn open(
    settings: &Settings,
    store: &Store,
    clock: &Clock,
    random: &Random,
) -> Result<Option<Keyring>, StartError> {
    let fail = |what: &'static str| move |error| StartError::failed(what, &error);
    let fresh = !store
        .schema_exists()
        .await
        .map_err(fail("the database cannot be read"))?;
    let source = source(settings);
    let keyring = match source.load() {
        Err(_) if fresh && !source.path().exists() => Some(create(&source, clock, random)?),
        Ok(keyring) => Some(keyring),
        Err(error) => {
            tracing::error!(error = %chain(&error), "sealed: there are no keys");
            None
        }
    };
    store
        .migrate()
        .await
        .map_err(fail("the database cannot be brought up to date"))?;
    match keyring {
        Some(keyring) => checked(store, keyring, clock).await,
        None => Ok(None),
    }
}

fn create(source: &KeySource, clock: &Clock, random: &Random) -> Result<Keyring, StartError> {
    let keyring = source
        .create(random, clock.now())
        .map_err(|error| StartError::Configuration(chain(&error)))?;
    tracing::warn!(
        file = %source.path().display(),
        key = %keyring.active(),
        "made the key file: keep a copy of it away from the database's backups"
    );
    Ok(keyring)
}

async fn checked(
    store: &Store,
    keyring: Keyring,
    clock: &Clock,
) -> Result<Option<Keyring>, StartError> {
    match check_keys(store, &keyring, clock.now()).await {
        Ok(()) => {
            let adopted = adopt_rows(store, &keyring, clock.now()).await;
            adopted.map_err(|error| StartError::failed("rows cannot be signed", &error))?;
            Ok(Some(keyring))
        }
        Err(KeyCheckError::Store(error)) => {
            Err(StartError::failed("the keys cannot be checked", &error))
        }
        Err(error) => {
            tracing::error!(error = %chain(&error), "sealed: the keys do not fit");
            Ok(None)
        }
    }
}

/// While there is no account: a fresh setup code, also written beside the database.
pub(super) async fn setup_code(
    settings: &Settings,
    engine: &Engine,
) -> Result<Option<SecretString>, StartError> {
    let path = settings.in_data_dir(SETUP_FILE);
    let code = engine
        .issue_setup_code()
        .await
        .map_err(|error| StartError::failed("the setup code cannot be made", &error))?;
    let written = match &code {
        Some(code) => write_private(&path, code.expose_secret()),
        None => remove(&path),
    };
    written.map_err(|error| {
        StartError::Failed(format!("{} cannot be written: {error}", path.display()))
    })?;
    Ok(code)
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    remove(path)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    writeln!(options.open(path)?, "{text}")
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
