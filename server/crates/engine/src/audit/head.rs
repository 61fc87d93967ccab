//! How far the log reaches.

use carillon_domain::role::Permission;
use carillon_store::Frontier;

use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

impl Engine {
    /// Size and root of the whole log.
    ///
    /// # Errors
    /// Denied.
    pub async fn audit_head(&self, caller: &Caller) -> Result<Frontier> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        Ok(seen.audit_head().await?)
    }
}
