//! Who asked for a job and for what, changed in its row by somebody without the key.

use serde_json::{Value, json};

use crate::courses::{counted, plain, signed_with, stands, submitted, times};
use crate::house::{Database, House, START};

/// As the program tells it: line key 3, with an end.
fn asked() -> (&'static str, Value) {
    let (action, mut detail) = submitted(false);
    let told = json!({
        "action": "L3", "params": { "n": 3, "number": "••123" }, "targets": { "filter": "site:kiel" },
        "retry_of": null, "start_at": null, "not_after": "2026-11-28T00:00:00Z",
    });
    for (name, value) in told.as_object().unwrap() {
        detail[name] = value.clone();
    }
    (action, detail)
}

const NOT_AFTER: i64 = 1_795_824_000_000_000;

fn row() -> String {
    format!(
        "UPDATE jobs SET action = 'L', params_shown = '{{\"number\":\"••123\",\"n\":3}}', \
         targets_shown = '{{\"filter\":\"site:kiel\"}}', not_after = {NOT_AFTER}"
    )
}

/// What is changed in the row.
const CHANGES: [&str; 17] = [
    "action = 'M'",
    "action = 'L3'",
    "action = 'L3', params_shown = '{\"number\":\"••123\"}'",
    "params_shown = '{\"n\":4,\"number\":\"••123\"}'",
    "params_shown = '{\"n\":true,\"number\":\"••123\"}'",
    "params_shown = '{\"n\":3,\"number\":\"••124\"}'",
    "params_shown = '{'",
    "targets_shown = '{}'",
    "actor_kind = 'user'",
    "actor_id = '1'",
    "actor_name = 'anna'",
    "actor_auth = 'password'",
    "reason = 'because'",
    "created_at = created_at + 1",
    "retry_of = 'j'",
    "not_after = not_after + 1",
    "not_after = NULL",
];

pub(crate) async fn a_job_that_was_asked_for_otherwise_is_named(database: &Database) {
    let start = format!("start_at = {START}");
    for change in CHANGES.into_iter().chain([start.as_str()]) {
        for over in [false, true] {
            let house = House::signed(database).await;
            let mut words = vec![asked()];
            if over {
                let took = (
                    "target.result",
                    json!({ "state": "acknowledged", "cause": null }),
                );
                words.extend([plain("target.intent"), took, plain("job.ended")]);
            }
            let first = signed_with(&house, &words).await;
            stands(&house, if over { "finished" } else { "running" }).await;
            let took = "UPDATE job_targets SET state = 'acknowledged', finished_at = 1";
            let rows = [row(), took.to_owned()];
            house.tamper(if over { &rows } else { &rows[..1] }).await;
            house.tamper(&[times(&words)]).await;
            house.tamper(&counted()).await;
            house.is_intact("before").await;
            house.tamper(&[format!("UPDATE jobs SET {change}")]).await;
            let found = house.finding().await;
            let last = first + if over { 3 } else { 0 };
            let expected = format!("record {last}: standing: the job j was asked for otherwise");
            assert!(found.starts_with(&expected), "{change}: {found}");
            // What is masked is told by nobody.
            assert!(!found.contains("••"), "{found}");
            house.close().await;
        }
    }
}

/// A record of an earlier program tells little, and who accepts a row lets count what is told.
pub(crate) async fn what_somebody_accepted_of_a_job_counts(database: &Database) {
    let frozen = json!({
        "rows": "job", "row": "j", "state": "running", "digest": "d", "options": { "window": 4 },
        "total": 1,
    });
    let mut told = frozen.clone();
    told["asked"] = json!({ "action": "M3", "reason": "", "from_a_newer_program": 1 });
    let action = "UPDATE jobs SET action = 'M'";
    let reason = "UPDATE jobs SET reason = 'because'";
    let both = "UPDATE jobs SET action = 'M', reason = 'because'";
    // What is told, what is done to the row, and whether that is named.
    let cases = [
        (vec![submitted(false)], action, None),
        (vec![submitted(false)], reason, Some(0)),
        (vec![asked(), ("row.accepted", frozen)], action, None),
        (vec![asked(), ("row.accepted", told.clone())], action, None),
        (vec![asked(), ("row.accepted", told)], both, Some(1)),
    ];
    for (words, change, named) in cases {
        let house = House::signed(database).await;
        let first = signed_with(&house, &words).await;
        stands(&house, "running").await;
        house
            .tamper(&[row(), times(&words), change.to_owned()])
            .await;
        match named {
            None => house.is_intact(change).await,
            Some(behind) => {
                let found = house.finding().await;
                let expected = format!("record {}: standing: the job j was asked", first + behind);
                assert!(found.starts_with(&expected), "{change}: {found}");
            }
        }
        house.close().await;
    }
}
