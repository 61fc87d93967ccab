//! How many rows there are, and the way to the neighbouring pages.

use carillon_contract::list::{Paging, Total};
use carillon_language::say;
use leptos::prelude::*;

use super::icon;
use crate::words;

/// `240`, or `1,000+` where counting on would cost too much.
pub(crate) fn total_text(total: Total) -> String {
    let plus = if total.at_least { "+" } else { "" };
    format!("{}{plus}", words::number(total.count))
}

/// The foot of a list. Nothing when everything fits on one page.
pub(crate) fn paging(
    paging: &Paging,
    shown: usize,
    before: &'static str,
    after: &'static str,
) -> Option<AnyView> {
    let text = say!(
        "{shown} of {total} on this page",
        shown = words::number(i64::try_from(shown).unwrap_or(i64::MAX)),
        total = total_text(paging.total)
    );
    paging_of(paging, text, before, after)
}

/// The same with a text of its own, where not all that is counted has a row.
pub(crate) fn paging_of(
    paging: &Paging,
    text: String,
    before: &'static str,
    after: &'static str,
) -> Option<AnyView> {
    if paging.previous.is_none() && paging.next.is_none() {
        return None;
    }
    Some(
        view! {
            <nav class="paging" aria-label=say("Pages of this list")>
                {way(paging.previous.as_deref(), "left", before, "prev")}
                <span class="muted tnum">{text}</span>
                {way(paging.next.as_deref(), "right", after, "next")}
            </nav>
        }
        .into_any(),
    )
}

fn way(href: Option<&str>, symbol: &str, word: &'static str, rel: &'static str) -> AnyView {
    let class = format!("button small paging-{rel}");
    match href {
        Some(href) => {
            view! { <a class=class rel=rel href=href.to_owned()>{icon(symbol)}<span>{word}</span></a> }.into_any()
        }
        None => view! { <span class=format!("{class} off") aria-hidden="true">{icon(symbol)}<span>{word}</span></span> }
            .into_any(),
    }
}
