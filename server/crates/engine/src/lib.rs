//! The use cases of Carillon.
//!
//! Owns what can be done: inventory, accounts, changes for two, secrets, jobs, dispatch, audit,
//! streams. Each use case takes the [`Caller`] first, asks for its permission, and writes what it
//! changes together with its audit record in one transaction.
//!
//! *Invariant:* knows no HTTP and no pages; opens no socket to a phone but through the gateway,
//! and that only for a durably claimed target.

pub mod accounts;
pub mod audit;
pub mod caller;
pub mod changes;
pub mod clock;
pub mod dispatch;
pub mod drafts;
pub mod error;
pub mod feed;
pub mod ids;
pub mod inventory;
pub mod jobs;
pub mod networks;
pub mod random;
pub mod readings;
pub mod rows;
pub mod secrets;
pub mod streams;

use std::ops::Deref;
use std::sync::Arc;

use carillon_devices::{Gateway, Guard};
use carillon_store::Store;

pub use caller::{Asker, Caller};
pub use clock::Clock;
pub use error::{EngineError, FieldError, Result};
pub use feed::Feed;
pub use random::Random;

use accounts::Hasher;
use dispatch::Dispatch;
use secrets::Keyring;

/// Everything a use case needs. Cheap to clone; made once, at start.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

/// What an [`Engine`] is made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The only way to a phone.
    pub gateway: Gateway,
    /// Opens stored secrets; `None` = sealed.
    pub keyring: Option<Keyring>,
    /// Password hashing, bounded.
    pub hasher: Hasher,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Signals after commits.
    pub feed: Feed,
    /// The dispatcher's desk: its epoch, its queue and its limits.
    pub dispatch: Dispatch,
}

impl Engine {
    /// Puts the parts together. Nothing runs until [`dispatch::start`].
    pub fn new(parts: Parts) -> Self {
        if let Some(keyring) = &parts.keyring {
            parts.store.trust_rows_of(Arc::new(keyring.clone()));
        }
        Self(Arc::new(parts))
    }

    /// The keys that open stored secrets.
    ///
    /// # Errors
    /// [`EngineError::Sealed`] when they are missing.
    pub fn keyring(&self) -> Result<&Keyring> {
        self.0.keyring.as_ref().ok_or(EngineError::Sealed)
    }
}

impl Engine {
    /// Which addresses may be contacted, as narrowed by now.
    pub fn guard(&self) -> Arc<Guard> {
        self.0.gateway.guard()
    }
}

impl Deref for Engine {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
