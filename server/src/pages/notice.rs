//! What one page must say besides: parameters that nobody knows, places that are gone.
//!
//! *Invariant:* what an address asks for and we do not do is said, never ignored in silence.

use carillon_contract::frame::{Banner, Tone};

use super::visit::Visit;
use crate::fields::Fields;
use carillon_language::{quoted, say};

/// Puts a warning above the page.
pub fn warn(visit: &mut Visit, text: impl Into<String>) {
    visit.frame.banners.push(Banner::Notice {
        tone: Tone::Warning,
        text: text.into(),
    });
}

/// Warns of every parameter that is not among these.
pub fn unknown(visit: &mut Visit, query: &Fields, known: &[&str]) {
    let mut strangers = query.unknown(known);
    strangers.sort();
    strangers.dedup();
    if strangers.is_empty() {
        return;
    }
    let named: Vec<String> = strangers.iter().map(|name| quoted(&short(name))).collect();
    let (names, known) = (named.join(", "), known.join(", "));
    warn(
        visit,
        say!(
            "This page has no parameter {names}, so it changed nothing. Known: {known}.",
            names,
            known
        ),
    );
}

/// Warns of every one of these parameters that comes with different values, of which one counts.
pub fn repeated(visit: &mut Visit, query: &Fields, names: &[&str]) {
    for name in query.repeated(names) {
        let value = short(query.filled(name).unwrap_or_default());
        let text = say!(
            "“{name}” comes more than once in this address: only the first, “{value}”, counts.",
            name,
            value
        );
        warn(visit, text);
    }
}

/// Warns of a parameter whose value is not among the known ones.
pub fn odd(visit: &mut Visit, name: &str, value: &str, known: &str) {
    let text = say!(
        "“{name}” cannot be “{value}” in this address, so it changed nothing. Known: {known}.",
        name,
        value = short(value),
        known
    );
    warn(visit, text);
}

fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}
