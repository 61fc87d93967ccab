//! The catalogue: every documented value, each once.
//!
//! Owns the facts, gathered from the vendor's administrator guides (V80 to V86) and from what
//! public integrations report, told in our own words. Values that only one outsider claims are
//! left out, and so is everything that writes configuration.

use std::borrow::Cow;

mod calls;
mod keys;
mod settings;
mod system;

use super::{Category, Class, Entry, Models, Verification};
use crate::outcome::Transport;

/// HTTP in clear and over TLS: where the phone's answer is what one wants, and for what no guide
/// shows in a NOTIFY.
const WEB: &[Transport] = &[Transport::Http, Transport::Https];
/// These and SIP.
const ANY: &[Transport] = Transport::ALL;
/// SIP alone.
const SIP: &[Transport] = &[Transport::Sip, Transport::Ami, Transport::Esl];

/// A key press that may interrupt somebody, takes nothing and proves nothing.
const KEY: Entry = Entry {
    name: "",
    title: "",
    note: "",
    category: Category::Confirm,
    class: Class::Disruptive,
    call_control: false,
    repeatable: false,
    params: &[],
    models: Models::ALL,
    transports: ANY,
    verification: Verification::None,
};

/// Every entry, in the order in which people see them.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    system::ENTRIES
        .iter()
        .chain(settings::ENTRIES)
        .chain(calls::ENTRIES)
        .chain(keys::ENTRIES)
}

/// The entry of exactly this name: phones tell capitals from small letters.
pub fn find(name: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.name == name)
}

/// What somebody means who asks a log for an action: its name in any case, its title in English or
/// in the language of `title`, or else the code of an event, which has small letters, or its
/// beginning. Another word stays as it is.
pub fn meant(word: &str, title: impl Fn(&'static str) -> &'static str) -> Cow<'_, str> {
    let is_title = |entry: &&Entry| {
        let titles = [entry.title, title(entry.title)];
        titles
            .iter()
            .any(|title| title.to_lowercase() == word.to_lowercase())
    };
    let found = find(word)
        .or_else(|| suggest(word))
        .or_else(|| all().find(is_title));
    match found {
        Some(entry) => entry.name.into(),
        None if word.contains(['.', '*']) => word.to_lowercase().into(),
        None => word.into(),
    }
}

/// The entry that somebody probably meant: the same letters in another case.
pub fn suggest(name: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.name.eq_ignore_ascii_case(name.trim()))
}
