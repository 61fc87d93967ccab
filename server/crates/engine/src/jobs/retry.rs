//! Sending again what a person chose, as a new job that names the old one.

use std::collections::BTreeMap;

use carillon_domain::job::{JobOptions, JobRequest, TargetSpec};
use carillon_domain::role::Permission;
use carillon_domain::{Cause, Mac, TargetState};
use carillon_store::{JobRow, Store, TargetQuery};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::preview::JobPreview;
use super::{Submission, Submitted};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::secrets::Place;

/// States whose phones may be sent to again.
const AGAIN: [TargetState; 5] = [
    TargetState::Failed,
    TargetState::Unknown,
    TargetState::Cancelled,
    TargetState::Expired,
    TargetState::Skipped,
];

/// Which phones of a job are sent to again. The record of the new job tells it as it is here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// Those that ended in one of these states.
    pub states: Vec<TargetState>,
    /// But for those that ended in this state with this cause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<(TargetState, Cause)>,
}

impl From<&[TargetState]> for Again {
    fn from(states: &[TargetState]) -> Self {
        Self {
            states: states.to_vec(),
            without: Vec::new(),
        }
    }
}

impl Again {
    fn takes(&self, state: TargetState, cause: Option<Cause>) -> bool {
        cause.is_none_or(|cause| !self.without.contains(&(state, cause)))
    }
}

impl Engine {
    /// Makes a new job of the targets of `id` in these states, with the same action and options.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when a state cannot be retried or no target is in one.
    pub async fn retry_job(
        &self,
        caller: &Caller,
        id: &str,
        states: &[TargetState],
        reason: &str,
        idempotency_key: Option<String>,
    ) -> Result<Submitted> {
        let again = Again::from(states);
        let request = self.retry_request(caller, id, &again, reason).await?;
        let submission = Submission {
            idempotency_key,
            retry_of: Some(id.to_owned()),
            again: Some(again),
            ..Submission::default()
        };
        self.submit_job(caller, &request, submission).await
    }

    /// The same as a plan, changing nothing.
    pub async fn preview_retry(
        &self,
        caller: &Caller,
        id: &str,
        states: &[TargetState],
    ) -> Result<JobPreview> {
        let again = Again::from(states);
        let request = self.retry_request(caller, id, &again, "").await?;
        self.preview_job(caller, &request).await
    }

    /// The request that a retry comes to: exactly these phones, one by one. Phones that were
    /// removed from the inventory meanwhile are left out.
    pub async fn retry_request(
        &self,
        caller: &Caller,
        id: &str,
        again: &Again,
        reason: &str,
    ) -> Result<JobRequest> {
        let seen = caller.sight(Permission::RunJobs, &self.store)?;
        let (job, _) = seen.job_to_run(id).await?.ok_or(EngineError::NotFound)?;
        let states = &again.states;
        if let Some(state) = states.iter().find(|state| !AGAIN.contains(state)) {
            let message = format!("phones that are {state} are not sent to again");
            return Err(EngineError::invalid("states", "invalid", message));
        }
        let phones = phones_in(&seen, id, again).await?;
        if phones.is_empty() {
            let message = "no phone of this job is in one of these states";
            return Err(EngineError::invalid("states", "empty", message));
        }
        let options = brakes(options_of(&job), states);
        self.request_of(job, phones, options, reason).await
    }

    /// Makes a new job of all phones of `id`, with the same action and options.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when none of its phones is in the inventory any more.
    pub async fn run_again(
        &self,
        caller: &Caller,
        id: &str,
        reason: &str,
        idempotency_key: Option<String>,
    ) -> Result<Submitted> {
        let request = self.again_request(caller, id, reason).await?;
        let submission = Submission {
            idempotency_key,
            retry_of: Some(id.to_owned()),
            ..Submission::default()
        };
        self.submit_job(caller, &request, submission).await
    }

    /// The request that running a job again comes to: its phones, as far as they are still there.
    pub async fn again_request(
        &self,
        caller: &Caller,
        id: &str,
        reason: &str,
    ) -> Result<JobRequest> {
        let seen = caller.sight(Permission::RunJobs, &self.store)?;
        let (job, _) = seen.job_to_run(id).await?.ok_or(EngineError::NotFound)?;
        let phones = phones_in(&seen, id, &Again::from(TargetState::ALL)).await?;
        if phones.is_empty() {
            let message = "no phone of this job is in the inventory any more";
            return Err(EngineError::invalid("targets", "empty", message));
        }
        let options = options_of(&job);
        self.request_of(job, phones, options, reason).await
    }

    async fn request_of(
        &self,
        job: JobRow,
        phones: Vec<Mac>,
        options: JobOptions,
        reason: &str,
    ) -> Result<JobRequest> {
        Ok(JobRequest {
            action: job.action.clone(),
            params: self.params_of(&job).await?,
            targets: TargetSpec {
                phones,
                groups: Vec::new(),
                filter: None,
            },
            options,
            reason: if reason.trim().is_empty() {
                job.reason
            } else {
                reason.to_owned()
            },
            expect: None,
        })
    }

