//! A log that an older program wrote is found by every filter after the migration.

use std::fmt::Write as _;

use carillon_domain::event::{Event, EventResult};
use carillon_store::{AuditQuery, Frontier, Seek, leaf_hash};

use crate::audit::{Asked, long_log};
use crate::database::{Database, run};

const BEFORE: [&str; 2] = [
    include_str!("../../../../../migrations/sqlite/0005_audit.sql"),
    include_str!("../../../../../migrations/postgres/0005_audit.sql"),
];

const HERE: &str = "10.0.0.1";

/// The tables as they were before the marks.
fn older(shared: bool) -> String {
    let text = BEFORE[usize::from(shared)];
    let tables = &text[..text.find("-- The tree so far").unwrap()];
    let trigger = text.find("CREATE TRIGGER audit_is_not_changed").unwrap();
    let trigger = &text[trigger..];
    let end = if shared { ";" } else { "END;" };
    let trigger = &trigger[..trigger.find(end).unwrap() + end.len()];
    format!(
        "DROP TABLE audit; DROP TABLE audit_marks; DROP TABLE audit_values; \
         DELETE FROM _sqlx_migrations WHERE version = 13; {tables} {trigger}"
    )
}

fn quoted(text: Option<&str>) -> String {
    text.map_or("NULL".to_owned(), |text| {
        format!("'{}'", text.replace('\'', "''"))
    })
}

/// One record, as the older program added it.
fn added(seq: i64, event: &Event, entry: &str, hash: &str) -> String {
    let phone = event.phone.map(|mac| mac.to_string());
    let mut text = format!(
        "INSERT INTO audit VALUES ({seq}, {at}, {entry}, {hash}, {actor}, {action}, {command}, \
         {phone}, {site}, {job}, {result}, {ip}, 'x');",
        at = event.at.micros(),
        entry = quoted(Some(entry)),
        actor = quoted(Some(&event.actor.name)),
        action = quoted(Some(&event.action)),
        command = quoted(event.detail["action"].as_str()),
        phone = quoted(phone.as_deref()),
        site = quoted(event.site.as_deref()),
        job = quoted(event.job.as_deref()),
        result = quoted(Some(event.result.as_str())),
        ip = quoted(event.ip.as_deref()),
    );
    for group in &event.groups {
        let group = quoted(Some(group));
        write!(text, "INSERT INTO audit_groups VALUES ({group}, {seq});").unwrap();
    }
    text
}

pub(crate) async fn an_older_log_is_marked(db: Database) {
    let shared = db.store.is_shared();
    let bytes = |bytes: &[u8]| {
        let digits = hex::encode(bytes);
        if shared {
            format!("'\\x{digits}'::bytea")
        } else {
            format!("x'{digits}'")
        }
    };
    let mut events: Vec<_> = long_log().into_iter().take(600).collect();
    for event in events.iter_mut().step_by(9) {
        event.ip = Some(HERE.to_owned());
    }
    let mut frontier = Frontier::default();
    let mut text = older(shared);
    for (seq, event) in (0..).zip(&events) {
        let entry = serde_json::to_string(event).unwrap();
        let ip = event.ip.as_ref();
        let ip = ip.map_or_else(String::new, |ip| format!("\"ip\":\"{ip}\","));
        let entry = format!("{{\"seq\":{seq},{ip}{}", &entry[1..]);
        let hash = leaf_hash(entry.as_bytes());
        frontier.push(hash);
        text.push_str(&added(seq, event, &entry, &bytes(&hash)));
    }
    let frontier = bytes(&frontier.to_bytes());
    write!(
        text,
        "UPDATE audit_head SET size = 600, frontier = {frontier};"
    )
    .unwrap();
    db.raw(&text).await.unwrap();
    db.store.close().await;
    let store = carillon_store::Store::open(&db.url).await.unwrap();
    let store = store.in_run(run());
    store.migrate().await.unwrap();
    check(&store, &events).await;
    old_and_new_addresses_are_found(&store).await;
    store.close().await;
}

async fn check(store: &carillon_store::Store, events: &[Event]) {
    let queries: [Asked; 5] = [
        (
            AuditQuery {
                ip: Some(HERE.to_owned()),
                ..AuditQuery::default()
            },
            |event| event.ip.is_some(),
        ),
        (
            AuditQuery {
                results: vec![EventResult::Failed],
                ..AuditQuery::default()
            },
            |event| event.result == EventResult::Failed,
        ),
        (
            AuditQuery {
                group: Some("group-3".to_owned()),
                ..AuditQuery::default()
            },
            |event| event.groups.contains(&"group-3".to_owned()),
        ),
        (
            AuditQuery {
                actions: vec!["Reboot".to_owned()],
                to: Some(events[300].at),
                ..AuditQuery::default()
            },
            |event| event.detail["action"] == "Reboot",
        ),
        (
            AuditQuery {
                text: "LAGER 7".to_owned(),
                job: Some("job-3".to_owned()),
                ..AuditQuery::default()
            },
            |event| {
                let mac = event
                    .phone
                    .map(carillon_domain::Mac::digits)
                    .unwrap_or_default();
                let seven = event.phone_name.contains('7') || mac.contains('7');
                seven && event.job.as_deref() == Some("job-3")
            },
        ),
    ];
    for (query, fits) in queries {
        let told = (0..)
            .zip(events)
            .filter(|(seq, event)| fits(event) && (query.to.is_none() || *seq < 300));
        let expected: Vec<i64> = told.map(|(seq, _)| seq).collect();
        let page = store.audit_page(&query, &Seek::Start, 1_000).await.unwrap();
        let mut found: Vec<_> = page.items.iter().map(|row| row.seq).collect();
        found.reverse();
        assert_eq!(found, expected, "{query:?}");
        let count = store.audit_count(&query, 10_000).await.unwrap();
        assert_eq!(count.count, expected.len() as i64, "{query:?}");
    }
    let mut scan = store.audit_scan().await.unwrap();
    let mut marks = scan.marks().await.unwrap();
    for record in scan.records(-1, 1_000).await.unwrap() {
        marks.add(&record.told().unwrap());
        if record.seq % 256 == 255 || record.seq == 599 {
            assert!(marks.close(record.seq / 256), "{}", record.seq);
        }
    }
    assert_eq!(marks.stray(600), None);
}

/// The address in clear, as older records have it, and what newer ones say in its place.
async fn old_and_new_addresses_are_found(store: &carillon_store::Store) {
    let mut event = crate::audit::event(9_000_000, "phone.changed");
    event.ip = Some(HERE.to_owned());
    let unit = store.begin().await.unwrap();
    unit.record(&[event]).await.unwrap().commit().await.unwrap();
    let query = AuditQuery {
        ip: Some(HERE.to_owned()),
        ..AuditQuery::default()
    };
    let page = store.audit_page(&query, &Seek::Start, 1_000).await.unwrap();
    let seqs: Vec<_> = page.items.iter().map(|row| row.seq).collect();
    let old = (0..67).rev().map(|number| 9 * number);
    assert_eq!(seqs, std::iter::once(600).chain(old).collect::<Vec<_>>());
    let here = |row: &carillon_store::AuditRow| row.event.ip.as_deref() == Some(HERE);
    assert!(page.items.iter().all(here));
    assert_eq!(store.audit_count(&query, 10_000).await.unwrap().count, 68);
}
