//! Jobs as they are stored.
//!
//! Owns the columns and how they become a job.

use std::cmp::Reverse;
use std::collections::HashSet;

use carillon_domain::event::Actor;
use carillon_domain::{Cause, Counts, JobState, Reach, TargetState, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::reach::and_jobs;
use crate::row::{Fields, Row};
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

use super::approval::{JobApproval, approval};
use super::causes::{CausePlace, PLACES, cause_place};
use super::decides::{self, BelievedJob};
use super::list::LonePhone;
use super::targets::TargetQuery;

/// A job, without its targets and without its sealed parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    /// Identity.
    pub id: String,
    /// Name of the action.
    pub action: String,
    /// Its parameters as they may be shown: JSON, dialled numbers masked.
    pub params_shown: serde_json::Value,
    /// Whether there are sealed parameters.
    pub has_sealed_params: bool,
    /// The options in effect: JSON.
    pub options: serde_json::Value,
    /// What was asked for as targets: JSON.
    pub targets_shown: serde_json::Value,
    /// Where it stands.
    pub state: JobState,
    /// How many targets it has.
    pub total: i64,
    /// How many are in each state.
    pub counts: Counts,
    /// Who asked for it.
    pub actor: Actor,
    /// Why.
    pub reason: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it is to start, if later.
    pub start_at: Option<Timestamp>,
    /// When it first ran.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// After this nothing is sent any more.
    pub not_after: Option<Timestamp>,
    /// The job that it repeats.
    pub retry_of: Option<String>,
    /// Of the list of phones.
    pub digest: String,
    /// One request as it goes out, secrets masked.
    pub request_example: String,
    /// Whether it waited for a second person, and who decided.
    pub approval: JobApproval,
    /// Its phone where it has only one; told by lists, which show no targets.
    pub lone_phone: Option<LonePhone>,
}

impl JobRow {
    /// Its action as audit records name it: `Reboot`, `L3`.
    pub fn label(&self) -> String {
        carillon_domain::action::label_of(&self.action, &self.params_shown)
    }
}

/// A job with its causes, all of one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct JobSnapshot {
    /// The job. Its counts add up to its total.
    pub job: JobRow,
    /// How many of its targets ended with each cause, most first.
    pub causes: Vec<(Cause, i64)>,
    /// Credentials that hold some of its waiting targets, and how many.
    pub holds: Vec<(String, i64)>,
}

impl JobSnapshot {
    /// How many of its targets a narrowed list has, as far as the counters know: `None` for a state
    /// and a cause together.
    pub fn count(&self, asked: &TargetQuery) -> Option<i64> {
        match (asked.states.as_slice(), asked.cause, &asked.site) {
            ([], None, None) => Some(self.job.total),
            (states, None, None) => {
                Some(states.iter().map(|state| self.job.counts.get(*state)).sum())
            }
            ([], Some(cause), None) => {
                let known = self.causes.iter().find(|(known, _)| *known == cause);
                Some(known.map_or(0, |(_, count)| *count))
            }
            _ => None,
        }
    }
}

pub(crate) const SELECT: &str = "SELECT j.id, j.action, j.params_shown, \
     j.params_sealed IS NOT NULL AS has_sealed_params, j.options, j.targets_shown, j.state, \
     j.total, j.waiting, j.sending, j.verifying, j.verified, j.acknowledged, j.failed, \
     j.unknown, j.skipped, j.cancelled, j.expired, j.actor_kind, j.actor_id, j.actor_name, \
     j.actor_auth, j.reason, j.created_at, j.start_at, j.started_at, j.finished_at, \
     j.not_after, j.retry_of, j.digest, j.request_example, \
     j.account, j.approve_until, j.decided_by, j.decided_at FROM jobs j";

pub(super) const FROM: &str = " FROM jobs j";

pub(crate) fn job_row(row: &Row) -> Result<JobRow> {
    let fields = row.of("jobs", "id");
    Ok(JobRow {
        id: fields.text("id")?,
        action: fields.text("action")?,
        params_shown: fields.json("params_shown")?,
        has_sealed_params: fields.get("has_sealed_params")?,
        options: fields.json("options")?,
        targets_shown: fields.json("targets_shown")?,
        state: fields.parse("state")?,
        total: fields.int("total")?,
        counts: counts(&fields)?,
        actor: actor(&fields)?,
        reason: fields.text("reason")?,
        created_at: fields.at("created_at")?,
        start_at: fields.maybe_at("start_at")?,
        started_at: fields.maybe_at("started_at")?,
        finished_at: fields.maybe_at("finished_at")?,
        not_after: fields.maybe_at("not_after")?,
        retry_of: fields.get("retry_of")?,
        digest: fields.text("digest")?,
        request_example: fields.text("request_example")?,
        approval: approval(row)?,
        lone_phone: None,
    })
}

/// The counters bear the names of the states.
pub(crate) fn counts(fields: &Fields<'_>) -> Result<Counts> {
    let mut counts = Counts::default();
    for state in TargetState::ALL {
        counts.add(*state, fields.int(state.as_str())?);
    }
    Ok(counts)
}

fn actor(fields: &Fields<'_>) -> Result<Actor> {
    Ok(Actor {
        kind: fields.parse("actor_kind")?,
        id: fields.text("actor_id")?,
        name: fields.text("actor_name")?,
        auth: fields.text("actor_auth")?,
        session: String::new(),
    })
}

