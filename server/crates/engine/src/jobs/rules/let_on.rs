//! What somebody let go on within the hour: it counts among what they disturb, as what they asked for.
//!
//! *Invariant:* when that was is read from the audit log, which nobody changes; a job counts once, however
//! often it was let go on, and not again where it counts as asked for.

use std::collections::BTreeMap;

use carillon_domain::Timestamp;
use carillon_domain::event::ActorKind;
use carillon_domain::role::Permission;
use carillon_store::{Around, AuditQuery, AuditRow, LetOn, Seek, Unit};

use super::judge::HOUR;
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// More than anybody lets go on within an hour: beyond it nothing is.
const MOST: usize = 1_000;

/// Jobs with the phones that they went on with, where the record says so.
type Phones = BTreeMap<String, Option<i64>>;

/// How many phones of jobs of these actions a caller let go on alone, beside what counts as asked for by
/// them; of all actions and whoever let them run, without any.
pub(super) async fn let_on(
    unit: &mut Unit,
    caller: &Caller,
    (around, now): (Around<'_>, Timestamp),
    alone: Option<&[&str]>,
) -> Result<i64> {
    let Some(account) = caller.user_id.as_deref() else {
        return Ok(0);
    };
    let records = unit.audit_end(&query(caller, now), MOST).await?;
    if records.len() >= MOST {
        let message = "more was let go on within the last hour than can be looked through: wait, then try again";
        return Err(EngineError::Conflict(message.to_owned()));
    }
    let phones = phones(records, now);
    let jobs: Vec<String> = phones.keys().cloned().collect();
    let asked = LetOn {
        jobs: &jobs,
        account,
        around,
        alone,
    };
    Ok(sum(&phones, unit.let_on(asked).await?))
}

impl Engine {
    /// The same before there is a job, to be told: what is out of reach by now is left out.
    pub(super) async fn let_on(
        &self,
        caller: &Caller,
        (around, now): (Around<'_>, Timestamp),
        alone: &[&str],
    ) -> Result<i64> {
        let Some(account) = caller.user_id.as_deref() else {
            return Ok(0);
        };
        let most = i64::try_from(MOST).unwrap_or(i64::MAX);
        let query = query(caller, now);
        let seen = caller.sight(Permission::RunJobs, &self.store)?;
        let page = seen.audit_page(&query, &Seek::Start, most).await?;
        let phones = phones(page.items, now);
        let jobs: Vec<String> = phones.keys().cloned().collect();
        let asked = LetOn {
            jobs: &jobs,
            account,
            around,
            alone: Some(alone),
        };
        Ok(sum(&phones, self.store.let_on(asked).await?))
    }
}

fn query(caller: &Caller, now: Timestamp) -> AuditQuery {
    AuditQuery {
        actor: Some(caller.actor.name.clone()),
        actions: ["job.resumed", "job.released"].map(str::to_owned).to_vec(),
        from: Some(now.minus(HOUR)),
        ..AuditQuery::default()
    }
}

/// An account and its tokens have one name, and nobody on the server's machine has it.
fn phones(records: Vec<AuditRow>, now: Timestamp) -> Phones {
    let mut phones = Phones::new();
    for event in records.into_iter().map(|record| record.event) {
        let is_account = matches!(event.actor.kind, ActorKind::User | ActorKind::Token);
        let Some(job) = event
            .job
            .filter(|_| is_account && event.at.plus(HOUR) > now)
        else {
            continue;
        };
        let told = event.detail["phones"].as_i64();
        let most = phones.entry(job).or_insert(Some(0));
        *most = most.zip(told).map(|(one, other)| one.max(other));
    }
    phones
}

/// Of what is left out by now nothing was disturbed.
fn sum(phones: &Phones, jobs: Vec<(String, i64)>) -> i64 {
    let of = |(job, all): (String, i64)| match phones.get(&job) {
        Some(Some(told)) => all.min(*told),
        _ => all,
    };
    jobs.into_iter().map(of).sum()
}
