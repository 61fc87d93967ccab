//! Links from records to jobs.
//!
//! Owns that none of them leads to nothing: who sees a record of a phone in reach sees no job that
//! also has others.

use std::collections::HashSet;

use carillon_contract::audit::AuditRow as Line;
use carillon_contract::list::Link;
use carillon_engine::{Caller, Engine, EngineError};

const JOBS: &str = "/jobs/";

/// Takes the links to jobs out of reach away from lines.
pub async fn of_lines(
    engine: &Engine,
    caller: &Caller,
    lines: &mut [Line],
) -> Result<(), EngineError> {
    let links = lines.iter().filter_map(|line| line.job.as_ref());
    let seen = seen(engine, caller, links).await?;
    for line in lines {
        line.job = line.job.take().filter(|link| leads(link, seen.as_ref()));
    }
    Ok(())
}

/// The same where the jobs in reach are known already.
pub(super) fn of_lines_to(seen: &HashSet<String>, lines: &mut [Line]) {
    for line in lines {
        line.job = line.job.take().filter(|link| leads(link, Some(seen)));
    }
}

/// The same for links of every kind: those that lead to no job stay.
pub async fn of_links(
    engine: &Engine,
    caller: &Caller,
    links: &mut Vec<Link>,
) -> Result<(), EngineError> {
    let seen = seen(engine, caller, links.iter()).await?;
    links.retain(|link| leads(link, seen.as_ref()));
    Ok(())
}

/// The jobs in reach among those that are linked to; `None` where everything is.
async fn seen<'l>(
    engine: &Engine,
    caller: &Caller,
    links: impl Iterator<Item = &'l Link>,
) -> Result<Option<HashSet<String>>, EngineError> {
    if caller.reach.is_everything() {
        return Ok(None);
    }
    let ids: Vec<String> = links.filter_map(job).map(str::to_owned).collect();
    engine.jobs_in_reach(caller, &ids).await.map(Some)
}

fn leads(link: &Link, seen: Option<&HashSet<String>>) -> bool {
    match (job(link), seen) {
        (Some(id), Some(seen)) => seen.contains(id),
        _ => true,
    }
}

fn job(link: &Link) -> Option<&str> {
    link.href.strip_prefix(JOBS)
}
