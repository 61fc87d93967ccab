//! The audit log.

use carillon_domain::event::{Actor, ActorKind, Event, EventResult};
use carillon_store::{AtLeast, AuditQuery, AuditRow, Frontier, Run, Seek, Store, leaf_hash};
use serde_json::json;

use crate::database::{Database, OtherServer};
use crate::inventory::{at, mac};

pub(crate) fn event(seconds: i64, action: &str) -> Event {
    let actor = Actor {
        kind: ActorKind::User,
        id: "1".to_owned(),
        name: "a.meyer".to_owned(),
        auth: "password".to_owned(),
        session: String::new(),
    };
    Event::new(at(seconds), actor, action)
}

async fn record(store: &Store, events: &[Event]) -> std::ops::Range<i64> {
    let unit = store.begin().await.unwrap();
    unit.record(events).await.unwrap().commit().await.unwrap()
}

/// Recomputes the whole log from its bytes; answers how long it is.
pub(crate) async fn check_log(store: &Store) -> u64 {
    let head = store.audit_head().await.unwrap();
    let rows = store
        .audit_batch(&AuditQuery::default(), -1, 100_000)
        .await
        .unwrap();
    let mut frontier = Frontier::default();
    for (expected, row) in rows.iter().enumerate() {
        assert_eq!(row.seq, expected as i64);
        let leaf = leaf_hash(row.entry.as_bytes());
        assert_eq!(row.leaf_hash, leaf);
        frontier.push(leaf);
    }
    assert_eq!(frontier, head);
    assert_eq!(frontier.root(), head.root());
    head.size()
}

fn full() -> Event {
    let mut full = event(3, "target.result");
    full.result = EventResult::Failed;
    full.ip = Some("10.0.0.1".to_owned());
    full.phone = Some(mac(7));
    full.phone_name = "Empfang Süd".into();
    full.site = Some("kiel".to_owned());
    full.groups = vec!["front".to_owned(), "all".to_owned()];
    full.job = Some("j1".to_owned());
    full.reason = "INC-4711 \"hangs\" \\ \u{0} \u{202e}".into();
    full.detail = json!({"action": "Reboot", "cause": "auth_failed", "before": {"a": [1, "x"]}});
    full
}

pub(crate) async fn records_are_kept_as_hashed(db: Database) {
    assert_eq!(check_log(&db.store).await, 0);
    assert_eq!(record(&db.store, &[event(1, "user.created")]).await, 0..1);
    let many: Vec<_> = (0..1200)
        .map(|second| event(second, "phone.created"))
        .collect();
    assert_eq!(record(&db.store, &many).await, 1..1201);
    assert_eq!(record(&db.store, &[full()]).await, 1201..1202);
    let row = db.store.audit_entry(1201).await.unwrap().unwrap();
    let (source, boot) = (row.event.source.clone(), "run-1".to_owned());
    assert!(source.is_some());
    let expected = Event {
        source,
        boot,
        ..full()
    };
    assert_eq!(row.event, expected);
    let parsed: serde_json::Value = serde_json::from_str(&row.entry).unwrap();
    assert_eq!(
        (&parsed["seq"], &parsed["action"]),
        (&json!(1201), &json!("target.result"))
    );
    assert!(row.entry.starts_with("{\"seq\":1201,"));
    assert_eq!(db.store.audit_entry(1202).await.unwrap(), None);
    assert_eq!(check_log(&db.store).await, 1202);
}

pub(crate) async fn a_record_names_the_run_that_wrote_it(db: Database) {
    record(&db.store, &[full()]).await;
    let next = Store::open(&db.url).await.unwrap();
    let unnamed = next.clone();
    let next = next.in_run(Run::new("run-2", || Some([9; 32])));
    record(&next, &[full(), event(4, "user.created")]).await;
    // As programs before had it.
    record(&unnamed, &[event(5, "user.created")]).await;
    let mut boots = Vec::new();
    for seq in 0..4 {
        let row = next.audit_entry(seq).await.unwrap().unwrap();
        let told: serde_json::Value = serde_json::from_str(&row.entry).unwrap();
        assert_eq!(told["boot"].as_str().unwrap_or_default(), row.event.boot);
        boots.push(row.event.boot);
    }
    assert_eq!(boots, ["run-1", "run-2", "run-2", ""]);
    assert_eq!(next.run().id(), "run-2");
    assert_eq!(check_log(&next).await, 4);
    next.close().await;
}

