//! What a request asks for, and whose it is, as one digest.
//!
//! Owns the form that is hashed. *Invariant:* each part has its length before it, so that no two requests
//! have the same bytes.

use carillon_store::{ChangeRequestRow, StandingChange};
use sha2::{Digest as _, Sha256};

/// The digest of a request that is being asked for, or of one that was read.
pub(crate) fn digest(row: &ChangeRequestRow) -> String {
    of([
        &row.id,
        row.kind.as_str(),
        &row.subject,
        &row.base,
        &row.asked,
        &row.account,
        &row.asked_at.to_string(),
        &row.until.to_string(),
    ])
}

/// The same of what stands in the table, whatever it is.
pub(crate) fn digest_of(row: &StandingChange) -> String {
    of([
        &row.id,
        &row.kind,
        &row.subject,
        &row.base,
        &row.asked,
        &row.account,
        &row.asked_at.to_string(),
        &row.until.to_string(),
    ])
}

fn of(parts: [&str; 8]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(format!("{}\n{part}", part.len()));
    }
    hex::encode(hash.finalize())
}
