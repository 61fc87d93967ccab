//! How far the notary came.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_store::Frontier;

use super::EVERY;

/// How far the notary came.
pub(super) struct Desk {
    /// The tree that was signed last.
    pub(super) signed: Frontier,
    /// The tree as far as it was compared with the head; beyond what is signed while a signer is
    /// away.
    pub(super) walked: Frontier,
    pub(super) signed_at: Timestamp,
    /// Whether what stands last in the file is known to have its row.
    pub(super) has_row: bool,
    /// From when on each anchor lacks something.
    pub(super) behind: Vec<Option<Timestamp>>,
    /// What the signer was asked last, and when it refused.
    pub(super) asked: Option<Frontier>,
    pub(super) refused: Option<(Timestamp, String)>,
}

impl Desk {
    /// With nothing signed.
    pub(super) fn new(now: Timestamp, anchors: usize) -> Self {
        Self {
            signed: Frontier::default(),
            walked: Frontier::default(),
            signed_at: now,
            has_row: false,
            behind: vec![None; anchors],
            asked: None,
            refused: None,
        }
    }

    /// Whether the last signature is a while ago.
    pub(super) fn waited(&self, now: Timestamp) -> bool {
        now.micros() - self.signed_at.micros() >= micros(EVERY)
    }

    /// Why the signer refused, as long as it need not be asked again.
    pub(super) fn still_refused(&self, now: Timestamp) -> Option<&str> {
        let (at, why) = self.refused.as_ref()?;
        (now.micros() - at.micros() < micros(EVERY)).then_some(why)
    }
}

pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
