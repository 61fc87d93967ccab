//! Numbers of one's own: the limits of a job as somebody types them.
//!
//! Owns between which bounds each may be, and what is said of one that is not: with the name of its field,
//! since several may be wrong at once.

use carillon_contract::FormErrors;
use carillon_language::{number, say, text};

/// A number of one's own: its field, what that is called on the page, the least and the most.
pub(super) type Own = (&'static str, &'static str, u32, u32);

pub(super) const WINDOW: Own = ("window", text!("Phones at once"), 1, 1_024);
pub(super) const SITE_SHARE: Own = (
    "site_max_down_percent",
    text!("Percent of a site at once"),
    0,
    100,
);
pub(super) const CANARY: Own = ("canary", text!("First so many alone"), 0, 1_000);
pub(super) const FAILED: Own = (
    "max_failed_percent",
    text!("Stop above percent failed"),
    0,
    100,
);
pub(super) const TIMEOUT: Own = ("timeout_ms", text!("Wait for an answer, ms"), 500, 20_000);
pub(super) const SITE_PHONES: Own = (
    "site_max_down",
    text!("Phones of a site at once"),
    0,
    10_000,
);
pub(super) const JITTER: Own = (
    "jitter_ms",
    text!("Random pause before each phone, ms"),
    0,
    60_000,
);
pub(super) const RETRIES: Own = ("retries", text!("Try again by itself, times"), 0, 3);

/// The number that was typed, if any was; what is none within its bounds goes to `errors`.
pub(super) fn whole(
    (name, label, least, most): Own,
    typed: &str,
    errors: &mut FormErrors,
) -> Option<u32> {
    let typed = typed.trim();
    if typed.is_empty() {
        return None;
    }
    let whole = typed.parse::<u32>().ok();
    let whole = whole.filter(|value| (least..=most).contains(value));
    if whole.is_none() {
        let message = say!(
            "{field}: give a whole number from {least} to {most}.",
            field = say(label),
            least = number(least.into()),
            most = number(most.into())
        );
        errors.push(name, "invalid", message);
    }
    whole
}
