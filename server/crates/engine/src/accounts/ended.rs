//! Why a session is no more, for whoever still holds its token.
//!
//! Owns the question to the log. *Invariant:* only the token itself brings an answer: nobody without it
//! learns that there was such a session, or what became of an account.

use std::time::Duration;

use carillon_store::AuditQuery;
use secrecy::SecretString;

use super::bearer;
use super::sessions::{ABSOLUTE_LIMIT, short};
use crate::Engine;
use crate::error::Result;

/// More changes than name one session.
const MOST: usize = 10;
/// Somebody may come back to an open page after a while.
const AFTERWARDS: Duration = Duration::from_hours(24 * 7);

impl Engine {
    /// Whether the session of this token was ended because the rights of its account were changed.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn ended_with_rights(&self, token: &SecretString) -> Result<bool> {
        let Some(hash) = bearer::hash_of::<32>(token, "") else {
            return Ok(false);
        };
        let since = self.clock.now().minus(ABSOLUTE_LIMIT).minus(AFTERWARDS);
        let query = AuditQuery {
            from: Some(since),
            actions: vec!["user.role_changed".to_owned()],
            ..AuditQuery::default()
        };
        let name = short(&hash);
        let records = self.store.audit_of_word(&query, &name, MOST).await?;
        let names = |told: &serde_json::Value| {
            let told = told["ended"]["sessions"].as_array();
            told.is_some_and(|told| told.iter().any(|one| *one == *name))
        };
        Ok(records.iter().any(|record| names(&record.event.detail)))
    }
}
