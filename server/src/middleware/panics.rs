//! A panic in a handler is that request's error, not the server's end.

use std::any::Any;

use axum::response::{IntoResponse as _, Response};

use crate::problem::Problem;

/// Logs the panic and answers 500; what it said stays in the log.
pub fn answer(panic: Box<dyn Any + Send + 'static>) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(panic = %said, "a handler panicked");
    Problem::internal("a handler panicked").into_response()
}
