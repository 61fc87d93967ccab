//! Where a job stands, for those who send its commands.
//!
//! Owns the narrow reading that every batch of results and every phone about to be sent to does.

use carillon_domain::{Counts, JobState, Timestamp};

use crate::error::Result;
use crate::orders::{self, Order, Ordered};
use crate::row::Row;
use crate::signed::Trust;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

use super::read::counts;

/// Where a job stands: what its next claim is measured by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub state: JobState,
    /// How many targets are in each state.
    pub counts: Counts,
    /// After this nothing is sent any more.
    pub not_after: Option<Timestamp>,
    /// Whether all sending is stopped, or nobody held that against the log yet.
    pub all_stopped: bool,
    /// Of the unknown, those that a PBX took: that is the best it ever says.
    pub handed_over: i64,
    /// The number of the list of networks that holds; 0 while nobody made one.
    pub egress: i64,
    /// The code of what decides about it, unchecked.
    pub code: Option<Vec<u8>>,
}

impl Unit {
    /// Where a job stands: less of it than [`Unit::job`], for every batch of results. Until the
    /// end of this unit nobody else changes it.
    pub async fn standing(&mut self, id: &str) -> Result<Option<Standing>> {
        let mut sql = Sql::new("SELECT ");
        sql.push(STANDS);
        push_around(&mut sql);
        sql.push(" FROM jobs WHERE id = ").bind(id).keep();
        let row = self.jobs_conn().await?.optional(sql).await?;
        let trust = self.trust.clone();
        row.map(|row| standing(&trust, &row)).transpose()
    }
}

impl Store {
    /// Whether what was claimed of a job may still leave: it runs, its time is not over, and sending
    /// is not stopped.
    pub async fn may_send(&self, job: &str, now: Timestamp) -> Result<bool> {
        let mut sql = Sql::new("SELECT ");
        orders::push(&mut sql, Order::StopAll, "stop");
        sql.push(" FROM jobs WHERE state = 'running' AND id = ")
            .bind(job);
        sql.push(" AND (not_after IS NULL OR not_after > ")
            .bind(now);
        sql.push(")").keep();
        let Some(row) = self.read().await?.conn().optional(sql).await? else {
            return Ok(false);
        };
        let stop = orders::pushed(&self.trust, &row, (Order::StopAll, "stop"))?;
        let held = orders::pushed_is_held(&self.trust, &row, (Order::StopAll, "stop"))?;
        Ok(held && stop == Ordered::As(None))
    }
}

/// The columns of a job that [`standing`] reads.
pub(super) const STANDS: &str = "id, state, waiting, sending, verifying, verified, acknowledged, \
     failed, unknown, skipped, cancelled, expired, not_after, mac";

/// What it reads besides, for a statement that has the columns of a job.
pub(super) fn push_around(sql: &mut Sql) {
    sql.push(
        ", COALESCE((SELECT count FROM job_causes WHERE job = id AND cause = 'handed_over'), 0) \
         AS handed_over, COALESCE((SELECT version FROM egress), 0) AS egress, ",
    );
    orders::push(sql, Order::StopAll, "stop");
}

pub(super) fn standing(trust: &Trust, row: &Row) -> Result<Standing> {
    let stop = orders::pushed(trust, row, (Order::StopAll, "stop"))?;
    let held = orders::pushed_is_held(trust, row, (Order::StopAll, "stop"))?;
    let fields = row.of("jobs", "id");
    Ok(Standing {
        state: fields.parse("state")?,
        counts: counts(&fields)?,
        not_after: fields.maybe_at("not_after")?,
        all_stopped: !held || stop != Ordered::As(None),
        handed_over: fields.int("handed_over")?,
        egress: fields.int("egress")?,
        code: fields.get("mac")?,
    })
}
