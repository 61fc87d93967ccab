//! What a form carries to show that one of our own pages made it.
//!
//! Owns the tokens, which are computed and never stored. *Invariant:* a token is good for the
//! session, or the cookie, that it was made for, and for nothing else.

use super::sessions::SessionContext;
use crate::Engine;
use crate::error::Result;
use crate::secrets::{Keyring, Purpose};

impl Engine {
    /// A token for a form, bound to a text that only this browser has: of a session it is in
    /// [`SessionContext::csrf`]; before sign-in it is bound to a cookie of its own.
    ///
    /// # Errors
    /// [`EngineError::Sealed`](crate::EngineError::Sealed).
    pub fn form_token(&self, bound_to: &str) -> Result<String> {
        Ok(form_token(self.keyring()?, bound_to.as_bytes()))
    }

    /// Whether a form token is the one that belongs to this text.
    ///
    /// # Errors
    /// [`EngineError::Sealed`](crate::EngineError::Sealed).
    pub fn form_token_matches(&self, bound_to: &str, given: &str) -> Result<bool> {
        Ok(token_matches(self.keyring()?, bound_to.as_bytes(), given))
    }

    /// Whether a form token is the one of this session.
    ///
    /// # Errors
    /// [`EngineError::Sealed`](crate::EngineError::Sealed).
    pub fn session_form_matches(&self, session: &SessionContext, given: &str) -> Result<bool> {
        Ok(token_matches(self.keyring()?, session.hash(), given))
    }
}

/// The token for what it is bound to.
pub(super) fn form_token(keyring: &Keyring, bound_to: &[u8]) -> String {
    hex::encode(keyring.mac(Purpose::Csrf, &[bound_to]))
}

fn token_matches(keyring: &Keyring, bound_to: &[u8], given: &str) -> bool {
    hex::decode(given).is_ok_and(|given| keyring.verify_mac(Purpose::Csrf, &[bound_to], &given))
}
