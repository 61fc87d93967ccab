//! Changes that wait for another administrator: read-only.

use carillon_domain::{ChangeKind, ChangeState, Timestamp};
use serde::{Deserialize, Serialize};

/// A request for a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeRequest {
    /// Identity.
    pub id: String,
    /// What kind of change.
    pub kind: ChangeKind,
    /// How it stands.
    pub state: ChangeState,
    /// Of what: the id of an account, or what is one for the whole house.
    pub subject: String,
    /// What stood there when it was asked for.
    pub before: serde_json::Value,
    /// What is asked for.
    pub after: serde_json::Value,
    /// SHA-256 of all that.
    pub digest: String,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// Why.
    pub reason: String,
    /// Until when it waits.
    pub until: Timestamp,
}
