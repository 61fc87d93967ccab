//! Where a job stands: the top of its page, and what its feed sends.

use carillon_contract::job::{CauseCount, JobSummary};
use carillon_domain::{Cause, Counts, JobState, TargetState, Timestamp};
use carillon_language::{moment, say, say_many};
use carillon_store::{JobRow, JobSnapshot};
use serde_json::Value;

/// So many causes go into a summary, which must stay small.
const CAUSES: usize = 12;

/// Where a job stands.
pub(super) fn of(snapshot: &JobSnapshot, now: Timestamp) -> JobSummary {
    let job = &snapshot.job;
    let (follows, causes): (Vec<_>, Vec<_>) = snapshot
        .causes
        .iter()
        .copied()
        .filter(|(cause, _)| cause.needs_a_look())
        .partition(|(cause, _)| *cause == Cause::FailureLimit);
    // What others led to stands behind them, however many phones it left out.
    let causes = causes.into_iter().chain(follows).take(CAUSES);
    JobSummary {
        id: job.id.clone(),
        seq: now.micros(),
        state: job.state,
        outcome: carillon_ui::job_outcome(job.state, &job.counts),
        counts: job.counts,
        total: job.total,
        causes: causes
            .map(|(cause, count)| CauseCount { cause, count })
            .collect(),
        started_at: job.started_at,
        finished_at: job.finished_at,
        eta_seconds: eta(snapshot, now),
        note: note(snapshot),
        at: now,
    }
}

/// About how long it still takes, while nothing but its pace decides. While a password holds phones back,
/// it waits for somebody.
fn eta(snapshot: &JobSnapshot, now: Timestamp) -> Option<i64> {
    let job = &snapshot.job;
    if job.state != JobState::Running || !snapshot.holds.is_empty() {
        return None;
    }
    let spent = i64::try_from(now.since(job.started_at?).as_millis()).ok()?;
    left_at_this_pace(&job.counts, spent).map(roughly)
}

/// From how long it took so far, in milliseconds. The first phone, which goes alone and is waited for,
/// says nothing of the pace: nothing is said before a tenth is done. Nor is anything once all is sent:
/// what is left takes as long as the phones take.
fn left_at_this_pace(counts: &Counts, spent: i64) -> Option<i64> {
    let (done, left) = (
        counts.done() - counts.skipped,
        counts.total() - counts.done(),
    );
    if counts.waiting == 0 || done < 3 || done.checked_mul(10)? < counts.total() {
        return None;
    }
    let per_phone = spent.checked_div(done)?;
    Some(per_phone.checked_mul(left)?.checked_add(999)? / 1000)
}

/// To five seconds, beyond a minute to a minute: nobody knows it better.
fn roughly(seconds: i64) -> i64 {
    let step = if seconds < 60 { 5 } else { 60 };
    (seconds.max(1) + step - 1) / step * step
}

/// What somebody must know of its state.
fn note(snapshot: &JobSnapshot) -> Option<String> {
    let job = &snapshot.job;
    let stopped_itself = snapshot
        .causes
        .iter()
        .any(|(cause, _)| *cause == Cause::FailureLimit);
    match job.state {
        JobState::Running if !snapshot.holds.is_empty() => Some(held(&snapshot.holds)),
        JobState::Scheduled => Some(starts(job)),
        _ if is_undecided(job) => Some(nobody_decided(&[])),
        _ if stopped_itself => Some(stopped(job)),
        JobState::Running if job.counts.waiting == 0 => last_ones(job.total - job.counts.done()),
        JobState::Interrupted => Some(
            say(
                "The server stopped in the middle. Nothing more is sent until somebody resumes it.",
            )
            .to_owned(),
        ),
        JobState::Paused => {
            Some(say("Paused: nothing more is sent until somebody resumes it.").to_owned())
        }
        JobState::Stopping => Some(say("Stopping: what is under way still finishes.").to_owned()),
        state if state.is_terminal() && job.counts.get(TargetState::Expired) > 0 => {
            Some(say("Its time was over before every phone had its turn.").to_owned())
        }
        _ => None,
    }
}