pub(crate) async fn the_log_cannot_be_changed(db: Database) {
    record(&db.store, &[full(), event(4, "user.created")]).await;
    for statement in [
        "UPDATE audit SET entry = '{}' WHERE seq = 0",
        "DELETE FROM audit WHERE seq = 1",
        "UPDATE audit_marks SET records = records - 1",
        "UPDATE audit_marks SET value = 'x', records = 9",
        "DELETE FROM audit_marks",
        "UPDATE audit_values SET value = 'x'",
        "DELETE FROM audit_values",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET size = size - 1",
        "UPDATE audit_sources SET address = '10.0.0.2'",
    ] {
        let refused = db.raw(statement).await;
        assert!(refused.is_err(), "{statement}");
    }
    if db.store.is_shared() {
        assert!(db.raw("TRUNCATE audit CASCADE").await.is_err());
    }
    assert_eq!(check_log(&db.store).await, 2);
}

async fn told(store: &Store) {
    let mut sign_in = event(1, "session.begun");
    sign_in.ip = Some("10.9.9.9".to_owned());
    let mut denied = event(2, "session.refused");
    denied.result = EventResult::Denied;
    denied.actor.name = "mallory".into();
    let mut intent = full();
    intent.result = EventResult::Intent;
    intent.action = "target.intent".into();
    intent.ip = None;
    let mut other = full();
    other.at = at(9);
    other.phone = Some(mac(8));
    other.phone_name = "Lager 50%".into();
    other.site = Some("bonn".to_owned());
    other.groups = Vec::new();
    other.job = Some("j2".to_owned());
    other.result = EventResult::Verified;
    other.detail = json!({"action": "DNDOn"});
    record(store, &[sign_in, denied, intent, full(), other]).await;
}

/// What an export holds: number, event and line of each record.
pub(crate) async fn exported(store: &Store, query: &AuditQuery) -> Vec<(i64, Event, String)> {
    let mut export = store.audit_export(query).await.unwrap();
    let mut rows = Vec::new();
    while let Some(lines) = store.audit_export_step(&mut export).await.unwrap() {
        let told: Vec<_> = lines.records().map(Result::unwrap).collect();
        assert_eq!(told.len(), lines.records);
        let row = |(line, (seq, event)): (&str, (i64, Event))| (seq, event, line.to_owned());
        rows.extend(lines.text.lines().zip(told).map(row));
    }
    rows
}

/// The same of a page.
fn shown(rows: &[AuditRow]) -> Vec<(i64, Event, String)> {
    let rows = rows.iter();
    rows.map(|row| (row.seq, row.event.clone(), row.shown()))
        .collect()
}

