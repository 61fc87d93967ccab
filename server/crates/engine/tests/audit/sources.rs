//! Addresses that records commit to: changed, taken away, removed in time.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::event::{Actor, Event};
use serde_json::json;

use crate::house::{Database, House};

const DAY: Duration = Duration::from_hours(24);

/// Three records: two addresses of one day, and one of them a day later. Answers the first number.
async fn furnish(house: &House) -> i64 {
    let now = house.clock.now();
    let first = i64::try_from(house.store.audit_head().await.unwrap().size()).unwrap();
    let told = |at: Timestamp, ip: &str| {
        let mut event = Event::new(at, Actor::system(), "test.told");
        event.ip = Some(ip.to_owned());
        event
    };
    let next = now.plus(DAY);
    let events = [
        told(now, "10.1.1.1"),
        told(now, "10.2.2.2"),
        told(next, "10.1.1.1"),
        told(next, "10.1.1.1"),
    ];
    let unit = house.store.begin().await.unwrap();
    unit.record(&events).await.unwrap().commit().await.unwrap();
    house.notary().await.look(true).await.unwrap();
    first
}

/// Behind the last record: none names it.
const NOBODY: i64 = 4;

const CASES: [(&str, i64); 9] = [
    (
        "UPDATE audit_sources SET address = '10.9.9.9' WHERE address = '10.2.2.2'",
        1,
    ),
    (
        "UPDATE audit_sources SET address = 'x' || address WHERE address LIKE '10.%.2'; \
         UPDATE audit_sources SET address = '10.2.2.2' \
         WHERE address = '10.1.1.1' AND day = (SELECT MIN(day) FROM audit_sources)",
        0,
    ),
    (
        "UPDATE audit_sources SET salt = (SELECT s.salt FROM audit_sources s \
         WHERE s.address = '10.1.1.1' ORDER BY s.day LIMIT 1) WHERE address = '10.2.2.2'",
        1,
    ),
    (
        "UPDATE audit_sources SET day = day + 5 WHERE address = '10.2.2.2'",
        1,
    ),
    (
        "UPDATE audit_sources SET id = 'AAAAAAAAAAAAAAAAAAAAAA' WHERE address = '10.2.2.2'",
        1,
    ),
    ("DELETE FROM audit_sources WHERE address = '10.2.2.2'", 1),
    (
        "DELETE FROM audit_sources WHERE address = '10.1.1.1' \
         AND day = (SELECT MAX(day) FROM audit_sources)",
        2,
    ),
    (
        "INSERT INTO audit_sources (id, address, day, salt) SELECT 'B', '10.7.7.7', day, salt \
         FROM audit_sources WHERE address = '10.2.2.2'",
        NOBODY,
    ),
    (
        "UPDATE audit_sources SET address = '' WHERE address LIKE '10.2%'",
        1,
    ),
];

pub(crate) async fn an_address_that_was_touched_is_named(database: &Database) {
    for (statement, behind) in CASES {
        let house = House::new(database).await;
        house.key().await.unwrap();
        let first = furnish(&house).await;
        house.is_intact("").await;
        house.tamper(&[statement.to_owned()]).await;
        let found = house.finding().await;
        let expected = format!("record {}: source", first + behind);
        assert!(found.starts_with(&expected), "{statement}: {found}");
        house.close().await;
    }
}

/// A record that tells of it makes a missing address no finding, for its days and no later ones.
pub(crate) async fn what_was_removed_in_time_is_not_missed(database: &Database) {
    let house = House::new(database).await;
    house.key().await.unwrap();
    let first = furnish(&house).await;
    let tomorrow = house.clock.now().plus(DAY);
    let day = DAY.as_micros() as i64;
    let before = Timestamp::from_micros(tomorrow.micros() / day * day);
    let mut unit = house.store.begin().await.unwrap();
    assert_eq!(unit.remove_sources(tomorrow).await.unwrap(), 2);
    let mut told = Event::new(tomorrow, Actor::system(), "audit.addresses_removed");
    told.detail = json!({ "before": before, "addresses": 2 });
    unit.record(&[told]).await.unwrap().commit().await.unwrap();
    house.notary().await.look(true).await.unwrap();
    house.is_intact("").await;
    let later = "DELETE FROM audit_sources".to_owned();
    house.tamper(&[later]).await;
    let found = house.finding().await;
    let expected = format!("record {}: source: no record tells", first + 2);
    assert!(found.starts_with(&expected), "{found}");
    house.close().await;
}

/// Its phones' records say where it was asked from, on the day when their turn comes.
pub(crate) async fn a_job_over_midnight_is_intact(database: &Database) {
    let house = House::new(database).await;
    house.key().await.unwrap();
    let now = house.clock.now();
    let mut submitted = Event::new(now, Actor::system(), "job.submitted");
    submitted.ip = Some("10.1.1.1".to_owned());
    submitted.job = Some("j".to_owned());
    let unit = house.store.begin().await.unwrap();
    let recorded = unit.record(&[submitted]).await.unwrap();
    recorded.commit().await.unwrap();
    let mut sent = Event::new(now.plus(DAY), Actor::system(), "target.intent");
    sent.job = Some("j".to_owned());
    sent.source = house.store.submission_source("j").await.unwrap();
    assert!(sent.source.is_some());
    let unit = house.store.begin().await.unwrap();
    unit.record(&[sent]).await.unwrap().commit().await.unwrap();
    house.notary().await.look(true).await.unwrap();
    house.is_intact("").await;
    house.close().await;
}
