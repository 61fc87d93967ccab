//! What stands where a list would: why it is empty and what to do.

use leptos::prelude::*;

use super::icon;

/// An empty place with a heading, a sentence, and what to do next.
pub(crate) fn empty(
    symbol: &str,
    heading: impl Into<String>,
    sentence: impl Into<String>,
    next: Vec<AnyView>,
) -> AnyView {
    view! {
        <div class="empty">
            {icon(symbol)}
            <p class="empty-heading">{heading.into()}</p>
            <p class="muted">{sentence.into()}</p>
            <div class="row center">{next}</div>
        </div>
    }
    .into_any()
}
