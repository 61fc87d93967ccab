//! `/admin/users`.
//!
//! `POST /admin/users/new`: `name`, `role`. `POST /admin/users/{name}/edit`: `role`,
//! `version`. `POST /admin/users/{name}/disable`, `/enable`, `/reset-link`: nothing but the token;
//! `/reset-factor`: `reason`.

use carillon_domain::Timestamp;
use carillon_domain::role::Role;
use serde::{Deserialize, Serialize};

use crate::FormErrors;
use crate::changes::ChangeNotice;

/// The list of accounts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UsersView {
    /// All of them, by name.
    pub rows: Vec<UserRow>,
    /// Whether only one account may administer and can sign in.
    pub lone_administrator: bool,
}

/// One account in the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserRow {
    /// Account name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// What it reaches, in words; empty = everything.
    pub reach: String,
    /// Whether it may let dangerous jobs of others run.
    pub approver: bool,
    /// Whether it has a second factor.
    pub second_factor: bool,
    /// Whether it can sign in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen: Option<Timestamp>,
    /// Tokens in use.
    pub tokens: i64,
    /// Whether it is one's own.
    pub own: bool,
}

/// The page that adds an account or changes one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UserFormView {
    /// Name of the account that is changed; `None` when one is added.
    pub existing: Option<String>,
    /// `name` as typed.
    pub name: String,
    /// `role` as chosen.
    pub role: String,
    /// `reach`: whether it reaches only some sites and groups.
    pub scoped: bool,
    /// `sites` as typed.
    pub sites: String,
    /// `groups` as typed.
    pub groups: String,
    /// `approver`.
    pub approver: bool,
    /// Whether it has a second factor.
    pub second_factor: bool,
    /// That taking it away waits for another administrator.
    pub factor_reset_waits: Option<ChangeNotice>,
    /// A link to a new password that was just made: shown this once.
    pub link: Option<String>,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// Whether it is one's own: then it cannot be disabled or lose its role here.
    pub own: bool,
    /// Version the edit started from.
    pub version: i64,
    /// What was wrong.
    pub errors: FormErrors,
}
