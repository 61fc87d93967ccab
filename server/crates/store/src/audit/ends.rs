//! What tables say of jobs and what became of their phones, for whoever holds it against the log.
//!
//! Owns the look at these columns, job by job: there are as many rows as results. *Invariant:* it is
//! taken in the same moment as the log itself; what cannot be read is handed on as it stands.

use carillon_domain::{Cause, Counts, Mac, TargetState, Timestamp};

use crate::error::Result;
use crate::jobs::read::counts;
use crate::row::Row;
use crate::sql::Sql;

use super::scan::AuditScan;

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingJob {
    /// Identity.
    pub id: String,
    /// Where it stands, as its row says.
    pub state: String,
    /// How many phones it has, as its row says.
    pub total: i64,
    /// How many of them stand where, as its row says.
    pub counts: Counts,
    /// When it first ran, as its row says.
    pub started_at: Option<Timestamp>,
    /// When it ended, as its row says.
    pub finished_at: Option<Timestamp>,
    /// Of the list of phones.
    pub digest: String,
    /// How it is sent: JSON, as its row says.
    pub options: String,
    /// Who asked for it and for what, as its row says.
    pub asked: StandingAsked,
}

/// Who asked for a job and for what, as its row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingAsked {
    /// Kind, id and name of who asked, and how they signed in.
    pub by: [String; 4],
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// Name of the action.
    pub action: String,
    /// Its parameters as they may be shown: JSON.
    pub params: String,
    /// What was asked for as targets: JSON.
    pub targets: String,
    /// The job that it repeats.
    pub retry_of: Option<String>,
    /// When it is to start, if later.
    pub start_at: Option<Timestamp>,
    /// After this nothing is sent any more.
    pub not_after: Option<Timestamp>,
}

/// How many phones of a job ended with a cause, as is kept beside its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingCause {
    /// The job.
    pub job: String,
    /// Why; nothing where that cannot be read.
    pub cause: Option<Cause>,
    /// How many.
    pub count: i64,
}

/// A phone of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingEnd {
    /// The job.
    pub job: String,
    /// Its place in the job's order.
    pub position: i64,
    /// Which phone; nothing where that cannot be read.
    pub phone: Option<Mac>,
    /// Its name when the job was made.
    pub name: String,
    /// Its site then.
    pub site: Option<String>,
    /// Its groups then, as JSON.
    pub groups: String,
    /// Where it stands; nothing where that cannot be read.
    pub state: Option<TargetState>,
    /// Why; nothing beside, where that cannot be read.
    pub cause: Option<Option<Cause>>,
}

const JOBS: &str = "SELECT j.id, j.state, j.total, j.digest, j.options, j.action, j.params_shown, \
     j.targets_shown, j.actor_kind, j.actor_id, j.actor_name, j.actor_auth, j.reason, j.created_at, \
     j.retry_of, j.start_at, j.not_after, j.started_at, j.finished_at, j.waiting, j.sending, j.verifying, \
     j.verified, j.acknowledged, j.failed, j.unknown, j.skipped, j.cancelled, j.expired FROM jobs j WHERE ";
/// What is read of jobs and of their phones, without which none can be let go of before the end.
const OF_JOBS: [&str; 40] = [
    "jobs.id",
    "jobs.state",
    "jobs.total",
    "jobs.digest",
    "jobs.options",
    "jobs.action",
    "jobs.params_shown",
    "jobs.targets_shown",
    "jobs.actor_kind",
    "jobs.actor_id",
    "jobs.actor_name",
    "jobs.actor_auth",
    "jobs.reason",
    "jobs.created_at",
    "jobs.retry_of",
    "jobs.start_at",
    "jobs.not_after",
    "jobs.started_at",
    "jobs.finished_at",
    "jobs.waiting",
    "jobs.sending",
    "jobs.verifying",
    "jobs.verified",
    "jobs.acknowledged",
    "jobs.failed",
    "jobs.unknown",
    "jobs.skipped",
    "jobs.cancelled",
    "jobs.expired",
    "job_causes.job",
    "job_causes.cause",
    "job_causes.count",
    "job_targets.job",
    "job_targets.position",
    "job_targets.mac",
    "job_targets.name",
    "job_targets.site",
    "job_targets.groups",
    "job_targets.state",
    "job_targets.cause",
];

impl AuditScan {
    /// Whether jobs and what their phones came to can be read.
    pub async fn has_jobs(&mut self) -> Result<bool> {
        Ok(self.columns().await?.have(&OF_JOBS))
    }

    /// The rows of these jobs.
    pub async fn jobs(&mut self, ids: &[&str]) -> Result<Vec<StandingJob>> {
        let mut sql = Sql::new(JOBS);
        sql.one_of("j.id", ids.iter().copied());
        let rows = self.tx.conn().all(sql).await?;
        rows.iter().map(job).collect()
    }

