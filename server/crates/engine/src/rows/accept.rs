//! Believing a row again that was changed outside Carillon.
//!
//! Owns the one way. *Invariant:* somebody on this machine asks for it, with a reason; the record
//! says so.

use carillon_domain::event::Event;
use carillon_domain::job::MAX_REASON;
use carillon_store::{ForgedRow, Ordered, SignedRow, SignedRows, StoreError, Unit};
use serde_json::{Value, json};

use crate::Engine;
use crate::audit::{
    ASKED, Asked, CHOICE, DECISION, Decisions, NOTED, Networks, Noted, REQUEST, Request,
};
use crate::caller::Caller;
use crate::dispatch::{came_to, end_event};
use crate::error::{EngineError, Result};

const BATCH: i64 = 500;

/// A row as people name it.
pub type RowName = ForgedRow;

impl Engine {
    /// Signs a forged row as it stands now. Whoever asks has looked at what it says.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is no forged row of this name; [`EngineError::Invalid`]
    /// without a reason.
    pub async fn accept_row(&self, caller: &Caller, name: &RowName, reason: &str) -> Result<()> {
        caller.require_administrator()?;
        self.keyring()?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > MAX_REASON {
            let message = format!("say why, in at most {MAX_REASON} characters");
            return Err(EngineError::invalid("reason", "invalid", message));
        }
        let now = self.clock.now();
        let mut event = caller.event(now, "row.accepted");
        reason.clone_into(&mut event.reason);
        event.detail = json!({ "rows": name.rows, "row": name.name });
        let mut unit = caller.begin(&self.store).await?;
        let mut ended = None;
        if name.rows == SignedRows::JobLists {
            ended = self.accept_list(&mut unit, &name.name, &mut event).await?;
        } else if !self.sign_as_it_stands(&mut unit, name).await? {
            let message = "the row was changed meanwhile: look again";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        tell_what_counts(&mut unit, name, &mut event).await?;
        let events: Vec<Event> = [event].into_iter().chain(ended).collect();
        unit.record(&events).await?.commit().await?;
        if name.rows == SignedRows::JobLists {
            self.job_moved(&name.name);
            self.dispatch.wake();
        }
        if matches!(
            name.rows,
            SignedRows::Jobs | SignedRows::Orders | SignedRows::ChangeRequests
        ) {
            self.store.believe_again(name.rows, name.name.as_bytes());
        }
        self.look_through_rows().await.map(drop)
    }

    /// Signs the row of this name; `false` where somebody changed it meanwhile.
    async fn sign_as_it_stands(&self, unit: &mut Unit, name: &RowName) -> Result<bool> {
        // One that is gone is put back as one that nobody gave.
        if name.rows == SignedRows::Orders
            && let Ok(order) = name.name.parse()
            && unit.restore_order(order).await?
        {
            return Ok(true);
        }
        let row = self.forged_row(unit, name).await?;
        Ok(unit.sign_row(&row).await?)
    }

    /// Freezes a job to the phones that are in its list now, and counts them anew; the record tells what
    /// came of that. One that has nothing left to do ends: that record is answered.
    async fn accept_list(
        &self,
        unit: &mut Unit,
        job: &str,
        event: &mut Event,
    ) -> Result<Option<Event>> {
        match self.store.frozen_list(job).await {
            Err(StoreError::Forged(_)) => {}
            Ok(_) => return Err(EngineError::NotFound),
            Err(error) => return Err(error.into()),
        }
        if unit.is_in_flight(job).await? {
            let message = "phones of this job are being sent to or looked at: pause it, and accept its \
                           list when they are done";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        let list = unit.accept_list(job).await?.ok_or(EngineError::NotFound)?;
        event.detail["total"] = json!(list.counts.total());
        event.detail["total_before"] = json!(list.total_before);
        event.detail["phones"] = came_to(&list.counts);
        let now = event.at;
        match unit.finish_job_if_done(job, now).await? {
            Some(state) => Ok(Some(end_event(unit, job, state, now).await?)),
            None => Ok(None),
        }
    }

    async fn forged_row(&self, unit: &mut Unit, name: &RowName) -> Result<SignedRow> {
        let (mut found, mut last) = (Vec::new(), None);
        loop {
            let batch = unit.signed_rows(name.rows, last.as_ref(), BATCH).await?;
            let is_it = |row: &&SignedRow| row.row() == *name && !self.store.is_genuine(row);
            found.extend(batch.iter().filter(is_it).cloned());
            last = batch.into_iter().last();
            if last.is_none() {
                break;
            }
        }
        // Names are not unique among rows that somebody else wrote.
        if found.len() > 1 {
            let message = "several forged rows have this name: delete those that are not meant";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        found.pop().ok_or(EngineError::NotFound)
    }
}

/// Adds what counts from now on, for whoever holds the tables against the log.
async fn tell_what_counts(unit: &mut Unit, name: &RowName, event: &mut Event) -> Result<()> {
    match name.rows {
        SignedRows::Jobs => {
            event.job = Some(name.name.clone());
            if let Some(job) = unit.job(&name.name).await? {
                event.detail["state"] = json!(job.state);
                event.detail["digest"] = json!(job.digest);
                event.detail[ASKED] = Asked::of_job(&job);
                event.detail[NOTED] = Noted::of_job(&job);
                event.detail[DECISION] = Decisions::of_job(&job.approval);
                event.detail["options"] = job.options;
                event.detail["total"] = json!(job.total);
            }
        }
        SignedRows::Accounts => {
            if let Some(user) = unit.user_by_name(&name.name).await? {
                event.detail["role"] = json!(user.role);
                event.detail["approver"] = json!(user.approver);
                event.detail["disabled"] = json!(user.disabled);
            }
        }
        SignedRows::Tokens => {
            if let Some(token) = unit.token(&name.name).await? {
                event.detail["user"] = json!(token.user_name);
                event.detail["scope"] = json!(token.scope);
                event.detail["expires_at"] = json!(token.expires_at);
                event.detail["revoked"] = json!(token.revoked_at.is_some());
            }
        }
        SignedRows::ChangeRequests => {
            if let Some(row) = unit.change_request(&name.name).await? {
                event.detail[REQUEST] = Request::of_row(&row);
            }
        }
        SignedRows::Networks => {
            if let Some(row) = unit.egress().await? {
                event.detail[CHOICE] = Networks::of_row(&row);
            }
        }
        SignedRows::JobLists => event.job = Some(name.name.clone()),
        SignedRows::Orders => {
            let Ok(order) = name.name.parse() else {
                return Ok(());
            };
            if let Ordered::As(value) = unit.order(order).await? {
                let value = value.and_then(|value| serde_json::from_str(&value).ok());
                event.detail["value"] = value.unwrap_or(Value::Null);
            }
        }
        _ => {}
    }
    Ok(())
}
