//! The look that somebody chose for their pages.
//!
//! Owns the change of it.

use carillon_domain::look::Look;
use carillon_store::Keeps;
use serde_json::json;

use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

impl Engine {
    /// Sets how the caller's pages look.
    ///
    /// # Errors
    /// [`EngineError::Denied`](crate::EngineError::Denied) to callers without an account.
    pub async fn choose_look(&self, caller: &Caller, look: Look) -> Result<()> {
        let user = caller.account()?;
        let mut unit = caller.begin_keeping(&self.store, Keeps::Accounts).await?;
        unit.set_look(user, look).await?;
        let mut event = caller.event(self.clock.now(), "account.look_chosen");
        event.detail = json!(look);
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }
}
