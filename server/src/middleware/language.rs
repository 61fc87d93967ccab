//! In which language a page is read: what the account chose, else what was chosen before signing
//! in, else what the browser asks for, else English.
//!
//! *Invariant:* programs are answered in English, whatever they ask for.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use carillon_language::{Language, carry};
use http::header::{ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};

use super::host::OwnOrigin;
use super::identify::Visitor;
use crate::cookies::Cookie;

/// Lets everything behind it speak the visitor's language.
pub async fn speak(mut request: Request, next: Next) -> Response {
    if is_for_programs(request.uri().path()) {
        return next.run(request).await;
    }
    let chosen = of_account(&request).or_else(|| of_cookie(&request));
    let language = chosen.unwrap_or_else(|| of_browser(request.headers()));
    request.extensions_mut().insert(language);
    let mut response = carry(language, next.run(request)).await;
    // For the page that tells of a failure.
    response.extensions_mut().insert(language);
    declare(language, response.headers_mut());
    response
}

/// The language of a browser of which nothing else is known.
pub fn of_browser(headers: &HeaderMap) -> Language {
    let asked = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    asked.and_then(Language::preferred).unwrap_or(Language::En)
}

/// Says in which language a page is, and what that depended on.
pub fn declare(language: Language, headers: &mut HeaderMap) {
    let is_page = headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !is_page {
        return;
    }
    headers.insert(
        CONTENT_LANGUAGE,
        HeaderValue::from_static(language.as_str()),
    );
    headers.append(VARY, HeaderValue::from_static("Accept-Language, Cookie"));
}

fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/static/") || super::client::is_health(path)
}

fn of_account(request: &Request) -> Option<Language> {
    let visitor = request.extensions().get::<Visitor>()?;
    visitor.session.as_ref()?.language
}

fn of_cookie(request: &Request) -> Option<Language> {
    let OwnOrigin(origin) = request.extensions().get::<OwnOrigin>()?;
    let word = Cookie::Language.read(request.headers(), origin)?;
    word.parse().ok()
}