pub(crate) async fn every_filter_finds_its_records(db: Database) {
    told(&db.store).await;
    let all = AuditQuery::default;
    let text = |words: &str| AuditQuery {
        text: words.to_owned(),
        ..all()
    };
    let named = |names: &[&str]| AuditQuery {
        actions: names.iter().map(|name| (*name).to_owned()).collect(),
        ..all()
    };
    let cases: &[(AuditQuery, &[i64])] = &[
        (all(), &[4, 3, 2, 1, 0]),
        (
            AuditQuery {
                from: Some(at(2)),
                to: Some(at(9)),
                ..all()
            },
            &[3, 2, 1],
        ),
        (
            AuditQuery {
                actor: Some("mallory".to_owned()),
                ..all()
            },
            &[1],
        ),
        (
            AuditQuery {
                actor: Some("Mallory".to_owned()),
                ..all()
            },
            &[1],
        ),
        (named(&["Reboot"]), &[3, 2]),
        (named(&["session.*"]), &[1, 0]),
        (named(&["session.begun", "DNDOn"]), &[4, 0]),
        (named(&["session_begun", "sess%*"]), &[]),
        (
            AuditQuery {
                not_actions: vec!["session.*".to_owned(), "DNDOn".to_owned()],
                ..all()
            },
            &[3, 2],
        ),
        (
            AuditQuery {
                phone: Some(mac(7)),
                ..all()
            },
            &[3, 2],
        ),
        (
            AuditQuery {
                site: Some("bonn".to_owned()),
                ..all()
            },
            &[4],
        ),
        (
            AuditQuery {
                site: Some("BONN".to_owned()),
                ..all()
            },
            &[4],
        ),
        (
            AuditQuery {
                group: Some("front".to_owned()),
                ..all()
            },
            &[3, 2],
        ),
        (
            AuditQuery {
                group: Some("Front".to_owned()),
                ..all()
            },
            &[3, 2],
        ),
        (
            AuditQuery {
                job: Some("j2".to_owned()),
                ..all()
            },
            &[4],
        ),
        (
            AuditQuery {
                results: vec![EventResult::Denied, EventResult::Intent],
                ..all()
            },
            &[2, 1],
        ),
        (
            AuditQuery {
                ip: Some("10.9.9.9".to_owned()),
                ..all()
            },
            &[0],
        ),
        (text("EMPFANG süd"), &[3, 2]),
        (text("inc-4711 lager"), &[4]),
        (text("50%"), &[4]),
        (text("%"), &[4]),
        (text("auth_failed"), &[3, 2]),
        (text("805e00000008"), &[4]),
        (text("80:5e:00:00:00:08"), &[4]),
    ];
    for (query, expected) in cases {
        let page = db.store.audit_page(query, &Seek::Start, 100).await.unwrap();
        let seqs: Vec<_> = page.items.iter().map(|row| row.seq).collect();
        assert_eq!(seqs, *expected, "{query:?}");
        let count = db.store.audit_count(query, 100).await.unwrap();
        assert_eq!(
            count,
            AtLeast {
                count: expected.len() as i64,
                exact: true
            }
        );
        assert_eq!(exported(&db.store, query).await, shown(&page.items));
        let mut batch = db.store.audit_batch(query, -1, 100).await.unwrap();
        batch.reverse();
        assert_eq!(batch, page.items);
    }
}

pub(crate) async fn pages_batches_and_counts_agree(db: Database) {
    let many: Vec<_> = (0..23)
        .map(|second| event(second, "phone.created"))
        .collect();
    record(&db.store, &many).await;
    let all = AuditQuery::default();
    let mut pages = Vec::new();
    let mut seek = Seek::Start;
    let mut previous = None;
    loop {
        let page = db.store.audit_page(&all, &seek, 5).await.unwrap();
        pages.push(page.items);
        previous = page.previous.or(previous);
        let Some(next) = page.next else { break };
        seek = Seek::After(next);
    }
    let seqs: Vec<_> = pages.concat().iter().map(|row| row.seq).collect();
    assert_eq!(seqs, (0..23).rev().collect::<Vec<_>>());
    let newer = db
        .store
        .audit_page(&all, &Seek::Before(previous.unwrap()), 5)
        .await
        .unwrap();
    assert_eq!(newer.items, pages[3]);
    let counted = db.store.audit_count(&all, 0).await.unwrap();
    let (count, exact) = (23, true);
    assert_eq!(counted, AtLeast { count, exact });
    let batch = db.store.audit_batch(&all, 4, 3).await.unwrap();
    assert_eq!(
        batch.iter().map(|row| row.seq).collect::<Vec<_>>(),
        [5, 6, 7]
    );
}

