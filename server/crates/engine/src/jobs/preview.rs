//! What a job would do, without doing it.

use std::time::Duration;

use carillon_devices::Guard;
use carillon_domain::Timestamp;
use carillon_domain::action::{CheckedAction, Class, uri};
use carillon_domain::job::{
    CheckedRequest, EffectiveOptions, JobRequest, Plan, TransportChoice, plan,
};
use carillon_domain::phone::{DialForm, UrlForm};
use carillon_domain::role::{Permission, Role};

use super::by_sip::{BySip, by_sip};
use super::deadline;
use super::dialling;
use super::looked_at;
use super::resolve::resolve;
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, FieldError, Result};

/// A job as it would be.
#[derive(Clone, Debug)]
pub struct JobPreview {
    /// The action, checked.
    pub action: CheckedAction,
    /// The limits that would hold.
    pub options: EffectiveOptions,
    /// Who gets it and who does not, and why.
    pub plan: Plan,
    /// Identifies the plan: see [`Plan::digest`].
    pub digest: String,
    /// One request as it would go out, numbers masked.
    pub request_example: String,
    /// Whether a reason must be given.
    pub needs_reason: bool,
    /// What SIP means for it.
    pub by_sip: BySip,
}

impl JobPreview {
    /// Phones of the job, run and skipped.
    pub fn total(&self) -> usize {
        self.plan.total()
    }

    /// Phones of it whose address this guard does not let through. By SIP their own address does not
    /// matter; a phone without one is no such phone.
    pub fn outside_networks(&self, guard: &Guard) -> usize {
        let by_http = self.options.transport != TransportChoice::Sip;
        let addresses = self.plan.run.iter().filter_map(|phone| phone.address);
        let outside = addresses.filter(|address| guard.check_address(*address).is_err());
        if by_http { outside.count() } else { 0 }
    }
}

impl Engine {
    /// Plans a job and tells everything about it. Changes nothing.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] with every wrong field; an empty set of phones is one.
    pub async fn preview_job(&self, caller: &Caller, request: &JobRequest) -> Result<JobPreview> {
        let seen = caller.sight(Permission::RunJobs, &self.store)?;
        let checked = check(caller, request, self.clock.now())?;
        self.check_started(caller, &checked.action).await?;
        let phones = resolve(self, &seen, &request.targets, checked.filter.as_ref()).await?;
        let mut plan = plan(&checked.action, phones, request.options.include_protected);
        dialling::check(&self.store, &checked.action, plan.total()).await?;
        deadline::check(request, self.clock.now())?;
        let limits = (&checked.action, &checked.options);
        let by_sip = by_sip(self, &seen, limits, &mut plan).await?;
        let preview = preview(checked, plan, by_sip);
        looked_at::remember(&caller.actor.id, &preview.digest, &preview.plan);
        Ok(preview)
    }

    /// Everything that is wrong with a request by itself, for who has found mistakes of their own.
    pub fn mistakes_of_job(&self, request: &JobRequest) -> Vec<FieldError> {
        mistakes(request, self.clock.now())
    }
}

/// The preview of a plan.
pub(super) fn preview(checked: CheckedRequest, plan: Plan, by_sip: BySip) -> JobPreview {
    JobPreview {
        digest: plan.digest(),
        request_example: example(&checked, &by_sip, plan.run.len()),
        needs_reason: checked.action.entry().class != Class::Harmless,
        action: checked.action,
        options: checked.options,
        plan,
        by_sip,
    }
}

/// By SIP where all, or all that are known to have a way, are sent to so.
fn example(checked: &CheckedRequest, by_sip: &BySip, phones: usize) -> String {
    let action = &checked.action;
    let all = by_sip.first > 0 && by_sip.first == phones as i64;
    let by_sip = all || checked.options.transport == TransportChoice::Sip;
    if by_sip || !action.entry().travels_by_http() {
        uri::notify_shown(action, DialForm::Key)
    } else {
        uri::shown(action, UrlForm::Servlet, DialForm::Key)
    }
}

/// Everything that can be checked before looking at phones, permissions by class included.
pub(super) fn check(
    caller: &Caller,
    request: &JobRequest,
    now: Timestamp,
) -> Result<CheckedRequest> {
    let told_together = |_| EngineError::Invalid(mistakes(request, now));
    let checked = request.check().map_err(told_together)?;
    if checked.action.entry().call_control {
        caller.require(Permission::CallControl)?;
    }
    let mut errors: Vec<_> = start_problem(request, now).into_iter().collect();
    if !errors.is_empty() {
        errors.extend(deadline::problem(request, now));
    }
    if request.options.include_protected {
        if caller.role != Role::Admin {
            return Err(EngineError::Denied(Permission::Administer));
        }
        if request.reason.trim().is_empty() {
            let message = "say why protected phones are included";
            errors.push(FieldError::new("reason", "required", message));
        }
    }
    if errors.is_empty() {
        Ok(checked)
    } else {
        Err(EngineError::Invalid(errors))
    }
}

/// Everything that is wrong by itself, with a start and an end that cannot be.
fn mistakes(request: &JobRequest, now: Timestamp) -> Vec<FieldError> {
    let mut mistakes = request.check().err().unwrap_or_default();
    mistakes.extend(start_problem(request, now));
    // Without a command its limits are not even looked at.
    let end = deadline::problem(request, now);
    let is_told = |end: &FieldError| mistakes.iter().any(|told| told.field == end.field);
    let end = end.filter(|end| !is_told(end));
    mistakes.extend(end);
    mistakes
}

/// The latest start that can be asked for.
const FURTHEST: Duration = Duration::from_hours(366 * 24);

/// A start that has passed is a mistake more often than a wish for "now".
fn start_problem(request: &JobRequest, now: Timestamp) -> Option<FieldError> {
    let start = request.options.start_at?;
    let message = if start <= now {
        "this has passed: give a later time, or leave it out to start at once"
    } else if start > now.plus(FURTHEST) {
        "give a time within a year"
    } else {
        return None;
    };
    let field = "options.start_at";
    Some(FieldError::new(field, "out_of_range", message))
}
