//! States as icon, word and colour: never one of them alone.

use carillon_contract::audit::AuditRow;
use carillon_contract::phones::Readiness;
use carillon_contract::run::ActionClass;
use carillon_domain::event::EventResult;
use carillon_domain::phone::Reachability;
use carillon_domain::{Counts, JobState, TargetState};
use carillon_language::say;
use leptos::prelude::*;

use super::icon::drawing;
use crate::words;

/// Icon and word in the colour of a meaning. One element: a list has three in each row, and a
/// browser's work goes by elements.
pub(crate) fn badge(meaning: &str, symbol: &str, word: impl Into<String>) -> AnyView {
    let class = format!("{} badge is-{meaning}", drawing(meaning, symbol));
    view! { <span class=class>{word.into()}</span> }.into_any()
}

/// The meaning of a target state: the name of its colour.
pub(crate) const fn target_meaning(state: TargetState) -> &'static str {
    match state {
        TargetState::Waiting => "waiting",
        TargetState::Sending | TargetState::Verifying => "working",
        TargetState::Verified => "verified",
        TargetState::Acknowledged => "acknowledged",
        TargetState::Failed => "failed",
        TargetState::Unknown => "unknown",
        TargetState::Skipped | TargetState::Cancelled | TargetState::Expired => "idle",
    }
}

/// The colour of a target state in bars and charts. What was left out and what was called off mean
/// the same for a phone, but lie side by side there.
pub(crate) const fn target_colour(state: TargetState) -> &'static str {
    match state {
        TargetState::Cancelled => "cancelled",
        TargetState::Expired => "expired",
        other => target_meaning(other),
    }
}

/// The symbol of a target state.
pub(crate) const fn target_symbol(state: TargetState) -> &'static str {
    match state {
        TargetState::Sending | TargetState::Verifying => "working",
        other => other.as_str(),
    }
}

/// A target state.
pub(crate) fn target_badge(state: TargetState) -> AnyView {
    badge(
        target_meaning(state),
        target_symbol(state),
        words::target_state(state),
    )
}

/// The meaning of a job's state and outcome: its colour and its symbol. Its words are
/// [`words::job_outcome`].
pub(crate) const fn job_look(state: JobState, problems: i64) -> (&'static str, &'static str) {
    match (state, problems) {
        (JobState::Finished, 0) => ("verified", "verified"),
        (JobState::Finished, _) => ("failed", "warning"),
        (JobState::Running, _) => ("working", "working"),
        (JobState::Stopping, _) => ("working", "stop"),
        (JobState::Paused, _) => ("unknown", "pause"),
        (JobState::Interrupted, _) => ("unknown", "warning"),
        (JobState::Scheduled | JobState::AwaitingApproval, _) => ("waiting", "waiting"),
        (JobState::Cancelled | JobState::Denied | JobState::Expired, _) => ("idle", "cancelled"),
    }
}

/// A job's state and outcome.
pub(crate) fn job_badge(state: JobState, counts: &Counts) -> AnyView {
    let (meaning, symbol) = job_look(state, counts.problems());
    badge(meaning, symbol, words::job_outcome(state, counts))
}

/// What the last contact said.
pub(crate) fn reachability_badge(state: Reachability) -> AnyView {
    let (meaning, symbol) = match state {
        Reachability::Reachable => ("verified", "online"),
        Reachability::Offline => ("failed", "offline"),
        Reachability::Unknown => ("waiting", "question"),
    };
    badge(meaning, symbol, words::reachability(state))
}

/// That a phone is on its way back from a restart; leads to its job.
pub(crate) fn restarting_badge(job: &str) -> AnyView {
    let href = format!("/jobs/{job}");
    view! { <a class="quiet" href=href>{badge("working", "working", words::restarting())}</a> }
        .into_any()
}

