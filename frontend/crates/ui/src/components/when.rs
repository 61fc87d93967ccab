//! Instants as people read them.

use carillon_domain::Timestamp;
use carillon_language::{Piece, moment, pieces, retell, say};
use leptos::prelude::*;

use crate::surroundings::Surroundings;
use crate::words;

/// The age of an instant, with the instant itself on hover and for machines.
pub(crate) fn ago(at: Timestamp) -> AnyView {
    let text = words::age(Surroundings::of_page().now, at);
    let full = utc(at);
    view! { <time datetime=at.to_string() title=full>{text}</time> }.into_any()
}

/// The age of an instant where little room is left: `3 min`.
pub(crate) fn age(at: Timestamp) -> AnyView {
    let span = words::span(Surroundings::of_page().now.since(at));
    let read = |text: String| view! { <span class="visually-hidden">{text}</span> }.into_any();
    let text = in_words(&span, read);
    let full = utc(at);
    view! { <time class="muted age" datetime=at.to_string() title=full>{text}</time> }.into_any()
}

/// `3 min ago`, of which only the span is seen and all of it is read.
fn in_words(span: &str, read: impl Fn(String) -> AnyView) -> Vec<AnyView> {
    let around = say("{span} ago");
    pieces(around)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => read(text.to_owned()),
            Piece::Name(_) => span.to_owned().into_any(),
        })
        .collect()
}

fn utc(at: Timestamp) -> String {
    format!("{} UTC", moment(at))
}

/// The age of an instant, or a word when there is none.
pub(crate) fn ago_or(at: Option<Timestamp>, otherwise: &'static str) -> AnyView {
    at.map_or_else(
        || view! { <span class="muted">{otherwise}</span> }.into_any(),
        ago,
    )
}

/// An instant in full: for places where the exact moment is what is looked for.
pub(crate) fn instant(at: Timestamp) -> AnyView {
    let text = utc(at);
    let age = words::age(Surroundings::of_page().now, at);
    view! { <time class="tnum" datetime=at.to_string() title=age>{text}</time> }.into_any()
}

/// A sentence of ours that may tell an instant in UTC; with scripts in the zone of whoever reads.
pub(crate) fn with_moment(text: &str) -> AnyView {
    view! { <span class="moment">{retell(text).into_owned()}</span> }.into_any()
}

/// An instant in full and its age.
pub(crate) fn instant_and_age(at: Timestamp) -> AnyView {
    let text = utc(at);
    let age = format!(" ({})", words::age(Surroundings::of_page().now, at));
    view! {
        <time class="tnum" datetime=at.to_string()>
            {text} <span class="muted">{age}</span>
        </time>
    }
    .into_any()
}
