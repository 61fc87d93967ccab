//! How far the log reaches, and what was signed of it.

use carillon_domain::role::Permission;
use carillon_store::{CheckpointRow, Frontier};

use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

impl Engine {
    /// Size and root of the whole log.
    ///
    /// # Errors
    /// Denied.
    pub async fn audit_head(&self, caller: &Caller) -> Result<Frontier> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        Ok(seen.audit_head().await?)
    }

    /// Both at one moment: how far the log reaches, and what was signed last.
    ///
    /// # Errors
    /// Denied.
    pub async fn audit_head_and_checkpoint(
        &self,
        caller: &Caller,
    ) -> Result<(Frontier, Option<CheckpointRow>)> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        Ok(seen.audit_head_and_checkpoint().await?)
    }

    /// The last signed checkpoint, if anything was signed yet.
    ///
    /// # Errors
    /// Denied.
    pub async fn last_checkpoint(&self, caller: &Caller) -> Result<Option<CheckpointRow>> {
        caller.require(Permission::ViewAudit)?;
        Ok(self.store.last_checkpoint().await?)
    }

    /// The first checkpoint that covers a record.
    ///
    /// # Errors
    /// Denied; not found while none does.
    pub async fn checkpoint_over(&self, caller: &Caller, seq: i64) -> Result<CheckpointRow> {
        caller.require(Permission::ViewAudit)?;
        self.store
            .checkpoint_over(seq)
            .await?
            .ok_or(EngineError::NotFound)
    }
}
