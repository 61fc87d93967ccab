//! Numbers for programs that watch the house, as Prometheus reads them.
//!
//! Owns their names and the listener on loopback. *Invariant:* no number dialled, no name of a person
//! or a phone and no address of theirs is a label.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use carillon_engine::audit::Anchors;
use carillon_engine::readings::Readings;
use carillon_engine::{Caller, EngineError};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HOST};

use crate::app::App;
use page::{Family, Page};

mod page;

const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The answer to whoever may have it.
///
/// # Errors
/// Denied; when the storage fails.
pub async fn answer(app: &App, caller: &Caller) -> Result<Response, EngineError> {
    let text = text(app, caller).await?;
    Ok(([(CONTENT_TYPE, TYPE)], text).into_response())
}

/// `/metrics` and nothing else, for programs on this machine: nobody else reaches the listener.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/metrics", get(local))
        .layer(axum::middleware::from_fn(only_by_a_local_name))
        .with_state(app)
}

async fn local(State(app): State<App>) -> Response {
    match answer(&app, &Caller::system()).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!(error = %crate::problem::chain(&error), "nothing could be read for /metrics");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// A page of somebody else in a browser on this machine comes under another name (DNS rebinding).
async fn only_by_a_local_name(request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST);
    let host = host.and_then(|host| host.to_str().ok());
    if host.is_some_and(is_local) {
        next.run(request).await
    } else {
        StatusCode::MISDIRECTED_REQUEST.into_response()
    }
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let literal = name.trim_start_matches('[').trim_end_matches(']');
    let address = literal.parse::<std::net::IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

async fn text(app: &App, caller: &Caller) -> Result<String, EngineError> {
    let engine = app.engine();
    let readings = engine.readings(caller).await?;
    let now = engine.clock.now();
    let mut page = Page::default();
    page.house(app, &readings);
    page.violations(app.violations());
    page.log(&readings, now);
    page.streams(&readings.streams);
    let anchors = app.anchors().map(Anchors::states).unwrap_or_default();
    page.anchors(&anchors, now);
    let files = app.notary().map(carillon_engine::audit::Notary::state);
    page.anchor_files(files.as_ref(), now);
    page.jobs(&readings);
    page.writes(&readings);
    Ok(page.text())
}

impl Page {
    fn house(&mut self, app: &App, readings: &Readings) {
        let engine = app.engine();
        let build = Family::gauge("carillon_build_info", "Always 1; the version is a label.");
        self.begin(&build);
        self.with(&build, &[("version", env!("CARGO_PKG_VERSION"))], 1);
        let forged = Family::gauge(
            "carillon_forged_rows",
            "Rows that decide security and were changed outside Carillon, as this node saw them.",
        );
        self.one(&forged, engine.forged_rows().len());
        let alone = Family::gauge(
            "carillon_changes_made_alone",
            "Changes for two administrators that one made because nobody else could approve them.",
        );
        self.one(&alone, readings.alone);
        let ready = app.is_ready() && engine.keyring.is_some();
        let ready = ready && engine.storage_is_well();
        self.one(
            &Family::gauge("carillon_ready", "1 while jobs are taken and sent."),
            u8::from(ready),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn this_machine_has_few_names() {
        for host in ["127.0.0.1:9100", "127.0.0.1", "[::1]:9100", "localhost:1"] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "evil.example:9100",
            "127.0.0.1.evil.example",
            "",
            "10.0.0.1",
        ] {
            assert!(!is_local(host), "{host:?}");
        }
    }
}
