//! What is true after a node died.

use carillon_domain::{Cause, Counts, JobState, TargetState, Timestamp};
use carillon_store::{Occasion, Recovered, Store};

use crate::claims::{acknowledged, claim, record};
use crate::database::Database;
use crate::inventory::{add_phones, at, mac, phone};
use crate::jobs::{add_job, counts};

async fn begin(store: &Store, node: &str, now: Timestamp, lease_until: Timestamp) -> i64 {
    let mut unit = store.begin().await.unwrap();
    let epoch = unit.begin_epoch(node, now, lease_until).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    epoch
}

async fn recover(store: &Store, epoch: i64, now: Timestamp, occasion: Occasion) -> Recovered {
    let mut unit = store.begin().await.unwrap();
    let recovered = unit.recover(epoch, now, occasion).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    recovered
}

/// A node starts again under its name while its former run still looks after its lease.
pub(crate) async fn a_lease_and_a_start_never_wait_for_each_other(db: Database) {
    for turn in 0..5 {
        let old = begin(&db.store, "node", at(10 * turn), at(10 * turn + 5)).await;
        let new = begin(&db.store, "node", at(10 * turn + 1), at(10 * turn + 6)).await;
        let watch = async {
            let mut unit = db.store.begin().await.unwrap();
            unit.renew_lease(old, at(10 * turn + 7)).await.unwrap();
            let now = at(10 * turn + 2);
            unit.recover(old, now, Occasion::Watch).await.unwrap();
            unit.commit_bookkeeping().await.unwrap();
        };
        let start = recover(&db.store, new, at(10 * turn + 2), Occasion::Start);
        let ((), started) = tokio::join!(watch, start);
        assert!(started.dead.iter().any(|dead| dead.epoch == old));
    }
}

pub(crate) async fn a_kill_leaves_unknown_and_interrupted(db: Database) {
    add_phones(&db.store, &[phone(1)]).await;
    add_job(&db.store, "long", &[1, 2, 3, 4, 5]).await;
    add_job(&db.store, "short", &[9]).await;
    let old = begin(&db.store, "node", at(1), at(20)).await;
    let claimed = claim(&db.store, "long", old, &["a", "b", "c"], at(3)).await;
    claim(&db.store, "short", old, &["z"], at(3)).await;
    let mut taken = acknowledged(&claimed[1], at(4));
    taken.state = TargetState::Verifying;
    let mut doubtful = acknowledged(&claimed[2], at(4));
    doubtful.state = TargetState::Verifying;
    doubtful.cause = Some(Cause::TimeoutAnswer);
    record(&db.store, &[taken, doubtful]).await;

    let new = begin(&db.store, "node", at(5), at(25)).await;
    let recovered = recover(&db.store, new, at(5), Occasion::Start).await;
    assert_eq!(recovered.dead.len(), 1);
    assert_eq!(
        (recovered.dead[0].epoch, recovered.dead[0].stopped_at),
        (old, Some(at(5)))
    );
    let ends: Vec<_> = recovered
        .targets
        .iter()
        .map(|change| {
            (
                change.target.mac,
                change.from,
                change.target.state,
                change.target.cause,
            )
        })
        .collect();
    assert_eq!(
        ends,
        [
            (
                mac(1),
                TargetState::Sending,
                TargetState::Unknown,
                Some(Cause::Interrupted)
            ),
            (
                mac(2),
                TargetState::Verifying,
                TargetState::Acknowledged,
                None
            ),
            (
                mac(3),
                TargetState::Verifying,
                TargetState::Unknown,
                Some(Cause::TimeoutAnswer)
            ),
            (
                mac(9),
                TargetState::Sending,
                TargetState::Unknown,
                Some(Cause::Interrupted)
            ),
        ]
    );
    for change in &recovered.targets {
        let stored = db
            .store
            .target(&change.target.job, change.target.mac)
            .await
            .unwrap();
        assert_eq!(stored.as_ref(), Some(&change.target));
    }
    assert_eq!(recovered.interrupted, ["long"]);
    assert_eq!(recovered.ended, [("short".to_owned(), JobState::Finished)]);
    let expected = Counts {
        waiting: 2,
        acknowledged: 1,
        unknown: 2,
        ..Counts::default()
    };
    assert_eq!(counts(&db.store, "long").await, expected);
    counts(&db.store, "short").await;
    let last = db.store.phone(mac(1)).await.unwrap().unwrap().last.unwrap();
    assert_eq!(last.cause, Some(Cause::Interrupted));

    assert!(
        claim(&db.store, "long", new, &["n"], at(6))
            .await
            .is_empty()
    );
    let late = record(&db.store, &[acknowledged(&claimed[0], at(7))]).await;
    assert!(late.is_empty(), "what was called unknown stays unknown");
    let again = recover(&db.store, new, at(8), Occasion::Start).await;
    assert_eq!(again, Recovered::default());
    let mut unit = db.store.begin().await.unwrap();
    let resumed = unit.set_job_state("long", &[JobState::Interrupted], JobState::Running, at(9));
    assert!(resumed.await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(claim(&db.store, "long", new, &["n"], at(10)).await.len(), 1);
}

pub(crate) async fn a_clean_stop_interrupts_nothing(db: Database) {
    add_job(&db.store, "j", &[1, 2]).await;
    let old = begin(&db.store, "node", at(1), at(20)).await;
    let claimed = claim(&db.store, "j", old, &["a"], at(3)).await;
    record(&db.store, &[acknowledged(&claimed[0], at(4))]).await;
    let mut unit = db.store.begin().await.unwrap();
    unit.end_epoch(old, at(5)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let new = begin(&db.store, "node", at(6), at(25)).await;
    assert_eq!(
        recover(&db.store, new, at(6), Occasion::Start).await,
        Recovered::default()
    );
    assert_eq!(
        db.store.job("j").await.unwrap().unwrap().state,
        JobState::Running
    );
}

pub(crate) async fn living_nodes_are_left_alone(db: Database) {
    if !db.store.is_shared() {
        // The lock on its directory makes every other epoch of SQLite a dead one.
        return;
    }
    add_job(&db.store, "j", &[1, 2, 3]).await;
    let one = begin(&db.store, "one", at(1), at(20)).await;
    let claimed = claim(&db.store, "j", one, &["a"], at(3)).await;
    let two = begin(&db.store, "two", at(4), at(60)).await;
    assert_eq!(
        recover(&db.store, two, at(4), Occasion::Start).await,
        Recovered::default()
    );
    assert_eq!(
        claim(&db.store, "j", two, &["b"], at(5)).await[0].mac(),
        mac(2)
    );

    let recovered = recover(&db.store, two, at(30), Occasion::Watch).await;
    assert_eq!(recovered.dead[0].epoch, one);
    assert_eq!(recovered.targets.len(), 1);
    assert_eq!(recovered.targets[0].target.mac, mac(1));
    assert!(
        recovered.interrupted.is_empty(),
        "a living node carries the job on"
    );
    assert!(
        record(&db.store, &[acknowledged(&claimed[0], at(31))])
            .await
            .is_empty()
    );
    assert!(claim(&db.store, "j", one, &["c"], at(31)).await.is_empty());
    assert_eq!(claim(&db.store, "j", two, &["d"], at(31)).await.len(), 1);

    let again = begin(&db.store, "two", at(32), at(90)).await;
    let restarted = recover(&db.store, again, at(32), Occasion::Start).await;
    assert_eq!(restarted.dead[0].epoch, two, "the same name began anew");
    assert_eq!(restarted.targets.len(), 2);
}
