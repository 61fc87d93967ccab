//! `/approvals`: jobs and changes that wait for a second person, and the answer.

use axum::extract::Path;
use carillon_contract::approvals::{ApprovalRow, ApprovalsView};
use carillon_contract::changes::NobodyApproves;
use carillon_domain::JobState;
use carillon_domain::role::Permission;
use carillon_engine::jobs::{Prospect, Rules, WaitingJob};
use carillon_engine::{Caller, Engine, EngineError};
use carillon_language::say;

use super::phones::rows::SiteNames;
use super::visit::{PageResult, Visit, done};
use super::{action_words, changes, job, job_row, notice, site_names};
use crate::fields::{Form, Query};
use crate::router::table::{Access, Table};

const DECIDE: Access = Access::Needs(Permission::Approve);

pub(super) fn routes(table: Table) -> Table {
    table
        .get("/approvals", DECIDE, list)
        .post_proved("/jobs/{id}/approve", DECIDE, approve)
        .post("/jobs/{id}/deny", DECIDE, deny)
}

/// Who may approve but for one: first whose yes counts now, then those who lack a second factor that the
/// rules want, which is said of them.
pub(super) async fn who_may(
    engine: &Engine,
    caller: &Caller,
    (rules, but): (Option<&Rules>, &str),
) -> Result<Vec<String>, EngineError> {
    let asks = rules.is_some_and(|rules| rules.approve_with_factor);
    let others = engine.approvers(caller).await?.into_iter();
    let others = others.filter(|one| one.name != but);
    let (later, now): (Vec<_>, Vec<_>) = others.partition(|one| asks && one.without_factor);
    let now = now.into_iter().map(|one| one.name);
    let later = later.into_iter().map(|one| without_factor(&one.name));
    Ok(now.chain(later).collect())
}

/// Who lacks a second factor that the rules want.
pub(super) fn without_factor(name: &str) -> String {
    say!("{name} (no second factor yet)", name)
}

/// That nobody could approve what is about to be asked for, where it is so.
pub(super) fn nobody(prospect: &Prospect) -> Option<NobodyApproves> {
    let until = prospect.from;
    (prospect.able.is_empty() || until.is_some()).then(|| NobodyApproves {
        without_factor: prospect.without_factor.clone(),
        until,
    })
}

/// `GET /approvals`.
async fn list(mut visit: Visit, caller: Caller, Query(query): Query) -> PageResult {
    notice::unknown(&mut visit, &query, &[]);
    let engine = visit.app.engine();
    let found = match visit.rules {
        Some(known) => known,
        None => engine.rules().await?,
    };
    let rows = engine.jobs_awaiting_approval(&caller).await?;
    let names = site_names::of(engine, &caller, slugs(&rows).into_iter()).await?;
    let view = ApprovalsView {
        rows: rows.iter().map(|waiting| row(waiting, &names)).collect(),
        may_decide: engine.may_approve(&caller).await?,
        lacks_factor: engine.lacks_factor(&caller, &found.rules).await?,
        off: !found.asks_second_person(),
        changes: changes::rows(&visit, &caller, &found.rules).await?,
    };
    let html = carillon_ui::approvals(&visit.frame, &view);
    Ok(visit.page(html))
}

/// The sites of the phones that wait.
fn slugs(rows: &[WaitingJob]) -> Vec<&str> {
    let sites = rows.iter().flat_map(|waiting| &waiting.sites);
    let slugs = sites.map(|(slug, _)| slug.as_str());
    slugs.filter(|slug| !slug.is_empty()).collect()
}

/// A job that waits, as pages show it.
pub(super) fn row(waiting: &WaitingJob, names: &SiteNames) -> ApprovalRow {
    let (job, sites) = (&waiting.job, waiting.sites.iter());
    let named = |(site, count): &(String, i64)| {
        let mut site = site.clone();
        if site.is_empty() {
            say("no site").clone_into(&mut site);
        }
        site_names::put(names, &mut site);
        (site, *count)
    };
    ApprovalRow {
        job: job_row::row_view(job),
        class: action_words::class_of(&job.action),
        names: waiting.named.clone(),
        gone: waiting.gone,
        by_site: sites.map(named).collect(),
        left_out: waiting.left_out.clone(),
        digest: waiting.digest.clone(),
        request_example: job.request_example.clone(),
        start_at: job.start_at,
        not_after: job.not_after,
        sent_within: waiting.sent_within.map(|span| span.as_secs()),
        pacing_in_words: job::pace(job),
        until: waiting.until,
        own: waiting.own,
        one_person: changes::one_person(waiting.hindrance),
    }
}

/// `POST /jobs/{id}/approve`.
async fn approve(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let digest = fields.only(&["digest"])?.or_empty("digest");
    let engine = visit.app.engine();
    if let Err(error) = engine.approve_job(&caller, &id, &digest).await {
        return too_late(visit, &caller, &id, error).await;
    }
    let told = match engine.job(&caller, &id).await?.job.state {
        JobState::Scheduled => say("Approved: the job starts by itself at its time."),
        _ => say("Approved: the job runs."),
    };
    Ok(visit.see_other_saying(&format!("/jobs/{id}"), &done(told)))
}

/// Whoever answers a job that waits no more is led to it, and told who was faster. What else is
/// refused stays a problem of its own.
async fn too_late(visit: Visit, caller: &Caller, id: &str, error: EngineError) -> PageResult {
    if !matches!(error, EngineError::Conflict(_)) {
        return Err(error.into());
    }
    let engine = visit.app.engine();
    let (job, now) = (engine.job(caller, id).await?.job, engine.clock.now());
    let in_time = job.approval.until.is_some_and(|until| until > now);
    if job.state == JobState::AwaitingApproval && in_time {
        return Err(error.into());
    }
    job::back(visit, id, Err(error))
}

/// `POST /jobs/{id}/deny`.
async fn deny(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let reason = fields.only(&["reason"])?.or_empty("reason");
    if let Err(error) = visit.app.engine().deny_job(&caller, &id, &reason).await {
        return too_late(visit, &caller, &id, error).await;
    }
    Ok(visit.see_other_saying(
        "/approvals",
        &done(say("The job was refused: nothing was sent.")),
    ))
}
