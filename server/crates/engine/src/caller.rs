//! Who asks.
//!
//! Owns the value that every use case takes first. *Invariant:* a use case that asks neither
//! [`Caller::require`] nor [`Caller::sight`] changes nothing and shows nothing; what has a place
//! (phones, sites, groups, jobs, records) is read through [`Caller::sight`] only.

use carillon_domain::event::{Actor, Event};
use carillon_domain::role::{Permission, Role};
use carillon_domain::{Reach, Timestamp};
use carillon_store::Store;

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
    /// How far they reach. What is out of it does not exist for them.
    pub reach: Reach,
}

impl Caller {
    /// Carillon itself, which may everything.
    pub fn system() -> Self {
        Self {
            actor: Actor::system(),
            role: Role::Admin,
            user_id: None,
            ip: None,
            reach: Reach::everything(),
        }
    }

    /// Fails unless the caller holds the permission.
    ///
    /// # Errors
    /// [`EngineError::Denied`].
    pub fn require(&self, permission: Permission) -> Result<()> {
        let reaches = self.reach.is_everything() || !permission.concerns_everything();
        if self.role.may(permission) && reaches {
            Ok(())
        } else {
            Err(EngineError::Denied(permission))
        }
    }

    /// The store as this caller may see it, which is the proof that they were asked for the
    /// permission: reads and changes of what has a place go through it.
    ///
    /// # Errors
    /// [`EngineError::Denied`].
    pub fn sight(&self, permission: Permission, store: &Store) -> Result<Store> {
        self.require(permission)?;
        Ok(store.narrowed(&self.reach))
    }

    /// Starts an audit record of something this caller does.
    pub fn event(&self, at: Timestamp, action: &str) -> Event {
        let mut event = Event::new(at, self.actor.clone(), action);
        event.ip.clone_from(&self.ip);
        event
    }
}
