//! `/`: the state of the fleet at a glance.

use carillon_contract::jobs::JobRow;
use carillon_contract::overview::{ChangeView, FleetCause, FleetView, OverviewView, SiteHealth};
use carillon_contract::{FrameView, Href};
use carillon_domain::Cause;
use carillon_language::{say, say_many};
use leptos::prelude::*;

use super::overview_trends::trends;
use crate::components::{
    ago, allow_list, empty, icon, job_table, link_button, percent, primary_link, section, share,
    table, target_meaning, td, td_num, th, th_num, th_row, tr,
};
use crate::shell::Page;
use crate::words;

/// `/`.
pub(super) fn overview(frame: &FrameView, view: &OverviewView) -> String {
    Page::new(say("Overview")).write(frame, |page| {
        let may = frame.user.as_ref().map(|user| user.may).unwrap_or_default();
        if view.fleet.phones == 0 {
            return first_steps(may.manage_inventory);
        }
        page.lede(fleet_sentence(&view.fleet));
        if may.run_jobs {
            page.action(primary_link("/run", "run", say("Run a command")));
        }
        view! {
            {tiles(&view.fleet)}
            {running(view)}
            {not_started(&view.not_started)}
            <div class="columns">
                {causes(view)}
                {sites(&view.sites)}
            </div>
            {trends(&view.trends)}
            {recent(view)}
            {changes(&view.changes)}
        }
        .into_any()
    })
}

fn fleet_sentence(fleet: &FleetView) -> String {
    say!(
        "{phones} at {sites} in {groups}",
        phones = words::phones(fleet.phones),
        sites = say_many!(fleet.sites, "{count} site", "{count} sites"),
        groups = say_many!(fleet.groups, "{count} group", "{count} groups")
    )
}

fn first_steps(may_manage: bool) -> AnyView {
    if !may_manage {
        return empty(
            "phone",
            say("No phones yet"),
            say("An administrator adds them; then this page shows how they are."),
            vec![],
        );
    }
    empty(
        "phone",
        say("No phones yet"),
        say("Import a list (a MAC address per line is enough to begin with), or add one by hand."),
        vec![
            primary_link("/phones/import", "upload", say("Import a list")),
            link_button("/phones/new", "plus", say("Add a phone")),
        ],
    )
}

fn tiles(fleet: &FleetView) -> AnyView {
    let by_state = |state: &str| Href::new("/phones").add("state", state).to_string();
    view! {
        <ul class="tiles">
            {tile("plain", "phone", say("Phones"), fleet.phones, "/phones".to_owned(), say("in the inventory"))}
            {tile("verified", "online", say("Reachable"), fleet.reachable, by_state("reachable"), say("answered when last contacted"))}
            {tile("failed", "offline", say("Offline"), fleet.offline, by_state("offline"), say("did not answer when last contacted"))}
            {tile("waiting", "question", say("Not contacted"), fleet.unknown, by_state("unknown"), say("nothing was sent to them yet"))}
        </ul>
    }
    .into_any()
}

fn tile(
    meaning: &'static str,
    symbol: &'static str,
    word: &'static str,
    count: i64,
    href: String,
    note: &'static str,
) -> AnyView {
    let zero = if count == 0 { " is-zero" } else { "" };
    let class = format!("tile is-{meaning}{zero}");
    view! {
        <li class=class>
            <a href=href>
                <span class="tile-word">{icon(symbol)}<span>{word}</span></span>
                <span class="tile-number">{words::number(count)}</span>
                <span class="tile-note muted">{note}</span>
            </a>
        </li>
    }
    .into_any()
}

fn running(view: &OverviewView) -> AnyView {
    let body = if view.running.is_empty() {
        view! { <p class="muted quiet-line">{say("Nothing is being sent.")}</p> }.into_any()
    } else {
        job_table(
            say("Jobs that have begun and are not finished"),
            &view.running,
        )
    };
    section("running", say("Under way"), None, body)
}

/// What nothing was sent of yet, where there is any.
fn not_started(jobs: &[JobRow]) -> Option<AnyView> {
    if jobs.is_empty() {
        return None;
    }
    let heading = say("Not started yet");
    let table = job_table(say("Jobs that are scheduled or await approval"), jobs);
    Some(section("not-started", heading, None, table))
}

fn recent(view: &OverviewView) -> AnyView {
    let all = view! { <a href="/jobs">{say("All jobs")}</a> }.into_any();
    let body = if view.recent.is_empty() {
        view! { <p class="muted quiet-line">{say("No job has finished yet.")}</p> }.into_any()
    } else {
        job_table(say("The last finished jobs"), &view.recent)
    };
    section("recent", say("Finished lately"), Some(all), body)
}

