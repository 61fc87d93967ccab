//! Before there is an account, only this machine is answered.
//!
//! Owns that rule: who finds a fresh server on the network first must not become its administrator.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::client::{FromHere, is_health};
use crate::app::App;
use crate::problem::{Code, Problem};

/// Lets pass whoever is on this machine; everybody once there is an account.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let open = is_health(path) || path.starts_with("/static/");
    if open || request.extensions().get::<FromHere>().is_some() {
        return next.run(request).await;
    }
    match app.is_inhabited().await {
        Ok(true) => next.run(request).await,
        Ok(false) => Problem::new(Code::Forbidden)
            .detail(
                "Nobody may use this server yet. Until there is an administrator it answers only \
                 on its own machine: open the setup link there, or make the account with \
                 \u{201c}carillon user add NAME --role admin\u{201d}.",
            )
            .into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}
