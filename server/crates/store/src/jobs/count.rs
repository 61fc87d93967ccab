//! Keeping a job's counters.
//!
//! Owns every change of the counter columns after the job was made.

use std::collections::BTreeMap;

use carillon_domain::{Cause, Counts, TargetState};

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::{Sql, When};

/// What a set of changed targets does to the numbers of their jobs.
#[derive(Default)]
pub(super) struct Deltas {
    jobs: BTreeMap<String, Counts>,
    causes: BTreeMap<(String, String), i64>,
}

impl Deltas {
    /// One target moved.
    pub(super) fn moved(&mut self, job: &str, from: TargetState, to: TargetState) {
        if let Some(counts) = self.jobs.get_mut(job) {
            counts.shift(from, to, 1);
            return;
        }
        let counts = self.jobs.entry(job.to_owned()).or_default();
        counts.shift(from, to, 1);
    }

    /// One target ended with a cause.
    pub(super) fn ended_with(&mut self, job: &str, cause: Cause) {
        *self
            .causes
            .entry((job.to_owned(), cause.to_string()))
            .or_default() += 1;
    }

    /// Writes the changes.
    pub(super) async fn apply(self, conn: &mut Conn<'_>) -> Result<()> {
        let mut changes = self.changes(When::Always).into_iter();
        match changes.next() {
            Some(first) => conn
                .change_together(first, changes.collect())
                .await
                .map(drop),
            None => Ok(()),
        }
    }

    /// The changes, to be written with others.
    pub(super) fn changes(self, when: When) -> Vec<Sql> {
        let jobs = self.jobs.iter();
        let jobs = jobs.map(|(job, delta)| numbers(job, delta, when));
        let mut changes: Vec<_> = jobs.collect();
        changes.extend(causes_added(self.causes, when));
        changes
    }
}

fn numbers(job: &str, delta: &Counts, when: When) -> Sql {
    let mut sql = Sql::new("UPDATE jobs SET total = total");
    sql.keep();
    let moved = |state: &&TargetState| delta.get(**state) != 0;
    for state in TargetState::ALL.iter().filter(moved) {
        let column = state.as_str();
        sql.push(", ").push(column).push(" = ").push(column);
        sql.push(" + ").bind(delta.get(*state));
    }
    sql.push(" WHERE id = ").bind(job).push(when.and());
    sql
}

/// Adds to the kept numbers of causes.
pub(super) async fn add_causes(
    conn: &mut Conn<'_>,
    causes: BTreeMap<(String, String), i64>,
) -> Result<()> {
    match causes_added(causes, When::Always) {
        Some(sql) => conn.execute(sql).await.map(drop),
        None => Ok(()),
    }
}

fn causes_added(causes: BTreeMap<(String, String), i64>, when: When) -> Option<Sql> {
    if causes.is_empty() {
        return None;
    }
    let mut sql = Sql::new("INSERT INTO job_causes (job, cause, count) ");
    let rows = causes.into_iter();
    sql.rows_once(rows.map(|((job, cause), count)| vec![job.into(), cause.into(), count.into()]));
    sql.push(when.only());
    sql.push(" ON CONFLICT (job, cause) DO UPDATE SET count = job_causes.count + excluded.count");
    Some(sql)
}
