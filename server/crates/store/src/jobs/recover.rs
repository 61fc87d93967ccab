//! Telling the truth about what dead nodes left behind.
//!
//! Owns what becomes of targets in flight under an epoch that is over. A `sending` one becomes
//! `unknown`: nobody can say. A `verifying` one keeps what the phone had said: `acknowledged`
//! when it took the request, `unknown` when even that was uncertain.

use carillon_domain::{Cause, JobState, TargetState, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::nodes::{NodeRow, node_row};
use crate::phones::contact::{PhoneStamp, stamp};
use crate::sql::Sql;
use crate::unit::Unit;

use super::decides::{Kind, Stamps, select_signed};
use super::record::count;
use super::result::ChangedTarget;
use super::targets::{COLUMNS, TargetRow, target_row};

const ROWS: usize = 500;

/// Why somebody looks for what dead nodes left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// This node starts. Jobs that a dead node left running, and no living one carries on, are
    /// interrupted.
    Start,
    /// A running node looks after the others and carries their jobs on.
    Watch,
}

/// What was found and settled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recovered {
    /// The runs that had not ended in good order.
    pub dead: Vec<NodeRow>,
    /// The targets that were in flight under them.
    pub targets: Vec<ChangedTarget>,
    /// Jobs that somebody must resume.
    pub interrupted: Vec<String>,
    /// Jobs that thereby ended, and how.
    pub ended: Vec<(String, JobState)>,
}

impl Unit {
    /// Settles what epochs left that are over; `epoch` is our own. Call before anything is
    /// claimed, and on a shared database again from time to time.
    pub async fn recover(
        &mut self,
        epoch: i64,
        now: Timestamp,
        occasion: Occasion,
    ) -> Result<Recovered> {
        let mut conn = self.jobs_conn().await?;
        let mut recovered = Recovered {
            dead: bury(&mut conn, epoch, now).await?,
            ..Recovered::default()
        };
        let left = left_in_flight(&mut conn, epoch, now).await?;
        for chunk in left.chunks(ROWS) {
            settle(&mut conn, chunk, now, &mut recovered.targets).await?;
        }
        count(&mut conn, &recovered.targets).await?;
        stamp(&mut conn, &stamps(&recovered.targets, now)).await?;
        if occasion == Occasion::Start && !recovered.dead.is_empty() {
            recovered.interrupted = self.interrupt(epoch).await?;
        }
        recovered.ended = self.finish_touched(&recovered.targets, now).await?;
        Ok(recovered)
    }

    /// Interrupts the running jobs with waiting targets, unless another node lives that carries
    /// them on.
    async fn interrupt(&mut self, epoch: i64) -> Result<Vec<String>> {
        let mut sql = select_signed();
        sql.push(" WHERE j.state = 'running' AND j.waiting > 0 AND NOT EXISTS ");
        sql.push("(SELECT 1 FROM nodes WHERE stopped_at IS NULL AND epoch <> ");
        sql.bind(epoch).push(") ORDER BY j.id");
        let rows = self.jobs_conn().await?.all(sql).await?;
        let mut ids = Vec::with_capacity(rows.len());
        for row in &rows {
            let interrupted = self.decide_row(row, Kind::Takes, |job| {
                job.state = JobState::Interrupted;
                Some(Stamps::default())
            });
            if interrupted.await? {
                ids.push(row.get("id")?);
            }
        }
        Ok(ids)
    }

    /// Ends the jobs whose last targets were settled.
    async fn finish_touched(
        &mut self,
        changed: &[ChangedTarget],
        now: Timestamp,
    ) -> Result<Vec<(String, JobState)>> {
        let mut jobs: Vec<_> = changed
            .iter()
            .map(|change| change.target.job.clone())
            .collect();
        jobs.sort();
        jobs.dedup();
        let mut ended = Vec::new();
        for job in jobs {
            if let Some(state) = self.finish_job_if_done(&job, now).await? {
                ended.push((job, state));
            }
        }
        Ok(ended)
    }
}

/// Our node's name, for the conditions.
async fn node_name(conn: &mut Conn<'_>, epoch: i64) -> Result<String> {
    let sql = Sql::new("SELECT node FROM nodes WHERE epoch = $1").arg(epoch);
    let row = conn.optional(sql).await?;
    row.map_or_else(|| Ok(String::new()), |row| row.get("node"))
}

