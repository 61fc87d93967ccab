//! What a run of the program lends to the store.
//!
//! Owns its id, which each record names, and the source of salts. *Invariant:* random bytes are handed in; the store makes none, and
//! without them it records no address.

use std::fmt;
use std::sync::Arc;

use crate::error::{Result, StoreError};

/// Random bytes that a commitment begins with.
pub(crate) type Salt = [u8; 32];

/// One run of the program, as far as its records depend on it.
#[derive(Clone)]
pub struct Run {
    id: Arc<str>,
    salts: Arc<dyn Fn() -> Option<Salt> + Send + Sync>,
}

impl Run {
    /// A run of this id, with a source of random bytes; `None` where there are none at the moment.
    pub fn new(id: &str, salts: impl Fn() -> Option<[u8; 32]> + Send + Sync + 'static) -> Self {
        Self {
            id: Arc::from(id),
            salts: Arc::new(salts),
        }
    }

    /// Which run it is; empty where nobody said.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn salt(&self) -> Result<Salt> {
        let none = || StoreError::Unusable("there are no random bytes for a record".to_owned());
        (self.salts)().ok_or_else(none)
    }
}

impl Default for Run {
    /// One that only reads, or whose records come from nowhere.
    fn default() -> Self {
        Self::new("", || None)
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Run({})", self.id)
    }
}
