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

/// A dialled number in full, with what proves that it is the one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditNumber {
    /// The record that commits to it.
    pub seq: i64,
    /// The parameters of the action, as the text that was hashed.
    pub value: String,
    /// The random bytes before it, hexadecimal.
    pub salt: String,
    /// SHA-256 of both, hexadecimal: what the record says.
    pub sha256: String,
}

/// Who gets the audit log outside, and how far they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receivers {
    /// Those of every record.
    pub streams: Vec<crate::streams::StreamRow>,
    /// Those of every checkpoint, over the network.
    pub anchors: Vec<crate::streams::AnchorRow>,
}