/// Notes the end of runs that are over without having ended.
async fn bury(conn: &mut Conn<'_>, epoch: i64, now: Timestamp) -> Result<Vec<NodeRow>> {
    let node = node_name(conn, epoch).await?;
    let mut sql = Sql::new("UPDATE nodes SET stopped_at = $2 WHERE stopped_at IS NULL AND ");
    sql.push(conn.dialect().epoch_is_over());
    sql.push(" RETURNING epoch, node, started_at, lease_until, stopped_at");
    let rows = conn.all(sql.arg(epoch).arg(now).arg(node)).await?;
    rows.iter().map(node_row).collect()
}

async fn left_in_flight(conn: &mut Conn<'_>, epoch: i64, now: Timestamp) -> Result<Vec<TargetRow>> {
    let node = node_name(conn, epoch).await?;
    let mut left = Vec::new();
    for in_hand in conn.dialect().targets_in_hand() {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(in_hand);
        sql.push(" AND t.epoch IN (SELECT epoch FROM nodes WHERE ");
        sql.push(conn.dialect().epoch_is_over()).push(")");
        let sql = sql.arg(epoch).arg(now).arg(node.clone());
        left.extend(conn.read(sql, target_row).await?);
    }
    left.sort_by(|a, b| (&a.job, a.position).cmp(&(&b.job, b.position)));
    Ok(left)
}

/// What becomes of a target in flight.
const fn end_of(target: &TargetRow) -> (TargetState, Option<Cause>) {
    match (target.state, target.cause) {
        (TargetState::Verifying, None) => (TargetState::Acknowledged, None),
        (TargetState::Verifying, cause) => (TargetState::Unknown, cause),
        _ => (TargetState::Unknown, Some(Cause::Interrupted)),
    }
}

async fn settle(
    conn: &mut Conn<'_>,
    left: &[TargetRow],
    now: Timestamp,
    changed: &mut Vec<ChangedTarget>,
) -> Result<()> {
    let mut sql = Sql::new("WITH v (job, mac, attempt, state, cause) AS (");
    sql.rows(left.iter().map(|target| {
        let (state, cause) = end_of(target);
        vec![
            (&target.job).into(),
            target.mac.into(),
            (&target.attempt_id).into(),
            state.as_str().into(),
            cause.into(),
        ]
    }));
    sql.push(") UPDATE job_targets SET state = v.state, cause = v.cause, finished_at = ");
    sql.bind(now);
    // What was being sent was not answered: an answer that stands there was to an earlier claim.
    for column in ["http_status", "transport", "duration_ms"] {
        let kept = ", {} = CASE WHEN job_targets.state = 'verifying' THEN job_targets.{} END";
        sql.push(&kept.replace("{}", column));
    }
    for column in ["excerpt", "evidence"] {
        let kept =
            ", {} = CASE WHEN job_targets.state = 'verifying' THEN job_targets.{} ELSE '' END";
        sql.push(&kept.replace("{}", column));
    }
    sql.push(
        " FROM v WHERE job_targets.job = v.job AND job_targets.mac = v.mac \
         AND job_targets.attempt_id = v.attempt \
         AND job_targets.state IN ('sending', 'verifying') \
         RETURNING job_targets.job AS job, job_targets.mac AS mac",
    );
    let mut settled = std::collections::HashSet::new();
    for row in conn.all(sql).await? {
        settled.insert((row.get::<String>("job")?, row.get::<String>("mac")?));
    }
    let really = left
        .iter()
        .filter(|target| settled.contains(&(target.job.clone(), target.mac.to_string())));
    changed.extend(really.map(|before| {
        let mut target = before.clone();
        (target.state, target.cause) = end_of(before);
        target.finished_at = Some(now);
        if before.state == TargetState::Sending {
            (target.http_status, target.transport, target.duration_ms) = (None, None, None);
            target.excerpt.clear();
            target.evidence.clear();
        }
        ChangedTarget {
            from: before.state,
            target,
            given_back: false,
        }
    }));
    Ok(())
}

fn stamps(changed: &[ChangedTarget], now: Timestamp) -> Vec<PhoneStamp> {
    let mut stamps: Vec<_> = changed
        .iter()
        .map(|ChangedTarget { target, .. }| PhoneStamp {
            mac: target.mac,
            at: now,
            contact: None,
            result: Some((target.state, target.cause, target.job.clone())),
        })
        .collect();
    stamps.sort_by_key(|stamp| stamp.mac);
    stamps.dedup_by_key(|stamp| stamp.mac);
    stamps
}
