//! The parts of pages that come alive where scripts run.
//!
//! An island is complete as the server writes it; the browser only changes what changes.

#[cfg(feature = "hydrate")]
mod feed;
pub mod job_live;

pub use job_live::{JobLive, JobLiveProps};
