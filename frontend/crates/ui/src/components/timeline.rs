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
    let reason = (!row.reason.is_empty())
        .then(|| view! { <span>" · "<span class="quote">{quoted(&row.reason)}</span></span> });
    let job = row
        .job
        .as_ref()
        .map(|job| view! { <span>" · "<a href=job.href.clone()>{job.text.clone()}</a></span> });
    view! {
        <li>
            <span class="timeline-when muted">{ago(row.at)}</span>
            <span class="timeline-what">
                <a class="quiet" href=href>{row.words.clone()}</a>
                {detail}
                <span class="sub muted">{say!("by {actor}", actor = row.actor)}{job}{reason}</span>
            </span>
            <span class="timeline-result">{record_badge(row)}</span>
        </li>
    }
    .into_any()
}
