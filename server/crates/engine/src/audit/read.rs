//! Lists and single records.

use carillon_domain::role::Permission;
use carillon_store::{AtLeast, AuditQuery, AuditRow, Page, Seek};

use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

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

    /// One page with a line for each job: its newest record that fits.
    ///
    /// # Errors
    /// Denied; a cursor that is none.
    pub async fn audit_page_by_job(
        &self,
        caller: &Caller,
        query: &AuditQuery,
        seek: &Seek,
        limit: i64,
    ) -> Result<Page<AuditRow>> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        Ok(seen.audit_page_by_job(query, seek, limit).await?)
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
}
