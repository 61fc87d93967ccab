//! What keeps a notary from signing.

use carillon_store::StoreError;

use super::super::journal::Journal;
use crate::error::EngineError;

/// What keeps a notary from signing.
#[derive(Debug, thiserror::Error)]
pub enum NotaryFault {
    /// The log is not the one that was signed: an alarm.
    #[error("{0}")]
    NotTheSame(String),
    /// The signer is not reached, or cannot write. It passes by itself.
    #[error("{0}")]
    Away(String),
    /// Something else has to be put right.
    #[error("{0}")]
    Unusable(String),
    /// The storage failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl NotaryFault {
    /// Whether the log is not the one that was signed.
    pub const fn is_alarm(&self) -> bool {
        matches!(self, Self::NotTheSame(_))
    }

    /// Whether it passes when the signer is back.
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Away(_))
    }
}

impl From<StoreError> for NotaryFault {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

pub(super) fn shrunk(signed: u64, found: u64) -> NotaryFault {
    NotaryFault::NotTheSame(format!(
        "the audit log has {found} records, and {signed} were signed: run `carillon audit verify`"
    ))
}

pub(super) fn unreadable(journal: &Journal, error: &std::io::Error) -> NotaryFault {
    NotaryFault::Unusable(format!(
        "the checkpoints in {} cannot be used: {error}",
        journal.path().display()
    ))
}
