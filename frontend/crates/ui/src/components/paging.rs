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
    paging_of(paging, shown_text(paging, shown), before, after)
}

/// The same with a text of its own, where not all that is counted has a row.
pub(crate) fn paging_of(
    paging: &Paging,
    text: String,
    before: &'static str,
    after: &'static str,
) -> Option<AnyView> {
    foot(paging, text, [before, after], way)
}

/// The foot of a list whose rows can be ticked, inside the form of the ticks: they go along.
pub(crate) fn paging_with_ticks(paging: &Paging, shown: usize) -> Option<AnyView> {
    let text = shown_text(paging, shown);
    foot(paging, text, [say("Previous"), say("Next")], way_with_ticks)
}

fn shown_text(paging: &Paging, shown: usize) -> String {
    say!(
        "{shown} of {total} on this page",
        shown = words::number(i64::try_from(shown).unwrap_or(i64::MAX)),
        total = total_text(paging.total)
    )
}

type Way = fn(Option<&str>, &str, &'static str, &str) -> AnyView;

fn foot(
    paging: &Paging,
    text: String,
    [before, after]: [&'static str; 2],
    way: Way,
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

fn way(href: Option<&str>, symbol: &str, word: &'static str, rel: &str) -> AnyView {
    let Some(href) = href else {
        return no_way(symbol, word, rel);
    };
    view! { <a class=class(rel) rel=rel.to_owned() href=href.to_owned()>{icon(symbol)}<span>{word}</span></a> }
        .into_any()
}

fn way_with_ticks(href: Option<&str>, symbol: &str, word: &'static str, rel: &str) -> AnyView {
    let Some(href) = href else {
        return no_way(symbol, word, rel);
    };
    view! { <button class=class(rel) name="go" value=query_of(href)>{icon(symbol)}<span>{word}</span></button> }
        .into_any()
}

fn no_way(symbol: &str, word: &'static str, rel: &str) -> AnyView {
    let class = format!("{} off", class(rel));
    view! { <span class=class aria-hidden="true">{icon(symbol)}<span>{word}</span></span> }
        .into_any()
}

fn class(rel: &str) -> String {
    format!("button small paging-{rel}")
}

/// What a button of the form of ticks sends to come to this address of the list.
pub(super) fn query_of(href: &str) -> String {
    let (_, query) = href.split_once('?').unwrap_or_default();
    query.to_owned()
}
