//! Requests for a change as their table has them, for whoever holds it against the log.
//!
//! Owns the look at these columns. *Invariant:* it is taken in the same moment as the log itself; what
//! stands there is handed on, whatever it is.

use carillon_domain::Timestamp;

use crate::error::Result;
use crate::row::Row;

/// What one administrator asked for and another decides about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingChange {
    /// Identity.
    pub id: String,
    /// What kind of change.
    pub kind: String,
    /// Of what.
    pub subject: String,
    /// What stood there when it was asked for: JSON.
    pub base: String,
    /// What is asked for: JSON.
    pub asked: String,
    /// Of all that, as its row says.
    pub digest: String,
    /// The account that asked.
    pub account: String,
    /// Its name.
    pub actor: String,
    /// When.
    pub asked_at: Timestamp,
    /// Why.
    pub reason: String,
    /// Until when it waits.
    pub until: Timestamp,
    /// How it stands.
    pub state: String,
    /// The account that decided, its name, and when.
    pub decided: (Option<String>, Option<String>, Option<Timestamp>),
}

/// The column without which there is nothing to compare.
pub(super) const COLUMN: &str = "change_requests.state";
/// All of them.
pub(super) const REQUESTS: &str = "SELECT id, kind, subject, base, asked, digest, account, actor, \
     asked_at, reason, until, state, decider, decided_by, decided_at FROM change_requests ORDER BY id";

pub(super) fn request(row: &Row) -> Result<StandingChange> {
    let fields = row.of("change_requests", "id");
    Ok(StandingChange {
        id: row.any_text("id")?,
        kind: row.any_text("kind")?,
        subject: row.any_text("subject")?,
        base: row.any_text("base")?,
        asked: row.any_text("asked")?,
        digest: row.any_text("digest")?,
        account: row.any_text("account")?,
        actor: row.any_text("actor")?,
        asked_at: fields.at("asked_at")?,
        reason: row.any_text("reason")?,
        until: fields.at("until")?,
        state: row.any_text("state")?,
        decided: (
            row.maybe_any_text("decider")?,
            row.maybe_any_text("decided_by")?,
            fields.maybe_at("decided_at")?,
        ),
    })
}
