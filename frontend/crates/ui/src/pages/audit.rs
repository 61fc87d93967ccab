//! `/audit` and one record.

use std::collections::{HashMap, HashSet};

use carillon_contract::FrameView;
use carillon_contract::audit::{AuditRow, AuditView, ChainView};
use carillon_contract::form::Choice;
use carillon_contract::list::{Chip, Link};
use carillon_domain::event::{ActorKind, EventResult};
use carillon_language::{say, say_many};
use leptos::prelude::*;

use crate::components::{
    Field, at_a_glance, chips, dash, drawn_and_read, empty, fact, facts, filter_errors, get,
    hidden, icon, instant, link_button, mono, note, paging, paging_of, panel, record_badge,
    said_with, select, submit, table, tabs, td, th, th_row, total_text, tr, with_moment,
};
use crate::shell::Page;
use crate::words;

/// `/audit`.
pub(super) fn audit(frame: &FrameView, view: &AuditView) -> String {
    Page::new(say("Audit log")).write(frame, |page| {
        // Where nothing was looked for, nothing was counted.
        if view.errors.is_empty() {
            page.lede(lede(view));
        }
        for export in &view.exports {
            page.action(link_button(
                export.href.clone(),
                "download",
                export.text.clone(),
            ));
        }
        view! {
            {filter_errors(&view.errors)}
            {tabs(say("Views of the log"), &view.presets)}
            {filters(view)}
            {chips(&view.chips, &view.clear_href)}
            {view.errors.is_empty().then(|| found(view))}
            {view.chain.as_ref().map(chain)}
        }
        .into_any()
    })
}

fn found(view: &AuditView) -> AnyView {
    view! { {tabs(say("Lines of the list"), &view.lines)}{list(view)} }.into_any()
}

fn lede(view: &AuditView) -> AnyView {
    let total = view.paging.total;
    let count = if total.at_least && total.count > 0 {
        say!("{total} records", total = total_text(total))
    } else {
        say_many!(total.count, "{count} record", "{count} records")
    };
    // The count is that of an export of this page, whatever a line stands for.
    let count = if by_job(view) {
        say!("{records}, one line per job", records = count)
    } else {
        count
    };
    let count = format!("{count} · {}", view.period);
    let all = view
        .all_time_href
        .clone()
        .map(|href| view! { " · "<a href=href>{say("all time")}</a> });
    view! { {count}{all} }.into_any()
}

fn by_job(view: &AuditView) -> bool {
    !view.filter.per.is_empty()
}

fn filters(view: &AuditView) -> AnyView {
    let (filter, errors) = (&view.filter, &view.errors);
    let mut results = vec![Choice::new("", say("Any"), filter.result.is_empty())];
    results.extend(EventResult::ALL.iter().map(|result| {
        Choice::new(
            result.as_str(),
            words::event_result(*result),
            filter.result == result.as_str(),
        )
    }));
    // Comes from the links of an export; nobody needs it in an empty form.
    let below = (!filter.below.is_empty()).then(|| {
        let field = Field::text("below", say("Before record"));
        field.value(&filter.below).errors(errors).view()
    });
    let body = view! {
        <div class="field-grid">
            {Field::day("from", say("From")).value(&filter.from).errors(errors).view()}
            {Field::day("to", say("To")).value(&filter.to).errors(errors).view()}
            {Field::text("actor", say("Who")).value(&filter.actor).errors(errors).view()}
            {Field::text("action", say("Action")).value(&filter.action).errors(errors).offers(&view.actions).placeholder(say("signed in")).view()}
            {Field::text("phone", say("Phone (MAC)")).value(&filter.phone).errors(errors).view()}
            {select("result", say("Result"), &results, None, errors)}
            {Field::text("site", say("Site")).value(&filter.site).errors(errors).view()}
            {Field::text("group", say("Group")).value(&filter.group).errors(errors).view()}
            {Field::text("job", say("Job")).value(&filter.job).errors(errors).view()}
            {Field::text("ip", say("From address")).value(&filter.ip).errors(errors).view()}
            {Field::text("q", say("Reason, name or code")).value(&filter.q).errors(errors).view()}
            {below}
        </div>
        {(!filter.per.is_empty()).then(|| hidden("per", filter.per.clone()))}
        <div class="row">{submit("primary", "filter", say("Show"))}</div>
    };
    view! {
        <details class="facets" open=!errors.is_empty()>
            <summary>{icon("open")}<span>{say("Filters")}</span></summary>
            {get("/audit", "stack", body)}
        </details>
    }
    .into_any()
}

