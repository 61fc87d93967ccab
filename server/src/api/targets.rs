//! `/jobs/{id}/targets` and `/jobs/{id}/events`.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Json};
use carillon_contract::api::{Attempt, Job, Page, Target};
use carillon_domain::role::Permission;
use carillon_engine::{Caller, Engine};
use carillon_store::{AttemptRow, TargetQuery, TargetRow};
use secrecy::SecretString;

use super::doc::{Content, Doc};
use super::jobs::shown;
use super::paging::{Paging, all_parsed, page, parsed};
use crate::app::App;
use crate::feed::{self, Moment};
use crate::fields::Query;
use crate::middleware::identify::Visitor;
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

const VIEW: Access = Access::Needs(Permission::ViewJobs);

pub(super) fn routes() -> Table {
    Table::api()
        .get("/api/v1/jobs/{id}/targets", VIEW, targets)
        .get("/api/v1/jobs/{id}/events", VIEW, events)
}

pub(super) const DOCS: &[Doc] = &[
    Doc {
        verb: Verb::Get,
        path: "/api/v1/jobs/{id}/targets",
        summary: "The phones of a job, each with its state",
        query: &["state", "cause", "site", "limit", "after"],
        body: Content::Nothing,
        answer: (200, Content::Page("Target")),
    },
    Doc {
        verb: Verb::Get,
        path: "/api/v1/jobs/{id}/events",
        summary: "Server-sent events: `summary` with a Job at most four times a second, then \
                  `finished`",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::Events),
    },
];

async fn targets(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query,
) -> Result<Json<Page<Target>>, Problem> {
    let query = query.only(&["state", "cause", "site", "limit", "after"])?;
    let paging = Paging::of(&query)?;
    let filter = TargetQuery {
        states: all_parsed(&query, "state")?,
        cause: parsed(&query, "cause")?,
        site: query.filled("site").map(str::to_owned),
    };
    let rows = app
        .engine()
        .targets(&caller, &id, &filter, &paging.seek(), paging.limit)
        .await?;
    let tried_again = rows.items.iter().filter(|row| row.attempts > 1);
    let macs: Vec<_> = tried_again.map(|row| row.mac).collect();
    let earlier = app.engine().earlier_attempts(&caller, &id, &macs).await?;
    Ok(page(rows, |row| target(row, &earlier)))
}

fn target(row: TargetRow, earlier: &[AttemptRow]) -> Target {
    let earlier = earlier.iter().filter(|attempt| attempt.mac == row.mac);
    Target {
        earlier: earlier.map(attempt).collect(),
        evidence: row.evidence,
        retry_at: row.retry_at,
        held_by: row.hold,
        phone: row.mac,
        site: row.site,
        state: row.state,
        cause: row.cause,
        http_status: row.http_status,
        transport: row.transport,
        attempts: row.attempts,
        sent_at: row.sent_at,
        finished_at: row.finished_at,
        duration_ms: row.duration_ms,
    }
}

fn attempt(row: &AttemptRow) -> Attempt {
    Attempt {
        number: row.number,
        sent_at: row.sent_at,
        finished_at: row.finished_at,
        duration_ms: row.duration_ms,
        cause: row.cause,
        http_status: row.http_status,
        transport: row.transport,
    }
}

async fn events(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Response, Problem> {
    let reader = caller.user_id.clone().unwrap_or_default();
    let source = JobSource {
        engine: app.engine().clone(),
        caller,
        token: visitor.bearer,
        id: id.clone(),
    };
    feed::open(&app, &id, &reader, source).await
}

/// A job as the API shows it.
struct JobSource {
    engine: Engine,
    caller: Caller,
    token: Option<SecretString>,
    id: String,
}

impl feed::Source for JobSource {
    type Summary = Job;

    async fn look(&self) -> Result<Moment<Job>, Problem> {
        let snapshot = self.engine.job(&self.caller, &self.id).await?;
        let summary = shown(snapshot);
        Ok(Moment {
            seq: self.engine.clock.now().micros(),
            finished: summary.state.is_terminal(),
            summary,
        })
    }

    async fn may_go_on(&self) -> bool {
        let Some(token) = &self.token else {
            return false;
        };
        let ip = self.caller.ip.clone();
        let now = self.engine.authenticate_token(token, ip).await;
        // What was opened with another role, or further reach, is opened anew.
        matches!(now, Ok(Some(now)) if now.caller.role == self.caller.role
            && now.caller.reach == self.caller.reach)
    }
}
