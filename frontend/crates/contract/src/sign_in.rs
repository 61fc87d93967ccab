//! Signing in, and the first administrator.
//!
//! `POST /sign-in`: `username`, `password`, `code`, `next`. `POST /sign-out`: nothing but the token.
//! `GET /sign-in/oidc?next=…&anew=true`: on to a provider. `POST /sign-in/oidc/code`: `code`.
//! `GET /reset?code=…`, `POST /reset`: `code`, `password`, `password_again`.
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
    /// The OpenID provider by which people may sign in, where there is one.
    pub provider: Option<Elsewhere>,
    /// A form that was sent after its session had ended.
    pub kept: Option<KeptForm>,
}

/// A form on its way through the sign-in, without its passwords. `POST /sign-in`: [`KEPT_ACTION`],
/// and each field with [`KEPT_FIELD`] before its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptForm {
    /// Where it goes.
    pub action: String,
    /// What it holds.
    pub fields: Vec<(String, String)>,
}

/// Where a kept form goes.
pub const KEPT_ACTION: &str = "kept_action";
/// What stands before the name of a kept field.
pub const KEPT_FIELD: &str = "kept.";

/// The page behind such a sign-in: the form again, and whether it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendAgainView {
    /// The form.
    pub form: KeptForm,
    /// Who is signed in now.
    pub name: String,
    /// The page that it came from.
    pub next: String,
    /// What it does, in a sentence; empty where only its fields tell it.
    pub told: String,
    /// Whether it takes something away or stops it.
    pub takes_away: bool,
}

/// A provider at which somebody signs in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Elsewhere {
    /// What people call it.
    pub name: String,
    /// Where the way to it begins.
    pub link: String,
}

/// Back from a provider, where one's own second factor is asked for too.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CodeView {
    /// What was wrong: one sentence.
    pub errors: FormErrors,
}

/// The page behind a one-time link: a new password.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ResetView {
    /// The code of the link; `None` when it was used or is too old.
    pub code: Option<String>,
    /// Whose password it is.
    pub name: String,
    /// Fewest characters that a password may have.
    pub password_min: usize,
    /// What was wrong.
    pub errors: FormErrors,
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
