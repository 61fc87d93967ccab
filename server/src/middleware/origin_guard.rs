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

/// Lets reads pass that no foreign page embeds, and changes only from where they may come.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let reads = is_safe(request.method()) && !request.headers().contains_key(UPGRADE);
    let passes = if reads {
        !is_embedded_elsewhere(request.headers())
    } else {
        allowed(&app, request.headers())
    };
    if passes {
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

/// Whether a page of another origin loads this as a part of itself: a picture, a frame, a fetch.
/// Links from elsewhere lead here all the same.
fn is_embedded_elsewhere(headers: &HeaderMap) -> bool {
    let says = |name: &str, word: &str| headers.get(name).is_some_and(|value| value == word);
    let foreign = says("sec-fetch-site", "cross-site") || says("sec-fetch-site", "same-site");
    let followed = says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document");
    foreign && !followed
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
