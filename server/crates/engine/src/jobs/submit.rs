//! Making a job.

use carillon_domain::action::Class;
use carillon_domain::event::{Event, EventResult};
use carillon_domain::job::{JobRequest, PlannedPhone, not_after, plan};
use carillon_domain::role::Permission;
use carillon_domain::{Cause, JobState, Timestamp};
use carillon_store::{IdempotencyKey, KeyUse, NewJob, NewTarget, Unit};
use serde_json::json;

use super::agreed::digest_of_new;
use super::by_sip::by_sip;
use super::deadline;
use super::dialling;
use super::looked_at;
use super::preview::{JobPreview, check, preview};
use super::replay::{KEY_LIFE, replayed};
use super::resolve::resolve;
use super::retry::Again;
use super::rules;
use crate::Engine;
use crate::audit::{self, APPROVAL, UNTIL};
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::ids::new_id;
use crate::secrets::{Keyring, Place};

/// What comes with a request besides the request.
#[derive(Clone, Debug, Default)]
pub struct Submission {
    /// The client's key: the same key and body are the same job.
    pub idempotency_key: Option<String>,
    /// The job that this one repeats.
    pub retry_of: Option<String>,
    /// Which of its phones somebody chose, where not all of them.
    pub again: Option<Again>,
    /// The filter by which somebody picked the phones of the request, shown beside their number.
    pub picked_by: Option<String>,
    /// Which phones were marked as protected when somebody looked: [`carillon_domain::job::Plan::protected_digest`].
    pub protected: Option<String>,
    /// At which sites they were then: [`carillon_domain::job::Plan::places_digest`].
    pub places: Option<String>,
}

/// A job that was made, now or before with the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Its id.
    pub id: String,
    /// Whether it existed already: the same key was used before.
    pub replayed: bool,
}

impl Engine {
    /// Makes a job and wakes the dispatcher.
    ///
    /// # Errors
    /// [`EngineError::SetChanged`] when the phones are not those that the caller expects,
    /// [`EngineError::Conflict`] when the idempotency key was used for another request.
    pub async fn submit_job(
        &self,
        caller: &Caller,
        request: &JobRequest,
        submission: Submission,
    ) -> Result<Submitted> {
        let seen = caller.sight(Permission::RunJobs, &self.store)?;
        let key = self.idempotency(caller, request, &submission)?;
        if let Some(before) = self.made_before(key.as_ref()).await? {
            return Ok(before);
        }
        let checked = check(caller, request, self.clock.now())?;
        let phones = resolve(self, &seen, &request.targets, checked.filter.as_ref()).await?;
        let mut plan = plan(&checked.action, phones, request.options.include_protected);
        dialling::check(&self.store, &checked.action, plan.total()).await?;
        deadline::check(request, self.clock.now())?;
        let limits = (&checked.action, &checked.options);
        let by_sip = by_sip(self, &seen, limits, &mut plan).await?;
        let preview = preview(checked, plan, by_sip);
        expect(request, &preview, &submission)?;
        require_reason(request, &preview)?;
        self.make(caller, request, &preview, submission, key).await
    }

    async fn made_before(&self, key: Option<&IdempotencyKey>) -> Result<Option<Submitted>> {
        let Some(key) = key else { return Ok(None) };
        let since = self.clock.now().minus(KEY_LIFE);
        match self.store.key_use(key, since).await? {
            KeyUse::Fresh => Ok(None),
            used => replayed(used).map(Some),
        }
    }

