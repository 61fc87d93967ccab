//! Dialled numbers: committed to by records, kept apart, read one at a time, removed in time.
//!
//! Owns the commitment: SHA-256 over 32 random bytes and the parameters as JSON. A record holds it
//! beside the masked number; the random bytes and the number are sealed in a table of their own, and
//! the record says the digest of these bytes as well, so that another blob in their place is seen.
//! *Invariant:* once they are removed the record proves as before that there was one number, and
//! nobody can confirm by guessing which.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::event::Actor;
use carillon_domain::event::Event;
use carillon_domain::line;
use carillon_domain::role::Permission;
use carillon_store::Unit;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::ids::new_id;
use crate::secrets::{Keyring, Place};

const SALT: usize = 32;
const LONGEST_REASON: usize = 500;
/// Under which name a record's detail holds the commitment.
const NAME: &str = "private";

/// A number in full, with what proves that it is the one.
pub struct Disclosed {
    /// The parameters of the action, as JSON.
    pub value: SecretString,
    /// The random bytes before it, hexadecimal.
    pub salt: String,
    /// SHA-256 of both, hexadecimal: what the record says.
    pub commitment: String,
}

/// A commitment on its way into a record.
pub(crate) struct Commitment {
    id: String,
    at: Timestamp,
    sealed: Vec<u8>,
    /// What the record holds.
    pub(crate) told: Value,
}

impl Commitment {
    /// Keeps what it commits to, beside the record that is about to be written.
    pub(crate) async fn keep(self, unit: &mut Unit) -> Result<()> {
        unit.insert_private(&self.id, self.at, self.sealed).await?;
        Ok(())
    }
}

/// Puts a commitment where [`Engine::read_number`] looks for it.
pub(crate) fn tell(detail: &mut Value, commitment: &Commitment) {
    detail[NAME] = commitment.told.clone();
}

impl Engine {
    /// Commits to a text without telling it.
    pub(crate) fn commit_to(&self, value: &str, at: Timestamp) -> Result<Commitment> {
        let id = new_id(at, &self.random)?;
        let mut opened = Zeroizing::new(self.random.bytes::<SALT>()?.to_vec());
        opened.extend_from_slice(value.as_bytes());
        let place = Place::audit_private(id.as_str());
        let sealed = self.keyring()?.seal(&self.random, &place, &opened)?;
        let told = json!({
            "id": id,
            "sha256": hex::encode(Sha256::digest(&*opened)),
            "sealed": Keyring::digest_of(&sealed),
        });
        Ok(Commitment {
            id,
            at,
            sealed,
            told,
        })
    }

    /// The number of one record in full. The look is recorded before it is shown.
    ///
    /// # Errors
    /// Denied to all but auditors; invalid without a reason; not found for a record without a
    /// number; a conflict once it was removed.
    pub async fn read_number(&self, caller: &Caller, seq: i64, reason: &str) -> Result<Disclosed> {
        let seen = caller.sight(Permission::ReadNumbers, &self.store)?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > LONGEST_REASON || !line::is_plain(reason) {
            let message = "Say in a line of 1 to 500 characters why you need the number.";
            return Err(EngineError::invalid("reason", "required", message));
        }
        let row = seen.audit_entry(seq).await?.ok_or(EngineError::NotFound)?;
        let told = &row.event.detail[NAME];
        let (Some(id), Some(commitment)) = (told["id"].as_str(), told["sha256"].as_str()) else {
            return Err(EngineError::NotFound);
        };
        let Some(sealed) = self.store.private_value(id).await? else {
            let message = "this number was removed when its time was over";
            return Err(EngineError::Conflict(message.to_owned()));
        };
        let opened = self.keyring()?.open(&Place::audit_private(id), &sealed)?;
        let disclosed = disclosed(opened.expose_secret(), commitment)?;
        let mut event = caller.event(self.clock.now(), "audit.number_read");
        event.job.clone_from(&row.event.job);
        reason.clone_into(&mut event.reason);
        event.detail = json!({ "record": seq });
        let unit = caller.begin(&self.store).await?;
        unit.record(&[event]).await?.commit().await?;
        Ok(disclosed)
    }

    /// Removes numbers that were kept for longer than this, from the log's side table and from
    /// jobs that are over. Says how many.
    ///
    /// # Errors
    /// When the storage fails; then nothing was removed.
    pub async fn remove_numbers(&self, keep: Duration) -> Result<u64> {
        let now = self.clock.now();
        let before = now.minus(keep);
        if !self.store.keeps_private_before(before).await? {
            return Ok(0);
        }
        let mut unit = self.store.begin().await?;
        let (records, jobs) = unit.remove_private(before).await?;
        let mut event = Event::new(now, Actor::system(), "audit.numbers_removed");
        event.detail = json!({ "before": before, "records": records, "jobs": jobs });
        unit.record(&[event]).await?.commit().await?;
        Ok(records.max(jobs))
    }
}

fn disclosed(opened: &[u8], commitment: &str) -> Result<Disclosed> {
    let found = hex::encode(Sha256::digest(opened));
    let parts = opened.split_first_chunk::<SALT>();
    let parts = parts.filter(|_| found == commitment);
    let value = parts.and_then(|(salt, value)| Some((salt, std::str::from_utf8(value).ok()?)));
    let Some((salt, value)) = value else {
        return Err(EngineError::Internal(
            "a kept number is not the one that its record commits to",
        ));
    };
    Ok(Disclosed {
        value: SecretString::from(value),
        salt: hex::encode(salt),
        commitment: found,
    })
}
