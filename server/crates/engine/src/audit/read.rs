//! Lists, single records and exports.

use carillon_domain::role::Permission;
use carillon_store::{AtLeast, AuditQuery, AuditRow, Page, Seek};

use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// Rows in one step of an export.
const STEP: i64 = 1000;
/// Counts are exact up to here.
const EXACT: i64 = 10_000;

impl Engine {
    /// One page of the log, newest first.
    pub async fn audit_page(
        &self,
        caller: &Caller,
        query: &AuditQuery,
        seek: &Seek,
        limit: i64,
    ) -> Result<Page<AuditRow>> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        Ok(seen.audit_page(query, seek, limit).await?)
    }

    /// How many records match: exact up to ten thousand, then "at least".
    pub async fn audit_count(&self, caller: &Caller, query: &AuditQuery) -> Result<AtLeast> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        Ok(seen.audit_count(query, EXACT).await?)
    }

    /// One record.
    pub async fn audit_entry(&self, caller: &Caller, seq: i64) -> Result<AuditRow> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        seen.audit_entry(seq).await?.ok_or(EngineError::NotFound)
    }

    /// Begins an export and records that it was taken, with the filter in words.
    pub async fn begin_audit_export(
        &self,
        caller: &Caller,
        filter_in_words: &str,
        format: &str,
    ) -> Result<()> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        let mut event = caller.event(self.clock.now(), "audit.exported");
        event.detail = serde_json::json!({ "filter": filter_in_words, "format": format });
        seen.begin().await?.record(&[event]).await?.commit().await?;
        Ok(())
    }

    /// The next rows of an export, newest first.
    pub async fn audit_export_step(
        &self,
        caller: &Caller,
        query: &AuditQuery,
        seek: &Seek,
    ) -> Result<Page<AuditRow>> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        Ok(seen.audit_page(query, seek, STEP).await?)
    }
}
