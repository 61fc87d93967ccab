//! `/`: the state of the fleet at a glance.

use std::cmp::Reverse;
use std::time::Duration;

use carillon_contract::audit::AuditRow as AuditLine;
use carillon_contract::jobs::JobRow as JobLine;
use carillon_contract::overview::{ChangeView, FleetCause, FleetView, OverviewView, SiteHealth};
use carillon_domain::filter::{Ready, Test};
use carillon_domain::role::Permission;
use carillon_domain::{Cause, Filter, JobState};
use carillon_engine::inventory::PhoneQuery;
use carillon_engine::{Caller, Engine};
use carillon_language::{number, say};
use carillon_store::{AuditQuery, Direction, FleetHealth, JobQuery, PhoneSort, Seek, SiteReached};

use super::jobs::{NOT_BEGUN, OVER, UNDER_WAY};
use super::phones::rows::SiteNames;
use super::visit::{PageResult, Visit};
use super::{audit_row, job_row, notice, site_names, snippet};
use crate::fields::Query;
use crate::problem::Problem;
use crate::router::table::{Access, Table};

mod trends;

const RUNNING: i64 = 20;
const RECENT: i64 = 5;
const CHANGES: usize = 8;
/// Records that are read for them: what one person did many times in a row is one line.
const CHANGES_READ: i64 = 60;
const SITES: usize = 12;
/// Causes that are shown until somebody asks for all.
const CAUSES: usize = 8;
/// So many refusing phones tell from where we speak to them.
const ASKED: i64 = 20;
/// Changes that are older are not news.
const NEWS: Duration = Duration::from_hours(30 * 24);
const MICROS_OF_MINUTE: i64 = 60_000_000;
/// What people change; what jobs do to phones stands in the jobs.
const PEOPLE: [&str; 13] = [
    "phone.*",
    "phones.*",
    "site.*",
    "group.*",
    "credential.*",
    "inventory.imported",
    "inventory.import_undone",
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
    notice::unknown(&mut visit, &query, &["causes"]);
    let all_causes = query.text("causes") == Some("all");
    let engine = visit.app.engine();
    let (health, trends) = trends::with_health(engine, &caller).await?;
    let [running, not_started, recent] = jobs(engine, &caller).await?;
    let names = health.sites.iter();
    let names = names.map(|site| (site.slug.clone(), site.name.clone()));
    let names: SiteNames = names.collect();
    let mut view = OverviewView {
        fleet: fleet(&health),
        running,
        not_started,
        recent,
        changes: changes(engine, &caller, &names).await?,
        trends,
        more_causes: 0,
        causes: causes(&health),
        snippet: lines(engine, &caller, &health).await?,
        sites: sites(health.sites),
    };
    if !all_causes {
        view.more_causes = view.causes.split_off(view.causes.len().min(CAUSES)).len() as i64;
    }
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

/// The jobs under way, those that have not begun, and the last ones that are over.
async fn jobs(engine: &Engine, caller: &Caller) -> Result<[Vec<JobLine>; 3], Problem> {
    let of = |states: &[JobState]| JobQuery {
        states: states.to_vec(),
        ..JobQuery::default()
    };
    let lists = [
        (&of(&UNDER_WAY), RUNNING),
        (&of(&NOT_BEGUN), RUNNING),
        (&of(&OVER), RECENT),
    ];
    let found = engine.newest_jobs(caller, &lists).await?;
    let lines = found
        .iter()
        .map(|rows| rows.iter().map(job_row::row_view).collect());
    let mut lines = lines.fuse();
    Ok([(); 3].map(|()| lines.next().unwrap_or_default()))
}

fn causes(health: &FleetHealth) -> Vec<FleetCause> {
    let problems = health.causes.iter();
    let problems = problems.filter(|(cause, _)| cause.needs_a_look());
    problems
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

async fn changes(
    engine: &Engine,
    caller: &Caller,
    names: &SiteNames,
) -> Result<Vec<ChangeView>, Problem> {
    if caller.require(Permission::ViewAudit).is_err() {
        return Ok(Vec::new());
    }
    let query = AuditQuery {
        from: Some(engine.clock.now().minus(NEWS)),
        actions: PEOPLE.map(str::to_owned).to_vec(),
        ..AuditQuery::default()
    };
    let page = engine
        .audit_page(caller, &query, &Seek::Start, CHANGES_READ)
        .await?;
    let mut lines: Vec<AuditLine> = page.items.iter().map(audit_row::row_view).collect();
    for line in &mut lines {
        by_name(line, names);
    }
    let runs = in_a_row(lines, page.next.is_some());
    Ok(runs.take(CHANGES).map(change).collect())
}

/// Records tell a site by its name; those that were written before they did have only its slug.
fn by_name(line: &mut AuditLine, names: &SiteNames) {
    if let Some(object) = &mut line.object
        && line.action.starts_with("site.")
    {
        site_names::put(names, &mut object.text);
    }
}

/// A line, and how many more of its kind follow it.
type Run = (AuditLine, More);

/// How many. Where reading ended within them no number is told: it would shrink with each change that
/// comes on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum More {
    Exactly(i64),
    Uncounted,
}

/// What one person did again and again within a minute, without anything else between; `cut` where there are records
/// that were not read.
fn in_a_row(lines: Vec<AuditLine>, cut: bool) -> impl Iterator<Item = Run> {
    let mut runs: Vec<(AuditLine, i64)> = Vec::new();
    for line in lines {
        match runs.last_mut() {
            Some((first, more)) if alike(first, &line) => *more += 1,
            _ => runs.push((line, 0)),
        }
    }
    let last = runs.len();
    runs.into_iter().zip(1..).map(move |((line, more), place)| {
        let more = if cut && place == last && more > 0 {
            More::Uncounted
        } else {
            More::Exactly(more)
        };
        (line, more)
    })
}

/// What went wrong is no more of what went well, and another minute is another time: the line
/// shows one.
fn alike(one: &AuditLine, other: &AuditLine) -> bool {
    let minute = |line: &AuditLine| line.at.micros().div_euclid(MICROS_OF_MINUTE);
    one.action == other.action
        && one.actor == other.actor
        && one.result == other.result
        && minute(one) == minute(other)
}

fn change((line, more): Run) -> ChangeView {
    let phone = line.phone.map(|(_, name)| name);
    let job = line.job.map(|job| job.text);
    let about = line.object.map(|object| object.text).or(phone).or(job);
    let text = match about {
        Some(about) => format!("{}: {about}", line.words),
        None => line.words,
    };
    ChangeView {
        seq: line.seq,
        at: line.at,
        actor: line.actor,
        text: with_more(text, more),
    }
}

fn with_more(listed: String, more: More) -> String {
    match more {
        More::Exactly(0) => listed,
        More::Exactly(more) => say!("{listed} and {count} more", listed, count = number(more)),
        More::Uncounted => say!("{listed} and more", listed),
    }
}

#[cfg(test)]
mod tests {
    use carillon_domain::Timestamp;
    use carillon_domain::event::{Actor, ActorKind, Event, EventResult};
    use carillon_store::AuditRow;

    use super::*;

    #[test]
    fn the_same_again_and_again_is_one_line() {
        let line = |action: &str, actor: &str| AuditLine {
            seq: 1,
            at: Timestamp::from_micros(1),
            actor: actor.to_owned(),
            actor_kind: ActorKind::User,
            action: action.to_owned(),
            words: "added the phone".to_owned(),
            phone: None,
            object: None,
            result: EventResult::Ok,
            detail: String::new(),
            reason: String::new(),
            ip: None,
            ip_removed: false,
            job: None,
            job_records: None,
            job_stands: None,
        };
        let lines = vec![
            line("phone.created", "anna"),
            line("phone.created", "anna"),
            line("phone.created", "anna"),
            line("site.changed", "anna"),
            line("phone.created", "anna"),
            line("phone.created", "kim"),
        ];
        let runs = in_a_row(lines.clone(), true);
        let more: Vec<More> = runs.map(|(_, more)| more).collect();
        let exactly = [2, 0, 0].map(More::Exactly);
        assert_eq!(more, [&exactly[..], &[More::Exactly(0)]].concat());
        let two = vec![lines[0].clone(), lines[1].clone()];
        let runs = in_a_row(two, true);
        let cut: Vec<More> = runs.map(|(_, more)| more).collect();
        assert_eq!(cut, [More::Uncounted]);
        let first = in_a_row(lines, true).map(change).next().expect("a line");
        assert_eq!(first.text, "added the phone and 2 more");
        let mut apart = [line("phone.created", "anna"), line("phone.created", "anna")];
        apart[0].at = Timestamp::from_micros(MICROS_OF_MINUTE);
        assert_eq!(in_a_row(apart.to_vec(), false).count(), 2, "a minute apart");
    }

    #[test]
    fn a_site_is_named() {
        let mut event = Event::new(Timestamp::from_micros(1), Actor::system(), "site.changed");
        event.site = Some("home-offices".to_owned());
        let mut line = audit_row::row_view(&AuditRow {
            seq: 1,
            event,
            entry: String::new(),
            origin: None,
            leaf_hash: Vec::new(),
        });
        let name = ("home-offices".to_owned(), "Home offices".to_owned());
        by_name(&mut line, &SiteNames::from([name]));
        assert_eq!(
            change((line, More::Exactly(0))).text,
            "changed a site: Home offices"
        );
    }

    #[test]
    fn where_reading_ended_no_number_is_told() {
        let told = |more| with_more("added the phone".to_owned(), more);
        assert_eq!(told(More::Uncounted), "added the phone and more");
        assert_eq!(told(More::Exactly(3)), "added the phone and 3 more");
        assert_eq!(told(More::Exactly(0)), "added the phone");
    }

    #[test]
    fn a_stopped_job_is_told_by_its_command() {
        let mut event = Event::new(Timestamp::from_micros(1), Actor::system(), "job.cancelled");
        event.job = Some("0193".to_owned());
        event.detail = serde_json::json!({ "action": "Reboot" });
        let line = audit_row::row_view(&AuditRow {
            seq: 1,
            event,
            entry: String::new(),
            origin: None,
            leaf_hash: Vec::new(),
        });
        let text = change((line, More::Exactly(0))).text;
        assert_eq!(text, "stopped a job: Restart the phone");
    }
}
