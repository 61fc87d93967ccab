//! *Try again* on the page of a job that is over: which phones are offered, and which are ticked.

use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::job::{RetryCause, RetryForm, RetryState};
use carillon_domain::role::Permission;
use carillon_domain::{Cause, TargetState};
use carillon_engine::Caller;
use carillon_engine::jobs::Again;
use carillon_store::{CausePlace, JobSnapshot};

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

/// The form, for who may run jobs, once the job is over. Whoever looks at the phones of one cause finds
/// these ticked.
pub(super) fn form(
    caller: &Caller,
    snapshot: &JobSnapshot,
    (places, looked_at): (&[CausePlace], Option<Cause>),
) -> Option<RetryForm> {
    let job = &snapshot.job;
    if caller.require(Permission::RunJobs).is_err() || !job.state.is_terminal() {
        return None;
    }
    let mut states: Vec<RetryState> = AGAIN
        .iter()
        .map(|(state, selected)| RetryState {
            state: *state,
            count: job.counts.get(*state) - left_alone(snapshot, *state),
            selected: ticked(snapshot, (*state, *selected)),
            causes: causes_of(places, *state),
        })
        .filter(|row| row.count > 0)
        .collect();
    if let Some(cause) = looked_at {
        tick_alone(&mut states, cause);
    }
    let form = RetryForm {
        states,
        reason: job.reason.clone(),
        errors: FormErrors::default(),
    };
    (!form.states.is_empty()).then_some(form)
}

/// The causes of the phones in a state, most first.
fn causes_of(places: &[CausePlace], state: TargetState) -> Vec<RetryCause> {
    let mut causes: Vec<RetryCause> = Vec::new();
    let offered = |place: &&CausePlace| place.state == state && !is_left_alone(place.cause);
    for place in places.iter().filter(offered) {
        match causes.iter_mut().find(|row| row.cause == place.cause) {
            Some(row) => row.count += place.count,
            None => causes.push(RetryCause {
                cause: place.cause,
                count: place.count,
                selected: true,
            }),
        }
    }
    causes.sort_by(|a, b| (b.count, a.cause).cmp(&(a.count, b.cause)));
    causes
}

/// Ticks the phones of one cause, and no others, where some can be sent to again.
fn tick_alone(states: &mut [RetryState], cause: Cause) {
    let has = |row: &RetryState| row.causes.iter().any(|known| known.cause == cause);
    if !states.iter().any(has) {
        return;
    }
    for row in states {
        row.selected = has(row);
        for known in &mut row.causes {
            known.selected = !row.selected || known.cause == cause;
        }
    }
}

const fn is_left_alone(cause: Cause) -> bool {
    matches!(cause, Cause::Protected)
}

/// Phones that are left alone on purpose, and would be again. A phone that was in a call is not one
/// of them: the call ends.
fn left_alone(snapshot: &JobSnapshot, state: TargetState) -> i64 {
    let alone = snapshot.causes.iter();
    let alone = alone.filter(|(cause, _)| is_left_alone(*cause) && cause.state() == state);
    alone.map(|(_, count)| count).sum()
}

/// Whether phones are ticked at first. Those that a job left out when it stopped itself were never
/// tried.
fn ticked(snapshot: &JobSnapshot, (state, at_first): (TargetState, bool)) -> bool {
    let never = |(cause, _): &(Cause, i64)| *cause == Cause::FailureLimit;
    at_first || state == Cause::FailureLimit.state() && snapshot.causes.iter().any(never)
}

/// What somebody ticked: the states, and of what was offered below them the causes that are left out.
pub(super) fn chosen(fields: &Fields, errors: &mut FormErrors) -> Again {
    let mut again = Again::default();
    for word in fields.all("states") {
        match word.parse() {
            Ok(state) => again.states.push(state),
            Err(error) => errors.push("", "unknown", format!("{error}.")),
        }
    }
    let ticked: Vec<&str> = fields.all("causes").collect();
    for word in fields.all("offered").filter(|word| !ticked.contains(word)) {
        let (state, cause) = word.split_once('.').unwrap_or((word, ""));
        match (state.parse::<TargetState>(), cause.parse::<Cause>()) {
            (Ok(state), Ok(cause)) => again.without.push((state, cause)),
            (Err(error), _) | (_, Err(error)) => errors.push("", "unknown", format!("{error}.")),
        }
    }
    again
        .without
        .retain(|(state, _)| again.states.contains(state));
    again
}

