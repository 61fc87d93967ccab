//! Cursors into the log.

use carillon_domain::Timestamp;
use carillon_domain::event::{Actor, Event};
use carillon_store::Holder;

use crate::database::Database;

const fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub(crate) async fn a_cursor_moves_on_from_where_it_was_read(db: Database) {
    let store = &db.store;
    let mut unit = store.begin().await.unwrap();
    unit.ensure_stream("siem", "syslog+tls://old")
        .await
        .unwrap();
    unit.ensure_stream("siem", "syslog+tls://new")
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let row = store.stream("siem").await.unwrap().unwrap();
    assert_eq!((row.next, row.receiver.as_str()), (0, "syslog+tls://new"));
    assert_eq!(store.streams().await.unwrap(), [row]);
    let mut unit = store.begin().await.unwrap();
    unit.stream_stands("siem", "away", at(5)).await.unwrap();
    unit.stream_stands("siem", "still away", at(9))
        .await
        .unwrap();
    assert!(unit.stream_told("siem", at(10)).await.unwrap());
    assert!(!unit.stream_told("siem", at(11)).await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    let row = store.stream("siem").await.unwrap().unwrap();
    assert_eq!(row.failing_since, Some(at(5)));
    assert_eq!(row.problem.as_deref(), Some("still away"));
    let mut unit = store.begin().await.unwrap();
    assert!(unit.advance_stream("siem", (0, 7), at(20)).await.unwrap());
    assert!(!unit.advance_stream("siem", (0, 9), at(21)).await.unwrap());
    assert!(!unit.advance_stream("siem", (7, 3), at(22)).await.unwrap());
    assert!(!unit.advance_stream("nobody", (0, 1), at(22)).await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    let row = store.stream("siem").await.unwrap().unwrap();
    assert_eq!((row.next, row.taken_at), (7, Some(at(20))));
    assert_eq!(
        (row.failing_since, row.problem, row.told_at),
        (None, None, None)
    );
}

pub(crate) async fn one_holds_a_stream_until_it_is_silent(db: Database) {
    let store = &db.store;
    let mut unit = store.begin().await.unwrap();
    unit.ensure_stream("siem", "x").await.unwrap();
    let holder = |name, now| Holder {
        name,
        now: at(now),
        until: at(now + 100),
    };
    for (name, now, holds) in [
        ("a", 0, true),
        ("b", 50, false),
        ("a", 60, true),
        ("b", 160, false),
        ("b", 161, true),
        ("a", 162, false),
    ] {
        let found = unit.hold_stream("siem", holder(name, now)).await.unwrap();
        assert_eq!(found, holds, "{name} at {now}");
    }
    unit.release_streams("a").await.unwrap();
    assert!(!unit.hold_stream("siem", holder("a", 163)).await.unwrap());
    unit.release_streams("b").await.unwrap();
    assert!(unit.hold_stream("siem", holder("a", 163)).await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
}

pub(crate) async fn records_leave_as_they_were_hashed(db: Database) {
    let store = &db.store;
    let event = |n| Event::new(at(n), Actor::system(), "test.told");
    let events: Vec<_> = (0..5).map(event).collect();
    let unit = store.begin().await.unwrap();
    let seqs = unit.record(&events).await.unwrap().commit().await.unwrap();
    let entries = store.stream_entries(seqs.start + 1, 3).await.unwrap();
    assert_eq!(entries.len(), 3);
    for (entry, seq) in entries.iter().zip(seqs.start + 1..) {
        let row = store.audit_entry(seq).await.unwrap().unwrap();
        assert_eq!((entry.seq, &entry.entry), (seq, &row.entry));
        assert_eq!(
            (entry.action.as_str(), entry.result),
            ("test.told", row.event.result)
        );
    }
    let mut unit = store.begin().await.unwrap();
    unit.ensure_stream("hook", "https://x").await.unwrap();
    assert!(
        unit.set_stream_secret("hook", (1, vec![1; 40]), at(1))
            .await
            .unwrap()
    );
    assert!(
        !unit
            .set_stream_secret("hook", (1, vec![2; 40]), at(2))
            .await
            .unwrap()
    );
    unit.commit_bookkeeping().await.unwrap();
    let row = store.stream("hook").await.unwrap().unwrap();
    assert_eq!((row.secret, row.secret_version), (Some(vec![1; 40]), 1));
}
