//! Accounts, tokens and sessions: read-only.

use carillon_domain::Timestamp;
use carillon_domain::reach::Area;
use carillon_domain::role::Role;
use serde::{Deserialize, Serialize};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Identity.
    pub id: String,
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// The only sites and groups that it reaches; `null` = everything.
    pub reach: Option<Area>,
    /// Whether it may let dangerous jobs of others run.
    pub approver: bool,
    /// Whether it can sign in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An API token, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Identity.
    pub id: String,
    /// Account.
    pub user: String,
    /// What it is for.
    pub label: String,
    /// What of the role it has: `read`, `run` or `manage`.
    pub scope: String,
    /// The only sites and groups that it reaches; `null` = all that its account does.
    pub reach: Option<Area>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When somebody revoked it.
    pub revoked_at: Option<Timestamp>,
}

/// A session of a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its handle: not the cookie.
    pub id: String,
    /// Account.
    pub user: String,
    /// When somebody signed in.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// From where.
    pub ip: String,
    /// With which program.
    pub agent: String,
}
