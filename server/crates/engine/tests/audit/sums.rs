//! What a job's row notes beside where it stands, changed by somebody without the key: sums, causes, times
//! and decisions; and the networks.

use carillon_domain::event::Event;
use serde_json::{Value, json};

use crate::courses::{counted, plain, signed_with, stands, submitted, target, times};
use crate::house::{Database, House, START};

/// A job of one phone that was not reached, over or not, signed, with its rows; answers what puts them
/// back.
async fn one_that_failed(database: &Database, over: bool) -> (House, i64, Vec<String>) {
    let house = House::signed(database).await;
    let failed = json!({ "state": "failed", "cause": "unreachable" });
    let mut words = vec![
        submitted(false),
        plain("target.intent"),
        ("target.result", failed),
    ];
    if over {
        words.push(("job.ended", json!({ "phones": { "failed": 1 } })));
    }
    let first = signed_with(&house, &words).await;
    stands(&house, if over { "finished" } else { "running" }).await;
    let failed = "UPDATE job_targets SET state = 'failed', cause = 'unreachable'".to_owned();
    let rows = [vec![failed, times(&words)], counted()].concat();
    house.tamper(&rows).await;
    house.is_intact("before").await;
    (house, if over { first + 3 } else { first }, rows)
}

const STATES: [&str; 9] = [
    "waiting",
    "sending",
    "verifying",
    "verified",
    "acknowledged",
    "unknown",
    "skipped",
    "cancelled",
    "expired",
];

/// What is changed, and what is said of it.
fn changes() -> Vec<(String, &'static str)> {
    let sums = STATES.map(|state| format!("UPDATE jobs SET failed = 0, {state} = 1"));
    let causes = [
        "UPDATE job_causes SET count = 2",
        "UPDATE job_causes SET cause = 'timeout'",
        "UPDATE job_causes SET cause = 'no such cause'",
        "DELETE FROM job_causes",
        "INSERT INTO job_causes (job, cause, count) VALUES ('j', 'timeout', 1)",
    ];
    let began = [
        "UPDATE jobs SET started_at = started_at + 1",
        "UPDATE jobs SET started_at = NULL",
    ];
    let said = |what| move |change: &str| (change.to_owned(), what);
    let sums = sums.iter().map(String::as_str).chain(causes);
    let sums = sums.map(said("has other sums"));
    sums.chain(began.into_iter().map(said("began at another time")))
        .collect()
}

pub(crate) async fn sums_and_times_that_were_changed_are_named(database: &Database) {
    let late = "ended at another time";
    let ended = [
        ("UPDATE jobs SET finished_at = finished_at + 1", late),
        ("UPDATE jobs SET finished_at = NULL", late),
    ];
    let ended = ended.map(|(change, what)| (change.to_owned(), what));
    let early = ("UPDATE jobs SET finished_at = 1".to_owned(), late);
    for over in [false, true] {
        let more = if over {
            &ended[..]
        } else {
            std::slice::from_ref(&early)
        };
        let (house, last, rows) = one_that_failed(database, over).await;
        for (change, what) in changes().iter().chain(more) {
            house.tamper(std::slice::from_ref(change)).await;
            let found = house.finding().await;
            let expected = format!("record {last}: standing: the job j {what}");
            assert!(found.starts_with(&expected), "{change}: {found}");
            house.tamper(&rows).await;
        }
        house.is_intact("put back").await;
        house.close().await;
    }
}

/// The record of a job's end tells its sums as well; a phone of which something is told later has others.
pub(crate) async fn sums_that_the_end_of_a_job_told_are_compared(database: &Database) {
    let took = json!({ "state": "acknowledged", "cause": null });
    let result = ("target.result", took);
    let ended = |state: &str| ("job.ended", json!({ "phones": { state: 1 } }));
    let before = [submitted(false), plain("target.intent"), result.clone()];
    for (behind, named) in [
        (vec![ended("acknowledged")], false),
        (vec![ended("verified")], true),
        (vec![ended("verified"), result], false),
        (vec![plain("job.ended")], false),
    ] {
        let house = House::signed(database).await;
        let words = [&before[..], &behind].concat();
        let first = signed_with(&house, &words).await;
        stands(&house, "finished").await;
        let took = "UPDATE job_targets SET state = 'acknowledged'".to_owned();
        house.tamper(&[took, times(&words)]).await;
        house.tamper(&counted()).await;
        let what = format!("{behind:?}");
        if named {
            let found = house.finding().await;
            let expected = format!("record {}: standing: the job j has other sums", first + 3);
            assert!(found.starts_with(&expected), "{what}: {found}");
        } else {
            house.is_intact(&what).await;
        }
        house.close().await;
    }
}

