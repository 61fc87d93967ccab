//! Proof that the keys at hand are the ones that this database was sealed with.
//!
//! Owns the key-check values in `meta`. Each key that ever sealed something has one, written
//! before its first use and removed with the key. *Invariant:* a database whose keys are missing or
//! exchanged is never worked with.

use carillon_domain::Timestamp;
use carillon_domain::event::{Actor, Event};
use carillon_store::{Store, StoreError, Unit};
use serde_json::json;
use subtle::ConstantTimeEq as _;

use super::key::KeyId;
use super::keyring::{Keyring, Purpose};

const PREFIX: &str = "keycheck:";
/// The key that seals, and the row that lets one node at a time note its key.
const ACTIVE: &str = "active_key";
const PROOF: &[u8] = b"carillon-keycheck-v1";

/// Why the service stays sealed.
#[derive(Debug, thiserror::Error)]
pub enum KeyCheckError {
    /// A key that the database needs is not in the key file.
    #[error("sealed: the database needs the key {0}, which is not in the key file")]
    Missing(String),
    /// A key has the right id and is not the right key.
    #[error("sealed: the key {0} of the key file is not the one that this database knows")]
    Different(String),
    /// The database could not be asked.
    #[error("the keys could not be checked")]
    Store(#[from] StoreError),
}

/// Checks that every key the database needs is at hand and right, and notes the active one.
///
/// # Errors
/// [`KeyCheckError`]: then the service must stay sealed.
pub async fn check_keys(
    store: &Store,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<(), KeyCheckError> {
    if all_right(store, keyring).await? {
        return Ok(());
    }
    let mut unit = store.begin().await?;
    // Two nodes that start at once on an empty database, each with a key of its own: the second
    // one waits here, and then sees that the database belongs to the first.
    unit.set_meta(ACTIVE, &keyring.active().to_string()).await?;
    if all_right(store, keyring).await? {
        return Ok(());
    }
    note_active(unit, keyring, now).await
}

/// Fails when a key is missing or wrong; else says whether the active one is noted.
async fn all_right(store: &Store, keyring: &Keyring) -> Result<bool, KeyCheckError> {
    let known = store.metas(PREFIX).await?;
    for (name, value) in &known {
        check_one(
            keyring,
            name.strip_prefix(PREFIX).unwrap_or_default(),
            value,
        )?;
    }
    let active = name_of(keyring.active());
    Ok(known.iter().any(|(name, _)| *name == active))
}

fn check_one(keyring: &Keyring, id: &str, value: &str) -> Result<(), KeyCheckError> {
    let key = id
        .parse::<KeyId>()
        .ok()
        .filter(|key| keyring.contains(*key));
    let expected = key.and_then(|key| proof(keyring, key));
    let expected = expected.ok_or_else(|| KeyCheckError::Missing(id.to_owned()))?;
    if bool::from(expected.as_bytes().ct_eq(value.as_bytes())) {
        Ok(())
    } else {
        Err(KeyCheckError::Different(id.to_owned()))
    }
}

/// Notes the proof of a key before its first use, with the records that tell of it.
pub(super) async fn note_key(
    unit: &mut Unit,
    keyring: &Keyring,
    key: KeyId,
) -> Result<(), KeyCheckError> {
    let value = proof(keyring, key).ok_or_else(|| KeyCheckError::Missing(key.to_string()))?;
    unit.set_meta(ACTIVE, &key.to_string()).await?;
    Ok(unit.set_meta(&name_of(key), &value).await?)
}

/// Forgets a key that nothing is sealed with any more.
pub(super) async fn forget_key(unit: &mut Unit, key: KeyId) -> Result<(), StoreError> {
    unit.delete_meta(&name_of(key)).await.map(drop)
}

async fn note_active(
    mut unit: Unit,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<(), KeyCheckError> {
    let key = keyring.active();
    let value = proof(keyring, key).ok_or_else(|| KeyCheckError::Missing(key.to_string()))?;
    unit.set_meta(&name_of(key), &value).await?;
    let mut event = Event::new(now, Actor::system(), "key.first_used");
    event.detail = json!({ "key": key.to_string() });
    unit.record(&[event]).await?.commit().await?;
    Ok(())
}

fn proof(keyring: &Keyring, key: KeyId) -> Option<String> {
    keyring
        .mac_with(key, Purpose::KeyCheck, &[PROOF])
        .map(hex::encode)
}

fn name_of(key: KeyId) -> String {
    format!("{PREFIX}{key}")
}
