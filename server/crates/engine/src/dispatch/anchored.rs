//! Whether what is done is anchored outside, where settings demand that it is.
//!
//! Owns the last word on that. Only jobs with a dangerous action are refused, when they are
//! submitted, approved or about to start: what runs goes on, and nobody is kept from looking or from
//! switching a phone's light off.

use std::sync::{Mutex, PoisonError};

use carillon_domain::action::{self, Class};

use super::Dispatch;
use crate::Engine;
use crate::error::{EngineError, Result};

/// Why dangerous jobs are refused; nothing where they are not.
#[derive(Default)]
pub(super) struct Anchored(Mutex<Option<String>>);

impl Dispatch {
    /// From now on new jobs with a dangerous action are refused for this reason, or taken.
    pub fn refuse_dangerous(&self, why: Option<String>) {
        *self
            .anchored
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = why;
    }
}

impl Engine {
    /// Why jobs with a dangerous action are refused at present.
    pub fn dangerous_refused(&self) -> Option<String> {
        let why = self.dispatch.anchored.0.lock();
        why.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same for the action of a job that is there.
    pub(crate) fn require_anchored_action(&self, name: &str) -> Result<()> {
        // An action that the catalogue no longer has may be any.
        let class = action::find(name).map_or(Class::Destructive, |entry| entry.class);
        self.require_anchored(class)
    }

    /// A dangerous action needs its record anchored outside, where settings demand it.
    pub(crate) fn require_anchored(&self, class: Class) -> Result<()> {
        match self.dangerous_refused() {
            Some(why) if class != Class::Harmless => Err(EngineError::Conflict(why)),
            _ => Ok(()),
        }
    }
}
