//! `/audit` and one record.

use carillon_contract::FrameView;
use carillon_contract::audit::{AuditRow, AuditView, ChainView};
use carillon_contract::form::Choice;
use carillon_domain::event::{ActorKind, EventResult};
use leptos::prelude::*;

use crate::components::{
    Field, chips, dash, empty, fact, facts, filter_errors, get, icon, instant, link_button, mono,
    note, paging, panel, result_badge, select, submit, table, tabs, td, th, th_row, total_text, tr,
};
use crate::shell::Page;
use crate::words;

/// `/audit`.
pub fn audit(frame: &FrameView, view: &AuditView) -> String {
    Page::new("Audit log").write(frame, |page| {
        page.lede(lede(view));
        for export in &view.exports {
            page.action(link_button(
                export.href.clone(),
                "download",
                export.text.clone(),
            ));
        }
        view! {
            {filter_errors(&view.errors)}
            {tabs("Views of the log", &view.presets)}
            {filters(view)}
            {chips(&view.chips, &view.clear_href)}
            {list(view)}
            {view.chain.as_ref().map(chain)}
        }
        .into_any()
    })
}

fn lede(view: &AuditView) -> AnyView {
    let count = format!(
        "{} · {}",
        words::counted(view.paging.total.count, "record", "records"),
        view.period
    );
    let count = if view.paging.total.at_least {
        format!(
            "{} records · {}",
            total_text(view.paging.total),
            view.period
        )
    } else {
        count
    };
    let all = view
        .all_time_href
        .clone()
        .map(|href| view! { " · "<a href=href>"all time"</a> });
    view! { {count}{all} }.into_any()
}

fn filters(view: &AuditView) -> AnyView {
    let (filter, errors) = (&view.filter, &view.errors);
    let mut results = vec![Choice::new("", "Any", filter.result.is_empty())];
    results.extend(EventResult::ALL.iter().map(|result| {
        Choice::new(
            result.as_str(),
            words::event_result(*result),
            filter.result == result.as_str(),
        )
    }));
    let body = view! {
        <div class="field-grid">
            {Field::day("from", "From").value(&filter.from).errors(errors).view()}
            {Field::day("to", "To").value(&filter.to).errors(errors).view()}
            {Field::text("actor", "Who").value(&filter.actor).errors(errors).view()}
            {Field::text("action", "Action").value(&filter.action).errors(errors).placeholder("job.submitted").view()}
            {Field::text("phone", "Phone (MAC)").value(&filter.phone).errors(errors).view()}
            {select("result", "Result", &results, None, errors)}
            {Field::text("site", "Site").value(&filter.site).errors(errors).view()}
            {Field::text("group", "Group").value(&filter.group).errors(errors).view()}
            {Field::text("job", "Job").value(&filter.job).errors(errors).view()}
            {Field::text("ip", "From address").value(&filter.ip).errors(errors).view()}
            {Field::text("q", "Words of the reason").value(&filter.q).errors(errors).view()}
        </div>
        <div class="row">{submit("primary", "filter", "Show")}</div>
    };
    view! {
        <details class="facets" open=!(errors.is_empty() && view.chips.is_empty())>
            <summary>{icon("open")}<span>"Filters"</span></summary>
            {get("/audit", "stack", body)}
        </details>
    }
    .into_any()
}

fn list(view: &AuditView) -> AnyView {
    if view.rows.is_empty() {
        let mut next = Vec::new();
        if let Some(href) = &view.all_time_href {
            next.push(link_button(href.clone(), "audit", "Look at all time"));
        }
        if !view.chips.is_empty() {
            next.push(link_button(
                view.clear_href.clone(),
                "close",
                "Clear filters",
            ));
        }
        let sentence = format!("No record fits in: {}.", view.period);
        return empty("search", "Nothing matches", sentence, next);
    }
    let head = vec![
        th("Time (UTC)"),
        th("Who"),
        th("What"),
        th("Concerns"),
        th("Result"),
        th("Reason"),
        th("Job"),
        th("From"),
    ];
    view! {
        {table("audit", "Audit records, newest first", head, view.rows.iter().map(row).collect())}
        {paging(&view.paging, view.rows.len(), "Newer", "Older")}
    }
    .into_any()
}

