//! Trying again what failed, where the job asks for it.
//!
//! Owns the decision for one result; the rule is the domain's. *Invariant:* a try more is a claim
//! of its own, with its own attempt, intent and record; nothing is sent from here.

use carillon_domain::TargetState;
use carillon_domain::job::{may_try_again, pause_before};
use carillon_store::{ClaimedTarget, TargetResult};

use crate::Engine;
use crate::dispatch::facts::JobFacts;
use crate::dispatch::way::Way;

/// Lets a failed target wait for its second way, or for another try where there is one left and
/// it comes in time.
pub(super) fn keep_waiting(
    engine: &Engine,
    facts: &JobFacts,
    (target, way): (&ClaimedTarget, Way),
    result: &mut TargetResult,
) {
    if way.goes_on(result) {
        return;
    }
    let tries = way.tries(u32::try_from(target.target.attempts).unwrap_or(u32::MAX));
    let class = facts.action.entry().class;
    let allowed = result.state == TargetState::Failed
        && tries <= facts.options.retries
        && result
            .cause
            .is_some_and(|cause| may_try_again(class, cause));
    if !allowed {
        return;
    }
    // Without random bytes all wait equally long, which is no harm.
    let dice = engine
        .random
        .bytes()
        .map_or(u16::MAX / 2, u16::from_le_bytes);
    let pause = pause_before(engine.dispatch.patience.again, tries, dice);
    let at = result.at.plus(pause);
    if facts.not_after.is_none_or(|limit| at < limit) {
        result.state = TargetState::Waiting;
        result.retry_at = Some(at);
    }
}

/// Ends a result that wanted to wait for another try.
pub(super) fn give_up(result: &mut TargetResult) {
    if result.state == TargetState::Waiting {
        result.state = TargetState::Failed;
        result.retry_at = None;
    }
}
