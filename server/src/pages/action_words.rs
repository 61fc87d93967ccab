//! Actions as pages show them.
//!
//! Owns the short names of actions, their headings, and their parameters as fields of forms.

use carillon_contract::form::Choice;
use carillon_contract::run::{ActionClass, ParamKind, ParamView};
use carillon_domain::action::{self, Class, Entry};
use carillon_language::say;
use serde_json::Value;

/// Most line keys that any model has.
const LINE_KEYS: i64 = carillon_domain::model::MAX_LINE_KEYS as i64;

/// What a list calls an action: "Restart".
pub fn short_title(name: &str) -> String {
    match name {
        "Reboot" => say("Restart").to_owned(),
        "AutoP" => say("Fetch configuration").to_owned(),
        "Reset" => say("Factory reset").to_owned(),
        "CheckSyncRestart" => say("Restart by SIP (check-sync)").to_owned(),
        "CheckSyncFetch" => say("Fetch configuration by SIP (check-sync)").to_owned(),
        "phonecfg" => say("Read settings").to_owned(),
        "screenshot" => say("Take a picture").to_owned(),
        _ => entry_of(name).map_or_else(|| name.to_owned(), |entry| say(entry.title).to_owned()),
    }
}

/// What is done to phones, with a gap for how many they are: "Restart {phones}". Where the number
/// stands is the language's to say.
pub fn done_to_phones(name: &str) -> String {
    match name {
        "Reboot" => say("Restart {phones}").to_owned(),
        "Reset" => say("Factory-reset {phones}").to_owned(),
        _ => format!("{}: {{phones}}", short_title(name)),
    }
}

/// The entry of a name, also when its index is part of it: `L3`.
pub fn entry_of(name: &str) -> Option<&'static Entry> {
    action::find(name).or_else(|| action::find(name.trim_end_matches(|c: char| c.is_ascii_digit())))
}

/// How dangerous.
pub const fn class(class: Class) -> ActionClass {
    match class {
        Class::Harmless => ActionClass::Harmless,
        Class::Disruptive => ActionClass::Disruptive,
        Class::Destructive => ActionClass::Destructive,
    }
}

/// How dangerous the action of this name is.
pub fn class_of(name: &str) -> ActionClass {
    entry_of(name).map_or(ActionClass::Disruptive, |entry| class(entry.class))
}

/// The parameters of an action as fields; `typed` is what stands in each.
pub fn params(entry: &Entry, typed: impl Fn(&str) -> String) -> Vec<ParamView> {
    let fields = entry.params.iter().map(|param| {
        let value = typed(param.name);
        ParamView {
            name: param.name.to_owned(),
            label: say(param.title).to_owned(),
            hint: say(param.hint).to_owned(),
            required: param.required,
            kind: kind(param.kind, &value),
            value,
        }
    });
    fields.collect()
}

fn kind(kind: action::ParamKind, value: &str) -> ParamKind {
    use action::ParamKind as K;
    match kind {
        K::Number => ParamKind::Number,
        K::Seconds => ParamKind::Integer { min: 6, max: 120 },
        K::LineKey => ParamKind::Integer {
            min: 1,
            max: LINE_KEYS,
        },
        K::MemoryKey => ParamKind::Integer { min: 1, max: 10 },
        K::CallId | K::OutgoingUri => ParamKind::Text,
        K::Bit => ParamKind::Choice(vec![
            Choice::new("", say("The phone decides"), value.is_empty()),
            Choice::new("1", say("Yes"), value == "1"),
            Choice::new("0", say("No"), value == "0"),
        ]),
        K::Keys => ParamKind::Lines,
    }
}

/// Parameters that may be shown, as (label, value).
pub fn shown(name: &str, params: &Value) -> Vec<(String, String)> {
    let Some(given) = params.as_object() else {
        return Vec::new();
    };
    let label = |param: &str| {
        let known = entry_of(name).and_then(|entry| entry.param(param));
        known.map_or_else(|| param.to_owned(), |param| say(param.title).to_owned())
    };
    given
        .iter()
        .map(|(param, value)| (label(param), text(value)))
        .collect()
}

/// A value in words.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => say("yes").to_owned(),
        Value::Bool(false) => say("no").to_owned(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use carillon_language::{Language, during};

    use super::*;

    #[test]
    fn an_index_does_not_hide_the_action() {
        assert_eq!(short_title("L3"), "Press a line key");
        assert_eq!(short_title("Reboot"), "Restart");
        assert_eq!(short_title("of-tomorrow"), "of-tomorrow");
    }

    #[test]
    fn the_number_stands_where_the_language_has_it() {
        let german = |name| during(Language::De, || done_to_phones(name));
        assert_eq!(done_to_phones("Reboot"), "Restart {phones}");
        assert_eq!(german("Reboot"), "{phones} neu starten");
        assert_eq!(german("AutoP"), "Konfiguration holen: {phones}");
    }

    #[test]
    fn every_parameter_has_a_field() {
        for entry in action::all() {
            assert_eq!(params(entry, |_| String::new()).len(), entry.params.len());
        }
    }
}
