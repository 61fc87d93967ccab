//! Whether the process lives, and whether it takes work.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::json;

use crate::app::App;

/// A database that takes longer for a question without work is as good as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// `GET /healthz`: the process answers. Says `sealed` when the keys are missing.
pub async fn live(State(app): State<App>) -> Response {
    let state = if app.engine().keyring.is_none() {
        "sealed"
    } else {
        "ok"
    };
    Json(json!({ "status": state })).into_response()
}

/// `GET /readyz`: the storage answers and takes writes, the keys are there, and nobody asked to stop.
pub async fn ready(State(app): State<App>) -> Response {
    let reason = if !app.is_ready() {
        Some("stopping")
    } else if app.engine().keyring.is_none() {
        Some("sealed")
    } else if !storage_answers(&app).await {
        Some("storage")
    } else {
        None
    };
    match reason {
        None => Json(json!({ "status": "ready" })).into_response(),
        Some(reason) => {
            let body = Json(json!({ "status": "not_ready", "reason": reason }));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}

async fn storage_answers(app: &App) -> bool {
    let engine = app.engine();
    let answered = tokio::time::timeout(PATIENCE, engine.store.ping()).await;
    engine.storage_is_well() && matches!(answered, Ok(Ok(())))
}
