//! Links that are handed to somebody: to a new password.

use secrecy::{ExposeSecret as _, SecretString};

/// Where somebody chooses a new password, at this origin.
pub fn to_reset(base: &str, code: &SecretString) -> String {
    format!("{base}/reset?code={}", code.expose_secret())
}
