//! Where records come from: committed to, kept apart, removed.

use carillon_domain::Timestamp;
use carillon_domain::event::Event;
use carillon_store::{AtLeast, AuditQuery, Seek, Store, StoreError};

use crate::audit::{check_log, event, exported};
use crate::database::{Database, run};
use crate::inventory::at;

const DAY: i64 = 86_400;
const HERE: &str = "10.77.66.55";
const THERE: &str = "fd00::77";

fn from(seconds: i64, ip: &str) -> Event {
    let mut event = event(seconds, "phone.changed");
    event.ip = Some(ip.to_owned());
    event
}

async fn record(store: &Store, events: &[Event]) {
    let unit = store.begin().await.unwrap();
    unit.record(events).await.unwrap().commit().await.unwrap();
}

fn asked(ip: &str) -> AuditQuery {
    AuditQuery {
        ip: Some(ip.to_owned()),
        ..AuditQuery::default()
    }
}

/// What the filter finds: on a page, counted, and in an export.
async fn found(store: &Store, ip: &str) -> Vec<i64> {
    let query = asked(ip);
    let page = store.audit_page(&query, &Seek::Start, 1000).await.unwrap();
    let seqs: Vec<i64> = page.items.iter().map(|row| row.seq).collect();
    let taken = exported(store, &query).await;
    let taken: Vec<_> = taken.iter().map(|(seq, _, _)| *seq).collect();
    assert_eq!(taken, seqs, "{ip}");
    let count = store.audit_count(&query, 100_000).await.unwrap();
    let (many, exact) = (seqs.len() as i64, true);
    assert_eq!(count, AtLeast { count: many, exact }, "{ip}");
    seqs
}

async fn source_of(store: &Store, seq: i64) -> Option<String> {
    store.audit_entry(seq).await.unwrap().unwrap().event.source
}

pub(crate) async fn records_of_an_address_and_a_day_share_one_commitment(db: Database) {
    let store = &db.store;
    let first = [from(0, HERE), from(1, THERE), event(2, "phone.created")];
    record(store, &first).await;
    record(store, &[from(3, HERE)]).await;
    // Another node, which remembers nothing, and the day after.
    let other = Store::open(&db.url).await.unwrap().in_run(run());
    record(&other, &[from(4, HERE), from(DAY, HERE)]).await;
    other.close().await;
    let mut sources = Vec::new();
    for seq in 0..6 {
        let row = store.audit_entry(seq).await.unwrap().unwrap();
        assert!(!row.entry.contains(HERE) && !row.entry.contains(THERE));
        sources.push(row.event.source);
    }
    assert_eq!(sources[2], None);
    assert_eq!((&sources[0], &sources[0]), (&sources[3], &sources[4]));
    assert!(sources[0] != sources[1] && sources[0] != sources[5]);
    assert_eq!(found(store, HERE).await, [5, 4, 3, 0]);
    assert_eq!(found(store, THERE).await, [1]);
    let id = sources[0].clone().unwrap();
    assert_eq!(found(store, &id).await, [4, 3, 0]);
    assert_eq!(id.len(), 22);
    let mut scan = store.audit_scan().await.unwrap();
    let kept = scan.standing().await.unwrap().sources;
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().all(|row| row.source.commitment() == row.id));
    assert_eq!(check_log(store).await, 6);
}

pub(crate) async fn an_address_that_was_removed_is_in_no_record(db: Database) {
    let store = &db.store;
    record(store, &[from(0, HERE), from(DAY, HERE), from(DAY, THERE)]).await;
    let before = at(DAY);
    assert!(store.keeps_sources_before(before).await.unwrap());
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.remove_sources(before).await.unwrap(), 1);
    let told = event(2 * DAY, "audit.addresses_removed");
    unit.record(&[told]).await.unwrap().commit().await.unwrap();
    assert!(!store.keeps_sources_before(before).await.unwrap());
    let row = store.audit_entry(0).await.unwrap().unwrap();
    assert_eq!((row.event.ip, row.origin), (None, None));
    assert_eq!(found(store, HERE).await, [1]);
    let id = source_of(store, 0).await.unwrap();
    assert_eq!(found(store, &id).await, [0]);
    let lines = exported(store, &AuditQuery::default()).await;
    let ips: Vec<_> = lines.iter().map(|(_, event, _)| event.ip.clone()).collect();
    let kept = |ip: &str| Some(ip.to_owned());
    assert_eq!(ips, [None, kept(THERE), kept(HERE), None]);
    assert!(lines[3].2.ends_with(",\"ip\":null,\"ip_removed\":true}"));
    let streamed = store.stream_entries(0, 10).await.unwrap();
    let mut texts: Vec<_> = streamed.into_iter().map(|entry| entry.entry).collect();
    texts.reverse();
    let lines: Vec<_> = lines.into_iter().map(|(_, _, line)| line).collect();
    assert_eq!(texts, lines, "streams and exports say the same");
    assert_eq!(check_log(store).await, 4);
    if !store.is_shared() {
        is_nowhere_in_the_file(db).await;
    }
}

/// Not in rows, indexes or marks, nor in room that was given free.
async fn is_nowhere_in_the_file(db: Database) {
    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(unit.remove_sources(at(9 * DAY)).await.unwrap(), 2);
    unit.commit_bookkeeping().await.unwrap();
    db.store.close().await;
    let file = db.url.trim_start_matches("sqlite:");
    let bytes = std::fs::read(file).unwrap();
    for address in [HERE, THERE] {
        let address = address.as_bytes();
        assert!(!bytes.windows(address.len()).any(|part| part == address));
    }
    let action = b"phone.changed";
    assert!(bytes.windows(action.len()).any(|part| part == action));
}

pub(crate) async fn without_random_bytes_no_address_is_recorded(db: Database) {
    let store = Store::open(&db.url).await.unwrap();
    let unit = store.begin().await.unwrap();
    let refused = unit.record(&[from(0, HERE)]).await;
    assert!(matches!(refused, Err(StoreError::Unusable(_))));
    record(&store, &[event(0, "phone.created")]).await;
    store.close().await;
    assert_eq!(check_log(&db.store).await, 1);
}

/// Nobody had made the row when both looked: the head of the log lets one in at a time.
pub(crate) async fn nodes_that_record_at_once_share_the_commitment(db: Database) {
    let mut writers = Vec::new();
    for _ in 0..4 {
        let store = Store::open(&db.url).await.unwrap().in_run(run());
        writers.push(tokio::spawn(async move {
            for second in 0..5 {
                record(&store, &[from(second, HERE)]).await;
            }
            store.close().await;
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(found(&db.store, HERE).await.len(), 20);
    let mut scan = db.store.audit_scan().await.unwrap();
    assert_eq!(scan.standing().await.unwrap().sources.len(), 1);
    let early = Timestamp::from_micros(-1);
    let mut event = from(0, HERE);
    event.at = early;
    record(&db.store, &[event]).await;
    assert_eq!(found(&db.store, HERE).await.len(), 21);
}
