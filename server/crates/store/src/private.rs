//! What audit records commit to without saying it.
//!
//! Owns the table that retention empties. *Invariant:* nothing here is part of a record: a row that
//! is gone leaves the log as it was hashed.

use carillon_domain::Timestamp;

use crate::error::Result;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// A job that is over, or that rests for so long that nobody waits for it; its time is `$1`.
const FORGOTTEN: &str = "params_sealed IS NOT NULL AND (finished_at < $1 \
     OR (state IN ('paused', 'interrupted') AND COALESCE(started_at, created_at) < $1))";

impl Store {
    /// A sealed value; `None` when it was never kept, or removed.
    pub async fn private_value(&self, id: &str) -> Result<Option<Vec<u8>>> {
        let sql = Sql::new("SELECT sealed FROM audit_private WHERE id = $1").arg(id);
        let row = self.read().await?.conn().optional(sql).await?;
        row.map(|row| row.get("sealed")).transpose()
    }

    /// Whether anything was kept before this moment: values of records, or numbers of jobs that
    /// are over or rest.
    pub async fn keeps_private_before(&self, before: Timestamp) -> Result<bool> {
        let mut sql = Sql::new(
            "SELECT (SELECT COUNT(*) FROM audit_private WHERE at < $1) \
             + (SELECT COUNT(*) FROM jobs WHERE ",
        );
        sql.push(FORGOTTEN).push(") AS n");
        let found = self
            .read()
            .await?
            .conn()
            .number(sql.arg(before), "n")
            .await?;
        Ok(found > 0)
    }
}

impl Unit {
    /// Keeps a sealed value that a record commits to.
    pub async fn insert_private(&mut self, id: &str, at: Timestamp, sealed: Vec<u8>) -> Result<()> {
        let sql = Sql::new("INSERT INTO audit_private (id, at, sealed) VALUES ($1, $2, $3)");
        self.conn()
            .execute(sql.arg(id).arg(at).arg(sealed))
            .await
            .map(drop)
    }

    /// Removes what was kept before this moment: values of records, and numbers of jobs that are
    /// over, or paused or interrupted since. Says how many of each.
    pub async fn remove_private(&mut self, before: Timestamp) -> Result<(u64, u64)> {
        let mut jobs = Sql::new("UPDATE jobs SET params_sealed = NULL, params_version = 0 WHERE ");
        jobs.push(FORGOTTEN);
        let values = Sql::new("DELETE FROM audit_private WHERE at < $1");
        let mut conn = self.jobs_conn().await?;
        let both = [jobs.arg(before), values.arg(before)];
        let [jobs, values] = conn.overwriting(both).await?;
        Ok((values, jobs))
    }
}
