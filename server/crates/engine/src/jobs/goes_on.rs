//! Whether somebody may let a job go on that rests, or phones of one that were held.
//!
//! Owns that question. *Invariant:* whoever lets a job go on is held to what they would be held to if they
//! started it with the phones that still wait: who asked for it first does not answer for them.

use carillon_domain::action::{self, Entry};
use carillon_domain::job::EffectiveOptions;
use carillon_domain::role::{Permission, Role};
use carillon_store::{JobRow, Unit};

use super::rules::may_go_on;
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// A job that somebody would let go on.
pub(super) struct Rested<'a> {
    pub(super) job: &'a JobRow,
    pub(super) entry: &'static Entry,
    /// Whether a second person let it run.
    pub(super) approved: bool,
}

impl Rested<'_> {
    /// The phones that would still get it.
    pub(super) fn phones(&self) -> usize {
        usize::try_from(self.job.counts.waiting).unwrap_or(0)
    }
}

/// Whether phones that wait were deleted, for who reaches less than everything: nobody knows where one
/// would be that came back.
async fn lost(unit: &mut Unit, caller: &Caller, job: &JobRow) -> Result<bool> {
    Ok(!caller.reach.is_everything() && unit.waits_for_deleted(&job.id).await?)
}

/// Refuses who may not let this job go on.
///
/// # Errors
/// Denied, or a conflict that says why.
pub(super) async fn check(
    engine: &Engine,
    unit: &mut Unit,
    caller: &Caller,
    job: &JobRow,
) -> Result<()> {
    let now = engine.clock.now();
    // What nobody knows any more is not sent either.
    let Some(entry) = action::find(&job.action) else {
        return Ok(());
    };
    if entry.call_control {
        caller.require(Permission::CallControl)?;
    }
    let options: Option<EffectiveOptions> = serde_json::from_value(job.options.clone()).ok();
    let protected = options.as_ref().is_none_or(|all| all.include_protected);
    if protected && caller.role != Role::Admin {
        return Err(EngineError::Denied(Permission::Administer));
    }
    if let Some(options) = options.filter(|_| !caller.is_person()) {
        let phones = unit.waiting_phones(&job.id).await?;
        let way = (options.transport, phones.as_slice());
        engine.check_job_in_clear(caller, way).await?;
    }
    if !unit.is_job_within(&job.id, &caller.reach).await? || lost(unit, caller, job).await? {
        let message =
            "you do not reach all of its phones any more: somebody who does can let it go on";
        return Err(EngineError::Conflict(message.to_owned()));
    }
    let approval = unit.job_approval(&job.id).await?.unwrap_or_default();
    let rested = Rested {
        job,
        entry,
        approved: approval.decided_by.is_some(),
    };
    may_go_on(unit, caller, &rested, now).await
}
