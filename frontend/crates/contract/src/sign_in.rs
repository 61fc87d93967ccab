//! Signing in, and the first administrator.
//!
//! `POST /sign-in`: `username`, `password`, `next`. `POST /sign-out`: nothing but the token.
//! `GET /setup?code=…`, `POST /setup`: `code`, `username`, `password`, `password_again`.

use serde::{Deserialize, Serialize};

use crate::FormErrors;

/// The sign-in page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SignInView {
    /// Name as typed; never the password.
    pub username: String,
    /// Where to go afterwards: a path of ours.
    pub next: String,
    /// What was wrong: one common sentence for everything.
    pub errors: FormErrors,
    /// Why the page is shown, where it is not plain: "You were signed out after 30 minutes".
    pub notice: Option<String>,
}

/// The page that makes the first administrator.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SetupView {
    /// The code of the one-time link; `None` when it is missing or was used, and then the page
    /// says where to find a new one instead of showing a form.
    pub code: Option<String>,
    /// Name as typed.
    pub username: String,
    /// Fewest characters that a password may have.
    pub password_min: usize,
    /// What was wrong.
    pub errors: FormErrors,
}
