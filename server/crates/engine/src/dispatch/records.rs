//! What the audit log is told of a running job.
//!
//! Owns the words of those records; who writes them, and when, is the recorder's.

use carillon_domain::event::{Actor, Event, EventResult, Told};
use carillon_domain::{Counts, JobState, TargetState, Timestamp};
use carillon_store::{ClaimedTarget, JobRow, StoreError, TargetRow, Unit};

use crate::dispatch::facts::JobFacts;

/// The record that a phone is about to be sent to.
pub(super) fn intent_event(facts: &JobFacts, claimed: &ClaimedTarget, now: Timestamp) -> Event {
    let mut event = facts.event(now, "target.intent", EventResult::Intent, &claimed.target);
    event.told = vec![
        ("action", text(facts.action.label())),
        ("attempt", text(claimed.attempt_id.as_str())),
        ("try", Told::Number(claimed.target.attempts)),
    ];
    event
}

/// The record of what came of it.
pub(super) fn result_event(facts: &JobFacts, target: &TargetRow, now: Timestamp) -> Event {
    // Not over yet: it is tried again, or the effect is being looked for.
    let (action, result) = match (EventResult::of_target(target.state), target.cause) {
        (Some(result), _) => ("target.result", result),
        _ if target.state == TargetState::Waiting => ("target.retrying", EventResult::Failed),
        (None, None) => ("target.answered", EventResult::Ok),
        (None, Some(_)) => ("target.unanswered", EventResult::Unknown),
    };
    let mut event = facts.event(now, action, result, target);
    event.told = vec![
        ("action", text(facts.action.label())),
        ("state", Told::Word(target.state.as_str())),
        (
            "cause",
            maybe(target.cause, |cause| text(cause.to_string())),
        ),
        (
            "http_status",
            maybe(target.http_status, |status| Told::Number(status.into())),
        ),
        (
            "transport",
            maybe(target.transport, |way| Told::Word(way.as_str())),
        ),
        ("duration_ms", maybe(target.duration_ms, Told::Number)),
        ("evidence", text(target.evidence.as_str())),
        ("attempt", maybe(target.attempt_id.as_deref(), text)),
        ("try", Told::Number(target.attempts)),
        (
            "again_at",
            maybe(target.retry_at, |at| text(at.to_string())),
        ),
    ];
    event
}

fn text(text: impl Into<String>) -> Told {
    Told::Text(text.into())
}

fn maybe<T>(value: Option<T>, told: impl FnOnce(T) -> Told) -> Told {
    value.map_or(Told::Nothing, told)
}

/// The record that an intent came to nothing: nothing was sent, and the phone waits again.
pub(super) fn given_back_event(facts: &JobFacts, target: &TargetRow, now: Timestamp) -> Event {
    let mut event = facts.event(now, "target.given_back", EventResult::Cancelled, target);
    event.detail = serde_json::json!({
        "action": facts.action.label(),
        "attempt": target.attempt_id,
    });
    event
}

/// The record of phones that wait because their password is refused again and again.
pub(super) fn held_event(facts: &JobFacts, credential: &str, phones: i64, now: Timestamp) -> Event {
    let mut event = Event::new(now, Actor::system(), "job.held");
    event.job = Some(facts.id.clone());
    event.detail = serde_json::json!({
        "action": facts.action.label(),
        "credential": credential,
        "phones": phones,
        "refused_in_a_row": facts.options.max_auth_failed,
    });
    event
}

/// The record of a job's end: in which state, and what its phones came to. It ended well when
/// they all did. Of a job that cannot be read no more is told than that it ended.
///
/// # Errors
/// When the storage fails.
pub(crate) async fn end_event(
    unit: &mut Unit,
    job: &str,
    state: JobState,
    now: Timestamp,
) -> Result<Event, StoreError> {
    let mut event = Event::new(now, Actor::system(), "job.ended");
    event.job = Some(job.to_owned());
    event.result = EventResult::Unknown;
    event.detail = serde_json::json!({ "state": state });
    if let Some(row) = readable(unit, job).await? {
        event.result = end_result(&row.counts);
        event.detail["action"] = row.label().into();
        event.detail["phones"] = came_to(&row.counts);
        event.reason = row.reason;
    }
    Ok(event)
}

/// A job as far as it can be read: what one row says must not keep the others, or a start, waiting.
///
/// # Errors
/// When the storage fails.
pub(super) async fn readable(unit: &mut Unit, job: &str) -> Result<Option<JobRow>, StoreError> {
    match unit.job(job).await {
        Err(error @ StoreError::Inconsistent { .. }) => {
            tracing::error!(%error, job.id = job, "a job that ended cannot be read");
            Ok(None)
        }
        read => read,
    }
}

/// By what the phones came to, the worst first.
fn end_result(counts: &Counts) -> EventResult {
    let worst = [
        TargetState::Failed,
        TargetState::Unknown,
        TargetState::Cancelled,
        TargetState::Expired,
        TargetState::Skipped,
    ];
    let found = worst.into_iter().find(|state| counts.get(*state) > 0);
    found
        .and_then(EventResult::of_target)
        .unwrap_or(EventResult::Ok)
}

/// How many phones came to what, without what none did.
pub(crate) fn came_to(counts: &Counts) -> serde_json::Value {
    let some = TargetState::ALL
        .iter()
        .map(|state| (state, counts.get(*state)));
    let some = some.filter(|(_, phones)| *phones > 0);
    some.map(|(state, phones)| (state.as_str().to_owned(), phones.into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_ends_as_the_worst_of_its_phones() {
        let mut counts = Counts {
            verified: 2,
            acknowledged: 3,
            ..Counts::default()
        };
        assert_eq!(end_result(&counts), EventResult::Ok);
        assert_eq!(end_result(&Counts::default()), EventResult::Ok);
        counts.skipped = 1;
        assert_eq!(end_result(&counts), EventResult::Skipped);
        counts.expired = 1;
        assert_eq!(end_result(&counts), EventResult::Expired);
        counts.cancelled = 1;
        assert_eq!(end_result(&counts), EventResult::Cancelled);
        counts.unknown = 1;
        assert_eq!(end_result(&counts), EventResult::Unknown);
        counts.failed = 1;
        assert_eq!(end_result(&counts), EventResult::Failed);
    }
}
