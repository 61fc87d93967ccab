//! Several writers at once.

use std::collections::HashSet;
use std::time::Duration;

use carillon_domain::{Counts, TargetState};
use carillon_store::{
    AuditQuery, Claim, IdempotencyKey, Keeps, KeyUse, SessionRow, SiteLimit, Store, StoreError,
    TargetQuery, UserRow,
};
use tokio::time::timeout;

use crate::claims::{acknowledged, epoch};
use crate::database::{Database, run};
use crate::inventory::{add_phones, at, mac, phone};
use crate::jobs::{add_job, counts, new_job, new_target};

/// Claims chunk after chunk of a job and records them, until nothing waits.
async fn work(store: Store, job: &'static str, worker: u32, epoch: i64) -> Vec<String> {
    let mut claimed_here = Vec::new();
    for round in 0.. {
        let ids: Vec<_> = (0..7)
            .map(|number| format!("{job}/{worker}/{round}/{number}"))
            .collect();
        let mut unit = store.begin().await.unwrap();
        let claim = Claim {
            job,
            epoch,
            now: at(3),
            attempts: &ids,
            site_limit: SiteLimit::default(),
            not_since: None,
            only_again: false,
            from: 0,
            list: None,
        };
        let claimed = unit.claim(&claim).await.unwrap();
        let events: Vec<_> = claimed
            .iter()
            .map(|_| crate::audit::event(3, "target.intent"))
            .collect();
        unit.record(&events).await.unwrap().commit().await.unwrap();
        claimed_here.extend(claimed.iter().map(|target| target.mac().to_string()));
        let mut results: Vec<_> = claimed
            .iter()
            .map(|target| acknowledged(target, at(4)))
            .collect();
        results
            .iter_mut()
            .step_by(2)
            .for_each(|result| result.state = TargetState::Verified);
        let mut unit = store.begin().await.unwrap();
        let changed = unit.record_results(&results).await.unwrap();
        assert_eq!(changed.len(), results.len());
        unit.commit_bookkeeping().await.unwrap();
        if store.job(job).await.unwrap().unwrap().counts.waiting == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    claimed_here
}

pub(crate) async fn no_phone_is_claimed_twice(db: Database) {
    let numbers: Vec<_> = (1..=120).collect();
    let backwards: Vec<_> = numbers.iter().rev().copied().collect();
    add_job(&db.store, "one", &numbers).await;
    add_job(&db.store, "two", &backwards).await;
    let epoch = epoch(&db.store).await;
    // A second pool, as of a second node, where the database allows one.
    let other = if db.store.is_shared() {
        Store::open(&db.url).await.unwrap().in_run(run())
    } else {
        db.store.clone()
    };
    let mut workers = Vec::new();
    for worker in 0..3 {
        for job in ["one", "two"] {
            let store = if worker % 2 == 0 { &db.store } else { &other };
            workers.push((job, tokio::spawn(work(store.clone(), job, worker, epoch))));
        }
    }
    let mut claimed: Vec<(&str, String)> = Vec::new();
    for (job, worker) in workers {
        claimed.extend(worker.await.unwrap().into_iter().map(|mac| (job, mac)));
    }
    let once: HashSet<_> = claimed.iter().collect();
    assert_eq!((claimed.len(), once.len()), (240, 240));
    for job in ["one", "two"] {
        let counted = counts(&db.store, job).await;
        assert_eq!(counted.verified + counted.acknowledged, 120);
        let rows = db
            .store
            .target_batch(job, &TargetQuery::default(), -1, 1000)
            .await
            .unwrap();
        assert!(rows.iter().all(|target| target.attempts == 1));
    }
    crate::audit::check_log(&db.store).await;
    other.close().await;
}

pub(crate) async fn counters_add_up_at_every_moment(db: Database) {
    add_job(&db.store, "one", &(1..=150).collect::<Vec<_>>()).await;
    let epoch = epoch(&db.store).await;
    let worker = tokio::spawn(work(db.store.clone(), "one", 0, epoch));
    let mut looks = 0;
    while !worker.is_finished() {
        let snapshot = db.store.job_snapshot("one").await.unwrap().unwrap();
        assert_eq!(snapshot.job.counts.total(), 150);
        let caused: i64 = snapshot.causes.iter().map(|(_, count)| count).sum();
        assert!(caused <= snapshot.job.counts.done());
        looks += 1;
    }
    assert!(looks > 0);
    worker.await.unwrap();
    let counted = counts(&db.store, "one").await;
    let ended = counted.verified + counted.acknowledged;
    assert_eq!(
        (ended, counted),
        (
            150,
            Counts {
                verified: counted.verified,
                acknowledged: counted.acknowledged,
                ..Counts::default()
            }
        )
    );
}

async fn submit(store: Store, job: String) -> KeyUse {
    let key = IdempotencyKey {
        user_id: "1".to_owned(),
        key: "double click".to_owned(),
        body_hash: vec![1; 32],
    };
    let mut unit = store.begin().await.unwrap();
    unit.insert_job(&new_job(&job), &[new_target(1)])
        .await
        .unwrap();
    let used = unit.use_key(&key, &job, at(0), at(5)).await.unwrap();
    if used == KeyUse::Fresh {
        unit.commit_bookkeeping().await.unwrap();
    }
    used
}

pub(crate) async fn one_key_makes_one_job(db: Database) {
    let clicks: Vec<_> = (0..8)
        .map(|n| tokio::spawn(submit(db.store.clone(), format!("j{n}"))))
        .collect();
    let mut fresh = 0;
    let mut same = HashSet::new();
    for click in clicks {
        match click.await.unwrap() {
            KeyUse::Fresh => fresh += 1,
            KeyUse::SameRequest(job) => {
                same.insert(job);
            }
            KeyUse::OtherRequest => panic!("all clicks were the same request"),
        }
    }
    assert_eq!((fresh, same.len()), (1, 1));
    assert_eq!(
        db.store
            .count_jobs()
            .await
            .unwrap()
            .iter()
            .map(|(_, n)| n)
            .sum::<i64>(),
        1
    );
}

pub(crate) async fn records_have_no_gaps(db: Database) {
    let writers: Vec<_> = (0..6)
        .map(|writer| {
            let store = db.store.clone();
            tokio::spawn(async move {
                for round in 0..10 {
                    let unit = store.begin().await.unwrap();
                    let events = vec![crate::audit::event(round, "phone.changed"); 3];
                    let recorded = unit.record(&events).await.unwrap();
                    let seqs = recorded.seqs();
                    assert_eq!(seqs.end - seqs.start, 3);
                    // Some are given up: their numbers go to the next.
                    if (writer + round) % 4 != 0 {
                        recorded.commit().await.unwrap();
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(crate::audit::check_log(&db.store).await > 0);
    let unit = db.store.begin().await.unwrap();
    let nothing = unit.record(&[]).await.unwrap().commit().await.unwrap();
    assert!(nothing.is_empty());
    assert!(!matches!(
        db.store.audit_entry(-1).await,
        Err(StoreError::Conflict)
    ));
}

/// Reads a phone and adds to its notes what it read.
async fn append(store: Store, word: u32) {
    let mut unit = store.begin().await.unwrap();
    unit.lock_phones(&[mac(2), mac(1)]).await.unwrap();
    let mut row = unit.phones_by_macs(&[mac(1)]).await.unwrap().remove(0);
    row.phone.notes = format!("{} {word}", row.phone.notes);
    unit.upsert_phones(&[row.phone], at(2)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
}

pub(crate) async fn kept_phones_lose_no_edit(db: Database) {
    add_phones(&db.store, &[phone(1), phone(2)]).await;
    let writers: Vec<_> = (0..8)
        .map(|word| tokio::spawn(append(db.store.clone(), word)))
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let row = db.store.phone(mac(1)).await.unwrap().unwrap();
    assert_eq!(row.phone.notes.split_whitespace().count(), 8);
}

/// Until somebody waits for a lock of Postgres. SQLite lets nobody else write anyway.
async fn somebody_waits(db: &Database) {
    let waiting = "SELECT pid FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while db.store.is_shared() && db.raw(waiting).await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
}

/// Disables an account over a connection of its own, with a record.
async fn disable(db: &Database, id: &'static str) {
    let mut unit = db.store.begin_keeping(Keeps::Accounts).await.unwrap();
    let user = unit.user_for_update(id).await.unwrap().unwrap();
    let disabled = UserRow {
        disabled: true,
        ..user
    };
    unit.update_user(&disabled, at(3)).await.unwrap();
    let events = [crate::audit::event(3, "user.disabled")];
    unit.record(&events).await.unwrap().commit().await.unwrap();
}

/// A page of the same session, while something is written under it.
async fn note_use(store: &Store, session: &SessionRow) {
    let noted = async {
        let mut unit = store.begin().await.unwrap();
        unit.touch_session(session, at(4)).await.unwrap();
        unit.commit_bookkeeping().await.unwrap();
    };
    // It does not wait for whoever writes.
    timeout(Duration::from_secs(20), noted).await.unwrap();
}

pub(crate) async fn who_writes_is_kept_as_it_was_judged(db: Database) {
    crate::accounts::add_user(&db.store, "u-1", "anna").await;
    let mut unit = db.store.begin().await.unwrap();
    let session = crate::accounts::session(7, "u-1");
    unit.insert_session(&session).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let mut unit = db.store.begin().await.unwrap();
    let kept = unit.session_to_keep(&[7; 32]).await.unwrap().unwrap();
    assert!(!kept.user.disabled);
    if db.store.is_shared() {
        note_use(&db.store, &session).await;
    }
    let elsewhere = db.clone();
    let end = tokio::spawn(async move { disable(&elsewhere, "u-1").await });
    somebody_waits(&db).await;
    assert!(!end.is_finished());
    let events = [crate::audit::event(2, "phone.changed")];
    unit.record(&events).await.unwrap().commit().await.unwrap();
    end.await.unwrap();
    let mut unit = db.store.begin().await.unwrap();
    let kept = unit.session_to_keep(&[7; 32]).await.unwrap().unwrap();
    assert!(kept.user.disabled);
    drop(unit);
    let rows = db.store.audit_batch(&AuditQuery::default(), -1, 10).await;
    let told: Vec<_> = rows
        .unwrap()
        .into_iter()
        .map(|row| row.event.action)
        .collect();
    assert_eq!(told, ["phone.changed", "user.disabled"]);
}
