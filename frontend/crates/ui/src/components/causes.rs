//! Causes: what went wrong, how often, and the one thing to do next.

use carillon_contract::Href;
use carillon_domain::Cause;
use carillon_language::say;
use leptos::prelude::*;

use super::{icon, lines_to_copy, symbol, target_meaning, to_phones};
use crate::words;

/// One cause among the targets of a job, whose number may change while one looks.
pub(crate) fn cause_item<N>(
    (cause, count): (Cause, N),
    job_href: &str,
    lines: Option<&str>,
) -> impl IntoView + use<N>
where
    N: Fn() -> i64 + Copy + Send + Sync + 'static,
{
    let href = to_phones(&Href::new(job_href).add("cause", cause));
    let show = move || say!("Show {phones}", phones = words::phones(count()));
    let class = format!("cause is-{}", target_meaning(cause.state()));
    let lines = lines.filter(|_| cause == Cause::Forbidden).map(allow_list);
    view! {
        <li class=class>
            <p class="cause-count tnum">
                <span aria-hidden="true">{move || words::number(count())}</span>
                <span class="visually-hidden">{move || words::phones(count())}": "</span>
            </p>
            <div class="cause-body">
                <p class="cause-title">
                    {words::cause_title(cause)} <code class="code">{cause.to_string()}</code>
                </p>
                <p>{words::cause_sentence(cause)}</p>
                <p class="next-step">{symbol("next")}<span>{words::cause_next_step(cause)}</span></p>
                {lines}
            </div>
            <a class="button small" href=href>{show}</a>
        </li>
    }
}

/// The lines that open a phone to exactly this server.
pub(crate) fn allow_list(lines: &str) -> impl IntoView + use<> {
    let label = say("Provision these lines; they let in this server and nobody else");
    lines_to_copy(label.to_owned(), lines.to_owned())
}

/// One cause on its own, with the lines that mend it where there are some.
pub(crate) fn cause_note(cause: Cause, lines: Option<&str>) -> AnyView {
    let class = format!("note is-{}", target_meaning(cause.state()));
    let lines = lines.map(allow_list);
    view! {
        <div class=class>
            {icon("warning")}
            <div>
                <p class="note-heading">{words::cause_title(cause)}</p>
                <p>{words::cause_sentence(cause)}</p>
                <p class="next-step">{icon("next")}<span>{words::cause_next_step(cause)}</span></p>
                {lines}
            </div>
        </div>
    }
    .into_any()
}
