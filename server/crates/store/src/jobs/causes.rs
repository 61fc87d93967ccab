//! Why the targets of several jobs ended as they did, counted; of one job, also where.

use std::collections::HashMap;

use carillon_domain::{Cause, Mac, TargetState};

use crate::error::Result;
use crate::reach::and_jobs;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;

/// Targets of a job that ended in the same state, with the same cause, at the same site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CausePlace {
    /// Why.
    pub cause: Cause,
    /// In which state.
    pub state: TargetState,
    /// Slug of the site then.
    pub site: Option<String>,
    /// How many.
    pub count: i64,
    /// One of them.
    pub mac: Mac,
}

/// What a job's causes and holds are read with besides, where somebody asks where they struck.
pub(super) const PLACES: &str = " UNION ALL SELECT 'place', cause, COUNT(*), state, \
     COALESCE(site, ''), MIN(mac) FROM job_targets WHERE job = $1 AND cause IS NOT NULL \
     GROUP BY cause, state, COALESCE(site, '')";

/// `None` where the targets have not ended: what is tried again keeps its last cause.
pub(super) fn cause_place(row: &Row) -> Result<Option<CausePlace>> {
    let fields = row.of("job_targets", "name");
    let state: TargetState = fields.parse("state")?;
    if !state.is_terminal() {
        return Ok(None);
    }
    let site = fields.text("site")?;
    Ok(Some(CausePlace {
        cause: fields.parse("name")?,
        state,
        site: (!site.is_empty()).then_some(site),
        count: fields.int("n")?,
        mac: fields.parse("mac")?,
    }))
}

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
