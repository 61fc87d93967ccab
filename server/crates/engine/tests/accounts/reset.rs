//! New passwords by one-time links, known browsers, and the number of sessions.

use std::cell::Cell;

use carillon_domain::role::Role;
use carillon_engine::accounts::{RESET_LINK_LASTS, SignIn, SignedIn};
use carillon_engine::{Caller, EngineError};
use futures_util::future::{join, join_all};
use secrecy::{ExposeSecret as _, SecretString};

use crate::house::{House, PASSWORD, contains, on_postgres, secret};

const NEW: &str = "another evening bell";

async fn link(house: &House, name: &str) -> SecretString {
    let made = house.engine.make_reset_link(&Caller::system(), name).await;
    made.unwrap().code
}

#[tokio::test]
async fn a_link_sets_a_password_once() {
    let house = House::inhabited().await;
    let before = house.enter("operator").await;
    for _ in 0..5 {
        house.try_password("operator", "wrong").await;
    }
    let code = link(&house, "operator").await;
    let owner = house.engine.reset_link_owner(&code).await.unwrap();
    assert_eq!(owner.as_deref(), Some("operator"));
    let short = house.engine.use_reset_link(&code, secret("short"), None);
    assert!(matches!(short.await, Err(EngineError::Invalid(_))));
    assert!(house.session(&before.token).await.is_some());
    let used = house.engine.use_reset_link(&code, secret(NEW), None);
    assert_eq!(used.await.unwrap(), "operator");
    assert!(house.session(&before.token).await.is_none());
    assert!(
        house.try_password("operator", NEW).await.is_some(),
        "no delay is left"
    );
    let again = house.engine.use_reset_link(&code, secret(PASSWORD), None);
    assert!(matches!(again.await, Err(EngineError::NotFound)));
    assert_eq!(house.engine.reset_link_owner(&code).await.unwrap(), None);
    if !on_postgres() {
        assert!(!contains(&house.bytes_on_disk(), code.expose_secret()));
    }
}

#[tokio::test]
async fn a_link_ends_after_an_hour_and_with_the_next_one() {
    let house = House::inhabited().await;
    let first = link(&house, "operator").await;
    let second = link(&house, "operator").await;
    let used = house.engine.use_reset_link(&first, secret(NEW), None).await;
    assert!(matches!(used, Err(EngineError::NotFound)));
    house.pass(RESET_LINK_LASTS.as_secs());
    let used = house
        .engine
        .use_reset_link(&second, secret(NEW), None)
        .await;
    assert!(matches!(used, Err(EngineError::NotFound)));
    for nonsense in ["", "x", "a/b", second.expose_secret()] {
        let owner = house.engine.reset_link_owner(&secret(nonsense)).await;
        assert_eq!(owner.unwrap(), None);
    }
}

/// Whoever got hold of an older link gets nothing by it.
#[tokio::test]
async fn a_link_ends_with_another_new_password_and_with_disabling() {
    let house = House::inhabited().await;
    let system = Caller::system();
    let owner = async |code: &SecretString| house.engine.reset_link_owner(code).await.unwrap();
    let session = house.enter("operator").await.session;

    let code = link(&house, "operator").await;
    let changed = house
        .engine
        .change_own_password(&session, secret(PASSWORD), secret(NEW));
    changed.await.unwrap();
    assert_eq!(owner(&code).await, None, "the owner changed it");

    let code = link(&house, "operator").await;
    let set = house
        .engine
        .reset_password(&system, "operator", secret(PASSWORD));
    set.await.unwrap();
    assert_eq!(owner(&code).await, None, "somebody set it");

    let code = link(&house, "operator").await;
    let disabled = house.engine.disable_user(&system, "operator").await;
    disabled.unwrap();
    let enabled = house.engine.enable_user(&system, "operator").await;
    enabled.unwrap();
    assert_eq!(owner(&code).await, None, "it was disabled");
}

#[tokio::test]
async fn links_are_for_others_and_by_administrators() {
    let house = House::inhabited().await;
    let admin = house.enter("admin").await.session.caller;
    let own = house.engine.make_reset_link(&admin, "admin").await;
    assert!(matches!(own, Err(EngineError::Conflict(_))));
    let operator = house.enter("operator").await.session.caller;
    let denied = house.engine.make_reset_link(&operator, "viewer").await;
    assert!(matches!(denied, Err(EngineError::Denied(_))));
}

#[tokio::test]
async fn five_sessions_live_at_once_and_the_oldest_ends() {
    let house = House::inhabited().await;
    let mut all: Vec<SignedIn> = Vec::new();
    for _ in 0..6 {
        all.push(house.enter("operator").await);
        house.pass(60);
    }
    assert!(house.session(&all[0].token).await.is_none());
    for living in &all[1..] {
        assert!(house.session(&living.token).await.is_some());
    }
    let event = house.events().await.pop().unwrap();
    assert_eq!(event.detail["sessions_ended"], 1);
}

