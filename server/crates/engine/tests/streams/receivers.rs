//! Receivers of every record.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use carillon_engine::Random;
use carillon_engine::secrets::KeySource;
use carillon_receivers::signature;
use carillon_simulator::{Collector, Manners};
use carillon_store::StreamRow;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::house::{House, http, record, seq, syslog};

pub(crate) async fn every_record_arrives_once_and_in_order(house: House) {
    let collector = Collector::start(None).await.unwrap();
    house.record(700).await;
    let streams = house.streams(&[("siem", syslog(&collector))]).await;
    collector.once(|taken| taken.len() == 700).await;
    house.record(3).await;
    let taken = collector.once(|taken| taken.len() == 703).await;
    let received: Vec<_> = taken.iter().map(record).collect();
    assert_eq!(received, house.entries().await);
    // A refusal is worth a warning, the rest is information.
    assert!(taken[0].text.starts_with("<108>1 "), "{}", taken[0].text);
    assert!(taken[1].text.starts_with("<110>1 "), "{}", taken[1].text);
    let row = house.until("siem", |row| row.next == 703).await;
    assert!(row.taken_at.is_some() && row.problem.is_none());
    streams.stop().await;
    house.close().await;
}

pub(crate) async fn a_receiver_that_was_away_gets_all_it_missed(house: House) {
    let collector = Collector::start(None).await.unwrap();
    let (address, url) = (collector.address(), syslog(&collector));
    drop(collector);
    house.record(5).await;
    let streams = house.streams(&[("siem", url)]).await;
    let row = house.until("siem", |row| row.problem.is_some()).await;
    assert_eq!(
        row.problem.as_deref(),
        Some("the receiver refuses connections")
    );
    assert!(streams.stalled().is_empty(), "not for long yet");
    // Hours go by, and more is recorded.
    house.clock.advance(Duration::from_hours(5));
    let row = house.until("siem", |row| row.told_at.is_some()).await;
    assert_eq!(row.next, 0);
    house.record(1200).await;
    let told = house.entries().await;
    assert!(
        told[5].contains("\"stream.stalled\"") && told[5].contains("refuses"),
        "{}",
        told[5]
    );
    // Somebody else listens there first, and cuts the connection in the middle.
    let collector = Collector::at(address, Manners::Resets(2)).await.unwrap();
    house
        .until("siem", |row| {
            row.problem
                .as_deref()
                .is_some_and(|why| why.contains("hung up"))
        })
        .await;
    assert_eq!(house.until("siem", |_| true).await.next, 0);
    collector.behave(Manners::Takes);
    house.until("siem", |row| row.next > 1206).await;
    let taken = collector.taken();
    let seqs: Vec<_> = taken.iter().map(|taken| seq(&record(taken))).collect();
    let kept: Vec<_> = seqs
        .iter()
        .copied()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let size = i64::try_from(kept.len()).unwrap();
    assert_eq!(kept, (0..size).collect::<Vec<_>>(), "nothing is missing");
    // What came twice came from its beginning again.
    let again = seqs.windows(2).filter(|two| two[1] != two[0] + 1);
    assert!(again.clone().all(|two| two[1] == 0), "{seqs:?}");
    let entries = house.entries().await;
    let resumed = entries
        .iter()
        .find(|entry| entry.contains("\"stream.resumed\""));
    assert!(resumed.is_some());
    assert!(streams.stalled().is_empty());
    streams.stop().await;
    house.close().await;
}

pub(crate) async fn a_webhook_is_signed_and_waits_for_its_secret(house: House) {
    let collector = Collector::start(None).await.unwrap();
    house.record(2).await;
    let streams = house.streams(&[("tickets", http(&collector))]).await;
    let row = house.until("tickets", |row| row.problem.is_some()).await;
    assert!(row.problem.unwrap().starts_with("there is no secret"));
    assert!(collector.taken().is_empty());
    let engine = house.engine();
    let first = engine
        .new_stream_secret(&House::admin(), "tickets")
        .await
        .unwrap();
    let sealed = house
        .store
        .stream("tickets")
        .await
        .unwrap()
        .unwrap()
        .secret
        .unwrap();
    let secret = |text: &str| {
        STANDARD
            .decode(text.strip_prefix("whsec_").unwrap())
            .unwrap()
    };
    let bytes = secret(first.expose_secret());
    assert!(!sealed.windows(32).any(|part| part == bytes), "sealed");
    collector.once(|taken| !taken.is_empty()).await;
    house.until("tickets", |row| row.next == 3).await;
    let second = engine
        .new_stream_secret(&House::admin(), "tickets")
        .await
        .unwrap();
    house.until("tickets", |row| row.next == 4).await;
    let taken = collector.taken();
    check(&taken[0], std::slice::from_ref(&bytes));
    check(
        taken.last().unwrap(),
        &[secret(second.expose_secret()), bytes],
    );
    house.clock.advance(Duration::from_hours(25));
    house.record(1).await;
    house.until("tickets", |row| row.next == 5).await;
    check(
        collector.taken().last().unwrap(),
        &[secret(second.expose_secret())],
    );
    let received: Vec<_> = collector.taken().iter().flat_map(records).collect();
    let log: Vec<Value> = house
        .entries()
        .await
        .iter()
        .map(|e| serde_json::from_str(e).unwrap())
        .collect();
    assert_eq!(received, log);
    // A receiver that says no keeps everything waiting.
    collector.behave(Manners::Answers(503));
    house.record(1).await;
    let row = house.until("tickets", |row| row.problem.is_some()).await;
    assert_eq!(
        (row.next, row.problem.as_deref()),
        (5, Some("the receiver answered with status 503"))
    );
    streams.stop().await;
    house.close().await;
}

