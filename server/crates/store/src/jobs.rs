//! Jobs and their targets.
//!
//! Owns the tables `jobs`, `job_groups`, `job_targets`, `job_attempts` and `job_causes`.
//! *Invariant:* the counters of a job change in the same transaction as its targets, by exactly
//! as many, and a target never leaves a terminal state.
//!
//! Every change goes through [`crate::Unit`]'s `jobs_conn`: jobs have one writer at a time, also
//! over several nodes.

pub(crate) mod accept;
pub(crate) mod actions;
pub(crate) mod approval;
pub(crate) mod attempts;
pub(crate) mod causes;
pub(crate) mod claim;
pub(crate) mod count;
pub(crate) mod decides;
pub(crate) mod due;
pub(crate) mod end;
pub(crate) mod first;
pub(crate) mod frozen;
pub(crate) mod hold;
pub(crate) mod insert;
pub(crate) mod let_on;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod record;
pub(crate) mod recover;
pub(crate) mod result;
pub(crate) mod share;
pub(crate) mod standing;
mod stretches;
pub(crate) mod targets;
pub(crate) mod trends;
pub(crate) mod under_way;
mod written;
