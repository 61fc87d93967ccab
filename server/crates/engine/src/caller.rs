//! Who asks.
//!
//! Owns the value that every use case takes first. *Invariant:* a use case that asks neither
//! [`Caller::require`] nor [`Caller::sight`] changes nothing and shows nothing; what has a place
//! (phones, sites, groups, jobs, records) is read through [`Caller::sight`] only; what they write
//! begins with [`Caller::begin`], which looks once more whether they may still ask.
//!
//! *Invariant:* nobody outside of this crate makes a caller or changes one: what is in it is private,
//! and it comes out of signing in, a token that is looked up, or of being on this machine. Which files
//! may name the last (`Caller::system`, `Caller::local`) is a house rule. So having one is the proof
//! that somebody was let in. What is in it can be read, and neither be changed nor put together:
//!
//! ```
//! # use carillon_domain::role::Role;
//! # use carillon_engine::{Asker, Caller};
//! fn role_of(caller: Caller) -> Role {
//!     caller.role
//! }
//! ```
//!
//! ```compile_fail
//! # use carillon_domain::role::Role;
//! # use carillon_engine::{Asker, Caller};
//! fn promoted(mut caller: Caller) -> Caller {
//!     caller.role = Role::Admin;
//!     caller
//! }
//! ```
//!
//! ```compile_fail
//! # use carillon_domain::role::Role;
//! # use carillon_engine::{Asker, Caller};
//! fn made(asker: Asker) -> Caller {
//!     Caller(asker, None)
//! }
//! ```
//!
//! ```compile_fail
//! # use carillon_domain::role::Role;
//! # use carillon_engine::{Asker, Caller};
//! fn let_in(asker: Asker) -> Caller {
//!     Caller::authenticated(asker)
//! }
//! ```

use std::ops::Deref;

use carillon_domain::event::{Actor, ActorKind, Event};
use carillon_domain::role::{Permission, Role};
use carillon_domain::{Reach, Timestamp};
use carillon_store::Store;

use crate::error::{EngineError, Result};

/// Somebody who was let in: with what role, from where.
#[derive(Clone, Debug)]
pub struct Caller(Asker, Option<Pass>);

/// By what somebody came in, so that it can be looked up again.
#[derive(Clone, Debug)]
pub(crate) enum Pass {
    /// The hash of a session.
    Session([u8; 32]),
    /// The identity of a token.
    Token(String),
}

/// What is known of a caller. To be read; on its own it opens nothing.
#[derive(Clone, Debug)]
pub struct Asker {
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
    /// Whether they showed lately who they are; tokens never did.
    pub proved: bool,
}

impl Deref for Caller {
    type Target = Asker;

    fn deref(&self) -> &Asker {
        &self.0
    }
}

impl Caller {
    /// Somebody whose session or token was just looked up.
    pub(crate) const fn authenticated(asker: Asker, pass: Pass) -> Self {
        Self(asker, Some(pass))
    }

    /// The same person under another session.
    pub(crate) fn in_session(&self, session: String, hash: [u8; 32]) -> Self {
        let mut asker = self.0.clone();
        asker.actor.session = session;
        asker.proved = true;
        Self(asker, Some(Pass::Session(hash)))
    }

    /// By what they came in; nothing for Carillon itself and for callers on this machine.
    pub(crate) const fn pass(&self) -> Option<&Pass> {
        self.1.as_ref()
    }

    /// Whoever a test needs. No release has it.
    #[cfg(debug_assertions)]
    #[doc(hidden)]
    pub const fn for_tests(asker: Asker) -> Self {
        Self(asker, None)
    }

    /// Carillon itself, which may everything.
    pub fn system() -> Self {
        Self::here(Actor::system())
    }

    /// Somebody on this machine who owns the data directory, or root.
    pub fn local(uid: u32) -> Self {
        Self::here(Actor {
            kind: ActorKind::Local,
            id: uid.to_string(),
            name: format!("local:{uid}"),
            auth: "socket".to_owned(),
            session: String::new(),
        })
    }

    const fn here(actor: Actor) -> Self {
        Self(
            Asker {
                actor,
                role: Role::Admin,
                user_id: None,
                ip: None,
                reach: Reach::everything(),
                proved: true,
            },
            None,
        )
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
