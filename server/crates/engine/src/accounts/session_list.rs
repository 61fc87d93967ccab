//! Sessions in lists, and ending them from there.
//!
//! Owns what people see of their sessions. *Invariant:* a session is named by a handle that opens
//! nothing; nobody but who administers sees or ends anybody else's.

use carillon_domain::Timestamp;
use carillon_domain::role::Permission;
use carillon_store::{Keeps, SessionRow};
use serde_json::json;

use super::sessions::{SessionContext, handle_of, is_fresh, short};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// One session in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// Its handle.
    pub handle: String,
    /// Whose: account id.
    pub user_id: String,
    /// When somebody signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// From where somebody signed in.
    pub ip: String,
    /// What the browser called itself.
    pub agent: String,
}

impl Engine {
    /// The caller's own sessions, last used first.
    ///
    /// # Errors
    /// [`EngineError::Denied`] to callers without an account.
    pub async fn own_sessions(&self, caller: &Caller) -> Result<Vec<SessionInfo>> {
        let user = caller.account()?;
        let rows = self.store.sessions(Some(user)).await?;
        let now = self.clock.now();
        Ok(rows
            .iter()
            .filter(|row| is_fresh(row, caller.role, now))
            .map(info)
            .collect())
    }

    /// Everybody's sessions, last used first.
    ///
    /// # Errors
    /// [`EngineError::Denied`].
    pub async fn all_sessions(&self, caller: &Caller) -> Result<Vec<SessionInfo>> {
        caller.require(Permission::Administer)?;
        Ok(self.store.sessions(None).await?.iter().map(info).collect())
    }

    /// Ends one session by its handle: one's own, or anybody's for who administers.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is none, or it is somebody else's.
    pub async fn end_session(&self, caller: &Caller, handle: &str) -> Result<()> {
        if !caller.is_person() {
            return Err(EngineError::Denied(Permission::OwnAccount));
        }
        let everybodys = caller.require(Permission::Administer).is_ok();
        let whose = if everybodys {
            None
        } else {
            Some(caller.account()?)
        };
        let rows = self.store.sessions(whose).await?;
        let row = rows.iter().find(|row| handle_of(&row.id_hash) == handle);
        let row = row.ok_or(EngineError::NotFound)?;
        let mut unit = caller.begin_keeping(&self.store, Keeps::Accounts).await?;
        if !unit.delete_session(&row.id_hash).await? {
            return Err(EngineError::NotFound);
        }
        let owner = unit
            .user(&row.user_id)
            .await?
            .map(|user| user.name)
            .unwrap_or_default();
        let mut event = caller.event(self.clock.now(), "session.ended");
        event.detail = json!({ "user": owner, "session": short(&row.id_hash) });
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }

    /// Ends all other sessions of this account; says how many there were.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn end_other_sessions(&self, session: &SessionContext) -> Result<u64> {
        let user = session.caller.account()?;
        let mut unit = session
            .caller
            .begin_keeping(&self.store, Keeps::Accounts)
            .await?;
        let ended = unit.delete_sessions_of(user, Some(session.hash())).await?;
        if ended > 0 {
            let mut event = session
                .caller
                .event(self.clock.now(), "session.others_ended");
            event.detail = json!({ "count": ended });
            unit.record(&[event]).await?.commit().await?;
        }
        Ok(ended)
    }
}

fn info(row: &SessionRow) -> SessionInfo {
    SessionInfo {
        handle: handle_of(&row.id_hash),
        user_id: row.user_id.clone(),
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        ip: row.ip.clone(),
        agent: row.agent.clone(),
    }
}
