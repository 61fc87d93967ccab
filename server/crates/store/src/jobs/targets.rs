//! Targets as they are stored, and lists of them.
//!
//! Owns their columns. What a target says about its phone is what was true when the job was
//! made.

use carillon_domain::outcome::Transport;
use carillon_domain::{Cause, JobState, Mac, Reach, TargetState, Timestamp};

use crate::dialect::Dialect;
use crate::error::{Result, StoreError};
use crate::page::{Cursor, Direction, Page, Seek};
use crate::reach::and_jobs;
use crate::row::{Fields, Row};
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// One phone of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetRow {
    /// Id of the job.
    pub job: String,
    /// Its place in the job's order, from 0.
    pub position: i64,
    /// Which phone.
    pub mac: Mac,
    /// What it was called.
    pub name: String,
    /// Its extension then.
    pub extension: String,
    /// Its model then.
    pub model: String,
    /// Slug of its site then.
    pub site: Option<String>,
    /// Slugs of its groups then.
    pub groups: Vec<String>,
    /// Where it stands.
    pub state: TargetState,
    /// Why, if not simply well.
    pub cause: Option<Cause>,
    /// What the phone answered.
    pub http_status: Option<u16>,
    /// The way taken.
    pub transport: Option<Transport>,
    /// How many times it was claimed.
    pub attempts: i64,
    /// The last claim.
    pub attempt_id: Option<String>,
    /// When it was last claimed.
    pub sent_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How long the exchange took.
    pub duration_ms: Option<i64>,
    /// The beginning of the answer, made safe to show.
    pub excerpt: String,
    /// What proved the effect.
    pub evidence: String,
    /// It is tried again, and not before this.
    pub retry_at: Option<Timestamp>,
    /// Name of the credential that was refused too often: it waits for a person.
    pub hold: Option<String>,
}

/// Which targets of a job. Empty = all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetQuery {
    /// In one of these states.
    pub states: Vec<TargetState>,
    /// Ended with this cause.
    pub cause: Option<Cause>,
    /// At this site.
    pub site: Option<String>,
}

const ROWS: usize = 500;

pub(super) const COLUMNS: &str = "t.job, t.position, t.mac, t.name, t.extension, t.model, t.site, \
     t.groups, t.state, t.cause, t.http_status, t.transport, t.attempts, t.attempt_id, \
     t.sent_at, t.finished_at, t.duration_ms, t.excerpt, t.evidence, t.retry_at, t.hold";

pub(super) fn target_row(row: &Row) -> Result<TargetRow> {
    let fields = row.of("job_targets", "mac");
    Ok(TargetRow {
        state: fields.parse("state")?,
        attempt_id: fields.get("attempt_id")?,
        sent_at: fields.maybe_at("sent_at")?,
        finished_at: fields.maybe_at("finished_at")?,
        retry_at: fields.maybe_at("retry_at")?,
        hold: fields.get("hold")?,
        ..waiting_row(&fields.text("job")?, fields)?
    })
}

/// A target that waits for its turn, of which a claim writes the rest anew.
pub(super) fn waiting_row(job: &str, fields: Fields<'_>) -> Result<TargetRow> {
    Ok(TargetRow {
        job: job.to_owned(),
        position: fields.int("position")?,
        mac: fields.parse("mac")?,
        name: fields.text("name")?,
        extension: fields.text("extension")?,
        model: fields.text("model")?,
        site: fields.get("site")?,
        groups: fields.json("groups")?,
        state: TargetState::Waiting,
        cause: fields.maybe("cause")?,
        http_status: fields.maybe_number("http_status")?,
        transport: fields.maybe("transport")?,
        attempts: fields.int("attempts")?,
        attempt_id: None,
        sent_at: None,
        finished_at: None,
        duration_ms: fields.get("duration_ms")?,
        excerpt: fields.text("excerpt")?,
        evidence: fields.text("evidence")?,
        retry_at: None,
        hold: None,
    })
}

