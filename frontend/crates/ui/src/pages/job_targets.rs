//! The phones of a job: where each stands and why.

use carillon_contract::Href;
use carillon_contract::job::{EarlierTry, JobView, RetryCause, TargetRow};
use carillon_contract::list::Tab;
use carillon_domain::outcome::Transport;
use carillon_domain::{Cause, TargetState};
use carillon_language::say;
use leptos::prelude::*;

use crate::components::{
    SCORE, ago, always_shown, cause_note, dash, empty, link_button, paging, said_with, score_count,
    score_href, table, tabs, target_badge, td, td_num, text_or_dash, th, th_num, th_row, to_phones,
    tr,
};
use crate::words;

/// First states of the words of the score in order of the tabs: what somebody looks for comes first.
const TAB_ORDER: [TargetState; 9] = [
    TargetState::Failed,
    TargetState::Unknown,
    TargetState::Verified,
    TargetState::Acknowledged,
    TargetState::Skipped,
    TargetState::Cancelled,
    TargetState::Expired,
    TargetState::Sending,
    TargetState::Waiting,
];

/// States of what the outcome of a job calls its problems.
const PROBLEMS: [TargetState; 3] = [
    TargetState::Failed,
    TargetState::Unknown,
    TargetState::Expired,
];

fn state_tabs(view: &JobView) -> Vec<Tab> {
    let path = format!("/jobs/{}", view.summary.id);
    let mut list = vec![Tab {
        text: say("All").to_owned(),
        href: to_phones(&Href::new(path.clone())),
        count: Some(view.summary.total),
        current: view.states.is_empty() && view.cause.is_none(),
    }];
    let words = TAB_ORDER.iter().filter_map(|first| {
        let of = |(_, states): &&(&str, &[TargetState])| states.first() == Some(first);
        SCORE.iter().find(of)
    });
    list.extend(problems_tab(view, &path));
    list.extend(words.filter_map(|(word, states)| state_tab(view, &path, (word, states))));
    list
}

fn are_problems(view: &JobView) -> bool {
    view.cause.is_none() && PROBLEMS.iter().all(|state| view.states.contains(state))
}

/// All problems of a job that is over together, where they are of several kinds: "which did not come
/// back?" is one question.
fn problems_tab(view: &JobView, path: &str) -> Option<Tab> {
    let counts = &view.summary.counts;
    let kinds = PROBLEMS.iter().filter(|state| counts.get(**state) > 0);
    let several = kinds.count() > 1;
    let current = are_problems(view);
    (current || several && view.summary.state.is_terminal()).then(|| Tab {
        text: say("Problems").to_owned(),
        href: score_href(path, &PROBLEMS),
        count: Some(score_count(counts, &PROBLEMS)),
        current,
    })
}

/// The tab of one word of the score. While one watches, those stand there whose phones may come.
fn state_tab(
    view: &JobView,
    path: &str,
    (word, states): (&'static str, &'static [TargetState]),
) -> Option<Tab> {
    let count = score_count(&view.summary.counts, states);
    let looked_at = view.states.iter().any(|state| states.contains(state));
    let first = *states.first()?;
    let may_come =
        !view.summary.state.is_terminal() && (always_shown(first) || !first.is_terminal());
    (count > 0 || looked_at || may_come).then(|| Tab {
        text: say(word).to_owned(),
        href: score_href(path, states),
        count: Some(count),
        current: looked_at && view.cause.is_none() && !are_problems(view),
    })
}

/// The phones of the state or cause that is looked at.
pub(super) fn targets(view: &JobView) -> AnyView {
    let cause = view.cause.map(|cause| {
        let all = format!("/jobs/{}#phones", view.summary.id);
        let lines = view.snippet.as_deref();
        view! {
            {cause_note(cause, lines.filter(|_| cause == Cause::Forbidden))}
            <p class="inline-list">{try_again(view, cause)}<a href=all>{say("Show all phones of this job")}</a></p>
        }
    });
    view! {
        {tabs(say("Phones by state"), &state_tabs(view))}
        {meaning(view)}
        {cause}
        {target_table(view)}
        {paging(&view.paging, view.rows.len(), say("Previous"), say("Next"))}
    }
    .into_any()
}

