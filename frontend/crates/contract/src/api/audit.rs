//! Audit records as programs read them.

use serde::{Deserialize, Serialize};

/// One audit record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Place in the log, without gaps.
    pub seq: i64,
    /// SHA-256 of the record's exact bytes in the tree, hexadecimal.
    pub leaf_hash: String,
    /// The record as it was written.
    pub entry: serde_json::Value,
}

/// A signed statement of how far the log reaches, and under what root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditCheckpoint {
    /// How many records it covers: those with a smaller number.
    pub size: i64,
    /// When it was signed.
    pub at: carillon_domain::Timestamp,
    /// The signed note (C2SP tlog-checkpoint), exactly.
    pub note: String,
    /// The key of this server; compare it with the one that you noted yourself.
    pub key: Option<String>,
}