pub(super) fn groups_text(groups: &[String]) -> Result<String> {
    serde_json::to_string(groups).map_err(|_| StoreError::Inconsistent {
        table: "job_targets",
        column: "groups",
        row: groups.join(","),
    })
}

/// After a table `v (position, …)`: finds the targets of a job that it is about, each by its place
/// in the job's order, as `found` with their `place`. A batch is about neighbours, which lie together
/// in that order, and anywhere in that of the MAC addresses. A plain join would leave Postgres the
/// choice. It knows little of a table that grows by thousands of rows at once, and may read all
/// targets of the job for each.
pub(super) fn found_by_key(sql: &mut Sql, dialect: Dialect, job: &str) {
    sql.push(", found AS MATERIALIZED (SELECT v.*, (SELECT t.")
        .push(dialect.row_place());
    sql.push(" FROM job_targets t WHERE t.position = v.position AND t.job = ")
        .bind(job);
    sql.push(") AS place FROM v)");
}

fn conditions(sql: &mut Sql, job: &str, query: &TargetQuery, reach: &Reach) {
    sql.push(" WHERE t.job = ").bind(job);
    and_jobs(sql, reach, "t.job");
    if !query.states.is_empty() {
        sql.push(" AND ");
        sql.one_of("t.state", query.states.iter().map(|state| state.as_str()));
    }
    if let Some(cause) = query.cause {
        sql.push(" AND t.cause = ").bind(cause.to_string());
    }
    if let Some(site) = &query.site {
        sql.push(" AND t.site = ").bind(site);
    }
}

fn select() -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM job_targets t");
    sql
}

impl Store {
    /// A page of a job's targets, in the job's order.
    pub async fn target_page(
        &self,
        job: &str,
        query: &TargetQuery,
        seek: &Seek,
        limit: i64,
    ) -> Result<Page<TargetRow>> {
        let mut sql = select();
        conditions(&mut sql, job, query, &self.reach);
        seek.by(
            &mut sql,
            "t.position",
            Direction::Ascending,
            limit,
            |cursor| cursor.as_number().map(|number| vec![number.into()]),
        )?;
        let rows = self.read().await?.conn().all(sql).await?;
        let rows = rows.iter().map(target_row).collect::<Result<_>>()?;
        Ok(Page::of(rows, seek, limit, |row: &TargetRow| {
            Cursor::of_number(row.position)
        }))
    }

    /// The next targets behind the place `after`: call again with the last place until nothing
    /// comes. Start with -1.
    pub async fn target_batch(
        &self,
        job: &str,
        query: &TargetQuery,
        after: i64,
        limit: i64,
    ) -> Result<Vec<TargetRow>> {
        let mut sql = select();
        conditions(&mut sql, job, query, &self.reach);
        sql.push(" AND t.position > ").bind(after);
        sql.push(" ORDER BY t.position LIMIT ").bind(limit);
        self.read().await?.conn().read(sql, target_row).await
    }

    /// One target.
    pub async fn target(&self, job: &str, mac: Mac) -> Result<Option<TargetRow>> {
        let mut sql = select();
        sql.push(" WHERE t.job = ")
            .bind(job)
            .push(" AND t.mac = ")
            .bind(mac);
        and_jobs(&mut sql, &self.reach, "t.job");
        let row = self.read().await?.conn().optional(sql).await?;
        row.as_ref().map(target_row).transpose()
    }

    /// How many targets of a job match.
    pub async fn count_targets(&self, job: &str, query: &TargetQuery) -> Result<i64> {
        let mut sql = Sql::new("SELECT COUNT(*) AS n FROM job_targets t");
        conditions(&mut sql, job, query, &self.reach);
        self.read().await?.conn().number(sql, "n").await
    }

    /// These targets of a job, counted by site: most first, empty without a site.
    pub async fn target_sites(&self, job: &str, query: &TargetQuery) -> Result<Vec<(String, i64)>> {
        let mut sql =
            Sql::new("SELECT COALESCE(t.site, '') AS name, COUNT(*) AS n FROM job_targets t");
        conditions(&mut sql, job, query, &self.reach);
        sql.push(" GROUP BY COALESCE(t.site, '') ORDER BY n DESC, name");
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter()
            .map(|row| Ok((row.get("name")?, row.get("n")?)))
            .collect()
    }
}

