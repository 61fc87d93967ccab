//! What happened, newest first: audit records as a list.

use carillon_contract::audit::AuditRow;
use carillon_language::{quoted, say};
use leptos::prelude::*;

use super::{ago, record_badge};

/// Records of one thing, as a list.
pub(crate) fn timeline(rows: &[AuditRow]) -> AnyView {
    let items: Vec<AnyView> = rows.iter().map(entry).collect();
    view! { <ol class="timeline">{items}</ol> }.into_any()
}

fn entry(row: &AuditRow) -> AnyView {
    let href = format!("/audit/{}", row.seq);
    let detail = (!row.detail.is_empty())
        .then(|| view! { <span class="muted">{format!(" · {}", row.detail)}</span> });
    let below = below(row);
    let below = (!below.is_empty()).then(|| view! { <span class="sub muted">{below}</span> });
    view! {
        <li>
            <span class="timeline-when muted">{ago(row.at)}</span>
            <span class="timeline-what">
                <a class="quiet" href=href>{row.words.clone()}</a>
                {detail}
                {below}
            </span>
            <span class="timeline-result">{(!is_step(row)).then(|| record_badge(row))}</span>
        </li>
    }
    .into_any()
}

/// Records of a command: their words say what became of it, and not who wanted it.
fn is_of_command(row: &AuditRow) -> bool {
    row.action.starts_with("target.")
}

/// What a command went through before it ended: its words say all of it.
fn is_step(row: &AuditRow) -> bool {
    is_of_command(row) && row.action != "target.result"
}

/// Who, where their name is not in the words; the job, and why.
fn below(row: &AuditRow) -> Vec<AnyView> {
    let by = is_of_command(row).then(|| say!("by {actor}", actor = row.actor).into_any());
    let job = row
        .job
        .as_ref()
        .map(|job| view! { <a href=job.href.clone()>{job.text.clone()}</a> }.into_any());
    let reason = (!row.reason.is_empty())
        .then(|| view! { <span class="quote">{quoted(&row.reason)}</span> }.into_any());
    let parts = [by, job, reason].into_iter().flatten().enumerate();
    parts
        .map(|(place, part)| view! { {(place > 0).then_some(" · ")}{part} }.into_any())
        .collect()
}
