//! `/admin/streams`: who gets the audit log, and how far they are.
//!
//! `POST /admin/streams/{name}/secret`: nothing but the token. `?made=`: a secret that was just
//! made, shown once.

use carillon_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Receivers of the audit log.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StreamsView {
    /// Those of every record.
    pub streams: Vec<StreamRow>,
    /// Those of every checkpoint.
    pub anchors: Vec<AnchorRow>,
    /// A secret that was just made.
    pub new_secret: Option<NewSecret>,
}

/// One receiver of every record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRow {
    /// Its name in the settings.
    pub name: String,
    /// Where it is.
    pub receiver: String,
    /// Whether the settings still name it.
    pub named: bool,
    /// Whether anybody on the way can read along.
    pub in_clear: bool,
    /// How many records it has not taken.
    pub waiting: i64,
    /// When the first of them happened.
    pub oldest: Option<Timestamp>,
    /// When it last took something.
    pub taken_at: Option<Timestamp>,
    /// Since when it takes nothing.
    pub failing_since: Option<Timestamp>,
    /// Why.
    pub problem: Option<String>,
    /// Whether what it gets is signed.
    pub signed: bool,
    /// When the secret was made that signs.
    pub secret_at: Option<Timestamp>,
}

/// One receiver of every checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnchorRow {
    /// Where it is.
    pub receiver: String,
    /// The records under the last checkpoint that it has.
    pub reached: i64,
    /// Since when it lacks one.
    pub behind: Option<Timestamp>,
    /// Why.
    pub problem: Option<String>,
}

/// A secret that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSecret {
    /// Of which stream.
    pub stream: String,
    /// The secret itself: the one place where it is ever shown.
    pub secret: String,
}
