//! How the choice stands in the database.
//!
//! Changes nothing there; puts what was read in force.

use carillon_domain::networks::Stored;
use carillon_store::{AuditQuery, EgressRow, Seek, StoreError};

use crate::Engine;
use crate::error::Result;

impl Engine {
    /// The choice as it stands, which is in force from now on; a forged one is none.
    pub(super) async fn stored_networks(&self) -> Result<(Stored, Option<EgressRow>)> {
        let read = self.store.egress().await;
        self.follow(&read);
        let stored = match &read {
            Ok(Some(_)) => Stored::Chosen,
            Err(StoreError::Forged(_)) => Stored::Forged,
            Ok(None) if self.networks_were_chosen().await? => Stored::Lost,
            _ => Stored::Unchosen,
        };
        Ok((stored, self.believed(read).await?))
    }

    /// Whether this node follows a choice, or the audit log tells of one.
    async fn networks_were_chosen(&self) -> Result<bool> {
        if self.gateway.number() > 0 {
            return Ok(true);
        }
        let query = AuditQuery {
            actions: vec!["networks.changed".to_owned()],
            ..AuditQuery::default()
        };
        let page = self.store.audit_page(&query, &Seek::Start, 1).await?;
        Ok(!page.items.is_empty())
    }
}
