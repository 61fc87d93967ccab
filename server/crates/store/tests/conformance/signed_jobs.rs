//! Jobs that somebody else changed: they are not run, and not sent to other phones.

use carillon_domain::{Cause, JobState};
use carillon_store::{Claim, ClaimedTarget, FrozenList, SignedRows, SiteLimit, Store, StoreError};

use crate::claims::epoch;
use crate::database::Database;
use crate::inventory::{add_phones, at, mac, phone};
use crate::jobs::{new_job, new_target};
use crate::signed::{each_is_noticed, forged};

/// A job of two phones, and one that is left out.
async fn filled(store: &Store) {
    add_phones(store, &[phone(1), phone(2), phone(3), phone(4)]).await;
    let mut targets = [new_target(1), new_target(2), new_target(3)];
    targets[2].skip = Some(Cause::Protected);
    let mut unit = store.begin().await.unwrap();
    unit.insert_job(&new_job("j"), &targets).await.unwrap();
    let until = Some(at(50));
    unit.note_account("j", Some("anna"), until).await.unwrap();
    unit.note_decision("j", "berta", at(5)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
}

async fn set(store: &Store, from: JobState, to: JobState) -> Result<bool, StoreError> {
    let mut unit = store.begin().await?;
    let set = unit.set_job_state("j", &[from], to, at(7)).await?;
    unit.commit_bookkeeping().await?;
    Ok(set)
}

async fn claim(store: &Store, epoch: i64) -> Result<Vec<ClaimedTarget>, StoreError> {
    let list = store.frozen_list("j").await.unwrap_or_default();
    let list = list.unwrap_or_default();
    let attempts = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
    let mut unit = store.begin().await?;
    // Dropped, the claim never was.
    unit.claim(&of_list(&list, epoch, &attempts)).await
}

fn of_list<'c>(list: &'c FrozenList, epoch: i64, attempts: &'c [String]) -> Claim<'c> {
    Claim {
        job: "j",
        epoch,
        now: at(8),
        attempts,
        site_limit: SiteLimit::default(),
        not_since: None,
        only_again: false,
        from: 0,
        list: Some(list),
    }
}

pub(crate) async fn a_changed_job_is_not_run(db: Database) {
    filled(&db.store).await;
    let changes = [
        ("action", "'Reset'"),
        ("params_shown", "'[]'"),
        ("options", "'[]'"),
        ("targets_shown", "'[]'"),
        ("state", "'paused'"),
        ("actor_kind", "'system'"),
        ("actor_id", "'2'"),
        ("actor_name", "'berta'"),
        ("actor_auth", "'oidc_mfa'"),
        ("reason", "'INC-1'"),
        ("created_at", "created_at + 1"),
        ("start_at", "5"),
        ("not_after", "not_after + 1"),
        ("not_after", "NULL"),
        ("retry_of", "id"),
        ("digest", "'abd'"),
        ("request_example", "'GET /'"),
        ("account", "NULL"),
        ("approve_until", "approve_until + 1"),
        ("decided_by", "'dora'"),
        ("decided_at", "NULL"),
        ("version", "version + 1"),
        ("mac", "NULL"),
        ("mac", "frozen_mac"),
    ];
    each_is_noticed(&db, ("jobs", "id = 'j'"), &changes, || async {
        let store = forged(SignedRows::Jobs, "j")(db.store.job_to_run("j").await);
        let mut unit = db.store.begin().await.unwrap();
        let unit = forged(SignedRows::Jobs, "j")(unit.believed_job("j").await);
        assert_eq!(store, unit);
        store
    })
    .await;
}

pub(crate) async fn a_job_that_was_set_running_does_not_run_and_can_be_stopped(db: Database) {
    filled(&db.store).await;
    let running = JobState::Running;
    assert!(set(&db.store, running, JobState::Paused).await.unwrap());
    db.raw("UPDATE jobs SET state = 'running'").await.unwrap();
    let is_forged = |read: Result<bool, StoreError>| forged(SignedRows::Jobs, "j")(read);
    assert!(is_forged(set(&db.store, running, running).await));
    assert!(db.store.job_to_run("j").await.is_err());
    // To hold it or to stop it needs no belief, and makes it no better.
    assert!(set(&db.store, running, JobState::Paused).await.unwrap());
    assert!(is_forged(set(&db.store, JobState::Paused, running).await));
    assert!(
        set(&db.store, JobState::Paused, JobState::Stopping)
            .await
            .unwrap()
    );
    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(unit.cancel_waiting("j", at(9)).await.unwrap().len(), 2);
    let ended = unit.finish_job_if_done("j", at(9)).await.unwrap();
    assert_eq!(ended, Some(JobState::Cancelled));
    unit.commit_bookkeeping().await.unwrap();
    let rows = db.store.signed_rows(SignedRows::Jobs, None, 9).await;
    assert!(!db.store.is_genuine(&rows.unwrap()[0]));
}

pub(crate) async fn each_change_of_a_job_is_another_row(db: Database) {
    filled(&db.store).await;
    let code = async || db.store.job_to_run("j").await.unwrap().unwrap().1.code;
    let first = code().await;
    let (running, paused) = (JobState::Running, JobState::Paused);
    assert!(set(&db.store, running, paused).await.unwrap());
    assert!(set(&db.store, paused, running).await.unwrap());
    let third = code().await;
    assert!(first.is_some() && first != third, "it ran before as well");
    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(unit.standing("j").await.unwrap().unwrap().code, third);
    drop(unit);
    assert!(!set(&db.store, paused, running).await.unwrap());
    assert_eq!(code().await, third, "nothing changed");
}

pub(crate) async fn another_list_of_phones_is_not_sent_to(db: Database) {
    filled(&db.store).await;
    let epoch = epoch(&db.store).await;
    let list = || db.store.frozen_list("j");
    assert!(list().await.unwrap().is_some());
    assert_eq!(claim(&db.store, epoch).await.unwrap().len(), 2);
    let other = format!("mac = '{}' WHERE position = 0", mac(4));
    let back = format!("mac = '{}' WHERE position = 0", mac(1));
    for (change, back) in [
        (other.as_str(), back.as_str()),
        (
            "site = 'kiel' WHERE position = 0",
            "site = 'bonn' WHERE position = 0",
        ),
        (
            "state = 'waiting' WHERE position = 2",
            "state = 'skipped' WHERE position = 2",
        ),
        (
            "position = 9 WHERE position = 2",
            "position = 2 WHERE position = 9",
        ),
    ] {
        let update = |what: &str| format!("UPDATE job_targets SET {what}");
        db.raw(&update(change)).await.unwrap();
        assert!(forged(SignedRows::JobLists, "j")(list().await), "{change}");
        db.raw(&update(back)).await.unwrap();
        assert!(list().await.unwrap().is_some(), "{change} put back");
    }
    let changes = [
        ("frozen", "mac"),
        ("frozen_mac", "mac"),
        ("frozen_mac", "NULL"),
    ];
    each_is_noticed(&db, ("jobs", "id = 'j'"), &changes, || async {
        forged(SignedRows::JobLists, "j")(db.store.frozen_list("j").await)
    })
    .await;
    let mut unit = db.store.begin().await.unwrap();
    let how = carillon_store::Untried::Skipped(Cause::FailureLimit);
    let skipped = unit.end_waiting("j", Some(&[mac(2)]), how, at(6)).await;
    assert_eq!(skipped.unwrap().len(), 1);
    unit.commit_bookkeeping().await.unwrap();
    assert!(list().await.unwrap().is_some(), "what is left out since");
    let removed = "DELETE FROM job_targets WHERE position = 2";
    assert_eq!(db.raw(removed).await.unwrap(), 1);
    assert!(forged(SignedRows::JobLists, "j")(list().await));
}

pub(crate) async fn a_phone_that_somebody_added_stops_the_claims_of_its_job(db: Database) {
    filled(&db.store).await;
    let epoch = epoch(&db.store).await;
    let list = db.store.frozen_list("j").await.unwrap().unwrap();
    let added = format!(
        "INSERT INTO job_targets (job, position, mac, name, extension, model, groups, state) \
         VALUES ('j', -1, '{}', '', '', '', '[]', 'waiting')",
        mac(4)
    );
    db.raw(&added).await.unwrap();
    let attempts = ["a".to_owned()];
    let mut unit = db.store.begin().await.unwrap();
    let claimed = unit.claim(&of_list(&list, epoch, &attempts)).await;
    assert!(forged(SignedRows::JobLists, "j")(claimed));
    unit.commit_bookkeeping().await.unwrap();
    let target = db.store.target("j", mac(4)).await.unwrap().unwrap();
    assert_eq!(target.attempts, 0);
    // Whoever looked at the list says that it is meant.
    assert!(db.store.frozen_list("j").await.is_err());
    let mut unit = db.store.begin().await.unwrap();
    assert!(unit.has_uncounted("j").await.unwrap());
    let accepted = unit.accept_list("j").await.unwrap().unwrap();
    assert_eq!((accepted.total_before, accepted.counts.total()), (3, 4));
    assert!(!unit.has_uncounted("j").await.unwrap());
    assert_eq!(unit.accept_list("none").await.unwrap(), None);
    unit.commit_bookkeeping().await.unwrap();
    let list = db.store.frozen_list("j").await.unwrap().unwrap();
    assert!(list.allows(0, mac(4)) && list.allows(1, mac(1)) && !list.allows(3, mac(3)));
}

pub(crate) async fn a_list_that_somebody_accepted_is_counted_anew(db: Database) {
    filled(&db.store).await;
    let counted = async || {
        let job = db.store.job("j").await.unwrap().unwrap();
        let causes = db.store.causes_of_jobs(&["j".to_owned()]).await.unwrap();
        let mut unit = db.store.begin().await.unwrap();
        let believed = unit.believed_job("j").await.is_ok();
        let counts = (job.counts.waiting, job.counts.failed, job.counts.skipped);
        (job.total, counts, causes.get("j").cloned(), believed)
    };
    let protected = vec![(Cause::Protected, 1)];
    assert_eq!(counted().await, (3, (2, 0, 1), Some(protected), true));
    for change in [
        "DELETE FROM job_targets WHERE position = 2",
        "UPDATE job_targets SET state = 'failed', cause = 'unreachable', position = 9 WHERE position = 0",
    ] {
        db.raw(change).await.unwrap();
    }
    assert!(forged(SignedRows::JobLists, "j")(
        db.store.frozen_list("j").await
    ));
    let mut unit = db.store.begin().await.unwrap();
    unit.accept_list("j").await.unwrap().unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let unreachable = vec![(Cause::Unreachable, 1)];
    assert_eq!(counted().await, (2, (1, 1, 0), Some(unreachable), true));
    let list = db.store.frozen_list("j").await.unwrap().unwrap();
    assert!(list.allows(0, mac(2)) && list.allows(1, mac(1)));
    // A job that somebody else wrote is none of ours for that.
    let other = "UPDATE jobs SET reason = 'another', frozen = NULL";
    db.raw(other).await.unwrap();
    let mut unit = db.store.begin().await.unwrap();
    unit.accept_list("j").await.unwrap().unwrap();
    unit.commit_bookkeeping().await.unwrap();
    assert!(db.store.frozen_list("j").await.is_ok());
    assert!(!counted().await.3);
}

pub(crate) async fn jobs_of_an_earlier_program_are_frozen_once(db: Database) {
    filled(&db.store).await;
    let before = "UPDATE jobs SET frozen = NULL, frozen_mac = NULL";
    db.raw(before).await.unwrap();
    assert!(forged(SignedRows::JobLists, "j")(
        db.store.frozen_list("j").await
    ));
    let mut unit = db.store.begin().await.unwrap();
    unit.freeze_lists().await.unwrap();
    for row in unit
        .signed_rows(SignedRows::JobLists, None, 9)
        .await
        .unwrap()
    {
        assert!(!row.is_signed() && unit.sign_row(&row).await.unwrap());
    }
    unit.commit_bookkeeping().await.unwrap();
    assert!(db.store.frozen_list("j").await.unwrap().is_some());
    let open = db.store.open_jobs().await.unwrap();
    assert_eq!(open.into_iter().collect::<Vec<_>>(), ["j"]);
}
