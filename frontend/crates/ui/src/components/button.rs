//! Buttons and links that look like buttons.

use leptos::prelude::*;

use super::icon;

/// A link that looks like a button.
pub(crate) fn link_button(
    href: impl Into<String>,
    symbol: &str,
    word: impl Into<String>,
) -> AnyView {
    view! { <a class="button" href=href.into()>{icon(symbol)}<span>{word.into()}</span></a> }
        .into_any()
}

/// The link to what people come for: one a page.
pub(crate) fn primary_link(
    href: impl Into<String>,
    symbol: &str,
    word: impl Into<String>,
) -> AnyView {
    view! { <a class="button primary" href=href.into()>{icon(symbol)}<span>{word.into()}</span></a> }
        .into_any()
}

/// A button that sends its form.
pub(crate) fn submit(kind: &'static str, symbol: &str, word: impl Into<String>) -> AnyView {
    let class = format!("button {kind}");
    view! { <button class=class type="submit">{icon(symbol)}<span>{word.into()}</span></button> }
        .into_any()
}

/// A button that sends its form with a value of its own.
pub(crate) fn submit_as(
    kind: &'static str,
    symbol: &str,
    word: impl Into<String>,
    name: &'static str,
    value: impl Into<String>,
) -> AnyView {
    let class = format!("button {kind}");
    view! {
        <button class=class type="submit" name=name value=value.into()>
            {icon(symbol)}<span>{word.into()}</span>
        </button>
    }
    .into_any()
}
