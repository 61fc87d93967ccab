//! Sends what was prepared, and says what came of the claim.
//!
//! Owns what an outcome says of a target and of its phone. *Invariant:* a claim that was sent to
//! ends with what came of it, and with nothing that was heard before.

use carillon_domain::outcome::Outcome;
use carillon_domain::phonecfg::PhoneConfig;
use carillon_domain::{Cause, Timestamp};
use carillon_store::{ClaimedTarget, ContactUpdate, TargetResult};

use crate::Engine;
use crate::dispatch::delivery::{Desk, Sending};
use crate::dispatch::identity;
use crate::dispatch::refusals::Carried;

/// What came of a claim, and the firmware where the phone told it.
pub(super) struct Delivered {
    pub(super) result: TargetResult,
    pub(super) firmware: Option<String>,
}

/// Why a "no" over SIP is not believed.
const BY_ANOTHER: &str = "a phone behind the SIP server may have carried it out all the same";

/// Sends what there is to send, and says what came of the claim.
pub(super) async fn deliver(
    engine: &Engine,
    desk: &Desk,
    target: &ClaimedTarget,
    (sending, carried): (Result<Sending, Cause>, Option<&Carried>),
) -> Delivered {
    let passes_on =
        matches!(&sending, Ok(Sending::Notify(written)) if written.notify.hop.passes_on);
    let (outcome, told) = match sending {
        Ok(Sending::Request(delivery)) if desk.facts().asks_for_settings() => {
            let fetched = Box::pin(engine.gateway.fetch(*delivery)).await;
            let told = PhoneConfig::read(&fetched.body);
            (fetched.outcome, told)
        }
        Ok(Sending::Request(delivery)) => (engine.gateway.deliver(*delivery).await, None),
        Ok(Sending::Notify(mut written)) => {
            let line = &desk.line;
            let turn = line.may_leave(engine, desk.facts(), &mut written, carried);
            // In boxes, as all that few phones need: every task would carry the room for it.
            let Some(turn) = Box::pin(turn).await else {
                return nothing_sent(TargetResult::given_back(target, engine.clock.now()));
            };
            let notified = engine.gateway.notify_in_turn(written.notify, turn);
            (Box::pin(notified).await, None)
        }
        Err(cause) => return nothing_sent(TargetResult::unsent(target, cause, engine.clock.now())),
    };
    let by_another = outcome.answered_by_another.then(|| BY_ANOTHER.to_owned());
    let (outcome, other) = match outcome.other_pin {
        None => (outcome, None),
        Some(_) => Box::pin(identity::known_key(engine, target.mac(), outcome)).await,
    };
    let (outcome, told, another) = identity::of_whom(target.mac(), outcome, told);
    let mut result = result(target, outcome, passes_on, engine.clock.now());
    result.evidence = told
        .as_ref()
        .map(PhoneConfig::in_words)
        .or(other)
        .or(another)
        .or(by_another)
        .unwrap_or_default();
    Delivered {
        result,
        firmware: told.as_ref().and_then(PhoneConfig::plain_firmware),
    }
}

fn nothing_sent(result: TargetResult) -> Delivered {
    Delivered {
        result,
        firmware: None,
    }
}

fn result(
    target: &ClaimedTarget,
    outcome: Outcome,
    passes_on: bool,
    at: Timestamp,
) -> TargetResult {
    TargetResult {
        before: target.target.clone(),
        state: outcome.state(),
        cause: outcome.cause,
        http_status: outcome.http_status,
        transport: Some(outcome.transport),
        at,
        duration_ms: Some(i64::try_from(outcome.duration.as_millis()).unwrap_or(i64::MAX)),
        contact: contact(&outcome, passes_on),
        excerpt: outcome.excerpt,
        evidence: String::new(),
        retry_at: None,
        given_back: false,
    }
}

/// What an outcome says of its phone. A SIP server that refuses, or that says nothing, says nothing
/// of the phones behind it; a PBX never does.
fn contact(outcome: &Outcome, passes_on: bool) -> Option<ContactUpdate> {
    let by_sip = outcome.transport.is_notify();
    let answered = !outcome.excerpt.is_empty();
    let away = !outcome.answered_by_another
        && match outcome.cause {
            Some(Cause::Sip(480)) => true,
            Some(Cause::SipTimeout) => answered || !passes_on,
            _ => false,
        };
    (!by_sip || outcome.reached || away).then(|| ContactUpdate {
        learned_auth: outcome.learned_auth,
        learned_pin: outcome.learned_pin.clone(),
        reached: outcome.reached && !fell_silent(outcome.cause),
    })
}

/// A phone that took the connection and then said nothing did not answer.
const fn fell_silent(cause: Option<Cause>) -> bool {
    matches!(cause, Some(Cause::TimeoutAnswer | Cause::ConnectionReset))
}
