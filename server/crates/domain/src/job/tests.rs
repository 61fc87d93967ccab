//! Requests are checked whole, defaults follow the class, and a plan loses nobody.

use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::action::Class;
use crate::{Cause, Timestamp};

fn request(value: Value) -> JobRequest {
    serde_json::from_value(value).expect("a request")
}

fn reboot(options: Value) -> JobRequest {
    request(json!({"action": "Reboot", "targets": {"filter": ""}, "options": options}))
}

#[test]
fn the_documented_request_is_read() {
    let request = request(json!({
        "action": "Reboot", "params": {},
        "targets": {"phones": ["00:15:65:aa:bb:cc"], "groups": ["berlin"],
                    "filter": "site:berlin model:T46S -tag:vip"},
        "options": {"window": 256, "timeout_ms": 8000, "transport": "auto", "verify": true,
                    "retries": 0, "canary": 0, "max_failed_percent": 100,
                    "site_max_down_percent": 100, "not_after": "2026-11-22T22:00:00Z",
                    "start_at": null},
        "reason": "phones hang after update",
        "expect": {"count": 221, "digest": "ab"}
    }));
    let checked = request.check().expect("valid");
    assert_eq!(checked.options.window, 256);
    assert_eq!(checked.filter.expect("a filter").terms.len(), 3);
}

#[test]
fn unknown_fields_are_refused() {
    for text in [
        r#"{"action":"OK","targets":{},"dry":true}"#,
        r#"{"action":"OK","targets":{"site":"a"}}"#,
        r#"{"action":"OK","targets":{},"options":{"windows":1}}"#,
    ] {
        assert!(serde_json::from_str::<JobRequest>(text).is_err(), "{text}");
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let request = request(json!({
        "action": "NoAnswFwdOn", "params": {"number": "1001", "seconds": 12},
        "targets": {"filter": "sight:x"},
        "options": {"window": 0, "timeout_ms": 100_000, "retries": 4,
                    "max_failed_percent": 101,
                    "start_at": "2026-11-22T22:00:00Z", "not_after": "2026-11-22T22:00:00Z"},
        "reason": "x".repeat(MAX_REASON + 1),
    }));
    let mut fields: Vec<String> = request
        .check()
        .expect_err("refused")
        .into_iter()
        .map(|error| error.field)
        .collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "options.max_failed_percent",
            "options.not_after",
            "options.retries",
            "options.timeout_ms",
            "options.window",
            "reason",
            "targets.filter",
        ]
    );
}

#[test]
fn a_request_without_targets_is_refused_and_an_empty_filter_is_everybody() {
    let none = request(json!({"action": "OK", "targets": {}}));
    assert_eq!(none.check().expect_err("refused")[0].field, "targets");
    assert!(reboot(json!({})).check().is_ok());
}

#[test]
fn what_is_left_out_takes_the_classs_default() {
    let limits = |class| {
        let o = EffectiveOptions::of_class(class);
        (
            o.window,
            o.site_max_down_percent,
            o.canary,
            o.max_failed_percent,
        )
    };
    assert_eq!(limits(Class::Harmless), (256, 100, 0, 100));
    assert_eq!(limits(Class::Disruptive), (10, 20, 1, 10));
    assert_eq!(limits(Class::Destructive), (1, 0, 1, 0));
    let given = reboot(json!({"window": 64, "max_auth_failed": 0}));
    let options = given.check().expect("valid").options;
    assert_eq!((options.window, options.max_auth_failed), (64, 0));
    assert_eq!((options.canary, options.timeout_ms), (1, 8_000));
    assert!(options.verify);
}

#[test]
fn what_cannot_be_verified_is_not_verified() {
    let ok =
        request(json!({"action": "OK", "targets": {"filter": ""}, "options": {"verify": true}}));
    assert!(!ok.check().expect("valid").options.verify);
}

#[test]
fn a_job_gives_up_after_twice_its_plan_or_a_quarter_of_an_hour() {
    let options = EffectiveOptions::of_class(Class::Disruptive);
    assert_eq!(options.planned_duration(25), Duration::from_secs(24));
    let start = Timestamp::from_micros(0);
    assert_eq!(
        not_after(start, Duration::from_secs(24)),
        start.plus(Duration::from_mins(15))
    );
    assert_eq!(
        not_after(start, Duration::from_hours(1)),
        start.plus(Duration::from_hours(2))
    );
}

fn phone(last: u8, model: &str, protected: bool) -> PlannedPhone {
    PlannedPhone {
        mac: Mac::from_bytes([0, 0x15, 0x65, 0, 0, last]),
        name: String::new(),
        extension: String::new(),
        model: model.to_owned(),
        site: None,
        groups: Vec::new(),
        address: None,
        protected,
    }
}

#[test]
fn the_digest_tells_when_the_plan_changed() {
    let action = CheckedAction::plain("ENTER").expect("an action");
    let set = || {
        vec![
            phone(1, "T46S", false),
            phone(2, "T57W", false),
            phone(3, "", true),
        ]
    };
    let mut turned = set();
    turned.reverse();
    let one = plan(&action, set(), false);
    assert_eq!(one.digest(), plan(&action, turned, false).digest());
    assert_eq!(one.digest().len(), 64);
    assert_ne!(one.digest(), plan(&action, set(), true).digest());
    let mut more = set();
    more.push(phone(4, "T46S", false));
    assert_ne!(one.digest(), plan(&action, more, false).digest());
    assert_eq!(
        one.skipped_by_cause(),
        [(Cause::Unsupported, 1), (Cause::Protected, 1)]
    );
}

proptest! {
    #[test]
    fn each_phone_is_in_exactly_one_of_run_and_skip(
        phones in proptest::collection::vec(
            (any::<u8>(), proptest::sample::select(vec!["T46S", "T57W", ""]), any::<bool>()),
            0..60,
        ),
        include in any::<bool>(),
    ) {
        let action = CheckedAction::plain("OK").expect("an action");
        let phones: Vec<_> = phones.into_iter().map(|(n, model, p)| phone(n, model, p)).collect();
        let asked: HashSet<_> = phones.iter().map(|p| p.mac).collect();
        let plan = plan(&action, phones, include);
        let mut found: Vec<_> = plan
            .run
            .iter()
            .chain(plan.skip.iter().map(|(phone, _)| phone))
            .map(|phone| phone.mac)
            .collect();
        prop_assert_eq!(found.len(), plan.total());
        found.sort();
        found.dedup();
        prop_assert_eq!(found.len(), plan.total());
        prop_assert_eq!(found.into_iter().collect::<HashSet<_>>(), asked);
        for phone in &plan.run {
            prop_assert!((include || !phone.protected) && action.supports(&phone.model));
        }
    }
}
