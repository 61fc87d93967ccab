//! Lists and single records.

use carillon_domain::event::EventResult;
use carillon_domain::role::Permission;
use carillon_store::{AtLeast, AuditQuery, AuditRow, Page, Seek};

use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// Records that a count looks at one by one, where the marks do not say enough.
const LOOKED_AT: i64 = 20_000;
/// A verdict is one line.
const LONGEST_VERDICT: usize = 500;

impl Engine {
    /// Notes that somebody checked the log, and what came of it.
    ///
    /// # Errors
    /// Denied; the storage does not take the record.
    pub async fn note_verified(&self, caller: &Caller, intact: bool, told: &str) -> Result<()> {
        caller.require(Permission::Administer)?;
        let mut event = caller.event(self.clock.now(), "audit.verified");
        if !intact {
            event.result = EventResult::Failed;
        }
        let told: String = told.chars().take(LONGEST_VERDICT).collect();
        event.detail = serde_json::json!({ "verdict": told });
        let unit = caller.begin(&self.store).await?;
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }

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

    /// One page of the log, newest first, and how many records match in all: exact wherever that
    /// can be told quickly, or else "at least".
    ///
    /// # Errors
    /// Denied; a cursor that is none.
    pub async fn audit_page_and_count(
        &self,
        caller: &Caller,
        query: &AuditQuery,
        seek: &Seek,
        limit: i64,
    ) -> Result<(Page<AuditRow>, AtLeast)> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        let most = (limit, LOOKED_AT);
        Ok(seen.audit_page_and_count(query, seek, most).await?)
    }

    /// One page with a line for each job, its newest record that fits; and how many records match
    /// in all.
    ///
    /// # Errors
    /// Denied; a cursor that is none.
    pub async fn audit_page_by_job_and_count(
        &self,
        caller: &Caller,
        query: &AuditQuery,
        seek: &Seek,
        limit: i64,
    ) -> Result<(Page<AuditRow>, AtLeast)> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        let most = (limit, LOOKED_AT);
        Ok(seen.audit_page_by_job_and_count(query, seek, most).await?)
    }

    /// One record.
    pub async fn audit_entry(&self, caller: &Caller, seq: i64) -> Result<AuditRow> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        seen.audit_entry(seq).await?.ok_or(EngineError::NotFound)
    }
}
