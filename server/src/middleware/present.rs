//! Dresses failed answers: `problem+json` for programs, a page for people.
//!
//! The one place that knows for whom an error is written.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};

use carillon_language::{Language, during};

use super::headers::Nonce;
use super::identify::Visitor;
use super::language::{declare, of_browser};
use super::request_id::RequestId;
use crate::app::App;
use crate::pages::{self, error::Place};
use crate::problem::{Code, Problem};

/// Gives a bare failure its body.
pub async fn present(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let form = form_page_of(&request);
    let id = request.extensions().get::<RequestId>().cloned();
    let id = id.map(|RequestId(id)| id).unwrap_or_default();
    let nonce = request.extensions().get::<Nonce>().cloned();
    let asked = of_browser(request.headers());
    let mut response = next.run(request).await;
    let Some(problem) = response
        .extensions_mut()
        .remove::<Problem>()
        .or_else(|| implied(&response))
    else {
        return response;
    };
    let dressed = if is_program(&path) {
        as_json(&problem, &id)
    } else {
        let visitor = response.extensions_mut().remove::<Visitor>();
        let place = Place {
            path,
            form,
            nonce,
            visitor: visitor.unwrap_or_default(),
        };
        let language = response.extensions().get::<Language>().copied();
        in_language(language.unwrap_or(asked), || {
            pages::error::render(&app, &problem, &id, place)
        })
    };
    keep_headers(response, dressed)
}

/// The page of the form that this request sends. An address that is none of ours has no page.
fn form_page_of(request: &Request) -> Option<String> {
    let known = request.extensions().get::<MatchedPath>().is_some();
    let sent = known && request.method() == Method::POST;
    sent.then(|| pages::form_page::of(request.uri().path()))
}

fn in_language(language: Language, render: impl FnOnce() -> Response) -> Response {
    let mut page = during(language, render);
    declare(language, page.headers_mut());
    page
}

fn is_program(path: &str) -> bool {
    path.starts_with("/api/") || matches!(path, "/healthz" | "/readyz" | "/static")
}

/// Failures that the framework made without a body of ours.
fn implied(response: &Response) -> Option<Problem> {
    if response.headers().contains_key(CONTENT_TYPE) {
        return None;
    }
    let code = match response.status() {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => Code::Timeout,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        _ => return None,
    };
    Some(Problem::new(code))
}

fn as_json(problem: &Problem, request_id: &str) -> Response {
    let body = serde_json::to_vec(&problem.body(request_id)).unwrap_or_default();
    let mut response = (problem.status(), body).into_response();
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    if problem.code == Code::Unauthenticated {
        let how = HeaderValue::from_static("Bearer realm=\"carillon\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, how);
    }
    response
}

/// `Allow`, `Retry-After`, cookies: what the bare answer already said stays said.
fn keep_headers(bare: Response, mut dressed: Response) -> Response {
    let own: Vec<_> = dressed.headers().keys().cloned().collect();
    for (name, value) in bare.headers() {
        if !own.contains(name) && name != CONTENT_LENGTH {
            dressed.headers_mut().append(name, value.clone());
        }
    }
    dressed
}