/// Of a job of before little was told; its sums are those of its phones all the same.
pub(crate) async fn sums_of_a_job_of_before_are_those_of_its_phones(database: &Database) {
    let house = House::signed(database).await;
    signed_with(&house, &[plain("job.submitted")]).await;
    stands(&house, "running").await;
    house.is_intact("before").await;
    let sums = "UPDATE jobs SET waiting = 0, failed = 1".to_owned();
    house.tamper(&[sums]).await;
    let size = house.store.audit_head().await.unwrap().size();
    let found = house.finding().await;
    let expected = format!("record {size}: standing: the sums of the job j are not those");
    assert!(found.starts_with(&expected), "{found}");
    house.close().await;
}

/// Keys to other tables hold nobody up who owns the database.
fn without_keys(database: &Database, statement: &str) -> Vec<String> {
    let without = match database {
        Database::Sqlite => vec!["PRAGMA foreign_keys = OFF"],
        Database::Postgres(_) => vec![
            "ALTER TABLE job_causes DROP CONSTRAINT IF EXISTS job_causes_job_fkey",
            "ALTER TABLE job_targets DROP CONSTRAINT IF EXISTS job_targets_job_fkey",
        ],
    };
    let without = without.into_iter().chain([statement]);
    without.map(str::to_owned).collect()
}

pub(crate) async fn what_is_kept_of_a_job_that_is_not_there_is_named(database: &Database) {
    for (statement, kept) in [
        (
            "INSERT INTO job_causes (job, cause, count) VALUES ('none', 'timeout', 1)",
            "causes",
        ),
        (
            "INSERT INTO job_targets (job, position, mac, name, extension, model, groups, state) \
             VALUES ('none', 0, '00:15:65:00:00:09', '', '', '', '[]', 'waiting')",
            "phones",
        ),
    ] {
        let house = House::signed(database).await;
        let words = [submitted(false)];
        signed_with(&house, &words).await;
        stands(&house, "running").await;
        house.tamper(&[times(&words)]).await;
        let size = house.store.audit_head().await.unwrap().size();
        house.tamper(&without_keys(database, statement)).await;
        let found = house.finding().await;
        let what = format!("record {size}: standing: {kept} are kept of the job none");
        assert!(found.starts_with(&what), "{found}");
        house.close().await;
    }
}

/// Who accepted a list told how many phones there are since; an earlier program did not.
pub(crate) async fn phones_of_a_list_that_somebody_accepted_are_counted(database: &Database) {
    let accepted = |total: Value| {
        let detail = json!({ "rows": "job-list", "row": "j", "total": total });
        ("row.accepted", detail)
    };
    for (total, named) in [(json!(2), false), (json!(3), true), (Value::Null, true)] {
        let house = House::signed(database).await;
        let words = [submitted(false), accepted(total.clone())];
        signed_with(&house, &words).await;
        stands(&house, "running").await;
        house.tamper(&[target("2"), times(&words)]).await;
        house.tamper(&counted()).await;
        let what = total.to_string();
        if named {
            let found = house.finding().await;
            assert!(
                found.contains("the job j has other phones"),
                "{what}: {found}"
            );
        } else {
            house.is_intact(&what).await;
        }
        house.close().await;
    }
}

/// A job with nobody to send to is over at once: no other record tells its end.
pub(crate) async fn a_job_that_was_over_at_once_ended_then(database: &Database) {
    for (change, named) in [
        (format!("finished_at = {START}"), false),
        ("finished_at = 1".to_owned(), true),
    ] {
        let house = House::signed(database).await;
        let (action, mut detail) = submitted(false);
        detail["run"] = json!(0);
        let skipped = json!({ "state": "skipped", "cause": "no_address" });
        let words = [(action, detail), ("target.result", skipped)];
        let first = signed_with(&house, &words).await;
        stands(&house, "finished").await;
        let skipped = "UPDATE job_targets SET state = 'skipped', cause = 'no_address'".to_owned();
        let change = format!("UPDATE jobs SET {change}");
        house.tamper(&[skipped, times(&words), change]).await;
        house.tamper(&counted()).await;
        if named {
            let found = house.finding().await;
            let expected = format!("record {first}: standing: the job j ended at another time");
            assert!(found.starts_with(&expected), "{found}");
        } else {
            house.is_intact("at once").await;
        }
        house.close().await;
    }
}

