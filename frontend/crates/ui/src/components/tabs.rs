//! Several views of the same list, as links.

use carillon_contract::list::Tab;
use leptos::prelude::*;

use crate::words;

/// Links, of which one is where we are.
pub(crate) fn tabs(label: &'static str, tabs: &[Tab]) -> AnyView {
    let items: Vec<AnyView> = tabs.iter().map(tab).collect();
    view! { <nav class="tabs" aria-label=label><ul>{items}</ul></nav> }.into_any()
}

fn tab(tab: &Tab) -> AnyView {
    let count = tab
        .count
        .map(|count| view! { <span class="count">{words::number(count)}</span> });
    view! {
        <li>
            <a href=tab.href.clone() aria-current=tab.current.then_some("page")>
                <span>{tab.text.clone()}</span>
                {count}
            </a>
        </li>
    }
    .into_any()
}
