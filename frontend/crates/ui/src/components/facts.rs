//! Facts as terms and their values.

use carillon_language::say;
use leptos::prelude::*;

/// One fact.
pub(crate) fn fact(term: &'static str, value: impl IntoAny) -> AnyView {
    view! { <div class="fact"><dt>{term}</dt><dd>{value.into_any()}</dd></div> }.into_any()
}

/// One fact that is text; a dash when there is none.
pub(crate) fn fact_text(term: &'static str, value: &str) -> AnyView {
    fact(term, text_or_dash(value))
}

/// A list of facts.
pub(crate) fn facts(items: Vec<AnyView>) -> AnyView {
    view! { <dl class="facts">{items}</dl> }.into_any()
}

/// A text, or a dash that is read as "none".
pub(crate) fn text_or_dash(value: &str) -> AnyView {
    if value.is_empty() {
        dash()
    } else {
        value.to_owned().into_any()
    }
}

/// What stands for nothing. One element: a page of a job has hundreds.
pub(crate) fn dash() -> AnyView {
    view! { <span class="muted none" role="img" aria-label=say("none")>"–"</span> }.into_any()
}

/// A text in a monospaced face: addresses, identifiers.
pub(crate) fn mono(value: impl Into<String>) -> AnyView {
    view! { <span class="mono">{value.into()}</span> }.into_any()
}
