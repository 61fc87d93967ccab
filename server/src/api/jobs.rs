//! `/jobs`: lists, one job, and what can be done with it.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use carillon_contract::api::{
    ApprovalInput, CauseCount, Held, HeldInput, Job, JobAccepted, JobLinks, Page, Reason,
    RetryInput,
};
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_store::{JobQuery, JobSnapshot};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};

use super::doc::{Content, Doc};
use super::json::{self, OptionalJson};
use super::paging::{Paging, all_parsed, page, period};
use super::submit::idempotency_key;
use crate::app::App;
use crate::fields::Query;
use crate::pages::day::Period;
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

const VIEW: Access = Access::Needs(Permission::ViewJobs);
const DECIDE: Access = Access::Needs(Permission::Approve);
const RUN: Access = Access::Needs(Permission::RunJobs);

pub(super) fn routes() -> Table {
    Table::api()
        .get("/api/v1/jobs", VIEW, list)
        .get("/api/v1/jobs/{id}", VIEW, one)
        .post("/api/v1/jobs/{id}/pause", RUN, pause)
        .post("/api/v1/jobs/{id}/resume", RUN, resume)
        .post("/api/v1/jobs/{id}/cancel", RUN, cancel)
        .post("/api/v1/jobs/{id}/held/release", RUN, release)
        .post("/api/v1/jobs/{id}/held/skip", RUN, skip)
        .post("/api/v1/jobs/{id}/retry", RUN, retry)
        .post("/api/v1/jobs/{id}/again", RUN, again)
        .post("/api/v1/jobs/{id}/approve", DECIDE, approve)
        .post("/api/v1/jobs/{id}/deny", DECIDE, deny)
}

pub(super) const DOCS: &[Doc] = &[
    Doc {
        verb: Verb::Get,
        path: "/api/v1/jobs",
        summary: "Jobs, newest first",
        query: &[
            "state", "action", "actor", "group", "from", "to", "limit", "after",
        ],
        body: Content::Nothing,
        answer: (200, Content::Page("Job")),
    },
    Doc {
        verb: Verb::Get,
        path: "/api/v1/jobs/{id}",
        summary: "One job with its counts and causes",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::Json("Job")),
    },
    control(
        "/api/v1/jobs/{id}/pause",
        "Hold a job; what is in flight finishes",
    ),
    control(
        "/api/v1/jobs/{id}/resume",
        "Let a held or interrupted job go on",
    ),
    Doc {
        verb: Verb::Post,
        path: "/api/v1/jobs/{id}/cancel",
        summary: "Stop a job for good; what is in flight finishes",
        query: &[],
        body: Content::Json("Reason"),
        answer: (200, Content::Json("Job")),
    },
    held(
        "/api/v1/jobs/{id}/held/release",
        "Let phones go on that a refused credential holds, after it was corrected",
    ),
    held(
        "/api/v1/jobs/{id}/held/skip",
        "Leave phones out that a refused credential holds",
    ),
    Doc {
        verb: Verb::Post,
        path: "/api/v1/jobs/{id}/approve",
        summary: "Refused to every token: a second person decides in the browser",
        query: &[],
        body: Content::Json("ApprovalInput"),
        answer: (200, Content::Json("Job")),
    },
    Doc {
        verb: Verb::Post,
        path: "/api/v1/jobs/{id}/deny",
        summary: "Refused to every token: a second person decides in the browser",
        query: &[],
        body: Content::Json("Reason"),
        answer: (200, Content::Json("Job")),
    },
    Doc {
        verb: Verb::Post,
        path: "/api/v1/jobs/{id}/retry",
        summary: "A new job for the targets that ended in these states; it names the old one",
        query: &[],
        body: Content::Json("RetryInput"),
        answer: (202, Content::Json("JobAccepted")),
    },
    Doc {
        verb: Verb::Post,
        path: "/api/v1/jobs/{id}/again",
        summary: "A new job for all phones of this one; it names the old one",
        query: &[],
        body: Content::Json("Reason"),
        answer: (202, Content::Json("JobAccepted")),
    },
];

const fn control(path: &'static str, summary: &'static str) -> Doc {
    Doc {
        verb: Verb::Post,
        path,
        summary,
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::Json("Job")),
    }
}

