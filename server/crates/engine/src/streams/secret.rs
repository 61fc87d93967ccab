//! The secrets that sign webhooks.
//!
//! Owns their making, sealing and change. *Invariant:* a secret is shown once, to whoever made it,
//! and is nowhere in clear but while it signs.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use carillon_domain::Timestamp;
use carillon_domain::role::Permission;
use carillon_store::StreamRow;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::secrets::{Keyring, Place};

/// How long the secret before still signs along, so that a receiver can change over.
const OVERLAP: Duration = Duration::from_hours(24);
const BYTES: usize = 32;
/// What Standard Webhooks writes before a secret.
const PREFIX: &str = "whsec_";

type Secret = Zeroizing<[u8; BYTES]>;

/// The secret of today, and the one before it with its end.
pub(super) struct Secrets {
    current: Secret,
    former: Option<(Secret, Timestamp)>,
}

impl Secrets {
    /// Those of a stream; `None` where none was made.
    pub(super) fn open(keyring: &Keyring, row: &StreamRow) -> Result<Option<Self>> {
        let Some(sealed) = &row.secret else {
            return Ok(None);
        };
        let place = Place::stream_secret(&row.name, row.secret_version);
        let opened = keyring.open(&place, sealed)?;
        let read = Self::read(opened.expose_secret());
        read.map(Some)
            .ok_or(EngineError::Internal("a stream's secret cannot be read"))
    }

    /// Those that sign now.
    pub(super) fn in_use(&self, now: Timestamp) -> impl Iterator<Item = &[u8]> {
        let former = self.former.iter().filter(move |(_, until)| now < *until);
        let former = former.map(|(secret, _)| secret.as_slice());
        std::iter::once(self.current.as_slice()).chain(former)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (current, rest) = bytes.split_first_chunk::<BYTES>()?;
        let former = rest.split_first_chunk::<8>().and_then(|(until, former)| {
            let until = Timestamp::from_micros(i64::from_be_bytes(*until));
            Some((Zeroizing::new(former.try_into().ok()?), until))
        });
        Some(Self {
            current: Zeroizing::new(*current),
            former,
        })
    }

    fn write(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(self.current.to_vec());
        if let Some((former, until)) = &self.former {
            bytes.extend_from_slice(&until.micros().to_be_bytes());
            bytes.extend_from_slice(&**former);
        }
        bytes
    }

    #[cfg(test)]
    pub(super) fn test(secret: u8) -> Self {
        Self {
            current: Zeroizing::new([secret; BYTES]),
            former: None,
        }
    }
}

impl Engine {
    /// All streams that ever ran, by name.
    ///
    /// # Errors
    /// Denied.
    pub async fn streams(&self, caller: &Caller) -> Result<Vec<StreamRow>> {
        caller.require(Permission::Administer)?;
        Ok(self.store.streams().await?)
    }

    /// The number of records in the log.
    ///
    /// # Errors
    /// Denied.
    pub async fn audit_size(&self, caller: &Caller) -> Result<i64> {
        caller.require(Permission::Administer)?;
        let size = self.store.audit_head().await?.size();
        Ok(i64::try_from(size).unwrap_or(i64::MAX))
    }

    /// When the record happened that a stream sends next.
    ///
    /// # Errors
    /// Denied.
    pub async fn next_of_stream(
        &self,
        caller: &Caller,
        row: &StreamRow,
    ) -> Result<Option<Timestamp>> {
        caller.require(Permission::Administer)?;
        let next = self.store.stream_entries(row.next, 1).await?;
        Ok(next.first().map(|entry| entry.at))
    }

    /// Makes the secret that signs a stream from now on. The one before signs along for a day.
    ///
    /// # Errors
    /// Denied; not found; a conflict for a stream that is not signed.
    pub async fn new_stream_secret(&self, caller: &Caller, name: &str) -> Result<SecretString> {
        caller.require(Permission::Administer)?;
        let keyring = self.keyring()?;
        let row = self
            .store
            .stream(name)
            .await?
            .ok_or(EngineError::NotFound)?;
        if !row.receiver.starts_with("http") {
            let message = "syslog is not signed: this stream needs no secret";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        let now = self.clock.now();
        let former = Secrets::open(keyring, &row)?.map(|before| before.current);
        let secrets = Secrets {
            current: Zeroizing::new(self.random.bytes()?),
            former: former.map(|secret| (secret, now.plus(OVERLAP))),
        };
        let text = secrets.write();
        let version = row.secret_version + 1;
        let sealed = keyring.seal(&self.random, &Place::stream_secret(name, version), &text)?;
        let mut event = caller.event(now, "stream.secret_made");
        event.detail = json!({ "stream": name, "sealed": Keyring::digest_of(&sealed) });
        let mut unit = caller.begin(&self.store).await?;
        if !unit.set_stream_secret(name, (version, sealed), now).await? {
            return Err(carillon_store::StoreError::Conflict.into());
        }
        unit.record(&[event]).await?.commit().await?;
        let shown = Zeroizing::new(STANDARD.encode(*secrets.current));
        Ok(SecretString::from(format!("{PREFIX}{}", *shown)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_before_signs_along_until_its_end() {
        let until = Timestamp::from_micros(1000);
        let secrets = Secrets {
            current: Zeroizing::new([1; BYTES]),
            former: Some((Zeroizing::new([2; BYTES]), until)),
        };
        let again = Secrets::read(&secrets.write()).unwrap();
        let used = |at| again.in_use(Timestamp::from_micros(at)).count();
        assert_eq!((used(999), used(1000)), (2, 1));
        assert_eq!(again.in_use(until).next(), Some(&[1; BYTES][..]));
        let alone = Secrets::read(&Secrets::test(3).write()).unwrap();
        assert_eq!(alone.in_use(until).count(), 1);
        assert!(Secrets::read(b"short").is_none());
    }
}