    /// One transaction: job, targets, audit record, idempotency key.
    pub(super) async fn make(
        &self,
        caller: &Caller,
        request: &JobRequest,
        preview: &JobPreview,
        submission: Submission,
        key: Option<IdempotencyKey>,
    ) -> Result<Submitted> {
        self.require_room()?;
        self.require_anchored(preview.action.entry().class)?;
        let phones: Vec<_> = preview.plan.run.iter().map(|phone| phone.mac).collect();
        self.check_job_in_clear(caller, (preview.options.transport, &phones))
            .await?;
        let now = self.clock.now();
        let id = new_id(now, &self.random)?;
        let mut unit = caller.begin(&self.store).await?;
        let starts = request.options.start_at.unwrap_or(now);
        let awaits = rules::judge(&mut unit, caller, preview, (starts, now)).await?;
        let mut job = self.new_job(caller, request, preview, submission, (&id, now))?;
        if awaits.is_some() {
            job.state = JobState::AwaitingApproval;
            // Reckoned from the moment when somebody lets it run.
            job.not_after = request.options.not_after;
        }
        unit.insert_job(&job, &targets(preview)).await?;
        // The phones were read before: a list that reaches them may have lost them meanwhile.
        let reach = &caller.reach;
        if !reach.is_everything() && !unit.is_job_within(&id, reach).await? {
            return Err(EngineError::RightsChanged);
        }
        unit.note_account(&id, caller.user_id.as_deref(), awaits)
            .await?;
        if let Some(key) = &key {
            match unit.use_key(key, &id, now.minus(KEY_LIFE), now).await? {
                KeyUse::Fresh => {}
                // Somebody was faster with the same key: theirs is the job.
                used => return replayed(used),
            }
        }
        if awaits.is_none() {
            start(&mut unit, &id, preview, now).await?;
        }
        let mut event = caller.event(now, "job.submitted");
        event.job = Some(id.clone());
        event.reason.clone_from(&job.reason);
        event.detail = detail(&job, preview);
        event.detail[UNTIL] = json!(awaits);
        if preview.action.is_sensitive() {
            let number = preview.action.params_json().to_string();
            let commitment = self.commit_to(&number, now)?;
            audit::tell(&mut event.detail, &commitment);
            commitment.keep(&mut unit).await?;
        }
        if let Some(sealed) = &job.params_sealed {
            event.detail["params_sealed"] = Keyring::digest_of(sealed).into();
        }
        event.detail[APPROVAL] = digest_of_new(&job, &event.detail).into();
        let mut events = vec![event];
        events.extend(skipped(caller, &job, preview, now));
        unit.record(&events).await?.commit().await?;
        self.feed.jobs_changed(&id);
        self.dispatch.wake();
        Ok(Submitted {
            id,
            replayed: false,
        })
    }

    fn new_job(
        &self,
        caller: &Caller,
        request: &JobRequest,
        preview: &JobPreview,
        submission: Submission,
        (id, now): (&str, Timestamp),
    ) -> Result<NewJob> {
        let action = &preview.action;
        let planned = self.planned_time(preview).longest();
        // With nobody to send to it is over at once.
        let start_at = request
            .options
            .start_at
            .filter(|_| !preview.plan.run.is_empty());
        let starts = start_at.unwrap_or(now);
        Ok(NewJob {
            id: id.to_owned(),
            action: action.entry().name.to_owned(),
            params_shown: action.params_shown(),
            params_sealed: self.seal_params(id, preview)?,
            options: serde_json::to_value(preview.options)
                .map_err(|_| EngineError::Internal("options without a JSON form"))?,
            targets_shown: targets_shown(request, submission.picked_by, submission.again)?,
            groups: request.targets.groups.clone(),
            state: start_at.map_or(JobState::Running, |_| JobState::Scheduled),
            actor: caller.actor.clone(),
            reason: request.reason.trim().to_owned(),
            created_at: now,
            start_at,
            not_after: Some(
                request
                    .options
                    .not_after
                    .unwrap_or_else(|| not_after(starts, planned)),
            ),
            retry_of: submission.retry_of,
            digest: preview.digest.clone(),
            request_example: preview.request_example.clone(),
        })
    }

    /// Numbers to dial are stored sealed; everything else is not secret.
    fn seal_params(&self, id: &str, preview: &JobPreview) -> Result<Option<Vec<u8>>> {
        if !preview.action.is_sensitive() {
            return Ok(None);
        }
        let text = preview.action.params_json().to_string();
        let sealed = self
            .keyring()?
            .seal(&self.random, &Place::job_params(id), text.as_bytes());
        sealed
            .map(Some)
            .map_err(|_| EngineError::Internal("parameters cannot be sealed"))
    }
}

