//! Which record moves a job, from which states, and to which end.
//!
//! Owns the table of them, and nothing else.

use carillon_domain::JobState;
use carillon_domain::event::Event;

use JobState::{AwaitingApproval, Interrupted, Paused, Running, Scheduled, Stopping};

/// The records that move a job, each with the states that it moves one from.
pub(super) const MOVES: [(&str, &[JobState]); 9] = [
    ("job.approved", &[AwaitingApproval]),
    ("job.denied", &[AwaitingApproval]),
    ("job.approval_expired", &[AwaitingApproval]),
    ("job.started", &[Scheduled]),
    ("job.paused", &[Running]),
    ("job.resumed", &[Paused, Interrupted]),
    ("job.interrupted", &[Running]),
    (
        "job.cancelled",
        &[Running, Paused, Interrupted, Scheduled, AwaitingApproval],
    ),
    (
        "job.ended",
        &[
            Running,
            Paused,
            Interrupted,
            Stopping,
            Scheduled,
            AwaitingApproval,
        ],
    ),
];

/// How a job ended that this record brought to a state; `None` where it goes on. The record of its end
/// tells that itself, or not: then nobody can tell.
pub(super) fn how_it_ended(event: &Event, to: JobState) -> Option<JobState> {
    let end = if event.action == "job.ended" {
        event.detail["state"].as_str()?.parse().ok()?
    } else {
        to
    };
    end.is_terminal().then_some(end)
}
