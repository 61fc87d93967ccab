//! JSON of `/api/v1`: what goes in and what comes out.
//!
//! Every body that comes in refuses fields that it does not know. Times are RFC 3339 in UTC,
//! lists come as [`Page`], failures as [`Problem`].
//!
//! *Invariant:* nothing that goes out has a field for a secret, except the answer that makes a
//! token, which shows it once, and the one that tells an auditor a dialled number.

use serde::{Deserialize, Serialize};

mod accounts;
mod audit;
mod changes;
mod inventory;
mod jobs;
mod networks;
mod sip;

pub use accounts::{Session, Token, User};
pub use audit::{AuditCheckpoint, AuditNumber, AuditRecord, Receivers};
pub use changes::ChangeRequest;
pub use inventory::{
    Credential, CredentialChange, CredentialInput, Group, GroupInput, ImportError, ImportReport,
    NewSite, Phone, PhoneChange, PhoneInput, Site, SiteInput,
};
pub use jobs::{
    Action, ActionModels, ActionParam, ApprovalInput, Attempt, CauseCount, CountBy, Held,
    HeldInput, Job, JobAccepted, JobLinks, Preview, Reason, RetryInput, StopState, Target,
};
pub use networks::Networks;
pub use sip::{SipProfile, SipProfileInput};

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to send as `after` for the next page; `None` at the end.
    pub next: Option<String>,
}

/// A failure, RFC 9457.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// URN of the kind of failure.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened this time, in one plain sentence.
    pub detail: String,
    /// Stable code of the kind.
    pub code: String,
    /// To find it in the log.
    pub request_id: String,
    /// The fields at fault.
    #[serde(default)]
    pub errors: Vec<FieldProblem>,
    /// How a list of phones changed, with the code `set_changed`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub difference: Option<serde_json::Value>,
}

/// One field at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// Name of the field as the caller wrote it.
    pub field: String,
    /// Stable code: `required`, `invalid`, `unknown`, `taken`, …
    pub code: String,
    /// What is wrong and what would be right.
    pub message: String,
}

#[expect(
    clippy::option_option,
    reason = "absent, null and a value are three things"
)]
/// Reads a field that may be absent (leave it), `null` (clear it) or a value (set it).
pub(crate) fn given<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}
