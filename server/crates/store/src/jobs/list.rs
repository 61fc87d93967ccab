//! Lists of jobs.
//!
//! Owns their filters. Newest first.

use carillon_domain::{JobState, Mac, Timestamp};

use crate::error::Result;
use crate::page::{Cursor, Direction, Page, Seek};
use crate::reach::and_jobs;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;

use super::read::{FROM, JobRow, SELECT, job_row};

/// Which jobs. Empty = all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobQuery {
    /// In one of these states.
    pub states: Vec<JobState>,
    /// Of this action.
    pub action: Option<String>,
    /// Asked for by the account of this name.
    pub actor: Option<String>,
    /// Asked for this group.
    pub group: Option<String>,
    /// Asked for at this time or later.
    pub from: Option<Timestamp>,
    /// Asked for before this.
    pub to: Option<Timestamp>,
}

/// The only phone of a job, with the name that it had.
pub type LonePhone = (Mac, String);

/// MAC and name of the phone of a job that has one.
const LONE: &str = ", CASE WHEN j.total = 1 THEN (SELECT MIN(t.mac || ' ' || t.name) \
     FROM job_targets t WHERE t.job = j.id) END AS lone_phone";

/// The columns of a job in a list.
fn listed() -> String {
    [SELECT.trim_end_matches(FROM), LONE, FROM].concat()
}

fn listed_job(row: &Row) -> Result<JobRow> {
    let lone_phone = lone_phone(row)?;
    Ok(JobRow {
        lone_phone,
        ..job_row(row)?
    })
}

fn lone_phone(row: &Row) -> Result<Option<LonePhone>> {
    let told: Option<String> = row.get("lone_phone")?;
    let parts = told.as_deref().and_then(|told| told.split_once(' '));
    Ok(parts.and_then(|(mac, name)| Some((mac.parse().ok()?, name.to_owned()))))
}

impl JobQuery {
    fn conditions(&self, sql: &mut Sql) {
        sql.push(" WHERE 1 = 1");
        if !self.states.is_empty() {
            sql.push(" AND ");
            sql.one_of("j.state", self.states.iter().map(|state| state.as_str()));
        }
        for (column, value) in [("j.action", &self.action), ("j.actor_name", &self.actor)] {
            if let Some(value) = value {
                sql.push(" AND ").push(column).push(" = ").bind(value);
            }
        }
        if let Some(group) = &self.group {
            sql.push(" AND j.id IN (SELECT g.job FROM job_groups g WHERE g.group_slug = ");
            sql.bind(group).push(")");
        }
        if let Some(from) = self.from {
            sql.push(" AND j.created_at >= ").bind(from);
        }
        if let Some(to) = self.to {
            sql.push(" AND j.created_at < ").bind(to);
        }
    }
}

impl Store {
    /// A page of jobs, newest first.
    pub async fn job_page(
        &self,
        query: &JobQuery,
        seek: &Seek,
        limit: i64,
    ) -> Result<Page<JobRow>> {
        let mut sql = Sql::new("");
        sql.push(&listed());
        query.conditions(&mut sql);
        and_jobs(&mut sql, &self.reach, "j.id");
        let keys = "j.created_at; j.id";
        seek.by(
            &mut sql,
            keys,
            Direction::Descending,
            limit,
            Cursor::number_and_id,
        )?;
        let rows = self.read().await?.conn().all(sql).await?;
        let rows = rows.iter().map(listed_job).collect::<Result<_>>()?;
        Ok(Page::of(rows, seek, limit, |row: &JobRow| {
            Cursor::of_number_and_id(row.created_at.micros(), &row.id)
        }))
    }

    /// The newest jobs of several lists, each as many as are asked for, in one statement.
    pub async fn newest_jobs(&self, lists: &[(&JobQuery, i64)]) -> Result<Vec<Vec<JobRow>>> {
        let mut sql = Sql::new("");
        for (index, (query, limit)) in lists.iter().enumerate() {
            sql.push(if index > 0 { " UNION ALL " } else { "" });
            sql.push(&format!(
                "SELECT CAST({index} AS BIGINT) AS list, l.* FROM ("
            ));
            sql.push(&listed());
            query.conditions(&mut sql);
            and_jobs(&mut sql, &self.reach, "j.id");
            sql.push(" ORDER BY j.created_at DESC, j.id DESC LIMIT ");
            sql.bind(*limit).push(") AS l");
        }
        let mut found = vec![Vec::new(); lists.len()];
        for row in self.read().await?.conn().all(sql).await? {
            let place = usize::try_from(row.get::<i64>("list")?).unwrap_or(usize::MAX);
            if let Some(list) = found.get_mut(place) {
                list.push(listed_job(&row)?);
            }
        }
        for list in &mut found {
            list.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        }
        Ok(found)
    }

    /// Those of these jobs that are in reach.
    pub async fn jobs_of(&self, ids: &[String]) -> Result<Vec<(JobRow, Option<LonePhone>)>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new("");
        sql.push(&listed());
        sql.push(" WHERE ").one_of("j.id", ids.iter().cloned());
        and_jobs(&mut sql, &self.reach, "j.id");
        let rows = self.read().await?.conn().all(sql).await?;
        let job = |row: &Row| Ok((job_row(row)?, lone_phone(row)?));
        rows.iter().map(job).collect()
    }

    /// All jobs in these states, oldest first: what there is to do.
    pub async fn jobs_in(&self, states: &[JobState]) -> Result<Vec<JobRow>> {
        let mut sql = Sql::new(SELECT);
        sql.push(" WHERE ")
            .one_of("j.state", states.iter().map(|state| state.as_str()));
        sql.push(" ORDER BY j.created_at, j.id");
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(job_row).collect()
    }

    /// How many jobs are in each state that any is in.
    pub async fn count_jobs(&self) -> Result<Vec<(JobState, i64)>> {
        let mut sql = Sql::new("SELECT j.state, COUNT(*) AS n FROM jobs j WHERE 1 = 1");
        and_jobs(&mut sql, &self.reach, "j.id");
        sql.push(" GROUP BY j.state ORDER BY j.state");
        let pair = |row: &Row| Ok((row.of("jobs", "state").parse("state")?, row.get("n")?));
        self.read()
            .await?
            .conn()
            .all(sql)
            .await?
            .iter()
            .map(pair)
            .collect()
    }

    /// The jobs that repeat this one, oldest first.
    pub async fn retries_of(&self, id: &str) -> Result<Vec<String>> {
        let mut sql = Sql::new("SELECT j.id FROM jobs j WHERE j.retry_of = ");
        sql.bind(id);
        and_jobs(&mut sql, &self.reach, "j.id");
        sql.push(" ORDER BY j.created_at, j.id");
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(|row| row.get("id")).collect()
    }
}
