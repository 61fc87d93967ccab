//! What callers may do about accounts, beyond their role.
//!
//! *Invariant:* an API token looks at accounts and sessions and changes none.

use carillon_domain::event::ActorKind;
use carillon_domain::role::Permission;

use crate::caller::Caller;
use crate::error::{EngineError, Result};

impl Caller {
    /// Whether this is somebody who signed in, somebody on this machine, or Carillon itself,
    /// but not a token.
    pub fn is_person(&self) -> bool {
        self.actor.kind != ActorKind::Token
    }

    /// The id of the caller's account.
    ///
    /// # Errors
    /// [`EngineError::Denied`] to callers without one.
    pub fn account(&self) -> Result<&str> {
        self.require(Permission::OwnAccount)?;
        self.user_id
            .as_deref()
            .ok_or(EngineError::Denied(Permission::OwnAccount))
    }

    /// Fails unless the caller may change accounts.
    ///
    /// # Errors
    /// [`EngineError::Denied`].
    pub fn require_administrator(&self) -> Result<()> {
        self.require(Permission::Administer)?;
        if self.is_person() {
            Ok(())
        } else {
            Err(EngineError::Denied(Permission::Administer))
        }
    }
}
