//! `/account/second-factor`: a code of an app beside the password. And the page that asks
//! somebody to show once more who they are, before something dangerous.
//!
//! `POST /account/second-factor/begin`, `/codes`, `/remove`: nothing but the token.
//! `POST /account/second-factor/confirm`: `setup`, `code`. What must be shown once more comes
//! back with `proof_password` and `proof_code` beside its own fields.

use serde::{Deserialize, Serialize};

use crate::sign_in::Elsewhere;

use crate::FormErrors;

/// Name of the field with the password that shows who one is.
pub const PROOF_PASSWORD: &str = "proof_password";
/// Name of the field with the code that shows who one is.
pub const PROOF_CODE: &str = "proof_code";

/// One's own second factor.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SecondFactorView {
    /// Whether there is one.
    pub on: bool,
    /// Whether the role demands one.
    pub demanded: bool,
    /// Recovery codes that were not used.
    pub codes_left: i64,
    /// One that is being set up.
    pub setup: Option<FactorSetupView>,
    /// Recovery codes that were just made: shown this once.
    pub new_codes: Vec<String>,
    /// What was wrong with the code.
    pub errors: FormErrors,
}

/// What the app needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FactorSetupView {
    /// Under which it waits for its first code.
    pub id: String,
    /// The secret as one types it.
    pub secret: String,
    /// The picture that apps read.
    pub picture: Picture,
}

/// A picture of dark squares on light ground.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Squares on a side, the quiet border with them.
    pub side: u32,
    /// The dark ones as the path of an SVG.
    pub path: String,
}

/// Something dangerous that waits until somebody showed who they are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ProveView {
    /// Where the form goes.
    pub action: String,
    /// What goes on after it, in a sentence; empty where that is not known.
    pub deed: String,
    /// What it holds.
    pub fields: Vec<(String, String)>,
    /// Passwords that it held: they are typed again, not carried through a page.
    pub again: Vec<String>,
    /// Whether a code is asked for as well.
    pub asks_code: bool,
    /// Whether what was typed was wrong.
    pub refused: bool,
    /// Who keeps the password, where it is not this program: then one signs in there anew.
    pub elsewhere: Option<Elsewhere>,
}
