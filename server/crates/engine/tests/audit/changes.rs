//! Requests for a change whose rows somebody changed, removed or made up, and what the log forbids of them.

use carillon_domain::Timestamp;
use carillon_domain::event::{Actor, ActorKind, Event, EventResult};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::house::{Database, House, START};

const UNTIL: i64 = START + 1_800_000_000;

/// Of a request about the networks of this subject, which asks for this: its digest.
fn digest(id: &str, asked: &str) -> String {
    let time = |micros| Timestamp::from_micros(micros).to_string();
    let (asked_at, until) = (time(START), time(UNTIL));
    let parts = [id, "networks", id, "{}", asked, "a", &asked_at, &until];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(format!("{}\n{part}", part.len()));
    }
    hex::encode(hash.finalize())
}

/// What is told: an action, by whom, and the detail.
type Word = (&'static str, &'static str, Value);

fn requested(id: &str) -> Word {
    let told = json!({ "change": id, "digest": digest(id, "[1]") });
    ("change.requested", "anna", told)
}

fn ended(action: &'static str, id: &str) -> Word {
    let told = json!({ "change": id, "digest": digest(id, "[1]") });
    (action, "berta", told)
}

fn forged(id: &str) -> Word {
    let told = json!({ "rows": "change-request", "row": id });
    ("row.forged", "carillon", told)
}

fn accepted(id: &str, request: Value) -> Word {
    let told = json!({ "rows": "change-request", "row": id, "request": request });
    ("row.accepted", "carillon", told)
}

fn event(house: &House, (action, by, detail): &Word) -> Event {
    let actor = match *by {
        "carillon" => Actor::system(),
        name => Actor {
            kind: ActorKind::User,
            id: name[..1].to_owned(),
            name: name.to_owned(),
            auth: "password".to_owned(),
            session: String::new(),
        },
    };
    let mut event = Event::new(house.clock.now(), actor, action);
    if *action == "row.forged" {
        event.result = EventResult::Failed;
    }
    if *by == "anna" {
        "because".clone_into(&mut event.reason);
    }
    event.detail = detail.clone();
    event
}

/// Records these behind the others and signs them; answers the first number.
async fn signed_with(house: &House, words: &[Word]) -> i64 {
    let first = i64::try_from(house.store.audit_head().await.unwrap().size()).unwrap();
    let events: Vec<_> = words.iter().map(|word| event(house, word)).collect();
    let unit = house.store.begin().await.unwrap();
    unit.record(&events).await.unwrap().commit().await.unwrap();
    house.notary().await.look(true).await.unwrap();
    first
}

/// The row of a request; one that somebody ended says so.
fn row(id: &str, state: &str, by: Option<&str>) -> String {
    let digest = digest(id, "[1]");
    let decided = match by {
        None => "NULL, NULL, NULL".to_owned(),
        Some("carillon") => format!("NULL, 'carillon', {START}"),
        Some(by) => format!("'{}', '{by}', {START}", &by[..1]),
    };
    format!(
        "INSERT INTO change_requests (id, kind, subject, base, asked, digest, account, actor, asked_at, \
         reason, until, state, decider, decided_by, decided_at, version) VALUES ('{id}', 'networks', \
         '{id}', '{{}}', '[1]', '{digest}', 'a', 'anna', {START}, 'because', {UNTIL}, '{state}', {decided}, 0)"
    )
}

/// One that was approved, one that waits, one that was made alone; behind them none.
async fn three(database: &Database) -> (House, i64) {
    let house = House::signed(database).await;
    let mut alone = requested("c3");
    alone.0 = "networks.changed";
    alone.2["alone"] = json!(true);
    let words = [
        requested("c1"),
        ended("change.approved", "c1"),
        requested("c2"),
        alone,
    ];
    let first = signed_with(&house, &words).await;
    let rows = [
        row("c1", "approved", Some("berta")),
        row("c2", "waiting", None),
        row("c3", "alone", None),
    ];
    house.tamper(&rows).await;
    house.is_intact("before").await;
    (house, first)
}

const APPROVED: i64 = 1;
const WAITS: i64 = 2;
const ALONE: i64 = 3;
const NOBODY: i64 = 4;

/// What is set in a row, the record that is named, and what of it.
const SET: [(&str, &str, i64, &str); 22] = [
    (
        "c1",
        "state = 'waiting', decider = NULL, decided_by = NULL, decided_at = NULL",
        APPROVED,
        "stands elsewhere",
    ),
    ("c1", "state = 'waiting'", APPROVED, "stands elsewhere"),
    ("c1", "state = 'denied'", APPROVED, "stands elsewhere"),
    ("c1", "decided_by = 'carla'", APPROVED, "stands elsewhere"),
    ("c1", "decider = 'c'", APPROVED, "stands elsewhere"),
    ("c1", "decider = NULL", APPROVED, "stands elsewhere"),
    (
        "c1",
        "decided_at = decided_at + 1",
        APPROVED,
        "stands elsewhere",
    ),
    (
        "c2",
        "state = 'approved', decider = 'b', decided_by = 'berta', decided_at = 1",
        WAITS,
        "stands elsewhere",
    ),
    ("c2", "state = 'expired'", WAITS, "stands elsewhere"),
    ("c2", "state = 'alone'", WAITS, "stands elsewhere"),
    ("c3", "state = 'waiting'", ALONE, "stands elsewhere"),
    ("c2", "kind = 'rules'", WAITS, "is another one"),
    ("c2", "subject = 'x'", WAITS, "is another one"),
    ("c2", "base = '{ }'", WAITS, "is another one"),
    ("c2", "asked = '[2]'", WAITS, "is another one"),
    ("c2", "digest = 'x'", WAITS, "is another one"),
    ("c2", "account = 'b'", WAITS, "is another one"),
    ("c2", "actor = 'berta'", WAITS, "is another one"),
    ("c2", "asked_at = asked_at + 1", WAITS, "is another one"),
    ("c2", "reason = 'x'", WAITS, "is another one"),
    ("c2", "until = until + 1", WAITS, "is another one"),
    ("c1", "id = 'c9'", APPROVED, "is gone"),
];

