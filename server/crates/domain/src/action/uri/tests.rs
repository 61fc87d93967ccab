//! The vectors of the reference, and that no parameter can smuggle anything in.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn action(name: &str, params: Value) -> CheckedAction {
    let Value::Object(params) = params else {
        panic!("an object")
    };
    let params: BTreeMap<String, Value> = params.into_iter().collect();
    CheckedAction::parse(name, &params).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn servlet(name: &str, params: Value) -> String {
    request_target(&action(name, params), UrlForm::Servlet, DialForm::Key)
        .as_str()
        .to_owned()
}

#[test]
fn the_vectors_of_the_reference() {
    for (name, params, expected) in [
        ("OK", json!({}), "/servlet?key=OK"),
        (
            "sequence",
            json!({"keys": ["ASW", "MUTE"]}),
            "/servlet?key=ASW;MUTE",
        ),
        (
            "number",
            json!({"number": "+49 30 123", "outgoing_uri": "1006@10.2.1.48"}),
            "/servlet?key=number=%2B4930123&outgoing_uri=1006@10.2.1.48",
        ),
        (
            "NoAnswFwdOn",
            json!({"number": "1001", "seconds": 24}),
            "/servlet?key=NoAnswFwdOn=1001=24",
        ),
        ("ASW", json!({"call_id": "33093"}), "/servlet?key=ASW:33093"),
        (
            "phonecfg",
            json!({"accounts": true, "dnd": "1", "fw": 1}),
            "/servlet?phonecfg=get&accounts=1&dnd=1&fw=1",
        ),
        (
            "phonecfg",
            json!({"dnd": false}),
            "/servlet?phonecfg=get&dnd=0",
        ),
        ("phonecfg", json!({}), "/servlet?phonecfg=get"),
        ("L", json!({"n": 3}), "/servlet?key=L3"),
        ("*", json!({}), "/servlet?key=*"),
        (
            "BTrans",
            json!({"number": "*21#"}),
            "/servlet?key=BTrans=*21%23",
        ),
        (
            "sequence",
            json!({"keys": "F1;F3; DOWN, OK"}),
            "/servlet?key=F1;F3;DOWN;OK",
        ),
        ("screenshot", json!({}), "/screencapture"),
    ] {
        assert_eq!(servlet(name, params), expected);
    }
}

#[test]
fn each_form_of_the_manual() {
    let reboot = action("Reboot", json!({}));
    for (form, expected) in [
        (UrlForm::Servlet, "/servlet?key=Reboot"),
        (
            UrlForm::ConfigManApp,
            "/cgi-bin/ConfigManApp.com?key=Reboot",
        ),
        (UrlForm::CgiServer, "/cgi-bin/cgiServer.exx?key=Reboot"),
    ] {
        assert_eq!(
            request_target(&reboot, form, DialForm::Key).as_str(),
            expected
        );
    }
    let call = action("number", json!({"number": "1001"}));
    assert_eq!(
        request_target(&call, UrlForm::Servlet, DialForm::Bare).as_str(),
        "/servlet?number=1001"
    );
}

#[test]
fn the_old_login_stands_alone_and_is_encoded() {
    let password = SecretString::from("p&w =#%ä");
    let login = legacy_login(
        &action("OK", json!({})),
        UrlForm::Servlet,
        DialForm::Key,
        "ad min",
        &password,
    )
    .expect("a form");
    assert_eq!(
        login.expose_secret(),
        "/servlet?p=login&q=login&username=ad%20min&pwd=p%26w%20%3D%23%25%C3%A4&jumpto=URI&key=OK"
    );
    let picture = action("screenshot", json!({}));
    assert!(
        legacy_login(
            &picture,
            UrlForm::Servlet,
            DialForm::Key,
            "admin",
            &password
        )
        .is_none()
    );
}

#[test]
fn numbers_are_masked_wherever_people_look() {
    let call = action("number", json!({"number": "030123456"}));
    let target = request_target(&call, UrlForm::Servlet, DialForm::Key);
    assert_eq!(format!("{target:?}"), "/servlet?…");
    assert_eq!(
        shown(&call, UrlForm::Servlet, DialForm::Key),
        "/servlet?key=number=••••••456"
    );
    assert!(!format!("{call:?}").contains("030123"));
    let typed = action("sequence", json!({"keys": "OFFHOOK 0 3 0 1 2 3 OK"}));
    assert_eq!(
        shown(&typed, UrlForm::Servlet, DialForm::Key),
        "/servlet?key=OFFHOOK;•;•;•;1;2;3;OK"
    );
}

