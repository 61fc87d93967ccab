//! Who it is that answers instead of the phone that was meant.
//!
//! Owns telling "the phone was replaced or reset" from "another phone has this address".
//! *Invariants:* only a key that exactly one other phone is known by tells the second; phones
//! without a key of their own share one. A MAC address that a phone tells can speak against it,
//! never for it.

use carillon_domain::outcome::Outcome;
use carillon_domain::phonecfg::PhoneConfig;
use carillon_domain::{Cause, Mac};

use crate::Engine;

/// The outcome, with the cause that fits, and which other phone, in words.
pub(super) async fn known_key(
    engine: &Engine,
    mac: Mac,
    mut outcome: Outcome,
) -> (Outcome, Option<String>) {
    let Some(pin) = outcome.other_pin.as_deref() else {
        return (outcome, None);
    };
    let known = match engine.store.phones_with_pin(pin).await {
        Ok(known) => known,
        Err(error) => {
            tracing::warn!(%error, phone.mac = %mac, "a key cannot be looked up");
            return (outcome, None);
        }
    };
    match known.as_slice() {
        [other] if *other != mac => {
            let words = format!("the key is that of {other}");
            outcome.cause = Some(Cause::WrongPhone);
            (outcome, Some(words))
        }
        _ => (outcome, None),
    }
}

/// That a phone says of itself that it is another one, in words.
pub(super) fn another(told: &PhoneConfig, mac: Mac) -> Option<String> {
    let other = told.other_than(mac)?;
    Some(format!("the phone at this address says that it is {other}"))
}

/// The outcome of a question for settings: what another phone tells is not kept.
pub(super) fn of_whom(
    mac: Mac,
    mut outcome: Outcome,
    told: Option<PhoneConfig>,
) -> (Outcome, Option<PhoneConfig>, Option<String>) {
    let Some(words) = told.as_ref().and_then(|told| another(told, mac)) else {
        return (outcome, told, None);
    };
    outcome.cause = Some(Cause::WrongPhone);
    (outcome.learned_auth, outcome.learned_pin) = (None, None);
    (outcome, None, Some(words))
}
