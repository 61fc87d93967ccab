//! Making a job with its frozen list of phones.
//!
//! Owns the first values of the counters: they are counted from the targets given.

use std::collections::BTreeMap;

use carillon_domain::event::Actor;
use carillon_domain::{Cause, Counts, JobState, Mac, TargetState, Timestamp};

use crate::error::Result;
use crate::sql::{Sql, Value};
use crate::unit::Unit;

use super::count::add_causes;
use super::decides::{Decides, Fixed};
use super::frozen::{self, Listing};

const ROWS: usize = 500;

/// A new job.
#[derive(Clone)]
pub struct NewJob {
    /// Identity.
    pub id: String,
    /// Name of the action.
    pub action: String,
    /// Its parameters as they may be shown.
    pub params_shown: serde_json::Value,
    /// Parameters that must not be read, sealed for version 1.
    pub params_sealed: Option<Vec<u8>>,
    /// The options in effect.
    pub options: serde_json::Value,
    /// What was asked for as targets.
    pub targets_shown: serde_json::Value,
    /// Slugs of the groups that it was asked for.
    pub groups: Vec<String>,
    /// Where it begins.
    pub state: JobState,
    /// Who asks for it.
    pub actor: Actor,
    /// Why.
    pub reason: String,
    /// Now.
    pub created_at: Timestamp,
    /// When it is to start, if later.
    pub start_at: Option<Timestamp>,
    /// After this nothing is sent any more.
    pub not_after: Option<Timestamp>,
    /// The job that it repeats.
    pub retry_of: Option<String>,
    /// Of the list of phones.
    pub digest: String,
    /// One request as it goes out, secrets masked.
    pub request_example: String,
}

/// One phone of a new job. Its place is its place in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTarget {
    /// Which phone.
    pub mac: Mac,
    /// What it is called now.
    pub name: String,
    /// Its extension now.
    pub extension: String,
    /// Its model now.
    pub model: String,
    /// Slug of its site now.
    pub site: Option<String>,
    /// Slugs of its groups now.
    pub groups: Vec<String>,
    /// Why it is skipped from the beginning; `None` = it waits for its turn.
    pub skip: Option<Cause>,
}

impl NewTarget {
    const fn state(&self) -> TargetState {
        match self.skip {
            None => TargetState::Waiting,
            Some(_) => TargetState::Skipped,
        }
    }

    fn values(&self, job: &str, position: usize, now: Timestamp) -> Result<Vec<Value>> {
        Ok(vec![
            job.into(),
            (position as i64).into(),
            self.mac.into(),
            (&self.name).into(),
            (&self.extension).into(),
            (&self.model).into(),
            (&self.site).into(),
            super::targets::groups_text(&self.groups)?.into(),
            self.state().as_str().into(),
            self.skip.into(),
            self.skip.map(|_| now).into(),
        ])
    }
}

impl Unit {
    /// Makes a job and its targets.
    pub async fn insert_job(&mut self, job: &NewJob, targets: &[NewTarget]) -> Result<()> {
        let mut counts = Counts::default();
        let mut listing = Listing::new();
        let mut causes = BTreeMap::new();
        for target in targets {
            counts.add(target.state(), 1);
            listing.add(target.mac, target.site.as_deref(), target.skip.is_some());
            if let Some(cause) = target.skip {
                *causes
                    .entry((job.id.clone(), cause.to_string()))
                    .or_default() += 1;
            }
        }
        let decides = job.decides(counts.total());
        let code = self.trust.sign(&decides.facts());
        let frozen = listing.stored();
        let list_code = self.trust.sign(&frozen::facts(&job.id, Some(&frozen)));
        let codes = [code, Some(frozen), list_code];
        let mut conn = self.jobs_conn().await?;
        conn.execute(job_insert(job, decides, &counts, codes))
            .await?;
        for group in &job.groups {
            let sql = Sql::new(
                "INSERT INTO job_groups (job, group_slug) VALUES ($1, $2) \
                 ON CONFLICT (job, group_slug) DO NOTHING",
            );
            conn.execute(sql.arg(&job.id).arg(group)).await?;
        }
        for (index, chunk) in targets.chunks(ROWS).enumerate() {
            let rows = chunk.iter().enumerate();
            let rows: Vec<_> = rows
                .map(|(offset, target)| {
                    target.values(&job.id, index * ROWS + offset, job.created_at)
                })
                .collect::<Result<_>>()?;
            let mut sql = Sql::new(
                "INSERT INTO job_targets (job, position, mac, name, extension, model, site, \
                 groups, state, cause, finished_at) ",
            );
            sql.rows(rows);
            conn.execute(sql).await?;
        }
        add_causes(&mut conn, causes).await
    }
}

impl NewJob {
    /// What decides about it, as it is read again.
    fn decides(&self, total: i64) -> Decides {
        let actor = &self.actor;
        let actor = [actor.kind.as_str(), &actor.id, &actor.name, &actor.auth];
        Decides {
            fixed: Fixed {
                id: self.id.clone(),
                action: self.action.clone(),
                params_shown: self.params_shown.to_string(),
                options: self.options.to_string(),
                targets_shown: self.targets_shown.to_string(),
                total,
                actor: actor.map(str::to_owned),
                reason: self.reason.clone(),
                created_at: self.created_at,
                start_at: self.start_at,
                retry_of: self.retry_of.clone(),
                digest: self.digest.clone(),
                request_example: self.request_example.clone(),
            },
            state: self.state,
            not_after: self.not_after,
            account: None,
            approve_until: None,
            decided_by: None,
            decided_at: None,
            version: 0,
            code: None,
        }
    }
}

/// The row with its code, its frozen list, and the code of that.
fn job_insert(
    job: &NewJob,
    decides: Decides,
    counts: &Counts,
    [code, frozen, list_code]: [Option<Vec<u8>>; 3],
) -> Sql {
    let started_at = (job.state == JobState::Running).then_some(job.created_at);
    let mut values: Vec<Value> = vec![
        (&job.id).into(),
        (&job.action).into(),
        decides.fixed.params_shown.into(),
        job.params_sealed.clone().into(),
        i64::from(job.params_sealed.is_some()).into(),
        decides.fixed.options.into(),
        decides.fixed.targets_shown.into(),
        job.state.as_str().into(),
        (&job.actor.id).into(),
        (&job.actor.name).into(),
        job.actor.kind.as_str().into(),
        (&job.actor.auth).into(),
        (&job.reason).into(),
        job.created_at.into(),
        job.start_at.into(),
        started_at.into(),
        job.not_after.into(),
        (&job.retry_of).into(),
        (&job.digest).into(),
        (&job.request_example).into(),
        counts.total().into(),
        code.into(),
        frozen.into(),
        list_code.into(),
    ];
    let mut sql = Sql::new(
        "INSERT INTO jobs (id, action, params_shown, params_sealed, params_version, options, \
         targets_shown, state, actor_id, actor_name, actor_kind, actor_auth, reason, created_at, \
         start_at, started_at, not_after, retry_of, digest, request_example, total, mac, frozen, \
         frozen_mac",
    );
    for state in TargetState::ALL {
        sql.push(", ").push(state.as_str());
        values.push(counts.get(*state).into());
    }
    sql.push(") VALUES ").tuple(values);
    sql
}
