//! Phones of jobs that have not ended: which of them still wait, or are being sent to or looked at.

use carillon_domain::{JobState, Mac, TargetState, Timestamp};

use crate::error::Result;
use crate::reach::and_jobs;
use crate::sql::Sql;
use crate::store::Store;

/// More are not read: what is told of them is a warning, and no number that anything is decided by.
const MOST: i64 = 50_000;

/// A phone of a job that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// Id of the job.
    pub job: String,
    /// What it does.
    pub action: String,
    /// Who asked for it.
    pub actor: String,
    /// When it starts or started by itself, where that was asked for.
    pub start_at: Option<Timestamp>,
    /// Which phone.
    pub mac: Mac,
}

impl Store {
    /// Phones to which something may still be sent, or whose effect is awaited, of the jobs in reach.
    pub async fn under_way(&self) -> Result<Vec<UnderWay>> {
        let mut sql = Sql::new(
            "SELECT t.job, t.mac, j.action, j.actor_name, j.start_at FROM jobs j \
             JOIN job_targets t ON t.job = j.id WHERE ",
        );
        let jobs = JobState::ALL.iter().filter(|state| !state.is_terminal());
        sql.one_of("j.state", jobs.map(|state| state.as_str()));
        sql.push(" AND ");
        let targets = TargetState::ALL.iter().filter(|state| !state.is_terminal());
        sql.one_of("t.state", targets.map(|state| state.as_str()));
        and_jobs(&mut sql, &self.reach, "t.job");
        sql.push(" LIMIT ").bind(MOST);
        let rows = self.read().await?.conn().all(sql).await?;
        let under_way = rows.iter().map(|row| {
            Ok(UnderWay {
                job: row.get("job")?,
                action: row.get("action")?,
                actor: row.get("actor_name")?,
                start_at: row.of("jobs", "job").maybe_at("start_at")?,
                mac: row.of("job_targets", "mac").parse("mac")?,
            })
        });
        under_way.collect()
    }
}