/// Whether a command would get through.
pub(crate) fn readiness_badge(ready: Readiness) -> AnyView {
    let (meaning, symbol) = match ready {
        Readiness::Ready => ("verified", "verified"),
        Readiness::Unchecked => ("waiting", "question"),
        Readiness::Gate(cause) if cause.may_have_happened() => ("unknown", "unknown"),
        Readiness::Gate(_) => ("failed", "blocked"),
    };
    badge(meaning, symbol, words::readiness(ready))
}

/// How something in the audit log ended.
pub(crate) fn result_badge(result: EventResult) -> AnyView {
    let (meaning, symbol) = match result {
        EventResult::Ok => ("plain", "check"),
        EventResult::Denied => ("failed", "blocked"),
        EventResult::Failed => ("failed", "failed"),
        EventResult::Intent => ("working", "send"),
        EventResult::Verified => ("verified", "verified"),
        EventResult::Acknowledged => ("acknowledged", "acknowledged"),
        EventResult::Unknown => ("unknown", "unknown"),
        EventResult::Skipped => ("idle", "skipped"),
        EventResult::Cancelled => ("idle", "cancelled"),
        EventResult::Expired => ("idle", "expired"),
    };
    badge(meaning, symbol, words::event_result(result))
}

/// How something in the audit log ended: a job in the words of its page.
pub(crate) fn record_badge(row: &AuditRow) -> AnyView {
    row.job_stands.map_or_else(
        || result_badge(row.result),
        |(state, problems)| {
            let (meaning, symbol) = job_look(state, problems);
            badge(meaning, symbol, words::job_end(state, problems, 0))
        },
    )
}

/// How dangerous an action is; nothing for the harmless ones.
pub(crate) fn class_badge(class: ActionClass) -> Option<AnyView> {
    match class {
        ActionClass::Harmless => None,
        ActionClass::Disruptive => Some(badge("unknown", "warning", words::class(class))),
        ActionClass::Destructive => Some(badge("failed", "danger", words::class(class))),
    }
}

/// A tag of a phone.
pub(crate) fn tag(text: impl Into<String>) -> AnyView {
    view! { <span class="tag">{text.into()}</span> }.into_any()
}

/// A mark that a phone is left out of jobs.
pub(crate) fn protected_mark() -> AnyView {
    badge("waiting", "lock", say("Protected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSS: [&str; 2] = [
        include_str!("../../../../../static/app.css"),
        include_str!("../../../../../static/dark.css"),
    ];

    fn assert_drawn(badges: impl IntoIterator<Item = AnyView>) {
        for badge in badges {
            let html = badge.to_html();
            let (_, rest) = html.split_once("class=\"drawn ").expect("a drawn symbol");
            let class = rest.split_once(' ').expect("its end").0;
            let rule = format!(".drawn.{class} {{");
            let drawn = CSS.map(|sheet| sheet.matches(&rule).count());
            assert_eq!(drawn, [1, 1], "light and dark: {rule}");
        }
    }

    #[test]
    fn every_state_has_its_drawing() {
        assert_drawn(TargetState::ALL.iter().map(|state| target_badge(*state)));
        assert_drawn(EventResult::ALL.iter().map(|result| result_badge(*result)));
        assert_drawn(
            Reachability::ALL
                .iter()
                .map(|state| reachability_badge(*state)),
        );
        assert_drawn([restarting_badge("j")]);
        for state in JobState::ALL {
            let bad = Counts {
                failed: 1,
                ..Counts::default()
            };
            assert_drawn([
                job_badge(*state, &Counts::default()),
                job_badge(*state, &bad),
            ]);
        }
    }

    #[test]
    fn every_readiness_and_class_has_its_drawing() {
        let gates = carillon_domain::Cause::ALL
            .iter()
            .map(|cause| Readiness::Gate(*cause));
        let ready = [Readiness::Ready, Readiness::Unchecked];
        assert_drawn(ready.into_iter().chain(gates).map(readiness_badge));
        let dangers = [ActionClass::Disruptive, ActionClass::Destructive];
        assert_drawn(dangers.into_iter().filter_map(class_badge));
    }
}
