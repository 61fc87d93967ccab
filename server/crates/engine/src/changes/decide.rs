//! The answer to a request, and its end without one.
//!
//! *Invariant:* all that decides is looked at under the lock that every change of an administrator
//! takes: two answers, or an answer and a cancellation, come one after the other.

use carillon_domain::event::Event;
use carillon_domain::job::MAX_REASON;
use carillon_domain::role::{Permission, Role};
use carillon_domain::{ChangeState, Timestamp};
use carillon_store::{ChangeRequestRow, Keeps, Unit};
use serde_json::{Value, json};

use super::ask::end_overdue;
use super::told::require_asked;
use super::{Change, deletion, keeps};
use crate::Engine;
use crate::accounts::{STRONG, independent};
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::jobs::wants_factor;

const DECIDE: Permission = Permission::Administer;

impl Engine {
    /// Lets a change come true: exactly the one with this digest.
    ///
    /// # Errors
    /// Denied, not found, or a conflict when it is one's own, another than the one seen, over or
    /// decided already, or when what it would change is another by now: then it is void.
    pub async fn approve_change(&self, caller: &Caller, id: &str, digest: &str) -> Result<()> {
        let seen = self.request_named(caller, id).await?;
        let change = self.change_of(caller, &seen).await;
        let now = self.clock.now();
        let keeps = keeps(seen.kind);
        let (mut unit, row) = self.open_change(caller, id, keeps).await?;
        require_other(caller, &row)?;
        with_factor(&mut unit, caller).await?;
        independent(&mut unit, (caller, &row.account), now).await?;
        if row.digest != digest {
            return conflict("this is not the change that you looked at: look again");
        }
        if row.until <= now {
            return conflict("nobody decided in time: ask for the change again");
        }
        require_asked(&mut unit, &row).await?;
        let (change, base) = match self.still(&mut unit, change, &row).await? {
            Still::As(change, base) => (change, base),
            Still::Void(why) => return self.void(unit, &row, why, now).await,
        };
        take(&mut unit, (&row, ChangeState::Approved), caller, now).await?;
        let approved = ended(caller, &row, now, "change.approved");
        let mut applied = self
            .apply_change(&mut unit, &change, &base, (caller, &row.actor))
            .await?;
        for event in applied.told() {
            event.reason.clone_from(&row.reason);
            event.detail["change"] = json!(row.id);
            event.detail["asked_by"] = json!(row.actor);
            event.detail["asked_by_id"] = json!(row.account);
        }
        self.commit_change(unit, Some(approved), applied).await
    }

    /// Says no: nothing is changed.
    ///
    /// # Errors
    /// As for [`Engine::approve_change`]; also a reason that is missing or too long.
    pub async fn deny_change(&self, caller: &Caller, id: &str, reason: &str) -> Result<()> {
        let reason = reason.trim();
        self.request_named(caller, id).await?;
        let (mut unit, row) = self.open_change(caller, id, Keeps::Accounts).await?;
        require_other(caller, &row)?;
        if reason.is_empty() || reason.chars().count() > MAX_REASON {
            let message = format!("say why, in at most {MAX_REASON} characters");
            return Err(EngineError::invalid("reason", "invalid", message));
        }
        let now = self.clock.now();
        take(&mut unit, (&row, ChangeState::Denied), caller, now).await?;
        let mut event = ended(caller, &row, now, "change.denied");
        reason.clone_into(&mut event.reason);
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }

    /// Takes one's own request back.
    ///
    /// # Errors
    /// Denied, not found, or a conflict when somebody else asked, or it was decided already.
    pub async fn cancel_change(&self, caller: &Caller, id: &str) -> Result<()> {
        self.request_named(caller, id).await?;
        let (mut unit, row) = self.open_change(caller, id, Keeps::Accounts).await?;
        if caller.user_id.as_deref() != Some(row.account.as_str()) {
            return conflict("somebody else asked for this change: you can refuse it");
        }
        let now = self.clock.now();
        take(&mut unit, (&row, ChangeState::Cancelled), caller, now).await?;
        let event = ended(caller, &row, now, "change.cancelled");
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }

