//! Rows that decide who may do what, and sealed values, changed behind the log's back.

use carillon_domain::event::{Actor, Event};
use carillon_domain::role::Role;
use carillon_engine::audit::Verdict;
use carillon_engine::secrets::Keyring;
use carillon_store::testing::raw;
use carillon_store::{NewUser, Store};
use serde_json::json;

use std::time::Duration;

use crate::house::{Database, House, START};

/// What else may be forged: a token, a second factor, a named credential, a stream's secret and a
/// job that needed a second person. Their records stand behind the others, in this order.
async fn furnish_more(house: &House, events: &mut Vec<Event>) {
    let now = house.clock.now();
    let sealed = |kind: &str| format!("sealed {kind}").into_bytes();
    let (factor, credential, secret) = (sealed("factor"), sealed("credential"), sealed("secret"));
    let mut tell = |action: &str, detail| {
        let mut event = Event::new(now, Actor::system(), action);
        event.detail = detail;
        events.push(event);
    };
    let end = now.plus(Duration::from_hours(1));
    let token = json!({ "user": "anna", "token": "tok", "scope": "read", "expires_at": end });
    tell("token.created", token);
    let digest = Keyring::digest_of;
    let told = json!({ "user": "anna", "sealed": digest(&factor) });
    tell("second_factor.set_up", told);
    let told = json!({ "name": "front", "sealed": digest(&credential) });
    tell("credential.created", told);
    let told = json!({ "stream": "siem", "sealed": digest(&secret) });
    tell("stream.secret_made", told);
    for _ in 0..2 {
        tell(
            "job.submitted",
            json!({ "digest": "", "options": {}, "total": 0, "awaits_approval": true }),
        );
    }
    tell("job.approved", json!({}));
    for (name, value) in [("anna", &factor), ("berta", &sealed("other"))] {
        let (value, name) = (house.bytes(value), name);
        let text = format!("UPDATE users SET factor = {value} WHERE name = '{name}'");
        raw(&house.url, &text).await.unwrap();
    }
    for (event, job) in events.iter_mut().rev().zip(["j1", "j2", "j1"]) {
        event.job = Some(job.to_owned());
    }
    let text = format!(
        "INSERT INTO api_tokens (id, token_hash, user_id, label, scope, created_at, expires_at) \
         VALUES ('tok', {hash}, 'anna', 'x', 'read', 0, {end}); \
         INSERT INTO credentials (name, username, secret, secret_version, changed_at) \
         VALUES ('front', 'u', {credential}, 1, 0); \
         INSERT INTO streams (name, receiver, secret) VALUES ('siem', 'r', {secret}); {j1}; {j2}",
        hash = house.bytes(b"hash"),
        end = end.micros(),
        credential = house.bytes(&credential),
        secret = house.bytes(&secret),
        j1 = job("j1", "finished"),
        j2 = job("j2", "expired"),
    );
    raw(&house.url, &text).await.unwrap();
    let decided = format!(
        "UPDATE jobs SET started_at = {START}, decided_by = 'carillon', decided_at = {START} \
         WHERE id = 'j1'"
    );
    raw(&house.url, &decided).await.unwrap();
}

/// A job that needed a second person.
fn job(id: &str, state: &str) -> String {
    let counters = "waiting, sending, verifying, verified, acknowledged, failed, unknown, \
         skipped, cancelled, expired";
    format!(
        "INSERT INTO jobs (id, action, params_shown, options, targets_shown, state, total, \
         {counters}, actor_kind, actor_id, actor_name, actor_auth, reason, created_at, digest, \
         request_example, approve_until) \
         VALUES ('{id}', 'Reboot', '', '{{}}', '', '{state}', 0, \
         0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'system', '', 'carillon', '', '', {START}, '', '', 5)"
    )
}