fn causes(view: &OverviewView) -> AnyView {
    let lines = view.snippet.as_deref();
    let body = if view.causes.is_empty() {
        view! { <p class="quiet-line">{icon("verified")}" "{say("No phone's last command went wrong.")}</p> }
            .into_any()
    } else {
        let items: Vec<AnyView> = view
            .causes
            .iter()
            .map(|group| cause(group, lines))
            .collect();
        view! { <ul class="cause-lines">{items}</ul>{more_causes(view.more_causes)} }.into_any()
    };
    section(
        "causes",
        say("Why the last command of phones failed"),
        None,
        body,
    )
}

fn more_causes(more: i64) -> Option<AnyView> {
    (more > 0).then(|| {
        let text = say_many!(
            more,
            "… and {count} more cause",
            "… and {count} more causes"
        );
        view! { <p class="quiet-line"><a href="/?causes=all#causes">{text}</a></p> }.into_any()
    })
}

fn cause(group: &FleetCause, lines: Option<&str>) -> AnyView {
    let cause = group.cause;
    let lines = lines.filter(|_| cause == Cause::Forbidden).map(allow_list);
    let href = Href::new("/phones").add("ready", cause).to_string();
    let class = format!("is-{}", target_meaning(cause.state()));
    view! {
        <li class=class>
            <a class="cause-line-count tnum" href=href aria-label=format!("{}: {}", words::phones(group.phones), words::cause_title(cause))>
                {words::number(group.phones)}
            </a>
            <div>
                <p class="cause-title">{words::cause_title(cause)}</p>
                <p class="muted">{words::cause_next_step(cause)}</p>
                {lines}
            </div>
        </li>
    }
    .into_any()
}

fn sites(sites: &[SiteHealth]) -> AnyView {
    let all = view! { <a href="/sites">{say("All sites")}</a> }.into_any();
    let body = if sites.is_empty() {
        view! { <p class="muted quiet-line">{say("No sites yet.")}</p> }.into_any()
    } else {
        table(
            "sites-health",
            say("How the sites are"),
            vec![
                th(say("Site")),
                th(say("Reached")),
                th_num(say("Phones")),
                th_num(say("Offline")),
            ],
            sites.iter().map(site).collect(),
        )
    };
    section("sites", say("Sites"), Some(all), body)
}

fn site(site: &SiteHealth) -> AnyView {
    let href = Href::new("/phones").add("site", &site.slug);
    let offline = href.clone().add("state", "offline").to_string();
    let offline = if site.offline == 0 {
        view! { <span class="muted">"0"</span> }.into_any()
    } else {
        view! { <a class="problems" href=offline>{words::number(site.offline)}</a> }.into_any()
    };
    tr(vec![
        th_row(view! { <a href=href.to_string()>{site.name.clone()}</a> }),
        td(say("Reached"), reach_bar(site)),
        td_num(say("Phones"), words::number(site.phones)),
        td_num(say("Offline"), offline),
    ])
}

fn reach_bar(site: &SiteHealth) -> AnyView {
    let (up, down) = (
        share(site.reachable, site.phones),
        share(site.offline, site.phones),
    );
    let label = say!(
        "{reachable} of {phones} reachable, {offline} offline, {unknown} not contacted",
        reachable = words::number(site.reachable),
        phones = words::number(site.phones),
        offline = words::number(site.offline),
        unknown = words::number(site.unknown)
    );
    view! {
        <svg class="bar thin" role="img" aria-label=label>
            <rect class="seg seg-verified" x="0%" width=percent(up) height="100%"></rect>
            <rect class="seg seg-failed" x=percent(up) width=percent(down) height="100%"></rect>
        </svg>
    }
    .into_any()
}

fn changes(changes: &[ChangeView]) -> Option<AnyView> {
    if changes.is_empty() {
        return None;
    }
    let items: Vec<AnyView> = changes
        .iter()
        .map(|change| {
            let href = format!("/audit/{}", change.seq);
            view! {
                <li>
                    <span class="timeline-when muted">{ago(change.at)}</span>
                    <span class="timeline-what">
                        <strong>{change.actor.clone()}</strong>" "<a class="quiet" href=href>{change.text.clone()}</a>
                    </span>
                </li>
            }
            .into_any()
        })
        .collect();
    let all = view! { <a href="/audit">{say("Audit log")}</a> }.into_any();
    Some(section(
        "changes",
        say("Changed lately"),
        Some(all),
        view! { <ol class="timeline">{items}</ol> },
    ))
}
