//! The first phones of several jobs that wait, by what they were called when the jobs were made; and
//! how many of them are gone since.

use std::collections::HashMap;

use carillon_domain::Mac;

use crate::error::Result;
use crate::reach::and_jobs;
use crate::sql::Sql;
use crate::store::Store;

/// A phone of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedTarget {
    /// Which phone.
    pub mac: Mac,
    /// What it was called.
    pub name: String,
    /// Its extension then.
    pub extension: String,
}

impl Store {
    /// Those of the first `most` phones of each of these jobs that wait, in the job's order. A job
    /// without any is left out.
    pub async fn first_waiting(
        &self,
        ids: &[String],
        most: i64,
    ) -> Result<HashMap<String, Vec<NamedTarget>>> {
        let mut sql = Sql::new(
            "SELECT t.job, t.mac, t.name, t.extension FROM job_targets t \
             WHERE t.state = 'waiting' AND t.position < ",
        );
        sql.bind(most).push(" AND ");
        sql.one_of("t.job", ids.iter().map(String::as_str));
        and_jobs(&mut sql, &self.reach, "t.job");
        sql.push(" ORDER BY t.job, t.position");
        let mut first: HashMap<String, Vec<NamedTarget>> = HashMap::new();
        for row in self.read().await?.conn().all(sql).await? {
            let fields = row.of("job_targets", "mac");
            let named = NamedTarget {
                mac: fields.parse("mac")?,
                name: fields.text("name")?,
                extension: fields.text("extension")?,
            };
            first.entry(row.get("job")?).or_default().push(named);
        }
        Ok(first)
    }

    /// How many phones that wait in each of these jobs are no longer in the inventory; jobs without any
    /// are left out.
    pub async fn waiting_gone(&self, ids: &[String]) -> Result<HashMap<String, i64>> {
        let mut sql = Sql::new(
            "SELECT t.job, COUNT(*) AS phones FROM job_targets t WHERE t.state = 'waiting' \
             AND NOT EXISTS (SELECT 1 FROM phones p WHERE p.mac = t.mac) AND ",
        );
        sql.one_of("t.job", ids.iter().map(String::as_str));
        and_jobs(&mut sql, &self.reach, "t.job");
        sql.push(" GROUP BY t.job");
        let rows = self.read().await?.conn().all(sql).await?;
        let gone = rows.iter();
        gone.map(|row| Ok((row.get("job")?, row.get("phones")?)))
            .collect()
    }
}
