//! `/jobs/{id}`: one job, how it ended on each phone, and why.

use carillon_contract::job::{JobView, RetryForm, RetryState, TargetRow};
use carillon_contract::list::Tab;
use carillon_contract::{FrameView, Href};
use carillon_domain::TargetState;
use leptos::prelude::*;

use crate::components::{
    Field, ago, cause_note, checkbox, class_badge, dash, empty, error_summary, fact, fact_text,
    facts, icon, instant_and_age, link_button, paging, panel, post, section, submit, table, tabs,
    target_badge, td, td_num, text_or_dash, th, th_num, th_row, tr,
};
use crate::islands::JobLive;
use crate::shell::{Page, Scripts};
use crate::words;

/// States in order of the tabs: what somebody looks for comes first.
const TAB_ORDER: [TargetState; 10] = [
    TargetState::Failed,
    TargetState::Unknown,
    TargetState::Verified,
    TargetState::Acknowledged,
    TargetState::Skipped,
    TargetState::Cancelled,
    TargetState::Expired,
    TargetState::Sending,
    TargetState::Verifying,
    TargetState::Waiting,
];

/// `/jobs/{id}`.
pub fn job(frame: &FrameView, view: &JobView) -> String {
    let title = format!("{} · {}", view.title, words::phones(view.summary.total));
    let scripts = Scripts {
        copy: view.snippet.is_some(),
        islands: !view.summary.state.is_terminal(),
        ..Scripts::default()
    };
    Page::new(title).scripts(scripts).write(frame, |page| {
        page.up("/jobs", "Jobs");
        page.lede(lede(view));
        for control in controls(view) {
            page.action(control);
        }
        let live = view! {
            <JobLive summary=view.summary.clone() icons=frame.assets.icons.clone() snippet=view.snippet.clone() />
        };
        view! {
            {live}
            {view.retry.as_ref().map(|retry| retry_form(view, retry))}
            {section("phones", "Phones", export(view), targets(view))}
            {about(view)}
        }
        .into_any()
    })
}

fn lede(view: &JobView) -> AnyView {
    let reason = if view.reason.is_empty() {
        view! { <span class="muted">"no reason given"</span> }.into_any()
    } else {
        view! { <span class="quote">{format!("“{}”", view.reason)}</span> }.into_any()
    };
    let retry_of = view.retry_of.as_ref().map(|job| {
        view! { <span class="muted">"retries "<a href=job.href.clone()>{job.text.clone()}</a></span> }
    });
    view! {
        <span class="headline">
            <span>{view.targets.clone()}</span>
            {class_badge(view.class)}
            <span>"by "<strong>{view.actor.clone()}</strong></span>
            {reason}
            <span class="muted">{ago(view.created_at)}</span>
            {retry_of}
        </span>
    }
    .into_any()
}

fn controls(view: &JobView) -> Vec<AnyView> {
    let path = format!("/jobs/{}", view.summary.id);
    let mut list = Vec::new();
    if view.controls.pause {
        list.push(post(
            format!("{path}/pause"),
            "job-control",
            submit("", "pause", "Pause"),
        ));
    }
    if view.controls.resume {
        list.push(post(
            format!("{path}/resume"),
            "job-control",
            submit("primary", "run", "Resume"),
        ));
    }
    if view.controls.stop {
        let href = format!("{path}/cancel");
        list.push(
            view! { <a class="button danger job-control" href=href>{icon("stop")}<span>"Stop…"</span></a> }
                .into_any(),
        );
    }
    list
}

fn export(view: &JobView) -> Option<AnyView> {
    (!view.export_href.is_empty()).then(|| {
        let word = format!("Export CSV ({})", words::number(view.summary.total));
        link_button(view.export_href.clone(), "download", word)
    })
}

fn state_tabs(view: &JobView) -> Vec<Tab> {
    let path = format!("/jobs/{}", view.summary.id);
    let mut list = vec![Tab {
        text: "All".to_owned(),
        href: path.clone(),
        count: Some(view.summary.total),
        current: view.states.is_empty() && view.cause.is_none(),
    }];
    list.extend(
        TAB_ORDER
            .iter()
            .filter(|state| view.summary.counts.get(**state) > 0 || view.states.contains(state))
            .map(|state| Tab {
                text: words::target_state(*state).to_owned(),
                href: Href::new(path.clone()).add("state", state).to_string(),
                count: Some(view.summary.counts.get(*state)),
                current: view.states.contains(state) && view.cause.is_none(),
            }),
    );
    list
}

fn targets(view: &JobView) -> AnyView {
    let cause = view.cause.map(|cause| {
        let all = format!("/jobs/{}", view.summary.id);
        view! {
            {cause_note(cause, None)}
            <p><a href=all>"Show all phones of this job"</a></p>
        }
    });
    view! {
        {tabs("Phones by state", &state_tabs(view))}
        {cause}
        {target_table(view)}
        {paging(&view.paging, view.rows.len(), "Previous", "Next")}
    }
    .into_any()
}

