//! Administration of accounts.

use carillon_domain::role::Role;
use carillon_engine::accounts::NewUser;
use carillon_engine::secrets::Keyring;
use carillon_engine::{Caller, EngineError};

use crate::house::{House, PASSWORD, secret};

fn asked(name: &str, password: &str) -> NewUser {
    NewUser {
        name: name.to_owned(),
        role: Role::Viewer,
        password: secret(password),
    }
}

#[tokio::test]
async fn only_administrators_manage_accounts() {
    let house = House::inhabited().await;
    for name in ["viewer", "operator", "auditor"] {
        let caller = house.enter(name).await.session.caller;
        let engine = &house.engine;
        let refusals = [
            engine.list_users(&caller).await.err(),
            engine.add_user(&caller, asked("eve", PASSWORD)).await.err(),
            engine.disable_user(&caller, "viewer").await.err(),
            engine
                .change_role(&caller, "viewer", Role::Admin, 1)
                .await
                .err(),
            engine
                .reset_password(&caller, "viewer", secret(PASSWORD))
                .await
                .err(),
        ];
        for refusal in refusals {
            assert!(
                matches!(refusal, Some(EngineError::Denied(_))),
                "{name}: {refusal:?}"
            );
        }
    }
    let admin = house.enter("admin").await.session.caller;
    house
        .engine
        .add_user(&admin, asked("eve", PASSWORD))
        .await
        .unwrap();
    assert_eq!(house.engine.list_users(&admin).await.unwrap().len(), 5);
    assert!(house.try_password("eve", PASSWORD).await.is_some());
}

#[tokio::test]
async fn every_fault_of_a_new_account_is_named() {
    let house = House::new().await;
    let refused = house
        .engine
        .add_user(&Caller::system(), asked("a b", "short"))
        .await;
    let Err(EngineError::Invalid(faults)) = refused else {
        panic!("{:?}", refused.err())
    };
    let named: Vec<_> = faults
        .iter()
        .map(|fault| (&*fault.field, &*fault.code))
        .collect();
    assert_eq!(
        named,
        [
            ("name", "invalid"),
            ("password", "too_short"),
            ("password", "too_plain")
        ]
    );
}

#[tokio::test]
async fn names_are_taken_without_regard_to_case() {
    let house = House::inhabited().await;
    let refused = house
        .engine
        .add_user(&Caller::system(), asked("OPERATOR", PASSWORD))
        .await;
    let Err(EngineError::Invalid(faults)) = refused else {
        panic!("{:?}", refused.err())
    };
    assert_eq!(faults[0].code, "taken");
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let house = House::inhabited().await;
    let system = Caller::system();
    let version = house
        .engine
        .find_user(&system, "admin")
        .await
        .unwrap()
        .version;
    let refused = house.engine.disable_user(&system, "admin").await;
    assert!(matches!(refused, Err(EngineError::Conflict(_))));
    let refused = house
        .engine
        .change_role(&system, "admin", Role::Viewer, version)
        .await;
    assert!(matches!(refused, Err(EngineError::Conflict(_))));
    assert!(house.try_password("admin", PASSWORD).await.is_some());

    house.add("second", Role::Admin).await;
    house.engine.disable_user(&system, "admin").await.unwrap();
    let refused = house.engine.disable_user(&system, "second").await;
    assert!(matches!(refused, Err(EngineError::Conflict(_))));
}

#[tokio::test]
async fn two_administrators_cannot_disable_each_other_at_once() {
    let house = House::new().await;
    house.add("one", Role::Admin).await;
    house.add("two", Role::Admin).await;
    let system = Caller::system();
    let (a, b) = futures_util::join!(
        house.engine.disable_user(&system, "one"),
        house.engine.disable_user(&system, "two"),
    );
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
}

#[tokio::test]
async fn an_old_version_is_refused() {
    let house = House::inhabited().await;
    let system = Caller::system();
    let version = house
        .engine
        .find_user(&system, "viewer")
        .await
        .unwrap()
        .version;
    house
        .engine
        .change_role(&system, "viewer", Role::Operator, version)
        .await
        .unwrap();
    let refused = house
        .engine
        .change_role(&system, "viewer", Role::Admin, version)
        .await;
    assert!(matches!(refused, Err(EngineError::Conflict(_))));
    let event = house.events().await.pop().unwrap();
    assert_eq!(event.action, "user.role_changed");
    assert_eq!(
        (&event.detail["before"], &event.detail["after"]),
        (&"viewer".into(), &"operator".into())
    );
}

#[tokio::test]
async fn the_record_of_a_password_tells_its_seal_and_nothing_else() {
    let house = House::inhabited().await;
    let row = house
        .engine
        .store
        .user_by_name("viewer")
        .await
        .unwrap()
        .unwrap();
    let events = house.events().await;
    let created = events
        .iter()
        .find(|event| event.detail["user"] == "viewer")
        .unwrap();
    assert_eq!(
        created.detail["sealed"],
        Keyring::digest_of(&row.password.unwrap())
    );
    assert!(!serde_json::to_string(&events).unwrap().contains(PASSWORD));
}

#[tokio::test]
async fn what_cannot_be_recorded_does_not_happen() {
    let house = House::inhabited().await;
    let before = house.events().await.len();
    house.engine.store.close().await;
    let refused = house
        .engine
        .add_user(&Caller::system(), asked("eve", PASSWORD))
        .await;
    assert!(matches!(refused, Err(EngineError::Store(_))));
    let store = crate::house::open(&house.directory).await;
    assert!(store.user_by_name("eve").await.unwrap().is_none());
    let query = carillon_store::AuditQuery::default();
    assert_eq!(
        store.audit_batch(&query, -1, 1000).await.unwrap().len(),
        before
    );
}
