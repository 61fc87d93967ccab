//! What an island says in the browser, in the language of its page.
//!
//! Owns the list of the texts that go along with the page; a test compares it with the sources.
//! The browser half carries no catalogue.

use carillon_domain::Cause;
use carillon_language::{Language, current, ship};

/// Everything that the islands say, but for the causes.
const TEXTS: &[&str] = &[
    "Where it stands",
    "Refresh",
    "Resume updates",
    "Pause updates",
    "It has ended: show the whole result",
    "All phones of this job",
    "All phones",
    "Needs a look",
    "All causes",
    "Nothing went wrong so far.",
    "{done} of {total} tried",
    "took {length}",
    "about {span} left",
    "since {moment} UTC",
    "As of {moment} UTC",
    "It has changed: show",
    "{count} row changed: show",
    "Verified",
    "Acknowledged",
    "Failed",
    "Unknown",
    "Skipped",
    "Cancelled",
    "Expired",
    "Working",
    "Waiting",
    "No phones",
    "{parts} of {total}",
    "Show {phones}",
    "Provision these lines; they let in this server and nobody else",
    "Copy: {label}",
    "Copy",
    "Copied",
    "Not allowed",
    "Finished",
    "Running",
    "Stopping",
    "Paused",
    "Interrupted",
    "Protected",
    "{count} phone",
    "{minutes} min",
    "{hours} h",
    "{days} d",
    "Sending",
    "Verifying",
    "Not tried yet.",
    "The request may be under way.",
    "The phone took the request; its effect is being read back.",
    "The effect was seen.",
    "The phone took the request; the effect was not checked.",
    "The phone or the network said no.",
    "It may have been carried out; nobody can say.",
    "Not tried, for a reason.",
    "Stopped before its turn.",
    "Its turn came too late.",
    "Awaits approval",
    "Scheduled",
    "Refused",
    "job\u{4}Stopped",
];

/// The texts for the browser half; nothing in English, which it knows.
pub(crate) fn for_browser() -> Vec<(String, String)> {
    if current() == Language::En {
        return Vec::new();
    }
    let causes = Cause::ALL
        .iter()
        .flat_map(|cause| [cause.title(), cause.sentence(), cause.next_step()]);
    ship(TEXTS.iter().copied().chain(causes))
}
