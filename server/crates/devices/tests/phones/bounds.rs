//! How much a hostile phone can make us take, by what it counted itself.
//!
//! Sixty-four at once each time. What a peer could send is what was read and what the kernels of
//! both ends hold; so the bound is wide, and far from endless.

use std::time::Duration;

use carillon_devices::Delivery;
use carillon_domain::Cause;
use carillon_domain::outcome::Outcome;
use tokio::task::JoinSet;

use crate::gate::{gateway, http, impatient};
use crate::peer::{Call, Peer};

/// So many at once.
const SWARM: usize = 64;
/// What is read of a body, and what the kernels may hold of what was sent besides.
const MOST: u64 = 64 * 1024 + 8 * 1024 * 1024;

/// One request to each of many peers at the same time; all have hung up or been left behind.
async fn swarm<F, R>(limited: fn(Delivery) -> Delivery, serve: F) -> Vec<(Outcome, Peer)>
where
    F: Fn(Call<tokio::net::TcpStream>) -> R + Clone + Send + 'static,
    R: Future<Output = ()> + Send,
{
    let gateway = std::sync::Arc::new(gateway());
    let mut asked = JoinSet::new();
    for _ in 0..SWARM {
        let (gateway, peer) = (gateway.clone(), Peer::tcp(serve.clone()).await);
        asked.spawn(async move {
            let outcome = gateway.deliver(limited(http(peer.port))).await;
            peer.left().await;
            (outcome, peer)
        });
    }
    asked.join_all().await
}

/// The usual limits: what ends here ends by its size.
const fn patient(delivery: Delivery) -> Delivery {
    delivery
}

fn assert_bounded(ends: &[(Outcome, Peer)], cause: Option<Cause>, most: u64) {
    assert_eq!(ends.len(), SWARM);
    for (outcome, peer) in ends {
        assert_eq!(outcome.cause, cause);
        assert_eq!(peer.connections(), 1, "asked twice");
        assert!(peer.requests().len() <= 1);
        assert!(peer.sent() <= most, "took {} bytes", peer.sent());
        assert!(outcome.excerpt.len() <= 2048);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_bodies_are_left_behind() {
    let ends = swarm(patient, |mut call| async move {
        call.request().await;
        call.say("HTTP/1.1 200 OK\r\n\r\n").await;
        while call.say([b'x'; 4096]).await {}
    })
    .await;
    assert_bounded(&ends, None, MOST);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_unpack_to_more_stay_packed() {
    let ends = swarm(patient, |mut call| async move {
        call.request().await;
        call.say("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x0b")
            .await;
        while call.say([0; 4096]).await {}
    })
    .await;
    assert_bounded(&ends, None, MOST);
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_heads_are_left_behind() {
    let ends = swarm(patient, |mut call| async move {
        call.request().await;
        call.say("HTTP/1.1 200 OK\r\n").await;
        while call.say(format!("X: {}\r\n", "y".repeat(500))).await {}
    })
    .await;
    assert_bounded(&ends, Some(Cause::TooLarge), MOST);
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_interim_answers_are_left_behind() {
    let ends = swarm(patient, |mut call| async move {
        call.request().await;
        while call.say("HTTP/1.1 100 Continue\r\n\r\n".repeat(50)).await {}
    })
    .await;
    assert_bounded(&ends, Some(Cause::BadAnswer), MOST);
}

/// The peer counts its drops with a clock of its own: no more than fit into the whole exchange.
#[tokio::test(flavor = "multi_thread")]
async fn who_sends_a_drop_at_a_time_is_left_in_time() {
    const PAUSE: Duration = Duration::from_millis(20);
    const HEAD: &str = "HTTP/1.1 200 OK\r\nX: ";
    let ends = swarm(impatient, |mut call| async move {
        call.request().await;
        call.say(HEAD).await;
        while call.say("y").await {
            tokio::time::sleep(PAUSE).await;
        }
    })
    .await;
    for (outcome, peer) in &ends {
        assert_eq!(outcome.cause, Some(Cause::TimeoutAnswer));
        // Wide, for machines that are busy; an endless drip knows no bound.
        let whole = impatient(http(1)).limits.whole + Duration::from_secs(3);
        let drops = u64::try_from(whole.as_millis() / PAUSE.as_millis()).expect("few");
        let most = HEAD.len() as u64 + drops;
        assert!(peer.sent() <= most, "{} bytes", peer.sent());
        assert_eq!(peer.connections(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_resets_is_asked_once() {
    let ends = swarm(patient, |mut call| async move {
        call.request().await;
        call.say("HTTP/1.1 2").await;
        call.reset();
    })
    .await;
    assert_bounded(&ends, Some(Cause::ConnectionReset), MOST);
}
