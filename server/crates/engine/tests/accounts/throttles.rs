//! What many failures cost, and whom.

use std::time::Duration;

use carillon_domain::role::Role;
use carillon_engine::Caller;
use carillon_engine::accounts::{Arrival, Entered, External, SignIn, SignedIn};
use futures_util::future::join_all;
use secrecy::SecretString;

use crate::house::{House, PASSWORD, secret};

const HERE: &str = "10.0.0.1";
const ELSEWHERE: &str = "10.7.7.7";
/// Longer than any delay and any window.
const PAUSE: u64 = 900;
const DAY: Duration = Duration::from_hours(24);

async fn from_browser(house: &House, browser: &SecretString, password: &str) -> Option<SignedIn> {
    let attempt = SignIn {
        name: "operator".to_owned(),
        password: secret(password),
        browser: Some(browser.clone()),
        ip: Some(HERE.to_owned()),
        ..SignIn::default()
    };
    house.engine.sign_in(attempt).await.unwrap()
}

async fn last_why(house: &House) -> String {
    let event = house.events().await.pop().unwrap();
    assert_eq!(event.action, "account.sign_in_failed");
    event.detail["why"].as_str().unwrap().to_owned()
}

/// All who were counted failed so often, and nobody waits.
async fn have_failed(house: &House, times: i64) {
    let statement = format!("UPDATE login_throttles SET failures = {times}");
    house.raw(&statement).await;
    house.pass(PAUSE);
}

#[tokio::test]
async fn a_hundred_failures_cut_a_source_off_from_the_account() {
    let house = House::inhabited().await;
    let known = house.enter("operator").await.browser.unwrap();
    for n in 1..=100 {
        let guesses = ["operator", "nobody"].map(|name| house.try_password(name, "wrong"));
        assert!(join_all(guesses).await.iter().all(Option::is_none));
        assert_ne!(last_why(&house).await, "cut_off", "{n}");
        house.pass(PAUSE);
    }
    for name in ["operator", "nobody"] {
        assert!(house.try_password(name, PASSWORD).await.is_none());
        assert_eq!(last_why(&house).await, "cut_off", "{name}");
    }
    house.clock.advance(DAY * 300);
    assert!(house.try_password("operator", PASSWORD).await.is_none());
    let owner = from_browser(&house, &known, PASSWORD).await;
    assert!(owner.is_some(), "the owner's browser is another source");
    let elsewhere = house.try_from_address("operator", PASSWORD, ELSEWHERE);
    assert!(elsewhere.await.is_some(), "as is every other address");
    assert!(house.try_password("viewer", PASSWORD).await.is_some());
}

#[tokio::test]
async fn a_known_browser_is_cut_off_as_well() {
    let house = House::inhabited().await;
    let known = house.enter("operator").await.browser.unwrap();
    assert!(from_browser(&house, &known, "wrong").await.is_none());
    have_failed(&house, 99).await;
    assert!(from_browser(&house, &known, "wrong").await.is_none());
    house.pass(PAUSE);
    assert!(from_browser(&house, &known, PASSWORD).await.is_none());
    assert_eq!(last_why(&house).await, "cut_off");
    assert!(house.try_password("operator", PASSWORD).await.is_some());
}

#[tokio::test]
async fn a_new_password_lets_a_source_that_was_cut_off_try_again() {
    let house = House::inhabited().await;
    assert!(house.try_password("operator", "wrong").await.is_none());
    have_failed(&house, 100).await;
    assert!(house.try_password("operator", PASSWORD).await.is_none());
    assert_eq!(last_why(&house).await, "cut_off");
    let new = "another evening bell";
    let system = Caller::system();
    let set = house
        .engine
        .reset_password(&system, "operator", secret(new));
    set.await.unwrap();
    assert!(house.try_password("operator", new).await.is_some());
}

