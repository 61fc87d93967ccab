//! Rows that decide security and were changed by somebody else than Carillon.
//!
//! Owns what follows from one: it counts as if it were not there, a record and an alarm tell of it.
//! Also owns the look through all of them, their first signing, and that a row of before does not
//! count again. *Invariant:* nothing here signs
//! a row that was not genuine, but for a person who says so with a reason.

mod accept;
mod adopt;
mod look;
mod params;
mod passes;
mod told;

pub use accept::RowName;
pub use adopt::{AdoptError, adopt_rows};
pub use carillon_store::{ForgedRow, SignedRows};
pub use look::{Looked, look_at_rows, look_through};
pub(crate) use params::opened_params;
pub(crate) use passes::is_over;
pub(crate) use told::{hold_orders, job_as_told, phones_as_told, require_as_told};

use carillon_domain::event::{Actor, Event, EventResult};
use carillon_store::StoreError;
use serde_json::json;

use crate::Engine;
use crate::error::Result;
use crate::secrets::Keyring;

/// What whoever needs such a row is told.
pub(crate) fn refusal(row: &ForgedRow) -> String {
    let (kind, name) = (row.rows, &row.name);
    format!(
        "the {kind} {name:?} was changed outside Carillon and is not believed: see the audit log"
    )
}

impl Engine {
    /// What was read, as far as it is believed: a forged row is none. Of that one somebody is told.
    pub(crate) async fn believed<T: Send>(
        &self,
        read: Result<Option<T>, StoreError>,
    ) -> Result<Option<T>> {
        match read {
            Err(StoreError::Forged(_)) => {
                self.tell_of_forged_rows().await;
                Ok(None)
            }
            other => Ok(other?),
        }
    }

    /// The rows that failed when they were last read, for alarms.
    pub fn forged_rows(&self) -> Vec<ForgedRow> {
        self.store.forged_rows()
    }

    /// Looks through all rows that are signed, and tells of those that are forged. For a timer.
    ///
    /// # Errors
    /// Only when the storage fails or the keys are missing.
    pub async fn look_through_rows(&self) -> Result<Looked> {
        self.keyring()?;
        hold_orders(self).await?;
        let mut looked = look_through(&self.store).await?;
        let mut found = self.jobs_of_before().await?;
        for row in params::jobs_with_others(&self.store, self.keyring()?).await? {
            found.push(params::disbelieve(self, &row.name).await?);
        }
        for row in found {
            if !looked.forged.contains(&row) {
                looked.forged.push(row);
            }
        }
        self.tell_of_forged_rows().await;
        Ok(looked)
    }

    /// Jobs that are not over and stand elsewhere than the log brought them.
    async fn jobs_of_before(&self) -> Result<Vec<ForgedRow>> {
        let mut found = Vec::new();
        for id in self.store.open_jobs().await? {
            let mut unit = self.store.begin().await?;
            match job_as_told(&mut unit, &id).await {
                Err(StoreError::Forged(row)) => found.push(row),
                told => drop(told?),
            }
        }
        Ok(found)
    }

    /// Writes a record of each row that nobody was told of yet. What it decides is denied whether
    /// or not that succeeds; it is tried again with the next one, and by the timer.
    pub(crate) async fn tell_of_forged_rows(&self) {
        let rows = self.store.untold_forged_rows();
        if rows.is_empty() {
            return;
        }
        for row in &rows {
            tracing::error!(rows = %row.rows, row = ?row.name, "a row was changed outside Carillon");
        }
        if let Err(error) = self.record_forged(&rows).await {
            tracing::error!(%error, "forged rows could not be recorded");
            self.store.forged_rows_are_untold(&rows);
        }
    }

    async fn record_forged(&self, rows: &[ForgedRow]) -> Result<()> {
        let now = self.clock.now();
        let event = |row: &ForgedRow| {
            let mut event = Event::new(now, Actor::system(), "row.forged");
            event.result = EventResult::Failed;
            event.detail = json!({ "rows": row.rows, "row": row.name });
            if matches!(row.rows, SignedRows::Jobs | SignedRows::JobLists) {
                event.job = Some(row.name.clone());
            }
            event
        };
        let events: Vec<Event> = rows.iter().map(event).collect();
        let unit = self.store.begin().await?;
        unit.record(&events).await?.commit().await?;
        Ok(())
    }
}

/// Lets a store sign and believe rows by these keys.
pub fn trust(store: &carillon_store::Store, keyring: &Keyring) {
    store.trust_rows_of(std::sync::Arc::new(keyring.clone()));
}