impl Unit {
    /// The phones of a job that wait.
    pub async fn waiting_phones(&mut self, job: &str) -> Result<Vec<Mac>> {
        let sql = Sql::new("SELECT mac FROM job_targets WHERE job = $1 AND state = 'waiting'");
        let rows = self.jobs_conn().await?.all(sql.arg(job)).await?;
        rows.iter()
            .map(|row| row.of("job_targets", "mac").parse("mac"))
            .collect()
    }

    /// Whether one of these phones waits in a job.
    pub async fn waits_in(&mut self, job: &str, macs: &[Mac]) -> Result<bool> {
        for chunk in macs.chunks(ROWS) {
            let mut sql =
                Sql::new("SELECT mac FROM job_targets WHERE state = 'waiting' AND job = ");
            sql.bind(job).push(" AND ");
            sql.one_of("mac", chunk.iter().copied()).push(" LIMIT 1");
            if self.jobs_conn().await?.optional(sql).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Which of these phones jobs that have not ended still have before them, each with the job.
    pub async fn jobs_with(&mut self, macs: &[Mac]) -> Result<Vec<(Mac, String)>> {
        let mut found = Vec::new();
        for chunk in macs.chunks(ROWS) {
            let mut sql = Sql::new(
                "SELECT t.mac, t.job FROM jobs j JOIN job_targets t ON t.job = j.id WHERE ",
            );
            let jobs = JobState::ALL.iter().filter(|state| !state.is_terminal());
            sql.one_of("j.state", jobs.map(|state| state.as_str()))
                .push(" AND ");
            sql.one_of("t.mac", chunk.iter().copied()).push(" AND ");
            let targets = TargetState::ALL.iter().filter(|state| !state.is_terminal());
            sql.one_of("t.state", targets.map(|state| state.as_str()));
            sql.push(" ORDER BY t.mac, t.job");
            for row in self.jobs_conn().await?.all(sql).await? {
                found.push((row.of("job_targets", "mac").parse("mac")?, row.get("job")?));
            }
        }
        Ok(found)
    }

    /// Whether phones wait in a job that are in the inventory no more.
    pub async fn waits_for_deleted(&mut self, job: &str) -> Result<bool> {
        let sql = Sql::new(
            "SELECT t.mac FROM job_targets t WHERE t.job = $1 AND t.state = 'waiting' \
             AND NOT EXISTS (SELECT 1 FROM phones p WHERE p.mac = t.mac) LIMIT 1",
        );
        let found = self.jobs_conn().await?.optional(sql.arg(job)).await?;
        Ok(found.is_some())
    }

    /// The phones of a job that nothing was sent for yet, each with the cause for which it is left out.
    pub async fn planned_phones(&mut self, job: &str) -> Result<Vec<(Mac, Option<Cause>)>> {
        let sql = Sql::new("SELECT mac, cause FROM job_targets WHERE job = $1");
        let rows = self.jobs_conn().await?.all(sql.arg(job)).await?;
        let one = |row: &Row| {
            let fields = row.of("job_targets", "mac");
            Ok((fields.parse("mac")?, fields.maybe("cause")?))
        };
        rows.iter().map(one).collect()
    }

    /// The targets of a job that are `sending` under one of these attempts: what a claim took
    /// whose commit was not confirmed. Waits for whoever changes jobs at the moment.
    pub async fn claims_of(&mut self, job: &str, attempts: &[String]) -> Result<Vec<TargetRow>> {
        let mut conn = self.jobs_conn().await?;
        let mut found = Vec::new();
        for chunk in attempts.chunks(ROWS) {
            let mut sql = select();
            sql.push(" WHERE t.state = 'sending' AND t.job = ")
                .bind(job);
            sql.push(" AND ").one_of("t.attempt_id", chunk.iter());
            sql.push(" ORDER BY t.position");
            found.extend(conn.read(sql, target_row).await?);
        }
        Ok(found)
    }
}
