//! `/jobs/{id}`: one job, how it ended on each phone, and why.

use axum::extract::Path;
use carillon_contract::Href;
use carillon_contract::frame::{Banner, Tone};
use carillon_contract::job::{
    Decided, EarlierTry, HeldView, JobApprovalView, JobControls, JobSummary, JobView, TargetRow,
};
use carillon_contract::list::{Link, Paging, Total};
use carillon_domain::job::EffectiveOptions;
use carillon_domain::role::Permission;
use carillon_domain::{Cause, JobState};
use carillon_engine::rows::{ForgedRow, SignedRows};
use carillon_engine::{Caller, Engine, EngineError};
use carillon_language::{retell, say};
use carillon_store::{AttemptRow, JobRow, JobSnapshot, Page, Seek, TargetQuery};

use super::phones::rows::SiteNames;
use super::run::pacing;
use super::visit::{PageResult, Visit};
use super::{action_words, approvals, job_row, notice, seek, site_names};
use crate::fields::{Fields, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

mod advice;
mod again;
mod control;
mod export;
mod feed;
mod snippet;
mod summary;

pub(super) use control::back;

const VIEW: Access = Access::Needs(Permission::ViewJobs);
const RUN: Access = Access::Needs(Permission::RunJobs);
const KNOWN: &[&str] = &["state", "cause", "after", "before"];
const ROWS: i64 = 50;
pub(super) fn routes(table: Table) -> Table {
    table
        .get("/jobs/{id}", VIEW, show)
        .get("/jobs/{id}/feed", VIEW, feed::open)
        .get_export("/jobs/{id}/targets.csv", VIEW, export::csv)
        .get_export("/jobs/{id}/targets.json", VIEW, export::json)
        .post("/jobs/{id}/pause", RUN, control::pause)
        .post("/jobs/{id}/resume", RUN, control::resume)
        .get("/jobs/{id}/cancel", RUN, control::ask)
        .post("/jobs/{id}/cancel", RUN, control::cancel)
        .post("/jobs/{id}/held/release", RUN, control::release)
        .post("/jobs/{id}/held/skip", RUN, control::skip)
        .post("/jobs/{id}/retry", RUN, control::retry)
        .post("/jobs/{id}/again", RUN, control::again)
}

/// `GET /jobs/{id}`.
async fn show(
    mut visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query,
) -> PageResult {
    notice::unknown(&mut visit, &query, KNOWN);
    let view = view(&mut visit, &caller, &id, &query).await?;
    if is_not_believed(&visit, &id) {
        let text = say(
            "This job was changed outside Carillon and does not count: nothing more is sent for it. See the audit log.",
        );
        let tone = Tone::Bad;
        visit.frame.banners.push(Banner::Notice {
            tone,
            text: text.to_owned(),
        });
    }
    let html = carillon_ui::job(&visit.frame, &view);
    Ok(visit.page(html))
}

/// Whether somebody else than Carillon wrote the job, or its list of phones.
fn is_not_believed(visit: &Visit, id: &str) -> bool {
    let rows = visit.app.engine().forged_rows();
    let of_jobs = |row: &ForgedRow| matches!(row.rows, SignedRows::Jobs | SignedRows::JobLists);
    rows.iter().any(|row| of_jobs(row) && row.name == id)
}

async fn view(
    visit: &mut Visit,
    caller: &Caller,
    id: &str,
    query: &Fields,
) -> Result<JobView, Problem> {
    let engine = visit.app.engine().clone();
    let (snapshot, places) = engine.job_with_places(caller, id).await?;
    let asked = asked(visit, query);
    let page = targets(visit, caller, id, (&asked, query)).await?;
    let tried_again = page.items.iter().filter(|row| row.attempts > 1);
    let macs: Vec<_> = tried_again.map(|row| row.mac).collect();
    let earlier = engine.earlier_attempts(caller, id, &macs).await?;
    let struck = advice::struck(&places);
    let slugs = page.items.iter().filter_map(|row| row.site.as_deref());
    let slugs = slugs.chain(advice::slugs(&struck));
    let sites = site_names::of(&engine, caller, slugs).await?;
    let retries = engine.retries_of(caller, id).await?;
    let snippet = snippet::of(&engine, caller, &snapshot).await?;
    let job = &snapshot.job;
    let path = format!("/jobs/{id}");
    let export_href = here(&format!("{path}/targets.csv"), &asked).to_string();
    let here = here(&path, &asked);
    Ok(JobView {
        paging: to_phones(seek::paging(&page, &here, total(&snapshot, &asked, &page))),
        rows: page
            .items
            .into_iter()
            .map(|row| target(row, &earlier, &sites))
            .collect(),
        held: held(caller, &snapshot),
        advice: advice::of(caller, job, (&struck, &sites)),
        retry: again::form(caller, &snapshot, (&places, &asked)),
        states: asked.states,
        cause: asked.cause,
        title: action_words::short_title(&job.action),
        class: action_words::class_of(&job.action),
        params: action_words::shown(&job.action, &job.params_shown),
        targets: job_row::targets(&job.targets_shown),
        actor: actor(job),
        reason: job.reason.clone(),
        created_at: job.created_at,
        start_at: job.start_at.filter(|_| job.started_at.is_none()),
        not_after: job.not_after.filter(|_| !job.state.is_terminal()),
        pacing_in_words: pace(job),
        request_example: job.request_example.clone(),
        retry_of: job.retry_of.as_deref().map(link),
        retries: retries.iter().map(|later| link(later)).collect(),
        snippet,
        controls: controls(caller, job.state),
        approval: approval(visit, caller, job).await?,
        decided: decided(visit, job).await?,
        audit_href: Href::new("/audit")
            .add("job", id)
            .add("period", "all")
            .to_string(),
        export_href,
        summary: summary(&engine, caller, &snapshot).await?,
        action: job.action.clone(),
    })
}

/// Where it stands; about one that nobody let run, also who could have.
async fn summary(
    engine: &Engine,
    caller: &Caller,
    snapshot: &JobSnapshot,
) -> Result<JobSummary, Problem> {
    let mut summary = summary::of(snapshot, engine.clock.now());
    if summary::is_undecided(&snapshot.job) {
        let asked = snapshot.job.actor.name.as_str();
        let others = approvals::who_may(engine, caller, (None, asked)).await?;
        summary.note = Some(summary::nobody_decided(&others));
    }
    Ok(summary)
}

/// For whom a job waits that one person does not start alone.
async fn approval(
    visit: &Visit,
    caller: &Caller,
    job: &JobRow,
) -> Result<Option<JobApprovalView>, Problem> {
    if job.state != JobState::AwaitingApproval {
        return Ok(None);
    }
    let engine = visit.app.engine();
    let waiting = engine.waiting_job(caller, job.clone()).await?;
    let rules = visit.rules.as_ref().map(|found| &found.rules);
    Ok(Some(JobApprovalView {
        row: approvals::row(&waiting, &SiteNames::new()),
        may_decide: engine.may_approve(caller).await?,
        lacks_factor: match rules {
            Some(rules) => engine.lacks_factor(caller, rules).await?,
            None => false,
        },
        off: visit.rules.is_some_and(|rules| !rules.asks_second_person()),
        approvers: approvals::who_may(engine, caller, (rules, "")).await?,
    }))
}

/// Who let it run, or did not and why, and when.
async fn decided(visit: &Visit, job: &JobRow) -> Result<Option<Decided>, Problem> {
    let approval = &job.approval;
    let (Some(by), Some(at)) = (&approval.decided_by, approval.decided_at) else {
        return Ok(None);
    };
    Ok(Some(Decided {
        by: by.clone(),
        at,
        let_run: job.state != JobState::Denied,
        reason: visit.app.engine().refusal_of(job).await?,
    }))
}

fn asked(visit: &mut Visit, query: &Fields) -> TargetQuery {
    let mut asked = TargetQuery::default();
    for word in query.all("state").filter(|word| !word.is_empty()) {
        match word.parse() {
            Ok(state) => asked.states.push(state),
            Err(error) => notice::warn(visit, say!("state: {error}.", error)),
        }
    }
    if let Some(word) = query.filled("cause") {
        match word.parse() {
            Ok(cause) => asked.cause = Some(cause),
            Err(error) => notice::warn(visit, say!("cause: {error}.", error)),
        }
    }
    asked
}

async fn targets(
    visit: &mut Visit,
    caller: &Caller,
    id: &str,
    (asked, query): (&TargetQuery, &Fields),
) -> Result<Page<carillon_store::TargetRow>, EngineError> {
    let engine = visit.app.engine().clone();
    let found = engine
        .targets(caller, id, asked, &seek::seek(query), ROWS)
        .await;
    match seek::or_first(visit, found)? {
        Some(page) => Ok(page),
        None => engine.targets(caller, id, asked, &Seek::Start, ROWS).await,
    }
}

fn here(path: &str, asked: &TargetQuery) -> Href {
    let states = asked.states.iter();
    let href = states.fold(Href::new(path), |href, state| href.add("state", state));
    let cause = asked
        .cause
        .map(|cause: Cause| cause.to_string())
        .unwrap_or_default();
    href.add_some("cause", &cause)
}

/// Neighbouring pages open at the list, not at the top of the job.
fn to_phones(paging: Paging) -> Paging {
    let at_list = |href: Option<String>| href.map(|href| format!("{href}#phones"));
    Paging {
        total: paging.total,
        previous: at_list(paging.previous),
        next: at_list(paging.next),
    }
}

/// How many rows the narrowed list has; counters know, where they were kept.
fn total<T>(snapshot: &JobSnapshot, asked: &TargetQuery, page: &Page<T>) -> Total {
    snapshot.count(asked).map_or_else(
        || Total {
            count: page.items.len() as i64,
            at_least: page.next.is_some() || page.previous.is_some(),
        },
        Total::exactly,
    )
}

/// Phones that a refused password holds, for who may decide about them.
fn held(caller: &Caller, snapshot: &JobSnapshot) -> Vec<HeldView> {
    if caller.require(Permission::RunJobs).is_err() || snapshot.job.state.is_terminal() {
        return Vec::new();
    }
    let view = |(credential, count): &(String, i64)| HeldView {
        credential: credential.clone(),
        count: *count,
    };
    snapshot.holds.iter().map(view).collect()
}

fn target(
    mut row: carillon_store::TargetRow,
    earlier: &[AttemptRow],
    sites: &SiteNames,
) -> TargetRow {
    if let Some(site) = &mut row.site {
        site_names::put(sites, site);
    }
    let earlier = earlier.iter().filter(|attempt| attempt.mac == row.mac);
    TargetRow {
        earlier: earlier
            .map(|attempt| EarlierTry {
                sent_at: attempt.sent_at,
                cause: attempt.cause,
                transport: attempt.transport,
            })
            .collect(),
        retry_at: row.retry_at,
        held_by: row.hold,
        mac: row.mac,
        name: row.name,
        extension: row.extension,
        model: row.model,
        site: row.site,
        state: row.state,
        cause: row.cause,
        http_status: row.http_status,
        transport: row.transport,
        attempts: row.attempts,
        sent_at: row.sent_at,
        finished_at: row.finished_at,
        duration_ms: row.duration_ms,
        excerpt: seen(row.evidence, row.excerpt),
    }
}

/// What was seen afterwards, else what the phone answered, unless that is the source of a page.
fn seen(evidence: String, answer: String) -> String {
    if !evidence.is_empty() {
        retell(&evidence).into_owned()
    } else if answer.trim_start().starts_with('<') {
        String::new()
    } else {
        answer
    }
}

fn actor(job: &JobRow) -> String {
    match job.actor.auth.strip_prefix("token:") {
        Some(label) => say!(
            "{name} with the token “{label}”",
            name = job.actor.name,
            label
        ),
        None => job.actor.name.clone(),
    }
}

/// How fast it goes, in words.
pub(super) fn pace(job: &JobRow) -> Vec<String> {
    let options = serde_json::from_value::<EffectiveOptions>(job.options.clone());
    options
        .map(|options| pacing::in_words(&options))
        .unwrap_or_default()
}

/// A job by the beginning of its id, which holds its time.
fn link(id: &str) -> Link {
    let short = id.get(..13).unwrap_or(id);
    Link::new(say!("job {short}…", short), format!("/jobs/{id}"))
}

fn controls(caller: &Caller, state: JobState) -> JobControls {
    if caller.require(Permission::RunJobs).is_err() {
        return JobControls::default();
    }
    JobControls {
        pause: state == JobState::Running,
        resume: matches!(state, JobState::Paused | JobState::Interrupted),
        stop: !state.is_terminal() && state != JobState::Stopping,
        again: true,
    }
}
