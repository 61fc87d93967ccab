//! Lists of jobs, one job, its targets.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use carillon_domain::role::Permission;
use carillon_domain::{Cause, JobState, Mac};
use carillon_store::{
    AttemptRow, CausePlace, JobQuery, JobRow, JobSnapshot, LonePhone, Page, Seek, StoreError,
    TargetQuery, TargetRow,
};

use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

impl Engine {
    /// One page of jobs, newest first.
    pub async fn jobs(
        &self,
        caller: &Caller,
        query: &JobQuery,
        seek: &Seek,
        limit: i64,
    ) -> Result<Page<JobRow>> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        Ok(seen.job_page(query, seek, limit).await?)
    }

    /// The causes of some jobs, by job, most first; a job without any is left out.
    pub async fn causes_of_jobs(
        &self,
        caller: &Caller,
        ids: &[String],
    ) -> Result<HashMap<String, Vec<(Cause, i64)>>> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        Ok(seen.causes_of_jobs(ids).await?)
    }

    /// The newest jobs of several lists, each as many as are asked for.
    pub async fn newest_jobs(
        &self,
        caller: &Caller,
        lists: &[(&JobQuery, i64)],
    ) -> Result<Vec<Vec<JobRow>>> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        Ok(seen.newest_jobs(lists).await?)
    }

    /// Where the first phones of a job are that ended with a cause, or that it has at all.
    pub async fn addresses_of_job(
        &self,
        caller: &Caller,
        id: &str,
        (cause, limit): (Option<Cause>, i64),
    ) -> Result<Vec<IpAddr>> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        Ok(seen.addresses_of_job(id, cause, limit).await?)
    }

    /// Those of these jobs that are in reach: records may tell of others, where some of the phones
    /// are in reach.
    pub async fn jobs_in_reach(&self, caller: &Caller, ids: &[String]) -> Result<HashSet<String>> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        Ok(seen.jobs_in_reach(ids).await?)
    }

    /// Those of these jobs that are in reach, by id. Where one cannot be read none is told: what asks
    /// for them has more to show.
    pub async fn jobs_of(
        &self,
        caller: &Caller,
        ids: &[String],
    ) -> Result<HashMap<String, (JobRow, Option<LonePhone>)>> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        let jobs = match seen.jobs_of(ids).await {
            Err(error @ StoreError::Inconsistent { .. }) => {
                tracing::error!(%error, "a job cannot be read");
                Vec::new()
            }
            jobs => jobs?,
        };
        let by_id = jobs.into_iter().map(|job| (job.0.id.clone(), job));
        Ok(by_id.collect())
    }

    /// How many jobs are in each state.
    pub async fn job_state_counts(&self, caller: &Caller) -> Result<Vec<(JobState, i64)>> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        Ok(seen.count_jobs().await?)
    }

    /// One job with its causes, read at one moment: its counts add up to its total.
    pub async fn job(&self, caller: &Caller, id: &str) -> Result<JobSnapshot> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        seen.job_snapshot(id).await?.ok_or(EngineError::NotFound)
    }

    /// The same, and where its causes struck: most first.
    pub async fn job_with_places(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<(JobSnapshot, Vec<CausePlace>)> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        seen.job_with_places(id).await?.ok_or(EngineError::NotFound)
    }

    /// The jobs that repeat this one.
    pub async fn retries_of(&self, caller: &Caller, id: &str) -> Result<Vec<String>> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        Ok(seen.retries_of(id).await?)
    }

    /// One page of a job's targets, in the job's order.
    pub async fn targets(
        &self,
        caller: &Caller,
        id: &str,
        query: &TargetQuery,
        seek: &Seek,
        limit: i64,
    ) -> Result<Page<TargetRow>> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        let page = seen.target_page(id, query, seek, limit).await?;
        if page.items.is_empty() && seen.job(id).await?.is_none() {
            return Err(EngineError::NotFound);
        }
        Ok(page)
    }

    /// One target.
    pub async fn target(&self, caller: &Caller, id: &str, mac: Mac) -> Result<TargetRow> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        seen.target(id, mac).await?.ok_or(EngineError::NotFound)
    }

    /// The tries before the last one of some phones of a job in reach, in order.
    pub async fn earlier_attempts(
        &self,
        caller: &Caller,
        id: &str,
        macs: &[Mac],
    ) -> Result<Vec<AttemptRow>> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        if macs.is_empty() {
            return Ok(Vec::new());
        }
        Ok(seen.earlier_attempts(id, macs).await?)
    }

    /// The next targets behind a place, for exports: start with -1, go on with the last place.
    pub async fn target_batch(
        &self,
        caller: &Caller,
        id: &str,
        query: &TargetQuery,
        after: i64,
    ) -> Result<Vec<TargetRow>> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        Ok(seen.target_batch(id, query, after, 1000).await?)
    }

    /// Where a cause strikes: sites, most first.
    pub async fn cause_sites(
        &self,
        caller: &Caller,
        id: &str,
        cause: Cause,
    ) -> Result<Vec<(String, i64)>> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        let query = TargetQuery {
            cause: Some(cause),
            ..TargetQuery::default()
        };
        Ok(seen.target_sites(id, &query).await?)
    }
}
