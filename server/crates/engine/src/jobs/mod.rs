//! Jobs: what somebody wants done to some phones.
//!
//! Owns preview, submission, control and reading. *Invariant:* preview and submission plan with
//! the same functions; a job, its targets, its audit record and its idempotency key are one
//! transaction, and nothing is sent from here.

mod control;
mod dialling;
mod export;
mod preview;
mod read;
mod resolve;
mod retry;
mod stop_all;
mod submit;
mod survey;

pub use preview::JobPreview;
pub use submit::{Submission, Submitted};
pub use survey::TargetSurvey;
