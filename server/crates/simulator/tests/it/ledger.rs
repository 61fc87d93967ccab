//! The record that others are held against.

use carillon_simulator::{Auth, Fleet, FleetConfig, Profile};

use crate::client;
use crate::config;

#[tokio::test]
async fn every_request_of_every_phone_is_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ledger.jsonl");
    let config = config(Profile::Open, 50).with_ledger_file(&file);
    let fleet = Fleet::start(config).await.expect("a fleet");
    let mut calls = tokio::task::JoinSet::new();
    for phone in fleet.phones().to_vec() {
        calls.spawn(async move {
            for key in ["DNDOn", "nonsense", "DNDOff"] {
                let target = format!("/servlet?key={key}");
                let reply = client::get(&phone, &target, None).await;
                assert_eq!(reply.status, Some(200));
            }
        });
    }
    while let Some(ended) = calls.join_next().await {
        ended.expect("no panic");
    }
    let ledger = fleet.ledger();
    let totals = ledger.totals();
    assert_eq!(
        (totals.requests, totals.executed, totals.connections),
        (150, 100, 150)
    );
    for phone in fleet.phones() {
        let done = ledger.executions(phone.mac);
        let actions: Vec<_> = done.iter().map(|one| &*one.action).collect();
        assert_eq!(actions, ["DNDOn", "DNDOff"]);
        assert!(done[0].at <= done[1].at && done[0].request < done[1].request);
    }
    let mut numbers = Vec::new();
    ledger.for_each(|record| numbers.push(record.request));
    assert_eq!(numbers, (1..=150).collect::<Vec<_>>());
    assert_eq!(ledger.since(149).len(), 2);
    assert!(ledger.since(151).is_empty());
    same_in_the_file(&fleet, &std::fs::read_to_string(file).expect("written"));
}

fn same_in_the_file(fleet: &Fleet, text: &str) {
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("one object a line"))
        .collect();
    let records = fleet.ledger().since(0);
    assert_eq!(lines.len(), records.len());
    for (line, record) in lines.iter().zip(&records) {
        assert_eq!(line["request"], record.request);
        assert_eq!(line["mac"], record.mac.to_string());
        assert_eq!(line["target"], *record.target);
        assert_eq!(line["disposition"], record.disposition.as_str());
        assert_eq!(line["executed"].as_str(), record.executed.as_deref());
    }
}

#[tokio::test]
async fn the_demo_runs_and_keeps_its_passwords() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ledger.jsonl");
    let config = FleetConfig::demo(300).with_ledger_file(&file);
    let fleet = Fleet::start(config).await.expect("a fleet");
    let csv = fleet.inventory_csv();
    assert_eq!(csv.lines().count(), 301);
    assert_eq!(
        fleet.sites().iter().map(|site| site.phones).sum::<usize>(),
        300
    );
    let healthy = fleet
        .phones()
        .iter()
        .filter(|phone| phone.profile == Profile::Normal && phone.auth == Auth::Basic);
    for phone in healthy.take(30) {
        let header = client::basic(&phone.username, phone.password.as_str());
        let reply = client::get(phone, "/servlet?key=MUTE", Some(&header)).await;
        assert_eq!(reply.status, Some(200));
    }
    assert_eq!(fleet.ledger().totals().executed, 30);
    let written = std::fs::read_to_string(file).expect("written");
    let debug = format!("{fleet:?}");
    for phone in fleet.phones() {
        assert!(!written.contains(phone.password.as_str()));
        assert!(!debug.contains(phone.password.as_str()));
    }
}
