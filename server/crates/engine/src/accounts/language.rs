//! The language that somebody chose for their pages.
//!
//! Owns the change of it; what a request is answered in is the server's to decide.

use carillon_domain::Language;
use carillon_store::Keeps;
use serde_json::json;

use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

impl Engine {
    /// Sets the language of the caller's pages; `None` leaves it to the browser.
    ///
    /// # Errors
    /// [`EngineError::Denied`](crate::EngineError::Denied) to callers without an account.
    pub async fn choose_language(&self, caller: &Caller, language: Option<Language>) -> Result<()> {
        let user = caller.account()?;
        let mut unit = caller.begin_keeping(&self.store, Keeps::Accounts).await?;
        unit.set_language(user, language).await?;
        let mut event = caller.event(self.clock.now(), "account.language_chosen");
        event.detail = json!({ "language": language });
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }
}
