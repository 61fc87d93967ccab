//! Why the targets of several jobs ended as they did, counted.

use std::collections::HashMap;

use carillon_domain::Cause;

use crate::error::Result;
use crate::reach::and_jobs;
use crate::sql::Sql;
use crate::store::Store;

impl Store {
    /// How many targets ended with each cause, most first, by job. A job without any is left out.
    pub async fn causes_of_jobs(
        &self,
        ids: &[String],
    ) -> Result<HashMap<String, Vec<(Cause, i64)>>> {
        let mut sql =
            Sql::new("SELECT c.job, c.cause, c.count FROM job_causes c WHERE c.count > 0 AND ");
        sql.one_of("c.job", ids.iter().map(String::as_str));
        and_jobs(&mut sql, &self.reach, "c.job");
        sql.push(" ORDER BY c.count DESC, c.cause");
        let mut causes: HashMap<String, Vec<(Cause, i64)>> = HashMap::new();
        for row in self.read().await?.conn().all(sql).await? {
            let cause = row.of("job_causes", "cause").parse("cause")?;
            let of_job = causes.entry(row.get("job")?).or_default();
            of_job.push((cause, row.get("count")?));
        }
        Ok(causes)
    }
}
