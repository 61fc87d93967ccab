//! Who waits for a look at a password, and whom a flood keeps from it.

use carillon_engine::accounts::{SignIn, SignedIn, Slot};
use carillon_engine::{Caller, Engine, EngineError};
use futures_util::future::{BoxFuture, LocalBoxFuture, join, join_all};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _, poll};
use secrecy::SecretString;

use crate::house::{House, PASSWORD, secret};

const HERE: &str = "10.0.0.1";
const ELSEWHERE: &str = "10.7.7.7";
/// More than wait in all lines together.
const FLOOD: usize = 60;

type Answer = carillon_engine::Result<Option<SignedIn>>;

fn all_places(engine: &Engine) -> Vec<Slot> {
    let next = || engine.hasher.slot().now_or_never()?.ok();
    std::iter::from_fn(next).collect()
}

async fn come(
    house: &House,
    (name, password): (&str, &str),
    from: &str,
    browser: Option<&SecretString>,
) -> Answer {
    let attempt = SignIn {
        name: name.to_owned(),
        password: secret(password),
        browser: browser.cloned(),
        ip: Some(from.to_owned()),
        ..SignIn::default()
    };
    house.engine.sign_in(attempt).await
}

/// Somebody comes while a flood stands at the door; whether they get in.
async fn gets_in(
    house: &House,
    flood: impl Fn() -> BoxFuture<'static, Answer>,
    mut who: LocalBoxFuture<'_, Answer>,
) -> bool {
    let places = all_places(&house.engine);
    assert!(!places.is_empty());
    let mut crowd: FuturesUnordered<_> = (0..FLOOD).map(|_| flood()).collect();
    let first = crowd.next().await;
    assert!(matches!(first, Some(Err(EngineError::Busy { .. }))));
    let came = poll!(&mut who);
    drop(places);
    let (answer, _) = match came {
        std::task::Poll::Ready(answer) => (answer, Vec::new()),
        std::task::Poll::Pending => join(who, crowd.collect::<Vec<_>>()).await,
    };
    matches!(answer, Ok(Some(_)))
}

fn flood(
    engine: &Engine,
    browser: Option<&SecretString>,
    name: &'static str,
) -> impl Fn() -> BoxFuture<'static, Answer> {
    let (engine, browser) = (engine.clone(), browser.cloned());
    move || {
        let (engine, browser) = (engine.clone(), browser.clone());
        let attempt = SignIn {
            name: name.to_owned(),
            password: secret("a wrong password"),
            browser,
            ip: Some(ELSEWHERE.to_owned()),
            ..SignIn::default()
        };
        async move { engine.sign_in(attempt).await }.boxed()
    }
}

#[tokio::test]
async fn one_address_does_not_keep_others_from_the_line_of_strangers() {
    let house = House::inhabited().await;
    let crowd = flood(&house.engine, None, "nobody");
    let owner = come(&house, ("operator", PASSWORD), HERE, None);
    assert!(gets_in(&house, crowd, owner.boxed_local()).await);
}

#[tokio::test]
async fn one_account_does_not_keep_others_from_the_line_of_known_browsers() {
    let house = House::inhabited().await;
    let known = house.enter("operator").await.browser.unwrap();
    let insider = house.enter("viewer").await.browser.unwrap();
    let crowd = flood(&house.engine, Some(&insider), "viewer");
    let owner = come(&house, ("operator", PASSWORD), HERE, Some(&known));
    assert!(gets_in(&house, crowd, owner.boxed_local()).await);
}

#[tokio::test]
async fn a_disabled_account_has_no_known_browser() {
    let house = House::inhabited().await;
    let insider = house.enter("viewer").await.browser.unwrap();
    let system = Caller::system();
    house.engine.disable_user(&system, "viewer").await.unwrap();
    for _ in 0..5 {
        let tried = come(&house, ("viewer", "wrong"), HERE, Some(&insider)).await;
        assert!(matches!(tried, Ok(None)));
    }
    house.engine.enable_user(&system, "viewer").await.unwrap();
    let stranger = come(&house, ("viewer", PASSWORD), ELSEWHERE, None).await;
    assert!(matches!(stranger, Ok(None)), "they counted as a stranger's");
}

#[tokio::test]
async fn who_proves_who_they_are_waits_behind_no_sign_in() {
    let house = House::inhabited().await;
    let insider = house.enter("viewer").await.browser.unwrap();
    let session = house.enter("operator").await.session;
    let crowd = flood(&house.engine, Some(&insider), "viewer");
    let code = SecretString::default();
    let proof = house.engine.prove(&session, secret(PASSWORD), &code);
    assert!(gets_in(&house, crowd, proof.boxed_local()).await);
}

/// What waits is refused without a place: a flood that is throttled takes none from others.
#[tokio::test]
async fn who_is_throttled_is_refused_at_the_door() {
    let house = House::inhabited().await;
    let known = house.enter("viewer").await.browser.unwrap();
    let session = house.enter("viewer").await.session;
    let code = SecretString::default();
    for _ in 0..6 {
        for name in ["operator", "nobody"] {
            let tried = come(&house, (name, "wrong"), ELSEWHERE, None).await;
            assert!(matches!(tried, Ok(None)));
        }
        let tried = come(&house, ("viewer", "wrong"), HERE, Some(&known)).await;
        assert!(matches!(tried, Ok(None)));
        let proof = house.engine.prove(&session, secret("wrong"), &code).await;
        assert!(matches!(proof, Ok(None)));
    }
    let _places = all_places(&house.engine);
    let mut waiting = Box::pin(join_all((0..16).map(|_| house.engine.hasher.slot())));
    assert!(waiting.as_mut().now_or_never().is_none());
    let before = house.events().await.len();
    for name in ["operator", "nobody"] {
        let tried = come(&house, (name, PASSWORD), HERE, None).await;
        assert!(matches!(tried, Ok(None)), "{name}");
    }
    let tried = come(&house, ("viewer", PASSWORD), HERE, Some(&known)).await;
    assert!(matches!(tried, Ok(None)));
    let events = house.events().await.split_off(before);
    let told = |name: &str| {
        let its = |event: &&carillon_domain::event::Event| event.actor.name == name;
        let event = events.iter().find(its).unwrap();
        event.detail["why"].as_str().unwrap().to_owned()
    };
    for name in ["operator", "unknown account", "viewer"] {
        assert_eq!(told(name), "too_many_tries", "{name}");
    }
    let proof = house.engine.prove(&session, secret(PASSWORD), &code).await;
    assert!(matches!(proof, Ok(None)));
}

#[tokio::test]
async fn an_address_that_failed_too_often_is_refused_at_the_door() {
    let house = House::inhabited().await;
    for n in 0..21 {
        let name = format!("nobody{n}");
        let tried = come(&house, (&name, "wrong"), HERE, None).await;
        assert!(matches!(tried, Ok(None)));
    }
    let places = all_places(&house.engine);
    let mut waiting = Box::pin(join_all((0..16).map(|_| house.engine.hasher.slot())));
    assert!(waiting.as_mut().now_or_never().is_none());
    let tried = come(&house, ("operator", PASSWORD), HERE, None).await;
    assert!(matches!(tried, Ok(None)));
    let tried = come(&house, ("operator", PASSWORD), ELSEWHERE, None).await;
    assert!(matches!(tried, Err(EngineError::Busy { .. })));
    drop((waiting, places));
    house.pass(600);
    let tried = come(&house, ("operator", PASSWORD), HERE, None).await;
    assert!(matches!(tried, Ok(Some(_))), "its window is over");
}
