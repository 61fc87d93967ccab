//! Where the targets of a job stand, as words with large numbers.

use carillon_contract::Href;
use carillon_domain::{Counts, TargetState};
use carillon_language::{say, text};
use leptos::prelude::*;

use super::{symbol, target_meaning, target_symbol};
use crate::words;

/// The words of the score with the states they sum up, in order.
pub(crate) const SCORE: [(&str, &[TargetState]); 9] = [
    (text!("Verified"), &[TargetState::Verified]),
    (text!("Acknowledged"), &[TargetState::Acknowledged]),
    (text!("Failed"), &[TargetState::Failed]),
    (text!("Unknown"), &[TargetState::Unknown]),
    (text!("Skipped"), &[TargetState::Skipped]),
    (text!("Cancelled"), &[TargetState::Cancelled]),
    (text!("Expired"), &[TargetState::Expired]),
    (
        text!("Working"),
        &[TargetState::Sending, TargetState::Verifying],
    ),
    (text!("Waiting"), &[TargetState::Waiting]),
];

/// How many targets one word of the score stands for.
pub(crate) fn score_count(counts: &Counts, states: &[TargetState]) -> i64 {
    states.iter().map(|state| counts.get(*state)).sum()
}

/// Whether a word of the score is shown even when nothing stands for it.
pub(crate) const fn always_shown(first: TargetState) -> bool {
    matches!(
        first,
        TargetState::Verified
            | TargetState::Acknowledged
            | TargetState::Failed
            | TargetState::Unknown
    )
}

/// Class of one place of the score.
pub(crate) fn score_class(first: TargetState, count: i64) -> String {
    let faded = if count == 0 { " is-zero" } else { "" };
    let away = if count == 0 && !always_shown(first) {
        " is-away"
    } else {
        ""
    };
    format!("score-item is-{}{faded}{away}", target_meaning(first))
}

/// The list of the targets of these states.
pub(crate) fn score_href(job_href: &str, states: &[TargetState]) -> String {
    let href = states.iter();
    let href = href.fold(Href::new(job_href), |href, state| href.add("state", state));
    to_phones(&href)
}

/// An address of a job's page that opens it at its list of phones.
pub(crate) fn to_phones(href: &Href) -> String {
    format!("{href}#phones")
}

/// One place of the score: a number that is a link to its phones.
pub(crate) fn score_item<C, N>(
    job_href: &str,
    word: &'static str,
    states: &'static [TargetState],
    class: C,
    count: N,
) -> impl IntoView + use<C, N>
where
    C: Fn() -> String + Send + Sync + 'static,
    N: Fn() -> String + Send + Sync + 'static,
{
    let first = states.first().copied().unwrap_or(TargetState::Waiting);
    view! {
        <li class=class>
            <a href=score_href(job_href, states) title=words::target_state_meaning(first)>
                <span class="score-number">{count}</span>
                <span class="score-word">{symbol(target_symbol(first))}<span>{say(word)}</span></span>
            </a>
        </li>
    }
}