    /// Ends the requests about which nobody decided in time. For a timer.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn expire_changes(&self) -> Result<()> {
        let now = self.clock.now();
        let waiting = self.store.waiting_change_requests().await?;
        if waiting.iter().all(|row| row.until > now) {
            return Ok(());
        }
        let mut unit = self.store.begin_keeping(Keeps::Accounts).await?;
        unit.lock_administrators().await?;
        let events = end_overdue(&mut unit, now).await?;
        if !events.is_empty() {
            unit.record(&events).await?.commit().await?;
        }
        Ok(())
    }

    /// One request, for a person with an account; one that somebody else wrote is none.
    async fn request_named(&self, caller: &Caller, id: &str) -> Result<ChangeRequestRow> {
        caller.require_administrator()?;
        caller.account()?;
        self.keyring()?;
        let read = self.store.change_request(id).await;
        self.believed(read).await?.ok_or(EngineError::NotFound)
    }

    /// The request, open to be decided about by this caller, who administers at this moment.
    async fn open_change(
        &self,
        caller: &Caller,
        id: &str,
        keeps: Keeps,
    ) -> Result<(Unit, ChangeRequestRow)> {
        let account = caller.account()?;
        let mut unit = caller.begin_keeping(&self.store, keeps).await?;
        unit.lock_administrators().await?;
        if !administers(&mut unit, account).await? {
            return Err(EngineError::Denied(DECIDE));
        }
        let row = unit.change_request(id).await?;
        let row = row.ok_or(EngineError::NotFound)?;
        if row.state != ChangeState::Waiting {
            return Err(over());
        }
        Ok((unit, row))
    }

    /// The change and what it finds, if that is what it found when it was asked for, by somebody who
    /// may still ask; else why not.
    async fn still(
        &self,
        unit: &mut Unit,
        change: Result<Change>,
        row: &ChangeRequestRow,
    ) -> Result<Still> {
        let change = match change {
            // The settings of the server became narrower than what is asked for.
            Err(EngineError::Invalid(_)) => return Ok(Still::Void(None)),
            change => change?,
        };
        let base = self.base_of(unit, &change).await?;
        let asks = administers(unit, &row.account).await?;
        let now = (base.to_string(), change.asked().to_string());
        if !asks || now.1 != row.asked {
            return Ok(Still::Void(None));
        }
        if matches!(change, Change::PhonesDeletion(_)) {
            let then = serde_json::from_str(&row.base).unwrap_or_default();
            if let Some(phones) = deletion::why_void(&then, &base) {
                return Ok(Still::Void(Some(phones)));
            }
        } else if now.0 != row.base {
            return Ok(Still::Void(None));
        }
        Ok(Still::As(change, base))
    }

    async fn void(
        &self,
        mut unit: Unit,
        row: &ChangeRequestRow,
        phones: Option<String>,
        now: Timestamp,
    ) -> Result<()> {
        let system = Caller::system();
        take(&mut unit, (row, ChangeState::Void), &system, now).await?;
        let mut event = ended(&system, row, now, "change.voided");
        event.detail["phones"] = json!(phones);
        unit.record(&[event]).await?.commit().await?;
        Err(EngineError::Conflict(void(phones)))
    }
}

/// Whether a change is what was asked for.
enum Still {
    /// It is, and finds this.
    As(Change, Value),
    /// It is not, by these phones where it is of phones.
    Void(Option<String>),
}

/// What is said of a request that is void.
fn void(phones: Option<String>) -> String {
    match phones {
        Some(phones) => format!(
            "since it was asked for, these were changed, deleted or taken into a job: {phones}. None was deleted, and the request is void"
        ),
        None => "what it would change was changed meanwhile, or who asked may not ask any more: the request is void".to_owned(),
    }
}

/// Whether this account administers at this moment.
async fn administers(unit: &mut Unit, account: &str) -> Result<bool> {
    let user = unit.user(account).await?;
    Ok(user.is_some_and(|user| user.role == Role::Admin && !user.disabled))
}

fn require_other(caller: &Caller, row: &ChangeRequestRow) -> Result<()> {
    if caller.user_id.as_deref() == Some(row.account.as_str()) {
        return conflict("you asked for this change: another administrator has to decide");
    }
    Ok(())
}

/// Who lets a change come true has shown more than a password, as for jobs.
async fn with_factor(unit: &mut Unit, caller: &Caller) -> Result<()> {
    if caller.actor.auth == STRONG || !wants_factor(unit).await? {
        return Ok(());
    }
    let user = unit.user(caller.account()?).await?;
    if user.is_some_and(|user| user.factor.is_some()) {
        return Ok(());
    }
    conflict(
        "whoever approves a change needs a second factor: set it up on the page of your account",
    )
}

/// Ends the waiting of a request, if nobody else did.
async fn take(
    unit: &mut Unit,
    (row, state): (&ChangeRequestRow, ChangeState),
    caller: &Caller,
    now: Timestamp,
) -> Result<()> {
    let by = (caller.user_id.as_deref(), caller.actor.name.as_str());
    if unit.decide_change_request(row, state, by, now).await? {
        Ok(())
    } else {
        Err(over())
    }
}

/// The record of a step of a request: what, from what, to what, and who asked.
pub(super) fn ended(caller: &Caller, row: &ChangeRequestRow, now: Timestamp, what: &str) -> Event {
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let base = json(&row.base);
    let mut event = caller.event(now, what);
    event.detail = json!({
        "change": row.id, "kind": row.kind, "subject": row.subject, "digest": row.digest,
        "before": base.get("value").unwrap_or(&base), "after": json(&row.asked),
        "asked_by": row.actor, "asked_by_id": row.account,
    });
    event
}

fn over() -> EngineError {
    let message = "this request was decided already, or taken back";
    EngineError::Conflict(message.to_owned())
}

fn conflict<T>(message: &str) -> Result<T> {
    Err(EngineError::Conflict(message.to_owned()))
}
