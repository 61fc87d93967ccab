//! Which record moves a job, and from which states.
//!
//! Owns the table of them, and nothing else.

use carillon_domain::JobState;

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
