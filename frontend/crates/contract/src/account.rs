//! `/account`: one's own password, sessions and tokens.
//!
//! The second factor has a page of its own: [`crate::second_factor`].
//!
//! `POST /account/password`: `current`, `password`, `password_again`.
//! `POST /account/sessions/{id}/end`; `POST /account/sessions/end-others`.
//! `POST /language`: `language` (empty = as the browser asks), `next`.
//! `POST /account/look`: `theme`, `density` (empty = as the system has it).
//! `POST /account/tokens`: [`crate::tokens::TokenForm`]; `POST /account/tokens/{id}/revoke`.

use carillon_domain::look::Look;
use carillon_domain::role::Role;
use carillon_domain::{Language, Timestamp};
use serde::{Deserialize, Serialize};

use crate::FormErrors;
use crate::tokens::{NewToken, TokenForm, TokenRow};

/// One's own account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountView {
    /// Account name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// The language that the account chose; `None` = as the browser asks.
    pub language: Option<Language>,
    /// How they chose their pages to look.
    pub look: Look,
    /// Whether a password is kept here; else a sign-in service keeps it.
    pub has_password: bool,
    /// Fewest characters that a password may have.
    pub password_min: usize,
    /// What was wrong with the password form.
    pub password_errors: FormErrors,
    /// Whether there is a second factor.
    pub second_factor: bool,
    /// Recovery codes that were not used.
    pub codes_left: i64,
    /// Where one is signed in.
    pub sessions: Vec<SessionRow>,
    /// One's tokens.
    pub tokens: Vec<TokenRow>,
    /// The form for a new one.
    pub token_form: TokenForm,
    /// What was wrong with it.
    pub token_errors: FormErrors,
    /// A token that was just made: shown this once.
    pub new_token: Option<NewToken>,
}

/// One session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionRow {
    /// Its handle: not the cookie, nor its hash.
    pub id: String,
    /// When somebody signed in.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen: Timestamp,
    /// From where.
    pub ip: String,
    /// The browser, shortened.
    pub agent: String,
    /// Whether it is this one.
    pub current: bool,
}
