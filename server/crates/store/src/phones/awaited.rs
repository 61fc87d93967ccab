//! What jobs have to do with some phones.
//!
//! Owns how rows of phones come to the names of their last actions, and to the job whose effect on
//! them is awaited now. Both ride on a statement that their page asks anyway; what is awaited is
//! looked up phone by phone, never among all targets.

use std::collections::{BTreeSet, HashMap};

use carillon_domain::{Mac, Reach};

use crate::dialect::Dialect;
use crate::error::Result;
use crate::reach::and_jobs;
use crate::row::Row;
use crate::sql::Sql;

use super::read::PhoneRow;

/// What jobs have to do with some phones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobsBeside {
    /// Names of the actions that the phones were last sent, by job.
    pub actions: HashMap<String, String>,
    /// What the phones were sent and has not shown its effect yet, by phone.
    pub awaited: HashMap<Mac, Awaited>,
}

/// A command that a phone was sent, and whose effect is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// Id of the job.
    pub job: String,
    /// Name of its action.
    pub action: String,
}

/// Begins a statement that [`JobsBeside::take`] reads: more rows of four texts `what`, `name`, `word`
/// and `job` may follow.
pub(super) fn jobs_beside(dialect: Dialect, reach: &Reach, phones: &[PhoneRow]) -> Sql {
    let last = phones.iter().filter_map(|row| row.last.as_ref());
    let jobs: BTreeSet<&str> = last.map(|last| last.job.as_str()).collect();
    let mut sql = Sql::new("SELECT 'job' AS what, j.id AS name, j.action AS word, '' AS job ");
    sql.push("FROM jobs j WHERE ").one_of("j.id", jobs);
    and_jobs(&mut sql, reach, "j.id");
    sql.push(" UNION ALL SELECT 'awaited', t.mac, ");
    sql.push(ACTION).push(", t.job");
    let macs = phones.iter().map(|row| row.phone.mac);
    from_awaited(&mut sql, dialect, reach, macs);
    sql
}

/// The action of a job `t.job`.
pub(super) const ACTION: &str = "(SELECT j.action FROM jobs j WHERE j.id = t.job)";

/// Adds ` FROM … WHERE …` over those of these phones, `t.mac`, whose job `t.job` awaits its effect.
pub(super) fn from_awaited(
    sql: &mut Sql,
    dialect: Dialect,
    reach: &Reach,
    macs: impl IntoIterator<Item = Mac>,
) {
    sql.push(dialect.phones_looked_at());
    sql.push(" AND ").one_of("t.mac", macs);
    and_jobs(sql, reach, "t.job");
}

impl JobsBeside {
    /// Takes a row in, where it is one of these.
    pub(super) fn take(&mut self, row: &Row) -> Result<bool> {
        match row.get::<String>("what")?.as_str() {
            "job" => {
                self.actions.insert(row.get("name")?, row.get("word")?);
            }
            "awaited" => {
                let mac = row.of("job_targets", "name").parse("name")?;
                let (job, action) = (row.get("job")?, row.get("word")?);
                self.awaited.insert(mac, Awaited { job, action });
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn plan(url: &str, explain: &'static str, column: &str) -> Vec<String> {
        let store = crate::Store::open(url).await.expect("opened");
        store.migrate().await.expect("its tables");
        let mut unit = store.begin().await.expect("begun");
        let macs = (1..=50).map(|last| Mac::from_bytes([0, 0x15, 0x65, 0, 0, last]));
        let mut sql = Sql::new(explain);
        sql.push(" SELECT t.mac, ").push(ACTION);
        let dialect = unit.conn().dialect();
        from_awaited(&mut sql, dialect, &Reach::default(), macs);
        let steps = unit.conn().all(sql).await.expect("explained");
        drop(unit);
        store.close().await;
        let steps = steps.iter().map(|step| step.get::<String>(column));
        steps.collect::<Result<_>>().expect("texts")
    }

    #[tokio::test]
    async fn sqlite_looks_up_each_phone() {
        let dir = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite:{}", dir.path().join("carillon.db").display());
        let steps = plan(&url, "EXPLAIN QUERY PLAN", "detail").await;
        let way = "SEARCH t USING INDEX job_targets_looked_at (mac=?";
        assert!(steps.iter().any(|step| step.starts_with(way)), "{steps:#?}");
        let scans = steps.iter().any(|step| step.starts_with("SCAN"));
        assert!(!scans, "{steps:#?}");
    }

    #[tokio::test]
    async fn postgres_looks_up_each_phone() {
        let Some(server) = std::env::var_os("CARILLON_TEST_POSTGRES_URL") else {
            return;
        };
        let server = server.to_str().expect("an address");
        let scratch = crate::testing::TestDatabase::create(server, "awaited").await;
        let scratch = scratch.expect("a database");
        let steps = plan(&scratch.url(), "EXPLAIN", "QUERY PLAN").await;
        scratch.drop_if_there().await.expect("gone");
        let way = |step: &String| step.contains("phones_in_hand_pkey");
        assert!(steps.iter().any(way), "{steps:#?}");
        let scans = |step: &String| step.contains("Seq Scan on job_targets");
        assert!(!steps.iter().any(scans), "{steps:#?}");
    }
}