fn row(row: &AuditRow) -> AnyView {
    tr(vec![
        td("Time (UTC)", time_cell(row)),
        td("Who", who(row)),
        th_row(what(row)),
        td("Concerns", concerns(row)),
        td("Result", result(row)),
        td("Reason", reason(row)),
        td("Job", job(row)),
        td(
            "From",
            row.ip.as_ref().map_or_else(dash, |ip| mono(ip.clone())),
        ),
    ])
}

fn time_cell(row: &AuditRow) -> AnyView {
    let text = row.at.to_minute_text();
    let age = words::age(crate::surroundings::Surroundings::of_page().now, row.at);
    view! { <time class="tnum nowrap" datetime=row.at.to_string() title=age>{text}</time> }
        .into_any()
}

pub(super) fn who(row: &AuditRow) -> AnyView {
    let (symbol, kind) = match row.actor_kind {
        ActorKind::User => ("user", "Person"),
        ActorKind::Token => ("key", "API token"),
        ActorKind::Local => ("terminal", "On the server's machine"),
        ActorKind::System => ("carillon", "Carillon itself"),
    };
    view! {
        <span class="who" title=kind>
            {icon(symbol)}<span class="visually-hidden">{format!("{kind}: ")}</span><span>{row.actor.clone()}</span>
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

pub(super) fn concerns(row: &AuditRow) -> AnyView {
    let phone = row.phone.as_ref().map(|(mac, name)| {
        let name = if name.is_empty() {
            mac.to_string()
        } else {
            name.clone()
        };
        view! { <a class="quiet" href=format!("/phones/{mac}") title=mac.to_string()>{name}</a>" " }
    });
    let object = row.object.as_ref().map(
        |object| view! { <a class="quiet" href=object.href.clone()>{object.text.clone()}</a> },
    );
    if phone.is_none() && object.is_none() {
        return dash();
    }
    view! { {phone}{object} }.into_any()
}

pub(super) fn result(row: &AuditRow) -> AnyView {
    let detail = (!row.detail.is_empty())
        .then(|| view! { <span class="muted sub">{row.detail.clone()}</span> });
    view! { {result_badge(row.result)}{detail} }.into_any()
}

fn reason(row: &AuditRow) -> AnyView {
    if row.reason.is_empty() {
        return dash();
    }
    view! { <span class="clip" title=row.reason.clone()>{row.reason.clone()}</span> }.into_any()
}

pub(super) fn job(row: &AuditRow) -> AnyView {
    row.job.as_ref().map_or_else(dash, |job| {
        view! { <a class="quiet" href=job.href.clone()>{job.text.clone()}</a> }.into_any()
    })
}

fn chain(chain: &ChainView) -> AnyView {
    let checkpoint = chain.checkpoint.map_or_else(
        || view! { <span class="muted">"not signed yet"</span> }.into_any(),
        |(_, at)| instant(at),
    );
    let mut items = vec![
        fact("Records", words::number(chain.size)),
        fact(
            "Root",
            view! { <span class="mono key">{chain.root.clone()}</span> },
        ),
        fact("Last checkpoint", checkpoint),
    ];
    if let Some(key) = &chain.key {
        items.push(fact(
            "Key",
            view! { <span class="mono key">{key.clone()}</span> },
        ));
    }
    panel(
        "chain",
        "Is it complete?",
        view! {
            {chain.problem.clone().map(|problem| note("warning", "warning", problem))}
            <p>{intact(chain)}</p>
            <p>"Each record is part of a hash tree; leaving one out or changing one shows. Check it all, with a key and a checkpoint that you kept elsewhere:"</p>
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
            view! { "Intact to #"{last}", checkpoint "{instant(at)}" signed." }.into_any()
        }
        Some((size, _)) => {
            let last = words::number(size - 1);
            view! { "Signed to #"{last}"; nothing was signed since." }.into_any()
        }
        None => "Nothing is signed yet.".into_any(),
    }
}

fn command(chain: &ChainView) -> String {
    let key = chain.key.as_ref();
    key.map_or_else(
        || "carillon audit verify".to_owned(),
        |key| format!("carillon audit verify --vkey {key} --checkpoint FILE"),
    )
}
