use serde_json::{Value, json};

use super::{Question, Verdict, judge};

const MAC: &str = "00:15:65:00:00:01";

fn target(state: &str, attempts: u64) -> Value {
    json!({ "phone": MAC, "state": state, "attempts": attempts })
}

fn executed() -> Value {
    json!({ "mac": MAC, "target": "/servlet?key=DNDOn", "authenticated": true,
            "executed": "DNDOn" })
}

fn intent(attempt: &str) -> Value {
    json!({ "action": "target.intent", "phone": MAC, "detail": { "attempt": attempt } })
}

fn result(attempt: &str, state: &str) -> Value {
    json!({ "action": "target.result", "phone": MAC,
            "detail": { "attempt": attempt, "state": state } })
}

fn verdict(targets: Vec<Value>, ledger: Vec<Value>, audit: Option<Vec<Value>>) -> Verdict {
    judge(&Question {
        action: "DNDOn",
        phones: [MAC.to_owned()].into(),
        targets,
        ledger,
        audit,
    })
}

fn counts(verdict: &Verdict) -> (usize, usize, usize, usize) {
    (
        verdict.lost,
        verdict.twice,
        verdict.false_statements,
        verdict.audit_faults,
    )
}

#[test]
fn the_truth_is_clean() {
    let audit = vec![intent("a"), result("a", "acknowledged")];
    let clean = verdict(
        vec![target("acknowledged", 1)],
        vec![executed()],
        Some(audit),
    );
    assert!(clean.is_clean(), "{clean}");
    let honest = verdict(vec![target("unknown", 1)], vec![executed()], None);
    assert!(
        honest.is_clean() && honest.unknown_that_ran == 1,
        "{honest}"
    );
    let other = json!({ "mac": MAC, "target": "/servlet?key=Reboot", "executed": "Reboot" });
    let failed = verdict(vec![target("failed", 1)], vec![other], None);
    assert!(failed.is_clean(), "{failed}");
}

#[test]
fn every_lie_is_found() {
    let none = || Vec::new();
    let cases = [
        (verdict(none(), none(), None), (1, 0, 0, 0)),
        (
            verdict(vec![target("sending", 1)], none(), None),
            (1, 0, 0, 0),
        ),
        (
            verdict(
                vec![target("unknown", 1), target("unknown", 1)],
                none(),
                None,
            ),
            (1, 0, 0, 0),
        ),
        (
            verdict(
                vec![target("unknown", 1)],
                vec![executed(), executed()],
                None,
            ),
            (0, 1, 0, 0),
        ),
        (
            verdict(vec![target("acknowledged", 1)], none(), None),
            (0, 0, 1, 0),
        ),
        (
            verdict(vec![target("failed", 1)], vec![executed()], None),
            (0, 0, 1, 0),
        ),
        (
            verdict(vec![target("expired", 0)], vec![executed()], None),
            (0, 0, 1, 0),
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(counts(&found), expected, "{found}");
    }
}

#[test]
fn the_audit_log_must_fit() {
    let wrong = [
        vec![intent("a")],
        vec![result("a", "acknowledged")],
        vec![intent("a"), result("a", "failed")],
        vec![intent("a"), result("b", "acknowledged")],
        vec![
            intent("a"),
            result("a", "acknowledged"),
            result("a", "acknowledged"),
        ],
    ];
    for audit in wrong {
        let targets = vec![target("acknowledged", 1)];
        let found = verdict(targets, vec![executed()], Some(audit));
        assert!(found.audit_faults > 0, "{found}");
    }
    let sent = vec![json!({ "mac": MAC, "target": "/servlet?key=DNDOn", "authenticated": true })];
    let found = verdict(
        vec![target("cancelled", 0)],
        sent,
        Some(vec![result("", "cancelled")]),
    );
    assert_eq!(
        found.audit_faults, 1,
        "a request without an intent: {found}"
    );
}