pub(crate) async fn find(conn: &mut Conn<'_>, id: &str, reach: &Reach) -> Result<Option<JobRow>> {
    let mut sql = Sql::new(SELECT);
    sql.push(" WHERE j.id = ").bind(id);
    and_jobs(&mut sql, reach, "j.id");
    conn.optional(sql).await?.as_ref().map(job_row).transpose()
}

/// The causes of a job, most first, where they struck, and the credentials that hold some of its targets.
#[derive(Default)]
struct Reasons {
    causes: Vec<(Cause, i64)>,
    places: Vec<CausePlace>,
    holds: Vec<(String, i64)>,
}

/// Why targets of a job ended, or wait; `places` says what is read besides.
async fn reasons(conn: &mut Conn<'_>, id: &str, places: &str) -> Result<Reasons> {
    let mut sql = Sql::new(
        "SELECT 'cause' AS what, cause AS name, count AS n, '' AS state, '' AS site, '' AS mac \
         FROM job_causes WHERE job = $1 AND count > 0 UNION ALL \
         SELECT 'hold', hold, COUNT(*), '', '', '' FROM job_targets \
         WHERE job = $1 AND hold IS NOT NULL AND state = 'waiting' GROUP BY hold",
    );
    sql.push(places);
    let mut found = Reasons::default();
    for row in conn.all(sql.arg(id)).await? {
        let fields = row.of("job_causes", "name");
        match fields.text("what")?.as_str() {
            "cause" => found.causes.push((fields.parse("name")?, fields.int("n")?)),
            "hold" => found.holds.push((fields.text("name")?, fields.int("n")?)),
            _ => found.places.extend(cause_place(&row)?),
        }
    }
    found
        .causes
        .sort_by_cached_key(|(cause, n)| (Reverse(*n), cause.to_string()));
    found.holds.sort();
    found
        .places
        .sort_by(|a, b| (b.count, &a.site).cmp(&(a.count, &b.site)));
    Ok(found)
}

impl Store {
    /// One job.
    pub async fn job(&self, id: &str) -> Result<Option<JobRow>> {
        find(&mut self.read().await?.conn(), id, &self.reach).await
    }

    /// One job to run, if it is as Carillon wrote it, and what its claims are held to.
    pub async fn job_to_run(&self, id: &str) -> Result<Option<(JobRow, BelievedJob)>> {
        let beside = SELECT.trim_end_matches(FROM);
        let mut sql = Sql::new("");
        sql.push(beside).push(decides::BESIDE).push(FROM);
        sql.push(" WHERE j.id = ").bind(id);
        and_jobs(&mut sql, &self.reach, "j.id");
        let row = self.read().await?.conn().optional(sql).await?;
        let job = |row: &Row| Ok((job_row(row)?, decides::believed(&self.trust, row)?));
        row.as_ref().map(job).transpose()
    }

    /// Those of these jobs that are in reach.
    pub async fn jobs_in_reach(&self, ids: &[String]) -> Result<HashSet<String>> {
        if self.reach.is_everything() || ids.is_empty() {
            return Ok(ids.iter().cloned().collect());
        }
        let mut sql = Sql::new("SELECT j.id FROM jobs j WHERE ");
        sql.one_of("j.id", ids.iter().cloned());
        and_jobs(&mut sql, &self.reach, "j.id");
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(|row| row.get("id")).collect()
    }

    /// One job with its causes, read at one moment.
    pub async fn job_snapshot(&self, id: &str) -> Result<Option<JobSnapshot>> {
        let found = self.snapshot_of(id, "").await?;
        Ok(found.map(|(snapshot, _)| snapshot))
    }

    /// The same, and where its causes struck: most first.
    pub async fn job_with_places(
        &self,
        id: &str,
    ) -> Result<Option<(JobSnapshot, Vec<CausePlace>)>> {
        self.snapshot_of(id, PLACES).await
    }

    async fn snapshot_of(
        &self,
        id: &str,
        places: &str,
    ) -> Result<Option<(JobSnapshot, Vec<CausePlace>)>> {
        let mut tx = self.snapshot().await?;
        let mut conn = tx.conn();
        let Some(job) = find(&mut conn, id, &self.reach).await? else {
            return Ok(None);
        };
        let found = reasons(&mut conn, id, places).await?;
        let (causes, holds) = (found.causes, found.holds);
        Ok(Some((JobSnapshot { job, causes, holds }, found.places)))
    }

    /// The sealed parameters of a job and the version that the seal covers.
    pub async fn job_sealed_params(&self, id: &str) -> Result<Option<(Vec<u8>, i64)>> {
        let sql = Sql::new(
            "SELECT params_sealed, params_version FROM jobs \
             WHERE id = $1 AND params_sealed IS NOT NULL",
        );
        let row = self.read().await?.conn().optional(sql.arg(id)).await?;
        row.map(|row| Ok((row.get("params_sealed")?, row.get("params_version")?)))
            .transpose()
    }
}

impl Unit {
    /// One job. Until the end of this unit nobody else changes it or its targets.
    pub async fn job(&mut self, id: &str) -> Result<Option<JobRow>> {
        let reach = self.reach.clone();
        find(&mut self.jobs_conn().await?, id, &reach).await
    }
}