/// The parts of a query, as a phone would take it apart.
fn parts(target: &str) -> Vec<(String, String)> {
    let (_, query) = target.split_once('?').unwrap_or((target, ""));
    query
        .split('&')
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (name.to_owned(), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%' {
            let digits = std::str::from_utf8(&tail[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &tail[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn valid_value(kind: super::super::ParamKind) -> BoxedStrategy<Value> {
    use super::super::ParamKind as K;
    let names: Vec<&str> = super::super::all()
        .filter(|e| e.category != super::super::Category::System && e.params.is_empty())
        .map(|e| e.name)
        .filter(|name| *name != "screenshot")
        .collect();
    match kind {
        K::Number => "[0-9*#+]{1,32}".prop_map(Value::from).boxed(),
        K::Seconds => (1_u16..=20).prop_map(|n| Value::from(n * 6)).boxed(),
        K::LineKey => (1_u16..=95).prop_map(Value::from).boxed(),
        K::MemoryKey => (1_u16..=10).prop_map(Value::from).boxed(),
        K::CallId => "[0-9]{1,20}".prop_map(Value::from).boxed(),
        K::OutgoingUri => "[A-Za-z0-9_*#+.@:-]{1,128}".prop_map(Value::from).boxed(),
        K::Bit => any::<bool>().prop_map(Value::from).boxed(),
        K::Keys => proptest::collection::vec(proptest::sample::select(names), 1..=32)
            .prop_map(Value::from)
            .boxed(),
    }
}

fn any_action() -> impl Strategy<Value = CheckedAction> {
    let entries: Vec<_> = super::super::all().collect();
    proptest::sample::select(entries).prop_flat_map(|entry| {
        let values: Vec<_> = entry
            .params
            .iter()
            .map(|param| {
                let value = valid_value(param.kind);
                let value = if param.required {
                    value.prop_map(Some).boxed()
                } else {
                    proptest::option::of(value).boxed()
                };
                (Just(param.name.to_owned()), value)
            })
            .collect();
        values.prop_map(move |values| {
            let given = values.into_iter().filter_map(|(k, v)| Some((k, v?)));
            CheckedAction::parse(entry.name, &given.collect()).expect("valid by construction")
        })
    })
}

/// The names of the query's parts that an action asks for, in order.
fn intended(action: &CheckedAction, dial: DialForm) -> Vec<&'static str> {
    match (action.entry().name, dial) {
        ("phonecfg", _) => {
            let asked = ["accounts", "dnd", "fw"];
            std::iter::once("phonecfg")
                .chain(asked.into_iter().filter(|name| action.bit(name).is_some()))
                .collect()
        }
        ("number", dial) => {
            let first = if dial == DialForm::Bare {
                "number"
            } else {
                "key"
            };
            let uri = action.text("outgoing_uri").map(|_| "outgoing_uri");
            std::iter::once(first).chain(uri).collect()
        }
        _ => vec!["key"],
    }
}

proptest! {
    #[test]
    fn parsed_back_it_has_exactly_the_intended_keys(
        action in any_action(),
        form in proptest::sample::select(UrlForm::ALL),
        dial in proptest::sample::select(DialForm::ALL),
    ) {
        let target = request_target(&action, form, dial);
        let target = target.as_str();
        let clean = target.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
        prop_assert!(clean, "{target}");
        prop_assert!(target.matches('?').count() <= 1 && !target.ends_with('&'));
        if action.entry().name == "screenshot" {
            prop_assert_eq!(target, "/screencapture");
            return Ok(());
        }
        let path = target.split_once('?').map(|(path, _)| path);
        prop_assert_eq!(path, Some(form.path()));
        let found = parts(target);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        prop_assert_eq!(names, intended(&action, dial));
        if let Some(number) = action.dialled() {
            prop_assert!(found[0].1.contains(number.as_str()));
        }
        if let Some(uri) = action.text("outgoing_uri") {
            prop_assert_eq!(&found[1].1, uri);
        }
    }

    #[test]
    fn stored_parameters_are_read_back_as_the_same(action in any_action()) {
        let Value::Object(params) = action.params_json() else {
            panic!("an object")
        };
        let again = CheckedAction::parse(action.entry().name, &params.into_iter().collect());
        prop_assert_eq!(again, Ok(action));
    }

    #[test]
    fn hostile_parameters_smuggle_nothing(
        entry in proptest::sample::select(super::super::all().collect::<Vec<_>>()),
        text in "[\\PC\r\n\0&#?;= ]{0,40}",
    ) {
        let params = entry
            .params
            .iter()
            .map(|param| (param.name.to_owned(), Value::from(text.clone())))
            .collect();
        if let Ok(action) = CheckedAction::parse(entry.name, &params) {
            let target = request_target(&action, UrlForm::Servlet, DialForm::Key);
            let clean = target.as_str().bytes().all(|b| b.is_ascii_graphic() && b != b'#');
            prop_assert!(clean);
            if entry.name != "screenshot" {
                let names: Vec<String> =
                    parts(target.as_str()).into_iter().map(|(name, _)| name).collect();
                prop_assert_eq!(names, intended(&action, DialForm::Key));
            }
        }
    }

    #[test]
    fn user_and_password_stay_in_their_places(user in "\\PC{0,20}", password in "\\PC{0,20}") {
        let login = legacy_login(
            &action("Reboot", json!({})),
            UrlForm::Servlet,
            DialForm::Key,
            &user,
            &SecretString::from(password.clone()),
        );
        let login = login.expect("a form");
        let found = parts(login.expose_secret());
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        prop_assert_eq!(names, ["p", "q", "username", "pwd", "jumpto", "key"]);
        prop_assert_eq!(&found[2].1, &user);
        prop_assert_eq!(&found[3].1, &password);
    }
}

fn notify(name: &str, params: Value) -> Option<String> {
    notify_body(&action(name, params), DialForm::Key).map(|body| body.as_str().to_owned())
}

#[test]
fn bodies_of_notifys_stand_as_in_the_guides() {
    for (name, params, expected) in [
        ("OK", json!({}), Some("key=OK")),
        ("F_HOLD", json!({}), Some("key=F_HOLD")),
        ("BTrans", json!({"number": "202"}), Some("key=BTrans=202")),
        (
            "NoAnswFwdOn",
            json!({"number": "1002", "seconds": 24}),
            Some("key=NoAnswFwdOn=1002=24"),
        ),
        (
            "number",
            json!({"number": "+49 30 123#", "outgoing_uri": "1006@10.2.1.48"}),
            Some("key=number=+4930123#&outgoing_uri=1006@10.2.1.48"),
        ),
        ("phonecfg", json!({}), None),
        ("screenshot", json!({}), None),
        ("sequence", json!({"keys": ["ASW", "MUTE"]}), None),
        ("CheckSyncRestart", json!({}), None),
    ] {
        assert_eq!(notify(name, params).as_deref(), expected, "{name}");
    }
    let dial = action("number", json!({"number": "4930123"}));
    let bare = notify_body(&dial, DialForm::Bare).map(|body| body.as_str().to_owned());
    assert_eq!(bare.as_deref(), Some("number=4930123"));
    assert_eq!(
        notify_shown(&dial, DialForm::Key),
        "NOTIFY Event: ACTION-URI key=number=••••123"
    );
    assert_eq!(
        notify_shown(&action("CheckSyncFetch", json!({})), DialForm::Key),
        "NOTIFY Event: check-sync;reboot=false"
    );
}

proptest! {
    #[test]
    fn no_number_begins_a_line_of_its_own(number in "[0-9*#+]{1,32}", uri in "[a-zA-Z0-9_*#+.@:-]{1,40}") {
        let params = json!({"number": number, "outgoing_uri": uri});
        let body = notify("number", params).expect("a body");
        prop_assert!(body.bytes().all(|byte| byte.is_ascii_graphic()));
        prop_assert_eq!(body, format!("key=number={number}&outgoing_uri={uri}"));
    }
}
