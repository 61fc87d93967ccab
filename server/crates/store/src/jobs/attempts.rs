//! The tries of a target before its last one.
//!
//! Owns the table `job_attempts`. The last try stands in the target's own row; it is copied here
//! when the target goes back to waiting, in the same transaction.

use carillon_domain::outcome::Transport;
use carillon_domain::{Cause, Mac, TargetState, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::reach::and_jobs;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

use super::result::TargetResult;

/// One try that failed and was followed by another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// Which phone.
    pub mac: Mac,
    /// Counts from 1.
    pub number: i64,
    /// The claim.
    pub attempt_id: String,
    /// When it was claimed.
    pub sent_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// How long the exchange took.
    pub duration_ms: Option<i64>,
    /// Why it failed.
    pub cause: Cause,
    /// What the phone answered.
    pub http_status: Option<u16>,
    /// The way taken.
    pub transport: Option<Transport>,
}

/// Keeps the tries of those that go back to waiting.
pub(super) async fn keep(conn: &mut Conn<'_>, results: &[&TargetResult]) -> Result<()> {
    let again =
        |result: &&&TargetResult| result.state == TargetState::Waiting && !result.given_back;
    let mut rows = results.iter().filter(again).peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    let mut sql = Sql::new(
        "INSERT INTO job_attempts (job, mac, number, attempt_id, sent_at, finished_at, \
         duration_ms, cause, http_status, transport) ",
    );
    sql.rows(rows.map(|result| {
        let target = &result.before;
        vec![
            (&target.job).into(),
            target.mac.into(),
            target.attempts.into(),
            (&target.attempt_id).into(),
            target.sent_at.unwrap_or(result.at).into(),
            result.at.into(),
            result.duration_ms.into(),
            result.cause.into(),
            result.http_status.map(i64::from).into(),
            result.transport.map(Transport::as_str).into(),
        ]
    }));
    conn.execute(sql).await.map(drop)
}

fn attempt_row(row: &Row) -> Result<AttemptRow> {
    let fields = row.of("job_attempts", "attempt_id");
    Ok(AttemptRow {
        mac: fields.parse("mac")?,
        number: fields.int("number")?,
        attempt_id: fields.text("attempt_id")?,
        sent_at: fields.at("sent_at")?,
        finished_at: fields.at("finished_at")?,
        duration_ms: fields.get("duration_ms")?,
        cause: fields.parse("cause")?,
        http_status: fields.maybe_number("http_status")?,
        transport: fields.maybe("transport")?,
    })
}

impl Store {
    /// The tries before the last one of some phones of a job in reach, in order.
    pub async fn earlier_attempts(&self, job: &str, macs: &[Mac]) -> Result<Vec<AttemptRow>> {
        let mut read = self.read().await?;
        let mut found = Vec::new();
        for chunk in macs.chunks(500) {
            let mut sql = Sql::new(
                "SELECT mac, number, attempt_id, sent_at, finished_at, duration_ms, cause, \
                 http_status, transport FROM job_attempts t WHERE t.job = ",
            );
            sql.bind(job).push(" AND ");
            sql.one_of("t.mac", chunk.iter().copied());
            and_jobs(&mut sql, &self.reach, "t.job");
            sql.push(" ORDER BY t.mac, t.number");
            for row in read.conn().all(sql).await? {
                found.push(attempt_row(&row)?);
            }
        }
        Ok(found)
    }
}

impl Unit {
    /// How many targets of a job wait to be tried again.
    pub async fn waiting_again(&mut self, job: &str) -> Result<i64> {
        let sql = Sql::new(
            "SELECT COUNT(*) AS n FROM job_targets \
             WHERE job = $1 AND state = 'waiting' AND attempts > 0",
        );
        self.jobs_conn().await?.number(sql.arg(job), "n").await
    }
}
