//! Whether somebody may still have what they asked for.
//!
//! Owns the look at the account of a job that waits. *Invariant:* whoever may not run a job any more, or
//! does not reach its phones any more, has none started.

use carillon_domain::event::Event;
use carillon_domain::role::Permission;
use carillon_domain::{JobState, Timestamp};
use carillon_store::{JobRow, Unit, UserRow};
use serde_json::json;

use super::rules::may_start;
use crate::accounts::reach_of;
use crate::caller::Caller;
use crate::error::Result;

/// Why a job is not started for the account that asked for it; nothing where it is. A job of nobody's
/// was asked for on this machine.
///
/// # Errors
/// Only when the storage fails.
pub(crate) async fn no_longer_asked_for(
    unit: &mut Unit,
    job: &JobRow,
    account: Option<&str>,
) -> Result<Option<&'static str>> {
    let Some(account) = account else {
        return Ok(None);
    };
    let user = unit.user(account).await?.filter(may_run);
    let Some(user) = user else {
        return Ok(Some("whoever asked for it may not run jobs any more"));
    };
    if !may_start(unit, user.role, &job.action).await? {
        return Ok(Some("whoever asked for it may not run jobs any more"));
    }
    let reaches = unit.is_job_within(&job.id, &reach_of(&user)).await?;
    Ok((!reaches).then_some("whoever asked for it does not reach all of its phones any more"))
}

fn may_run(user: &UserRow) -> bool {
    !user.disabled && user.role.may(Permission::RunJobs)
}

/// Pauses the running jobs of an account that may not run any now: somebody else lets them go on, or
/// cancels them. Answers the records.
///
/// # Errors
/// Only when the storage fails.
pub(crate) async fn pause_jobs_of(
    unit: &mut Unit,
    user: &UserRow,
    (by, now): (&Caller, Timestamp),
) -> Result<Vec<Event>> {
    if may_run(user) {
        return Ok(Vec::new());
    }
    let mut events = Vec::new();
    for id in unit.running_jobs_of(&user.id).await? {
        let (from, to) = ([JobState::Running], JobState::Paused);
        if !unit.set_job_state(&id, &from, to, now).await? {
            continue;
        }
        let mut event = by.event(now, "job.paused");
        event.job = Some(id);
        event.reason = "whoever asked for it may not run jobs any more".into();
        event.detail = json!({ "from": from[0], "to": to });
        events.push(event);
    }
    Ok(events)
}
