//! The catalogue says what the decisions say, and refuses what it should.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;

fn params(value: Value) -> BTreeMap<String, Value> {
    match value {
        Value::Object(map) => map.into_iter().collect(),
        _ => panic!("an object"),
    }
}

fn action(name: &str, value: Value) -> CheckedAction {
    CheckedAction::parse(name, &params(value)).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn fields(name: &str, value: Value) -> Vec<String> {
    CheckedAction::parse(name, &params(value))
        .expect_err("refused")
        .into_iter()
        .map(|error| error.field)
        .collect()
}

#[test]
fn every_documented_value_is_there_once_and_no_other() {
    let names: Vec<&str> = all().map(|entry| entry.name).collect();
    let unique: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(unique.len(), names.len());
    let documented = "OK ENTER SPEAKER HEADSET VOLUME_UP VOLUME_DOWN MUTE X CANCEL 0 1 2 3 4 5 6 7 8 9 \
        * POUND L D F1 F2 F3 F4 MSG RD UP DOWN LEFT RIGHT OFFHOOK ONHOOK ANSWER ASW CALLEND F_HOLD HOLD \
        UNHOLD F_TRANSFER F_CONFERENCE number ATrans BTrans DNDOn DNDOff AlwaysFwdOn BusyFwdOn NoAnswFwdOn \
        AlwaysFwdOff BusyFwdOff NoAnswFwdOff Reboot AutoP Reset sequence phonecfg screenshot \
        CheckSyncRestart CheckSyncFetch";
    assert_eq!(unique, documented.split_whitespace().collect());
}

#[test]
fn classes_are_those_decided() {
    let of = |class: Class| -> BTreeSet<&str> {
        all().filter(|e| e.class == class).map(|e| e.name).collect()
    };
    assert_eq!(
        of(Class::Destructive),
        BTreeSet::from(["Reset", "sequence"])
    );
    assert_eq!(
        of(Class::Harmless),
        BTreeSet::from([
            "DOWN",
            "LEFT",
            "RIGHT",
            "UP",
            "VOLUME_DOWN",
            "VOLUME_UP",
            "phonecfg",
            "screenshot"
        ])
    );
    assert_eq!(find("DNDOn").expect("there").class, Class::Disruptive);
}

#[test]
fn toggles_and_steps_are_never_repeatable() {
    for name in [
        "MUTE",
        "F_HOLD",
        "SPEAKER",
        "HEADSET",
        "VOLUME_UP",
        "Reboot",
        "RD",
        "number",
    ] {
        assert!(!find(name).expect("there").repeatable, "{name}");
    }
    let repeatable: Vec<&str> = all().filter(|e| e.repeatable).map(|e| e.name).collect();
    assert!(repeatable.iter().all(|name| {
        name.starts_with("DND") || name.contains("Fwd") || ["phonecfg", "screenshot"].contains(name)
    }));
}

#[test]
fn what_acts_on_calls_is_marked() {
    for name in [
        "number", "ATrans", "BTrans", "ANSWER", "F_HOLD", "L", "5", "OK", "sequence",
    ] {
        assert!(find(name).expect("there").call_control, "{name}");
    }
    for name in ["Reboot", "DNDOn", "phonecfg", "UP", "VOLUME_UP"] {
        assert!(!find(name).expect("there").call_control, "{name}");
    }
}

#[test]
fn every_entry_is_told_in_words_and_asks_for_what_it_needs() {
    for entry in all() {
        assert!(!entry.title.is_empty(), "{}", entry.name);
        let required: Vec<String> = entry
            .params
            .iter()
            .filter(|param| param.required)
            .map(|param| format!("params.{}", param.name))
            .collect();
        match CheckedAction::parse(entry.name, &BTreeMap::new()) {
            Ok(_) => assert!(required.is_empty(), "{}", entry.name),
            Err(errors) => {
                let told: Vec<_> = errors.into_iter().map(|error| error.field).collect();
                assert_eq!(told, required);
            }
        }
    }
}

#[test]
fn what_is_verified_says_how() {
    for entry in all() {
        let filled = json!({"number": "1001", "seconds": 12});
        let given: BTreeMap<_, _> = params(filled)
            .into_iter()
            .filter(|(name, _)| entry.param(name).is_some())
            .collect();
        let Ok(action) = CheckedAction::parse(entry.name, &given) else {
            continue;
        };
        let expected = match action.expectation() {
            Expectation::Nothing => Verification::None,
            Expectation::ComesBack => Verification::ComesBack,
            Expectation::Dnd(_) | Expectation::Forward(..) => Verification::Phonecfg,
        };
        assert_eq!(entry.verification, expected, "{}", entry.name);
    }
}

#[test]
fn every_mistake_is_told_with_its_field() {
    assert_eq!(fields("reboot", json!({})), ["action"]);
    assert_eq!(fields("Reboot", json!({"now": 1})), ["params.now"]);
    assert_eq!(
        fields(
            "NoAnswFwdOn",
            json!({"number": "12a", "seconds": 7, "more": 1})
        ),
        ["params.more", "params.number", "params.seconds"]
    );
    assert_eq!(fields("number", json!({"number": " "})), ["params.number"]);
    assert_eq!(
        fields("number", json!({"number": {"a": 1}})),
        ["params.number"]
    );
    assert_eq!(fields("L", json!({"n": 96})), ["params.n"]);
    assert_eq!(fields("L", json!({"n": 0})), ["params.n"]);
    assert_eq!(fields("D", json!({"n": 11})), ["params.n"]);
    assert_eq!(fields("ASW", json!({"call_id": "x"})), ["params.call_id"]);
    assert_eq!(fields("UNHOLD", json!({})), ["params.call_id"]);
    assert_eq!(fields("phonecfg", json!({"dnd": 2})), ["params.dnd"]);
    assert_eq!(
        fields("number", json!({"number": "1", "outgoing_uri": "a&b"})),
        ["params.outgoing_uri"]
    );
    let errors = CheckedAction::parse("reboot", &BTreeMap::new()).expect_err("refused");
    assert!(errors[0].message.contains("Reboot"));
}

#[test]
fn errors_never_repeat_a_number() {
    let errors = CheckedAction::parse("number", &params(json!({"number": "0301234x"})));
    assert!(!format!("{errors:?}").contains("030123"));
}

#[test]
fn sequences_hold_keys_of_the_catalogue_only() {
    for keys in [
        "Reset", "Reboot", "AutoP", "number", "phonecfg", "L", "L0", "L96", "L01", "BTrans", "D1",
        "ok", "",
    ] {
        assert_eq!(
            fields("sequence", json!({"keys": keys})),
            ["params.keys"],
            "{keys}"
        );
    }
    assert_eq!(
        fields("sequence", json!({"keys": vec!["OK"; MAX_KEYS + 1]})),
        ["params.keys"]
    );
    let keys = action("sequence", json!({"keys": "F1;F3;L12;*;POUND"}));
    assert_eq!(
        keys.params_json(),
        json!({"keys": ["F1", "F3", "L12", "*", "POUND"]})
    );
}

#[test]
fn models_that_lack_an_action_are_known_however_they_are_written() {
    let keys = action("sequence", json!({"keys": "F1;OK"}));
    for lacking in ["SIP-T48G", "Yealink VP-T49G", "t57w", "T48S", "T48U"] {
        assert!(!keys.supports(lacking), "{lacking}");
    }
    for having in ["T46S", "SIP-T58A", "", "something new"] {
        assert!(keys.supports(having), "{having}");
    }
    assert!(!action("sequence", json!({"keys": "F1;ENTER"})).supports("T57W"));
    assert!(!action("sequence", json!({"keys": "L5"})).supports("T23G"));
    assert!(!action("OK", json!({})).supports("CP925"));
    assert!(action("L", json!({"n": 27})).supports("T46S"));
    assert!(!action("L", json!({"n": 28})).supports("T46S"));
    assert!(!action("L", json!({"n": 1})).supports("CP920"));
    assert!(action("L", json!({"n": 95})).supports(""));
    assert!(action("D", json!({"n": 1})).supports("T28P"));
    assert!(!action("D", json!({"n": 1})).supports("T46S"));
}

#[test]
fn numbers_are_masked_in_what_is_shown() {
    let call = action(
        "number",
        json!({"number": "+49 30 123456", "outgoing_uri": "1006@pbx"}),
    );
    assert!(call.is_sensitive());
    assert_eq!(
        call.params_shown(),
        json!({"number": "••••••••456", "outgoing_uri": "1006@pbx"})
    );
    assert_eq!(call.params_json()["number"], "+4930123456");
    assert!(!action("Reboot", json!({})).is_sensitive());
    assert!(!action("sequence", json!({"keys": "F1;1;2"})).is_sensitive());
    let emergency = action("sequence", json!({"keys": "1;1;2;OK"}));
    assert!(emergency.is_sensitive());
    assert_eq!(
        emergency.params_shown(),
        json!({"keys": ["•", "•", "•", "OK"]})
    );
}

#[test]
fn a_sequence_types_runs_of_digits() {
    let typed = |keys: &str| action("sequence", json!({"keys": keys})).typed();
    assert_eq!(typed("L1;9;1;1;OK;*;2;POUND"), ["911", "*2#"]);
    assert!(typed("F1;OK").is_empty());
    assert!(action("Reboot", json!({})).typed().is_empty());
}

#[test]
fn the_label_tells_the_index() {
    let third = action("L", json!({"n": "3"}));
    assert_eq!(third.label(), "L3");
    assert_eq!(label_of("L", &third.params_shown()), "L3");
    assert_eq!(label_of("Reboot", &json!({})), "Reboot");
    assert_eq!(action("Reboot", json!({})).label(), "Reboot");
}
