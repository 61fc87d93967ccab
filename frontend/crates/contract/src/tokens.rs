//! `/admin/tokens`, and tokens on one's own account page.
//!
//! `POST /admin/tokens/{id}/revoke`.

use carillon_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Everybody's tokens.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TokensView {
    /// All of them, those in use first.
    pub rows: Vec<TokenRow>,
}

/// One API token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenRow {
    /// Identity.
    pub id: String,
    /// What its owner calls it.
    pub label: String,
    /// Whose.
    pub user: String,
    /// `read` | `run` | `manage`.
    pub scope: String,
    /// The only sites and groups that it reaches, in words; empty = all that its owner does.
    pub reach: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A new token as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenForm {
    /// `label`.
    pub label: String,
    /// `scope`: `read` | `run` | `manage`.
    pub scope: String,
    /// `sites` that it reaches; blank with `groups` = all that one reaches oneself.
    pub sites: String,
    /// `groups` that it reaches.
    pub groups: String,
    /// `expires_days`: `30`, `90`, `365`.
    pub expires_days: String,
}

/// A token that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    /// What its owner calls it.
    pub label: String,
    /// The token itself: the one place where it is ever shown.
    pub token: String,
}
