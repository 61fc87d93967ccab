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
