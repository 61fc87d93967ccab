//! Anchors over the network.

use std::time::Duration;

use carillon_engine::audit::{Kind, Verdict};
use carillon_simulator::{Collector, Manners};
use carillon_store::Frontier;

use crate::house::{House, http, syslog};

pub(crate) async fn checkpoints_arrive_and_find_a_cut_tail(house: House) {
    let collector = || async { Collector::start(None).await.unwrap() };
    let (lines, files, other) = (collector().await, collector().await, collector().await);
    let notary = house.notary().await;
    let anchors = house
        .anchors(&[http(&files), syslog(&lines), http(&other)])
        .await;
    for round in 1..=3 {
        house.record(100).await;
        notary.look(true).await.unwrap();
        lines.once(|taken| taken.len() == round).await;
        files.once(|taken| taken.len() == round).await;
    }
    let size = house.size().await;
    let last = files.taken().pop().unwrap();
    let name = format!("PUT /hook/checkpoint-{size:020}.txt HTTP/1.1\r\n");
    assert!(last.head.starts_with(&name), "{}", last.head);
    assert!(last.head.contains("authorization: Bearer anchor-token\r\n"));
    assert!(last.head.contains("if-none-match: *\r\n"));
    let others = other.once(|taken| taken.len() == 3).await;
    let told = |taken: &carillon_simulator::Taken| taken.head.contains("authorization");
    assert!(!others.iter().any(told), "nobody else hears the secret");
    assert_eq!(anchors.behind(), None);
    let lines = lines.taken().into_iter();
    let journal = lines.fold(String::new(), |all, taken| all + &taken.text + "\n");
    let folder = files
        .taken()
        .iter()
        .map(|taken| taken.text.clone())
        .collect::<String>();
    for kept in [&journal, &folder] {
        assert!(matches!(house.verdict(kept).await, Verdict::Intact(_)));
    }
    anchors.stop().await;
    // Whoever owns the database cuts the tail off, and all that was signed of it.
    let shorter = cut(&house, size - 40).await;
    for kept in [&journal, &folder] {
        match shorter.verdict(kept).await {
            Verdict::Tampered(finding) => {
                assert!(matches!(finding.kind, Kind::Cut(_)), "{finding}");
            }
            other => panic!("not found: {other:?}"),
        }
    }
    shorter.close().await;
    house.close().await;
}

/// The same log without its end, in a database of its own; with the key of the first.
async fn cut(house: &House, size: i64) -> House {
    let entries = house.store.stream_entries(0, size).await.unwrap();
    let shorter = if house.store.is_shared() {
        House::on_postgres().await.unwrap()
    } else {
        House::on_sqlite().await
    };
    let events: Vec<_> = entries
        .iter()
        .map(|entry| serde_json::from_str(&entry.entry).unwrap())
        .collect();
    // As the same start of the program wrote them.
    let same_run = shorter.store.clone().in_run(house.store.run().clone());
    let unit = same_run.begin().await.unwrap();
    unit.record(&events).await.unwrap().commit().await.unwrap();
    let mut frontier = Frontier::default();
    for (hash, _) in house.store.audit_leaves(0, size).await.unwrap() {
        frontier.push(hash);
    }
    assert_eq!(
        shorter.store.audit_head().await.unwrap(),
        frontier,
        "the same records"
    );
    std::fs::copy(house.file("signing.key"), shorter.file("signing.key")).unwrap();
    shorter
}

pub(crate) async fn an_anchor_that_fails_is_said_and_catches_up(house: House) {
    let files = Collector::start(None).await.unwrap();
    files.behave(Manners::Answers(500));
    let notary = house.notary().await;
    let anchors = house.anchors(&[http(&files)]).await;
    house.record(10).await;
    notary.look(true).await.unwrap();
    while anchors.behind().is_none() {
        tokio::task::yield_now().await;
    }
    let state = anchors.states().remove(0);
    assert_eq!(
        state.problem.as_deref(),
        Some("the receiver answered with status 500")
    );
    assert!(!state.receiver.contains("hook"), "{}", state.receiver);
    // Signing goes on meanwhile, and the last one is what arrives.
    house.clock.advance(Duration::from_hours(2));
    house.record(10).await;
    notary.look(true).await.unwrap();
    files.behave(Manners::Takes);
    let size = house.size().await;
    let line = format!("\n{size}\n");
    files
        .once(|taken| taken.iter().any(|taken| taken.text.contains(&line)))
        .await;
    while anchors.states()[0].reached != size {
        tokio::task::yield_now().await;
    }
    anchors.stop().await;
    // A new process knows what the anchor has. Another node that has the same key can be faster
    // at any time: a store that keeps each name once then has it already.
    files.behave(Manners::Answers(412));
    let again = house.anchors(&[http(&files)]).await;
    assert_eq!((again.states()[0].reached, again.behind()), (size, None));
    house.clock.advance(Duration::from_hours(2));
    house.record(10).await;
    notary.look(true).await.unwrap();
    let size = house.size().await;
    while again.states()[0].reached != size {
        tokio::task::yield_now().await;
    }
    assert_eq!(again.behind(), None);
    again.stop().await;
    house.close().await;
}

pub(crate) async fn a_start_knows_since_when_an_anchor_lacks_something(house: House) {
    let files = Collector::start(None).await.unwrap();
    let notary = house.notary().await;
    let anchors = house.anchors(&[http(&files)]).await;
    house.record(10).await;
    notary.look(true).await.unwrap();
    let size = house.size().await;
    while anchors.states()[0].reached != size {
        tokio::task::yield_now().await;
    }
    anchors.stop().await;
    files.behave(Manners::Answers(500));
    let mut lacks = None;
    for _ in 0..2 {
        house.clock.advance(Duration::from_hours(1));
        lacks.get_or_insert(house.clock.now());
        house.record(10).await;
        notary.look(true).await.unwrap();
    }
    for _ in 0..2 {
        let again = house.anchors(&[http(&files)]).await;
        assert_eq!(again.behind(), lacks);
        while again.states()[0].problem.is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(again.behind(), lacks);
        again.stop().await;
    }
    house.close().await;
}
