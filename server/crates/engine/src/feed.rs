//! Who is told that something changed.
//!
//! Owns the signals from the recorder to watchers and runners. *Invariant:* a signal is sent
//! after the commit of what it tells, never before; a missed signal costs time, never truth,
//! because everybody who waits here also looks by a timer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// Signals per job. Cheap to clone.
#[derive(Clone, Default)]
pub struct Feed {
    jobs: Arc<Mutex<HashMap<String, watch::Sender<u64>>>>,
    any: Arc<watch::Sender<u64>>,
}

impl Feed {
    /// A receiver that sees a new number whenever the job changed.
    pub fn watch_job(&self, job: &str) -> watch::Receiver<u64> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.retain(|id, sender| id == job || sender.receiver_count() > 0);
        jobs.entry(job.to_owned()).or_default().subscribe()
    }

    /// A receiver that sees a new number whenever any job was started, changed state or ended.
    pub fn watch_jobs(&self) -> watch::Receiver<u64> {
        self.any.subscribe()
    }

    /// Tells that a job's counts changed. Call after the commit.
    pub fn job_changed(&self, job: &str) {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = jobs.get(job) {
            sender.send_modify(|n| *n = n.wrapping_add(1));
        }
    }

    /// Tells that a job changed its state, or that there is a new one. Call after the commit.
    pub fn jobs_changed(&self, job: &str) {
        self.job_changed(job);
        self.any.send_modify(|n| *n = n.wrapping_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn watchers_wake_on_their_job_only() {
        let feed = Feed::default();
        let mut mine = feed.watch_job("a");
        let other = feed.watch_job("b");
        feed.job_changed("a");
        assert!(mine.changed().await.is_ok());
        assert!(!other.has_changed().expect("open"));
    }
}