    /// The next rows of jobs behind one, in their order.
    pub async fn jobs_behind(
        &mut self,
        last: Option<&StandingJob>,
        limit: i64,
    ) -> Result<Vec<StandingJob>> {
        let mut sql = Sql::new(JOBS);
        match last {
            Some(last) => sql.push("j.id > ").bind(&last.id),
            None => sql.push("1 = 1"),
        };
        sql.push(" ORDER BY j.id LIMIT ").bind(limit);
        let rows = self.tx.conn().all(sql).await?;
        rows.iter().map(job).collect()
    }

    /// The causes that are kept beside these jobs.
    pub async fn causes(&mut self, jobs: &[&str]) -> Result<Vec<StandingCause>> {
        let mut sql = Sql::new("SELECT job, cause, count FROM job_causes WHERE ");
        sql.one_of("job", jobs.iter().copied());
        let rows = self.tx.conn().all(sql).await?;
        rows.iter().map(cause).collect()
    }

    /// The first job of which causes or phones are kept, and which are, although it has no row.
    pub async fn stray_of_jobs(&mut self) -> Result<Option<(String, &'static str)>> {
        let mut first: Option<(String, &'static str)> = None;
        for (table, what) in [("job_causes", "causes"), ("job_targets", "phones")] {
            let mut sql = Sql::new("SELECT MIN(t.job) AS job FROM ");
            sql.push(table);
            sql.push(" t WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = t.job)");
            let row = self.tx.conn().optional(sql).await?;
            let job = row.map(|row| row.maybe_any_text("job")).transpose()?;
            let found = job.flatten().map(|job| (job, what));
            first = first.into_iter().chain(found).min();
        }
        Ok(first)
    }

    /// The next phones of these jobs behind one, by job and place.
    pub async fn ends(
        &mut self,
        jobs: &[&str],
        after: Option<&StandingEnd>,
        limit: i64,
    ) -> Result<Vec<StandingEnd>> {
        let mut sql = Sql::new(
            "SELECT job, position, mac, name, site, groups, state, cause FROM job_targets WHERE ",
        );
        sql.one_of("job", jobs.iter().copied());
        if let Some(last) = after {
            sql.push(" AND (job, position) > (").bind(&last.job);
            sql.push(", ").bind(last.position).push(")");
        }
        sql.push(" ORDER BY job, position LIMIT ").bind(limit);
        let rows = self.tx.conn().all(sql).await?;
        rows.iter().map(end).collect()
    }
}

fn job(row: &Row) -> Result<StandingJob> {
    let fields = row.of("jobs", "id");
    Ok(StandingJob {
        id: fields.text("id")?,
        state: fields.text("state")?,
        total: fields.int("total")?,
        counts: counts(&fields)?,
        started_at: fields.maybe_at("started_at")?,
        finished_at: fields.maybe_at("finished_at")?,
        digest: fields.text("digest")?,
        options: fields.text("options")?,
        asked: asked(row)?,
    })
}

fn asked(row: &Row) -> Result<StandingAsked> {
    let fields = row.of("jobs", "id");
    let [kind, id, name, auth] = ["kind", "id", "name", "auth"].map(|part| {
        let column = format!("actor_{part}");
        row.any_text(&column)
    });
    Ok(StandingAsked {
        by: [kind?, id?, name?, auth?],
        reason: row.any_text("reason")?,
        at: fields.at("created_at")?,
        action: row.any_text("action")?,
        params: row.any_text("params_shown")?,
        targets: row.any_text("targets_shown")?,
        retry_of: row.maybe_any_text("retry_of")?,
        start_at: fields.maybe_at("start_at")?,
        not_after: fields.maybe_at("not_after")?,
    })
}

fn cause(row: &Row) -> Result<StandingCause> {
    Ok(StandingCause {
        job: row.get("job")?,
        cause: row.any_text("cause")?.parse().ok(),
        count: row.get("count")?,
    })
}

fn end(row: &Row) -> Result<StandingEnd> {
    let text = |name| row.get::<String>(name);
    let phone = text("mac")?;
    let read: Option<Mac> = phone.parse().ok();
    let cause: Option<String> = row.get("cause")?;
    Ok(StandingEnd {
        job: text("job")?,
        position: row.get("position")?,
        // As Carillon writes it, and in no other way.
        phone: read.filter(|mac| mac.to_string() == phone),
        name: row.any_text("name")?,
        site: row.maybe_any_text("site")?,
        groups: row.any_text("groups")?,
        state: text("state")?.parse().ok(),
        cause: match cause {
            None => Some(None),
            Some(cause) => cause.parse().ok().map(Some),
        },
    })
}