async fn try_from(
    house: &House,
    (password, ip): (&str, &str),
    browser: Option<&SecretString>,
) -> Option<SignedIn> {
    let attempt = SignIn {
        name: "operator".to_owned(),
        password: secret(password),
        browser: browser.cloned(),
        ip: Some(ip.to_owned()),
        ..SignIn::default()
    };
    house.engine.sign_in(attempt).await.unwrap()
}

/// One of many strangers who guess at once: takes guesses until none is left.
async fn guess(house: &House, left: &Cell<u32>) {
    while let Some(next) = left.get().checked_sub(1) {
        left.set(next);
        let attempt = SignIn {
            name: "operator".to_owned(),
            password: secret("guess"),
            ip: Some(format!("10.{}.{}.7", next / 250, next % 250)),
            ..SignIn::default()
        };
        match house.engine.sign_in(attempt).await {
            Err(EngineError::Busy { .. }) => {
                // Turned away at the door, that was no guess.
                left.set(left.get() + 1);
                tokio::task::yield_now().await;
            }
            guessed => assert!(guessed.unwrap().is_none()),
        }
    }
}

/// Ten thousand strangers keep the account's own bucket waiting, forty at a time; the owner's
/// browser is known, and comes in again and again while they guess.
#[tokio::test]
async fn guesses_from_many_addresses_do_not_lock_the_owner_out() {
    let house = House::inhabited().await;
    let known = house.enter("operator").await.browser.unwrap();
    // The rules are the same on Postgres, where each guess takes a hundred times as long.
    let left = Cell::new(if on_postgres() { 300 } else { 10_000 });
    let strangers = join_all((0..40).map(|_| guess(&house, &left)));
    let owner = async {
        let mut times = 0;
        while left.get() > 0 {
            let owner = try_from(&house, (PASSWORD, "10.0.0.1"), Some(&known)).await;
            let owner = owner.expect("the owner is let in at once");
            assert!(owner.browser.is_none(), "it is known already");
            times += 1;
        }
        times
    };
    let (_, times) = join(strangers, owner).await;
    assert!(times > 1, "while they guess");
    let stranger = try_from(&house, (PASSWORD, "10.200.0.1"), None).await;
    assert!(stranger.is_none(), "the guesses are slowed");
    let owner = try_from(&house, (PASSWORD, "10.0.0.1"), Some(&known)).await;
    assert!(owner.is_some(), "and afterwards");
}

#[tokio::test]
async fn a_known_browser_guesses_no_faster_and_knows_one_account() {
    let house = House::inhabited().await;
    let known = house.enter("operator").await.browser.unwrap();
    for _ in 0..5 {
        assert!(
            try_from(&house, ("guess", "10.0.0.1"), Some(&known))
                .await
                .is_none()
        );
    }
    let right = try_from(&house, (PASSWORD, "10.0.0.1"), Some(&known)).await;
    assert!(right.is_none(), "inside the delay of its own");
    let elsewhere = try_from(&house, (PASSWORD, "10.0.0.2"), None).await;
    assert!(elsewhere.is_some(), "which is nobody else's");

    let viewers = house.enter("viewer").await.browser.unwrap();
    let as_other = try_from(&house, (PASSWORD, "10.0.0.3"), Some(&viewers))
        .await
        .unwrap();
    assert!(as_other.browser.is_some(), "not known for this account");
    let forged = secret(&format!("{}0", known.expose_secret()));
    let forged = try_from(&house, (PASSWORD, "10.0.0.3"), Some(&forged))
        .await
        .unwrap();
    assert!(forged.browser.is_some(), "not one of ours");
}

#[tokio::test]
async fn a_new_account_waits_for_its_owner() {
    let house = House::inhabited().await;
    let system = Caller::system();
    let made = house.engine.invite_user(&system, "Berta", Role::Viewer);
    assert_eq!(made.await.unwrap().name, "berta");
    for guess in ["", PASSWORD, NEW] {
        assert!(house.try_password("berta", guess).await.is_none());
    }
    let code = link(&house, "berta").await;
    let used = house.engine.use_reset_link(&code, secret(NEW), None);
    assert_eq!(used.await.unwrap(), "berta");
    assert!(house.try_password("berta", NEW).await.is_some());
    for name in ["berta", "", "a b"] {
        let again = house.engine.invite_user(&system, name, Role::Viewer).await;
        assert!(matches!(again, Err(EngineError::Invalid(_))), "{name}");
    }
    let operator = house.enter("operator").await.session.caller;
    let denied = house.engine.invite_user(&operator, "carl", Role::Viewer);
    assert!(matches!(denied.await, Err(EngineError::Denied(_))));
}