/// The way to the form, where just the phones of this cause are ticked.
fn try_again(view: &JobView, cause: Cause) -> Option<AnyView> {
    let retry = view.retry.as_ref()?;
    let of = |row: &RetryCause| row.selected && row.cause == cause;
    let mut ticked = retry.states.iter().filter(|row| row.selected);
    ticked.find(|row| row.causes.iter().any(of))?;
    Some(view! { <a href="#retry">{say("Try these again")}</a> }.into_any())
}

/// What the state that is looked at means; of all phones, the word that is easily taken for more than
/// it says.
fn meaning(view: &JobView) -> Option<AnyView> {
    let state = match (view.states.as_slice(), view.cause) {
        ([state], None) => *state,
        ([], None) => TargetState::Acknowledged,
        _ => return None,
    };
    // In its place from the start: what comes in between takes the focus from the rows of who watches.
    let hidden = view.summary.counts.get(state) == 0;
    let text = view! {
        <p class="small-text" hidden=hidden>
            <strong>{words::target_state(state)}": "</strong>{words::target_state_meaning(state)}
        </p>
    };
    Some(text.into_any())
}

fn target_table(view: &JobView) -> AnyView {
    if view.rows.is_empty() {
        let all = link_button(
            format!("/jobs/{}#phones", view.summary.id),
            "close",
            say("Show all phones"),
        );
        return empty(
            "search",
            say("No phone here"),
            say("No phone of this job is in this state now."),
            vec![all],
        );
    }
    let head = vec![
        th(say("Phone")),
        th(say("Ext.")),
        th(say("Model")),
        th(say("Site")),
        th(say("State")),
        th(say("Cause")),
        th_num(say("Status")),
        th(say("Way")),
        th_num(say("Tries")),
        th(say("Sent")),
        th_num(say("Took")),
    ];
    let caption = say!(
        "Phones of this job, {shown} on this page",
        shown = words::number(i64::try_from(view.rows.len()).unwrap_or(i64::MAX))
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
        td(say("Ext."), text_or_dash(&row.extension)),
        td(say("Model"), text_or_dash(&row.model)),
        td(say("Site"), text_or_dash(row.site.as_deref().unwrap_or(""))),
        td(say("State"), target_badge(row.state)),
        td(say("Cause"), cause_cell(row)),
        td_num(
            say("Status"),
            number_or_dash(row.http_status.map(i64::from)),
        ),
        td(
            say("Way"),
            row.transport
                .map_or_else(dash, |way| way.to_string().into_any()),
        ),
        td_num(say("Tries"), words::number(row.attempts)),
        td(say("Sent"), row.sent_at.map_or_else(dash, ago)),
        td_num(
            say("Took"),
            took(row.transport, row.duration_ms)
                .map_or_else(dash, |ms| words::milliseconds(ms).into_any()),
        ),
    ])
}

/// How long it took, where that was measured: by SIP nothing was where it is zero.
fn took(way: Option<Transport>, ms: Option<i64>) -> Option<i64> {
    let by_sip = way.is_some_and(Transport::is_notify);
    ms.filter(|ms| *ms > 0 || !by_sip)
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
        let text = say!("waits for the password of “{name}”", name);
        return Some(view! { <span class="muted">{text}</span> }.into_any());
    }
    let at = row.retry_at?;
    Some(view! { <span class="muted">" "{said_with(say("tried again {when}"), vec![("when", ago(at))])}</span> }.into_any())
}

fn earlier_try(earlier: &EarlierTry) -> AnyView {
    let cause = earlier.cause;
    let way = earlier.transport.map(|way| format!("{way}, "));
    view! { <li title=words::cause_sentence(cause)>{say("before:")}" "{way}{words::cause_title(cause)}" "{ago(earlier.sent_at)}</li> }
        .into_any()
}

fn last_cause(row: &TargetRow) -> Option<AnyView> {
    let cause = row.cause?;
    let said = (!row.excerpt.is_empty()).then(|| {
        view! { <span class="muted clip excerpt" title=row.excerpt.clone()>{row.excerpt.clone()}</span> }
    });
    Some(view! { <span title=words::cause_sentence(cause)>{words::cause_title(cause)}</span>" "{said} }.into_any())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_told_that_was_not_measured() {
        assert_eq!(took(Some(Transport::Sip), Some(0)), None);
        assert_eq!(took(Some(Transport::Sip), Some(12)), Some(12));
        assert_eq!(took(Some(Transport::Http), Some(0)), Some(0));
    }
}