/// A log over several tiles, whose times go back once.
pub(crate) fn long_log() -> Vec<Event> {
    let shape = |number: i64| {
        let set_back = if number > 900 { 3_000_000 } else { 0 };
        let mut event = event(number * 5_000 - set_back, "target.result");
        event.phone = Some(mac((number % 40) as u32));
        event.phone_name = format!("Lager {}", number % 40);
        event.site = Some(["kiel", "bonn"][(number / 300 % 2) as usize].to_owned());
        event.groups = vec!["all".to_owned(), format!("group-{}", number % 7)];
        event.job = Some(format!("job-{}", number / 100));
        event.result = [EventResult::Verified, EventResult::Failed][usize::from(number % 50 == 3)];
        event.reason = format!("INC-{} hangs", number / 100);
        event.detail = json!({"action": "Reboot", "attempt": format!("try-{number}")});
        if number % 90 == 7 {
            event.action = "phone.changed".into();
            (event.job, event.detail) = (None, json!({"before": {"notes": format!("n{number}")}}));
        }
        event
    };
    (0..1_400).map(shape).collect()
}

/// A question, and what fits it.
pub(crate) type Asked = (AuditQuery, fn(&Event) -> bool);

/// More words than tiles are chosen by; all but one are in nearly every record.
fn many_words(one: &str) -> String {
    let often = "hangs hang han ha ngs ang gs ng inc- inc nc- in nc c- g s n a i h Hangs hangs";
    format!("{often} {one} {often}")
}

fn long_queries() -> Vec<Asked> {
    let all = AuditQuery::default;
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let text = |words: &str| AuditQuery {
        text: words.to_owned(),
        ..all()
    };
    vec![
        (all(), |_| true),
        (
            AuditQuery {
                results: vec![EventResult::Failed],
                ..all()
            },
            |event| event.result == EventResult::Failed,
        ),
        (
            AuditQuery {
                site: Some("bonn".to_owned()),
                job: Some("job-5".to_owned()),
                ..all()
            },
            |event| event.site.as_deref() == Some("bonn") && event.job.as_deref() == Some("job-5"),
        ),
        (
            AuditQuery {
                from: Some(at(1_000_000)),
                to: Some(at(2_500_000)),
                ..all()
            },
            |event| event.at >= at(1_000_000) && event.at < at(2_500_000),
        ),
        (
            AuditQuery {
                to: Some(at(1_600_000)),
                group: Some("group-3".to_owned()),
                ..all()
            },
            |event| event.at < at(1_600_000) && event.groups.contains(&"group-3".to_owned()),
        ),
        (
            AuditQuery {
                not_actions: named(&["target.*"]),
                ..all()
            },
            |event| event.action == "phone.changed",
        ),
        (
            AuditQuery {
                actions: named(&["Reboot"]),
                not_actions: named(&["target.*"]),
                ..all()
            },
            |_| false,
        ),
        (
            AuditQuery {
                not_actions: named(&["Target.*"]),
                ..all()
            },
            |_| true,
        ),
        (
            AuditQuery {
                actions: named(&["TARGET.*", "phone.changed"]),
                ..all()
            },
            |event| event.action == "phone.changed",
        ),
        (
            AuditQuery {
                phone: Some(mac(9)),
                ..all()
            },
            |event| event.phone == Some(mac(9)),
        ),
        (text("inc-12"), |event| event.reason == "INC-12 hangs"),
        (text("LAGER 17"), |event| {
            event.phone_name == "Lager 17"
                || event.phone.is_some_and(|mac| mac.digits().contains("17"))
        }),
        (text("n97"), |event| {
            event.detail["before"]["notes"]
                .as_str()
                .is_some_and(|n| n.contains("n97"))
        }),
        (text("try-5"), |_| false),
        (text(&many_words("inc-12")), |event| {
            event.reason == "INC-12 hangs"
        }),
        (text(&many_words("nowhere")), |_| false),
    ]
}

