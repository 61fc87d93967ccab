//! The free text of a record, and the words by which it is found.
//!
//! Owns what can be looked for. *Invariant:* a word occurs in the text of a record exactly when
//! it occurs in one of its words, or in the MAC address or name of its phone.

use std::borrow::Cow;

use carillon_domain::Mac;
use carillon_domain::event::Event;
use serde_json::Value;

/// Texts of a detail that are others in each record, so that nobody looks for them by a word.
const LEFT_OUT: [&str; 3] = ["again_at", "attempt", "evidence"];
/// In the place of a word that is too long, or of too many: these records have to be looked at.
pub(super) const ANY: &str = "…";
const LONGEST: usize = 128;

/// What a word is looked for in, in lower case.
pub(super) fn text(event: &Event) -> String {
    let mut text = String::with_capacity(128);
    let mut add = |part: &str| {
        text.push_str(part);
        text.push('\n');
    };
    add(&event.phone_name);
    if let Some(mac) = event.phone {
        add(&mac.to_string());
        add(&mac.digits());
    }
    each(event, &mut add);
    text.to_lowercase()
}

/// Every text of a record but those about its phone.
pub(super) fn each<'e>(event: &'e Event, add: &mut impl FnMut(&'e str)) {
    add(&event.reason);
    add(&event.actor.name);
    add(&event.action);
    let told = event.told.iter();
    let told = told.filter(|(name, _)| !LEFT_OUT.contains(name));
    told.filter_map(|(_, value)| value.as_str())
        .for_each(&mut *add);
    match &event.detail {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()))
            .for_each(|(_, value)| inside(value, add)),
        other => inside(other, add),
    }
}

fn inside<'e>(value: &'e Value, add: &mut impl FnMut(&'e str)) {
    match value {
        Value::String(text) => add(text),
        Value::Array(items) => items.iter().for_each(|item| inside(item, add)),
        Value::Object(fields) => fields.values().for_each(|item| inside(item, add)),
        _ => {}
    }
}

/// The words of a text, in lower case, as they are kept.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace().map(|word| {
        let word = storable(word).to_lowercase();
        if word.len() > LONGEST {
            ANY.to_owned()
        } else {
            word
        }
    })
}

/// A phone as it is kept to be found: its address in two notations, and a name it has had.
pub(super) fn phone(mac: Mac, name: &str) -> String {
    let name = storable(name).to_lowercase();
    let name = if name.len() > 2 * LONGEST { ANY } else { &name };
    format!("{mac} {} {name}", mac.digits())
}

/// What people typed may hold a NUL, which Postgres has no way to store. In the entry itself JSON
/// writes it out; a record must never fail for it.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// As much of a value as is kept of it.
pub(super) fn clipped(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let end = text.char_indices().nth(LONGEST);
    end.map_or(text, |(end, _)| &text[..end])
}
