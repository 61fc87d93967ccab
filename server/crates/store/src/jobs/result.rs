//! Recording what came of claims.
//!
//! Owns the ways out of `sending` and `verifying`. *Invariant:* a result counts only with the
//! id of the attempt that stands in the row; anything else changes nothing.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use carillon_domain::outcome::Transport;
use carillon_domain::{Cause, Mac, TargetState, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::phones::contact::{ContactUpdate, PhoneStamp, stamp};
use crate::sql::{Sql, Value};
use crate::unit::Unit;

use super::attempts;
use super::count::Deltas;
use super::targets::{COLUMNS, TargetRow, target_row};

const ROWS: usize = 500;

/// What came of one claim.
#[derive(Clone, Debug)]
pub struct TargetResult {
    /// Id of the job.
    pub job: String,
    /// Which phone.
    pub mac: Mac,
    /// The claim.
    pub attempt_id: String,
    /// `verifying`, a terminal state, or `waiting` when it is tried again.
    pub state: TargetState,
    /// Why, if not simply well.
    pub cause: Option<Cause>,
    /// What the phone answered.
    pub http_status: Option<u16>,
    /// The way taken.
    pub transport: Option<Transport>,
    /// Now.
    pub at: Timestamp,
    /// How long the exchange took.
    pub duration_ms: Option<i64>,
    /// The beginning of the answer, made safe to show.
    pub excerpt: String,
    /// What proved the effect.
    pub evidence: String,
    /// What the contact taught; `None` when nobody was contacted.
    pub contact: Option<ContactUpdate>,
    /// When it may be tried again, where it waits again.
    pub retry_at: Option<Timestamp>,
}

/// A target that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedTarget {
    /// The state it left.
    pub from: TargetState,
    /// The target as it is now.
    pub target: TargetRow,
}

impl Unit {
    /// Records results of any number of jobs, with the counters and what the phones taught.
    /// Answers the targets that really changed; a result that came too late changes none.
    pub async fn record_results(&mut self, results: &[TargetResult]) -> Result<Vec<ChangedTarget>> {
        let mut conn = self.jobs_conn().await?;
        let mut changed = Vec::with_capacity(results.len());
        let mut stamps = Stamps::new();
        for wave in waves(results) {
            let current = in_flight(&mut conn, wave).await?;
            let valid = wave.iter().filter_map(|result| valid(&current, result));
            let valid: Vec<_> = valid.collect();
            attempts::keep(&mut conn, &valid).await?;
            write(&mut conn, &valid).await?;
            for (before, result) in valid {
                changed.push(after(before, result));
                note(&mut stamps, result);
            }
        }
        count(&mut conn, &changed).await?;
        let stamps: Vec<_> = stamps.into_values().collect();
        stamp(&mut conn, &stamps).await?;
        Ok(changed)
    }
}

/// Cuts the results so that no target occurs twice in one statement: what a phone said and what
/// was seen afterwards can come in one batch, and each starts from what the other left.
fn waves(results: &[TargetResult]) -> Vec<&[TargetResult]> {
    let mut waves = Vec::new();
    let (mut start, mut seen) = (0, HashSet::new());
    for (index, result) in results.iter().enumerate() {
        let repeated = !seen.insert((result.job.as_str(), result.mac));
        if repeated || index - start == ROWS {
            waves.push(&results[start..index]);
            (start, seen) = (index, HashSet::from([(result.job.as_str(), result.mac)]));
        }
    }
    if start < results.len() {
        waves.push(&results[start..]);
    }
    waves
}

type Key = (String, Mac);

/// The rows that the results are about, where they still are in flight.
async fn in_flight(
    conn: &mut Conn<'_>,
    results: &[TargetResult],
) -> Result<HashMap<Key, TargetRow>> {
    let mut sql = Sql::new("WITH v (job, mac, attempt) AS (VALUES ");
    sql.tuples_again(results.iter().map(|result| {
        vec![
            (&result.job).into(),
            result.mac.into(),
            (&result.attempt_id).into(),
        ]
    }));
    sql.push(") SELECT ").push(COLUMNS);
    sql.push(
        " FROM v JOIN job_targets t ON t.job = v.job AND t.mac = v.mac \
         AND t.attempt_id = v.attempt WHERE t.state IN ('sending', 'verifying')",
    );
    let mut found = HashMap::with_capacity(results.len());
    for row in conn.all(sql).await? {
        let target = target_row(&row)?;
        found.insert((target.job.clone(), target.mac), target);
    }
    Ok(found)
}