/// Two accounts and two numbers, as the engine records them, and more; answers the number of the
/// first record.
async fn furnish(house: &House) -> i64 {
    let now = house.clock.now();
    let first = i64::try_from(house.store.audit_head().await.unwrap().size()).unwrap();
    let mut unit = house.store.begin().await.unwrap();
    let mut events = Vec::new();
    for (name, role) in [("anna", Role::Viewer), ("berta", Role::Admin)] {
        let sealed = format!("password of {name}").into_bytes();
        let mut event = Event::new(now, Actor::system(), "user.created");
        let digest = Keyring::digest_of(&sealed);
        event.detail = json!({ "user": name, "role": role, "sealed": digest });
        events.push(event);
        let user = NewUser {
            id: name.to_owned(),
            name: name.to_owned(),
            role,
            password: Some(sealed),
        };
        unit.insert_user(&user, now).await.unwrap();
    }
    for id in ["one", "two"] {
        let sealed = format!("number {id}").into_bytes();
        let digest = Keyring::digest_of(&sealed);
        let mut event = Event::new(now, Actor::system(), "job.submitted");
        event.detail = json!({ "private": { "id": id, "sha256": "x", "sealed": digest } });
        events.push(event);
        unit.insert_private(id, now, sealed).await.unwrap();
    }
    let mut given = Event::new(now, Actor::system(), "user.role_changed");
    given.detail = json!({ "user": "anna", "before": "viewer", "after": "operator",
        "approver_before": false, "approver": false });
    events.push(given);
    let user = unit.user("anna").await.unwrap().unwrap();
    let role = Role::Operator;
    let user = carillon_store::UserRow { role, ..user };
    unit.update_user(&user, now).await.unwrap();
    unit.record(&events).await.unwrap().commit().await.unwrap();
    let mut more = Vec::new();
    furnish_more(house, &mut more).await;
    let unit = house.store.begin().await.unwrap();
    unit.record(&more).await.unwrap().commit().await.unwrap();
    house.notary().await.look(true).await.unwrap();
    first
}

/// Behind the last record: none did it.
const NOBODY: i64 = 12;
/// The second job was asked for.
const SECOND: i64 = 10;
/// Somebody let the first one run.
const DECIDED: i64 = 11;

/// The same of what is furnished besides.
const MORE: [(&str, i64); 16] = [
    ("UPDATE api_tokens SET scope = 'manage' WHERE id = 'tok'", 5),
    (
        "UPDATE api_tokens SET user_id = 'berta' WHERE id = 'tok'",
        5,
    ),
    (
        "UPDATE api_tokens SET expires_at = expires_at + 1 WHERE id = 'tok'",
        5,
    ),
    (
        "UPDATE api_tokens SET expires_at = NULL WHERE id = 'tok'",
        5,
    ),
    (
        "UPDATE users SET factor = (SELECT u.factor FROM users u WHERE u.name = 'berta') \
         WHERE name = 'anna'",
        6,
    ),
    (
        "UPDATE credentials SET secret = (SELECT password FROM users WHERE name = 'anna') \
         WHERE name = 'front'",
        7,
    ),
    (
        "UPDATE streams SET secret = (SELECT password FROM users WHERE name = 'anna') \
         WHERE name = 'siem'",
        8,
    ),
    (
        "UPDATE jobs SET decided_by = 'berta' WHERE id = 'j1'",
        DECIDED,
    ),
    ("UPDATE jobs SET decided_by = NULL WHERE id = 'j1'", DECIDED),
    (
        "UPDATE jobs SET decided_by = 'berta' WHERE id = 'j2'",
        NOBODY,
    ),
    ("UPDATE jobs SET state = 'finished' WHERE id = 'j2'", NOBODY),
    ("UPDATE jobs SET state = 'running' WHERE id = 'j2'", SECOND),
    (
        "UPDATE jobs SET state = 'scheduled' WHERE id = 'j2'",
        SECOND,
    ),
    (
        "UPDATE jobs SET decided_by = NULL, state = 'paused' WHERE id = 'j1'",
        DECIDED,
    ),
    ("DELETE FROM users WHERE name = 'berta'", 1),
    ("DELETE FROM api_tokens", 5),
];

/// What an owner is told to run.
const ROLE: &str = include_str!("../../../../../docs/postgres-role.sql");

pub(crate) async fn the_database_refuses_changes_and_says_when_it_does_not(database: &Database) {
    let house = House::signed(database).await;
    let guards = house.store.audit_guards().await.unwrap();
    assert_eq!(guards.missing, Vec::<String>::new());
    assert_eq!(guards.changeable.is_empty(), !house.store.is_shared());
    if house.store.is_shared() {
        as_another_account(&house).await;
        one_that_fires_for_replicas_only_guards_nothing(&house).await;
    }
    let elsewhere = if house.store.is_shared() {
        "DROP TRIGGER audit_head_stays ON audit_head; \
         CREATE TRIGGER audit_head_stays BEFORE DELETE ON sites \
         FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
    } else {
        "DROP TRIGGER audit_head_stays; \
         CREATE TRIGGER audit_head_stays BEFORE DELETE ON sites BEGIN SELECT 1; END"
    };
    raw(&house.url, elsewhere).await.unwrap();
    let guards = house.store.audit_guards().await.unwrap();
    assert_eq!(guards.missing, ["audit_head_stays"]);
    house.tamper(&[]).await;
    let guards = house.store.audit_guards().await.unwrap();
    let named = |name: &str| guards.missing.iter().any(|missing| missing == name);
    assert!(named("audit_is_not_changed") && named("audit_head_only_grows"));
    house.close().await;
}

