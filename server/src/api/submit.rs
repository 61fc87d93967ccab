//! `/jobs/preview` and `POST /jobs`.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use carillon_contract::api::{CauseCount, CountBy, Preview};
use carillon_domain::job::JobRequest;
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_engine::jobs::Submission;
use http::HeaderMap;

use super::doc::{Content, Doc};
use super::jobs::accepted;
use super::json;
use crate::app::App;
use crate::problem::{Code, Problem};
use crate::router::table::{Access, Table, Verb};

const RUN: Access = Access::Needs(Permission::RunJobs);
const LONGEST_KEY: usize = 100;

pub(super) fn routes() -> Table {
    Table::api()
        .post_large("/api/v1/jobs/preview", RUN, preview)
        .post_large("/api/v1/jobs", RUN, submit)
}

pub(super) const DOCS: &[Doc] = &[
    Doc {
        verb: Verb::Post,
        path: "/api/v1/jobs/preview",
        summary: "What a job would do; nothing is started",
        query: &[],
        body: Content::Json("JobRequest"),
        answer: (200, Content::Json("Preview")),
    },
    Doc {
        verb: Verb::Post,
        path: "/api/v1/jobs",
        summary: "Start a job. Send an Idempotency-Key so that a repeated request is one job",
        query: &[],
        body: Content::Json("JobRequest"),
        answer: (202, Content::Json("JobAccepted")),
    },
];

async fn preview(
    State(app): State<App>,
    caller: Caller,
    json::Json(request): json::Json<JobRequest>,
) -> Result<Json<Preview>, Problem> {
    let preview = app.engine().preview_job(&caller, &request).await?;
    let engine = app.engine();
    let rules = engine.rules().await?;
    let start_at = request.options.start_at;
    let needs_approval = engine
        .needs_approval(&caller, (&preview, start_at), &rules)
        .await?;
    let outside_networks = preview.outside_networks(&engine.guard()) as i64;
    let plan = &preview.plan;
    let by_site = plan.by_site().into_iter();
    Ok(Json(Preview {
        count: preview.total() as i64,
        will_run: plan.run.len() as i64,
        will_skip: plan
            .skipped_by_cause()
            .into_iter()
            .map(|(cause, count)| CauseCount {
                cause,
                count: count as i64,
            })
            .collect(),
        by_site: counted(by_site.map(|(site, count)| (site.unwrap_or_default(), count))),
        by_model: counted(plan.by_model().into_iter()),
        digest: preview.digest,
        request_example: preview.request_example,
        needs_reason: preview.needs_reason,
        needs_approval,
        outside_networks,
        by_sip: preview.by_sip.first,
        by_sip_second: preview.by_sip.second,
        sip_shared: preview.by_sip.shared,
        through_pbx: preview.by_sip.through_pbx,
    }))
}

fn counted(pairs: impl Iterator<Item = (String, usize)>) -> Vec<CountBy> {
    pairs
        .map(|(name, count)| CountBy {
            name,
            count: count as i64,
        })
        .collect()
}

async fn submit(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    json::Json(request): json::Json<JobRequest>,
) -> Result<Response, Problem> {
    let submission = Submission {
        idempotency_key: idempotency_key(&headers)?,
        ..Submission::default()
    };
    let made = app
        .engine()
        .submit_job(&caller, &request, submission)
        .await?;
    accepted(&app, &caller, &made.id).await
}

/// The header with which a client makes sure that it asks once.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().map(str::trim).unwrap_or_default();
    if text.is_empty() || text.len() > LONGEST_KEY {
        let message = format!("Idempotency-Key has 1 to {LONGEST_KEY} plain characters.");
        return Err(Problem::new(Code::BadRequest).detail(message));
    }
    Ok(Some(text.to_owned()))
}
