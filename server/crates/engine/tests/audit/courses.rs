//! Rows of before that count again, told by what the log itself forbids, and by where it left jobs
//! and orders.

use std::time::Duration;

use carillon_domain::event::{Actor, Event, EventResult};
use serde_json::{Value, json};

use crate::house::{Database, House, START};

const PHONE: &str = "805e00000001";

/// Records of one job, in their order, by action; what they tell behind it.
pub(crate) fn told(house: &House, words: &[(&str, Value)]) -> Vec<Event> {
    let event = |(action, detail): &(&str, Value)| {
        let (action, later) = action.split_once(" +").unwrap_or((*action, "0"));
        let at = house
            .clock
            .now()
            .plus(Duration::from_secs(later.parse().unwrap()));
        let mut event = Event::new(at, Actor::system(), action);
        event.detail = detail.clone();
        if !action.starts_with("stop_all") && !action.starts_with("row.") {
            event.job = Some("j".to_owned());
        }
        if action.starts_with("target.") {
            event.phone = Some(PHONE.parse().unwrap());
            event.result = EventResult::Intent;
        }
        event
    };
    words.iter().map(event).collect()
}

pub(crate) fn submitted(awaits: bool) -> (&'static str, Value) {
    let detail = json!({
        "digest": "d", "options": { "window": 4 }, "total": 1, "awaits_approval": awaits,
    });
    ("job.submitted", detail)
}

pub(crate) fn plain(action: &str) -> (&str, Value) {
    (action, json!({}))
}

/// Records these behind the others and signs them; answers the first number.
pub(crate) async fn signed_with(house: &House, words: &[(&str, Value)]) -> i64 {
    let first = i64::try_from(house.store.audit_head().await.unwrap().size()).unwrap();
    let unit = house.store.begin().await.unwrap();
    let recorded = unit.record(&told(house, words)).await.unwrap();
    recorded.commit().await.unwrap();
    house.notary().await.look(true).await.unwrap();
    first
}

/// The job's row, with one phone.
pub(crate) async fn stands(house: &House, state: &str) {
    house.tamper(&[row(state), target("1")]).await;
}

/// The sums of all jobs, as their phones stand.
pub(crate) fn counted() -> Vec<String> {
    let states =
        "waiting sending verifying verified acknowledged failed unknown skipped cancelled expired";
    let counted = |state: &str| {
        format!(
            "{state} = (SELECT COUNT(*) FROM job_targets t WHERE t.job = jobs.id AND t.state = '{state}')"
        )
    };
    let states: Vec<_> = states.split(' ').map(counted).collect();
    vec![
        format!(
            "UPDATE jobs SET total = (SELECT COUNT(*) FROM job_targets t WHERE t.job = jobs.id), {}",
            states.join(", ")
        ),
        "DELETE FROM job_causes".to_owned(),
        "INSERT INTO job_causes (job, cause, count) SELECT job, cause, COUNT(*) FROM job_targets \
         WHERE cause IS NOT NULL AND state NOT IN ('waiting', 'sending', 'verifying') \
         GROUP BY job, cause"
            .to_owned(),
    ]
}

/// The times of the job, as these records tell them.
pub(crate) fn times(words: &[(&str, Value)]) -> String {
    let (mut started, mut finished, mut waited, mut decided) =
        ("NULL", "NULL", "NULL", "NULL, NULL");
    let now = START.to_string();
    let by = format!("'carillon', {START}");
    for (action, detail) in words {
        match *action {
            "job.submitted" if detail["awaits_approval"] == true => waited = &now,
            "job.submitted" | "job.started" => started = &now,
            "job.approved" => (started, decided) = (&now, &by),
            "job.denied" => (finished, decided) = (&now, &by),
            "job.approval_expired" | "job.ended" => finished = &now,
            "job.cancelled" if detail["state"] == "cancelled" => finished = &now,
            _ => {}
        }
    }
    let (decided_by, decided_at) = decided.split_once(", ").unwrap_or_default();
    format!(
        "UPDATE jobs SET started_at = {started}, finished_at = {finished}, approve_until = {waited}, \
         decided_by = {decided_by}, decided_at = {decided_at} WHERE id = 'j'"
    )
}

