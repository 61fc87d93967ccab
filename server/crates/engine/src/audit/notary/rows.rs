//! The rows of checkpoints that stand in the file beside the database.
//!
//! *Invariant:* nothing follows in the file before what stands last there has its row, so that of all
//! that was signed the database lacks the newest at most: more is missing only where somebody took it
//! away, or the database lost it.

use carillon_domain::event::{Actor, Event, EventResult};
use serde_json::json;

use super::super::note::SignedCheckpoint;
use super::fault::{self, NotaryFault};
use super::{Notary, row};
use crate::error::EngineError;

impl Notary {
    /// Gives what stands last in the file its row, where a crash or the storage came between.
    pub(super) async fn keep_last(&self) -> Result<(), NotaryFault> {
        let journal = &self.0.parts.journal;
        let last = journal
            .last()
            .map_err(|error| fault::unreadable(journal, &error))?;
        let Some(note) = last.filter(|note| self.is_ours(note)) else {
            return Ok(());
        };
        let size = i64::try_from(note.checkpoint.size).unwrap_or(i64::MAX);
        let kept = self.0.parts.store.checkpoint_over(size - 1).await?;
        if kept.is_some_and(|row| row.size == size) {
            return Ok(());
        }
        let now = self.0.parts.clock.now();
        self.keep(
            Vec::new(),
            Some(row(note.checkpoint.size, now, note.to_string())),
        )
        .await
    }

    /// Puts back what the file has of this log and the database lacks, and records that. The newest
    /// alone is what a crash leaves.
    pub(super) async fn put_back(&self, signed: u64) -> Result<(), NotaryFault> {
        let journal = self.0.parts.journal.clone();
        let read = tokio::task::spawn_blocking(move || {
            let read = journal.all();
            read.map_err(|error| fault::unreadable(&journal, &error))
        });
        let lost = |_| NotaryFault::Engine(EngineError::Internal("a file was not read to its end"));
        let notes = read.await.map_err(lost)??;
        let there = self.0.parts.store.checkpoint_sizes().await?;
        let lacks = |note: &SignedCheckpoint| {
            let size = i64::try_from(note.checkpoint.size).unwrap_or(i64::MAX);
            note.checkpoint.size <= signed && !there.contains(&size) && self.is_ours(note)
        };
        let mut lacking: Vec<_> = notes.into_iter().filter(lacks).collect();
        lacking.sort_by_key(|note| note.checkpoint.size);
        lacking.dedup_by_key(|note| note.checkpoint.size);
        let now = self.0.parts.clock.now();
        for note in &lacking {
            self.keep(
                Vec::new(),
                Some(row(note.checkpoint.size, now, note.to_string())),
            )
            .await?;
        }
        match lacking.iter().map(|note| note.checkpoint.size).min() {
            Some(first) if first < signed => self.tell(first, lacking.len()).await,
            _ => Ok(()),
        }
    }

    fn is_ours(&self, note: &SignedCheckpoint) -> bool {
        self.key().is_some_and(|key| note.is_signed_by(key))
    }

    async fn tell(&self, first: u64, count: usize) -> Result<(), NotaryFault> {
        tracing::error!(
            first,
            count,
            "the database lacked signed checkpoints: they were put back from the file beside it"
        );
        let mut event = Event::new(
            self.0.parts.clock.now(),
            Actor::system(),
            "audit.checkpoints_restored",
        );
        event.result = EventResult::Failed;
        event.detail = json!({ "first": first, "count": count });
        let unit = self.0.parts.store.begin().await?;
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }
}
