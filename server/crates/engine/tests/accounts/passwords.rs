//! Changing passwords.

use carillon_domain::event::EventResult;
use carillon_engine::accounts::{Breached, Cost, Hasher, SignIn};
use carillon_engine::{Caller, EngineError};

use crate::house::{House, PASSWORD, engine_with, secret};

const NEW: &str = "another evening bell";

#[tokio::test]
async fn a_change_needs_the_current_password_and_ends_other_sessions() {
    let house = House::inhabited().await;
    let mine = house.enter("operator").await;
    let other = house.enter("operator").await;
    let change = |current, new| {
        house
            .engine
            .change_own_password(&mine.session, secret(current), secret(new))
    };
    let Err(EngineError::Invalid(faults)) = change("wrong", NEW).await else {
        panic!()
    };
    assert_eq!((&*faults[0].field, &*faults[0].code), ("current", "wrong"));
    let event = house.events().await.pop().unwrap();
    assert_eq!(
        (&*event.action, event.result),
        ("user.password_changed", EventResult::Failed)
    );

    let Err(EngineError::Invalid(faults)) = change(PASSWORD, "short").await else {
        panic!()
    };
    assert_eq!(faults[0].field, "password");

    change(PASSWORD, NEW).await.unwrap();
    assert!(house.session(&mine.token).await.is_some());
    assert!(house.session(&other.token).await.is_none());
    assert!(house.try_password("operator", PASSWORD).await.is_none());
    assert!(house.try_password("operator", NEW).await.is_some());
}

#[tokio::test]
async fn guessing_the_current_password_is_slowed_like_signing_in() {
    let house = House::inhabited().await;
    let mine = house.enter("operator").await;
    for _ in 0..5 {
        let guess = house
            .engine
            .change_own_password(&mine.session, secret("guess"), secret(NEW));
        assert!(guess.await.is_err());
    }
    let right = house
        .engine
        .change_own_password(&mine.session, secret(PASSWORD), secret(NEW));
    assert!(
        matches!(right.await, Err(EngineError::Invalid(_))),
        "inside the delay"
    );
    house.pass(2);
    let right = house
        .engine
        .change_own_password(&mine.session, secret(PASSWORD), secret(NEW));
    right.await.unwrap();
}

#[tokio::test]
async fn a_reset_ends_all_sessions_and_is_recorded() {
    let house = House::inhabited().await;
    let session = house.enter("operator").await;
    let admin = house.enter("admin").await.session.caller;
    house
        .engine
        .reset_password(&admin, "operator", secret(NEW))
        .await
        .unwrap();
    assert!(house.session(&session.token).await.is_none());
    let event = house.events().await.pop().unwrap();
    assert_eq!(
        (&*event.action, &*event.actor.name),
        ("user.password_set", "admin")
    );
    let own = house
        .engine
        .reset_password(&admin, "admin", secret(NEW))
        .await;
    assert!(matches!(own, Err(EngineError::Conflict(_))));
}

#[tokio::test]
async fn a_hash_moved_to_another_account_opens_nothing() {
    let house = House::inhabited().await;
    let store = &house.engine.store;
    let rich = store.user_by_name("admin").await.unwrap().unwrap();
    let poor = store.user_by_name("viewer").await.unwrap().unwrap();
    let new = secret(NEW);
    house
        .engine
        .reset_password(&Caller::system(), "viewer", new)
        .await
        .unwrap();
    let known = store
        .user_by_name("viewer")
        .await
        .unwrap()
        .unwrap()
        .password
        .unwrap();
    let mut unit = store.begin().await.unwrap();
    let next = rich.password_version + 1;
    unit.set_password(&rich.id, known, next, house.clock.now())
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let attempt = SignIn {
        name: "admin".to_owned(),
        password: secret(NEW),
        ..SignIn::default()
    };
    assert_eq!(next, poor.password_version + 1, "only the account differs");
    assert!(matches!(
        house.engine.sign_in(attempt).await,
        Err(EngineError::Internal(_))
    ));
}

#[tokio::test]
async fn a_breached_password_is_refused() {
    let house = House::inhabited().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    // The SHA-1 of the new password, as such lists hold it.
    let line = "1CA9F3B57ED53C41E9E2415D2AF965178418885F:7\r\n";
    std::fs::write(file.path(), line).unwrap();
    let breached = Breached::open(file.path()).unwrap();
    let (store, keyring) = (house.engine.store.clone(), house.engine.keyring.clone());
    let hasher = Hasher::new(Cost::default(), 1).refusing(Some(breached));
    let engine = engine_with(store, keyring, house.clock.clone(), hasher);
    let mine = house.enter("operator").await;
    let changed = engine.change_own_password(&mine.session, secret(PASSWORD), secret(NEW));
    let Err(EngineError::Invalid(faults)) = changed.await else {
        panic!()
    };
    let told = (&*faults[0].field, &*faults[0].code);
    assert_eq!(told, ("password", "breached"));
    let system = Caller::system();
    let link = engine.make_reset_link(&system, "operator").await;
    let code = link.unwrap().code;
    let used = engine.use_reset_link(&code, secret(NEW), None);
    assert!(matches!(used.await, Err(EngineError::Invalid(_))));
    let other = secret("yet another evening bell");
    let used = engine.use_reset_link(&code, other, None);
    assert_eq!(used.await.unwrap(), "operator");
}
