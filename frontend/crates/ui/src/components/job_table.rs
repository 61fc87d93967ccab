//! The table of jobs, wherever jobs are listed.

use carillon_contract::jobs::JobRow;
use carillon_domain::{JobState, TargetState};
use carillon_language::say;
use leptos::prelude::*;

use super::{ago, bar, dash, job_badge, said_with, table, td, td_num, th, th_num, th_row, tr};
use crate::surroundings::Surroundings;
use crate::words;

/// Jobs as a table.
pub(crate) fn job_table(caption: impl Into<String>, rows: &[JobRow]) -> AnyView {
    let head = vec![
        th(say("Job")),
        th(say("State")),
        th(say("Progress")),
        th_num(say("Problems")),
        th(say("By")),
        th(say("Reason")),
        th(say("Started")),
        th_num(say("Took")),
    ];
    table("jobs", caption, head, rows.iter().map(job_row).collect())
}

fn job_row(row: &JobRow) -> AnyView {
    tr(vec![
        th_row(what(row)),
        td(say("State"), job_badge(row.state, &row.counts)),
        td(say("Progress"), progress(row)),
        td_num(say("Problems"), problems(row)),
        td(say("By"), row.actor.clone()),
        td(say("Reason"), reason(&row.reason)),
        td(say("Started"), started(row)),
        td_num(say("Took"), took(row)),
    ])
}

fn what(row: &JobRow) -> AnyView {
    let href = format!("/jobs/{}", row.id);
    view! {
        <a class="row-name" href=href>{row.title.clone()}</a>
        <span class="muted sub">{whom(row)}</span>
    }
    .into_any()
}

/// Which phones: the only one by its name, else how many; and how they were named.
fn whom(row: &JobRow) -> AnyView {
    let many = words::phones(row.total);
    let Some(phone) = &row.phone else {
        return targets(&many, &row.targets).into_any();
    };
    let named = (!row.targets.is_empty() && !row.targets.starts_with(&many))
        .then(|| format!(" · {}", row.targets));
    view! { <a href=phone.href.clone()>{phone.text.clone()}</a>{named} }.into_any()
}

/// How many phones, and how they were named; what begins with their number says both.
fn targets(phones: &str, named: &str) -> String {
    if named.starts_with(phones) || named.is_empty() {
        return if named.is_empty() { phones } else { named }.to_owned();
    }
    format!("{phones} · {named}")
}

fn progress(row: &JobRow) -> AnyView {
    let text = say!(
        "{done} of {total}",
        done = words::number(row.counts.done() - row.counts.untried()),
        total = words::number(row.total)
    );
    view! { <span class="progress">{bar(&row.counts, "thin")}<span class="tnum muted">{text}</span></span> }
        .into_any()
}

fn problems(row: &JobRow) -> AnyView {
    let count = row.counts.problems();
    if count == 0 {
        return view! { <span class="muted">"0"</span> }.into_any();
    }
    let href = [
        TargetState::Failed,
        TargetState::Unknown,
        TargetState::Expired,
    ]
    .iter()
    .filter(|state| row.counts.get(**state) > 0)
    .fold(
        carillon_contract::Href::new(format!("/jobs/{}", row.id)),
        |href, state| href.add("state", state),
    )
    .to_string();
    view! { <a class="problems" href=href>{words::number(count)}</a> }.into_any()
}

fn reason(reason: &str) -> AnyView {
    if reason.is_empty() {
        return dash();
    }
    view! { <span class="clip" title=reason.to_owned()>{reason.to_owned()}</span> }.into_any()
}

/// When it began. What has not begun says from when on it may.
fn started(row: &JobRow) -> AnyView {
    match (row.started_at, row.state) {
        (Some(at), _) => ago(at),
        (None, JobState::Scheduled | JobState::AwaitingApproval) => row.start_at.map_or_else(
            || view! { <span class="muted">{say("not yet")}</span> }.into_any(),
            |at| view! { <span class="sub">{said_with(say("starts {when}"), vec![("when", ago(at))])}</span> }.into_any(),
        ),
        (None, _) => ago(row.created_at),
    }
}

fn took(row: &JobRow) -> AnyView {
    let Some(start) = row.started_at else {
        return dash();
    };
    let end = row
        .finished_at
        .unwrap_or_else(|| Surroundings::of_page().now);
    words::length(end.since(start)).into_any()
}

#[cfg(test)]
mod tests {
    use carillon_contract::list::Link;

    use super::*;

    fn row(targets: &str, phone: Option<Link>) -> JobRow {
        let at = carillon_domain::Timestamp::from_micros(0);
        JobRow {
            id: "0192".to_owned(),
            action: "Reboot".to_owned(),
            title: "Restart".to_owned(),
            targets: targets.to_owned(),
            phone,
            state: JobState::Finished,
            counts: carillon_domain::Counts::default(),
            total: 1,
            actor: "anna".to_owned(),
            reason: String::new(),
            created_at: at,
            start_at: None,
            started_at: None,
            finished_at: None,
        }
    }

    #[test]
    fn a_job_for_one_phone_names_it() {
        let phone = || Some(Link::new("Reception", "/phones/001565000001"));
        let told = |targets, phone| {
            let html = whom(&row(targets, phone)).to_html();
            html.replace("<!>", "")
        };
        let link = "<a href=\"/phones/001565000001\">Reception</a>";
        assert_eq!(told("1 phone", phone()), link);
        assert_eq!(told("group vip", phone()), format!("{link} · group vip"));
        assert_eq!(told("1 phone", None), "1 phone");
    }

    #[test]
    fn a_number_of_phones_is_said_once() {
        assert_eq!(targets("88 phones", "88 phones"), "88 phones");
        assert_eq!(
            targets("40 phones", "40 phones picked by site:kiel"),
            "40 phones picked by site:kiel"
        );
        assert_eq!(targets("1 phone", "group vip"), "1 phone · group vip");
        assert_eq!(targets("0 phones", ""), "0 phones");
    }
}
