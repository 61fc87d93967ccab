//! Claiming targets: from `waiting` to `sending`.
//!
//! Owns the promise that a phone is given one command at a time, over all jobs and all nodes: it
//! is being sent to by one claim, and no other begins before the effect of the last was looked
//! for. Three things keep the first half: the lock on jobs, the question below, and, if both were
//! wrong, the database, which makes the unit fail: by a unique index, or on Postgres by the table of
//! phones in hand. The question keeps the second.

use std::sync::Arc;

use carillon_domain::{Cause, Mac, TargetState, Timestamp};

use crate::conn::Conn;
use crate::dialect::Dialect;
use crate::error::{Result, StoreError};
use crate::row::{Fields, Shape};
use crate::sql::{Sql, Value, When};
use crate::unit::Unit;

use super::count::Deltas;
use super::frozen::{self, FrozenList};
use super::share::{SiteLimit, next_within_share};
use super::stretches::next_in_stretches;
use super::targets::{TargetRow, waiting_row};

const ROWS: usize = 500;

/// A wish to send to the next phones of a job.
#[derive(Clone, Debug)]
pub struct Claim<'c> {
    /// Id of the job.
    pub job: &'c str,
    /// The epoch of this node.
    pub epoch: i64,
    /// Now.
    pub now: Timestamp,
    /// One new id for each target wanted, at most.
    pub attempts: &'c [String],
    /// How many phones of a site may be away at once, over all jobs.
    pub site_limit: SiteLimit,
    /// Leaves phones out that somebody spoke to later than this.
    pub not_since: Option<Timestamp>,
    /// Takes only phones that were tried before.
    pub only_again: bool,
    /// The phones that the job was frozen to: of another nothing is taken.
    pub list: Option<&'c FrozenList>,
    /// Behind where a claim before this one found its last: what lies before it is looked at last. No
    /// more than a hint, from which a database profits that has no index of what waits.
    pub from: i64,
}

/// A target that is this node's to send to, once the unit is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedTarget {
    /// The target, `sending`. Shared with its result.
    pub target: Arc<TargetRow>,
    /// The id of this attempt; its result must bear it.
    pub attempt_id: String,
    /// Why the attempt before this one failed, where there was one.
    pub last_cause: Option<Cause>,
}

impl Unit {
    /// Takes the next waiting targets of a running job, in its order, leaving out phones that
    /// another job is sending to or looking at. Nothing while all sending is stopped, when the job does not
    /// run, or when the epoch's lease is gone. Forged where a phone is not one that the job was
    /// frozen to.
    pub async fn claim(&mut self, claim: &Claim<'_>) -> Result<Vec<ClaimedTarget>> {
        let trust = self.trust.clone();
        let mut conn = self.jobs_conn().await?;
        let mut claimed = Vec::with_capacity(claim.attempts.len());
        for attempts in claim.attempts.chunks(ROWS) {
            let found = candidates(&mut conn, claim, attempts.len()).await?;
            let last = found.len() < attempts.len();
            if !all_listed(claim, &found) {
                let forged = trust.remember(&frozen::facts(claim.job, None));
                // What was taken before is this unit's to send; the next claim takes nothing.
                if claimed.is_empty() {
                    return Err(StoreError::Forged(forged));
                }
                break;
            }
            take(&mut conn, claim, found, attempts, &mut claimed).await?;
            if last {
                break;
            }
        }
        Ok(claimed)
    }
}

/// A waiting target, and where it lies until the unit ends: nobody else changes targets meanwhile.
pub(super) struct Candidate {
    pub(super) target: TargetRow,
    place: Value,
}

fn all_listed(claim: &Claim<'_>, found: &[Candidate]) -> bool {
    let is_listed = |list: &FrozenList| {
        let mut found = found.iter();
        found.all(|one| list.allows(one.target.position, one.target.mac))
    };
    claim.list.is_none_or(is_listed)
}

async fn candidates(
    conn: &mut Conn<'_>,
    claim: &Claim<'_>,
    limit: usize,
) -> Result<Vec<Candidate>> {
    if claim.site_limit != SiteLimit::default() {
        return next_within_share(conn, claim, limit).await;
    }
    if conn.dialect() == Dialect::Postgres {
        return next_in_stretches(conn, claim, limit).await;
    }
    let mut sql = next_in_order(claim, conn.dialect());
    // A sum: for a bare place SQLite would plan the statement anew each time.
    sql.push(" ORDER BY t.position LIMIT 0 + ")
        .bind(limit as i64);
    waiting(conn, claim, sql).await
}

/// The rows of [`next_in_order`], by position.
pub(super) async fn waiting(
    conn: &mut Conn<'_>,
    claim: &Claim<'_>,
    sql: Sql,
) -> Result<Vec<Candidate>> {
    let dialect = conn.dialect();
    let read = |fields: Fields<'_>| {
        let place = match dialect {
            Dialect::Sqlite => fields.int("place")?.into(),
            Dialect::Postgres => fields.text("place")?.into(),
        };
        let target = waiting_row(claim.job, fields)?;
        Ok(Candidate { target, place })
    };
    let mut rows = conn.read_packed(sql, WAITING, read).await?;
    rows.sort_unstable_by_key(|row| row.target.position);
    Ok(rows)
}

