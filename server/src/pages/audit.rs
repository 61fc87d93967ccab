//! `/audit`: the log, one record, exports of the same query.

use std::collections::HashSet;

use carillon_contract::audit::{AuditView, ChainView};
use carillon_contract::list::{Link, Total};
use carillon_domain::Timestamp;
use carillon_domain::role::Permission;
use carillon_engine::audit::{Anchors, Notary};
use carillon_engine::{Caller, Engine, EngineError};
use carillon_store::{AuditQuery, AuditRow, Page, Seek};

use super::visit::{PageResult, Visit};
use super::{audit_row, job_links, notice, seek};
use crate::api::audit::{FILTERS, ONCE, stream_export};
use crate::fields::{Fields, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};
use carillon_language::{moment, retell, say};

mod filter;
mod number;
pub(super) mod record;

use super::audit_row::codes::offered;
use filter::{Asked, KNOWN, commands, odd};

const VIEW: Access = Access::Needs(Permission::ViewAudit);
const NUMBERS: Access = Access::Needs(Permission::ReadNumbers);
const ROWS: i64 = 50;

pub(super) fn routes(table: Table) -> Table {
    table
        .get("/audit", VIEW, list)
        .get_export("/audit/export", VIEW, export)
        .get("/audit/{seq}", VIEW, record::show)
        .post_proved("/audit/{seq}/number", NUMBERS, number::read)
        .get("/audit/{seq}/proof", VIEW, record::proof_of)
}

/// `GET /audit`.
async fn list(mut visit: Visit, caller: Caller, Query(query): Query) -> PageResult {
    notice::unknown(&mut visit, &query, KNOWN);
    notice::repeated(&mut visit, &query, ONCE);
    for (name, value, known) in odd(&query) {
        notice::odd(&mut visit, name, value, known);
    }
    let asked = Asked::of(&query, visit.frame.now);
    let chain = chain(&visit, &caller).await?;
    // What is shown and counted is what an export of this page brings, whatever is added meanwhile.
    let below = asked.query.below.unwrap_or(chain.size).min(chain.size);
    let until = AuditQuery {
        below: Some(below),
        ..asked.query.clone()
    };
    let (page, total) = page(&mut visit, &caller, (&asked, &until), &query).await?;
    let mut rows: Vec<_> = page.items.iter().map(|row| line(row, &asked)).collect();
    let engine = visit.app.engine();
    if asked.tells_of_jobs() {
        let seen = tell_of_jobs(engine, &caller, &asked.query, (&page.items, &mut rows)).await?;
        if !caller.reach.is_everything() {
            job_links::of_lines_to(&seen, &mut rows);
        }
    } else {
        job_links::of_lines(engine, &caller, &mut rows).await?;
    }
    let view = AuditView {
        presets: asked.presets(&caller),
        actions: [offered(), commands()].concat(),
        period: asked.period(),
        all_time_href: asked.all_time_href(),
        chips: asked.chips(),
        examples: asked.examples(),
        clear_href: "/audit".to_owned(),
        paging: seek::paging(&page, &asked.at("/audit"), total),
        as_action: rows.is_empty().then(|| asked.as_action()).flatten(),
        rows,
        lines: asked.lines(),
        exports: exports(&asked, below),
        chain: Some(chain),
        filter: asked.filter,
        unknown: asked.unknown,
        errors: asked.errors,
    };
    let html = carillon_ui::audit(&visit.frame, &view);
    Ok(visit.page(html))
}

async fn page(
    visit: &mut Visit,
    caller: &Caller,
    asked: (&Asked, &AuditQuery),
    query: &Fields,
) -> Result<(Page<AuditRow>, Total), EngineError> {
    let place = seek::seek(query);
    if !asked.0.errors.is_empty() {
        // Nothing is looked for; a place that is none is told all the same.
        if place.check_number().is_err() {
            notice::warn(visit, say("This address names no place in the list."));
        }
        let nothing = Page {
            items: Vec::new(),
            previous: None,
            next: None,
        };
        return Ok((nothing, Total::default()));
    }
    let found = one_page(visit, caller, asked, &place).await;
    match seek::or_first(visit, found)? {
        Some(found) => Ok(found),
        None => one_page(visit, caller, asked, &Seek::Start).await,
    }
}

