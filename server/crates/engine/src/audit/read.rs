//! Lists, single records and exports.

use carillon_domain::role::Permission;
use carillon_store::{AtLeast, AuditQuery, AuditRow, Page, Seek};

use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// Rows in one step of an export.
const STEP: i64 = 1000;
/// Records that a count looks at one by one, where the marks do not say enough.
const LOOKED_AT: i64 = 20_000;

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

    /// How many records match: exact wherever that can be told quickly, or else "at least".
    pub async fn audit_count(&self, caller: &Caller, query: &AuditQuery) -> Result<AtLeast> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        Ok(seen.audit_count(query, LOOKED_AT).await?)
    }

    /// One record.
    pub async fn audit_entry(&self, caller: &Caller, seq: i64) -> Result<AuditRow> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        seen.audit_entry(seq).await?.ok_or(EngineError::NotFound)
    }

    /// Begins an export and records that it was taken, with the filter in words. Answers the
    /// number of that record: what is exported lies below it.
    pub async fn begin_audit_export(
        &self,
        caller: &Caller,
        filter_in_words: &str,
        format: &str,
    ) -> Result<i64> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        let mut event = caller.event(self.clock.now(), "audit.exported");
        event.detail = serde_json::json!({ "filter": filter_in_words, "format": format });
        let seqs = seen.begin().await?.record(&[event]).await?.commit().await?;
        Ok(seqs.start)
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
