//! A request for a change, as a record tells it and as its row stands.
//!
//! Owns what of the two is compared. *Invariant:* the digest of a row is made anew from what it says, never
//! taken from where it stands.

use carillon_domain::ChangeState;
use carillon_domain::event::Event;
use carillon_store::{ChangeRequestRow, StandingChange};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::changes::{digest, digest_of};

/// In the detail of who accepts a row: how it stood.
pub(crate) const REQUEST: &str = "request";

/// What is told of a request.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The digest as it is written there.
    pub(super) digest: String,
    /// The digest of what is written there.
    content: String,
    /// The name of who asked.
    asked_by: String,
    /// Why.
    reason: String,
    /// How it stands.
    pub(super) state: String,
    /// Who ended it, by account and name, and when; three nothings while nobody did.
    pub(super) decided: Value,
}

impl Request {
    /// As the record of its beginning tells it; nothing where that tells too little.
    pub(super) fn told(event: &Event, state: ChangeState) -> Option<Self> {
        let digest = event.detail["digest"].as_str()?;
        Some(Self {
            digest: digest.to_owned(),
            content: digest.to_owned(),
            asked_by: event.actor.name.clone(),
            reason: event.reason.clone(),
            state: state.to_string(),
            decided: json!([null, null, null]),
        })
    }

    /// As somebody found and accepted it; nothing where that was not told.
    pub(super) fn accepted(told: &Value) -> Option<Self> {
        Self::deserialize(told).ok()
    }

    /// What whoever accepts a row lets count.
    pub(crate) fn of_row(row: &ChangeRequestRow) -> Value {
        json!(Self {
            digest: row.digest.clone(),
            content: digest(row),
            asked_by: row.actor.clone(),
            reason: row.reason.clone(),
            state: row.state.to_string(),
            decided: json!([row.decider, row.decided_by, row.decided_at]),
        })
    }

    fn standing(row: &StandingChange) -> Self {
        Self {
            digest: row.digest.clone(),
            content: digest_of(row),
            asked_by: row.actor.clone(),
            reason: row.reason.clone(),
            state: row.state.clone(),
            decided: json!(row.decided),
        }
    }

    /// What a row says else.
    pub(super) fn differs(&self, row: &StandingChange) -> Option<&'static str> {
        let found = Self::standing(row);
        if (&self.state, &self.decided) != (&found.state, &found.decided) {
            return Some("stands elsewhere");
        }
        (*self != found).then_some("is another one")
    }
}