/// What whoever accepts the row of a job tells of its times counts; an earlier program told nothing.
pub(crate) async fn times_that_somebody_accepted_count(database: &Database) {
    let told = json!({ "rows": "job", "row": "j", "state": "running" });
    let mut noted = told.clone();
    noted["noted"] = json!({ "started_at": "2026-11-28T00:00:00Z", "finished_at": null });
    noted["decision"] = json!({ "until": null, "by": "anna", "at": "2026-11-28T00:00:00Z" });
    let decided = "decided_by = 'anna', decided_at = 1795824000000000";
    for (told, change, named) in [
        (told.clone(), "started_at = 5".to_owned(), None),
        (told, "started_at = NULL".to_owned(), None),
        (
            noted.clone(),
            format!("started_at = 1795824000000000, {decided}"),
            None,
        ),
        (
            noted.clone(),
            format!("started_at = 5, {decided}"),
            Some("the job j began"),
        ),
        (
            noted,
            "started_at = 1795824000000000, decided_by = 'anna', decided_at = 1".to_owned(),
            Some("job j was decided"),
        ),
    ] {
        let house = House::signed(database).await;
        let words = [submitted(false), ("row.accepted", told)];
        let first = signed_with(&house, &words).await;
        stands(&house, "running").await;
        house.tamper(&[format!("UPDATE jobs SET {change}")]).await;
        match named {
            None => house.is_intact(&change).await,
            Some(what) => {
                let found = house.finding().await;
                let expected = format!("record {}: standing: {what}", first + 1);
                assert!(found.starts_with(&expected), "{change}: {found}");
            }
        }
        house.close().await;
    }
}

