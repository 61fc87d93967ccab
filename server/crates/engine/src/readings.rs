//! How the whole house is, in numbers for whoever watches it.
//!
//! Owns what is read for that. *Invariant:* no number dialled, no name of a person or a phone and no
//! address stands in it.

use std::time::Duration;

use carillon_domain::role::Permission;
use carillon_domain::{JobState, Timestamp};

use crate::dispatch::Tally;
use crate::error::Result;
use crate::{Caller, Engine};

/// How the house is.
#[derive(Clone, Debug)]
pub struct Readings {
    /// Records of the audit log.
    pub records: i64,
    /// How many of them are under the last checkpoint, and when that was signed.
    pub signed: Option<(i64, Timestamp)>,
    /// How far each receiver of the log is.
    pub streams: Vec<StreamLag>,
    /// Jobs by state; states without one are there with 0.
    pub jobs: Vec<(JobState, i64)>,
    /// Changes that an administrator made alone.
    pub alone: i64,
    /// What this node recorded since its start.
    pub tally: Tally,
    /// Requests to phones that are under way on this node, and how many may be.
    pub in_flight: (usize, usize),
}

/// How far one receiver is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamLag {
    /// Its name in the settings.
    pub name: String,
    /// Records that it has not taken.
    pub records: i64,
    /// How old the oldest of them is.
    pub age: Duration,
    /// Whether it refuses at present.
    pub failing: bool,
}

impl Engine {
    /// How the house is.
    ///
    /// # Errors
    /// Denied; when the storage fails.
    pub async fn readings(&self, caller: &Caller) -> Result<Readings> {
        caller.require(Permission::ViewMetrics)?;
        let (head, checkpoint) = self.store.audit_head_and_checkpoint().await?;
        let records = i64::try_from(head.size()).unwrap_or(i64::MAX);
        Ok(Readings {
            records,
            signed: checkpoint.map(|row| (row.size, row.at)),
            streams: self.stream_lags(records).await?,
            jobs: self.jobs_by_state().await?,
            alone: self.store.count_changes_made_alone().await?,
            tally: self.dispatch.tally(),
            in_flight: (self.dispatch.in_flight(), self.dispatch.limit()),
        })
    }

    async fn stream_lags(&self, records: i64) -> Result<Vec<StreamLag>> {
        let now = self.clock.now();
        let mut lags = Vec::new();
        for row in self.store.streams().await? {
            let oldest = self.store.stream_entries(row.next, 1).await?;
            let age = oldest.first().map(|entry| now.since(entry.at));
            lags.push(StreamLag {
                records: records.saturating_sub(row.next).max(0),
                age: age.unwrap_or_default(),
                failing: row.failing_since.is_some(),
                name: row.name,
            });
        }
        Ok(lags)
    }

    async fn jobs_by_state(&self) -> Result<Vec<(JobState, i64)>> {
        let counted = self.store.count_jobs().await?;
        let of = |state: &JobState| counted.iter().find(|(known, _)| known == state);
        let with = |state: &JobState| (*state, of(state).map_or(0, |(_, count)| *count));
        Ok(JobState::ALL.iter().map(with).collect())
    }
}
