//! Causes: what went wrong, how often, and the one thing to do next.

use carillon_contract::Href;
use carillon_contract::job::CauseCount;
use carillon_domain::Cause;
use leptos::prelude::*;

use super::{icon, snippet, target_meaning};
use crate::words;

/// One cause among the targets of a job.
pub(crate) fn cause_item(group: CauseCount, job_href: &str, lines: Option<&str>) -> AnyView {
    let cause = group.cause;
    let href = Href::new(job_href).add("cause", cause).to_string();
    let show = format!("Show {}", words::phones(group.count));
    let class = format!("cause is-{}", target_meaning(cause.state()));
    let lines = lines.filter(|_| cause == Cause::Forbidden).map(allow_list);
    view! {
        <li class=class>
            <p class="cause-count tnum">
                {words::number(group.count)}<span class="visually-hidden">" phones: "</span>
            </p>
            <div class="cause-body">
                <p class="cause-title">
                    {cause.title()} <code class="code">{cause.to_string()}</code>
                </p>
                <p>{cause.sentence()}</p>
                <p class="next-step">{icon("next")}<span>{cause.next_step()}</span></p>
                {lines}
            </div>
            <a class="button small" href=href>{show}</a>
        </li>
    }
    .into_any()
}

/// The lines that open a phone to exactly this server.
pub(crate) fn allow_list(lines: impl Into<String>) -> AnyView {
    snippet(
        "Provision these lines; they let in this server and nobody else",
        lines,
    )
}

/// One cause on its own, with the lines that mend it where there are some.
pub(crate) fn cause_note(cause: Cause, lines: Option<&str>) -> AnyView {
    let class = format!("note is-{}", target_meaning(cause.state()));
    let lines = lines.map(allow_list);
    view! {
        <div class=class>
            {icon("warning")}
            <div>
                <p class="note-heading">{cause.title()}</p>
                <p>{cause.sentence()}</p>
                <p class="next-step">{icon("next")}<span>{cause.next_step()}</span></p>
                {lines}
            </div>
        </div>
    }
    .into_any()
}
