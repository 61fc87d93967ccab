//! Which key signs this log.
//!
//! Owns the fact in the database that names it, beside the record of it. *Invariant:* a log is signed
//! under one name for all its life: a key is made where the log never had one, and another key is never
//! used, also where somebody named it in the database.

use carillon_domain::event::{Actor, Event};
use carillon_store::{AuditQuery, Store};

use super::signing_key::SigningKey;
use crate::clock::Clock;
use crate::error::Result;
use crate::random::Random;
use crate::secrets::{KeyFileError, KeySource};

const SIGNER: &str = "audit.signer";
/// The record of that.
const NAMED: &str = "key.signer_named";
/// There is one such record; so many are looked at.
const MOST: i64 = 100;

/// The key of this log, or in words why it cannot be used.
///
/// # Errors
/// When the storage fails.
pub async fn signing_key(
    store: &Store,
    source: &KeySource,
    clock: &Clock,
    random: &Random,
) -> Result<Result<SigningKey, String>> {
    let owners = owners(store).await?;
    let loaded = match SigningKey::load(source) {
        Err(KeyFileError::Missing(_)) if owners.is_empty() => SigningKey::create(source, random),
        loaded => loaded,
    };
    let key = match loaded {
        Ok(key) => key,
        Err(error) => return Ok(Err(format!("nothing is signed: {error}"))),
    };
    let public = key.public().to_string();
    let owner = match owners.iter().find(|owner| **owner != public) {
        Some(other) => other.clone(),
        None if owners.is_empty() => claim(store, clock, &public).await?,
        None => public.clone(),
    };
    Ok(if owner == public {
        Ok(key)
    } else {
        Err(format!(
            "nothing is signed: {} holds another key than the one of this log ({owner})",
            source.path().display()
        ))
    })
}

/// The keys that are named as the log's, by the database and by the records of the log, each once: none
/// yet, or one; more where somebody named another in the place of the log's.
pub(super) async fn owners(store: &Store) -> Result<Vec<String>> {
    let query = AuditQuery {
        actions: vec![NAMED.to_owned()],
        ..AuditQuery::default()
    };
    let mut owners = Vec::from_iter(store.meta(SIGNER).await?);
    for row in store.audit_batch(&query, -1, MOST).await? {
        owners.extend(row.event.detail["key"].as_str().map(str::to_owned));
    }
    owners.sort();
    owners.dedup();
    Ok(owners)
}

/// Names the key as the log's; another node may have been first, and then its key stands.
pub(super) async fn claim(store: &Store, clock: &Clock, public: &str) -> Result<String> {
    let mut unit = store.begin().await?;
    if unit.claim_meta(SIGNER, public).await? {
        let mut event = Event::new(clock.now(), Actor::system(), NAMED);
        event.detail = serde_json::json!({ "key": public });
        unit.record(&[event]).await?.commit().await?;
        return Ok(public.to_owned());
    }
    let owner = unit.meta(SIGNER).await?;
    Ok(owner.unwrap_or_default())
}