pub(crate) async fn a_request_that_stands_otherwise_is_named(database: &Database) {
    let set = SET.map(|(id, set, behind, what)| {
        let text = format!("UPDATE change_requests SET {set} WHERE id = '{id}'");
        (text, behind, format!("the change {id} {what}"))
    });
    let other = digest("c2", "[2]");
    let with_its_digest =
        format!("UPDATE change_requests SET asked = '[2]', digest = '{other}' WHERE id = 'c2'");
    let mut more = vec![(
        with_its_digest,
        WAITS,
        "the change c2 is another one".to_owned(),
    )];
    for (id, behind) in [("c1", APPROVED), ("c2", WAITS), ("c3", ALONE)] {
        let text = format!("DELETE FROM change_requests WHERE id = '{id}'");
        more.push((text, behind, format!("the change {id} is gone")));
    }
    for (state, by) in [
        ("waiting", None),
        ("alone", None),
        ("approved", Some("berta")),
    ] {
        let what = "no record asked for the change c4".to_owned();
        more.push((row("c4", state, by), NOBODY, what));
    }
    for (statement, behind, what) in set.into_iter().chain(more) {
        let (house, first) = three(database).await;
        house.tamper(std::slice::from_ref(&statement)).await;
        let found = house.finding().await;
        let expected = format!("record {}: standing: {what}", first + behind);
        assert!(found.starts_with(&expected), "{statement}: {found}");
        house.close().await;
    }
}

/// What is told of one request, how its row stands, and the record that cannot have happened.
type Life = (Vec<Word>, (&'static str, Option<&'static str>), Option<i64>);

fn lives() -> Vec<Life> {
    let (approved, denied) = (
        || ended("change.approved", "c"),
        || ended("change.denied", "c"),
    );
    let (asked, berta) = (|| requested("c"), Some("berta"));
    let mut other = approved();
    other.2["digest"] = json!("another");
    let mut expired = ended("change.expired", "c");
    expired.1 = "carillon";
    let waits = json!({
        "digest": digest("c", "[1]"), "content": digest("c", "[1]"), "asked_by": "anna",
        "reason": "because", "state": "waiting", "decided": [null, null, null],
    });
    vec![
        (vec![asked(), denied()], ("denied", berta), None),
        (
            vec![asked(), ended("change.cancelled", "c")],
            ("cancelled", berta),
            None,
        ),
        (
            vec![asked(), ended("change.voided", "c")],
            ("void", berta),
            None,
        ),
        (
            vec![asked(), expired.clone()],
            ("expired", Some("carillon")),
            None,
        ),
        (
            vec![asked(), denied(), approved()],
            ("approved", berta),
            Some(2),
        ),
        (
            vec![asked(), denied(), expired.clone()],
            ("expired", Some("carillon")),
            Some(2),
        ),
        (
            vec![asked(), approved(), approved()],
            ("approved", berta),
            Some(2),
        ),
        (vec![approved()], ("approved", berta), Some(0)),
        (vec![asked(), other], ("approved", berta), Some(1)),
        // What a row that did not count seemed to have was taken from it.
        (
            vec![asked(), denied(), forged("c"), expired.clone()],
            ("expired", Some("carillon")),
            None,
        ),
        (
            vec![asked(), denied(), forged("c"), approved()],
            ("approved", berta),
            Some(3),
        ),
        (
            vec![asked(), denied(), accepted("c", waits.clone())],
            ("waiting", None),
            None,
        ),
        (
            vec![asked(), denied(), accepted("c", waits), denied()],
            ("denied", berta),
            None,
        ),
        (
            vec![asked(), denied(), accepted("c", Value::Null), approved()],
            ("alone", None),
            None,
        ),
    ]
}

pub(crate) async fn what_the_log_forbids_of_requests_is_named(database: &Database) {
    for (words, (state, by), forbidden) in lives() {
        let house = House::signed(database).await;
        let first = signed_with(&house, &words).await;
        house.tamper(&[row("c", state, by)]).await;
        let what = format!("{words:?}");
        match forbidden {
            None => house.is_intact(&what).await,
            Some(behind) => {
                let found = house.finding().await;
                let expected = format!("record {}: forbidden: change c: ", first + behind);
                assert!(found.starts_with(&expected), "{what}: {found}");
            }
        }
        house.close().await;
    }
}

/// An earlier program did not tell which it made alone; and what was accepted stands as it was told.
pub(crate) async fn what_is_not_told_of_a_request_is_not_judged(database: &Database) {
    let house = House::signed(database).await;
    let alone = ("networks.changed", "anna", json!({ "alone": true }));
    let first = signed_with(&house, &[requested("c"), alone]).await;
    let rows = [row("c", "waiting", None), row("d", "alone", None)];
    house.tamper(&rows).await;
    house.is_intact("made alone").await;
    house.tamper(&[row("e", "waiting", None)]).await;
    let found = house.finding().await;
    let expected = format!(
        "record {}: standing: no record asked for the change e",
        first + 2
    );
    assert!(found.starts_with(&expected), "{found}");
    house.close().await;
}