/// A job that has nothing to send is over at once, and says so.
async fn start(unit: &mut Unit, id: &str, preview: &JobPreview, now: Timestamp) -> Result<()> {
    unit.set_job_state(id, &[JobState::Running], JobState::Running, now)
        .await?;
    if preview.plan.run.is_empty() {
        unit.finish_job_if_done(id, now).await?;
    }
    Ok(())
}

/// A phone that became protected is another set: it runs by a tick that was made for others. So is one that
/// moved to another site.
fn expect(request: &JobRequest, preview: &JobPreview, seen: &Submission) -> Result<()> {
    let Some(expect) = &request.expect else {
        return Ok(());
    };
    let total = preview.total();
    let (protected, places) = (seen.protected.as_ref(), seen.places.as_ref());
    let same = protected.is_none_or(|seen| *seen == preview.plan.protected_digest())
        && places.is_none_or(|seen| *seen == preview.plan.places_digest());
    if same && expect.digest == preview.digest && usize::try_from(expect.count) == Ok(total) {
        return Ok(());
    }
    Err(EngineError::SetChanged {
        expected: i64::try_from(expect.count).unwrap_or(i64::MAX),
        actual: total as i64,
        digest: preview.digest.clone(),
        difference: looked_at::difference(&expect.digest, &preview.plan).map(Box::new),
    })
}

fn require_reason(request: &JobRequest, preview: &JobPreview) -> Result<()> {
    if preview.needs_reason && request.reason.trim().is_empty() {
        let message = "say why: the audit log keeps it";
        return Err(EngineError::invalid("reason", "required", message));
    }
    Ok(())
}

fn targets(preview: &JobPreview) -> Vec<NewTarget> {
    let run = preview.plan.run.iter().map(|phone| target(phone, None));
    let skip = preview
        .plan
        .skip
        .iter()
        .map(|(phone, cause)| target(phone, Some(*cause)));
    run.chain(skip).collect()
}

fn target(phone: &PlannedPhone, skip: Option<Cause>) -> NewTarget {
    NewTarget {
        mac: phone.mac,
        name: phone.name.clone(),
        extension: phone.extension.clone(),
        model: phone.model.clone(),
        site: phone.site.clone(),
        groups: phone.groups.clone(),
        skip,
    }
}

/// The records of phones that are left out from the beginning: each end is told, this one too.
fn skipped<'a>(
    caller: &'a Caller,
    job: &'a NewJob,
    preview: &'a JobPreview,
    now: Timestamp,
) -> impl Iterator<Item = Event> + 'a {
    preview.plan.skip.iter().map(move |(phone, cause)| {
        let mut event = caller.event(now, "target.result");
        event.result = EventResult::Skipped;
        event.phone = Some(phone.mac);
        event.phone_name.clone_from(&phone.name);
        event.site.clone_from(&phone.site);
        event.groups.clone_from(&phone.groups);
        event.job = Some(job.id.clone());
        event.reason.clone_from(&job.reason);
        event.detail = json!({
            "action": preview.action.label(), "state": EventResult::Skipped, "cause": cause,
        });
        event
    })
}

/// What was asked for, without the thousands of MACs that a list may have.
fn targets_shown(
    request: &JobRequest,
    picked_by: Option<String>,
    again: Option<Again>,
) -> Result<serde_json::Value> {
    let mut shown = json!({
        "phones": request.targets.phones.len(),
        "groups": request.targets.groups,
        "filter": request.targets.filter,
    });
    if let Some(filter) = picked_by {
        shown["picked_by"] = filter.into();
    }
    if let Some(again) = again {
        shown["again"] = serde_json::to_value(again)
            .map_err(|_| EngineError::Internal("a choice without a JSON form"))?;
    }
    Ok(shown)
}

fn detail(job: &NewJob, preview: &JobPreview) -> serde_json::Value {
    json!({
        "action": preview.action.label(),
        "class": preview.action.entry().class.max(Class::Harmless),
        "params": job.params_shown,
        "targets": job.targets_shown,
        "options": job.options,
        "total": preview.total(),
        "run": preview.plan.run.len(),
        "skip": preview.plan.skip.len(),
        "digest": job.digest,
        "retry_of": job.retry_of,
        "start_at": job.start_at,
        "not_after": job.not_after,
        "awaits_approval": job.state == JobState::AwaitingApproval,
    })
}
