//! `/stop-all`: nothing is sent any more, until somebody lets it go on.

use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::job::StopAllView;
use carillon_domain::role::Permission;
use carillon_domain::{JobState, TargetState};
use carillon_engine::Caller;
use carillon_language::say;
use carillon_store::{JobQuery, Seek};
use http::StatusCode;

use super::notice;
use super::visit::{PageResult, Visit, done};
use crate::fields::{Form, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

const STOP: Access = Access::Needs(Permission::StopAll);
/// Running jobs whose phones are counted.
const JOBS: i64 = 200;
const LONGEST_REASON: usize = carillon_domain::job::MAX_REASON;

pub(super) fn routes(table: Table) -> Table {
    table
        .get("/stop-all", STOP, show)
        .post("/stop-all", STOP, stop)
        .post(
            "/stop-all/release",
            Access::Needs(Permission::ReleaseStop),
            release,
        )
}

/// `GET /stop-all`.
async fn show(mut visit: Visit, caller: Caller, Query(query): Query) -> PageResult {
    notice::unknown(&mut visit, &query, &[]);
    page(visit, &caller, String::new(), FormErrors::default()).await
}

/// `POST /stop-all`.
async fn stop(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let reason = fields
        .only(&["reason"])?
        .or_empty("reason")
        .trim()
        .to_owned();
    if let Some(errors) = wrong(&reason) {
        return page(visit, &caller, reason, errors).await;
    }
    visit.app.engine().stop_all(&caller, &reason).await?;
    Ok(visit.see_other_saying(
        "/stop-all",
        &done(say("Everything is stopped: nothing is sent.")),
    ))
}

/// `POST /stop-all/release`.
async fn release(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let reason = fields
        .only(&["reason"])?
        .or_empty("reason")
        .trim()
        .to_owned();
    if let Some(errors) = wrong(&reason) {
        return page(visit, &caller, reason, errors).await;
    }
    visit
        .app
        .engine()
        .release_stop_all(&caller, &reason)
        .await?;
    Ok(visit.see_other_saying(
        "/jobs?tab=running",
        &done(say("Jobs go on where they stopped.")),
    ))
}

fn wrong(reason: &str) -> Option<FormErrors> {
    let mut errors = FormErrors::default();
    if reason.is_empty() {
        errors.push("reason", "required", say("Say why: everybody will ask."));
    } else if reason.chars().count() > LONGEST_REASON {
        errors.push(
            "reason",
            "too_long",
            say!("At most {most} characters.", most = LONGEST_REASON),
        );
    }
    (!errors.is_empty()).then_some(errors)
}

async fn page(
    visit: Visit,
    caller: &Caller,
    reason: String,
    errors: FormErrors,
) -> Result<Response, Problem> {
    let engine = visit.app.engine();
    let stopped = engine.stop_all_state().await?;
    let query = JobQuery {
        states: vec![JobState::Running],
        ..JobQuery::default()
    };
    let running = engine.jobs(caller, &query, &Seek::Start, JOBS).await?.items;
    let sum = |state| running.iter().map(|job| job.counts.get(state)).sum();
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let view = StopAllView {
        stopped: stopped.map(|stop| (stop.actor.clone(), stop.since(), stop.reason)),
        running_jobs: running.len() as i64,
        waiting: sum(TargetState::Waiting),
        sending: sum(TargetState::Sending),
        beyond_reach: !caller.reach.is_everything(),
        reason,
        errors,
    };
    let html = carillon_ui::stop_all(&visit.frame, &view);
    Ok(visit.html(status, html))
}
