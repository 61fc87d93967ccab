//! What is known of a watched job, and what of it is shown.
//!
//! Owns the signals of the island. *Invariant:* what is shown is one summary and whole: while
//! somebody asked for quiet, nothing of a later one appears. A cause that has its place keeps it
//! until the job ends; then they stand as on a fresh page, most first.

use carillon_contract::job::{CauseCount, JobSummary};
use carillon_domain::{Cause, TargetState};
use leptos::prelude::*;

/// So many causes have a place at a time.
pub(super) const PLACES: usize = 16;

/// The signals of the island.
#[derive(Clone, Copy)]
pub(super) struct Watched {
    /// Where the job stands, as was heard last.
    pub latest: RwSignal<JobSummary>,
    /// What is shown of it.
    pub shown: RwSignal<JobSummary>,
    /// How it stood when the rows below were made.
    pub listed: RwSignal<JobSummary>,
    /// Whether somebody asked for quiet.
    pub paused: RwSignal<bool>,
    /// Whether the feed is open.
    pub listening: RwSignal<bool>,
    /// What was read aloud last.
    pub spoken: RwSignal<String>,
}

impl Watched {
    /// A job as its page was made.
    pub(super) fn new(summary: &JobSummary) -> Self {
        Self {
            latest: RwSignal::new(summary.clone()),
            shown: RwSignal::new(summary.clone()),
            listed: RwSignal::new(summary.clone()),
            paused: RwSignal::new(false),
            listening: RwSignal::new(false),
            spoken: RwSignal::new(String::new()),
        }
    }

    /// Takes what the feed says.
    #[cfg(feature = "hydrate")]
    pub(super) fn hear(&self, summary: JobSummary) {
        self.latest.set(summary);
        if !self.paused.get_untracked() {
            self.catch_up();
        }
    }

    /// Asks for quiet, or goes on with the newest.
    pub(super) fn pause_or_go_on(&self) {
        let paused = !self.paused.get_untracked();
        self.paused.set(paused);
        if !paused {
            self.catch_up();
        }
    }

    /// The rows below are made anew: they are counted from here.
    pub(super) fn list_anew(&self) {
        self.catch_up();
        self.listed.set(self.latest.get_untracked());
    }

    fn catch_up(&self) {
        let mut summary = self.latest.get_untracked();
        if !summary.state.is_terminal() {
            summary.causes = self
                .shown
                .with_untracked(|shown| in_their_places(&shown.causes, &summary.causes));
        }
        self.shown.set(summary);
    }
}

/// Causes where they were, those that are new behind them. One that nobody has any more keeps its
/// place: what stands below it does not move up under whoever aims.
fn in_their_places(shown: &[CauseCount], now: &[CauseCount]) -> Vec<CauseCount> {
    let mut list = shown.to_vec();
    for place in &mut list {
        let found = now.iter().find(|group| group.cause == place.cause);
        place.count = found.map_or(0, |group| group.count);
    }
    for group in now {
        if shown.iter().all(|place| place.cause != group.cause) {
            list.push(*group);
        }
    }
    list.truncate(PLACES);
    list
}

/// At least so many rows of the list are another now: of all phones, of those in some states, or
/// of those with a cause.
pub(super) fn rows_changed(
    listed: &JobSummary,
    now: &JobSummary,
    (states, cause): (&[TargetState], Option<Cause>),
) -> i64 {
    if let Some(cause) = cause {
        return (with_cause(now, cause) - with_cause(listed, cause)).abs();
    }
    let came = |state: &TargetState| now.counts.get(*state) - listed.counts.get(*state);
    if states.is_empty() {
        TargetState::ALL
            .iter()
            .map(|state| came(state).max(0))
            .sum()
    } else {
        states.iter().map(|state| came(state).abs()).sum()
    }
}

fn with_cause(summary: &JobSummary, cause: Cause) -> i64 {
    let found = summary.causes.iter().find(|group| group.cause == cause);
    found.map_or(0, |group| group.count)
}

#[cfg(test)]
mod tests {
    use carillon_domain::{Counts, JobState, Timestamp};

    use super::*;

    fn summary(counts: Counts, causes: &[(Cause, i64)]) -> JobSummary {
        let group = |(cause, count): &(Cause, i64)| CauseCount {
            cause: *cause,
            count: *count,
        };
        JobSummary {
            id: String::new(),
            seq: 0,
            state: JobState::Running,
            outcome: String::new(),
            total: counts.total(),
            counts,
            causes: causes.iter().map(group).collect(),
            started_at: None,
            finished_at: None,
            eta_seconds: None,
            note: None,
            at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn causes_keep_their_places_and_new_ones_come_behind() {
        let shown = summary(
            Counts::default(),
            &[(Cause::Forbidden, 2), (Cause::AuthFailed, 1)],
        );
        let now = summary(
            Counts::default(),
            &[(Cause::TimeoutAnswer, 7), (Cause::AuthFailed, 4)],
        );
        let places = in_their_places(&shown.causes, &now.causes);
        let places: Vec<_> = places.iter().map(|one| (one.cause, one.count)).collect();
        let expected = [
            (Cause::Forbidden, 0),
            (Cause::AuthFailed, 4),
            (Cause::TimeoutAnswer, 7),
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn rows_are_counted_in_the_list_that_is_shown() {
        let mut counts = Counts {
            waiting: 8,
            sending: 2,
            ..Counts::default()
        };
        let listed = summary(counts, &[]);
        counts.shift(TargetState::Sending, TargetState::Failed, 2);
        counts.shift(TargetState::Waiting, TargetState::Sending, 2);
        let now = summary(counts, &[(Cause::Forbidden, 2)]);
        assert_eq!(rows_changed(&listed, &now, (&[], None)), 2);
        assert_eq!(rows_changed(&listed, &listed, (&[], None)), 0);
        let waiting = [TargetState::Waiting];
        assert_eq!(rows_changed(&listed, &now, (&waiting, None)), 2);
        let sending = [TargetState::Sending];
        assert_eq!(rows_changed(&listed, &now, (&sending, None)), 0);
        assert_eq!(
            rows_changed(&listed, &now, (&[], Some(Cause::Forbidden))),
            2
        );
    }
}
