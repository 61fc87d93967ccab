//! Tries before the last one, and phones that wait for a person.

use carillon_domain::{Cause, JobState, TargetState, Timestamp};
use carillon_store::{Claim, ClaimedTarget, SiteLimit, Store, TargetResult, Untried};

use crate::claims::{acknowledged, claim, epoch, record};
use crate::credentials::named;
use crate::database::Database;
use crate::inventory::{add_phones, add_site, at, mac, phone, site};
use crate::jobs::{add_job, counts, new_job, new_target};

fn refused(claimed: &ClaimedTarget, now: Timestamp, again: Option<Timestamp>) -> TargetResult {
    TargetResult {
        state: again.map_or(TargetState::Failed, |_| TargetState::Waiting),
        cause: Some(Cause::Refused),
        http_status: None,
        retry_at: again,
        contact: None,
        ..acknowledged(claimed, now)
    }
}

pub(crate) async fn a_try_more_is_a_new_claim_and_the_old_one_is_kept(db: Database) {
    add_job(&db.store, "j", &[1, 2]).await;
    let epoch = epoch(&db.store).await;
    let first = claim(&db.store, "j", epoch, &["a"], at(10)).await;
    let changed = record(&db.store, &[refused(&first[0], at(11), Some(at(20)))]).await;
    let target = &changed[0].target;
    assert_eq!((target.state, target.attempts), (TargetState::Waiting, 1));
    assert_eq!(
        (target.retry_at, target.finished_at),
        (Some(at(20)), None),
        "it has not ended"
    );
    assert_eq!(
        db.store.target("j", mac(1)).await.unwrap().as_ref(),
        Some(target)
    );
    assert_eq!(counts(&db.store, "j").await.waiting, 2);

    let early = claim(&db.store, "j", epoch, &["b", "c"], at(19)).await;
    assert_eq!(early.len(), 1, "its turn has not come");
    assert_eq!(early[0].mac(), mac(2));
    let again = claim(&db.store, "j", epoch, &["d"], at(20)).await;
    assert_eq!((again[0].mac(), again[0].target.attempts), (mac(1), 2));
    assert_eq!(
        (again[0].target.cause, again[0].target.retry_at),
        (None, None)
    );
    // What the first try says now comes too late.
    assert!(
        record(&db.store, &[acknowledged(&first[0], at(21))])
            .await
            .is_empty()
    );
    record(&db.store, &[acknowledged(&again[0], at(22))]).await;
    let earlier = db
        .store
        .earlier_attempts("j", &[mac(1), mac(2)])
        .await
        .unwrap();
    assert_eq!(earlier.len(), 1);
    assert_eq!(
        (earlier[0].number, earlier[0].cause, earlier[0].sent_at),
        (1, Cause::Refused, at(10))
    );
    assert_eq!(earlier[0].attempt_id, "a");
    let end = db.store.target("j", mac(1)).await.unwrap().unwrap();
    assert_eq!((end.state, end.attempts), (TargetState::Acknowledged, 2));
}

pub(crate) async fn what_was_tried_does_not_end_as_never_tried(db: Database) {
    for (job, how) in [
        ("a", Untried::Cancelled),
        ("b", Untried::Expired),
        ("c", Untried::Skipped(Cause::FailureLimit)),
    ] {
        add_job(&db.store, job, &[1, 2]).await;
        let epoch = epoch(&db.store).await;
        let first = claim(&db.store, job, epoch, &[job], at(10)).await;
        record(&db.store, &[refused(&first[0], at(11), Some(at(900)))]).await;
        let mut unit = db.store.begin().await.unwrap();
        let ended = unit.end_waiting(job, None, how, at(12)).await.unwrap();
        let state = unit.finish_job_if_done(job, at(12)).await.unwrap();
        unit.commit_bookkeeping().await.unwrap();
        assert_eq!(state, Some(JobState::Finished));
        let tried = &ended[0].target;
        assert_eq!(
            (tried.state, tried.cause),
            (TargetState::Failed, Some(Cause::Refused))
        );
        assert_ne!(ended[1].target.state, TargetState::Failed);
        assert_eq!(counts(&db.store, job).await.failed, 1);
    }
}

