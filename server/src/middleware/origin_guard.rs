//! Changes are asked for from our own pages, or by programs without a cookie.
//!
//! Owns the reading of `Sec-Fetch-Site` and `Origin`. The token in the form is a second lock, at
//! the gate of each route.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{COOKIE, ORIGIN, UPGRADE};
use http::{HeaderMap, Method};

use crate::app::App;
use crate::problem::{Code, Problem};

/// Lets reads pass and changes only from where they may come.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_safe(request.method()) && !request.headers().contains_key(UPGRADE) {
        return next.run(request).await;
    }
    if allowed(&app, request.headers()) {
        return next.run(request).await;
    }
    Problem::new(Code::CrossOrigin)
        .detail("The request did not come from a page of this server. Open the page again here.")
        .into_response()
}

/// Methods that change nothing.
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn allowed(app: &App, headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match headers.get(ORIGIN) {
        Some(origin) => origin.to_str().is_ok_and(|text| app.origins().is_own(text)),
        None => !headers.contains_key(COOKIE),
    }
}
