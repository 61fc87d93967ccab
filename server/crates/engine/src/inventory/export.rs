//! The phone list on its way out: CSV in pieces, without secrets.
//!
//! *Invariant:* imported again, it changes nothing.

use carillon_domain::phone_list::{export_header, export_line};
use carillon_domain::role::Permission;
use carillon_domain::{Filter, Mac};
use carillon_store::Store;
use serde_json::json;

use super::finish;
use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

const PIECE: usize = 500;

/// An export under way.
pub struct PhoneExport {
    seen: Store,
    macs: Vec<Mac>,
    next: usize,
    header: Option<String>,
}

impl Engine {
    /// Begins an export of the phones that a filter takes; that it was asked for is recorded.
    ///
    /// # Errors
    /// Denied.
    pub async fn export_phones(&self, caller: &Caller, filter: &Filter) -> Result<PhoneExport> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        let now = self.clock.now();
        let macs = seen.macs(filter, now).await?;
        let mut event = caller.event(now, "inventory.exported");
        event.detail = json!({"rows": macs.len(), "filter": filter});
        finish(caller.begin(&seen).await?, &[event]).await?;
        Ok(PhoneExport {
            seen,
            macs,
            next: 0,
            header: Some(export_header()),
        })
    }
}

impl PhoneExport {
    /// How many phones it has.
    pub fn rows(&self) -> usize {
        self.macs.len()
    }

    /// The next piece of text; `None` at the end. A phone deleted meanwhile is left out.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn next(&mut self) -> Result<Option<String>> {
        if let Some(header) = self.header.take() {
            return Ok(Some(header));
        }
        let end = self.macs.len().min(self.next + PIECE);
        if self.next == end {
            return Ok(None);
        }
        let rows = self.seen.phones_by_macs(&self.macs[self.next..end]).await?;
        self.next = end;
        Ok(Some(
            rows.iter().map(|row| export_line(&row.phone)).collect(),
        ))
    }

    /// All of it at once: for the command line.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn text(mut self) -> Result<String> {
        let mut text = String::new();
        while let Some(piece) = self.next().await? {
            text.push_str(&piece);
        }
        Ok(text)
    }
}
