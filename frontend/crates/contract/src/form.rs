//! What every form shares: errors beside fields, choices, tokens.
//!
//! Owns the names of the fields that are the same in all forms.

use serde::{Deserialize, Serialize};

/// Name of the hidden field that proves that the form is ours; its value is
/// [`crate::FrameView::csrf`].
pub const CSRF_FIELD: &str = "csrf";

/// Name of the hidden field with the version of the row that an edit started from.
pub const VERSION_FIELD: &str = "version";

/// One thing that is wrong with what was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Name of the form field; empty when it concerns the form as a whole.
    pub field: String,
    /// Stable code such as `required` or `taken`.
    pub code: String,
    /// One plain sentence: what is wrong and what would be right.
    pub message: String,
}

/// Everything that is wrong with a form. Empty on first sight of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormErrors(pub Vec<FieldError>);

impl FormErrors {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with one field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|error| error.field == field)
            .map(|error| error.message.as_str())
    }

    /// Adds an error.
    pub fn push(
        &mut self,
        field: impl Into<String>,
        code: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.0.push(FieldError {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        });
    }
}

/// One option of a select, a list of radio buttons or of check boxes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What people read.
    pub label: String,
    /// How many rows have it, where that is known.
    pub count: Option<i64>,
    /// Whether it is chosen.
    pub selected: bool,
}

impl Choice {
    /// A choice without a count.
    pub fn new(value: impl Into<String>, label: impl Into<String>, selected: bool) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            count: None,
            selected,
        }
    }
}
