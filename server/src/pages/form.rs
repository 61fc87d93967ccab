//! From refused input to errors beside fields.

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use carillon_contract::{FieldError, FormErrors};
use carillon_engine::error::EngineError;
use carillon_language::say;

use crate::app::App;
use crate::fields::Fields;
use crate::problem::{Code, Problem};

/// What is wrong with a form; everything else that went wrong stays a problem of its own.
///
/// # Errors
/// Any error that is not about the input.
pub fn errors(error: EngineError) -> Result<FormErrors, Problem> {
    match error {
        EngineError::Invalid(errors) => Ok(FormErrors(
            errors
                .into_iter()
                .map(|error| FieldError {
                    field: error.field,
                    code: error.code,
                    message: error.message,
                })
                .collect(),
        )),
        other => Err(other.into()),
    }
}

/// What is said where a number was asked for and another one came: that it is another, and which is
/// meant.
pub fn another_number(typed: &str, ask: String) -> String {
    if typed.trim().is_empty() {
        return ask;
    }
    let another = say!("“{typed}” is not the right number.", typed = typed.trim());
    format!("{another} {ask}")
}

/// The same where a name was asked for.
pub fn another_name(typed: &str, ask: String) -> String {
    if typed.trim().is_empty() {
        return ask;
    }
    let another = say!("“{typed}” is not the right name.", typed = typed.trim());
    format!("{another} {ask}")
}

/// A form with a file: its fields, and the file named `file`.
pub struct Upload {
    /// Everything but the file.
    pub fields: Fields,
    /// Name of the file as the browser says; empty when none was chosen.
    pub file_name: String,
    /// Its content.
    pub content: Bytes,
}

impl FromRequest<App> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let unreadable =
            || Problem::new(Code::BadRequest).detail(say("The upload cannot be read."));
        let mut parts = Multipart::from_request(request, app).await.map_err(|_| {
            Problem::new(Code::UnsupportedMediaType)
                .detail(say("Files are sent as multipart/form-data."))
        })?;
        let (mut pairs, mut file_name, mut content) = (Vec::new(), String::new(), Bytes::new());
        while let Some(field) = parts.next_field().await.map_err(|_| unreadable())? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                file_name = field.file_name().unwrap_or_default().to_owned();
                content = field.bytes().await.map_err(|_| unreadable())?;
            } else {
                let text = field.text().await.map_err(|_| unreadable())?;
                pairs.push((name, text));
            }
        }
        Ok(Self {
            fields: Fields::from_pairs(pairs),
            file_name,
            content,
        })
    }
}
