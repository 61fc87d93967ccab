//! More people at the door than there are places to look at passwords.

use carillon_domain::role::Role;
use carillon_engine::Engine;
use carillon_engine::accounts::Slot;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use reqwest::header::RETRY_AFTER;

use crate::browser::Browser;
use crate::house::{House, PASSWORD};
use crate::requests::Answer;

/// So many wait, and no more.
const WAITING: usize = 16;

/// Takes every place; answers them.
fn all_places(engine: &Engine) -> Vec<Slot> {
    let next = || engine.hasher.slot().now_or_never()?.ok();
    std::iter::from_fn(next).collect()
}

fn is_turned_away(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text);
    let wait: u64 = answer.headers[RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    for said in [
        "Carillon is busy",
        "Too many people want this at once. Nothing was changed.",
        "Wait a few seconds, then go back and send it again.",
        "href=\"/sign-in\"",
    ] {
        assert!(answer.text.contains(said), "{said}: {}", answer.text);
    }
    assert!(!answer.text.contains(PASSWORD));
}

/// The places are taken and the line is full, whatever time passes: nobody who waits is asked.
pub(crate) async fn the_seventeenth_who_waits_is_turned_away(house: House) -> House {
    let engine = house.engine().clone();
    let mut known = Browser::new(&house.base());
    assert_eq!(known.sign_in("operator", PASSWORD).await.status, 303);
    let places = all_places(&engine);
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(places.len(), cores);
    let mut waiting = Box::pin(join_all((0..WAITING).map(|_| engine.hasher.slot())));
    assert!(waiting.as_mut().now_or_never().is_none());

    let mut stranger = Browser::new(&house.base());
    is_turned_away(&stranger.sign_in("operator", PASSWORD).await);
    is_turned_away(&stranger.sign_in("nobody at all", PASSWORD).await);
    assert_eq!(stranger.cookie("sid"), None);
    // What needs no password goes on.
    assert_eq!(known.get("/").await.status, 200);
    let api = house.program(Role::Admin).await;
    api.get("/phones").await.expect(200);

    // With room in the line, but no place within two seconds.
    drop(waiting);
    is_turned_away(&stranger.sign_in("operator", PASSWORD).await);
    drop(places);
    assert_eq!(stranger.sign_in("operator", PASSWORD).await.status, 303);
    house
}