fn list(view: &AuditView) -> AnyView {
    if view.rows.is_empty() {
        return nothing(view);
    }
    let head = vec![
        th(say("Time")),
        th(say("Who")),
        th(say("What")),
        th(say("Concerns")),
        th(say("Result")),
        th(say("Reason")),
        th(say("Job")),
        th(say("From")),
    ];
    let shared = shared_names(&view.rows);
    let rows = view.rows.iter().map(|one| row(one, &shared)).collect();
    view! {
        {table("audit", say("Audit records, newest first"), head, rows)}
        {foot(view)}
    }
    .into_any()
}

/// Names that more than one phone has on this page.
fn shared_names(rows: &[AuditRow]) -> HashSet<&str> {
    let (mut called, mut shared) = (HashMap::new(), HashSet::new());
    for (mac, name) in rows.iter().filter_map(|row| row.phone.as_ref()) {
        if *called.entry(name.as_str()).or_insert(mac) != mac {
            shared.insert(name.as_str());
        }
    }
    shared
}

fn nothing(view: &AuditView) -> AnyView {
    let sentence = say!("No record fits in: {period}.", period = view.period);
    view! {
        {(!view.unknown.is_empty()).then(|| unknown(view))}
        {empty("search", say("Nothing matches"), sentence, ways_on(view))}
    }
    .into_any()
}

/// What to do where nothing fits: to look for an action, to look longer, or to be rid of a filter.
fn ways_on(view: &AuditView) -> Vec<AnyView> {
    let action = view.as_action.as_ref();
    let action = action.map(|link| link_button(link.href.clone(), "search", link.text.clone()));
    let longer = view.all_time_href.clone();
    let longer = longer.map(|href| link_button(href, "audit", say("Look at all time")));
    let without = view.chips.iter().map(without);
    let all = (view.chips.len() > 1)
        .then(|| link_button(view.clear_href.clone(), "close", say("Clear filters")));
    let first = action.into_iter().chain(longer);
    first.chain(without).chain(all).collect()
}

/// A filter may be long: unlike a button, this goes on in a second line.
fn without(filter: &Chip) -> AnyView {
    let text = say!("Remove filter {text}", text = filter.text);
    view! { <a class="chip" href=filter.remove_href.clone()>{icon("close")}<span>{text}</span></a> }
        .into_any()
}

/// Which words for actions mean nothing, and some that mean something.
fn unknown(view: &AuditView) -> AnyView {
    let examples = view.examples.iter().enumerate();
    let examples: Vec<_> = examples.map(example).collect();
    let words = view.unknown.join(", ");
    let parts = vec![
        ("words", words.into_any()),
        ("examples", examples.into_any()),
    ];
    let text = say(
        "No action is called “{words}”. These words find some: {examples}. The field Action under Filters offers all.",
    );
    note("warning", "warning", said_with(text, parts))
}

fn example((place, one): (usize, &Link)) -> AnyView {
    let between = (place > 0).then_some(", ");
    view! { {between}<a href=one.href.clone()>{one.text.clone()}</a> }.into_any()
}

fn foot(view: &AuditView) -> Option<AnyView> {
    let shown = view.rows.len();
    if !by_job(view) {
        return paging(&view.paging, shown, say("Newer"), say("Older"));
    }
    let text = say!(
        "{shown} lines on this page, of {total} records",
        shown = words::number(i64::try_from(shown).unwrap_or(i64::MAX)),
        total = total_text(view.paging.total)
    );
    paging_of(&view.paging, text, say("Newer"), say("Older"))
}

fn row(row: &AuditRow, shared: &HashSet<&str>) -> AnyView {
    let phone = row.phone.as_ref();
    let by_mac = phone.is_some_and(|(_, name)| shared.contains(name.as_str()));
    tr(vec![
        td(say("Time"), time_cell(row)),
        td(say("Who"), who(row)),
        th_row(what(row)),
        td(say("Concerns"), concerns(row, by_mac)),
        td(say("Result"), result(row)),
        td(say("Reason"), reason(row)),
        td(say("Job"), job(row)),
        td(say("From"), origin(row, say("removed"))),
    ])
}

/// The address it came from, or that this was removed.
pub(super) fn origin(row: &AuditRow, removed: &'static str) -> AnyView {
    match &row.ip {
        Some(ip) => mono(ip.clone()),
        None if row.ip_removed => view! { <span class="muted">{removed}</span> }.into_any(),
        None => dash(),
    }
}

fn time_cell(row: &AuditRow) -> AnyView {
    view! { <span class="nowrap">{at_a_glance(row.at)}</span> }.into_any()
}

