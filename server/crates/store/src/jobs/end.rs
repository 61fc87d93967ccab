//! Ending targets that were never tried, and moving jobs from state to state.
//!
//! Owns the guards: each change names the state it starts from.

use carillon_domain::{Cause, JobState, Mac, TargetState, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::Sql;
use crate::unit::Unit;

use super::decides::{Kind, Stamps, select_signed};
use super::record::count;
use super::result::ChangedTarget;
use super::targets::{COLUMNS, target_row};

const ROWS: usize = 500;

/// How targets end that were never tried. One that was tried and waits to be tried again ends as
/// failed instead, with what that try came to: a promise that nothing was sent would be a lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untried {
    /// Somebody stopped the job.
    Cancelled,
    /// Their turn came too late.
    Expired,
    /// They are left out, for this cause.
    Skipped(Cause),
}

impl Untried {
    const fn state(self) -> TargetState {
        match self {
            Self::Cancelled => TargetState::Cancelled,
            Self::Expired => TargetState::Expired,
            Self::Skipped(_) => TargetState::Skipped,
        }
    }

    const fn cause(self) -> Option<Cause> {
        match self {
            Self::Skipped(cause) => Some(cause),
            Self::Cancelled | Self::Expired => None,
        }
    }
}

impl Unit {
    /// Moves a job from one of the states `from` to `to`; says whether it was in one. Notes
    /// when it first ran and when it ended.
    pub async fn set_job_state(
        &mut self,
        id: &str,
        from: &[JobState],
        to: JobState,
        now: Timestamp,
    ) -> Result<bool> {
        self.decide(id, Kind::to(to), |job| {
            from.contains(&job.state).then(|| {
                job.state = to;
                stamps(to, now)
            })
        })
        .await
    }

    /// Sets until when a job may send.
    pub async fn set_not_after(&mut self, id: &str, not_after: Timestamp) -> Result<()> {
        self.decide(id, Kind::Gives, |job| {
            job.not_after = Some(not_after);
            Some(Stamps::default())
        })
        .await
        .map(drop)
    }

    /// Ends a job none of whose targets can still change: `stopping` becomes `cancelled`, else
    /// `finished`. Answers the new state if it did.
    pub async fn finish_job_if_done(
        &mut self,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<JobState>> {
        let mut sql = select_signed();
        sql.push(" WHERE j.waiting = 0 AND j.sending = 0 AND j.verifying = 0 AND ");
        sql.push("j.state IN ('running', 'paused', 'stopping', 'interrupted') AND j.id = ");
        sql.bind(id).keep();
        let Some(row) = self.jobs_conn().await?.optional(sql).await? else {
            return Ok(None);
        };
        let end = match row.of("jobs", "id").parse("state")? {
            JobState::Stopping => JobState::Cancelled,
            _ => JobState::Finished,
        };
        let ended = self.decide_row(&row, Kind::Takes, |job| {
            job.state = end;
            Some(stamps(end, now))
        });
        Ok(ended.await?.then_some(end))
    }

    /// Ends all waiting targets of a job as cancelled.
    pub async fn cancel_waiting(
        &mut self,
        job: &str,
        now: Timestamp,
    ) -> Result<Vec<ChangedTarget>> {
        self.end_waiting(job, None, Untried::Cancelled, now).await
    }

    /// Ends all waiting targets of a job as expired.
    pub async fn expire_waiting(
        &mut self,
        job: &str,
        now: Timestamp,
    ) -> Result<Vec<ChangedTarget>> {
        self.end_waiting(job, None, Untried::Expired, now).await
    }

    /// Ends all waiting targets of a job as skipped.
    pub async fn skip_waiting(
        &mut self,
        job: &str,
        cause: Cause,
        now: Timestamp,
    ) -> Result<Vec<ChangedTarget>> {
        self.end_waiting(job, None, Untried::Skipped(cause), now)
            .await
    }

    /// Ends waiting targets of a job, all or those of these phones. Answers those that were
    /// still waiting.
    pub async fn end_waiting(
        &mut self,
        job: &str,
        only: Option<&[Mac]>,
        how: Untried,
        now: Timestamp,
    ) -> Result<Vec<ChangedTarget>> {
        let mut conn = self.jobs_conn().await?;
        let mut changed = Vec::new();
        match only {
            None => end(&mut conn, job, None, how, now, &mut changed).await?,
            Some(macs) => {
                for chunk in macs.chunks(ROWS) {
                    end(&mut conn, job, Some(chunk), how, now, &mut changed).await?;
                }
            }
        }
        changed.sort_by_key(|change| change.target.position);
        count(&mut conn, &changed).await?;
        Ok(changed)
    }
}

/// When a job first ran, and when it ended.
fn stamps(to: JobState, now: Timestamp) -> Stamps {
    Stamps {
        started_at: (to == JobState::Running).then_some(now),
        finished_at: to.is_terminal().then_some(now),
    }
}

async fn end(
    conn: &mut Conn<'_>,
    job: &str,
    only: Option<&[Mac]>,
    how: Untried,
    now: Timestamp,
    changed: &mut Vec<ChangedTarget>,
) -> Result<()> {
    let mut sql =
        Sql::new("UPDATE job_targets AS t SET state = CASE WHEN attempts > 0 THEN 'failed' ELSE ");
    sql.bind(how.state().as_str())
        .push(" END, cause = CASE WHEN attempts > 0 THEN cause ELSE ")
        .bind(how.cause());
    sql.push(" END, retry_at = NULL, hold = NULL, finished_at = ")
        .bind(now);
    sql.push(" WHERE state = 'waiting' AND job = ").bind(job);
    if let Some(macs) = only {
        sql.push(" AND ").one_of("mac", macs.iter().copied());
    }
    sql.push(" RETURNING ").push(&COLUMNS.replace("t.", ""));
    for row in conn.all(sql).await? {
        changed.push(ChangedTarget {
            from: TargetState::Waiting,
            target: target_row(&row)?,
            given_back: false,
        });
    }
    Ok(())
}
