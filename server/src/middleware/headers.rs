//! Headers that tell browsers what may never happen on our pages.
//!
//! Owns the content policy and the nonce of each answer. *Invariant:* no `unsafe-inline`, no
//! third origin, no `Access-Control-Allow-*`.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, SERVER,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue};

use crate::app::App;
use crate::policy::REPORTS;

/// The one-time word that this answer's scripts carry.
#[derive(Clone, Debug)]
pub struct Nonce(pub String);

/// Marks an answer whose page holds an island, which needs compiled code in the browser.
#[derive(Clone, Copy, Debug)]
pub struct HasIslands;

const FIXED: [(HeaderName, &str); 6] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: that makes browsers send `Origin: null` with our own forms.
    (REFERRER_POLICY, "same-origin"),
    (X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
         microphone=(), midi=(), payment=(), serial=(), usb=()",
    ),
];

/// Writes the headers on every answer.
pub async fn secure(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let nonce = STANDARD.encode(app.random_bytes::<18>());
    request.extensions_mut().insert(Nonce(nonce.clone()));
    let mut response = next.run(request).await;
    let islands = response.extensions().get::<HasIslands>().is_some();
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.remove(SERVER);
    if is_html(headers)
        && let Ok(policy) = HeaderValue::from_str(&content_policy(&nonce, islands))
    {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    if app.origins().public().is_https() {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

fn is_html(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/html"))
}

fn content_policy(nonce: &str, islands: bool) -> String {
    let wasm = if islands { " 'wasm-unsafe-eval'" } else { "" };
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'{wasm}; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'; object-src 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'; report-uri {REPORTS}"
    )
}