pub(super) fn who(row: &AuditRow) -> AnyView {
    let (symbol, kind) = match row.actor_kind {
        ActorKind::User => ("user", say("Person")),
        ActorKind::Token => ("key", say("API token")),
        ActorKind::Local => ("terminal", say("On the server's machine")),
        ActorKind::System => ("carillon", say("Carillon itself")),
    };
    view! {
        <span class="who" title=kind>
            {drawn_and_read("muted", symbol, kind)}<span>{row.actor.clone()}</span>
        </span>
    }
    .into_any()
}

fn what(row: &AuditRow) -> AnyView {
    let href = format!("/audit/{}", row.seq);
    view! {
        <a class="row-name" href=href title=row.action.clone()>{row.words.clone()}</a>
    }
    .into_any()
}

/// The phone and what else a record is about; `by_mac`: the name alone does not tell which phone.
pub(super) fn concerns(row: &AuditRow, by_mac: bool) -> AnyView {
    let phone = row.phone.as_ref();
    let phone = phone.map(|(mac, name)| phone_link(&mac.to_string(), name, by_mac));
    let object = row.object.as_ref().map(
        |object| view! { <a class="quiet" href=object.href.clone()>{object.text.clone()}</a> },
    );
    if phone.is_none() && object.is_none() {
        return dash();
    }
    view! { {phone}{object} }.into_any()
}

fn phone_link(mac: &str, name: &str, by_mac: bool) -> AnyView {
    let name = Some(name).filter(|name| !name.is_empty()).unwrap_or(mac);
    let below =
        (by_mac && name != mac).then(|| view! { <span class="muted sub">{mac.to_owned()}</span> });
    let href = format!("/phones/{mac}");
    view! { <a class="quiet" href=href title=mac.to_owned()>{name.to_owned()}</a>{below}" " }
        .into_any()
}

pub(super) fn result(row: &AuditRow) -> AnyView {
    let detail = (!row.detail.is_empty())
        .then(|| view! { <span class="muted sub">{row.detail.clone()}</span> });
    view! { {record_badge(row)}{detail} }.into_any()
}

fn reason(row: &AuditRow) -> AnyView {
    if row.reason.is_empty() {
        return dash();
    }
    view! { <span class="clip" title=row.reason.clone()>{row.reason.clone()}</span> }.into_any()
}

pub(super) fn job(row: &AuditRow) -> AnyView {
    let records = row.job_records.as_ref().map(|href| {
        view! { <a class="quiet sub" href=href.clone()>{say("Its records")}</a> }
    });
    row.job.as_ref().map_or_else(dash, |job| {
        view! { <a class="quiet" href=job.href.clone()>{job.text.clone()}</a>" "{records} }
            .into_any()
    })
}

fn chain(chain: &ChainView) -> AnyView {
    let checkpoint = chain.checkpoint.map_or_else(
        || view! { <span class="muted">{say("not signed yet")}</span> }.into_any(),
        |(_, at)| instant(at),
    );
    let mut items = vec![
        fact(say("Records"), words::number(chain.size)),
        fact(
            say("Root"),
            view! { <span class="mono key">{chain.root.clone()}</span> },
        ),
        fact(say("Last checkpoint"), checkpoint),
    ];
    if let Some(key) = &chain.key {
        items.push(fact(
            say("Key"),
            view! { <span class="mono key">{key.clone()}</span> },
        ));
    }
    panel(
        "chain",
        say("Is it complete?"),
        view! {
            {chain.problem.clone().map(|problem| note("warning", "warning", with_moment(&problem)))}
            <p>{intact(chain)}</p>
            <p>{say("Each record is part of a hash tree; leaving one out or changing one shows. Check it all, with a key and a checkpoint that you kept elsewhere:")}</p>
            <pre class="code-block" tabindex="0"><code>{command(chain)}</code></pre>
            {facts(items)}
        },
    )
}

/// What the server itself found when it signed last.
fn intact(chain: &ChainView) -> AnyView {
    match chain.checkpoint {
        Some((size, at)) if chain.problem.is_none() => {
            let last = words::number(size - 1);
            said_with(
                say("Signed to #{last}, checkpoint {when}. What is stored is compared with it by the check below."),
                vec![("last", last.into_any()), ("when", instant(at))],
            )
            .into_any()
        }
        Some((size, _)) => {
            let last = words::number(size - 1);
            say!("Signed to #{last}; nothing was signed since.", last).into_any()
        }
        None => say("Nothing is signed yet.").into_any(),
    }
}

fn command(chain: &ChainView) -> String {
    let key = chain.key.as_ref();
    key.map_or_else(
        || "carillon audit verify".to_owned(),
        |key| format!("carillon audit verify --vkey {key} --checkpoint FILE"),
    )
}
