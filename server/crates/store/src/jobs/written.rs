//! How results are written: one statement for all that are alike.
//!
//! Owns which columns a result changes. What is seen of an effect adds to the answer before it; a
//! claim begins with nothing.

use std::collections::{HashMap, HashSet};

use carillon_domain::outcome::Transport;
use carillon_domain::{Cause, TargetState};

use crate::conn::Conn;
use crate::dialect::Dialect;
use crate::error::Result;
use crate::row::Row;
use crate::sql::{Sql, Value};

use super::record::{Key, key};
use super::result::TargetResult;
use super::standing::{STANDS, push_around};
use super::targets::found_by_key;

/// What results have in common that are written by one statement.
#[derive(PartialEq, Eq, Hash)]
struct Alike<'a> {
    job: &'a str,
    from: TargetState,
    state: TargetState,
    cause: Option<Cause>,
    http_status: Option<u16>,
    transport: Option<Transport>,
    given_back: bool,
}

impl<'a> Alike<'a> {
    fn of(result: &'a TargetResult) -> Self {
        Self {
            job: &result.before.job,
            from: result.before.state,
            state: result.state,
            cause: result.cause,
            http_status: result.http_status,
            transport: result.transport,
            given_back: result.given_back,
        }
    }

    /// The columns that tell what was heard.
    fn tell(&self, sql: &mut Sql) {
        let status = self.http_status.map(i64::from);
        let transport = self.transport.map(Transport::as_str);
        if self.given_back {
            return;
        }
        if self.from != TargetState::Verifying {
            sql.push(", http_status = ").bind(status);
            sql.push(", transport = ").bind(transport);
            sql.push(", duration_ms = v.duration_ms, excerpt = v.excerpt, evidence = v.evidence");
            return;
        }
        sql.push(", http_status = COALESCE(").bind(status);
        sql.push(", job_targets.http_status), transport = COALESCE(")
            .bind(transport);
        sql.push(
            ", job_targets.transport), \
             duration_ms = COALESCE(v.duration_ms, job_targets.duration_ms), \
             excerpt = CASE WHEN v.excerpt = '' THEN job_targets.excerpt ELSE v.excerpt END, \
             evidence = CASE WHEN v.evidence = '' THEN job_targets.evidence ELSE v.evidence END",
        );
    }
}

/// Writes results, and says which of them found their target as they had left it.
pub(super) async fn write<'a>(
    conn: &mut Conn<'_>,
    results: &'a [TargetResult],
) -> Result<HashSet<Key<'a>>> {
    let mut alike: HashMap<Alike<'a>, Vec<&TargetResult>> = HashMap::new();
    for result in results.iter().filter(|result| result.leads_on()) {
        alike.entry(Alike::of(result)).or_default().push(result);
    }
    let mut written = HashSet::with_capacity(results.len());
    for (common, results) in alike {
        if write_all(conn, &common, &results).await? {
            written.extend(results.iter().map(|result| (common.job, result.mac())));
            continue;
        }
        let mut sql = update(conn.dialect(), &common, &results);
        sql.push(" RETURNING job_targets.mac AS mac");
        for row in conn.all(sql).await? {
            let mac = row.of("job_targets", "mac").parse("mac")?;
            written.insert((common.job, mac));
        }
    }
    Ok(written)
}

/// What came of results that were written together with what follows from them.
pub(super) enum Together<'a> {
    /// All of them count, and so their job stands.
    All(Row),
    /// Only the targets of these are written, and nothing that follows.
    Only(HashSet<Key<'a>>),
}