/// The page again, with what was wrong with the retry form.
pub(super) async fn refused(
    mut visit: Visit,
    caller: &Caller,
    id: &str,
    (again, reason, errors): (&Again, &str, FormErrors),
) -> Result<Response, Problem> {
    let mut view = super::view(&mut visit, caller, id, &Fields::default()).await?;
    if let Some(form) = &mut view.retry {
        for row in &mut form.states {
            tick_as_sent(row, again);
        }
        reason.clone_into(&mut form.reason);
        form.errors = errors;
    }
    let html = carillon_ui::job(&visit.frame, &view);
    Ok(visit.refused(html))
}

fn tick_as_sent(row: &mut RetryState, again: &Again) {
    row.selected = again.states.contains(&row.state);
    for known in &mut row.causes {
        known.selected = !again.without.contains(&(row.state, known.cause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(cause: Cause, state: TargetState, site: &str, count: i64) -> CausePlace {
        CausePlace {
            cause,
            state,
            site: Some(site.to_owned()),
            count,
            mac: "00:15:65:00:00:01".parse().unwrap(),
        }
    }

    fn row(places: &[CausePlace], state: TargetState) -> RetryState {
        RetryState {
            state,
            count: 9,
            selected: state == TargetState::Failed,
            causes: causes_of(places, state),
        }
    }

    #[test]
    fn who_looks_at_one_cause_finds_its_phones_ticked() {
        let places = [
            place(Cause::Unreachable, TargetState::Failed, "kiel", 2),
            place(Cause::AuthFailed, TargetState::Failed, "kiel", 1),
            place(Cause::AuthFailed, TargetState::Failed, "bonn", 4),
            place(Cause::TimeoutAnswer, TargetState::Unknown, "bonn", 3),
            place(Cause::Protected, TargetState::Skipped, "bonn", 3),
        ];
        let fresh = || [TargetState::Failed, TargetState::Unknown].map(|state| row(&places, state));
        let mut states = fresh();
        tick_alone(&mut states, Cause::AuthFailed);
        let [failed, unknown] = &states;
        let told: Vec<_> = failed
            .causes
            .iter()
            .map(|row| (row.count, row.selected))
            .collect();
        assert_eq!(told, [(5, true), (2, false)], "most first");
        assert!(failed.selected && !unknown.selected && unknown.causes[0].selected);
        tick_alone(&mut states, Cause::TimeoutAnswer);
        assert!(!states[0].selected && states[1].selected);
        let mut untouched = fresh();
        tick_alone(&mut untouched, Cause::Protected);
        assert_eq!(untouched, fresh(), "none of them can be sent to again");
        assert!(causes_of(&places, TargetState::Skipped).is_empty());
    }

    #[test]
    fn what_was_offered_and_not_ticked_is_left_out() {
        let pairs = |list: &[(&str, &str)]| {
            let body = list.iter().map(|(name, value)| format!("{name}={value}"));
            Fields::parse(body.collect::<Vec<_>>().join("&").as_bytes())
        };
        let mut errors = FormErrors::default();
        let fields = pairs(&[
            ("states", "failed"),
            ("offered", "failed.auth_failed"),
            ("offered", "failed.sip_489"),
            ("offered", "unknown.timeout_answer"),
            ("causes", "failed.auth_failed"),
        ]);
        let again = chosen(&fields, &mut errors);
        assert_eq!(again.states, [TargetState::Failed]);
        assert_eq!(again.without, [(TargetState::Failed, Cause::Sip(489))]);
        assert!(errors.is_empty());
        chosen(&pairs(&[("offered", "failed.nonsense")]), &mut errors);
        assert!(!errors.is_empty());
    }
}
