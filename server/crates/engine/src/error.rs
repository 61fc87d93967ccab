//! Errors of use cases.
//!
//! Owns what can go wrong for the one who asked. Knows no HTTP; internals stay in the source.

use std::time::Duration;

use carillon_domain::role::Permission;
use carillon_store::StoreError;

pub use carillon_domain::FieldError;

use crate::jobs::Difference;

/// Why a use case was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// What was named does not exist, or is out of the caller's sight.
    #[error("not found")]
    NotFound,
    /// The state of things does not allow it; the text says what to do.
    #[error("{0}")]
    Conflict(String),
    /// The set of phones changed since the caller looked at it.
    #[error("the list of phones changed: it was {expected}, now it is {actual}")]
    SetChanged {
        /// Count that the caller had seen.
        expected: i64,
        /// Count now.
        actual: i64,
        /// Digest now.
        digest: String,
        /// Which phones make the difference, where the set that was seen is remembered.
        difference: Option<Box<Difference>>,
    },
    /// Some fields are wrong; every one is named.
    #[error("{}", summarise(.0))]
    Invalid(Vec<FieldError>),
    /// The caller may not.
    #[error("this needs the permission {0}")]
    Denied(Permission),
    /// A token may not, though its scope holds the permission; the text says who may, and where.
    #[error("{0}")]
    NotByToken(String),
    /// Whoever asks must show first once more who they are.
    #[error("show once more who you are, then repeat it")]
    ProofNeeded,
    /// Whoever asks may not any more: between the question and the deed their account, its rights or
    /// reach were changed, or their session or token ended.
    #[error(
        "your rights changed, or you were signed out, while this was on its way: nothing was done"
    )]
    RightsChanged,
    /// Too much at once; try again after this time.
    #[error("busy: try again in {} s", retry_after.as_secs().max(1))]
    Busy {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The keys that open stored secrets are missing.
    #[error("sealed: the key file does not open this database")]
    Sealed,
    /// The disk of the database is nearly full.
    #[error("{} free on the database's disk, {} are kept free", mebibytes(*free), mebibytes(*needed))]
    NoRoom {
        /// Free bytes.
        free: u64,
        /// The least that must be free.
        needed: u64,
    },
    /// The storage failed.
    #[error("the storage failed")]
    Store(#[source] StoreError),
    /// Something that should not happen.
    #[error("internal error: {0}")]
    Internal(&'static str),
}

/// What use cases return.
pub type Result<T, E = EngineError> = std::result::Result<T, E>;

impl EngineError {
    /// One wrong field.
    pub fn invalid(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, code, message)])
    }
}

/// A size for people.
fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

fn summarise(errors: &[FieldError]) -> String {
    errors
        .iter()
        .map(|e| format!("{}: {}", e.field, e.message))
        .collect::<Vec<_>>()
        .join("; ")
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => {
                Self::Conflict("somebody else changed this meanwhile: look again".to_owned())
            }
            StoreError::Forged(row) => Self::Conflict(crate::rows::refusal(&row)),
            other => Self::Store(other),
        }
    }
}

impl From<crate::random::NoEntropy> for EngineError {
    fn from(_: crate::random::NoEntropy) -> Self {
        Self::Internal("no random bytes")
    }
}
