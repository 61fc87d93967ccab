//! Taking the log away as a file.
//!
//! Owns the two records that tell of it, and what the file says of itself. *Invariant:* nothing leaves
//! before the first is written; the second says how many records left, and whether that was all.

use carillon_domain::Timestamp;
use carillon_domain::event::{Event, EventResult};
use carillon_domain::role::Permission;
use carillon_store::{AuditExport, AuditLines, AuditQuery, Store};
use serde_json::{Value, json};

use crate::Engine;
use crate::caller::Caller;
use crate::clock::Clock;
use crate::error::Result;

/// An export that was begun and recorded. End it, however far it came.
#[must_use = "how far an export came is recorded at its end"]
pub struct Export {
    seen: Store,
    clock: Clock,
    caller: Caller,
    reading: AuditExport,
    /// The number of the record that it was begun by.
    begun: i64,
    /// When; below which number its records lie; and what was signed last by then.
    at: Timestamp,
    below: i64,
    signed: Option<String>,
    detail: Value,
}

impl Engine {
    /// Begins an export and records that it was taken, with the filter in words. What is exported
    /// lies below that record.
    ///
    /// # Errors
    /// Denied; or the storage does not take the record, and then nothing is exported.
    pub async fn begin_audit_export(
        &self,
        caller: &Caller,
        mut query: AuditQuery,
        (filter_in_words, format): (&str, &str),
    ) -> Result<Export> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        let detail = json!({ "filter": filter_in_words, "format": format });
        let at = self.clock.now();
        let signed = seen.last_checkpoint().await?;
        let event = told(caller, at, ("audit.exported", detail.clone()));
        let seqs = caller
            .begin(&seen)
            .await?
            .record(&[event])
            .await?
            .commit()
            .await?;
        let begun = seqs.start;
        let below = query.below.unwrap_or(begun).clamp(0, begun);
        query.below = Some(below);
        let signed = signed.filter(|row| row.size <= below);
        Ok(Export {
            at,
            below,
            signed: signed.map(|row| row.note),
            reading: seen.audit_export(&query).await?,
            seen,
            clock: self.clock.clone(),
            caller: caller.clone(),
            begun,
            detail,
        })
    }
}

impl Export {
    /// The next records, newest first, possibly none yet; `None` at the end.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn next(&mut self) -> Result<Option<AuditLines>> {
        Ok(self.seen.audit_export_step(&mut self.reading).await?)
    }

    /// What the file says of itself in its last line: up to where it was taken, and when. Signed is
    /// only the checkpoint in it; who checks the file says what that proves.
    pub fn statement(&self, records: u64) -> Value {
        json!({ "export": {
            "at": self.at,
            "below": self.below,
            "records": records,
            "whole": self.reading.is_whole(),
            "filter": self.detail["filter"],
            "checkpoint": self.signed,
        }})
    }

    /// Records how many records were handed over, and whether that was all.
    ///
    /// # Errors
    /// When the storage does not take it: then the file must not look whole.
    pub async fn end(self, rows: u64, whole: bool) -> Result<()> {
        let mut detail = self.detail;
        detail["begun"] = self.begun.into();
        detail["rows"] = rows.into();
        let now = self.clock.now();
        let mut event = told(&self.caller, now, ("audit.export_ended", detail));
        if !whole {
            event.result = EventResult::Failed;
        }
        let unit = self.seen.begin().await?;
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }
}

fn told(caller: &Caller, at: Timestamp, (action, detail): (&str, Value)) -> Event {
    let mut event = caller.event(at, action);
    event.detail = detail;
    event
}
