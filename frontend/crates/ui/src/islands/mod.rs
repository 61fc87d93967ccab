//! The parts of pages that come alive where scripts run.
//!
//! An island is complete as the server writes it; the browser only changes what changes.

#[cfg(feature = "hydrate")]
mod feed;
mod job_causes;
#[expect(
    missing_docs,
    reason = "the macro writes the struct of an island's props"
)]
pub mod job_live;
mod job_words;
mod watched;

#[cfg(not(feature = "hydrate"))]
mod texts;

pub use job_live::{JobLive, JobLiveProps};
#[cfg(not(feature = "hydrate"))]
pub(crate) use texts::for_browser;