fn target_table(view: &JobView) -> AnyView {
    if view.rows.is_empty() {
        let all = link_button(
            format!("/jobs/{}", view.summary.id),
            "close",
            "Show all phones",
        );
        return empty(
            "search",
            "No phone here",
            "No phone of this job is in this state now.",
            vec![all],
        );
    }
    let head = vec![
        th("Phone"),
        th("Ext."),
        th("Model"),
        th("Site"),
        th("State"),
        th("Cause"),
        th_num("Status"),
        th("Way"),
        th_num("Tries"),
        th("Sent"),
        th_num("Took"),
    ];
    let caption = format!(
        "Phones of this job, {} on this page",
        words::number(i64::try_from(view.rows.len()).unwrap_or(i64::MAX))
    );
    table(
        "targets",
        caption,
        head,
        view.rows.iter().map(target_row).collect(),
    )
}

fn target_row(row: &TargetRow) -> AnyView {
    let href = format!("/phones/{}", row.mac);
    let name = if row.name.is_empty() {
        row.mac.to_string()
    } else {
        row.name.clone()
    };
    tr(vec![
        th_row(view! { <a class="row-name" href=href title=row.mac.to_string()>{name}</a> }),
        td("Ext.", text_or_dash(&row.extension)),
        td("Model", text_or_dash(&row.model)),
        td("Site", text_or_dash(row.site.as_deref().unwrap_or(""))),
        td("State", target_badge(row.state)),
        td("Cause", cause_cell(row)),
        td_num("Status", number_or_dash(row.http_status.map(i64::from))),
        td(
            "Way",
            row.transport
                .map_or_else(dash, |way| way.to_string().into_any()),
        ),
        td_num("Tries", words::number(row.attempts)),
        td("Sent", row.sent_at.map_or_else(dash, ago)),
        td_num(
            "Took",
            row.duration_ms
                .map_or_else(dash, |ms| words::milliseconds(ms).into_any()),
        ),
    ])
}

fn number_or_dash(value: Option<i64>) -> AnyView {
    value.map_or_else(dash, |value| value.to_string().into_any())
}

fn cause_cell(row: &TargetRow) -> AnyView {
    let Some(cause) = row.cause else {
        return dash();
    };
    let said = (!row.excerpt.is_empty()).then(|| {
        view! { <span class="muted clip excerpt" title=row.excerpt.clone()>{row.excerpt.clone()}</span> }
    });
    view! { <span title=cause.sentence()>{cause.title()}</span>" "{said} }.into_any()
}

fn retry_form(view: &JobView, retry: &RetryForm) -> AnyView {
    let states: Vec<AnyView> = retry.states.iter().map(retry_state).collect();
    let body = view! {
        {error_summary(&retry.errors)}
        <fieldset class="retry-states">
            <legend>"Which phones"</legend>
            {states}
        </fieldset>
        {Field::text("reason", "Reason").value(&retry.reason).errors(&retry.errors).view()}
        <div class="row">{submit("", "retry", "Review the retry")}</div>
    };
    panel(
        "retry",
        "Try again",
        post(
            format!("/jobs/{}/retry", view.summary.id),
            "retry-form",
            body,
        ),
    )
}

fn retry_state(retry: &RetryState) -> AnyView {
    let hint = (retry.state == TargetState::Unknown)
        .then(|| view! { <span class="hint">"may already have happened"</span> });
    let label = view! {
        {words::target_state(retry.state)}" "<span class="tnum muted">{words::number(retry.count)}</span>{hint}
    };
    checkbox("states", retry.state.as_str(), label, retry.selected)
}

fn about(view: &JobView) -> AnyView {
    let pace: Vec<AnyView> = view
        .pacing_in_words
        .iter()
        .map(|line| view! { <li>{line.clone()}</li> }.into_any())
        .collect();
    let mut items: Vec<AnyView> = view
        .params
        .iter()
        .map(|(label, value)| {
            view! { <div class="fact"><dt>{label.clone()}</dt><dd>{value.clone()}</dd></div> }
                .into_any()
        })
        .collect();
    items.push(fact_text("Action", &view.action));
    items.push(fact("Made", instant_and_age(view.created_at)));
    if let Some(at) = view.summary.started_at {
        items.push(fact("First sent", instant_and_age(at)));
    }
    if let Some(at) = view.summary.finished_at {
        items.push(fact("Ended", instant_and_age(at)));
    }
    if let Some(at) = view.not_after {
        items.push(fact("Not sent after", instant_and_age(at)));
    }
    items.push(fact("Pace", view! { <ul class="plain-list">{pace}</ul> }));
    if !view.retries.is_empty() {
        items.push(fact("Retried by", links(view)));
    }
    items.push(fact(
        "Job",
        view! { <span class="mono">{view.summary.id.clone()}</span> },
    ));
    let audit = link_button(view.audit_href.clone(), "audit", "What was recorded");
    panel(
        "about",
        "About this job",
        view! {
            {facts(items)}
            <p class="hint">"One request as it goes over the wire; secrets are masked."</p>
            <pre class="code-block" tabindex="0"><code>{view.request_example.clone()}</code></pre>
            <div class="row">{audit}</div>
        },
    )
}

fn links(view: &JobView) -> AnyView {
    let links: Vec<AnyView> = view
        .retries
        .iter()
        .map(|job| view! { <li><a href=job.href.clone()>{job.text.clone()}</a></li> }.into_any())
        .collect();
    view! { <ul class="inline-list">{links}</ul> }.into_any()
}
