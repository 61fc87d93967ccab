//! Whether what is done is anchored outside, where settings demand that it is.
//!
//! Owns the last word on that. Only new jobs with a dangerous action are refused: what runs goes
//! on, and nobody is kept from looking or from switching a phone's light off.

use std::sync::{Mutex, PoisonError};

use carillon_domain::action::Class;

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

    /// A dangerous action needs its record anchored outside, where settings demand it.
    pub(crate) fn require_anchored(&self, class: Class) -> Result<()> {
        match self.dangerous_refused() {
            Some(why) if class != Class::Harmless => Err(EngineError::Conflict(why)),
            _ => Ok(()),
        }
    }
}
