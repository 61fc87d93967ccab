//! One bucket: under which name it is stored, and what becomes of it when there are too many.
//!
//! *Invariant:* at most 100,000 are kept, and none is thrown away to make room for another:
//! whoever fills the table would empty the bucket that he guesses against. Those for whom there is
//! no room share a few, which no success empties. Whoever is known has room that strangers cannot
//! take.

use carillon_domain::Timestamp;
use carillon_store::{ThrottleRow, Unit};

use crate::error::Result;
use crate::secrets::{Keyring, Purpose};

/// Most buckets while those of strangers are added.
const MOST_OF_STRANGERS: u32 = 87_000;
/// Most buckets while those are added of browsers and sessions that are known. What is left below
/// 100,000 is for the shared ones: 256 of each kind.
const MOST: u32 = 97_000;

/// Who fills a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Anybody can make as many as they like.
    Strangers,
    /// Only with something that Carillon gave to an account.
    Known,
}

/// One bucket by its kind and its keyed name.
pub(super) struct Bucket {
    kind: &'static str,
    key: String,
    whose: Whose,
}

impl Bucket {
    pub(super) fn new(
        keyring: &Keyring,
        (whose, kind): (Whose, &'static str),
        names: &[&str],
    ) -> Self {
        let mut parts = vec![kind.as_bytes()];
        parts.extend(names.iter().map(|name| name.as_bytes()));
        Self {
            kind,
            key: hex::encode(keyring.mac(Purpose::Throttle, &parts)),
            whose,
        }
    }

    /// Under which name its own row is kept.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Counts one failure, in its own row or, without room for one, in a shared one.
    pub(super) async fn count(&self, unit: &mut Unit, now: Timestamp) -> Result<ThrottleRow> {
        let most = match self.whose {
            Whose::Strangers => MOST_OF_STRANGERS,
            Whose::Known => MOST,
        };
        let room = !unit.has_throttles(most).await? || unit.has_throttle(&self.key).await?;
        let key = if room {
            self.key.clone()
        } else {
            self.shared()
        };
        Ok(unit.count_failure(&key, now).await?)
    }

    /// One of 256 for each kind.
    fn shared(&self) -> String {
        let part = self.key.get(..2).unwrap_or_default();
        format!("shared {} {part}", self.kind)
    }
}
