//! The words of a running job: states, causes, spans of time.
//!
//! Owns what an island may say. *Invariant:* everything here is handed to the browser with the
//! page ([`crate::islands`] has the list), so nothing is here that an island does not need.

use std::time::Duration;

use carillon_domain::{Cause, JobState, TargetState};
use carillon_language::{say, say_in, say_many};

/// `221 phones`.
pub(crate) fn phones(value: i64) -> String {
    say_many!(value, "{count} phone", "{count} phones")
}

/// A span in one unit that people would use: `8 s`, `3 min`, `2 h`, `5 d`.
pub(crate) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => say!("{minutes} min", minutes = seconds / 60),
        3600..172_800 => say!("{hours} h", hours = seconds / 3600),
        _ => say!("{days} d", days = seconds / 86_400),
    }
}

/// A length in two units, for jobs: `8 s`, `3 min 5 s`, `2 h 4 min`.
pub(crate) fn length(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let hours = || say!("{hours} h", hours = seconds / 3600);
    let minutes = || say!("{minutes} min", minutes = seconds / 60 % 60);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, _, 0) => minutes(),
        (0, _, s) => format!("{} {s} s", minutes()),
        (_, 0, _) => hours(),
        _ => format!("{} {}", hours(), minutes()),
    }
}

/// The word of a target state, first letter large.
pub(crate) fn target_state(state: TargetState) -> &'static str {
    match state {
        TargetState::Waiting => say("Waiting"),
        TargetState::Sending => say("Sending"),
        TargetState::Verifying => say("Verifying"),
        TargetState::Verified => say("Verified"),
        TargetState::Acknowledged => say("Acknowledged"),
        TargetState::Failed => say("Failed"),
        TargetState::Unknown => say("Unknown"),
        TargetState::Skipped => say("Skipped"),
        TargetState::Cancelled => say("Cancelled"),
        TargetState::Expired => say("Expired"),
    }
}

/// The word of a target state inside a sentence.
pub fn target_state_within(state: TargetState) -> String {
    target_state(state).to_lowercase()
}

/// The name of a cause.
pub(crate) fn cause_title(cause: Cause) -> &'static str {
    say(cause.title())
}

/// What a cause is, in one sentence.
pub(crate) fn cause_sentence(cause: Cause) -> &'static str {
    say(cause.sentence())
}

/// The one thing to do about a cause.
pub(crate) fn cause_next_step(cause: Cause) -> &'static str {
    say(cause.next_step())
}

/// What a target state means, in one sentence.
pub(crate) fn target_state_meaning(state: TargetState) -> &'static str {
    match state {
        TargetState::Waiting => say("Not tried yet."),
        TargetState::Sending => say("The request may be under way."),
        TargetState::Verifying => say("The phone took the request; its effect is being read back."),
        TargetState::Verified => say("The effect was seen."),
        TargetState::Acknowledged => say("The phone took the request; the effect was not checked."),
        TargetState::Failed => say("The phone or the network said no."),
        TargetState::Unknown => say("It may have been carried out; nobody can say."),
        TargetState::Skipped => say("Not tried, for a reason."),
        TargetState::Cancelled => say("Stopped before its turn."),
        TargetState::Expired => say("Its turn came too late."),
    }
}

/// The word of a job state.
pub(crate) fn job_state(state: JobState) -> &'static str {
    match state {
        JobState::AwaitingApproval => say("Awaits approval"),
        JobState::Scheduled => say("Scheduled"),
        JobState::Running => say("Running"),
        JobState::Paused => say("Paused"),
        JobState::Stopping => say("Stopping"),
        JobState::Interrupted => say("Interrupted"),
        JobState::Finished => say("Finished"),
        JobState::Cancelled => say_in("job", "Stopped"),
        JobState::Denied => say("Refused"),
        JobState::Expired => say("Expired"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_two_units() {
        assert_eq!(length(Duration::from_secs(42)), "42 s");
        assert_eq!(length(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(length(Duration::from_mins(122)), "2 h 2 min");
    }
}
