//! A job's list of phones as somebody found and accepted it.
//!
//! Owns that the job's numbers are made anew from its phones then. *Invariant:* list, numbers and the
//! codes over them change in one transaction; a job that somebody else wrote stays one.

use std::collections::BTreeMap;

use carillon_domain::{Counts, TargetState};

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::Sql;
use crate::unit::Unit;

use super::count::add_causes;
use super::decides::{Decides, select_signed};

/// What a list came to that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedList {
    /// How many phones the job said that it has, before.
    pub total_before: i64,
    /// How many of its phones are in each state.
    pub counts: Counts,
}

impl Unit {
    /// Freezes a job to the phones that stand there now, counts them anew, and signs both; `None` where
    /// there is no such job. Who asks has looked at them.
    pub async fn accept_list(&mut self, job: &str) -> Result<Option<AcceptedList>> {
        let mut sql = select_signed();
        sql.push(" WHERE j.id = ").bind(job);
        let mut conn = self.jobs_conn().await?;
        let Some(row) = conn.optional(sql).await? else {
            return Ok(None);
        };
        put_in_order(&mut conn, job).await?;
        let counts = count_anew(&mut conn, job).await?;
        self.freeze(job, true).await?;
        let mut decides = Decides::read(&row)?;
        let good = self
            .trust
            .is_good(&decides.facts(), decides.code.as_deref());
        let total_before = std::mem::replace(&mut decides.fixed.total, counts.total());
        decides.version += 1;
        // One that did not count has to be accepted as well.
        if good {
            decides.code = self.trust.sign(&decides.facts());
        }
        let sql = numbers(decides, &counts);
        self.jobs_conn().await?.execute(sql).await?;
        Ok(Some(AcceptedList {
            total_before,
            counts,
        }))
    }

    /// Whether phones of a job are with a node that lives: what comes of them is written to the places
    /// that they have now.
    pub async fn is_in_flight(&mut self, job: &str) -> Result<bool> {
        let sql = Sql::new(
            "SELECT EXISTS (SELECT 1 FROM job_targets t JOIN nodes n ON n.epoch = t.epoch \
             WHERE t.job = $1 AND t.state IN ('sending', 'verifying') AND n.stopped_at IS NULL) AS yes",
        );
        let row = self.jobs_conn().await?.optional(sql.arg(job)).await?;
        row.map_or(Ok(false), |row| row.get("yes"))
    }

    /// Whether more phones of a job wait than it counts: then somebody else added some, and it can
    /// neither end nor be cancelled.
    pub async fn has_uncounted(&mut self, job: &str) -> Result<bool> {
        let sql = Sql::new(
            "SELECT (SELECT COUNT(*) FROM job_targets t WHERE t.job = j.id AND t.state = 'waiting') \
             > j.waiting AS more FROM jobs j WHERE j.id = $1",
        );
        let row = self.jobs_conn().await?.optional(sql.arg(job)).await?;
        row.map_or(Ok(false), |row| row.get("more"))
    }
}

/// Gives the phones of a job places without gaps, in their order: only such a list is believed. In two
/// steps, for each place is taken once.
async fn put_in_order(conn: &mut Conn<'_>, job: &str) -> Result<()> {
    let sql = Sql::new(
        "SELECT COALESCE(MIN(position), 0) AS first, COALESCE(MAX(position), -1) AS last, \
         COUNT(*) AS phones FROM job_targets WHERE job = $1",
    );
    let Some(row) = conn.optional(sql.arg(job)).await? else {
        return Ok(());
    };
    let (first, last, phones): (i64, i64, i64) =
        (row.get("first")?, row.get("last")?, row.get("phones")?);
    if (first, last) == (0, phones - 1) {
        return Ok(());
    }
    let free = first.min(0);
    let aside = Sql::new(
        "UPDATE job_targets SET position = $2 - r.place FROM (SELECT mac, \
         ROW_NUMBER() OVER (ORDER BY position) AS place FROM job_targets WHERE job = $1) AS r \
         WHERE job_targets.job = $1 AND job_targets.mac = r.mac",
    );
    conn.execute(aside.arg(job).arg(free)).await?;
    let back = Sql::new("UPDATE job_targets SET position = $2 - 1 - position WHERE job = $1");
    conn.execute(back.arg(job).arg(free)).await.map(drop)
}

/// How many phones of a job are in each state; notes why those ended that did.
async fn count_anew(conn: &mut Conn<'_>, job: &str) -> Result<Counts> {
    let sql = Sql::new(
        "SELECT state, cause, COUNT(*) AS n FROM job_targets WHERE job = $1 GROUP BY state, cause",
    );
    let (mut counts, mut causes) = (Counts::default(), BTreeMap::new());
    for row in conn.all(sql.arg(job)).await? {
        let fields = row.of("job_targets", "state");
        let (state, phones): (TargetState, _) = (fields.parse("state")?, fields.int("n")?);
        counts.add(state, phones);
        let cause: Option<String> = fields.get("cause")?;
        if let Some(cause) = cause.filter(|_| state.is_terminal()) {
            *causes.entry((job.to_owned(), cause)).or_default() += phones;
        }
    }
    let before = Sql::new("DELETE FROM job_causes WHERE job = $1");
    conn.execute(before.arg(job)).await?;
    add_causes(conn, causes).await?;
    Ok(counts)
}

fn numbers(decides: Decides, counts: &Counts) -> Sql {
    let mut sql = Sql::new("UPDATE jobs SET total = ");
    sql.bind(counts.total());
    for state in TargetState::ALL {
        sql.push(", ").push(state.as_str()).push(" = ");
        sql.bind(counts.get(*state));
    }
    sql.push(", version = ").bind(decides.version);
    sql.push(", mac = ").bind(decides.code);
    sql.push(" WHERE id = ").bind(decides.fixed.id);
    sql
}
