//! JSON bodies: strict on the way in.
//!
//! *Invariant:* a field that nobody knows is an error that names it, never ignored.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::app::App;
use crate::fields::HAS_NUL;
use crate::middleware::gate::media_type;
use crate::problem::{Code, Problem};

const ESCAPED_NUL: &[u8] = b"\\u0000";

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
    match nul(body) {
        Some(field) => Err(Problem::field(&field, "invalid", HAS_NUL)),
        None => Ok(value),
    }
}

/// The field whose text holds a NUL, which neither database keeps.
fn nul(body: &[u8]) -> Option<String> {
    // It can only be there in this spelling; reading the body again is seldom needed.
    let spelled = body
        .windows(ESCAPED_NUL.len())
        .any(|part| part == ESCAPED_NUL);
    let whole: Value = spelled.then(|| serde_json::from_slice(body).ok())??;
    nul_in(&whole, "")
}

fn nul_in(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(|| path.to_owned()),
        Value::Array(items) => (0..)
            .zip(items)
            .find_map(|(place, item): (usize, _)| nul_in(item, &format!("{path}[{place}]"))),
        Value::Object(fields) => fields.iter().find_map(|(name, item)| {
            let dot = if path.is_empty() { "" } else { "." };
            let name = name.replace('\0', "?");
            nul_in(item, &format!("{path}{dot}{name}"))
        }),
        _ => None,
    }
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
    Problem::field(&field, code, format!("{}.", capital(&plain(text))))
}

/// What the reader of JSON says, without the names of our program's types.
fn plain(text: &str) -> String {
    let Some((found, wanted)) = text.split_once(", expected ") else {
        return text.to_owned();
    };
    let wanted = match wanted {
        "a string" | "string or map" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number from 0 on",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        wanted if wanted.starts_with("struct ") => "an object",
        _ => return text.to_owned(),
    };
    format!("{found}, expected {wanted}")
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
    fn a_nul_is_refused_where_it_stands() {
        let reason = r#"{"states":["failed"],"reason":"a\u0000b"}"#;
        assert_eq!(refusal::<RetryInput>(reason).0, "reason");
        assert!(read::<RetryInput>(br#"{"states":[],"reason":"a\\u0000b"}"#).is_ok());
    }

    #[test]
    fn mistakes_are_told_without_types_of_the_program() {
        #[derive(Debug, serde::Deserialize)]
        struct Odd {
            #[serde(rename = "port")]
            _port: Option<u16>,
            #[serde(rename = "tags")]
            _tags: Option<Vec<String>>,
            #[serde(rename = "on")]
            _on: Option<bool>,
        }
        let told = |body: &str| {
            let problem = read::<Odd>(body.as_bytes()).expect_err("refused");
            problem.errors[0].message.clone()
        };
        for (body, expected) in [
            (
                r#"{"port":"x"}"#,
                "Invalid type: string \"x\", expected a whole number from 0 to 65535.",
            ),
            (
                r#"{"port":70000}"#,
                "Invalid value: integer `70000`, expected a whole number from 0 to 65535.",
            ),
            (
                r#"{"tags":[1]}"#,
                "Invalid type: integer `1`, expected a text.",
            ),
            (
                r#"{"tags":1}"#,
                "Invalid type: integer `1`, expected a list.",
            ),
            (
                r#"{"on":1}"#,
                "Invalid type: integer `1`, expected true or false.",
            ),
            ("[]", "Invalid length 0, expected an object."),
            ("1", "Invalid type: integer `1`, expected an object."),
        ] {
            assert_eq!(told(body), expected);
        }
    }

    #[test]
    fn what_is_no_json_has_no_field() {
        let problem = read::<SiteInput>(b"{").expect_err("refused");
        assert_eq!(problem.code, Code::BadRequest);
        assert!(problem.errors.is_empty());
    }
}