#[tokio::test]
async fn failures_in_a_row_are_remembered_longer_the_more_there_are() {
    let house = House::inhabited().await;
    assert!(house.try_password("operator", "wrong").await.is_none());
    have_failed(&house, 60).await;
    assert!(house.try_password("operator", "wrong").await.is_none());
    house.clock.advance(DAY * 60);
    have_failed(&house, 100).await;
    assert!(house.try_password("operator", PASSWORD).await.is_none());
    assert_eq!(last_why(&house).await, "cut_off", "61 were remembered");
}

#[tokio::test]
async fn coming_from_the_provider_lets_the_source_try_again() {
    let house = House::inhabited().await;
    let who = External {
        issuer: "https://id.example".to_owned(),
        subject: "7".to_owned(),
        name: Some("berta".to_owned()),
        role: Some(Role::Operator),
        strong: false,
        shown_at: None,
    };
    let arrival = Arrival {
        ip: Some(HERE.to_owned()),
        ..Arrival::default()
    };
    let come = || house.engine.sign_in_external(&who, &arrival);
    assert!(matches!(come().await.unwrap(), Some(Entered::In(_))));
    assert!(house.try_password("berta", "wrong").await.is_none());
    have_failed(&house, 100).await;
    assert!(house.try_password("berta", "wrong").await.is_none());
    assert_eq!(last_why(&house).await, "cut_off");
    assert!(matches!(come().await.unwrap(), Some(Entered::In(_))));
    house.pass(PAUSE);
    assert!(house.try_password("berta", "wrong").await.is_none());
    assert_eq!(last_why(&house).await, "wrong_password");
}

/// As many as strangers can make, all of them for a year.
async fn crowd(house: &House) {
    let statement = "WITH RECURSIVE crowd(n) AS \
         (SELECT 1 UNION ALL SELECT n + 1 FROM crowd WHERE n < 90000) \
         INSERT INTO login_throttles (key, failures, last_at, until) \
         SELECT 'stranger ' || n, 1, 1, 4000000000000000 FROM crowd";
    house.raw(statement).await;
}

async fn buckets_are_more_than(house: &House, count: u32) -> bool {
    let mut unit = house.engine.store.begin().await.unwrap();
    unit.has_throttles(count + 1).await.unwrap()
}

#[tokio::test]
async fn who_fills_the_buckets_empties_none() {
    let house = House::inhabited().await;
    let known = house.enter("operator").await.browser.unwrap();
    for _ in 0..5 {
        assert!(house.try_password("viewer", "wrong").await.is_none());
    }
    crowd(&house).await;
    for n in 0..30 {
        let (name, address) = (format!("nobody{n}"), format!("10.20.0.{n}"));
        let guessed = house.try_from_address(&name, "wrong", &address).await;
        assert!(guessed.is_none());
    }
    let viewer = house.try_from_address("viewer", PASSWORD, ELSEWHERE).await;
    assert!(viewer.is_none(), "still waits for the failures from before");
    let owner = from_browser(&house, &known, PASSWORD).await;
    assert!(owner.is_some(), "known browsers have room of their own");
    assert!(!buckets_are_more_than(&house, 91_000).await);
}

#[tokio::test]
async fn without_room_for_a_bucket_five_failures_are_still_all() {
    let house = House::inhabited().await;
    crowd(&house).await;
    let mut looked_at = 0;
    for n in 0..12 {
        let address = format!("10.20.0.{n}");
        let guessed = house.try_from_address("operator", "wrong", &address);
        assert!(guessed.await.is_none());
        looked_at += usize::from(last_why(&house).await == "wrong_password");
        // A success of somebody else's own must not give anything back.
        let other = house.try_from_address("viewer", PASSWORD, &address);
        other.await;
    }
    assert!(looked_at <= 5, "{looked_at}");
}

#[tokio::test]
async fn what_strangers_share_cuts_off_nobody() {
    let house = House::inhabited().await;
    crowd(&house).await;
    assert!(house.try_password("operator", "wrong").await.is_none());
    have_failed(&house, 200).await;
    let owner = house.try_password("operator", PASSWORD).await;
    assert!(owner.is_some(), "others filled the bucket that is shared");
}
