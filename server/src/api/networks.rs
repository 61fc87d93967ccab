//! `/networks`: where phones may be contacted. Changed by people only, on their page.

use axum::Json;
use axum::extract::State;
use carillon_contract::api::Networks;
use carillon_domain::role::Permission;
use carillon_engine::Caller;

use super::doc::{Content, Doc};
use crate::app::App;
use crate::pages::networks::texts;
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

pub(super) fn routes() -> Table {
    let administer = Access::Needs(Permission::Administer);
    Table::api().get("/api/v1/networks", administer, show)
}

pub(super) const DOCS: &[Doc] = &[Doc {
    verb: Verb::Get,
    path: "/api/v1/networks",
    summary: "The networks in which phones are contacted: allowed by the settings, chosen, in force",
    query: &[],
    body: Content::Nothing,
    answer: (200, Content::Json("Networks")),
}];

async fn show(State(app): State<App>, caller: Caller) -> Result<Json<Networks>, Problem> {
    let now = app.engine().networks(&caller).await?;
    let (changed_by, changed_at) = now.changed.unzip();
    Ok(Json(Networks {
        allowed: texts(&now.allowed),
        chosen: texts(&now.chosen),
        in_force: texts(&now.in_force),
        stored: now.stored,
        changed_by,
        changed_at,
    }))
}
