//! `/`: the state of the fleet at a glance.

use std::cmp::Reverse;
use std::time::Duration;

use carillon_contract::jobs::JobRow as JobLine;
use carillon_contract::overview::{ChangeView, FleetCause, FleetView, OverviewView, SiteHealth};
use carillon_domain::filter::{Ready, Test};
use carillon_domain::role::Permission;
use carillon_domain::{Cause, Filter, JobState};
use carillon_engine::inventory::PhoneQuery;
use carillon_engine::{Caller, Engine};
use carillon_store::{AuditQuery, Direction, FleetHealth, JobQuery, PhoneSort, Seek, SiteReached};

use super::jobs::{OPEN, OVER};
use super::visit::{PageResult, Visit};
use super::{audit_row, job_row, notice, snippet};
use crate::fields::Query;
use crate::problem::Problem;
use crate::router::table::{Access, Table};

mod trends;

const RUNNING: i64 = 20;
const RECENT: i64 = 5;
const CHANGES: i64 = 8;
const SITES: usize = 12;
const CAUSES: usize = 8;
/// So many refusing phones tell from where we speak to them.
const ASKED: i64 = 20;
/// Changes that are older are not news.
const NEWS: Duration = Duration::from_hours(30 * 24);
/// What people change; what jobs do to phones stands in the jobs.
const PEOPLE: [&str; 12] = [
    "phone.*",
    "phones.*",
    "site.*",
    "group.*",
    "credential.*",
    "inventory.imported",
    "user.*",
    "token.*",
    "stop_all.*",
    "job.cancelled",
    "job.paused",
    "job.resumed",
];

pub(super) fn routes(table: Table) -> Table {
    table.get("/", Access::SignedIn, show)
}

/// `GET /`.
async fn show(mut visit: Visit, caller: Caller, Query(query): Query) -> PageResult {
    notice::unknown(&mut visit, &query, &[]);
    let engine = visit.app.engine();
    let (health, trends) = trends::with_health(engine, &caller).await?;
    let (running, recent) = jobs(engine, &caller).await?;
    let view = OverviewView {
        fleet: fleet(&health),
        running,
        recent,
        changes: changes(engine, &caller).await?,
        trends,
        causes: causes(&health),
        snippet: lines(engine, &caller, &health).await?,
        sites: sites(health.sites),
    };
    let html = carillon_ui::overview(&visit.frame, &view);
    Ok(visit.page(html))
}

fn fleet(health: &FleetHealth) -> FleetView {
    FleetView {
        phones: health.all.total(),
        reachable: health.all.reachable,
        offline: health.all.offline,
        unknown: health.all.unknown,
        sites: health.sites.len() as i64,
        groups: health.groups,
    }
}

/// The jobs under way, and the last ones that are over.
async fn jobs(engine: &Engine, caller: &Caller) -> Result<(Vec<JobLine>, Vec<JobLine>), Problem> {
    let of = |states: &[JobState]| JobQuery {
        states: states.to_vec(),
        ..JobQuery::default()
    };
    let lists = [(&of(&OPEN), RUNNING), (&of(&OVER), RECENT)];
    let found = engine.newest_jobs(caller, &lists).await?;
    let lines = found
        .iter()
        .map(|rows| rows.iter().map(job_row::row_view).collect());
    let mut lines = lines.fuse();
    Ok((
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    ))
}

fn causes(health: &FleetHealth) -> Vec<FleetCause> {
    let problems = health.causes.iter();
    let problems = problems.filter(|(cause, _)| cause.needs_a_look());
    let first = problems.take(CAUSES);
    first
        .map(|(cause, phones)| FleetCause {
            cause: *cause,
            phones: *phones,
        })
        .collect()
}

/// The lines that open refusing phones to this server; `None` when none refuses.
async fn lines(
    engine: &Engine,
    caller: &Caller,
    health: &FleetHealth,
) -> Result<Option<String>, Problem> {
    if !health
        .causes
        .iter()
        .any(|(cause, _)| *cause == Cause::Forbidden)
    {
        return Ok(None);
    }
    let mut filter = Filter::default();
    filter.require(Test::Ready(Ready::Gate(Cause::Forbidden)));
    let query = PhoneQuery {
        filter: &filter,
        sort: PhoneSort::Address,
        direction: Direction::Descending,
        seek: Seek::Start,
        limit: ASKED,
    };
    let page = engine.phone_page(caller, query).await?;
    let addresses = page.items.iter().filter_map(|row| row.phone.address);
    Ok(snippet::lines_for(addresses))
}

/// The sites with most phones away first.
fn sites(mut sites: Vec<SiteReached>) -> Vec<SiteHealth> {
    sites.sort_by_key(|site| Reverse((site.reached.offline, site.reached.total())));
    let first = sites.into_iter().take(SITES);
    first
        .map(|site| SiteHealth {
            slug: site.slug,
            name: site.name,
            phones: site.reached.total(),
            reachable: site.reached.reachable,
            offline: site.reached.offline,
            unknown: site.reached.unknown,
        })
        .collect()
}

async fn changes(engine: &Engine, caller: &Caller) -> Result<Vec<ChangeView>, Problem> {
    if caller.require(Permission::ViewAudit).is_err() {
        return Ok(Vec::new());
    }
    let query = AuditQuery {
        from: Some(engine.clock.now().minus(NEWS)),
        actions: PEOPLE.map(str::to_owned).to_vec(),
        ..AuditQuery::default()
    };
    let page = engine
        .audit_page(caller, &query, &Seek::Start, CHANGES)
        .await?;
    Ok(page.items.iter().map(change).collect())
}

fn change(row: &carillon_store::AuditRow) -> ChangeView {
    let line = audit_row::row_view(row);
    let phone = line.phone.map(|(_, name)| name);
    let about = line.object.map(|object| object.text).or(phone);
    ChangeView {
        seq: line.seq,
        at: line.at,
        actor: line.actor,
        text: match about {
            Some(about) => format!("{}: {about}", line.words),
            None => line.words,
        },
    }
}
