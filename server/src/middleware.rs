//! What every request passes before a handler, from outside in.
//!
//! Owns the order. *Invariant:* no handler runs before the host was checked, and no handler that
//! needs somebody runs before the gate of its route.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use http::StatusCode;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

use crate::app::App;

pub mod client;
mod denials;
pub mod exports;
pub mod first_start;
pub mod gate;
pub mod headers;
pub mod host;
pub mod identify;
mod kept;
pub mod language;
pub mod origin_guard;
pub mod panics;
pub mod present;
pub mod proof;
mod refusals;
pub mod request_id;

/// The whole request, body included, must be answered within this time.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// Puts the stack around a router. The last layer added is the first that a request meets.
pub fn around(router: Router<App>, app: &App) -> Router<App> {
    router
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(language::speak))
        .layer(from_fn_with_state(app.clone(), identify::identify))
        .layer(from_fn_with_state(app.clone(), origin_guard::guard))
        .layer(from_fn_with_state(app.clone(), host::check))
        .layer(from_fn_with_state(app.clone(), first_start::guard))
        .layer(from_fn_with_state(app.clone(), client::learn))
        .layer(CatchPanicLayer::custom(panics::answer))
        .layer(from_fn_with_state(app.clone(), refusals::record))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            REQUEST_TIME,
        ))
        .layer(from_fn_with_state(app.clone(), present::present))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(app.clone(), headers::secure))
        .layer(from_fn_with_state(app.clone(), request_id::give))
}