async fn one_that_fires_for_replicas_only_guards_nothing(house: &House) {
    let name = "audit_tiles_are_not_changed";
    for (how, missing) in [("REPLICA", vec![name]), ("ALWAYS", Vec::new())] {
        let switched = format!("ALTER TABLE audit_tiles ENABLE {how} TRIGGER {name}");
        raw(&house.url, &switched).await.unwrap();
        let guards = house.store.audit_guards().await.unwrap();
        assert_eq!(guards.missing, missing);
    }
}

/// An account with the rights that are documented records, and changes nothing.
async fn as_another_account(house: &House) {
    let role = format!("carillon_app_{}", std::process::id());
    let grants = ROLE.replace("carillon_app", &role);
    let made = format!("CREATE ROLE {role} LOGIN;\n{grants}");
    raw(&house.url, &made).await.unwrap();
    let url = house.url.replacen("postgres@", &format!("{role}@"), 1);
    assert_ne!(url, house.url);
    let store = Store::open(&url).await.unwrap();
    store.migrate().await.unwrap();
    let guards = store.audit_guards().await.unwrap();
    assert_eq!(guards.changeable, Vec::<String>::new());
    let unit = store.begin().await.unwrap();
    let events = [Event::new(house.clock.now(), Actor::system(), "test.told")];
    unit.record(&events).await.unwrap().commit().await.unwrap();
    for change in [
        "DELETE FROM audit",
        "UPDATE audit SET actor = 'x'",
        "TRUNCATE audit",
        "DELETE FROM audit_head",
        "UPDATE audit_checkpoints SET note = 'x'",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
    ] {
        let refused = format!("{:?}", raw(&url, change).await);
        let why = ["permission denied", "must be owner"];
        assert!(
            why.iter().any(|why| refused.contains(why)),
            "{change}: {refused}"
        );
    }
    store.close().await;
    let gone = format!("DROP OWNED BY {role}; DROP ROLE {role}");
    raw(&house.url, &gone).await.unwrap();
}

pub(crate) async fn what_tables_say_of_rights_and_seals_is_held_against_the_log(
    database: &Database,
) {
    // What is done, and the record behind the first that is named.
    let cases = [
        ("UPDATE users SET role = 'admin' WHERE name = 'anna'", 4),
        ("UPDATE users SET approver = (1 = 1) WHERE name = 'anna'", 4),
        (
            "UPDATE users SET disabled = (1 = 1) WHERE name = 'berta'",
            1,
        ),
        (
            "INSERT INTO users (id, name, name_key, role, created_at, updated_at) \
             VALUES ('m', 'mallory', 'mallory', 'admin', 0, 0)",
            NOBODY,
        ),
        (
            "UPDATE users SET password = (SELECT u.password FROM users u WHERE u.name = 'anna') \
             WHERE name = 'berta'",
            1,
        ),
        (
            "UPDATE audit_private SET sealed = (SELECT p.sealed FROM audit_private p \
             WHERE p.id <> audit_private.id)",
            2,
        ),
        (
            "UPDATE audit_private SET sealed = (SELECT p.sealed FROM audit_private p \
             WHERE p.id = 'one') WHERE id = 'two'",
            3,
        ),
        (
            "INSERT INTO api_tokens (id, token_hash, user_id, label, scope, created_at) \
             SELECT 't', password, 'berta', 'x', 'manage', 0 FROM users WHERE name = 'berta'",
            NOBODY,
        ),
    ];
    for (statement, behind) in cases.into_iter().chain(MORE) {
        let house = House::signed(database).await;
        let first = furnish(&house).await;
        let before = house.verdict(house.kept()).await;
        assert!(matches!(before, Verdict::Intact(_)), "{before:?}");
        house.tamper(&[statement.to_owned()]).await;
        let found = house.finding().await;
        let expected = format!("record {}: standing", first + behind);
        assert!(found.starts_with(&expected), "{statement}: {found}");
        house.close().await;
    }
    // Retention may take a number away, and whoever has no record is not judged.
    let house = House::signed(database).await;
    furnish(&house).await;
    let gone = "DELETE FROM audit_private WHERE id = 'one'".to_owned();
    house.tamper(&[gone]).await;
    let after = house.verdict(house.kept()).await;
    assert!(matches!(after, Verdict::Intact(_)), "{after:?}");
    house.close().await;
}