/// Writes results that are all alike, and with them in one round trip, if all of them count, the
/// `rest` that is made with [`When::Whole`](crate::sql::When::Whole): the numbers of their job first.
pub(super) async fn write_with<'a>(
    conn: &mut Conn<'_>,
    results: &'a [TargetResult],
    mut rest: Vec<Sql>,
) -> Result<Together<'a>> {
    let all: Vec<_> = results.iter().collect();
    let (Some(first), Some(numbers)) = (all.first(), rest.first_mut()) else {
        return Ok(Together::Only(HashSet::new()));
    };
    numbers.push(" RETURNING ").push(STANDS);
    let mut around = Sql::new("");
    push_around(&mut around);
    let sql = update(conn.dialect(), &Alike::of(first), &all);
    let key_and_rows = (all.len() as i64, "job_targets.mac");
    let sql = Sql::whole(sql, key_and_rows, rest, around);
    let Some(row) = conn.optional(sql).await? else {
        return Ok(Together::Only(HashSet::new()));
    };
    if row.get("yes")? {
        return Ok(Together::All(row));
    }
    let names: Option<String> = row.get("names")?;
    let names: HashSet<_> = names.iter().flat_map(|names| names.split(' ')).collect();
    let counts = |result: &&TargetResult| names.contains(result.mac().to_string().as_str());
    let counts = results.iter().filter(counts);
    Ok(Together::Only(counts.map(key).collect()))
}

/// Whether results go into one statement of [`write_with`]: all lead on, none is tried again, and
/// they have in common what one statement writes. A cause is counted as well, and how their job
/// stands depends on that.
pub(super) fn go_together(dialect: Dialect, results: &[TargetResult]) -> bool {
    let Some(first) = results.first().map(Alike::of) else {
        return false;
    };
    if first.cause.is_some() {
        return false;
    }
    let goes = |result: &TargetResult| {
        result.leads_on() && result.state != TargetState::Waiting && Alike::of(result) == first
    };
    dialect == Dialect::Postgres && results.iter().all(goes)
}

/// Writes all of these or none, and says whether it did. Nearly always all of them count, and then
/// SQLite's thread need not wake us for the name of each.
async fn write_all(
    conn: &mut Conn<'_>,
    common: &Alike<'_>,
    results: &[&TargetResult],
) -> Result<bool> {
    if conn.dialect() != Dialect::Sqlite {
        return Ok(false);
    }
    let mut sql = update(conn.dialect(), common, results);
    sql.push(" AND NOT EXISTS (SELECT 1 FROM found AS f LEFT JOIN job_targets AS t ON t.rowid = f.place ");
    sql.push("WHERE t.attempt_id IS NOT f.attempt OR t.state || '' IS NOT ");
    sql.bind(common.from.as_str()).push(")");
    Ok(conn.execute(sql).await? == results.len() as u64)
}

fn update(dialect: Dialect, common: &Alike<'_>, results: &[&TargetResult]) -> Sql {
    let mut sql = Sql::new(
        "WITH v (position, attempt, finished_at, retry_at, duration_ms, excerpt, evidence) AS (",
    );
    sql.rows_again(results.iter().map(|result| values(result)));
    sql.push(")");
    found_by_key(&mut sql, dialect, common.job);
    sql.push(" UPDATE job_targets SET state = ")
        .bind(common.state.as_str());
    sql.push(", cause = ").bind(common.cause);
    sql.push(", finished_at = v.finished_at, retry_at = v.retry_at");
    common.tell(&mut sql);
    if common.given_back || common.cause == Some(Cause::NoAddress) {
        sql.push(
            ", sent_at = CASE WHEN job_targets.attempts > 1 THEN job_targets.sent_at END, \
             attempts = job_targets.attempts - 1",
        );
    }
    sql.push(" FROM found AS v WHERE job_targets.attempt_id = v.attempt AND job_targets.");
    sql.push(dialect.row_place()).push(" = v.place");
    // As an expression, for which no index stands: see there.
    sql.push(" AND job_targets.state || '' = ")
        .bind(common.from.as_str());
    sql
}

fn values(result: &TargetResult) -> Vec<Value> {
    vec![
        result.before.position.into(),
        (&result.before.attempt_id).into(),
        result.ended_at().into(),
        result.retry_at.into(),
        result.duration_ms.into(),
        (&result.excerpt).into(),
        (&result.evidence).into(),
    ]
}
