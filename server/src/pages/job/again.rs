//! *Try again* on the page of a job that is over: which phones are offered, and which are ticked.
//!
//! *Invariant:* what decides is what can be ticked: where a state lists causes these alone, else the state.

use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::job::{RetryCause, RetryForm, RetryState};
use carillon_domain::role::Permission;
use carillon_domain::{Cause, TargetState};
use carillon_engine::Caller;
use carillon_engine::jobs::Again;
use carillon_store::{CausePlace, JobSnapshot, TargetQuery};

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
    (places, asked): (&[CausePlace], &TargetQuery),
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
        .map(tick_at_first)
        .collect();
    if let Some(cause) = asked.cause {
        tick_alone(&mut states, (&asked.states, cause));
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
                selected: false,
            }),
        }
    }
    causes.sort_by(|a, b| (b.count, a.cause).cmp(&(a.count, b.cause)));
    causes
}

/// Ticks the causes of a state that is ticked, but for phones that would only refuse again. Whoever tries a
/// wrong password again and again is locked out.
fn tick_at_first(mut row: RetryState) -> RetryState {
    let refuses = |cause| matches!(cause, Cause::Unsupported | Cause::AuthFailed);
    for known in &mut row.causes {
        known.selected = row.selected && !refuses(known.cause);
    }
    row.selected &= row.causes.is_empty() || row.causes.iter().any(|known| known.selected);
    row
}

/// Ticks the phones of one cause, in these states where some are named, and no others, where some can
/// be sent to again.
fn tick_alone(states: &mut [RetryState], (within, cause): (&[TargetState], Cause)) {
    let has = |row: &RetryState| {
        (within.is_empty() || within.contains(&row.state))
            && row.causes.iter().any(|known| known.cause == cause)
    };
    if !states.iter().any(has) {
        return;
    }
    for row in states {
        row.selected = has(row);
        for known in &mut row.causes {
            known.selected = row.selected && known.cause == cause;
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
    let offered = offered(fields, errors);
    let mut states: Vec<TargetState> = Vec::new();
    for word in fields.all("states") {
        match word.parse::<TargetState>() {
            Ok(state) if offered.iter().any(|(of, ..)| *of == state) => {}
            Ok(state) => states.push(state),
            Err(error) => errors.push("", "unknown", format!("{error}.")),
        }
    }
    for (state, ..) in offered.iter().filter(|(.., ticked)| *ticked) {
        if !states.contains(state) {
            states.push(*state);
        }
    }
    states.sort_by_key(|state| AGAIN.iter().position(|(known, _)| known == state));
    let left_out = offered
        .iter()
        .filter(|(state, _, ticked)| !ticked && states.contains(state));
    let without = left_out.map(|(state, cause, _)| (*state, *cause)).collect();
    Again { states, without }
}

/// The causes that a form listed below their states, and whether each was ticked.
fn offered(fields: &Fields, errors: &mut FormErrors) -> Vec<(TargetState, Cause, bool)> {
    let ticked: Vec<&str> = fields.all("causes").collect();
    let mut offered = Vec::new();
    for word in fields.all("offered") {
        let (state, cause) = word.split_once('.').unwrap_or((word, ""));
        match (state.parse::<TargetState>(), cause.parse::<Cause>()) {
            (Ok(state), Ok(cause)) => offered.push((state, cause, ticked.contains(&word))),
            (Err(error), _) | (_, Err(error)) => errors.push("", "unknown", format!("{error}.")),
        }
    }
    offered
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
        known.selected = row.selected && !again.without.contains(&(row.state, known.cause));
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
        tick_at_first(RetryState {
            state,
            count: 9,
            selected: state == TargetState::Failed,
            causes: causes_of(places, state),
        })
    }

    fn ticks(row: &RetryState) -> Vec<bool> {
        row.causes.iter().map(|known| known.selected).collect()
    }

    #[test]
    fn causes_are_ticked_as_their_state_but_for_what_a_phone_would_refuse_again() {
        let places = [
            place(Cause::Unreachable, TargetState::Failed, "kiel", 2),
            place(Cause::Unsupported, TargetState::Failed, "kiel", 1),
            place(Cause::AuthFailed, TargetState::Failed, "kiel", 1),
            place(Cause::TimeoutAnswer, TargetState::Unknown, "bonn", 3),
            place(Cause::Unsupported, TargetState::Skipped, "bonn", 3),
        ];
        let failed = row(&places, TargetState::Failed);
        assert!(failed.selected);
        let causes: Vec<Cause> = failed.causes.iter().map(|known| known.cause).collect();
        assert_eq!(causes[0], Cause::Unreachable, "most first: {causes:?}");
        assert_eq!(ticks(&failed), [true, false, false]);
        assert_eq!(ticks(&row(&places, TargetState::Unknown)), [false]);
        let none_can = row(&places[1..3], TargetState::Failed);
        assert!(!none_can.selected, "its own box decides");
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
        tick_alone(&mut states, (&[], Cause::AuthFailed));
        let [failed, unknown] = &states;
        let told: Vec<_> = failed
            .causes
            .iter()
            .map(|row| (row.count, row.selected))
            .collect();
        assert_eq!(told, [(5, true), (2, false)], "most first");
        assert!(failed.selected && !unknown.selected && !unknown.causes[0].selected);
        tick_alone(&mut states, (&[], Cause::TimeoutAnswer));
        assert!(!states[0].selected && states[1].selected);
        assert_eq!(ticks(&states[0]), [false, false], "no cause of another");
        let mut untouched = fresh();
        tick_alone(&mut untouched, (&[], Cause::Protected));
        let elsewhere = (&[TargetState::Unknown][..], Cause::AuthFailed);
        tick_alone(&mut untouched, elsewhere);
        assert_eq!(untouched, fresh(), "none of them can be sent to again");
        assert!(causes_of(&places, TargetState::Skipped).is_empty());
    }

    #[test]
    fn causes_that_were_offered_decide_and_else_the_state() {
        let pairs = |list: &[(&str, &str)]| {
            let body = list.iter().map(|(name, value)| format!("{name}={value}"));
            Fields::parse(body.collect::<Vec<_>>().join("&").as_bytes())
        };
        let mut errors = FormErrors::default();
        let fields = pairs(&[
            ("states", "expired"),
            ("states", "unknown"),
            ("offered", "failed.auth_failed"),
            ("offered", "failed.sip_489"),
            ("offered", "unknown.timeout_answer"),
            ("causes", "failed.auth_failed"),
        ]);
        let again = chosen(&fields, &mut errors);
        assert_eq!(again.states, [TargetState::Failed, TargetState::Expired]);
        assert_eq!(again.without, [(TargetState::Failed, Cause::Sip(489))]);
        assert!(errors.is_empty());
        chosen(&pairs(&[("offered", "failed.nonsense")]), &mut errors);
        assert!(!errors.is_empty());
    }
}