/// What the end of a job waits for once everything is sent. How long that takes is up to the phones.
fn last_ones(left: i64) -> Option<String> {
    (left > 0).then(|| {
        say_many!(
            left,
            "All is sent. {count} phone has yet to answer or come back: no estimate.",
            "All is sent. {count} phones have yet to answer or come back: no estimate."
        )
    })
}

/// Why a job left out the rest of its phones.
fn stopped(job: &JobRow) -> String {
    let option = |name: &str| job.options.get(name).and_then(Value::as_i64).unwrap_or(0);
    let (first, percent) = (option("canary"), option("max_failed_percent"));
    let tried = job.counts.done() - job.counts.skipped - job.counts.cancelled - job.counts.expired;
    if tried > first {
        return say!(
            "It stopped itself: more than {percent} % of its phones failed.",
            percent
        );
    }
    if first == 1 {
        return say("It stopped itself: the first phone, which went alone, failed.").to_owned();
    }
    say!(
        "It stopped itself: one of the first {first} phones, which went before the others, failed.",
        first
    )
}

/// When a job starts that does so by itself.
fn starts(job: &JobRow) -> String {
    job.start_at.map_or_else(
        || say("It starts by itself.").to_owned(),
        |at| say!("It starts by itself: {moment} UTC.", moment = moment(at)),
    )
}

/// Whether its time ended while it waited for a second person. One that waited for its hour alone, or was let
/// run, is not late because of anybody.
pub(super) fn is_undecided(job: &JobRow) -> bool {
    let approval = &job.approval;
    job.state == JobState::Expired && approval.until.is_some() && approval.decided_by.is_none()
}

/// What is said of such a job, with those who could have decided.
pub(super) fn nobody_decided(approvers: &[String]) -> String {
    if approvers.is_empty() {
        return say("Nobody let it run within its time: nothing was sent.").to_owned();
    }
    say!(
        "Nobody let it run within its time: nothing was sent. These people could have: {names}.",
        names = approvers.join(", ")
    )
}

/// Which passwords hold which phones.
fn held(holds: &[(String, i64)]) -> String {
    let phones: i64 = holds.iter().map(|(_, count)| count).sum();
    let names: Vec<_> = holds.iter().map(|(name, _)| name.as_str()).collect();
    say_many!(
        phones,
        "{count} phone waits: the password of {names} was refused several times in a row.",
        "{count} phones wait: the password of {names} was refused several times in a row.",
        names = names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_about_which_nobody_decided_says_who_could_have() {
        let names = ["kim", "lee"].map(str::to_owned);
        let told = nobody_decided(&names);
        assert!(
            told.ends_with("nothing was sent. These people could have: kim, lee."),
            "{told}"
        );
        assert!(nobody_decided(&[]).ends_with("nothing was sent."));
    }

    #[test]
    fn no_time_is_told_once_all_is_sent() {
        let half = Counts {
            waiting: 28,
            sending: 2,
            acknowledged: 30,
            ..Counts::default()
        };
        assert_eq!(left_at_this_pace(&half, 60_000), Some(60));
        let sent = Counts {
            verifying: 3,
            verified: 57,
            ..Counts::default()
        };
        assert_eq!(left_at_this_pace(&sent, 60_000), None);
        let told = last_ones(sent.total() - sent.done()).expect("somebody is waited for");
        assert!(told.contains("3 phones have yet to answer"), "{told}");
        assert_eq!(last_ones(0), None);
    }

    #[test]
    fn time_is_told_as_well_as_it_is_known() {
        assert_eq!(
            [0, 1, 31, 58, 61, 485].map(roughly),
            [5, 5, 35, 60, 120, 540]
        );
    }
}
