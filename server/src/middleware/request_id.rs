//! A name for each request, in its answer, its errors and the log.
//!
//! Never taken from the request: a name that somebody else chose would let them forge log lines.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use tracing::Instrument as _;

use crate::app::App;

/// The name of the running request.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Gives the request its name and writes it on the answer.
pub async fn give(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = app.new_request_id();
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", id = %id, method = %request.method(), path = %request.uri().path());
    let mut response = next.run(request).instrument(span.clone()).await;
    tracing::debug!(parent: &span, status = response.status().as_u16(), "answered");
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}
