//! The causes of a job: what needs a look, and the next step.
//!
//! Owns the places of causes on the page of a job. While one watches, each cause keeps its place
//! and only its number changes, in room that was there before: what scrolls is the list, never
//! the page. Folded, the list is a line or two for each cause, with what to do (on a narrow screen while
//! the job runs: for the first); unfolded, it says all of it.

use std::sync::Arc;

use carillon_language::say;
use leptos::prelude::*;

use super::watched::{PLACES, Watched};
use crate::components::{Beside, cause_item, symbol};

/// What needs a look. Of a job that is over, only if there is anything.
pub(super) fn causes(
    watched: Watched,
    live: bool,
    (job_href, beside): (&str, &Beside),
) -> Option<impl IntoView + use<>> {
    let known = watched.shown.with_untracked(|shown| shown.causes.len());
    let places = if live { PLACES } else { known };
    let items: Vec<_> = (0..places)
        .map(|index| place(watched, index, (job_href.to_owned(), Arc::clone(beside))))
        .collect();
    (places > 0).then(|| {
        view! {
            <div class="causes">
                <h2>{symbol("warning")}<span>{say("Needs a look")}</span></h2>
                <ul>
                    {items}
                    <li class="no-cause muted">{say("Nothing went wrong so far.")}</li>
                </ul>
                // Behind the list: the stylesheet says how many there are, and counts what it passed.
                <label class="unfold tnum"><input type="checkbox" autocomplete="off" /><span>{say("All causes")}</span></label>
            </div>
        }
    })
}

/// One place: empty until there is a cause for it.
fn place(
    watched: Watched,
    index: usize,
    (job_href, beside): (String, Beside),
) -> impl IntoView + use<> {
    let cause = Memo::new(move |_| {
        watched
            .shown
            .with(|shown| shown.causes.get(index).map(|group| group.cause))
    });
    let count = move || {
        watched
            .shown
            .with(|shown| shown.causes.get(index).map_or(0, |group| group.count))
    };
    move || {
        cause
            .get()
            .map(|cause| cause_item((cause, count), &job_href, &beside))
    }
}
