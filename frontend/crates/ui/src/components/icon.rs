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
