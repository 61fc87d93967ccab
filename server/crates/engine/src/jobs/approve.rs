//! The second person: letting somebody else's dangerous job run, or not.
//!
//! *Invariant:* who decides is a person, is not who asked, may approve and reaches every phone of
//! the job; what they let run is exactly what was frozen; of two answers one counts.

use std::time::Duration;

use carillon_domain::event::Event;
use carillon_domain::job::{EffectiveOptions, MAX_REASON, not_after};
use carillon_domain::phone::distinct_name;
use carillon_domain::role::Permission;
use carillon_domain::{Cause, JobState, TargetState, Timestamp};
use carillon_store::{
    JobApproval, JobQuery, JobRow, NamedTarget, Seek, StoreError, TargetQuery, Unit, Untried,
};
use serde_json::json;

use super::agreed::{digest_agreed, digest_shown};
use super::asked_for::no_longer_asked_for;
use super::late;
use super::rules::{DECIDE, wants_factor};
use crate::Engine;
use crate::accounts::{Deciders, Hindrance, STRONG, independent};
use crate::audit::APPROVAL;
use crate::caller::Caller;
use crate::dispatch::left_out_events;
use crate::error::{EngineError, Result};
use crate::rows::{refusal, require_as_told};

/// Jobs that are looked at in one turn.
const AT_ONCE: i64 = 200;
/// Phones of a job that are named among those of others.
const NAMED: i64 = 10;

/// A job that waits, and for whom.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingJob {
    /// The job.
    pub job: JobRow,
    /// Until when it waits.
    pub until: Option<Timestamp>,
    /// Whether this caller asked for it.
    pub own: bool,
    /// The phones that get it, by site: most first, empty without a site.
    pub sites: Vec<(String, i64)>,
    /// Those that are left out, by cause: most first.
    pub left_out: Vec<(Cause, i64)>,
    /// The first phones that get it, by names that tell them apart; of a job alone none: its page
    /// lists them all.
    pub named: Vec<String>,
    /// How many of those that get it were deleted meanwhile.
    pub gone: i64,
    /// How long after its start nothing of it is sent any more, where nobody gave an end.
    pub sent_within: Option<Duration>,
    /// Of all that is agreed to: who lets it run names it.
    pub digest: String,
    /// From when somebody may decide.
    pub hindrance: Hindrance,
}

