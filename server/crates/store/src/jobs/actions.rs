//! What jobs were about, for pages that only name them.

use std::collections::HashMap;

use carillon_domain::Timestamp;

use crate::error::Result;
use crate::reach::and_jobs;
use crate::sql::Sql;
use crate::store::Store;

/// The last job of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupJob {
    /// The job.
    pub id: String,
    /// Name of its action.
    pub action: String,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// Ids in one statement.
const AT_ONCE: usize = 500;

impl Store {
    /// The names of the actions of these jobs.
    pub async fn job_actions(&self, ids: &[String]) -> Result<HashMap<String, String>> {
        let mut found = HashMap::with_capacity(ids.len());
        let mut read = self.read().await?;
        for chunk in ids.chunks(AT_ONCE) {
            let mut sql = Sql::new("SELECT j.id, j.action FROM jobs j WHERE ");
            sql.one_of("j.id", chunk.iter());
            and_jobs(&mut sql, &self.reach, "j.id");
            for row in read.conn().all(sql).await? {
                found.insert(row.get("id")?, row.get("action")?);
            }
        }
        Ok(found)
    }

    /// The newest job of each group that any job was asked for, by slug.
    pub async fn last_group_jobs(&self) -> Result<HashMap<String, GroupJob>> {
        let mut sql = Sql::new(
            "SELECT l.group_slug, l.id, l.action, l.created_at FROM (SELECT g.group_slug, j.id, \
             j.action, j.created_at, ROW_NUMBER() OVER (PARTITION BY g.group_slug \
             ORDER BY j.created_at DESC, j.id DESC) AS place \
             FROM job_groups g JOIN jobs j ON j.id = g.job WHERE 1 = 1",
        );
        and_jobs(&mut sql, &self.reach, "j.id");
        sql.push(") AS l WHERE l.place = 1");
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter()
            .map(|row| {
                let fields = row.of("jobs", "id");
                let job = GroupJob {
                    id: fields.text("id")?,
                    action: fields.text("action")?,
                    created_at: fields.at("created_at")?,
                };
                Ok((fields.text("group_slug")?, job))
            })
            .collect()
    }
}