const fn held(path: &'static str, summary: &'static str) -> Doc {
    Doc {
        verb: Verb::Post,
        path,
        summary,
        query: &[],
        body: Content::Json("HeldInput"),
        answer: (200, Content::Json("Job")),
    }
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query,
) -> Result<Json<Page<Job>>, Problem> {
    let query = query.only(&[
        "state", "action", "actor", "group", "from", "to", "limit", "after",
    ])?;
    let paging = Paging::of(&query)?;
    let text = |name: &str| query.filled(name).map(str::to_owned);
    let Period { from, to } = period(&query)?;
    let filter = JobQuery {
        states: all_parsed(&query, "state")?,
        action: text("action"),
        actor: text("actor"),
        group: text("group"),
        from,
        to,
    };
    let rows = app
        .engine()
        .jobs(&caller, &filter, &paging.seek(), paging.limit)
        .await?;
    let ids: Vec<String> = rows.items.iter().map(|job| job.id.clone()).collect();
    let mut causes = app.engine().causes_of_jobs(&caller, &ids).await?;
    Ok(page(rows, |job| {
        shown(JobSnapshot {
            causes: causes.remove(&job.id).unwrap_or_default(),
            job,
            holds: Vec::new(),
        })
    }))
}

async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Job>, Problem> {
    let engine = app.engine();
    let snapshot = engine.job(&caller, &id).await?;
    let approval_digest = engine.approval_digest(&snapshot.job).await?;
    Ok(Json(Job {
        approval_digest,
        ..shown(snapshot)
    }))
}

async fn approve(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalJson(agreed): OptionalJson<ApprovalInput>,
) -> Result<Json<Job>, Problem> {
    let digest = &agreed.digest;
    app.engine().approve_job(&caller, &id, digest).await?;
    Ok(Json(shown(app.engine().job(&caller, &id).await?)))
}

async fn deny(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalJson(why): OptionalJson<Reason>,
) -> Result<Json<Job>, Problem> {
    app.engine().deny_job(&caller, &id, &why.reason).await?;
    Ok(Json(shown(app.engine().job(&caller, &id).await?)))
}

async fn pause(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Job>, Problem> {
    app.engine().pause_job(&caller, &id).await?;
    Ok(Json(shown(app.engine().job(&caller, &id).await?)))
}

async fn resume(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Job>, Problem> {
    app.engine().resume_job(&caller, &id).await?;
    Ok(Json(shown(app.engine().job(&caller, &id).await?)))
}

async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalJson(why): OptionalJson<Reason>,
) -> Result<Json<Job>, Problem> {
    app.engine()
        .cancel_job_because(&caller, &id, &why.reason)
        .await?;
    Ok(Json(shown(app.engine().job(&caller, &id).await?)))
}

async fn release(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    json::Json(input): json::Json<HeldInput>,
) -> Result<Json<Job>, Problem> {
    let engine = app.engine();
    engine.release_held(&caller, &id, &input.credential).await?;
    Ok(Json(shown(engine.job(&caller, &id).await?)))
}

async fn skip(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    json::Json(input): json::Json<HeldInput>,
) -> Result<Json<Job>, Problem> {
    let engine = app.engine();
    engine.skip_held(&caller, &id, &input.credential).await?;
    Ok(Json(shown(engine.job(&caller, &id).await?)))
}

async fn retry(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    json::Json(input): json::Json<RetryInput>,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let made = app
        .engine()
        .retry_job(&caller, &id, &input.states, &input.reason, key)
        .await?;
    accepted(&app, &caller, &made.id).await
}

async fn again(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    OptionalJson(why): OptionalJson<Reason>,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let made = app
        .engine()
        .run_again(&caller, &id, &why.reason, key)
        .await?;
    accepted(&app, &caller, &made.id).await
}

/// 202 with where to look.
pub(super) async fn accepted(app: &App, caller: &Caller, id: &str) -> Result<Response, Problem> {
    let job = app.engine().job(caller, id).await?.job;
    let links = JobLinks {
        api: format!("/api/v1/jobs/{}", job.id),
        page: format!("/jobs/{}", job.id),
    };
    let at = links.api.clone();
    let body = JobAccepted {
        id: job.id.clone(),
        state: job.state,
        total: job.total,
        links,
    };
    Ok((StatusCode::ACCEPTED, [(LOCATION, at)], Json(body)).into_response())
}

/// A job as the API shows it.
pub(super) fn shown(snapshot: JobSnapshot) -> Job {
    let JobSnapshot { job, causes, holds } = snapshot;
    Job {
        id: job.id,
        action: job.action,
        state: job.state,
        total: job.total,
        counts: job.counts,
        causes: causes
            .into_iter()
            .map(|(cause, count)| CauseCount { cause, count })
            .collect(),
        actor: job.actor.name,
        reason: job.reason,
        created_at: job.created_at,
        start_at: job.start_at,
        not_after: job.not_after,
        finished_at: job.finished_at,
        retry_of: job.retry_of,
        approval_digest: None,
        held: holds
            .into_iter()
            .map(|(credential, count)| Held { credential, count })
            .collect(),
    }
}