    async fn params_of(&self, job: &JobRow) -> Result<BTreeMap<String, Value>> {
        let value = match self.store.job_sealed_params(&job.id).await? {
            Some((blob, _)) => {
                let opened = self
                    .keyring()?
                    .open(&Place::job_params(job.id.as_str()), &blob);
                let bytes = opened.map_err(|_| EngineError::Sealed)?;
                serde_json::from_slice(bytes.expose_secret())
            }
            None if is_masked(&job.params_shown) => return Err(no_longer_kept()),
            None => serde_json::from_value(job.params_shown.clone()),
        };
        value.map_err(|_| EngineError::Internal("a job's parameters cannot be read"))
    }
}

/// A job whose number was removed when its time was over.
pub(super) fn no_longer_kept() -> EngineError {
    let message = "the number of this job is no longer kept: start a new job";
    EngineError::Conflict(message.to_owned())
}

/// Whether what is shown lacks what was meant.
pub(super) fn is_masked(params_shown: &Value) -> bool {
    params_shown.to_string().contains('•')
}

/// The chosen phones of a job that are still in the inventory and in reach.
async fn phones_in(seen: &Store, id: &str, again: &Again) -> Result<Vec<Mac>> {
    if again.states.is_empty() {
        return Ok(Vec::new());
    }
    let query = TargetQuery {
        states: again.states.clone(),
        ..TargetQuery::default()
    };
    let mut macs = Vec::new();
    let mut after = -1;
    loop {
        let batch = seen.target_batch(id, &query, after, 1000).await?;
        let Some(last) = batch.last() else { break };
        after = last.position;
        let taken = batch.iter().filter(|row| again.takes(row.state, row.cause));
        macs.extend(taken.map(|row| row.mac));
    }
    let known = seen.phones_by_macs(&macs).await?;
    Ok(known.into_iter().map(|row| row.phone.mac).collect())
}

/// What stops the new job. That phones which failed fail again says nothing of the rest, so none of them
/// is a first phone, and their share ends nothing. Where phones are chosen that were never tried the
/// old limits hold for them: what stopped the job before may stop it again.
fn brakes(options: JobOptions, states: &[TargetState]) -> JobOptions {
    let tried = |state: &TargetState| matches!(state, TargetState::Failed | TargetState::Unknown);
    let (any, all) = (states.iter().any(tried), states.iter().all(tried));
    JobOptions {
        canary: if any { Some(0) } else { options.canary },
        max_failed_percent: if all {
            Some(100)
        } else {
            options.max_failed_percent
        },
        ..options
    }
}

/// The limits of a job, asked for again; what is bound to a time is not.
fn options_of(job: &JobRow) -> JobOptions {
    let number = |name: &str| {
        job.options
            .get(name)
            .and_then(Value::as_u64)
            .and_then(|n| u32::try_from(n).ok())
    };
    let site_rule = job.options.get("site_rule").and_then(Value::as_bool) == Some(true);
    JobOptions {
        window: number("window"),
        timeout_ms: number("timeout_ms"),
        canary: number("canary"),
        max_failed_percent: number("max_failed_percent"),
        // Left out, so that the site's own limit holds again where it did.
        site_max_down_percent: number("site_max_down_percent").filter(|_| !site_rule),
        site_max_down: number("site_max_down"),
        jitter_ms: number("jitter_ms"),
        retries: number("retries"),
        transport: job
            .options
            .get("transport")
            .and_then(|way| serde_json::from_value(way.clone()).ok()),
        max_auth_failed: number("max_auth_failed"),
        verify: job.options.get("verify").and_then(Value::as_bool),
        ..JobOptions::default()
    }
}

#[cfg(test)]
mod tests {
    use TargetState::{Expired, Failed, Skipped, Unknown};

    use super::*;

    #[test]
    fn a_cause_is_left_out_in_its_state_alone() {
        let again = Again {
            states: vec![Failed, Skipped],
            without: vec![(Failed, Cause::Unsupported)],
        };
        assert!(!again.takes(Failed, Some(Cause::Unsupported)));
        assert!(again.takes(Skipped, Some(Cause::Unsupported)));
        assert!(again.takes(Failed, Some(Cause::AuthFailed)));
        assert!(again.takes(Failed, None));
        let told = serde_json::to_value(&again).unwrap();
        let expected = r#"{"states":["failed","skipped"],"without":[["failed","unsupported"]]}"#;
        assert_eq!(told.to_string(), expected);
    }

    #[test]
    fn what_was_never_tried_goes_with_the_old_brakes() {
        let of = |states: &[TargetState]| {
            let old = JobOptions {
                canary: Some(2),
                max_failed_percent: Some(10),
                ..JobOptions::default()
            };
            let new = brakes(old, states);
            (new.canary.unwrap(), new.max_failed_percent.unwrap())
        };
        assert_eq!(of(&[Failed, Unknown]), (0, 100));
        assert_eq!(of(&[Failed, Skipped]), (0, 10));
        assert_eq!(of(&[Skipped, Expired]), (2, 10));
    }
}
