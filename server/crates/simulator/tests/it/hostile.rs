//! Answers that no client should trust, and whether the phone did it all the same.

use carillon_simulator::{Profile, Timing};
use tokio::io::AsyncReadExt;

use crate::client::{self, ENOUGH, Reply};
use crate::{QUICK, config, fleet, start};

const TARGET: &str = "/servlet?key=DNDOn";

/// Sends one command; the reply, and whether the phone did it.
async fn provoke(profile: Profile) -> (Reply, bool) {
    let (fleet, phone) = fleet(profile).await;
    let reply = client::get(&phone, TARGET, None).await;
    let done = fleet.ledger().executed("DNDOn").contains_key(&phone.mac);
    assert_eq!(fleet.status(phone.mac).expect("known").dnd, done);
    assert_eq!(fleet.ledger().totals().requests, 1);
    (reply, done)
}

#[tokio::test]
async fn resets_come_before_during_and_after() {
    let (reply, done) = provoke(Profile::ResetBefore).await;
    assert!(reply.reset && reply.head.is_empty() && !done);
    let (reply, done) = provoke(Profile::ResetAfter).await;
    assert!(reply.reset && reply.head.is_empty() && done);
    let (reply, done) = provoke(Profile::ResetDuring).await;
    assert!(reply.reset && done);
}

#[tokio::test]
async fn garbage_is_not_http() {
    let (reply, done) = provoke(Profile::Garbage).await;
    assert!(reply.status.is_none() && !done && !reply.head.is_empty());
}

#[tokio::test]
async fn bodies_are_too_large_or_endless() {
    for profile in [Profile::OversizedBody, Profile::EndlessBody] {
        let (reply, done) = provoke(profile).await;
        assert_eq!(reply.status, Some(200));
        assert!(done && reply.head.len() + reply.body.len() >= ENOUGH);
    }
}

#[tokio::test]
async fn interim_answers_never_end() {
    let (reply, done) = provoke(Profile::InterimFlood).await;
    assert_eq!(reply.status, Some(100));
    assert!(done && reply.body.len() > ENOUGH / 2);
}

#[tokio::test]
async fn a_head_can_be_crowded() {
    let (reply, done) = provoke(Profile::ThousandHeaders).await;
    assert_eq!(reply.status, Some(200));
    assert!(done && reply.head.lines().count() > 1000);
}

#[tokio::test]
async fn a_small_body_can_unpack_large() {
    let (reply, done) = provoke(Profile::GzipBomb).await;
    assert_eq!(reply.field("Content-Encoding"), Some("gzip"));
    assert!(done && reply.body.starts_with(&[0x1f, 0x8b, 8]));
}

#[tokio::test]
async fn a_drip_is_whole_in_the_end() {
    let (reply, done) = provoke(Profile::Drip).await;
    assert_eq!(reply.status, Some(200));
    assert!(done && reply.head.ends_with("\r\n\r\n"));
}

#[tokio::test]
async fn silence_lasts_until_the_caller_leaves() {
    let (fleet, phone) = fleet(Profile::Silent).await;
    let mut stream = client::connect(&phone).await.expect("a connection");
    let mut byte = [0];
    let written = tokio::io::AsyncWriteExt::write_all(
        &mut stream,
        b"GET /servlet?key=DNDOn HTTP/1.1\r\nHost: p\r\n\r\n",
    );
    written.await.expect("sent");
    while fleet.ledger().totals().requests == 0 {
        tokio::task::yield_now().await;
    }
    let nothing = stream.try_read(&mut byte);
    assert!(nothing.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
    assert_eq!(fleet.ledger().totals().executed, 0);
    drop(stream);
    while fleet.status(phone.mac).expect("known").connections > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn answers_get_lost_after_the_deed() {
    let timing = Timing {
        reply_loss_per_mille: 500,
        ..QUICK
    };
    let (fleet, phone) = start(config(Profile::Open, 1).with_timing(timing)).await;
    let mut lost = 0;
    for _ in 0..50 {
        lost += u32::from(client::get(&phone, TARGET, None).await.status.is_none());
    }
    assert!(lost > 0 && lost < 50, "{lost} of 50 lost");
    assert_eq!(fleet.ledger().executions(phone.mac).len(), 50);
}

#[tokio::test]
async fn silent_callers_are_let_go() {
    let timing = Timing {
        idle_ms: 10,
        ..QUICK
    };
    let (_fleet, phone) = start(config(Profile::Open, 1).with_timing(timing)).await;
    let mut stream = client::connect(&phone).await.expect("a connection");
    let mut nothing = Vec::new();
    stream.read_to_end(&mut nothing).await.expect("a farewell");
    assert!(nothing.is_empty());
}