async fn one_page(
    visit: &Visit,
    caller: &Caller,
    (asked, query): (&Asked, &AuditQuery),
    seek: &Seek,
) -> Result<(Page<AuditRow>, Total), EngineError> {
    let engine = visit.app.engine();
    let (page, count) = if asked.by_job() {
        let found = engine.audit_page_by_job_and_count(caller, query, seek, ROWS);
        found.await?
    } else {
        let found = engine.audit_page_and_count(caller, query, seek, ROWS);
        found.await?
    };
    Ok((page, seek::total(count)))
}

fn line(row: &AuditRow, asked: &Asked) -> audit_row::Line {
    let mut line = audit_row::row_view(row);
    let job = row.event.job.as_deref().filter(|_| asked.by_job());
    line.job_records = job.map(|job| asked.records_of(job));
    line
}

/// Lets lines tell of their jobs. Answers with those in reach.
async fn tell_of_jobs(
    engine: &Engine,
    caller: &Caller,
    query: &AuditQuery,
    (records, lines): (&[AuditRow], &mut [audit_row::Line]),
) -> Result<HashSet<String>, EngineError> {
    let ids = records.iter().filter_map(|row| row.event.job.clone());
    let jobs = engine.jobs_of(caller, &ids.collect::<Vec<_>>()).await?;
    for (record, line) in records.iter().zip(lines) {
        let job = record.event.job.as_ref().and_then(|id| jobs.get(id));
        if let Some((job, lone)) = job {
            audit_row::of_job::tell(line, (record, query), (job, lone.as_ref()));
        }
    }
    Ok(jobs.into_keys().collect())
}

/// How far the log reaches, what was signed of it, and what the notary complains of.
async fn chain(visit: &Visit, caller: &Caller) -> Result<ChainView, EngineError> {
    let engine = visit.app.engine();
    let (head, checkpoint) = engine.audit_head_and_checkpoint(caller).await?;
    let notary = visit.app.notary();
    let state = notary.map(Notary::state).unwrap_or_default();
    let behind = |since: Timestamp| {
        say!(
            "The outside anchor lacks what was signed since {moment} UTC: see the server's log.",
            moment = moment(since)
        )
    };
    Ok(ChainView {
        size: i64::try_from(head.size()).unwrap_or(i64::MAX),
        root: hex::encode(head.root()),
        checkpoint: checkpoint.map(|row| (row.size, row.at)),
        key: notary.and_then(Notary::key).map(ToString::to_string),
        problem: state
            .problem
            .or_else(|| state.anchor_behind.map(behind))
            .or_else(|| visit.app.anchors().and_then(network_anchor)),
    })
}

/// What keeps an anchor over the network.
fn network_anchor(anchors: &Anchors) -> Option<String> {
    let state = anchors
        .states()
        .into_iter()
        .find(|state| state.behind.is_some())?;
    let problem = state.problem.unwrap_or_default();
    Some(say!(
        "The anchor {anchor} lacks the last checkpoint: {problem}.",
        anchor = state.receiver,
        problem = retell(&problem)
    ))
}

fn exports(asked: &Asked, below: i64) -> Vec<Link> {
    let here = asked.as_shown("/audit/export").set("below", below);
    let link = |text: &str, format: &str| Link::new(text, here.clone().add("format", format));
    if asked.errors.is_empty() {
        vec![
            link(say("Export CSV"), "csv"),
            link(say("Export JSON Lines"), "jsonl"),
        ]
    } else {
        Vec::new()
    }
}

/// `GET /audit/export`: exactly what the list with the same address shows, whole.
async fn export(visit: Visit, caller: Caller, Query(query): Query) -> PageResult {
    let query = query.only(&[FILTERS, &["period", "per", "format"]].concat())?;
    query.once(ONCE)?;
    if let Some((name, _, known)) = odd(&query).first() {
        return Err(Problem::field(name, "invalid", format!("{known}.")));
    }
    let asked = Asked::of(&query, visit.frame.now);
    if let Some(error) = asked.errors.0.first() {
        return Err(Problem::field(
            &error.field,
            &error.code,
            error.message.clone(),
        ));
    }
    let fields = asked.export_fields(query.filled("format").unwrap_or("csv"));
    stream_export(&visit.app, caller, &fields).await
}
