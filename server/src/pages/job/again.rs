//! *Try again* on the page of a job that is over: which phones are offered, and which are ticked.

use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::job::{RetryForm, RetryState};
use carillon_domain::role::Permission;
use carillon_domain::{Cause, TargetState};
use carillon_engine::Caller;
use carillon_store::JobSnapshot;

use crate::fields::Fields;
use crate::pages::visit::Visit;
use crate::problem::Problem;

/// States whose phones can be sent to again, and whether they are ticked at first.
const AGAIN: [(TargetState, bool); 5] = [
    (TargetState::Failed, true),
    (TargetState::Unknown, false),
    (TargetState::Cancelled, false),
    (TargetState::Expired, true),
    (TargetState::Skipped, false),
];

/// The form, for who may run jobs, once the job is over.
pub(super) fn form(caller: &Caller, snapshot: &JobSnapshot) -> Option<RetryForm> {
    let job = &snapshot.job;
    if caller.require(Permission::RunJobs).is_err() || !job.state.is_terminal() {
        return None;
    }
    let states: Vec<RetryState> = AGAIN
        .iter()
        .map(|(state, selected)| RetryState {
            state: *state,
            count: job.counts.get(*state) - left_alone(snapshot, *state),
            selected: ticked(snapshot, (*state, *selected)),
        })
        .filter(|row| row.count > 0)
        .collect();
    let form = RetryForm {
        states,
        reason: job.reason.clone(),
        errors: FormErrors::default(),
    };
    (!form.states.is_empty()).then_some(form)
}

/// Phones that are left alone on purpose, and would be again. A phone that was in a call is not one
/// of them: the call ends.
fn left_alone(snapshot: &JobSnapshot, state: TargetState) -> i64 {
    let alone = snapshot.causes.iter();
    let alone = alone.filter(|(cause, _)| *cause == Cause::Protected && cause.state() == state);
    alone.map(|(_, count)| count).sum()
}

/// Whether phones are ticked at first. Those that a job left out when it stopped itself were never
/// tried.
fn ticked(snapshot: &JobSnapshot, (state, at_first): (TargetState, bool)) -> bool {
    let never = |(cause, _): &(Cause, i64)| *cause == Cause::FailureLimit;
    at_first || state == Cause::FailureLimit.state() && snapshot.causes.iter().any(never)
}

/// The page again, with what was wrong with the retry form.
pub(super) async fn refused(
    mut visit: Visit,
    caller: &Caller,
    id: &str,
    (states, reason, errors): (&[TargetState], &str, FormErrors),
) -> Result<Response, Problem> {
    let mut view = super::view(&mut visit, caller, id, &Fields::default()).await?;
    if let Some(form) = &mut view.retry {
        for row in &mut form.states {
            row.selected = states.contains(&row.state);
        }
        reason.clone_into(&mut form.reason);
        form.errors = errors;
    }
    let html = carillon_ui::job(&visit.frame, &view);
    Ok(visit.refused(html))
}