pub(crate) async fn what_came_later_is_not_counted(db: Database) {
    record(&db.store, &long_log()).await;
    for below in [0, 1, 256, 700, 1_400] {
        for (query, fits) in long_queries() {
            let query = AuditQuery {
                below: Some(below),
                ..query
            };
            let old = long_log().into_iter().take(below as usize);
            let expected = old.filter(fits).count() as i64;
            let rows = db.store.audit_batch(&query, -1, 10_000).await.unwrap();
            assert_eq!(rows.len() as i64, expected, "{query:?}");
            let counted = db.store.audit_count(&query, 100_000).await.unwrap();
            let (count, exact) = (expected, true);
            assert_eq!(counted, AtLeast { count, exact }, "{query:?}");
        }
    }
    let phone = AuditQuery {
        phone: Some(mac(9)),
        ..AuditQuery::default()
    };
    for (most, count, exact) in [(35, 35, true), (34, 34, false)] {
        let counted = db.store.audit_count(&phone, most).await.unwrap();
        assert_eq!(counted, AtLeast { count, exact });
    }
    let (query, _) = &long_queries()[2];
    let counted = db.store.audit_count(query, 0).await.unwrap();
    assert!(counted.exact, "few tiles are looked at in any case");
    let words = AuditQuery {
        text: "hangs".to_owned(),
        ..AuditQuery::default()
    };
    for many in 0..3 {
        record(&db.store, &long_log()).await;
        let counted = db.store.audit_count(&words, 0).await.unwrap();
        assert!(!counted.exact && counted.count > 0, "{many}");
    }
}

pub(crate) async fn tiles_leave_nothing_out(db: Database) {
    let events = long_log();
    for chunk in events.chunks(130) {
        record(&db.store, chunk).await;
    }
    for (query, fits) in long_queries() {
        let fitting = (0..).zip(&events).filter(|(_, event)| fits(event));
        let expected: Vec<i64> = fitting.map(|(seq, _)| seq).collect();
        let mut found = Vec::new();
        let mut seek = Seek::Start;
        loop {
            let page = db.store.audit_page(&query, &seek, 60).await.unwrap();
            found.extend(page.items.iter().map(|row| row.seq));
            let Some(next) = page.next else { break };
            seek = Seek::After(next);
        }
        found.reverse();
        let batch = db.store.audit_batch(&query, -1, 10_000).await.unwrap();
        let batch: Vec<_> = batch.iter().map(|row| row.seq).collect();
        assert_eq!((&found, &batch), (&expected, &expected), "{query:?}");
        let exported = exported(&db.store, &query).await;
        let exported: Vec<_> = exported.iter().rev().map(|(seq, _, _)| *seq).collect();
        assert_eq!(exported, expected, "{query:?}");
        let (count, exact) = (expected.len() as i64, true);
        let counted = db.store.audit_count(&query, 100_000).await.unwrap();
        assert_eq!(counted, AtLeast { count, exact }, "{query:?}");
    }
}

/// Of each job the newest record that fits, and all that belong to none.
pub(crate) async fn a_job_has_one_line(db: Database) {
    let events = long_log();
    for chunk in events.chunks(130) {
        record(&db.store, chunk).await;
    }
    for (query, fits) in long_queries() {
        let mut jobs = std::collections::BTreeSet::new();
        let newest = events.iter().enumerate().rev();
        let newest = newest.filter(|(_, event)| fits(event));
        let lines = newest.filter(|(_, event)| match &event.job {
            Some(job) => jobs.insert(job.clone()),
            None => true,
        });
        let expected: Vec<_> = lines.map(|(seq, _)| seq as i64).collect();
        for limit in [1, 4, 1_000] {
            let (mut found, mut seek) = (Vec::new(), Seek::Start);
            loop {
                let page = db.store.audit_page_by_job(&query, &seek, limit).await;
                let page = page.unwrap();
                found.extend(page.items.iter().map(|row| row.seq));
                let Some(next) = page.next else { break };
                seek = Seek::After(next);
            }
            assert_eq!(found, expected, "{limit} of {query:?}");
        }
    }
}

