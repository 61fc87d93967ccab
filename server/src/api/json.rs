//! JSON bodies: strict on the way in.
//!
//! *Invariant:* a field that nobody knows is an error that names it, never ignored.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::middleware::gate::media_type;
use crate::problem::{Code, Problem};

/// A JSON body of this type.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let (parts, body) = request.into_parts();
        if media_type(&parts) != Some("application/json") {
            return Err(Problem::new(Code::UnsupportedMediaType)
                .detail("Send Content-Type: application/json."));
        }
        let body = Bytes::from_request(Request::from_parts(parts, body), app)
            .await
            .map_err(|_| Problem::new(Code::BadRequest).detail("The body did not arrive whole."))?;
        read(&body).map(Json)
    }
}

/// A JSON body of this type, or its default where nothing was sent.
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let (parts, body) = request.into_parts();
        let kind = media_type(&parts).map(str::to_owned);
        let body = Bytes::from_request(Request::from_parts(parts, body), app)
            .await
            .map_err(|_| Problem::new(Code::BadRequest).detail("The body did not arrive whole."))?;
        match kind.as_deref() {
            _ if body.is_empty() => Ok(Self(T::default())),
            Some("application/json") => read(&body).map(Self),
            _ => Err(Problem::new(Code::UnsupportedMediaType)
                .detail("Send Content-Type: application/json.")),
        }
    }
}

/// Reads strictly, and names the field that is wrong.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        told(&path, error.inner())
    })?;
    json.end().map_err(|error| told(".", &error))?;
    Ok(value)
}

fn told(path: &str, error: &serde_json::Error) -> Problem {
    if !error.is_data() {
        let (line, column) = (error.line(), error.column());
        return Problem::new(Code::BadRequest).detail(format!(
            "This is no JSON: see line {line}, column {column}."
        ));
    }
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let field = match (path, quoted(text)) {
        (".", Some(name)) => name.to_owned(),
        (".", None) => "body".to_owned(),
        (path, _) => path.to_owned(),
    };
    let code = if text.starts_with("unknown field") {
        "unknown"
    } else if text.starts_with("missing field") {
        "required"
    } else {
        "invalid"
    };
    Problem::field(&field, code, format!("{}.", capital(text)))
}

fn quoted(text: &str) -> Option<&str> {
    text.split('`').nth(1)
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use carillon_contract::api::{RetryInput, SiteInput};

    use super::*;

    fn refusal<T: DeserializeOwned>(body: &str) -> (String, String) {
        let problem = read::<T>(body.as_bytes()).err().expect("refused");
        let error = problem.errors.first().expect("a field");
        (error.field.clone(), error.code.clone())
    }

    #[test]
    fn the_field_at_fault_is_named() {
        let pair = |field: &str, code: &str| (field.to_owned(), code.to_owned());
        assert_eq!(
            refusal::<SiteInput>(r#"{"name":"Kiel","colour":"red"}"#),
            pair("colour", "unknown")
        );
        assert_eq!(refusal::<SiteInput>("{}"), pair("name", "required"));
        assert_eq!(
            refusal::<RetryInput>(r#"{"states":["failed","odd"]}"#),
            pair("states[1]", "invalid")
        );
    }

    #[test]
    fn what_is_no_json_has_no_field() {
        let problem = read::<SiteInput>(b"{").expect_err("refused");
        assert_eq!(problem.code, Code::BadRequest);
        assert!(problem.errors.is_empty());
    }
}
