//! Whose key it is that a phone shows instead of its own.
//!
//! Owns telling "the phone was replaced or reset" from "another phone of ours has this address".
//! *Invariant:* only a key that exactly one other phone is known by tells the second; phones
//! without a key of their own share one.

use carillon_domain::outcome::Outcome;
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