fn records(taken: &carillon_simulator::Taken) -> Vec<Value> {
    let body: Value = serde_json::from_str(&taken.text).unwrap();
    assert_eq!(body["type"], "audit.records");
    body["data"]["records"].as_array().unwrap().clone()
}

pub(crate) async fn a_stream_whose_secret_cannot_be_opened_says_so(mut house: House) {
    let collector = Collector::start(None).await.unwrap();
    house.record(1).await;
    let to = [("tickets", http(&collector))];
    let streams = house.streams(&to).await;
    let engine = house.engine();
    let made = engine.new_stream_secret(&House::admin(), "tickets").await;
    made.unwrap();
    streams.stop().await;
    let source = KeySource::File(house.file("other.keys"));
    house.keyring = source.create(&Random::system(), house.clock.now()).unwrap();
    house.record(1).await;
    let streams = house.streams(&to).await;
    let says = |row: &StreamRow| {
        let problem = row.problem.as_deref().unwrap_or_default();
        problem.starts_with("the secret cannot be opened")
    };
    let row = house.until("tickets", says).await;
    assert!(row.failing_since.is_some());
    streams.stop().await;
    house.close().await;
}

/// What was signed is what came, by exactly these secrets.
fn check(taken: &carillon_simulator::Taken, secrets: &[Vec<u8>]) {
    let header = |name: &str| {
        let lines = taken.head.lines().filter_map(|line| line.split_once(": "));
        let found: Vec<_> = lines.filter(|(given, _)| *given == name).collect();
        found[0].1.to_owned()
    };
    let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
    let signed = secrets
        .iter()
        .map(|secret| signature(secret, &id, time.parse().unwrap(), taken.text.as_bytes()));
    assert_eq!(
        header("webhook-signature"),
        signed.collect::<Vec<_>>().join(" ")
    );
}

pub(crate) async fn of_two_nodes_one_sends(house: House) {
    let collector = Collector::start(None).await.unwrap();
    let config = [("siem", syslog(&collector))];
    let one = house.streams(&config).await;
    let shared = house.store.is_shared();
    let two = if shared {
        Some(house.streams(&config).await)
    } else {
        None
    };
    for _ in 0..20 {
        house.record(30).await;
        tokio::task::yield_now().await;
    }
    let taken = collector.once(|taken| taken.len() >= 600).await;
    house.until("siem", |row| row.next == 600).await;
    let seqs: Vec<_> = taken.iter().map(|taken| seq(&record(taken))).collect();
    assert_eq!(seqs, (0..600).collect::<Vec<_>>());
    // The one that sends leaves; what comes then is sent by the other.
    one.stop().await;
    if let Some(two) = two {
        house.record(10).await;
        house.until("siem", |row| row.next == 610).await;
        two.stop().await;
    }
    house.close().await;
}

pub(crate) async fn a_stuck_receiver_holds_up_nobody_else(house: House) {
    let (stuck, well) = (
        Collector::start(None).await.unwrap(),
        Collector::start(None).await.unwrap(),
    );
    stuck.behave(Manners::Silent);
    house.record(10).await;
    let streams = house
        .streams(&[("stuck", syslog(&stuck)), ("well", syslog(&well))])
        .await;
    house.until("well", |row| row.next == 10).await;
    for round in 1..=20 {
        house.record(10).await;
        house.until("well", |row| row.next == 10 + round * 10).await;
    }
    assert_eq!(house.until("stuck", |_| true).await.next, 0);
    streams.stop().await;
    house.close().await;
}

pub(crate) async fn a_batch_becomes_smaller_for_a_receiver_that_refuses_its_size(house: House) {
    let collector = Collector::start(None).await.unwrap();
    house.record(200).await;
    let streams = house.streams(&[("tickets", http(&collector))]).await;
    let most = 8 * house.entries().await[0].len();
    collector.behave(Manners::Limits(most));
    let engine = house.engine();
    let made = engine.new_stream_secret(&House::admin(), "tickets").await;
    made.unwrap();
    let row = house.until("tickets", |row| row.next == 201).await;
    assert_eq!(row.problem, None);
    let received: Vec<_> = collector.taken().iter().flat_map(records).collect();
    let numbers: Vec<_> = received
        .iter()
        .map(|r| r["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, (0..201).collect::<Vec<_>>(), "each once");
    // A record that is too large by itself is said.
    collector.behave(Manners::Limits(10));
    house.record(1).await;
    let row = house.until("tickets", |row| row.problem.is_some()).await;
    assert_eq!(
        (row.next, row.problem.as_deref()),
        (201, Some("the receiver answered with status 413"))
    );
    streams.stop().await;
    house.close().await;
}
