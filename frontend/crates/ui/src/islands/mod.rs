//! The parts of pages that come alive where scripts run.
//!
//! An island is complete as the server writes it; the browser only changes what changes.

#[cfg(feature = "hydrate")]
mod feed;
#[expect(
    missing_docs,
    reason = "the macro writes the struct of an island's props"
)]
pub mod job_live;

pub use job_live::{JobLive, JobLiveProps};
