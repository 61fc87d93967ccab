//! Keeping a job's counters.
//!
//! Owns every change of the counter columns after the job was made.

use std::collections::BTreeMap;

use carillon_domain::{Cause, Counts, TargetState};

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::Sql;

/// What a set of changed targets does to the numbers of their jobs.
#[derive(Default)]
pub(super) struct Deltas {
    jobs: BTreeMap<String, Counts>,
    causes: BTreeMap<(String, String), i64>,
}

impl Deltas {
    /// One target moved.
    pub(super) fn moved(&mut self, job: &str, from: TargetState, to: TargetState) {
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
        for (job, delta) in &self.jobs {
            let mut sql = Sql::new("UPDATE jobs SET total = total");
            sql.keep();
            for state in TargetState::ALL
                .iter()
                .filter(|state| delta.get(**state) != 0)
            {
                let column = state.as_str();
                sql.push(", ")
                    .push(column)
                    .push(" = ")
                    .push(column)
                    .push(" + ");
                sql.bind(delta.get(*state));
            }
            sql.push(" WHERE id = ").bind(job);
            conn.execute(sql).await?;
        }
        add_causes(conn, self.causes).await
    }
}

/// Adds to the kept numbers of causes.
pub(super) async fn add_causes(
    conn: &mut Conn<'_>,
    causes: BTreeMap<(String, String), i64>,
) -> Result<()> {
    if causes.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new("INSERT INTO job_causes (job, cause, count) ");
    let rows = causes.into_iter();
    sql.rows(rows.map(|((job, cause), count)| vec![job.into(), cause.into(), count.into()]));
    sql.push(" ON CONFLICT (job, cause) DO UPDATE SET count = job_causes.count + excluded.count");
    conn.execute(sql).await.map(drop)
}
