//! What the top of a job's page says, and what is read aloud.
//!
//! Owns sentences made of a summary. It never decides when they are said.

use carillon_contract::job::JobSummary;
use carillon_domain::{JobState, Timestamp};
use carillon_language::{moment, say, say_many};

use crate::components::bar_label;
use crate::words;

/// The word of its state, or of how it ended.
pub(super) fn state_word(summary: &JobSummary) -> String {
    summary.outcome.clone()
}

/// How many were tried and have an outcome. The outcome of the job says how many were not: both are all.
pub(super) fn progress_text(summary: &JobSummary) -> String {
    say!(
        "{done} of {total} tried",
        done = words::number(summary.counts.done() - summary.counts.untried()),
        total = words::number(summary.total)
    )
}

/// How long it took, or still takes.
pub(super) fn time_text(summary: &JobSummary) -> String {
    match (summary.started_at, summary.finished_at, summary.eta_seconds) {
        (Some(start), Some(end), _) => {
            say!("took {length}", length = words::length(end.since(start)))
        }
        (_, None, Some(left)) if summary.state == JobState::Running => {
            let left = std::time::Duration::from_secs(u64::try_from(left).unwrap_or(0));
            say!("about {span} left", span = words::span(left))
        }
        _ => String::new(),
    }
}

/// Since when it runs, where nothing is known of how long: how long it has been would stand still
/// between two changes.
pub(super) fn running_since(summary: &JobSummary) -> Option<Timestamp> {
    let told = summary.finished_at.is_some() || summary.eta_seconds.is_some();
    summary.started_at.filter(|_| !told)
}

/// Since when it runs.
pub(super) fn since_text(summary: &JobSummary) -> String {
    let start = running_since(summary).unwrap_or(summary.at);
    say!("since {moment} UTC", moment = moment(start))
}

/// When this was true.
pub(super) fn updated_text(summary: &JobSummary) -> String {
    say!("As of {moment} UTC", moment = moment(summary.at))
}

/// What the rows below do not show yet.
pub(super) fn changed_text(ended: bool, changed: i64) -> String {
    if ended {
        say("It has ended: show the whole result").to_owned()
    } else if changed == 0 {
        say("It has changed: show").to_owned()
    } else {
        say_many!(
            changed,
            "{count} row changed: show",
            "{count} rows changed: show"
        )
    }
}

/// What is read aloud: where it stands and the counts, in one sentence.
#[cfg_attr(
    not(feature = "hydrate"),
    expect(dead_code, reason = "spoken by the browser half")
)]
pub(super) fn sentence(summary: &JobSummary) -> String {
    format!("{}: {}", state_word(summary), bar_label(&summary.counts))
}