/// What a claim reads of a waiting target; the rest it knows or writes anew.
const COLUMNS: &str = "t.position, t.mac, t.name, t.extension, t.model, t.site, t.groups, \
     t.cause, t.http_status, t.transport, t.attempts, t.duration_ms, t.excerpt, t.evidence";

/// The same by name.
const WAITING: Shape = Shape {
    table: "job_targets",
    key: "mac",
    columns: &[
        "position",
        "mac",
        "name",
        "extension",
        "model",
        "site",
        "groups",
        "cause",
        "http_status",
        "transport",
        "attempts",
        "duration_ms",
        "excerpt",
        "evidence",
        "place",
    ],
};

/// Waiting targets that nothing keeps, and whose phone nobody is sending to or looking at: a phone
/// that restarts is down, and a command more would blur what is seen.
const FREE: &str = " FROM job_targets t WHERE t.state = 'waiting' AND t.hold IS NULL AND ";

/// The beginning of the statement that finds the next targets of a claim: none while all sending
/// is stopped, when the job does not run, or when the epoch's lease is gone.
pub(super) fn next_in_order(claim: &Claim<'_>, dialect: Dialect) -> Sql {
    let mut sql = Sql::new("SELECT ").arg(claim.epoch).arg(claim.now);
    sql.keep().push(COLUMNS);
    sql.push(", ")
        .push(dialect.row_place_told())
        .push(" AS place");
    sql.push(FREE).push(dialect.phone_in_no_hand());
    sql.push(" AND t.job = ").bind(claim.job);
    sql.push(" AND EXISTS (SELECT 1 FROM jobs j WHERE j.state = 'running' AND j.id = ");
    sql.bind(claim.job);
    sql.push(") AND NOT EXISTS (SELECT 1 FROM orders WHERE name = 'stop_all' ");
    sql.push("AND value IS NOT NULL)");
    sql.push(" AND EXISTS (SELECT 1 FROM nodes WHERE ");
    sql.push(dialect.epoch_may_claim()).push(")");
    sql.push(" AND (t.retry_at IS NULL OR t.retry_at <= ")
        .bind(claim.now)
        .push(")");
    if claim.only_again {
        sql.push(" AND t.attempts > 0");
    }
    if let Some(since) = claim.not_since {
        // What lies ahead was noted by a clock that was set back since: it says nothing.
        sql.push(" AND NOT EXISTS (SELECT 1 FROM phones p WHERE p.mac = t.mac ");
        sql.push("AND p.last_tried > ").bind(since);
        sql.push(" AND p.last_tried <= ").bind(claim.now).push(")");
    }
    sql
}

async fn take(
    conn: &mut Conn<'_>,
    claim: &Claim<'_>,
    found: Vec<Candidate>,
    attempts: &[String],
    claimed: &mut Vec<ClaimedTarget>,
) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let pairs = || found.iter().zip(attempts);
    let mut sql = Sql::new("WITH v (place, attempt) AS (");
    sql.rows_again(pairs().map(|(one, attempt)| vec![one.place.clone(), attempt.into()]));
    sql.push(") UPDATE job_targets SET state = 'sending', attempts = attempts + 1, ");
    sql.push("attempt_id = v.attempt, epoch = ")
        .bind(claim.epoch);
    sql.push(", sent_at = ").bind(claim.now);
    sql.push(", cause = NULL, retry_at = NULL FROM v WHERE job_targets.");
    sql.push(conn.dialect().row_place()).push(" = ");
    sql.push(conn.dialect().row_place_bound());
    sql.push(" AND job_targets.state || '' = 'waiting'");
    let mut deltas = Deltas::default();
    for _ in &found {
        deltas.moved(claim.job, TargetState::Waiting, TargetState::Sending);
    }
    let changed = conn
        .change_together(sql, deltas.changes(When::Always))
        .await?;
    if changed != found.len() as u64 {
        // Nobody else can have taken them while the lock on jobs is held.
        return Err(StoreError::Conflict);
    }
    for (Candidate { mut target, .. }, attempt) in found.into_iter().zip(attempts) {
        target.state = TargetState::Sending;
        target.attempts += 1;
        target.attempt_id = Some(attempt.clone());
        target.sent_at = Some(claim.now);
        let last_cause = target.cause.take();
        claimed.push(ClaimedTarget {
            target: Arc::new(target),
            attempt_id: attempt.clone(),
            last_cause,
        });
    }
    Ok(())
}

impl ClaimedTarget {
    /// Which phone.
    pub fn mac(&self) -> Mac {
        self.target.mac
    }
}
