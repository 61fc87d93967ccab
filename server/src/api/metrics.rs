//! `/metrics`: how the house is, for programs that watch it from elsewhere.

use axum::extract::State;
use axum::response::Response;
use carillon_domain::role::Permission;
use carillon_engine::Caller;

use super::doc::{Content, Doc};
use crate::app::App;
use crate::metrics;
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

pub(super) fn routes() -> Table {
    let watch = Access::Needs(Permission::ViewMetrics);
    Table::api().get("/api/v1/metrics", watch, show)
}

pub(super) const DOCS: &[Doc] = &[Doc {
    verb: Verb::Get,
    path: "/api/v1/metrics",
    summary: "Numbers of the whole house, as Prometheus reads them",
    query: &[],
    body: Content::Nothing,
    answer: (200, Content::Text),
}];

async fn show(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    Ok(metrics::answer(&app, &caller).await?)
}
