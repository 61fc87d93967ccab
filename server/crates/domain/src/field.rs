//! What is wrong with one field of somebody's input.
//!
//! Owns the shape in which every form and the API tell it. Never holds the value itself: it may be
//! a secret.

use serde::{Deserialize, Serialize};

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field, as the input names it: `params.number`.
    pub field: String,
    /// A stable word for programs: `missing`, `unknown`, `out_of_range`, …
    pub code: String,
    /// One plain sentence with what to do.
    pub message: String,
}

impl FieldError {
    /// A mistake in `field`.
    pub fn new(field: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code: code.to_owned(),
            message: message.into(),
        }
    }
}
