//! `/stop-all`: nothing is sent any more, on any node, until it is released.

use axum::Json;
use axum::extract::State;
use carillon_contract::api::{Reason, StopState};
use carillon_domain::role::Permission;
use carillon_engine::Caller;

use super::doc::{Content, Doc};
use super::json::OptionalJson;
use crate::app::App;
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

pub(super) fn routes() -> Table {
    Table::api()
        .post("/api/v1/stop-all", Access::Needs(Permission::StopAll), stop)
        .post(
            "/api/v1/stop-all/release",
            Access::Needs(Permission::ReleaseStop),
            release,
        )
}

pub(super) const DOCS: &[Doc] = &[
    Doc {
        verb: Verb::Post,
        path: "/api/v1/stop-all",
        summary: "Stop all sending on all nodes",
        query: &[],
        body: Content::Json("Reason"),
        answer: (200, Content::Json("StopState")),
    },
    Doc {
        verb: Verb::Post,
        path: "/api/v1/stop-all/release",
        summary: "Let jobs go on",
        query: &[],
        body: Content::Json("Reason"),
        answer: (200, Content::Json("StopState")),
    },
];

async fn stop(
    State(app): State<App>,
    caller: Caller,
    OptionalJson(why): OptionalJson<Reason>,
) -> Result<Json<StopState>, Problem> {
    app.engine().stop_all(&caller, &why.reason).await?;
    Ok(Json(StopState { stopped: true }))
}

async fn release(
    State(app): State<App>,
    caller: Caller,
    OptionalJson(why): OptionalJson<Reason>,
) -> Result<Json<StopState>, Problem> {
    app.engine().release_stop_all(&caller, &why.reason).await?;
    Ok(Json(StopState { stopped: false }))
}