/// A job that somebody let run, told with the end of its waiting or without.
fn waited(until: Option<&str>) -> [(&'static str, Value); 2] {
    let (action, mut detail) = submitted(true);
    if let Some(until) = until {
        detail["approve_until"] = json!(until);
    }
    [(action, detail), plain("job.approved")]
}

const UNTIL: i64 = 1_795_824_000_000_000;

pub(crate) async fn decisions_at_other_times_are_named(database: &Database) {
    let told = Some("2026-11-28T00:00:00Z");
    for (until, change, named) in [
        (told, "decided_at = decided_at + 1", Some(1)),
        (told, "decided_at = NULL", Some(1)),
        (told, "decided_at = NULL, decided_by = NULL", Some(1)),
        (told, "approve_until = approve_until + 1", Some(0)),
        (told, "approve_until = NULL", Some(0)),
        (
            told,
            "approve_until = NULL, decided_by = NULL, decided_at = NULL",
            Some(0),
        ),
        (None, "approve_until = approve_until + 1", None),
        (None, "approve_until = NULL", Some(0)),
        (None, "decided_at = decided_at + 1", Some(1)),
    ] {
        let house = House::signed(database).await;
        let words = waited(until);
        let first = signed_with(&house, &words).await;
        stands(&house, "running").await;
        let until = format!("UPDATE jobs SET approve_until = {UNTIL}");
        house.tamper(&[times(&words), until]).await;
        house.is_intact("before").await;
        house.tamper(&[format!("UPDATE jobs SET {change}")]).await;
        match named {
            None => house.is_intact(change).await,
            Some(behind) => {
                let found = house.finding().await;
                let expected = format!("record {}: standing: ", first + behind);
                assert!(found.starts_with(&expected), "{change}: {found}");
            }
        }
        house.close().await;
    }
    one_that_did_not_wait(database).await;
}

async fn one_that_did_not_wait(database: &Database) {
    for change in ["approve_until = 5", "decided_at = 5"] {
        let house = House::signed(database).await;
        let words = [submitted(false)];
        signed_with(&house, &words).await;
        stands(&house, "running").await;
        house.tamper(&[times(&words)]).await;
        house.is_intact("before").await;
        house.tamper(&[format!("UPDATE jobs SET {change}")]).await;
        let size = house.store.audit_head().await.unwrap().size();
        let found = house.finding().await;
        let expected = format!("record {size}: standing: ");
        assert!(found.starts_with(&expected), "{change}: {found}");
        house.close().await;
    }
}

/// The row of a choice of networks.
fn chosen() -> String {
    format!(
        "INSERT INTO egress (place, networks, version, changed_by, changed_at) \
         VALUES ('phones', '10.0.0.0/8 10.20.0.0/16', 7, 'carillon', {START})"
    )
}

fn choice(more: &Value) -> (&'static str, Value) {
    let mut detail = json!({ "after": ["10.0.0.0/8", "10.20.0.0/16"] });
    for (name, value) in more.as_object().into_iter().flatten() {
        detail[name] = value.clone();
    }
    ("networks.changed", detail)
}

pub(crate) async fn networks_that_nobody_chose_are_named(database: &Database) {
    let accepted = |choice: Value| {
        let detail = json!({ "rows": "networks", "row": "phones", "choice": choice });
        ("row.accepted", detail)
    };
    let found = json!({
        "networks": ["10.0.0.0/8"], "version": 9, "by": "anna", "at": "2026-11-28T00:00:00Z",
    });
    let as_found =
        format!("networks = '10.0.0.0/8', version = 9, changed_by = 'anna', changed_at = {UNTIL}");
    let told = || vec![choice(&json!({ "version": 7 }))];
    for (words, change, named) in [
        (told(), "version = 7", None),
        (told(), "networks = '10.0.0.0/8'", Some(0)),
        (told(), "networks = ''", Some(0)),
        (told(), "version = 8", Some(0)),
        (told(), "changed_by = 'anna'", Some(0)),
        (told(), "changed_at = changed_at + 1", Some(0)),
        (vec![choice(&Value::Null)], "version = 8", None),
        (
            vec![choice(&json!({ "asked_by": "anna" }))],
            "changed_by = 'anna'",
            None,
        ),
        (
            vec![choice(&json!({ "asked_by": "anna" }))],
            "version = 7",
            Some(0),
        ),
        (vec![plain("networks.changed")], "networks = ''", None),
        (
            vec![choice(&Value::Null), accepted(Value::Null)],
            "networks = ''",
            None,
        ),
        (
            vec![choice(&Value::Null), accepted(found.clone())],
            &as_found,
            None,
        ),
        (
            vec![choice(&Value::Null), accepted(found)],
            "networks = ''",
            Some(1),
        ),
    ] {
        let house = House::signed(database).await;
        let first = signed_of_the_house(&house, &words).await;
        house
            .tamper(&[chosen(), format!("UPDATE egress SET {change}")])
            .await;
        match named {
            None => house.is_intact(change).await,
            Some(behind) => {
                let found = house.finding().await;
                let expected = format!("record {}: standing: the networks are not", first + behind);
                assert!(found.starts_with(&expected), "{change}: {found}");
            }
        }
        house.close().await;
    }
    a_row_that_no_record_made(database).await;
}

/// Records that are of no job.
async fn signed_of_the_house(house: &House, words: &[(&'static str, Value)]) -> i64 {
    let first = i64::try_from(house.store.audit_head().await.unwrap().size()).unwrap();
    let event = |(action, detail): &(&'static str, Value)| {
        let by = carillon_domain::event::Actor::system();
        let mut event = Event::new(house.clock.now(), by, action);
        event.detail = detail.clone();
        event
    };
    let events: Vec<Event> = words.iter().map(event).collect();
    let unit = house.store.begin().await.unwrap();
    unit.record(&events).await.unwrap().commit().await.unwrap();
    house.notary().await.look(true).await.unwrap();
    first
}

async fn a_row_that_no_record_made(database: &Database) {
    let house = House::signed(database).await;
    house.tamper(&[chosen()]).await;
    let size = house.store.audit_head().await.unwrap().size();
    let found = house.finding().await;
    assert!(
        found.starts_with(&format!("record {size}: standing: ")),
        "{found}"
    );
    house.close().await;
    let house = House::signed(database).await;
    let first = signed_of_the_house(&house, &[choice(&Value::Null)]).await;
    let found = house.finding().await;
    assert!(
        found.starts_with(&format!("record {first}: standing: ")),
        "{found}"
    );
    house.close().await;
}
