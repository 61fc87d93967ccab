//! `/change-requests`: what waits for another administrator. To look at only: people ask for changes
//! and decide about them on pages, where they show once more who they are.

use axum::Json;
use axum::extract::State;
use carillon_contract::api::{ChangeRequest, Page};
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_engine::changes::WaitingChange;
use serde_json::Value;

use super::doc::{Content, Doc};
use super::paging::whole;
use crate::app::App;
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

pub(super) fn routes() -> Table {
    let administer = Access::Needs(Permission::Administer);
    Table::api().get("/api/v1/change-requests", administer, list)
}

pub(super) const DOCS: &[Doc] = &[Doc {
    verb: Verb::Get,
    path: "/api/v1/change-requests",
    summary: "Changes that wait for another administrator; people decide about them on a page",
    query: &[],
    body: Content::Nothing,
    answer: (200, Content::List("ChangeRequest")),
}];

async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Page<ChangeRequest>>, Problem> {
    let waiting = app.engine().change_requests(&caller).await?;
    Ok(whole(waiting.into_iter().map(shown).collect()))
}

fn shown(waiting: WaitingChange) -> ChangeRequest {
    let row = waiting.request;
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    ChangeRequest {
        id: row.id,
        kind: row.kind,
        state: row.state,
        subject: row.subject,
        before: read(&row.base),
        after: read(&row.asked),
        digest: row.digest,
        asked_by: row.actor,
        asked_at: row.asked_at,
        reason: row.reason,
        until: row.until,
    }
}