/// A copy that was made by an earlier program lacks tables and columns: what is there is compared,
/// and what is not is said.
pub(crate) async fn what_an_earlier_file_lacks_is_passed_over_and_said(database: &Database) {
    let house = House::signed(database).await;
    furnish(&house).await;
    let older = [
        "DROP TABLE orders",
        "DROP TABLE egress",
        "DROP TABLE change_requests",
        "ALTER TABLE jobs DROP COLUMN frozen",
        "ALTER TABLE jobs DROP COLUMN frozen_mac",
        "ALTER TABLE jobs DROP COLUMN version",
        "ALTER TABLE users DROP COLUMN density",
        "ALTER TABLE users DROP COLUMN theme",
        "DELETE FROM _sqlx_migrations WHERE version > 37",
    ];
    house.tamper(&older.map(str::to_owned)).await;
    let lacking = ["orders.value", "egress.networks", "change_requests.state"];
    match house.verdict(house.kept()).await {
        Verdict::Intact(intact) => assert_eq!(intact.lacking, lacking),
        other => panic!("{other:?}"),
    }
    if !house.store.is_shared() {
        let (checkpoints, file) = (house.file("checkpoints"), house.file("carillon.db"));
        let words = ["--checkpoint", checkpoints.to_str().unwrap()];
        let words = [&words[..], &[file.to_str().unwrap()]].concat();
        let (status, told) = house.second(&words);
        assert_eq!(status, 0, "{told}");
        let said = format!("not there to compare: {}", lacking.join(", "));
        assert!(told.contains(&said), "{told}");
    }
    let forged = "UPDATE users SET role = 'admin' WHERE name = 'anna'".to_owned();
    house.tamper(&[forged]).await;
    let found = house.finding().await;
    assert!(found.contains("standing"), "{found}");
    house.close().await;
}

/// Whoever looked at a token and accepted it is not contradicted by the check of the log.
pub(crate) async fn a_row_that_somebody_accepted_is_no_finding(database: &Database) {
    let house = House::signed(database).await;
    furnish(&house).await;
    let wider = "UPDATE api_tokens SET scope = 'manage', expires_at = NULL".to_owned();
    house.tamper(&[wider]).await;
    let found = house.finding().await;
    assert!(found.contains("standing: the"), "{found}");
    let mut event = Event::new(house.clock.now(), Actor::system(), "row.accepted");
    event.detail = json!({
        "rows": "token", "row": "tok", "user": "anna", "scope": "manage", "expires_at": null,
        "revoked": false,
    });
    let unit = house.store.begin().await.unwrap();
    unit.record(&[event]).await.unwrap().commit().await.unwrap();
    house.notary().await.look(true).await.unwrap();
    house.is_intact("accepted").await;
    let revoked = "UPDATE api_tokens SET revoked_at = 1".to_owned();
    house.tamper(&[revoked]).await;
    let found = house.finding().await;
    assert!(found.contains("standing: the"), "{found}");
    house.close().await;
}

pub(crate) async fn sealed_parameters_of_another_job_are_named(database: &Database) {
    let house = House::signed(database).await;
    let first = i64::try_from(house.store.audit_head().await.unwrap().size()).unwrap();
    let sealed = |id: &str| format!("parameters of {id}").into_bytes();
    let events = ["j1", "j2"].map(|id| {
        let mut event = Event::new(house.clock.now(), Actor::system(), "job.submitted");
        event.job = Some(id.to_owned());
        event.detail = json!({
            "digest": "", "options": {}, "total": 0, "awaits_approval": true,
            "params_sealed": Keyring::digest_of(&sealed(id)),
        });
        event
    });
    let unit = house.store.begin().await.unwrap();
    unit.record(&events).await.unwrap().commit().await.unwrap();
    house.notary().await.look(true).await.unwrap();
    let keep = |id: &str, of: &str| {
        let bytes = house.bytes(&sealed(of));
        format!("UPDATE jobs SET params_sealed = {bytes} WHERE id = '{id}'")
    };
    let rows = [job("j1", "expired"), job("j2", "expired")];
    house.tamper(&rows).await;
    house.tamper(&[keep("j1", "j1"), keep("j2", "j2")]).await;
    house.is_intact("each its own").await;
    house.tamper(&[keep("j2", "j1")]).await;
    let found = house.finding().await;
    let expected = format!("record {}: standing: the sealed params of j2", first + 1);
    assert!(found.starts_with(&expected), "{found}");
    house.close().await;
}
