//! Making a change, or asking for it.
//!
//! *Invariant:* who else administers is looked at under the lock that every change of an
//! administrator takes, in the transaction that makes the change.

use carillon_domain::event::Event;
use carillon_domain::job::MAX_REASON;
use carillon_domain::{ChangeState, Timestamp};
use carillon_store::{ChangeRequestRow, StoreError, Unit};
use serde_json::{Value, json};

use super::decide::ended;
use super::digest::digest;
use super::{Change, Made, WAITS, deletion};
use crate::Engine;
use crate::accounts::Influence;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::ids::new_id;

const MADE_ALONE: &str = "you took their rights from the other administrators within the last day: until a day is \
     over this needs one of them, or somebody on the server\'s machine";
const NOT_BY_TOKEN: &str = "A token may not do this: its account deleted as many phones within the hour as one person does, and more \
     are for two. Sign in and delete them on the page /phones, where another administrator approves it, or wait.";

impl Engine {
    /// Makes a change, or asks another administrator for it where there is one. Where nobody else
    /// could decide its record says so. What changes nothing is neither done nor asked for.
    pub(crate) async fn make_change(
        &self,
        caller: &Caller,
        change: &Change,
        reason: &str,
    ) -> Result<Made> {
        change.require(caller)?;
        let reason = checked(reason)?;
        let now = self.clock.now();
        let keeps = change.keeps();
        let mut unit = caller.begin_keeping(&self.store, keeps).await?;
        unit.lock_administrators().await?;
        let base = self.base_of(&mut unit, change).await?;
        if change.is_nothing(&base) {
            return Ok(Made::Unchanged);
        }
        let made = (change, &base);
        let Some(state) = asked_of(&mut unit, caller, change, now).await? else {
            return self.make_at_once(unit, caller, made, reason).await;
        };
        let row = self.request(caller, made, reason, (state, now))?;
        match state {
            ChangeState::Waiting => self.ask(unit, caller, row, now).await,
            _ => self.make_alone(unit, caller, made, row).await,
        }
    }

    /// Nobody has to be asked.
    async fn make_at_once(
        &self,
        mut unit: Unit,
        caller: &Caller,
        (change, base): (&Change, &Value),
        reason: &str,
    ) -> Result<Made> {
        let mut applied = self
            .apply_change(&mut unit, change, base, (caller, &caller.actor.name))
            .await?;
        for event in applied.told() {
            reason.clone_into(&mut event.reason);
        }
        self.commit_change(unit, None, applied).await?;
        Ok(Made::AtOnce)
    }

    fn request(
        &self,
        caller: &Caller,
        (change, base): (&Change, &Value),
        reason: &str,
        (state, now): (ChangeState, Timestamp),
    ) -> Result<ChangeRequestRow> {
        let until = match state {
            ChangeState::Waiting => now.plus(WAITS),
            _ => now,
        };
        let row = ChangeRequestRow {
            id: new_id(now, &self.random)?,
            kind: change.kind(),
            subject: change.subject(),
            base: base.to_string(),
            asked: change.asked().to_string(),
            digest: String::new(),
            account: caller.account()?.to_owned(),
            actor: caller.actor.name.clone(),
            asked_at: now,
            reason: reason.to_owned(),
            until,
            state,
            decider: None,
            decided_by: None,
            decided_at: None,
            version: 0,
        };
        let digest = digest(&row);
        Ok(ChangeRequestRow { digest, ..row })
    }

    async fn ask(
        &self,
        mut unit: Unit,
        caller: &Caller,
        row: ChangeRequestRow,
        now: Timestamp,
    ) -> Result<Made> {
        // A row that nobody can sign would be nobody's.
        self.keyring()?;
        let mut events = end_overdue(&mut unit, now).await?;
        match unit.put_change_request(&row).await {
            Err(StoreError::Conflict) => return Err(waits_already()),
            put => put?,
        }
        events.push(requested(caller, &row, now));
        unit.record(&events).await?.commit().await?;
        Ok(Made::Asked(row.id))
    }

    async fn make_alone(
        &self,
        mut unit: Unit,
        caller: &Caller,
        (change, base): (&Change, &Value),
        row: ChangeRequestRow,
    ) -> Result<Made> {
        let mut applied = self
            .apply_change(&mut unit, change, base, (caller, &caller.actor.name))
            .await?;
        for event in applied.told() {
            event.detail["change"] = json!(row.id);
            event.reason.clone_from(&row.reason);
        }
        // One record is that of the request: those that came with it only name it.
        applied.event.detail["alone"] = json!(true);
        applied.event.detail["digest"] = json!(row.digest);
        unit.put_change_request(&row).await?;
        self.commit_change(unit, None, applied).await?;
        let (actor, kind) = (&row.actor, row.kind);
        tracing::warn!(actor, %kind, "an administrator made a change alone: nobody else could approve it");
        Ok(Made::AtOnce)
    }
}

/// How a request for this change stands: waiting for somebody else, or made alone where nobody else could
/// decide; nothing where it is no matter for two, or whoever asks has no account here.
async fn asked_of(
    unit: &mut Unit,
    caller: &Caller,
    change: &Change,
    now: Timestamp,
) -> Result<Option<ChangeState>> {
    let Some(account) = caller.user_id.as_deref() else {
        return Ok(None);
    };
    if let Change::PhonesDeletion(leaving) = change
        && !deletion::is_for_two(unit, caller, leaving.macs.len(), now).await?
    {
        return Ok(None);
    }
    let others = unit.other_administrators(account).await?;
    if others.is_empty() && change.is_of_one_phone() {
        return Ok(None);
    }
    if !caller.is_person() {
        return Err(EngineError::NotByToken(NOT_BY_TOKEN.to_owned()));
    }
    if !others.is_empty() {
        return Ok(Some(ChangeState::Waiting));
    }
    let influence = Influence::read(unit, now).await?;
    if influence.took_an_administrator(&caller.actor.name) {
        return Err(EngineError::Conflict(MADE_ALONE.to_owned()));
    }
    Ok(Some(ChangeState::Alone))
}

/// Ends what nobody decided about in time.
pub(super) async fn end_overdue(unit: &mut Unit, now: Timestamp) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    for row in unit.waiting_change_requests().await? {
        if row.until > now {
            continue;
        }
        let system = Caller::system();
        let by = (None, system.actor.name.as_str());
        if unit
            .decide_change_request(&row, ChangeState::Expired, by, now)
            .await?
        {
            events.push(ended(&system, &row, now, "change.expired"));
        }
    }
    Ok(events)
}

fn requested(caller: &Caller, row: &ChangeRequestRow, now: Timestamp) -> Event {
    let mut event = ended(caller, row, now, "change.requested");
    event.reason.clone_from(&row.reason);
    event.detail["until"] = json!(row.until);
    event
}

fn checked(reason: &str) -> Result<&str> {
    let reason = reason.trim();
    if reason.chars().count() > MAX_REASON {
        let message = format!("say why, in at most {MAX_REASON} characters");
        return Err(EngineError::invalid("reason", "invalid", message));
    }
    Ok(reason)
}

fn waits_already() -> EngineError {
    let message = "a change of this waits for another administrator already: look at Approvals";
    EngineError::Conflict(message.to_owned())
}