fn row(state: &str) -> String {
    let counters = "waiting, sending, verifying, verified, acknowledged, failed, unknown, \
         skipped, cancelled, expired";
    format!(
        "INSERT INTO jobs (id, action, params_shown, options, targets_shown, state, total, \
         {counters}, actor_kind, actor_id, actor_name, actor_auth, reason, created_at, digest, \
         request_example) \
         VALUES ('j', 'Reboot', '', '{{\"window\":4}}', '', '{state}', 1, \
         1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'system', '', 'carillon', '', '', {START}, 'd', '')"
    )
}

/// Another phone of the job.
pub(crate) fn target(number: &str) -> String {
    format!(
        "INSERT INTO job_targets (job, mac, position, name, extension, model, groups, state) \
         VALUES ('j', '80:5e:00:00:00:0{number}', {number}, '', '', '', '[]', 'waiting')"
    )
}

/// Whether a job waited for a second person, what is told behind its beginning, and which of that cannot
/// have happened.
type Life = (bool, Vec<(&'static str, Value)>, Option<i64>);

/// What the log tells behind a job's beginning, and the record of it that cannot have happened; none
/// where all of it can.
fn lives() -> Vec<Life> {
    let over = || ("job.cancelled", json!({ "state": "cancelled" }));
    let life = |actions: &[&'static str]| actions.iter().map(|one| plain(one)).collect();
    vec![
        (true, life(&["job.approved", "target.intent"]), None),
        (true, life(&["job.denied", "job.approved"]), Some(2)),
        (true, life(&["target.intent"]), Some(1)),
        (
            true,
            life(&["job.approval_expired", "job.approved"]),
            Some(2),
        ),
        (true, life(&["job.denied", "target.intent"]), Some(2)),
        (false, life(&["target.intent", "target.result"]), None),
        (
            false,
            life(&["job.paused", "job.resumed", "target.intent"]),
            None,
        ),
        (false, life(&["job.paused", "target.intent"]), Some(2)),
        (false, life(&["job.interrupted", "job.resumed"]), None),
        (false, life(&["job.interrupted", "target.intent"]), Some(2)),
        (false, life(&["job.ended", "job.resumed"]), Some(2)),
        (false, life(&["job.ended", "target.intent"]), Some(2)),
        (false, life(&["job.ended", "target.result"]), None),
        (
            false,
            life(&["target.intent", "target.result", "target.intent"]),
            Some(3),
        ),
        (false, life(&["target.intent", "target.intent"]), Some(2)),
        (
            false,
            life(&["target.intent", "target.retrying", "target.intent"]),
            None,
        ),
        (
            false,
            life(&["target.intent", "target.given_back", "target.intent"]),
            None,
        ),
        (false, vec![over(), plain("target.intent")], Some(2)),
        (
            false,
            vec![plain("job.cancelled"), plain("job.ended")],
            None,
        ),
        (
            false,
            vec![
                plain("job.paused"),
                accepted("running"),
                plain("target.intent"),
            ],
            None,
        ),
        (
            false,
            vec![
                plain("job.ended"),
                accepted("paused"),
                plain("target.intent"),
            ],
            Some(3),
        ),
        (false, forged_and_taken(), None),
        (
            false,
            [forged_and_taken(), life(&["target.intent"])].concat(),
            Some(5),
        ),
        (false, life(&["stop_all.set", "target.intent +6"]), Some(2)),
        (false, life(&["stop_all.set", "target.intent +5"]), None),
        (
            false,
            life(&["stop_all.set", "stop_all.set +5", "target.intent +6"]),
            Some(3),
        ),
        (
            false,
            life(&["stop_all.set", "stop_all.released", "target.intent +61"]),
            None,
        ),
    ]
}

/// Somebody set the row running; what that seemed to give was taken from it.
fn forged_and_taken() -> Vec<(&'static str, Value)> {
    let forged = json!({ "rows": "job", "row": "j" });
    let told = ("row.forged", forged);
    vec![
        plain("job.paused"),
        told,
        plain("job.paused"),
        plain("job.cancelled"),
    ]
}

fn accepted(state: &str) -> (&'static str, Value) {
    let detail = json!({ "rows": "job", "row": "j", "state": state });
    ("row.accepted", detail)
}

pub(crate) async fn what_the_log_forbids_is_named(database: &Database) {
    for (awaits, rest, forbidden) in lives() {
        let house = House::signed(database).await;
        let what = format!("{rest:?}");
        let stopped = rest.iter().any(|(action, _)| *action == "stop_all.set")
            && !rest
                .iter()
                .any(|(action, _)| *action == "stop_all.released");
        if stopped {
            let stop = "UPDATE orders SET value = '{}' WHERE name = 'stop_all'".to_owned();
            house.tamper(&[stop]).await;
        }
        let words = [vec![submitted(awaits)], rest].concat();
        let first = signed_with(&house, &words).await;
        stands(&house, "finished").await;
        house.tamper(&[times(&words)]).await;
        match forbidden {
            None => house.is_intact(&what).await,
            Some(behind) => {
                let found = house.finding().await;
                let expected = format!("record {}: forbidden: job j: ", first + behind);
                assert!(found.starts_with(&expected), "{what}: {found}");
            }
        }
        house.close().await;
    }
}

pub(crate) async fn a_job_that_stands_elsewhere_is_named(database: &Database) {
    // What is done to a job that was paused, and what of it is named; its pause is the second record.
    let cases = [
        (
            "UPDATE jobs SET state = 'running'",
            Some((1, "stands elsewhere")),
        ),
        (
            "UPDATE jobs SET state = 'scheduled'",
            Some((1, "stands elsewhere")),
        ),
        ("UPDATE jobs SET state = 'cancelled'", None),
        ("UPDATE jobs SET digest = 'e'", Some((1, "is another one"))),
        (
            "UPDATE jobs SET options = '{\"window\":5}'",
            Some((1, "is another one")),
        ),
        ("UPDATE jobs SET options = '{'", Some((1, "is another one"))),
        (
            "UPDATE jobs SET total = 2, waiting = 2",
            Some((1, "has other phones")),
        ),
        ("DELETE FROM job_targets", Some((1, "has other phones"))),
        (
            "DELETE FROM job_targets; DELETE FROM jobs",
            Some((1, "is gone")),
        ),
        (
            "DELETE FROM job_targets; UPDATE jobs SET id = 'k'",
            Some((1, "is gone")),
        ),
    ];
    for (statement, named) in cases {
        let house = House::signed(database).await;
        let words = [submitted(false), plain("job.paused")];
        let first = signed_with(&house, &words).await;
        stands(&house, "paused").await;
        house.tamper(&[times(&words)]).await;
        house.is_intact("before").await;
        house.tamper(&[statement.to_owned()]).await;
        match named {
            None => house.is_intact(statement).await,
            Some((behind, what)) => {
                let found = house.finding().await;
                let expected = format!("record {}: standing: the job j {what}", first + behind);
                assert!(found.starts_with(&expected), "{statement}: {found}");
            }
        }
        house.close().await;
    }
    one_more_phone_and_one_more_job(database).await;
}

/// What is told of a job, how it stands then, and how it may stand as well.
type End = (
    Vec<(&'static str, Value)>,
    &'static str,
    &'static [&'static str],
);

const NO_OTHER: &[&str] = &[];
const ANY_END: &[&str] = &["finished", "cancelled", "denied", "expired"];

/// Jobs that are over, told with how they ended; and some of which nobody told that.
fn told_ends() -> Vec<End> {
    let told = |action, state: &str| (action, json!({ "state": state }));
    let stopped = plain("job.cancelled");
    vec![
        (
            vec![submitted(true), plain("job.denied")],
            "denied",
            NO_OTHER,
        ),
        (
            vec![submitted(true), plain("job.approval_expired")],
            "expired",
            NO_OTHER,
        ),
        (
            vec![submitted(false), told("job.cancelled", "cancelled")],
            "cancelled",
            NO_OTHER,
        ),
        (
            vec![submitted(false), stopped, told("job.ended", "cancelled")],
            "cancelled",
            NO_OTHER,
        ),
        (
            vec![submitted(false), told("job.ended", "finished")],
            "finished",
            NO_OTHER,
        ),
        (
            vec![submitted(false), told("job.ended", "expired")],
            "expired",
            NO_OTHER,
        ),
        (
            vec![submitted(false), accepted("cancelled")],
            "cancelled",
            NO_OTHER,
        ),
        (vec![submitted(false)], "running", ANY_END),
        (
            vec![submitted(false), plain("job.ended")],
            "finished",
            ANY_END,
        ),
    ]
}

pub(crate) async fn an_end_that_was_told_is_the_end(database: &Database) {
    for (words, honest, others) in told_ends() {
        let house = House::signed(database).await;
        let first = signed_with(&house, &words).await;
        stands(&house, honest).await;
        house.tamper(&[times(&words)]).await;
        house.is_intact(&format!("{words:?}")).await;
        let states = ANY_END.iter().chain(&["running"]);
        for state in states.filter(|state| **state != honest) {
            let what = format!("{words:?} {state}");
            let change = format!("UPDATE jobs SET state = '{state}'");
            house.tamper(&[change]).await;
            if others.contains(state) {
                house.is_intact(&what).await;
                continue;
            }
            let found = house.finding().await;
            let last = first + i64::try_from(words.len()).unwrap() - 1;
            let expected = format!("record {last}: standing: the job j stands elsewhere");
            assert!(found.starts_with(&expected), "{what}: {found}");
        }
        house.close().await;
    }
}

pub(crate) async fn an_approval_of_something_else_is_named(database: &Database) {
    let agreed = |digest: &str| ("job.approved", json!({ "approval_digest": digest }));
    let (action, mut asked) = submitted(true);
    asked["approval_digest"] = json!("one");
    for (approved, forbidden) in [
        (agreed("one"), false),
        (agreed("two"), true),
        // By a program of before.
        (plain("job.approved"), false),
    ] {
        let house = House::signed(database).await;
        let words = [(action, asked.clone()), approved];
        let first = signed_with(&house, &words).await;
        stands(&house, "running").await;
        house.tamper(&[times(&words)]).await;
        if forbidden {
            let found = house.finding().await;
            let expected = format!("record {}: forbidden: job j: ", first + 1);
            assert!(found.starts_with(&expected), "{found}");
        } else {
            house.is_intact("approved as asked for").await;
        }
        house.close().await;
    }
}

async fn one_more_phone_and_one_more_job(database: &Database) {
    let house = House::signed(database).await;
    let first = signed_with(&house, &[submitted(false)]).await;
    stands(&house, "running").await;
    house.tamper(&[target("2")]).await;
    let found = house.finding().await;
    let expected = format!("record {first}: standing: the job j has other phones");
    assert!(found.starts_with(&expected), "{found}");
    house.close().await;
    let house = House::signed(database).await;
    stands(&house, "running").await;
    let size = house.store.audit_head().await.unwrap().size();
    let found = house.finding().await;
    let expected = format!("record {size}: standing: no record made the job j");
    assert!(found.starts_with(&expected), "{found}");
    house.close().await;
}

pub(crate) async fn an_order_that_nobody_gave_is_named(database: &Database) {
    let set = |name: &str, value: &str| {
        format!("UPDATE orders SET value = {value} WHERE name = '{name}'")
    };
    let rules = json!({ "after": { "phones_per_job": 5 } });
    let honest = [
        set("stop_all", "'{}'"),
        set("rules", "'{\"phones_per_job\": 5}'"),
        set("second_factor_roles", "'[\"admin\"]'"),
    ];
    let words = [
        plain("stop_all.set"),
        ("rules.changed", rules),
        ("second_factor.demanded", json!({ "after": ["admin"] })),
        (
            "row.accepted",
            json!({ "rows": "order", "row": "stop_all", "value": {} }),
        ),
    ];
    // Of which record each is named.
    let cases = [
        (set("stop_all", "NULL"), 3),
        (set("rules", "'{\"phones_per_job\": 6}'"), 1),
        (set("rules", "NULL"), 1),
        (set("second_factor_roles", "'[]'"), 2),
        (set("second_factor_roles", "'['"), 2),
        ("DELETE FROM orders WHERE name = 'rules'".to_owned(), 1),
    ];
    for (statement, behind) in cases {
        let house = House::signed(database).await;
        let first = signed_with(&house, &words).await;
        house.tamper(&honest).await;
        house.is_intact("before").await;
        house.tamper(std::slice::from_ref(&statement)).await;
        let found = house.finding().await;
        let expected = format!("record {}: standing: the order", first + behind);
        assert!(found.starts_with(&expected), "{statement}: {found}");
        house.close().await;
    }
    let house = House::signed(database).await;
    let size = house.store.audit_head().await.unwrap().size();
    house.tamper(&[set("rules", "'{}'")]).await;
    let found = house.finding().await;
    let expected = format!("record {size}: standing: the order rules");
    assert!(found.starts_with(&expected), "{found}");
    house.close().await;
}
