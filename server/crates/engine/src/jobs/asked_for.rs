//! Whether somebody may still have what they asked for.
//!
//! Owns the look at the account of a job that waits. *Invariant:* whoever may not run a job any more, or
//! does not reach its phones any more, has none started.

use carillon_domain::event::Event;
use carillon_domain::role::Permission;
use carillon_domain::{JobState, Mac, Reach, Timestamp};
use carillon_store::{JobRow, StoreError, Unit, UserRow};
use serde_json::json;

use super::rules::may_start;
use crate::accounts::reach_of;
use crate::caller::Caller;
use crate::error::Result;

const MAY_NOT: &str = "whoever asked for it may not run jobs any more";
const BEYOND: &str = "whoever asked for it does not reach all of its phones any more";

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
    let user = match unit.user(account).await {
        // Somebody else wrote the account: nobody knows what it may.
        Err(StoreError::Forged(_)) => None,
        user => user?,
    };
    let Some(user) = user.filter(may_run) else {
        return Ok(Some(MAY_NOT));
    };
    if !may_start(unit, user.role, &job.action).await? {
        return Ok(Some(MAY_NOT));
    }
    let reaches = unit.is_job_within(&job.id, &reach_of(&user)).await?;
    Ok((!reaches).then_some(BEYOND))
}

fn may_run(user: &UserRow) -> bool {
    !user.disabled && user.role.may(Permission::RunJobs)
}

/// Pauses the running jobs that an account may not run any now, or whose phones it does not all reach now:
/// somebody else lets them go on, or cancels them. Answers the records.
///
/// # Errors
/// Only when the storage fails.
pub(crate) async fn pause_jobs_of(
    unit: &mut Unit,
    user: &UserRow,
    by: (&Caller, Timestamp),
) -> Result<Vec<Event>> {
    let reach = may_run(user).then(|| reach_of(user));
    pause_beyond(unit, (&user.id, reach.as_ref()), by).await
}

/// The same for all accounts that a group was given to, after it went or lost its list: that narrows them
/// as an edit of theirs does.
///
/// # Errors
/// Only when the storage fails.
pub(crate) async fn pause_jobs_of_holders(
    unit: &mut Unit,
    holders: &[String],
    by: (&Caller, Timestamp),
) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    for id in holders {
        let user = match unit.user(id).await {
            // Somebody else wrote the account: nobody knows what it may.
            Err(StoreError::Forged(_)) => None,
            user => user?,
        };
        let reach = user.filter(may_run).map(|user| reach_of(&user));
        events.extend(pause_beyond(unit, (id, reach.as_ref()), by).await?);
    }
    Ok(events)
}

/// Pauses what runs of an account beyond this reach; all of it where it may not run any.
async fn pause_beyond(
    unit: &mut Unit,
    (account, reach): (&str, Option<&Reach>),
    (by, now): (&Caller, Timestamp),
) -> Result<Vec<Event>> {
    if reach.is_some_and(Reach::is_everything) {
        return Ok(Vec::new());
    }
    let mut events = Vec::new();
    for id in unit.running_jobs_of(account).await? {
        if let Some(reach) = reach
            && unit.is_job_within(&id, reach).await?
        {
            continue;
        }
        let why = reach.map_or(MAY_NOT, |_| BEYOND);
        events.extend(pause(unit, (id, why), (by, now)).await?);
    }
    Ok(events)
}

/// Pauses the running jobs that wait for phones which are about to be deleted, of accounts that reach one by a
/// group: it loses them, and one that comes back under the same name is perhaps in no reach of theirs.
/// Answers the records.
///
/// # Errors
/// Only when the storage fails.
pub(crate) async fn pause_jobs_that_lose(
    unit: &mut Unit,
    phones: &[Mac],
    by: (&Caller, Timestamp),
) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    for account in unit.accounts_with_groups_of(phones).await? {
        for id in unit.running_jobs_of(&account).await? {
            if unit.waits_in(&id, phones).await? {
                events.extend(pause(unit, (id, BEYOND), by).await?);
            }
        }
    }
    Ok(events)
}

/// Pauses a job that runs; answers the record.
async fn pause(
    unit: &mut Unit,
    (id, why): (String, &str),
    (by, now): (&Caller, Timestamp),
) -> Result<Option<Event>> {
    let (from, to) = ([JobState::Running], JobState::Paused);
    if !unit.set_job_state(&id, &from, to, now).await? {
        return Ok(None);
    }
    let label = unit.job(&id).await?.map(|job| job.label());
    let mut event = by.event(now, "job.paused");
    event.job = Some(id);
    event.reason = why.into();
    event.detail = json!({ "action": label, "from": from[0], "to": to });
    Ok(Some(event))
}
