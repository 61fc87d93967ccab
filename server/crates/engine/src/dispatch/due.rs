//! Jobs whose hour has come, without anybody asking.
//!
//! Owns the start of scheduled jobs and the end of resting ones. It is asked of the database each
//! time, so that a restart loses nothing: a job whose start fell into an outage starts late, and
//! one whose time ran out in it gives up.

use carillon_domain::event::{Actor, Event, EventResult};
use carillon_domain::{JobState, Timestamp};
use carillon_store::{ChangedTarget, DueJob, JobRow, StoreError, Unit};

use crate::Engine;
use crate::caller::Caller;
use crate::dispatch::facts::target_event;
use crate::dispatch::left_out_events;
use crate::dispatch::records::end_event;
use crate::error::Result;
use crate::jobs::{MOVED, leave_out_moved, no_longer_asked_for};
use crate::rows::job_as_told;

/// States in which a job rests until somebody, or the hour, moves it.
const RESTING: [JobState; 4] = [
    JobState::Scheduled,
    JobState::AwaitingApproval,
    JobState::Paused,
    JobState::Interrupted,
];

/// Starts what is to start, and ends what is too late. Not while all sending is stopped: that
/// may be because the clock cannot be believed.
pub(super) async fn attend(engine: &Engine) -> Result<()> {
    let now = engine.clock.now();
    // After the time was read: by a clock that was set since it was believed, no hour has come.
    let jumped = engine.dispatch.clock_watch.jumped(&engine.clock).is_some();
    if jumped || engine.store.stop_all().await?.is_some() {
        return Ok(());
    }
    for job in engine.store.due_jobs(now).await? {
        // It starts once its record is anchored, or expires.
        if !job.is_over && engine.require_anchored_action(&job.action).is_err() {
            continue;
        }
        let mut unit = engine.store.begin().await?;
        // It is told of when somebody looks at the lists; the others go on.
        if unit.has_uncounted(&job.id).await? {
            continue;
        }
        let events = if job.is_over {
            expire(&mut unit, &job.id, now).await?
        } else {
            begin(&mut unit, &job, now).await?
        };
        if !events.is_empty() {
            unit.record(&events).await?.commit().await?;
            engine.job_moved(&job.id);
        }
    }
    Ok(())
}

async fn begin(unit: &mut Unit, job: &DueJob, now: Timestamp) -> Result<Vec<Event>> {
    let (from, to) = (&[JobState::Scheduled], JobState::Running);
    match job_as_told(unit, &job.id).await {
        // It is told of at the next look; the others start.
        Ok(None) | Err(StoreError::Forged(_)) => return Ok(Vec::new()),
        told => drop(told?),
    }
    if let Some(events) = refuse(unit, &job.id, now).await? {
        return Ok(events);
    }
    match unit.set_job_state(&job.id, from, to, now).await {
        Ok(false) | Err(StoreError::Forged(_)) => return Ok(Vec::new()),
        begun => begun?,
    };
    let mut events = started(unit, &job.id, now).await?;
    if let Some(state) = unit.finish_job_if_done(&job.id, now).await? {
        events.push(end_event(unit, &job.id, state, now).await?);
    }
    Ok(events)
}

/// The records of a start, and of the phones that were taken off the job because they were led elsewhere.
async fn started(unit: &mut Unit, id: &str, now: Timestamp) -> Result<Vec<Event>> {
    let left_out = leave_out_moved(unit, id, now).await?;
    let mut events = vec![event(now, "job.started", id, JobState::Running)];
    let job = unit.job(id).await?.filter(|_| !left_out.is_empty());
    if let Some(job) = job {
        MOVED.clone_into(&mut events[0].reason);
        events[0].detail["action"] = job.label().into();
        events[0].detail["cancelled"] = left_out.len().into();
        events.extend(left_out_events(&Caller::system(), &job, &left_out, now));
    }
    Ok(events)
}

/// Ends a job that whoever asked for it may not have any more; nothing where it may start.
async fn refuse(unit: &mut Unit, id: &str, now: Timestamp) -> Result<Option<Vec<Event>>> {
    let Some(job) = unit.job(id).await? else {
        return Ok(None);
    };
    let approval = unit.job_approval(id).await?.unwrap_or_default();
    let account = approval.account.as_deref();
    let Some(why) = no_longer_asked_for(unit, &job, account).await? else {
        return Ok(None);
    };
    let (from, to) = (&[JobState::Scheduled], JobState::Stopping);
    if !unit.set_job_state(id, from, to, now).await? {
        return Ok(Some(Vec::new()));
    }
    let cancelled = unit.cancel_waiting(id, now).await?;
    let ended = unit.finish_job_if_done(id, now).await?;
    let mut told = event(now, "job.cancelled", id, to);
    told.reason = why.into();
    told.detail = serde_json::json!({
        "action": job.label(), "cancelled": cancelled.len(), "state": ended,
    });
    let mut events = vec![told];
    events.extend(left_out_events(&Caller::system(), &job, &cancelled, now));
    Ok(Some(events))
}

/// Ends the waiting phones of a job that rests. One that never ran is expired as a whole; of one
/// that did, what is in flight still finishes.
async fn expire(unit: &mut Unit, id: &str, now: Timestamp) -> Result<Vec<Event>> {
    let Some(job) = unit
        .job(id)
        .await?
        .filter(|job| RESTING.contains(&job.state))
    else {
        return Ok(Vec::new());
    };
    let expired = unit.expire_waiting(id, now).await?;
    let never_ran = [JobState::Scheduled, JobState::AwaitingApproval];
    let ended = if unit
        .set_job_state(id, &never_ran, JobState::Expired, now)
        .await?
    {
        Some(JobState::Expired)
    } else {
        unit.finish_job_if_done(id, now).await?
    };
    let mut events: Vec<Event> = expired
        .iter()
        .map(|change| late(change, &job, now))
        .collect();
    if let Some(state) = ended {
        events.push(end_event(unit, id, state, now).await?);
    }
    Ok(events)
}

/// The record of a phone whose turn did not come in time.
fn late(change: &ChangedTarget, job: &JobRow, now: Timestamp) -> Event {
    let target = &change.target;
    let mut event = target_event(now, Actor::system(), "target.result", target);
    event.result = EventResult::of_target(target.state).unwrap_or(EventResult::Expired);
    event.reason.clone_from(&job.reason);
    event.detail = serde_json::json!({
        "action": job.label(), "state": target.state, "cause": target.cause,
        "tries": target.attempts,
    });
    event
}

fn event(now: Timestamp, action: &str, job: &str, state: JobState) -> Event {
    let mut event = Event::new(now, Actor::system(), action);
    event.job = Some(job.to_owned());
    event.detail = serde_json::json!({ "state": state });
    event
}
