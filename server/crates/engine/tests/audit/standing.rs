//! Rows that decide who may do what, and sealed values, changed behind the log's back.

use carillon_domain::event::{Actor, Event};
use carillon_domain::role::Role;
use carillon_engine::audit::Verdict;
use carillon_engine::secrets::Keyring;
use carillon_store::testing::raw;
use carillon_store::{NewUser, Store};
use serde_json::json;

use crate::house::{Database, House};

/// Two accounts and two numbers, as the engine records them; answers the number of the first record.
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
    house.notary().await.look(true).await.unwrap();
    first
}

/// What an owner is told to run.
const ROLE: &str = include_str!("../../../../../docs/postgres-role.sql");

pub(crate) async fn the_database_refuses_changes_and_says_when_it_does_not(database: &Database) {
    let house = House::signed(database).await;
    let guards = house.store.audit_guards().await.unwrap();
    assert_eq!(guards.missing, Vec::<String>::new());
    assert_eq!(guards.changeable.is_empty(), !house.store.is_shared());
    if house.store.is_shared() {
        as_another_account(&house).await;
    }
    house.tamper(&[]).await;
    let guards = house.store.audit_guards().await.unwrap();
    let named = |name: &str| guards.missing.iter().any(|missing| missing == name);
    assert!(named("audit_is_not_changed") && named("audit_head_only_grows"));
    house.close().await;
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
            5,
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
            5,
        ),
    ];
    for (statement, behind) in cases {
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
