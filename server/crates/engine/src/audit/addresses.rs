//! Source addresses: committed to by records, kept apart, removed in time.
//!
//! Owns their retention. *Invariant:* that addresses were removed, and of which days, is recorded in
//! the same transaction; so a check of the log tells an address that is gone from one that was taken
//! away.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::event::{Actor, Event};
use serde_json::json;

use crate::Engine;
use crate::error::Result;

const DAY: i64 = 86_400_000_000;

impl Engine {
    /// Removes the source addresses of records from days that ended longer ago than this. Says how
    /// many.
    ///
    /// # Errors
    /// When the storage fails; then nothing was removed.
    pub async fn remove_addresses(&self, keep: Duration) -> Result<u64> {
        let now = self.clock.now();
        let before = beginning(now.minus(keep));
        if !self.store.keeps_sources_before(before).await? {
            return Ok(0);
        }
        let mut unit = self.store.begin().await?;
        let addresses = unit.remove_sources(before).await?;
        let mut event = Event::new(now, Actor::system(), "audit.addresses_removed");
        event.detail = json!({ "before": before, "addresses": addresses });
        unit.record(&[event]).await?.commit().await?;
        Ok(addresses)
    }
}

/// The first moment of an instant's UTC day.
fn beginning(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros().div_euclid(DAY) * DAY)
}
