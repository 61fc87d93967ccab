//! Ending targets that were never tried, and moving jobs from state to state.
//!
//! Owns the guards: each change names the state it starts from.

use carillon_domain::{Cause, JobState, Mac, TargetState, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::Sql;
use crate::unit::Unit;

use super::result::{ChangedTarget, count};
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
        let mut sql = Sql::new("UPDATE jobs SET state = ");
        sql.bind(to.as_str());
        if to == JobState::Running {
            sql.push(", started_at = COALESCE(started_at, ")
                .bind(now)
                .push(")");
        }
        if to.is_terminal() {
            sql.push(", finished_at = COALESCE(finished_at, ")
                .bind(now)
                .push(")");
        }
        sql.push(" WHERE id = ").bind(id).push(" AND ");
        sql.one_of("state", from.iter().map(|state| state.as_str()));
        Ok(self.jobs_conn().await?.execute(sql).await? > 0)
    }

    /// Sets until when a job may send.
    pub async fn set_not_after(&mut self, id: &str, not_after: Timestamp) -> Result<()> {
        let sql = Sql::new("UPDATE jobs SET not_after = $2 WHERE id = $1");
        self.jobs_conn()
            .await?
            .execute(sql.arg(id).arg(not_after))
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
        let sql = Sql::new(
            "UPDATE jobs SET finished_at = $2, \
             state = CASE WHEN state = 'stopping' THEN 'cancelled' ELSE 'finished' END \
             WHERE id = $1 AND waiting = 0 AND sending = 0 AND verifying = 0 \
             AND state IN ('running', 'paused', 'stopping', 'interrupted') RETURNING id, state",
        );
        let row = self
            .jobs_conn()
            .await?
            .optional(sql.arg(id).arg(now))
            .await?;
        row.map(|row| row.of("jobs", "id").parse("state"))
            .transpose()
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