/// A clock that was ahead for one record makes the log between it and the newest ones no part of
/// their time: what fits is in two tiles of thirty.
pub(crate) async fn a_clock_that_jumped_spares_what_lies_between(db: Database) {
    const HOURS: i64 = 3_600;
    let mut events: Vec<Event> = long_log().into_iter().cycle().take(30 * 256).collect();
    let late = |seq: usize| seq == 3 || seq >= 29 * 256;
    for (seq, event) in events.iter_mut().enumerate() {
        let hours = if late(seq) { 500 } else { 10 };
        event.at = at(hours * HOURS + seq as i64);
    }
    for chunk in events.chunks(1_000) {
        record(&db.store, chunk).await;
    }
    let (from, to) = (at(400 * HOURS), None);
    let site = Some("bonn".to_owned());
    for site in [None, site] {
        let query = AuditQuery {
            from: Some(from),
            to,
            site,
            ..AuditQuery::default()
        };
        let fits =
            |seq: &usize| late(*seq) && (query.site.is_none() || events[*seq].site == query.site);
        let expected: Vec<_> = (0..events.len())
            .filter(fits)
            .map(|seq| seq as i64)
            .collect();
        let batch = db.store.audit_batch(&query, -1, 10_000).await.unwrap();
        let batch: Vec<_> = batch.iter().map(|row| row.seq).collect();
        assert_eq!(batch, expected, "{query:?}");
        let mut jobs = std::collections::BTreeSet::new();
        let newest = expected
            .iter()
            .rev()
            .filter(|seq| match &events[**seq as usize].job {
                Some(job) => jobs.insert(job.clone()),
                None => true,
            });
        let lines = db
            .store
            .audit_page_by_job(&query, &Seek::Start, 10_000)
            .await
            .unwrap();
        let lines: Vec<_> = lines.items.iter().map(|row| row.seq).collect();
        assert_eq!(lines, newest.copied().collect::<Vec<_>>(), "{query:?}");
        let (count, exact) = (expected.len() as i64, true);
        let counted = db.store.audit_count(&query, 600).await.unwrap();
        assert_eq!(counted, AtLeast { count, exact }, "{query:?}");
    }
}

/// A server that takes over may lack what the other one confirmed last.
pub(crate) async fn values_are_written_again_for_another_server(db: Database) {
    if db.store.is_shared() {
        let other = OtherServer::copy(&db).await;
        record(&db.store, &[event(1, "first.told")]).await;
        other.takes_over().await;
    }
    record(&db.store, &[event(2, "first.told")]).await;
    let query = AuditQuery {
        actions: vec!["first.*".to_owned()],
        ..AuditQuery::default()
    };
    let page = db.store.audit_page(&query, &Seek::Start, 9).await.unwrap();
    assert_eq!(page.items.len(), 1);
}

/// Its index has the phones of 2048 records after another.
pub(crate) async fn a_phone_is_found_in_every_stretch(db: Database) {
    let shape = |number: i64| {
        let mut event = event(number, "target.result");
        event.phone = Some(mac((number % 500) as u32));
        event
    };
    let events: Vec<_> = (0..2_600).map(shape).collect();
    record(&db.store, &events).await;
    let query = AuditQuery {
        phone: Some(mac(77)),
        ..AuditQuery::default()
    };
    let found = |rows: &[AuditRow]| rows.iter().map(|row| row.seq).collect::<Vec<_>>();
    let batch = db.store.audit_batch(&query, 500, 100).await.unwrap();
    assert_eq!(found(&batch), [577, 1077, 1577, 2077, 2577]);
    let page = db.store.audit_page(&query, &Seek::Start, 3).await.unwrap();
    assert_eq!(found(&page.items), [2577, 2077, 1577]);
    let counted = db.store.audit_count(&query, 100).await.unwrap();
    assert_eq!(counted.count, 6);
}