impl Engine {
    /// The jobs in reach that wait for a second person, newest first.
    ///
    /// # Errors
    /// Denied.
    pub async fn jobs_awaiting_approval(&self, caller: &Caller) -> Result<Vec<WaitingJob>> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        let query = JobQuery {
            states: vec![JobState::AwaitingApproval],
            ..JobQuery::default()
        };
        let page = seen.job_page(&query, &Seek::Start, AT_ONCE).await?;
        let mut waiting = Vec::with_capacity(page.items.len());
        if page.items.is_empty() {
            return Ok(waiting);
        }
        let deciders = self.deciders().await?;
        let ids: Vec<String> = page.items.iter().map(|job| job.id.clone()).collect();
        let mut first = seen.first_waiting(&ids, NAMED).await?;
        let gone = seen.waiting_gone(&ids).await?;
        for job in page.items {
            let named = first.remove(&job.id).unwrap_or_default();
            let named = named.iter().map(distinct).collect();
            let gone = gone.get(&job.id).copied().unwrap_or(0);
            let one = self.waiting_among(caller, job, &deciders).await?;
            waiting.push(WaitingJob { named, gone, ..one });
        }
        Ok(waiting)
    }

    /// One job that waits, as [`Engine::job`] told it.
    ///
    /// # Errors
    /// Denied.
    pub async fn waiting_job(&self, caller: &Caller, job: JobRow) -> Result<WaitingJob> {
        let deciders = self.deciders().await?;
        self.waiting_among(caller, job, &deciders).await
    }

    /// Why a second person refused a job, as [`Engine::job`] told it; empty where nobody did.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn refusal_of(&self, job: &JobRow) -> Result<String> {
        if job.state != JobState::Denied {
            return Ok(String::new());
        }
        let reason = self.store.refusal_of_job(&job.id).await?;
        Ok(reason.unwrap_or_default())
    }

    async fn deciders(&self) -> Result<Deciders> {
        let names = self.store.approvers().await?.into_iter();
        let names = names.map(|approver| approver.name).collect();
        Deciders::of(&self.store, names, self.clock.now()).await
    }

    async fn waiting_among(
        &self,
        caller: &Caller,
        job: JobRow,
        deciders: &Deciders,
    ) -> Result<WaitingJob> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        let get_it = TargetQuery {
            states: vec![TargetState::Waiting],
            ..TargetQuery::default()
        };
        let mut causes = seen.causes_of_jobs(std::slice::from_ref(&job.id)).await?;
        Ok(WaitingJob {
            digest: digest_shown(&seen, &job).await?,
            sites: seen.target_sites(&job.id, &get_it).await?,
            left_out: causes.remove(&job.id).unwrap_or_default(),
            own: is_own(caller, &job, &job.approval),
            hindrance: deciders.hindrance(caller, &job.actor.name),
            named: Vec::new(),
            gone: 0,
            sent_within: job.not_after.is_none().then(|| self.planned_span(&job)),
            until: job.approval.until,
            job,
        })
    }

    /// Lets a job run: exactly the one with this digest, which [`WaitingJob`] has.
    ///
    /// # Errors
    /// Denied, not found, or a conflict when it is one's own, another than the one seen, or
    /// decided already.
    pub async fn approve_job(&self, caller: &Caller, id: &str, digest: &str) -> Result<()> {
        let now = self.clock.now();
        let (mut unit, job, approval) = self.open_decision(caller, id).await?;
        with_factor(&mut unit, caller).await?;
        let asker = approval.account.as_deref().unwrap_or_default();
        independent(&mut unit, (caller, asker), now).await?;
        let agreed = match digest_agreed(&mut unit, &job).await {
            Err(StoreError::Forged(row)) => {
                drop(unit);
                self.tell_of_forged_rows().await;
                return Err(EngineError::Conflict(refusal(&row)));
            }
            agreed => agreed?,
        };
        if agreed != digest {
            let message = "this is not the job that you looked at: look again";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        self.require_anchored_action(&job.action)?;
        if approval.until.is_none_or(|until| until <= now) {
            return Err(EngineError::Conflict(late::NOBODY_DECIDED.to_owned()));
        }
        let account = approval.account.as_deref();
        if let Some(why) = no_longer_asked_for(&mut unit, &job, account).await? {
            return Err(EngineError::Conflict(why.to_owned()));
        }
        // That it may run does not make it run sooner than was asked for.
        let starts = job.start_at.filter(|at| *at > now);
        let to = starts.map_or(JobState::Running, |_| JobState::Scheduled);
        take(&mut unit, (&job, to), caller, now).await?;
        if job.not_after.is_none() {
            // Reckoned from when it begins, not from when it was asked for.
            let end = starts.unwrap_or(now).plus(self.planned_span(&job));
            unit.set_not_after(id, end).await?;
        }
        if to == JobState::Running {
            unit.finish_job_if_done(id, now).await?;
        }
        let mut event = decided(caller, &job, now, "job.approved");
        event.detail[APPROVAL] = agreed.into();
        unit.record(&[event]).await?.commit().await?;
        self.job_moved(id);
        self.dispatch.wake();
        Ok(())
    }

    /// Says no: none of the job's phones is sent to.
    ///
    /// # Errors
    /// As for [`Engine::approve_job`]; also a reason that is missing or too long.
    pub async fn deny_job(&self, caller: &Caller, id: &str, reason: &str) -> Result<()> {
        let now = self.clock.now();
        let (mut unit, job, _) = self.open_decision(caller, id).await?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > MAX_REASON {
            let message = format!("say why, in at most {MAX_REASON} characters");
            return Err(EngineError::invalid("reason", "invalid", message));
        }
        take(&mut unit, (&job, JobState::Denied), caller, now).await?;
        let ended = unit.cancel_waiting(id, now).await?;
        let mut event = decided(caller, &job, now, "job.denied");
        reason.clone_into(&mut event.reason);
        let mut events = vec![event];
        events.extend(left_out_events(caller, &job, &ended, now));
        unit.record(&events).await?.commit().await?;
        self.job_moved(id);
        Ok(())
    }

    /// The job, open to be decided about by this caller.
    async fn open_decision(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<(Unit, JobRow, JobApproval)> {
        let seen = caller.sight(DECIDE, &self.store)?;
        let account = caller.user_id.as_deref().filter(|_| caller.is_person());
        let account = account.ok_or(EngineError::Denied(DECIDE))?;
        let mut unit = caller.begin(&seen).await?;
        let job = unit.job(id).await?.ok_or(EngineError::NotFound)?;
        let approval = unit.job_approval(id).await?.unwrap_or_default();
        let user = unit.user(account).await?;
        if !user.is_some_and(|user| user.approver && !user.disabled && user.role.may(DECIDE)) {
            return Err(EngineError::Denied(DECIDE));
        }
        if is_own(caller, &job, &approval) {
            let message = "you asked for this job: somebody else has to decide";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        require_as_told(&mut unit, id, job.state).await?;
        // Before anything else is compared: a decision changes what was agreed to.
        if job.state != JobState::AwaitingApproval {
            let why = late::why(&mut unit, &job).await?;
            return Err(EngineError::Conflict(why));
        }
        Ok((unit, job, approval))
    }

    /// How long a job may send from its start on, where nobody gave an end: as if all its phones
    /// were at one site.
    fn planned_span(&self, job: &JobRow) -> Duration {
        let options: Option<EffectiveOptions> = serde_json::from_value(job.options.clone()).ok();
        let (phones, away) = (
            usize::try_from(job.counts.waiting).unwrap_or(0),
            self.dispatch.patience.away,
        );
        let planned = options.map(|options| {
            let found = carillon_domain::action::find(&job.action);
            let restarts = found
                .map(|entry| super::deadline::restarts(away, entry.verification, &options, phones));
            options.planned_duration(phones) + restarts.unwrap_or_default()
        });
        let start = Timestamp::from_micros(0);
        not_after(start, planned.unwrap_or_default()).since(start)
    }

    /// Ends the jobs about which nobody decided in time. For a timer.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn expire_approvals(&self) -> Result<()> {
        let now = self.clock.now();
        for id in self.store.approvals_over(now).await? {
            let mut unit = self.store.begin().await?;
            let Some(job) = unit.job(&id).await? else {
                continue;
            };
            let from = [JobState::AwaitingApproval];
            if !unit
                .set_job_state(&id, &from, JobState::Expired, now)
                .await?
            {
                continue;
            }
            let ended = unit.end_waiting(&id, None, Untried::Expired, now).await?;
            let system = Caller::system();
            let mut events = vec![decided(&system, &job, now, "job.approval_expired")];
            events.extend(left_out_events(&system, &job, &ended, now));
            unit.record(&events).await?.commit().await?;
            self.job_moved(&id);
        }
        Ok(())
    }
}

fn is_own(caller: &Caller, job: &JobRow, approval: &JobApproval) -> bool {
    let account = caller.user_id.as_deref();
    account.is_some()
        && (approval.account.as_deref() == account || account == Some(job.actor.id.as_str()))
}

/// Who lets something dangerous run has shown more than a password; a provider that vouches for that
/// is as good as a factor of ours. Where nobody asks for that, a password does.
async fn with_factor(unit: &mut Unit, caller: &Caller) -> Result<()> {
    if caller.actor.auth == STRONG || !wants_factor(unit).await? {
        return Ok(());
    }
    let account = caller.user_id.as_deref().unwrap_or_default();
    if unit
        .user(account)
        .await?
        .is_some_and(|user| user.factor.is_some())
    {
        return Ok(());
    }
    let message =
        "whoever lets jobs run needs a second factor: set it up on the page of your account";
    Err(EngineError::Conflict(message.to_owned()))
}

/// Moves the job out of its waiting, if nobody else did.
async fn take(
    unit: &mut Unit,
    (job, to): (&JobRow, JobState),
    caller: &Caller,
    now: Timestamp,
) -> Result<()> {
    let from = [JobState::AwaitingApproval];
    if !unit.set_job_state(&job.id, &from, to, now).await? {
        return Err(decided_already());
    }
    unit.note_decision(&job.id, &caller.actor.name, now).await?;
    Ok(())
}

fn decided_already() -> EngineError {
    let message = "somebody else decided already, or it was cancelled";
    EngineError::Conflict(message.to_owned())
}

/// What a phone is called where it is told from others.
fn distinct(phone: &NamedTarget) -> String {
    distinct_name(&phone.name, &phone.extension, phone.mac)
}

fn decided(caller: &Caller, job: &JobRow, now: Timestamp, action: &str) -> Event {
    let mut event = caller.event(now, action);
    event.job = Some(job.id.clone());
    event.detail = json!({
        "action": job.label(), "digest": job.digest, "total": job.total,
        "asked_by": job.actor.name, "asked_by_id": job.actor.id,
    });
    event
}
