//! Who asks.
//!
//! Owns the value that every use case takes first. *Invariant:* a use case that does not ask
//! [`Caller::require`] changes nothing and shows nothing.

use carillon_domain::Timestamp;
use carillon_domain::event::{Actor, Event};
use carillon_domain::role::{Permission, Role};

use crate::error::{EngineError, Result};

/// Who asks, with what role, from where.
#[derive(Clone, Debug)]
pub struct Caller {
    /// As written into the audit log.
    pub actor: Actor,
    /// What they may do.
    pub role: Role,
    /// Account id; `None` for the system and for callers on this machine.
    pub user_id: Option<String>,
    /// Source address, for requests over the network.
    pub ip: Option<String>,
}

impl Caller {
    /// Carillon itself, which may everything.
    pub fn system() -> Self {
        Self {
            actor: Actor::system(),
            role: Role::Admin,
            user_id: None,
            ip: None,
        }
    }

    /// Fails unless the caller holds the permission.
    ///
    /// # Errors
    /// [`EngineError::Denied`].
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.role.may(permission) {
            Ok(())
        } else {
            Err(EngineError::Denied(permission))
        }
    }

    /// Starts an audit record of something this caller does.
    pub fn event(&self, at: Timestamp, action: &str) -> Event {
        let mut event = Event::new(at, self.actor.clone(), action);
        event.ip.clone_from(&self.ip);
        event
    }
}
