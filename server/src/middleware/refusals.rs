//! Which refused requests the audit log tells of, beside those of people who may not.
//!
//! Owns the choice: what only somebody sends who tries a lock (a page of another site, a form that was
//! not made for this browser, another kind of body, another server's name, a way around the proxy), and
//! what failed on our side. Never what was in it. *Invariant:* an answer stays as it is where that cannot
//! be recorded.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use carillon_engine::accounts::Refused;

use super::client;
use super::identify::Visitor;
use crate::app::App;
use crate::problem::{Code, Problem, chain};

/// Records what an auditor wants to hear of.
pub(super) async fn record(State(app): State<App>, request: Request, next: Next) -> Response {
    let ip = client::of(&app, &request).map(|ip| ip.to_string());
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map(MatchedPath::as_str).unwrap_or_default();
    // A word that somebody made up can be long.
    let method: String = request.method().as_str().chars().take(16).collect();
    let what = format!("{method} {route}");
    let response = next.run(request).await;
    let told = response.extensions().get::<Problem>();
    let Some(code) = told
        .map(|problem| problem.code)
        .filter(|code| is_told(*code))
    else {
        return response;
    };
    let visitor = response.extensions().get::<Visitor>();
    let refused = Refused {
        caller: visitor.and_then(|visitor| visitor.caller.as_ref()),
        ip: ip.as_deref(),
        what: what.trim_end(),
        why: code.facts().0,
        ours: code == Code::Internal,
    };
    // Whoever is known and may not has a record of its own, which says what they lack.
    let has_one = code == Code::Forbidden && refused.caller.is_some();
    if !has_one && let Err(error) = app.engine().record_refused(&refused).await {
        tracing::error!(error = %chain(&error), "a refusal was not recorded");
    }
    response
}

const fn is_told(code: Code) -> bool {
    matches!(
        code,
        Code::CrossOrigin
            | Code::StaleForm
            | Code::UnsupportedMediaType
            | Code::WrongHost
            | Code::Forbidden
            | Code::Internal
    )
}
