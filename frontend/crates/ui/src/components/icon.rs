//! Icons: symbols of our own sprite, always beside a word.

use leptos::prelude::*;

use crate::surroundings::Surroundings;

/// A symbol of the sprite. It says nothing by itself: a word stands beside it.
pub(crate) fn icon(name: &str) -> AnyView {
    symbol(name).into_any()
}

/// The same for islands. A view that forgot its type brings the code of every use that a view may
/// have to the browser.
pub(crate) fn symbol(name: &str) -> impl IntoView + use<> {
    let href = format!("{}#{name}", Surroundings::of_page().icons);
    let class = format!("icon icon-{name}");
    view! { <svg class=class aria-hidden="true" focusable="false"><use_ href=href></use_></svg> }
}

/// A symbol in tables, where there are hundreds: a picture of the stylesheet in the colour of a
/// meaning. Each symbol of the sprite is a piece of its own for the browser to put together, and
/// every change of the page waits for all of them. No word stands beside it: it is read aloud.
pub(crate) fn drawn_and_read(meaning: &str, name: &str, word: &'static str) -> AnyView {
    view! { <span class=drawing(meaning, name) role="img" aria-label=word></span> }.into_any()
}

/// Its class.
pub(super) fn drawing(meaning: &str, name: &str) -> String {
    let colour = match meaning {
        "waiting" | "muted" => "idle",
        other => other,
    };
    format!("drawn {colour}-{name}")
}
