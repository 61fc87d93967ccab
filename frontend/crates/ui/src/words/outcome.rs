//! Where a job stands or how it ended, in a few words.
//!
//! Owns what is said of phones that were never tried. The server says it: the browser half gets it
//! with each summary.

use carillon_domain::{Counts, JobState};
use carillon_language::{number, say, say_many};

use super::job_state;

/// Where a job stands, or how it ended: `Finished with 7 problems, 19 not tried`.
pub fn job_outcome(state: JobState, counts: &Counts) -> String {
    job_end(state, counts.problems(), counts.untried())
}

/// The same, of so many phones that need a look and so many that were never tried.
pub(crate) fn job_end(state: JobState, problems: i64, untried: i64) -> String {
    match (state, problems, untried) {
        (JobState::Finished, 0, 1..) => {
            say!("Finished, {untried} not tried", untried = number(untried))
        }
        (JobState::Finished, 1.., ..=0) => say_many!(
            problems,
            "Finished with {count} problem",
            "Finished with {count} problems"
        ),
        (JobState::Finished, 1.., 1..) => say_many!(
            problems,
            "Finished with {count} problem, {untried} not tried",
            "Finished with {count} problems, {untried} not tried",
            untried = number(untried)
        ),
        (JobState::Cancelled, _, 1..) => {
            say!("Stopped, {untried} not tried", untried = number(untried))
        }
        (JobState::Denied, ..) => say("Refused, nothing was sent").to_owned(),
        (JobState::Expired, ..) => say("Expired, nothing was sent").to_owned(),
        _ => job_state(state).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(state: JobState, failed: i64, skipped: i64, cancelled: i64) -> String {
        let counts = Counts {
            verified: 14,
            failed,
            skipped,
            cancelled,
            ..Counts::default()
        };
        job_outcome(state, &counts)
    }

    #[test]
    fn what_was_never_tried_is_told() {
        assert_eq!(of(JobState::Finished, 0, 0, 0), "Finished");
        assert_eq!(of(JobState::Finished, 0, 3, 0), "Finished, 3 not tried");
        assert_eq!(of(JobState::Finished, 1, 0, 0), "Finished with 1 problem");
        assert_eq!(
            of(JobState::Finished, 7, 19, 0),
            "Finished with 7 problems, 19 not tried"
        );
        assert_eq!(of(JobState::Cancelled, 2, 1, 47), "Stopped, 48 not tried");
        assert_eq!(of(JobState::Cancelled, 0, 0, 0), "Stopped");
    }

    #[test]
    fn what_never_began_sent_nothing() {
        let counts = Counts {
            cancelled: 40,
            ..Counts::default()
        };
        let said = |state| job_outcome(state, &counts);
        assert_eq!(said(JobState::Denied), "Refused, nothing was sent");
        assert_eq!(said(JobState::Expired), "Expired, nothing was sent");
        assert_eq!(said(JobState::Running), "Running");
    }
}
