//! The phones of a job: where each stands and why.

use carillon_contract::Href;
use carillon_contract::job::{EarlierTry, JobView, TargetRow};
use carillon_contract::list::Tab;
use carillon_domain::TargetState;
use leptos::prelude::*;

use crate::components::{
    ago, cause_note, dash, empty, link_button, paging, table, tabs, target_badge, td, td_num,
    text_or_dash, th, th_num, th_row, tr,
};
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

/// The phones of the state or cause that is looked at.
pub(super) fn targets(view: &JobView) -> AnyView {
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

/// Why it is so: what it waits for, the cause, and the tries before.
fn cause_cell(row: &TargetRow) -> AnyView {
    let waits = waits_for(row);
    if row.cause.is_none() && waits.is_none() && row.earlier.is_empty() {
        return dash();
    }
    let earlier: Vec<AnyView> = row.earlier.iter().map(earlier_try).collect();
    let earlier =
        (!earlier.is_empty()).then(|| view! { <ul class="plain-list muted">{earlier}</ul> });
    view! { {last_cause(row)}{waits}{earlier} }.into_any()
}

fn waits_for(row: &TargetRow) -> Option<AnyView> {
    if let Some(name) = &row.held_by {
        let text = format!("waits for the password of “{name}”");
        return Some(view! { <span class="muted">{text}</span> }.into_any());
    }
    let at = row.retry_at?;
    Some(view! { <span class="muted">" tried again "{ago(at)}</span> }.into_any())
}

fn earlier_try(earlier: &EarlierTry) -> AnyView {
    let cause = earlier.cause;
    view! { <li title=cause.sentence()>"before: "{cause.title()}" "{ago(earlier.sent_at)}</li> }
        .into_any()
}

fn last_cause(row: &TargetRow) -> Option<AnyView> {
    let cause = row.cause?;
    let said = (!row.excerpt.is_empty()).then(|| {
        view! { <span class="muted clip excerpt" title=row.excerpt.clone()>{row.excerpt.clone()}</span> }
    });
    Some(view! { <span title=cause.sentence()>{cause.title()}</span>" "{said} }.into_any())
}
