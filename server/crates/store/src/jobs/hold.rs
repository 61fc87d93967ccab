//! Waiting targets that a refused password keeps from their turn.
//!
//! Owns the column `hold`. A held target still waits, and counts as waiting: it ends when
//! somebody lets it go, leaves it out, or its job's time is over.

use std::collections::BTreeSet;

use carillon_domain::{Mac, Timestamp};

use crate::conn::Conn;
use crate::credentials::effective;
use crate::error::Result;
use crate::sql::Sql;
use crate::unit::Unit;

const ROWS: usize = 500;

impl Unit {
    /// Holds the waiting targets of a job whose phones, or the SIP server of whose site, get this
    /// credential. Answers how many it holds newly.
    pub async fn hold_waiting(
        &mut self,
        job: &str,
        credential: &str,
        now: Timestamp,
    ) -> Result<i64> {
        let mut conn = self.jobs_conn().await?;
        let sql = Sql::new(
            "SELECT mac FROM job_targets WHERE job = $1 AND state = 'waiting' AND hold IS NULL",
        );
        let rows = conn.all(sql.arg(job)).await?;
        let macs = rows
            .iter()
            .map(|row| row.of("job_targets", "mac").parse("mac"))
            .collect::<Result<Vec<Mac>>>()?;
        let mut held = 0;
        for chunk in macs.chunks(ROWS) {
            let names = effective::names(&mut conn, chunk, now).await?;
            let with_it = names.iter().filter(|(_, (_, name))| name == credential);
            let mut with_it: BTreeSet<Mac> = with_it.map(|(mac, _)| *mac).collect();
            with_it.extend(behind_sip_server(&mut conn, chunk, credential).await?);
            let mut sql = Sql::new("UPDATE job_targets SET hold = ");
            sql.bind(credential)
                .push(" WHERE state = 'waiting' AND job = ")
                .bind(job);
            sql.push(" AND ").one_of("mac", with_it);
            held += conn.execute(sql).await?;
        }
        Ok(i64::try_from(held).unwrap_or(i64::MAX))
    }

    /// Lets the targets go that a credential holds. Answers how many.
    pub async fn release_held(&mut self, job: &str, credential: &str) -> Result<i64> {
        let sql = Sql::new(
            "UPDATE job_targets SET hold = NULL \
             WHERE job = $1 AND hold = $2 AND state = 'waiting'",
        );
        let sql = sql.arg(job).arg(credential);
        let released = self.jobs_conn().await?.execute(sql).await?;
        Ok(i64::try_from(released).unwrap_or(i64::MAX))
    }

    /// The phones that a credential holds in a job.
    pub async fn held_phones(&mut self, job: &str, credential: &str) -> Result<Vec<Mac>> {
        let sql = Sql::new(
            "SELECT mac FROM job_targets \
             WHERE job = $1 AND hold = $2 AND state = 'waiting' ORDER BY position",
        );
        let sql = sql.arg(job).arg(credential);
        let rows = self.jobs_conn().await?.all(sql).await?;
        rows.iter()
            .map(|row| row.of("job_targets", "mac").parse("mac"))
            .collect()
    }
}

/// Those of these phones that are at a site whose SIP server gets this credential.
async fn behind_sip_server(
    conn: &mut Conn<'_>,
    macs: &[Mac],
    credential: &str,
) -> Result<Vec<Mac>> {
    let mut sql = Sql::new(
        "SELECT p.mac FROM phones p JOIN sip_profiles i ON i.site = p.site WHERE i.credential = ",
    );
    sql.bind(credential).push(" AND ");
    sql.one_of("p.mac", macs.iter().copied());
    let rows = conn.all(sql).await?;
    rows.iter()
        .map(|row| row.of("phones", "mac").parse("mac"))
        .collect()
}
