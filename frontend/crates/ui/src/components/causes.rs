//! Causes: what went wrong, how often, and the one thing to do next.

use std::sync::Arc;

use carillon_contract::Href;
use carillon_domain::Cause;
use carillon_language::say;
use leptos::prelude::*;

use super::{icon, lines_to_copy, symbol, target_meaning, to_phones};
use crate::words;

/// What a page knows beside the causes of a job, each text under its name: [`LINES`] to provision; under a
/// cause, the page of its next step; under a cause with a number, where so many phones of it are.
pub(crate) type Beside = Arc<Vec<(String, String)>>;
/// The name of lines that open a phone to exactly this server.
pub(crate) const LINES: &str = "lines";

/// The name of where so many phones with a cause are. Of another number nothing is known.
pub(crate) fn place_of(cause: Cause, count: i64) -> String {
    format!("{cause} {count}")
}

fn told(beside: &Beside, name: &str) -> Option<String> {
    let found = beside.iter().find(|(known, _)| known == name);
    found.map(|(_, text)| text.clone())
}

/// One cause among the targets of a job, whose number may change while one looks.
pub(crate) fn cause_item<N>(
    (cause, count): (Cause, N),
    job_href: &str,
    beside: &Beside,
) -> impl IntoView + use<N>
where
    N: Fn() -> i64 + Copy + Send + Sync + 'static,
{
    let href = to_phones(&Href::new(job_href).add("cause", cause));
    let show = move || say!("Show {phones}", phones = words::phones(count()));
    let class = format!("cause is-{}", target_meaning(cause.state()));
    let lines = told(beside, LINES).filter(|_| cause == Cause::Forbidden);
    let lines = lines.as_deref().map(allow_list);
    let page = told(beside, &cause.to_string());
    let place = place(beside, cause, count);
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
                <p class="next-step">{symbol("next")}<span><a href=page>{words::cause_next_step(cause)}</a>{place}</span></p>
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

/// Where a cause struck, as long as that is known.
#[cfg(feature = "hydrate")]
fn place<N>(beside: &Beside, cause: Cause, count: N) -> impl IntoView + use<N>
where
    N: Fn() -> i64 + Copy + Send + Sync + 'static,
{
    let beside = Arc::clone(beside);
    move || told(&beside, &place_of(cause, count())).unwrap_or_default()
}

/// The same; with a link to the phones there, on a page that has one.
#[cfg(not(feature = "hydrate"))]
fn place<N>(beside: &Beside, cause: Cause, count: N) -> AnyView
where
    N: Fn() -> i64 + Copy + Send + Sync + 'static,
{
    let href = told(beside, &site_of(cause));
    let beside = Arc::clone(beside);
    let text = move || told(&beside, &place_of(cause, count())).unwrap_or_default();
    match href {
        Some(href) => linked(href, &text()).into_any(),
        None => text.into_any(),
    }
}

/// The name of the list of phones at its only site. Only a page that nothing changes any more has it: the
/// browser half knows no such link.
#[cfg(not(feature = "hydrate"))]
pub(crate) fn site_of(cause: Cause) -> String {
    format!("{cause} site")
}

#[cfg(not(feature = "hydrate"))]
fn linked(href: String, text: &str) -> impl IntoView + use<> {
    let name = text.strip_prefix(" (");
    let name = name.and_then(|name| name.strip_suffix(')'));
    let name = name.unwrap_or(text).to_owned();
    view! { " ("<a href=href>{name}</a>")" }
}
