//! Names, passwords and tries.

use carillon_domain::event::EventResult;
use carillon_domain::role::Role;
use carillon_engine::accounts::SignIn;
use carillon_engine::{Caller, EngineError};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use secrecy::ExposeSecret as _;

use crate::house::{House, PASSWORD, contains, engine, secret};

#[tokio::test]
async fn the_right_password_opens_a_session_and_is_recorded() {
    let house = House::inhabited().await;
    let signed_in = house.enter("Operator").await;
    assert_eq!(signed_in.session.caller.role, Role::Operator);
    let event = house.events().await.pop().unwrap();
    assert_eq!(event.action, "account.signed_in");
    assert_eq!(event.actor.name, "operator");
    assert_eq!(event.ip.as_deref(), Some("10.0.0.1"));
    let session = house.session(&signed_in.token).await.unwrap();
    assert_eq!(session.caller.actor, signed_in.session.caller.actor);
    assert_eq!(session.caller.ip.as_deref(), Some("10.0.0.2"));
}

#[tokio::test]
async fn unknown_disabled_and_wrong_look_the_same_and_are_recorded() {
    let house = House::inhabited().await;
    house
        .engine
        .disable_user(&Caller::system(), "viewer")
        .await
        .unwrap();
    let before = house.events().await.len();
    assert!(house.try_password("nobody", PASSWORD).await.is_none());
    assert!(house.try_password("viewer", PASSWORD).await.is_none());
    assert!(
        house
            .try_password("operator", "not the password")
            .await
            .is_none()
    );
    let events = house.events().await.split_off(before);
    let seen: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event.actor.name.as_str(),
                event.detail["why"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("unknown account", "unknown_account"),
        ("viewer", "disabled_account"),
        ("operator", "wrong_password"),
    ];
    assert_eq!(seen, expected);
    let failed = |event: &carillon_domain::event::Event| {
        event.action == "account.sign_in_failed" && event.result == EventResult::Failed
    };
    assert!(events.iter().all(failed));
}

#[tokio::test]
async fn a_password_typed_as_a_name_is_written_nowhere() {
    if crate::house::on_postgres() {
        return;
    }
    let house = House::inhabited().await;
    assert!(
        house
            .try_password("canary-as-a-name", "canary as a password")
            .await
            .is_none()
    );
    let signed_in = house.enter("admin").await;
    house.engine.store.close().await;
    let disk = house.bytes_on_disk();
    assert!(
        contains(&disk, "account.sign_in_failed"),
        "the search looks at the database"
    );
    for text in [
        "canary-as-a-name",
        "canary as a password",
        PASSWORD,
        "$argon2id$",
    ] {
        assert!(!contains(&disk, text), "{text}");
    }
    assert!(!contains(&disk, signed_in.token.expose_secret()));
}

#[tokio::test]
async fn after_five_failures_each_try_waits_longer() {
    let house = House::inhabited().await;
    for _ in 0..5 {
        assert!(house.try_password("operator", "wrong").await.is_none());
    }
    assert!(
        house.try_password("operator", PASSWORD).await.is_none(),
        "within 2 s"
    );
    house.pass(2);
    assert!(house.try_password("operator", "wrong").await.is_none());
    house.pass(3);
    assert!(
        house.try_password("operator", PASSWORD).await.is_none(),
        "within 4 s"
    );
    house.pass(1);
    assert!(house.try_password("operator", PASSWORD).await.is_some());
    let failures = house.actions().await;
    let failures = failures
        .iter()
        .filter(|action| *action == "account.sign_in_failed")
        .count();
    assert_eq!(failures, 8, "each is one record, looked at or not");
}

#[tokio::test]
async fn a_success_forgets_the_failures() {
    let house = House::inhabited().await;
    for _ in 0..3 {
        for _ in 0..4 {
            assert!(house.try_password("operator", "wrong").await.is_none());
        }
        assert!(house.try_password("operator", PASSWORD).await.is_some());
    }
}

#[tokio::test]
async fn a_delay_survives_a_restart_and_holds_for_unknown_names_too() {
    let house = House::inhabited().await;
    for name in ["operator", "nobody"] {
        for _ in 0..5 {
            assert!(house.try_password(name, "wrong").await.is_none());
        }
    }
    let recorded = house.events().await.len();
    let keyring = house.engine.keyring().unwrap().clone();
    let again = engine(
        house.engine.store.clone(),
        Some(keyring),
        house.clock.clone(),
    );
    let house = House {
        engine: again,
        ..house
    };
    assert!(house.try_password("operator", PASSWORD).await.is_none());
    assert!(house.try_password("nobody", PASSWORD).await.is_none());
    assert_eq!(house.events().await.len(), recorded + 2);
}