async fn wish(
    store: &Store,
    epoch: i64,
    prefix: &str,
    change: impl FnOnce(&mut Claim<'_>),
) -> usize {
    let attempts: Vec<_> = (0..20).map(|n| format!("{prefix}{n}")).collect();
    let mut unit = store.begin().await.unwrap();
    let mut claim = Claim {
        job: "j",
        epoch,
        now: at(50),
        attempts: &attempts,
        site_limit: SiteLimit::default(),
        not_since: None,
        only_again: false,
        from: 0,
        list: None,
    };
    change(&mut claim);
    let found = unit.claim(&claim).await.unwrap().len();
    // Dropped, the claim never was.
    drop(unit);
    found
}

pub(crate) async fn a_claim_goes_no_further_than_each_of_its_limits(db: Database) {
    let mut berlin = site("berlin");
    berlin.max_down_percent = 30;
    add_site(&db.store, &berlin).await;
    let phones: Vec<_> = (1..=10)
        .map(|number| {
            let mut phone = phone(number);
            phone.site = Some("berlin".to_owned());
            phone
        })
        .collect();
    add_phones(&db.store, &phones).await;
    let mut job = new_job("j");
    job.state = JobState::Running;
    let targets: Vec<_> = (1..=10)
        .map(|number| {
            let mut target = new_target(number);
            target.site = Some("berlin".to_owned());
            target
        })
        .collect();
    let mut unit = db.store.begin().await.unwrap();
    unit.insert_job(&job, &targets).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let epoch = epoch(&db.store).await;
    let limit = |percent, phones, own_rule| SiteLimit {
        percent,
        phones,
        own_rule,
    };
    for (limit, expected) in [
        (limit(None, None, false), 10),
        (limit(Some(50), None, false), 5),
        (limit(Some(50), Some(4), false), 4),
        (limit(Some(50), Some(4), true), 3),
        (limit(Some(1), None, false), 1),
    ] {
        let got = wish(&db.store, epoch, "x", |claim| claim.site_limit = limit).await;
        assert_eq!(got, expected, "{limit:?}");
    }
    let again = wish(&db.store, epoch, "x", |claim| claim.only_again = true).await;
    assert_eq!(again, 0, "nobody was tried before");

    // Somebody spoke to one of them a moment ago.
    let mut unit = db.store.begin().await.unwrap();
    let contact = carillon_store::ContactUpdate {
        reached: false,
        learned_auth: None,
        learned_pin: None,
    };
    unit.note_contact(mac(3), contact, at(49)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let since = |seconds| move |claim: &mut Claim<'_>| claim.not_since = Some(at(seconds));
    assert_eq!(wish(&db.store, epoch, "x", since(48)).await, 9);
    assert_eq!(wish(&db.store, epoch, "x", since(49)).await, 10);
}

async fn holds(store: &Store) -> Vec<(String, i64)> {
    store.job_snapshot("j").await.unwrap().unwrap().holds
}

pub(crate) async fn a_refused_credential_holds_its_phones_and_no_others(db: Database) {
    let mut unit = db.store.begin().await.unwrap();
    for name in ["one", "two"] {
        unit.insert_credential(&named(name)).await.unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
    let phones: Vec<_> = (1..=4)
        .map(|number| {
            let mut phone = phone(number);
            let name = if number <= 3 { "one" } else { "two" };
            phone.credential = Some(name.to_owned());
            phone
        })
        .collect();
    add_phones(&db.store, &phones).await;
    add_job(&db.store, "j", &[1, 2, 3, 4]).await;
    let epoch = epoch(&db.store).await;
    claim(&db.store, "j", epoch, &["a"], at(10)).await;
    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(unit.hold_waiting("j", "one", at(11)).await.unwrap(), 2);
    assert_eq!(unit.hold_waiting("j", "one", at(11)).await.unwrap(), 0);
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(holds(&db.store).await, [("one".to_owned(), 2)]);
    let others = claim(&db.store, "j", epoch, &["b", "c"], at(12)).await;
    assert_eq!(others.len(), 1);
    assert_eq!(others[0].mac(), mac(4));

    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(
        unit.held_phones("j", "one").await.unwrap(),
        [mac(2), mac(3)]
    );
    assert_eq!(unit.release_held("j", "two").await.unwrap(), 0);
    assert_eq!(unit.release_held("j", "one").await.unwrap(), 2);
    unit.commit_bookkeeping().await.unwrap();
    assert!(holds(&db.store).await.is_empty());
    let freed = claim(&db.store, "j", epoch, &["d", "e"], at(13)).await;
    assert_eq!(freed.len(), 2);
}

pub(crate) async fn a_job_is_due_when_its_hour_has_come(db: Database) {
    let mut unit = db.store.begin().await.unwrap();
    for (id, state, start, end) in [
        ("later", JobState::Scheduled, Some(50), Some(90)),
        ("held", JobState::Paused, None, Some(60)),
        ("runs", JobState::Running, None, Some(60)),
        ("no end", JobState::Interrupted, None, None),
    ] {
        let mut job = new_job(id);
        job.state = state;
        job.start_at = start.map(at);
        job.not_after = end.map(at);
        unit.insert_job(&job, &[new_target(1)]).await.unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
    let due = async |seconds| {
        let found = db.store.due_jobs(at(seconds)).await.unwrap();
        let shown = found.into_iter().map(|job| (job.id, job.is_over));
        shown.collect::<Vec<_>>()
    };
    let job = |id: &str, over: bool| (id.to_owned(), over);
    assert_eq!(due(49).await, []);
    assert_eq!(due(50).await, [job("later", false)]);
    assert_eq!(due(61).await, [job("held", true), job("later", false)]);
    assert_eq!(due(91).await, [job("held", true), job("later", true)]);
}
