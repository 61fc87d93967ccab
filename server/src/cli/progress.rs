//! The progress bar of `send --wait`, on a terminal only.

use carillon_contract::api::Job;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;

/// Shows how far a job is.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Hidden where nobody watches.
    pub(super) fn new(total: i64) -> Self {
        let target = if output::is_watched() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(u64::try_from(total).ok(), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// The job is here now.
    pub(super) fn show(&self, job: &Job) {
        self.0
            .set_position(u64::try_from(job.counts.done()).unwrap_or(0));
        self.0.set_message(format!("{}: {}", job.state, job.counts));
    }

    /// No more changes.
    pub(super) fn end(self) {
        self.0.finish_and_clear();
    }
}