/// The row and its result, if the result leads anywhere.
fn valid<'a>(
    current: &'a HashMap<Key, TargetRow>,
    result: &'a TargetResult,
) -> Option<(&'a TargetRow, &'a TargetResult)> {
    let target = current.get(&(result.job.clone(), result.mac))?;
    let on = result.state == TargetState::Verifying || may_wait_again(result);
    let forward = result.state.is_terminal() || (on && target.state == TargetState::Sending);
    (forward && target.attempt_id.as_deref() == Some(&result.attempt_id))
        .then_some((target, result))
}

/// Whether a result may lead back to waiting: never one that may have happened.
fn may_wait_again(result: &TargetResult) -> bool {
    let surely_not = result.cause.is_some_and(|cause| !cause.may_have_happened());
    result.state == TargetState::Waiting && result.retry_at.is_some() && surely_not
}

async fn write(conn: &mut Conn<'_>, valid: &[(&TargetRow, &TargetResult)]) -> Result<()> {
    if valid.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new(
        "WITH v (job, mac, state, cause, http_status, transport, finished_at, duration_ms, \
         excerpt, evidence, retry_at) AS (VALUES ",
    );
    sql.tuples_again(valid.iter().map(|(_, result)| values(result)));
    sql.push(
        ") UPDATE job_targets SET state = v.state, cause = v.cause, \
         http_status = COALESCE(v.http_status, job_targets.http_status), \
         transport = COALESCE(v.transport, job_targets.transport), \
         finished_at = v.finished_at, retry_at = v.retry_at, \
         duration_ms = COALESCE(v.duration_ms, job_targets.duration_ms), \
         excerpt = CASE WHEN v.excerpt = '' THEN job_targets.excerpt ELSE v.excerpt END, \
         evidence = CASE WHEN v.evidence = '' THEN job_targets.evidence ELSE v.evidence END, \
         sent_at = CASE WHEN v.cause = 'no_address' AND job_targets.attempts = 1 THEN NULL \
         ELSE job_targets.sent_at END, \
         attempts = CASE WHEN v.cause = 'no_address' THEN job_targets.attempts - 1 \
         ELSE job_targets.attempts END \
         FROM v WHERE job_targets.job = v.job AND job_targets.mac = v.mac \
         AND job_targets.state IN ('sending', 'verifying')",
    );
    conn.execute(sql).await.map(drop)
}

fn values(result: &TargetResult) -> Vec<Value> {
    vec![
        (&result.job).into(),
        result.mac.into(),
        result.state.as_str().into(),
        result.cause.into(),
        result.http_status.map(i64::from).into(),
        result.transport.map(Transport::as_str).into(),
        ended_at(result).into(),
        result.duration_ms.into(),
        (&result.excerpt).into(),
        (&result.evidence).into(),
        result.retry_at.into(),
    ]
}

fn ended_at(result: &TargetResult) -> Option<Timestamp> {
    result.state.is_terminal().then_some(result.at)
}

/// The row as the update left it.
fn after(before: &TargetRow, result: &TargetResult) -> ChangedTarget {
    let mut target = before.clone();
    target.state = result.state;
    target.cause = result.cause;
    target.http_status = result.http_status.or(target.http_status);
    target.transport = result.transport.or(target.transport);
    target.finished_at = ended_at(result);
    target.retry_at = result.retry_at;
    target.duration_ms = result.duration_ms.or(target.duration_ms);
    for (kept, new) in [
        (&mut target.excerpt, &result.excerpt),
        (&mut target.evidence, &result.evidence),
    ] {
        if !new.is_empty() {
            kept.clone_from(new);
        }
    }
    if result.cause == Some(Cause::NoAddress) {
        // There was nowhere to send it to: that is no attempt.
        target.attempts -= 1;
        target.sent_at = target.sent_at.filter(|_| target.attempts > 0);
    }
    ChangedTarget {
        from: before.state,
        target,
    }
}

/// Moves the counters by what changed.
pub(super) async fn count(conn: &mut Conn<'_>, changed: &[ChangedTarget]) -> Result<()> {
    let mut deltas = Deltas::default();
    for ChangedTarget { from, target } in changed {
        deltas.moved(&target.job, *from, target.state);
        if let Some(cause) = target.cause.filter(|_| target.state.is_terminal()) {
            deltas.ended_with(&target.job, cause);
        }
    }
    deltas.apply(conn).await
}

/// What to write on the phones, one for each.
type Stamps = BTreeMap<Mac, PhoneStamp>;

/// Adds what a result that counted says of its phone to what earlier ones said.
fn note(stamps: &mut Stamps, result: &TargetResult) {
    let ended = result.state.is_terminal();
    let new = PhoneStamp {
        mac: result.mac,
        at: result.at,
        contact: result.contact.clone(),
        result: ended.then(|| (result.state, result.cause, result.job.clone())),
    };
    match stamps.entry(result.mac) {
        Entry::Vacant(place) => {
            place.insert(new);
        }
        Entry::Occupied(mut place) => place.get_mut().follow(new),
    }
}
