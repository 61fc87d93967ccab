//! Whether the database is fit to be trusted, looked at before anything is sent.

use std::path::Path;

use carillon_store::Store;

use super::{StartError, notary, sqlite_file};
use crate::config::Settings;

/// Larger SQLite files are not read through: a start must not take minutes.
const READ_THROUGH: u64 = 64 << 20;

/// Refuses to begin anew where an audit log had been signed: its database is lost, or was emptied.
pub(super) fn not_lost(settings: &Settings) -> Result<(), StartError> {
    let size = |file: &Path| std::fs::metadata(file).map_or(0, |facts| facts.len());
    let Some(file) = sqlite_file(settings).filter(|file| size(file) == 0) else {
        return Ok(());
    };
    let signed = notary::journal(settings);
    if size(&signed) == 0 {
        return Ok(());
    }
    Err(StartError::Configuration(format!(
        "{} is missing or empty, and yet {} tells of an audit log: restore a backup, or move \
         that file away to begin anew",
        file.display(),
        signed.display()
    )))
}

/// Refuses a broken file, and a server that may lose what it confirms.
pub(super) async fn check(settings: &Settings, store: &Store) -> Result<(), StartError> {
    match store.quick_check(READ_THROUGH).await {
        Ok(None) => {}
        Ok(Some(wrong)) => {
            return Err(StartError::Failed(format!(
                "the database is damaged ({wrong}): keep a copy of it, then restore a backup"
            )));
        }
        Err(error) => return Err(StartError::failed("the database cannot be checked", &error)),
    }
    let guards = store.audit_guards().await;
    let guards = guards
        .map_err(|error| StartError::failed("what guards the audit log is not known", &error))?;
    if !guards.missing.is_empty() {
        let missing = guards.missing.join(", ");
        tracing::error!(%missing, "the database no longer refuses changes of the audit log");
    }
    if !guards.changeable.is_empty() {
        let tables = guards.changeable.join(", ");
        tracing::warn!(%tables, "this account may change the audit log: see docs/postgres-role.sql");
    }
    let concerns = store.durability_concerns().await;
    let concerns = concerns.map_err(|error| {
        StartError::failed("the durability of the database is not known", &error)
    })?;
    durable(&concerns, settings.egress.loopback)
        .map_err(|error| StartError::Configuration(error.to_string()))
}

/// Settings of Postgres under which a confirmed commit may be lost.
#[derive(Debug, thiserror::Error)]
#[error("Postgres may lose what it has confirmed ({0}): put these settings back to their defaults")]
struct Forgetful(String);

/// Tests and demonstrations, whose phones are simulated, may run on such a database.
fn durable(concerns: &[String], simulated: bool) -> Result<(), Forgetful> {
    for concern in concerns {
        tracing::warn!(%concern, "the database may lose what it has confirmed");
    }
    if concerns.is_empty() || simulated {
        Ok(())
    } else {
        Err(Forgetful(concerns.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::durable;

    #[test]
    fn real_phones_need_a_database_that_keeps_its_word() {
        let concerns = ["fsync = off".to_owned()];
        assert!(durable(&[], false).is_ok());
        assert!(durable(&concerns, true).is_ok());
        let refused = durable(&concerns, false).expect_err("refused");
        assert!(refused.to_string().contains("fsync = off"));
    }
}