#[tokio::test]
async fn an_address_has_twenty_failures_in_ten_minutes() {
    let house = House::inhabited().await;
    for n in 0..20 {
        let name = format!("nobody{n}");
        assert!(
            house
                .try_from_address(&name, "wrong", "10.9.9.9")
                .await
                .is_none()
        );
    }
    assert!(
        house
            .try_from_address("operator", PASSWORD, "10.9.9.9")
            .await
            .is_none()
    );
    assert!(
        house
            .try_from_address("operator", PASSWORD, "10.9.9.8")
            .await
            .is_some()
    );
    house.pass(600);
    assert!(
        house
            .try_from_address("operator", PASSWORD, "10.9.9.9")
            .await
            .is_some()
    );
}

#[tokio::test]
async fn many_tries_at_once_are_no_more_than_one_after_another() {
    let house = House::inhabited().await;
    let tries = (0..12).map(|_| house.try_password("operator", "wrong"));
    futures_util::future::join_all(tries).await;
    let events = house.events().await;
    let failed = |why: &str| {
        let all = events
            .iter()
            .filter(|e| e.action == "account.sign_in_failed");
        all.filter(|event| event.detail["why"] == why).count()
    };
    assert_eq!((failed("wrong_password"), failed("too_many_tries")), (5, 7));
}

#[tokio::test]
async fn a_new_password_from_an_administrator_clears_the_delay() {
    let house = House::inhabited().await;
    for _ in 0..5 {
        assert!(house.try_password("operator", "wrong").await.is_none());
    }
    let new = "another evening bell";
    house
        .engine
        .reset_password(&Caller::system(), "operator", secret(new))
        .await
        .unwrap();
    assert!(house.try_password("operator", new).await.is_some());
}

#[tokio::test]
async fn the_session_that_came_along_ends() {
    let house = House::inhabited().await;
    let first = house.enter("operator").await;
    let attempt = SignIn {
        name: "operator".to_owned(),
        password: secret(PASSWORD),
        previous: Some(first.token.clone()),
        ..SignIn::default()
    };
    let second = house.engine.sign_in(attempt).await.unwrap().unwrap();
    assert_ne!(first.token.expose_secret(), second.token.expose_secret());
    assert!(house.session(&first.token).await.is_none());
    assert!(house.session(&second.token).await.is_some());
}

#[tokio::test]
async fn names_that_no_account_can_have_are_no_errors() {
    let house = House::inhabited().await;
    for name in ["", "a\0b", "ä ö", &"x".repeat(5000)] {
        assert!(house.try_password(name, PASSWORD).await.is_none());
    }
}

#[tokio::test]
async fn without_keys_nobody_signs_in() {
    let house = House::new().await;
    let sealed = engine(house.engine.store.clone(), None, house.clock.clone());
    assert!(sealed.issue_setup_code().await.unwrap().is_none());
    house.add("admin", Role::Admin).await;
    let token = house.enter("admin").await.token;
    let refused = sealed.authenticate_session(&token, None).await;
    assert!(matches!(refused, Err(EngineError::Sealed)));
    let attempt = SignIn {
        name: "admin".to_owned(),
        password: secret(PASSWORD),
        ..SignIn::default()
    };
    assert!(matches!(
        sealed.sign_in(attempt).await,
        Err(EngineError::Sealed)
    ));
}

/// A crowd that is turned away costs no look at the storage, for which each of them would wait.
#[tokio::test]
async fn a_stranger_is_turned_away_before_anything_is_read() {
    let house = House::inhabited().await;
    let hasher = &house.engine.hasher;
    let next = || hasher.slot().now_or_never()?.ok();
    let places: Vec<_> = std::iter::from_fn(next).collect();
    assert!(!places.is_empty());
    let mut waiting = Box::pin(join_all((0..16).map(|_| hasher.slot())));
    assert!(waiting.as_mut().now_or_never().is_none());
    house.engine.store.close().await;
    let stranger = |browser| SignIn {
        name: "operator".to_owned(),
        password: secret(PASSWORD),
        browser,
        ..SignIn::default()
    };
    // A cookie that Carillon did not make is none, and that is seen without the storage.
    for browser in [None, Some("a.b"), Some("a.b.c.d"), Some(JUNK)] {
        let browser = browser.map(secret);
        let turned_away = house.engine.sign_in(stranger(browser)).await;
        assert!(matches!(turned_away, Err(EngineError::Busy { .. })));
    }
}

const JUNK: &str =
    "AAAAAAAAAAAAAAAAAAAAAA.abababababababababababababababababababababababababababababababab";
