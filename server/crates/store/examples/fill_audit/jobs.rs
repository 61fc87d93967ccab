//! The rows of jobs of which the records tell, as the program itself writes them.

use std::collections::BTreeMap;

use carillon_domain::event::Event;
use carillon_domain::outcome::Transport;
use carillon_domain::{JobState, Mac, TargetState, Timestamp};
use carillon_store::{Claim, ClaimedTarget, NewJob, NewTarget, SiteLimit, Store, TargetResult};
use serde_json::{Value, json};

use super::Outcome;

/// Phones that are claimed at once.
const BATCH: usize = 500;

/// How jobs are sent: nothing of it matters here, but that records and rows say the same.
pub(super) fn options() -> Value {
    json!({
        "window": 64, "one_first": false, "stop_at_failures": 20, "max_down_percent": 20,
        "retries": 0, "not_after": null, "start_at": null,
    })
}

/// The digest of the list of a job.
pub(super) fn digest(id: &str) -> String {
    format!("{id:0>64}").replace('-', "0")
}

/// A job whose records were made.
pub(super) struct Told {
    pub(super) submitted: Event,
    pub(super) action: &'static str,
    pub(super) ended_at: Timestamp,
    pub(super) phones: Vec<NewTarget>,
    /// What each phone came to.
    pub(super) ends: BTreeMap<Mac, Value>,
}

/// A node under whose epoch jobs are filled in.
pub(super) async fn epoch(store: &Store, until: i64) -> Outcome<i64> {
    let at = Timestamp::from_micros;
    let mut unit = store.begin().await?;
    let epoch = unit.begin_epoch("fill", at(0), at(until)).await?;
    unit.commit_bookkeeping().await?;
    Ok(epoch)
}

/// Writes the rows of a job that is over.
pub(super) async fn fill(store: &Store, epoch: i64, told: Told) -> Outcome<()> {
    let job = new_job(&told);
    let mut unit = store.begin().await?;
    unit.insert_job(&job, &told.phones).await?;
    let attempts: Vec<_> = (0..BATCH).map(|place| attempt(&job.id, place)).collect();
    let claim = Claim {
        job: &job.id,
        epoch,
        now: told.ended_at,
        attempts: &attempts,
        site_limit: SiteLimit::default(),
        not_since: None,
        only_again: false,
        from: 0,
        list: None,
    };
    loop {
        let claimed = unit.claim(&claim).await?;
        if claimed.is_empty() {
            break;
        }
        let results = claimed.iter().map(|one| result(one, &told));
        let results = results.collect::<Outcome<Vec<_>>>()?;
        unit.record_results(&results).await?;
    }
    unit.finish_job_if_done(&job.id, told.ended_at).await?;
    Ok(unit.commit_bookkeeping().await?)
}

fn attempt(job: &str, place: usize) -> String {
    format!("0193{}-7000-8000-{place:012x}", &job[28..])
}

fn new_job(told: &Told) -> NewJob {
    let event = &told.submitted;
    let id = event.job.clone().unwrap_or_default();
    NewJob {
        digest: digest(&id),
        id,
        action: told.action.to_owned(),
        params_shown: json!({}),
        params_sealed: None,
        options: options(),
        targets_shown: json!({ "phones": told.phones.len() }),
        groups: Vec::new(),
        state: JobState::Running,
        actor: event.actor.clone(),
        reason: event.reason.clone(),
        created_at: event.at,
        start_at: None,
        not_after: None,
        retry_of: None,
        request_example: format!("GET /servlet?key={}", told.action),
    }
}

fn result(claimed: &ClaimedTarget, told: &Told) -> Outcome<TargetResult> {
    let end = told
        .ends
        .get(&claimed.target.mac)
        .ok_or("a phone without an end")?;
    let state = end["state"].as_str().and_then(|state| state.parse().ok());
    let state: TargetState = state.ok_or("a phone without a state")?;
    let status = end["http_status"].as_u64();
    Ok(TargetResult {
        before: claimed.target.clone(),
        state,
        cause: serde_json::from_value(end["cause"].clone())?,
        http_status: status.and_then(|status| status.try_into().ok()),
        transport: Some(Transport::Https),
        at: told.ended_at,
        duration_ms: end["duration_ms"].as_i64(),
        excerpt: String::new(),
        evidence: String::new(),
        contact: None,
        retry_at: None,
        given_back: false,
    })
}
