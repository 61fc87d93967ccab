//! `/streams`: who gets the audit log outside, and how far they are.

use axum::Json;
use axum::extract::State;
use carillon_contract::api::Receivers;
use carillon_domain::role::Permission;
use carillon_engine::Caller;

use super::doc::{Content, Doc};
use crate::app::App;
use crate::pages::streams::receivers;
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

pub(super) fn routes() -> Table {
    let administer = Access::Needs(Permission::Administer);
    Table::api().get("/api/v1/streams", administer, list)
}

pub(super) const DOCS: &[Doc] = &[Doc {
    verb: Verb::Get,
    path: "/api/v1/streams",
    summary: "Receivers of the audit log, how far each is, and what keeps it",
    query: &[],
    body: Content::Nothing,
    answer: (200, Content::Json("Receivers")),
}];

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Receivers>, Problem> {
    let (streams, anchors) = receivers(&app, &caller).await?;
    Ok(Json(Receivers { streams, anchors }))
}
