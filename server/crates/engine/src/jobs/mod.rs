//! Jobs: what somebody wants done to some phones.
//!
//! Owns preview, submission, control and reading. *Invariant:* preview and submission plan with
//! the same functions; a job, its targets, its audit record and its idempotency key are one
//! transaction, and nothing is sent from here.

mod agreed;
mod approve;
mod approvers;
mod asked_for;
mod besides;
mod by_sip;
mod control;
mod deadline;
mod dialling;
mod export;
mod goes_on;
mod held;
mod late;
mod looked_at;
mod moved;
mod preview;
mod read;
mod replay;
mod resolve;
mod retry;
mod rules;
mod stop_all;
mod submit;
mod survey;

use carillon_domain::job::reason_problem;

use crate::error::{EngineError, Result};

pub use approve::WaitingJob;
pub use approvers::Prospect;
pub(crate) use asked_for::{
    no_longer_asked_for, pause_jobs_of, pause_jobs_of_holders, pause_jobs_that_lose,
};
pub use besides::{Besides, BesidesAll};
pub use by_sip::BySip;
pub use deadline::{PlannedTime, SIP_ANSWER};
pub use looked_at::Difference;
pub(crate) use moved::{MOVED, leave_out_moved};
pub use preview::JobPreview;
pub use retry::Again;
pub use rules::{Rules, RulesInForce, Situation, Started};
pub(crate) use rules::{read as read_rules, wants_factor};
pub use submit::{Submission, Submitted};
pub use survey::TargetSurvey;

/// Refuses a reason that is too long or does not stand on one line.
fn check_reason(reason: &str) -> Result<()> {
    match reason_problem(reason) {
        Some(problem) => Err(EngineError::Invalid(vec![problem])),
        None => Ok(()),
    }
}
