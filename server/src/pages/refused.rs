//! A form that is not taken: its status, and what is wrong with which field.
//!
//! Owns how a use case's refusal becomes words on the same page. What is not about the input
//! stays a problem of its own.

use carillon_contract::FormErrors;
use carillon_engine::error::EngineError;
use http::StatusCode;

use super::form;
use crate::fields::Fields;
use crate::problem::Problem;

/// Why a form is shown again.
pub struct Refusal {
    /// 422, or 409 when somebody else was faster.
    pub status: StatusCode,
    /// What is wrong.
    pub errors: FormErrors,
}

impl Refusal {
    /// One wrong field.
    pub fn field(field: &str, code: &str, message: impl Into<String>) -> Self {
        let mut errors = FormErrors::default();
        errors.push(field, code, message);
        Self::of(errors)
    }

    /// Several wrong fields.
    pub const fn of(errors: FormErrors) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            errors,
        }
    }
}

/// What a use case refused, or the problem that has nothing to do with the input.
///
/// # Errors
/// Any error that is not about the input.
pub fn refusal(error: EngineError) -> Result<Refusal, Problem> {
    if let EngineError::Conflict(why) = error {
        let mut errors = FormErrors::default();
        errors.push("", "conflict", sentence(&why));
        return Ok(Refusal {
            status: StatusCode::CONFLICT,
            errors,
        });
    }
    let mut errors = form::errors(error)?;
    for error in &mut errors.0 {
        error.message = sentence(&error.message);
    }
    Ok(Refusal::of(errors))
}

/// With a capital letter and a full stop.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let stop = if text.ends_with(['.', '?', '!', ':']) {
        ""
    } else {
        "."
    };
    format!("{}{}{stop}", first.to_uppercase(), letters.as_str())
}

/// The version that an edit started from; a text that is none fits no row.
pub fn version(fields: &Fields) -> Option<i64> {
    let given = fields.filled(carillon_contract::form::VERSION_FIELD);
    Some(given.and_then(|text| text.parse().ok()).unwrap_or(-1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_sentences() {
        assert_eq!(sentence("the name is taken"), "The name is taken.");
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn a_form_without_a_version_fits_no_row() {
        assert_eq!(version(&Fields::parse(b"version=7")), Some(7));
        assert_eq!(version(&Fields::parse(b"name=x")), Some(-1));
    }
}
