//! Which key signs this log.
//!
//! Owns the fact in the database that names it. *Invariant:* a log is signed under one name for
//! all its life: a key is made where the log never had one, and another key is never used.

use carillon_domain::event::{Actor, Event};
use carillon_store::Store;

use super::signing_key::SigningKey;
use crate::clock::Clock;
use crate::error::Result;
use crate::random::Random;
use crate::secrets::{KeyFileError, KeySource};

const SIGNER: &str = "audit.signer";

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
    let known = owner(store).await?;
    let loaded = match SigningKey::load(source) {
        Err(KeyFileError::Missing(_)) if known.is_none() => SigningKey::create(source, random),
        loaded => loaded,
    };
    let key = match loaded {
        Ok(key) => key,
        Err(error) => return Ok(Err(format!("nothing is signed: {error}"))),
    };
    let public = key.public().to_string();
    let owner = match known {
        Some(known) => known,
        None => claim(store, clock, &public).await?,
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

/// The key that the database names as the log's.
pub(super) async fn owner(store: &Store) -> Result<Option<String>> {
    Ok(store.meta(SIGNER).await?)
}

/// Names the key as the log's; another node may have been first, and then its key stands.
pub(super) async fn claim(store: &Store, clock: &Clock, public: &str) -> Result<String> {
    let mut unit = store.begin().await?;
    if unit.claim_meta(SIGNER, public).await? {
        let mut event = Event::new(clock.now(), Actor::system(), "key.signer_named");
        event.detail = serde_json::json!({ "key": public });
        unit.record(&[event]).await?.commit().await?;
        return Ok(public.to_owned());
    }
    let owner = unit.meta(SIGNER).await?;
    Ok(owner.unwrap_or_default())
}
