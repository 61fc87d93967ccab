//! What tables say that phones came to, and by what people come in, against what the log told.

use carillon_domain::event::{Actor, ActorKind, Event};
use serde_json::{Value, json};

use crate::courses::{counted, plain, signed_with, stands, submitted, times, told};
use crate::house::{Database, House};

fn came_to(state: &str, cause: Option<&str>) -> (&'static str, Value) {
    ("target.result", json!({ "state": state, "cause": cause }))
}

/// What is told of a job of one phone that took its command.
fn from_its_beginning_to_its_end() -> [(&'static str, Value); 4] {
    [
        submitted(false),
        plain("target.intent"),
        came_to("acknowledged", None),
        plain("job.ended"),
    ]
}

/// A job of one phone that took its command, signed, with its rows.
async fn one_that_took_it(database: &Database) -> (House, i64) {
    let house = House::signed(database).await;
    let words = [
        submitted(false),
        plain("target.intent"),
        came_to("acknowledged", None),
    ];
    let first = signed_with(&house, &words).await;
    stands(&house, "running").await;
    let took = "UPDATE job_targets SET state = 'acknowledged', finished_at = 1".to_owned();
    house.tamper(&[took, times(&words)]).await;
    house.tamper(&counted()).await;
    house.is_intact("before").await;
    (house, first)
}

pub(crate) async fn a_result_that_was_changed_is_named(database: &Database) {
    for change in [
        "state = 'failed', cause = 'timeout'",
        "state = 'verified'",
        "cause = 'timeout'",
        "cause = ''",
        "state = 'waiting', finished_at = NULL",
        "mac = '80:5e:00:00:00:09'",
        "mac = '80:5e:00:00:00:09', state = 'waiting', finished_at = NULL",
    ] {
        let (house, first) = one_that_took_it(database).await;
        house
            .tamper(&[format!("UPDATE job_targets SET {change}")])
            .await;
        let found = house.finding().await;
        let expected = format!("record {first}: standing: ");
        assert!(found.starts_with(&expected), "{change}: {found}");
        house.close().await;
    }
}

/// What is told behind the end of a job, what is done to its rows, and which record that contradicts.
type Late = (Vec<(&'static str, Value)>, &'static str, Option<i64>);

/// A job is let go of once it is over and its rows say so: what is told of it later counts all the same.
fn told_late() -> Vec<Late> {
    let nothing = "UPDATE jobs SET reason = ''";
    let accepted = (
        "row.accepted",
        json!({ "rows": "job", "row": "j", "state": "running" }),
    );
    let failed = "UPDATE job_targets SET state = 'failed', cause = 'unreachable'";
    vec![
        (vec![], nothing, None),
        (vec![], failed, Some(3)),
        (vec![], "UPDATE jobs SET digest = 'e'", Some(3)),
        (vec![], "UPDATE jobs SET state = 'running'", Some(3)),
        (vec![], "DELETE FROM job_targets", Some(3)),
        (vec![], "DELETE FROM job_targets; DELETE FROM jobs", Some(3)),
        (vec![came_to("failed", Some("unreachable"))], failed, None),
        (
            vec![came_to("failed", Some("unreachable"))],
            nothing,
            Some(3),
        ),
        (vec![came_to("acknowledged", None)], nothing, None),
        (vec![plain("target.given_back")], nothing, Some(3)),
        (vec![plain("job.ended")], nothing, Some(4)),
        (vec![plain("job.resumed")], nothing, Some(4)),
        (vec![plain("target.intent")], nothing, Some(4)),
        (vec![accepted.clone()], nothing, None),
        (
            vec![accepted, plain("target.intent")],
            "UPDATE job_targets SET state = 'waiting'",
            None,
        ),
    ]
}

pub(crate) async fn a_job_that_is_over_is_compared_all_the_same(database: &Database) {
    for (late, change, named) in told_late() {
        let house = House::signed(database).await;
        let words = from_its_beginning_to_its_end();
        let what = format!("{late:?}, {change}");
        let first = signed_with(&house, &[&words[..], &late].concat()).await;
        stands(&house, "finished").await;
        let took = "UPDATE job_targets SET state = 'acknowledged', finished_at = 1".to_owned();
        house
            .tamper(&[took, times(&words), change.to_owned()])
            .await;
        house.tamper(&counted()).await;
        match named {
            None => house.is_intact(&what).await,
            Some(behind) => {
                let found = house.finding().await;
                let expected = format!("record {}: ", first + behind);
                assert!(found.starts_with(&expected), "{what}: {found}");
            }
        }
        house.close().await;
    }
}

pub(crate) async fn an_end_that_nobody_told_is_named(database: &Database) {
    let house = House::signed(database).await;
    let words = [submitted(false), plain("target.intent")];
    let first = signed_with(&house, &words).await;
    stands(&house, "running").await;
    house.tamper(&[times(&words)]).await;
    house.is_intact("under way").await;
    let made_up = "UPDATE job_targets SET state = 'verified'".to_owned();
    house.tamper(&[made_up]).await;
    let found = house.finding().await;
    let expected = format!("record {first}: standing: ");
    assert!(found.starts_with(&expected), "{found}");
    house.close().await;
}

pub(crate) async fn who_accepted_a_job_took_its_phones_as_they_stood(database: &Database) {
    let house = House::signed(database).await;
    let accepted = json!({ "rows": "job", "row": "j", "state": "running" });
    let words = [
        submitted(false),
        plain("target.intent"),
        came_to("acknowledged", None),
        ("row.accepted", accepted),
    ];
    signed_with(&house, &words).await;
    stands(&house, "running").await;
    house.is_intact("waits again").await;
    let ended = "UPDATE job_targets SET state = 'verified'".to_owned();
    house.tamper(&[ended]).await;
    house.tamper(&counted()).await;
    house.is_intact("stood so").await;
    house.close().await;
}

/// Records of one person under a session, by action.
async fn lived(house: &House, words: &[(&str, &str, Value)]) -> i64 {
    let first = i64::try_from(house.store.audit_head().await.unwrap().size()).unwrap();
    let event = |(action, session, detail): &(&str, &str, Value)| {
        let actor = Actor {
            kind: ActorKind::User,
            id: "u".to_owned(),
            name: "anna".to_owned(),
            auth: "password".to_owned(),
            session: (*session).to_owned(),
        };
        let mut event = Event::new(house.clock.now(), actor, action);
        event.detail = detail.clone();
        event
    };
    let events: Vec<Event> = words.iter().map(event).collect();
    let unit = house.store.begin().await.unwrap();
    unit.record(&events).await.unwrap().commit().await.unwrap();
    house.notary().await.look(true).await.unwrap();
    first
}

/// What stands open, by the beginnings of hashes: sessions, links and codes.
fn standing(house: &House) -> Vec<String> {
    let hash = |first: u8| house.bytes(&[first; 32]);
    let (session, other) = (hash(0xaa), hash(0xbb));
    let row = |hash: &str| {
        format!(
            "INSERT INTO sessions (id_hash, user_id, auth, created_at, last_seen_at, proved_at, ip, agent) \
             VALUES ({hash}, 'anna', 'password', 1, 1, 1, '', '')"
        )
    };
    vec![
        "INSERT INTO users (id, name, name_key, role, created_at, updated_at) \
         VALUES ('anna', 'anna', 'anna', 'viewer', 0, 0)"
            .to_owned(),
        row(&session),
        row(&other),
        format!(
            "INSERT INTO reset_links (code_hash, user_id, expires_at) VALUES ({}, 'anna', 5)",
            hash(0xcc)
        ),
        format!(
            "INSERT INTO recovery_codes (code_hash, user_id) VALUES ({}, 'anna')",
            hash(0xdd)
        ),
    ]
}

/// A record that tells what its unit ended; whether something of that stands there.
fn ended(
    action: &'static str,
    kind: &str,
    name: &str,
    over: bool,
) -> (&'static str, &'static str, Value, bool) {
    (action, "", json!({ "ended": { kind: [name] } }), over)
}

pub(crate) async fn what_somebody_accepted_may_stand_again(database: &Database) {
    let house = House::signed(database).await;
    let made = json!({ "user": "anna", "role": "viewer" });
    let out = json!({ "session": "aaaaaaaa" });
    let accepted = json!({ "rows": "session", "row": "aaaaaaaa" });
    let words = [
        ("user.created", "", made),
        ("account.signed_out", "", out),
        ("row.accepted", "", accepted),
    ];
    lived(&house, &words).await;
    house.tamper(&standing(&house)).await;
    house.is_intact("accepted").await;
    house.close().await;
}

pub(crate) async fn what_was_over_and_stands_again_is_named(database: &Database) {
    const A: &str = "aaaaaaaa";
    const B: &str = "bbbbbbbb";
    let entered =
        |session: &'static str| ("account.signed_in", session, json!({ "session": session }));
    let made = (
        "user.created",
        "",
        json!({ "user": "anna", "role": "viewer" }),
    );
    let link = (
        "user.reset_link_made",
        "",
        json!({ "user": "anna", "link": "cccccccc" }),
    );
    let begun = [made, link, entered(A), entered(B)];
    let of_anna = || json!({ "user": "anna" });
    // What is told behind that; whether it ended something that stands there.
    let cases = [
        (
            "account.signed_in",
            "",
            json!({ "session": "12345678" }),
            false,
        ),
        ("account.signed_out", A, json!({ "session": A }), true),
        (
            "session.ended",
            "",
            json!({ "user": "anna", "session": B }),
            true,
        ),
        ("user.password_set", "", of_anna(), true),
        ("user.password_set", "", json!({ "user": "berta" }), false),
        ("user.password_changed", A, of_anna(), true),
        ("second_factor.reset", "", of_anna(), true),
        (
            "user.password_reset",
            "",
            json!({ "user": "x", "link": "cccccccc" }),
            true,
        ),
        (
            "user.password_reset",
            "",
            json!({ "user": "x", "link": "12345678" }),
            false,
        ),
        ("account.proved", A, json!({ "renewed": "12345678" }), true),
        (
            "account.proved",
            "",
            json!({ "recovery_code": "dddddddd" }),
            true,
        ),
        (
            "account.signed_in",
            "",
            json!({ "recovery_code": "12345678" }),
            false,
        ),
        ended("user.role_changed", "sessions", "aaaaaaaa", true),
        ended("session.others_ended", "sessions", "bbbbbbbb", true),
        ended("session.expired", "sessions", "12345678", false),
        ended("user.reset_link_made", "links", "cccccccc", true),
        ended("second_factor.codes_renewed", "codes", "dddddddd", true),
        ended("second_factor.codes_renewed", "codes", "aaaaaaaa", false),
    ];
    for case in cases {
        let (action, session, detail, over) = case;
        let house = House::signed(database).await;
        let what = format!("{action} {detail}");
        let words = [&begun[..], &[(action, session, detail)]].concat();
        let first = lived(&house, &words).await;
        house.tamper(&standing(&house)).await;
        if over {
            let found = house.finding().await;
            let expected = format!("record {}: standing: the ", first + 4);
            assert!(found.starts_with(&expected), "{what}: {found}");
            assert!(found.contains("is back"), "{what}: {found}");
        } else {
            house.is_intact(&what).await;
        }
        house.close().await;
    }
}

/// What records tell of the phone, and what is done to its row.
const NAMES: [(&str, &str); 6] = [
    ("another name", "name = 'Boardroom'"),
    ("no name", "name = ''"),
    ("another site", "site = 'bremen'"),
    ("no site", "site = NULL"),
    ("another group", "groups = '[\"desk\",\"board\"]'"),
    ("no list of groups", "groups = 'desk'"),
];

/// A job that is over, or goes on, and its phone as records name it.
async fn named(database: &Database, ended: bool) -> (House, i64) {
    let house = House::signed(database).await;
    let words = from_its_beginning_to_its_end();
    let words = &words[..if ended { 4 } else { 3 }];
    let first = i64::try_from(house.store.audit_head().await.unwrap().size()).unwrap();
    let mut events = told(&house, words);
    for event in events.iter_mut().filter(|event| event.phone.is_some()) {
        "Reception".clone_into(&mut event.phone_name);
        event.site = Some("kiel".to_owned());
        event.groups = vec!["desk".to_owned(), "late".to_owned()];
    }
    let unit = house.store.begin().await.unwrap();
    unit.record(&events).await.unwrap().commit().await.unwrap();
    house.notary().await.look(true).await.unwrap();
    stands(&house, if ended { "finished" } else { "running" }).await;
    let took = "UPDATE job_targets SET state = 'acknowledged', finished_at = 1, \
                name = 'Reception', site = 'kiel', groups = '[\"desk\",\"late\"]'";
    house.tamper(&[took.to_owned(), times(words)]).await;
    house.tamper(&counted()).await;
    (house, first)
}

pub(crate) async fn a_phone_of_a_job_that_was_renamed_is_named(database: &Database) {
    for ended in [false, true] {
        let (house, first) = named(database, ended).await;
        house.is_intact("as it was told").await;
        house.close().await;
        for (what, change) in NAMES {
            let (house, _) = named(database, ended).await;
            house
                .tamper(&[format!("UPDATE job_targets SET {change}")])
                .await;
            let found = house.finding().await;
            let record = first + if ended { 3 } else { 0 };
            let expected = format!(
                "record {record}: standing: 80:5e:00:00:00:01 of the job j has another name, site or groups"
            );
            assert!(found.starts_with(&expected), "{what}: {found}");
            house.close().await;
        }
    }
}
