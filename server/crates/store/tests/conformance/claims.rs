//! Claims and results.

use std::sync::Arc;

use carillon_domain::outcome::Transport;
use carillon_domain::phone::{AuthScheme, Reachability};
use carillon_domain::{Cause, Counts, JobState, TargetState, Timestamp};
use carillon_store::{
    ChangedTarget, Claim, ClaimedTarget, ContactUpdate, SiteLimit, StopAll, Store, TargetResult,
    TargetRow,
};

use crate::database::Database;
use crate::inventory::{add_phones, add_site, at, mac, phone, site};
use crate::jobs::{add_job, counts};

pub(crate) async fn epoch(store: &Store) -> i64 {
    let mut unit = store.begin().await.unwrap();
    let epoch = unit.begin_epoch("node", at(1), at(100_000)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    epoch
}

pub(crate) async fn claim(
    store: &Store,
    job: &str,
    epoch: i64,
    ids: &[&str],
    now: Timestamp,
) -> Vec<ClaimedTarget> {
    let attempts: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
    let mut unit = store.begin().await.unwrap();
    let claim = Claim {
        job,
        epoch,
        now,
        attempts: &attempts,
        site_limit: SiteLimit::default(),
        not_since: None,
        only_again: false,
        from: 0,
        list: None,
    };
    let claimed = unit.claim(&claim).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    claimed
}

pub(crate) fn acknowledged(claimed: &ClaimedTarget, now: Timestamp) -> TargetResult {
    TargetResult {
        before: claimed.target.clone(),
        state: TargetState::Acknowledged,
        cause: None,
        http_status: Some(200),
        transport: Some(Transport::Https),
        at: now,
        duration_ms: Some(31),
        excerpt: "OK".to_owned(),
        evidence: String::new(),
        contact: Some(ContactUpdate {
            reached: true,
            learned_auth: Some(AuthScheme::DigestSha256),
            learned_pin: Some("aa".to_owned()),
        }),
        retry_at: None,
        given_back: false,
    }
}

pub(crate) async fn record(store: &Store, results: &[TargetResult]) -> Vec<ChangedTarget> {
    let mut unit = store.begin().await.unwrap();
    let changed = unit.record_results(results).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    changed
}

fn places(claimed: &[ClaimedTarget]) -> Vec<i64> {
    claimed
        .iter()
        .map(|target| target.target.position)
        .collect()
}

pub(crate) async fn claims_go_in_order_and_no_further_than_asked(db: Database) {
    add_job(&db.store, "j", &[5, 3, 9, 1]).await;
    let epoch = epoch(&db.store).await;
    let first = claim(&db.store, "j", epoch, &["a", "b", "c"], at(3)).await;
    assert_eq!(places(&first), [0, 1, 2]);
    assert_eq!(first[1].mac(), mac(3));
    assert_eq!(
        (first[1].attempt_id.as_str(), first[1].target.attempts),
        ("b", 1)
    );
    let stored = db.store.target("j", mac(3)).await.unwrap().unwrap();
    assert_eq!(stored, *first[1].target);
    assert_eq!(
        (stored.state, stored.sent_at),
        (TargetState::Sending, Some(at(3)))
    );
    let ids = ["b", "z"].map(str::to_owned);
    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(unit.claims_of("j", &ids).await.unwrap(), [stored]);
    assert!(unit.claims_of("k", &ids).await.unwrap().is_empty());
    drop(unit);
    assert_eq!(
        places(&claim(&db.store, "j", epoch, &["d", "e"], at(4)).await),
        [3]
    );
    assert!(claim(&db.store, "j", epoch, &["f"], at(4)).await.is_empty());
    assert!(claim(&db.store, "j", epoch, &[], at(4)).await.is_empty());
    assert!(
        claim(&db.store, "none", epoch, &["g"], at(4))
            .await
            .is_empty()
    );
    assert_eq!(
        counts(&db.store, "j").await,
        Counts {
            sending: 4,
            ..Counts::default()
        }
    );

    add_job(&db.store, "big", &(100..1300).collect::<Vec<_>>()).await;
    let ids: Vec<_> = (0..1100).map(|number| format!("x{number}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let many = claim(&db.store, "big", epoch, &ids, at(5)).await;
    assert_eq!(places(&many), (0..1100).collect::<Vec<_>>());
    assert_eq!(counts(&db.store, "big").await.waiting, 100);
}

pub(crate) async fn nothing_is_claimed_that_must_not_be(db: Database) {
    add_job(&db.store, "j", &[1, 2]).await;
    let epoch = epoch(&db.store).await;
    let stop = StopAll {
        at: at(2),
        actor: "x".to_owned(),
        reason: String::new(),
    };
    let mut unit = db.store.begin().await.unwrap();
    unit.set_stop_all(Some(&stop)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    assert!(claim(&db.store, "j", epoch, &["a"], at(3)).await.is_empty());
    let mut unit = db.store.begin().await.unwrap();
    unit.set_stop_all(None).await.unwrap();
    unit.set_job_state("j", &[JobState::Running], JobState::Paused, at(3))
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();
    assert!(claim(&db.store, "j", epoch, &["a"], at(3)).await.is_empty());
    let mut unit = db.store.begin().await.unwrap();
    unit.set_job_state("j", &[JobState::Paused], JobState::Running, at(3))
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();
    assert!(
        claim(&db.store, "j", epoch + 1, &["a"], at(3))
            .await
            .is_empty()
    );
    let late = claim(&db.store, "j", epoch, &["a"], at(200_000)).await;
    assert_eq!(
        late.is_empty(),
        db.store.is_shared(),
        "a lease counts where nodes share"
    );
    let mut unit = db.store.begin().await.unwrap();
    unit.end_epoch(epoch, at(4)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    assert!(claim(&db.store, "j", epoch, &["b"], at(5)).await.is_empty());
}

pub(crate) async fn a_phone_is_sent_to_by_one_job_at_a_time(db: Database) {
    add_job(&db.store, "one", &[1, 2]).await;
    add_job(&db.store, "two", &[2, 1, 3]).await;
    let epoch = epoch(&db.store).await;
    let first = claim(&db.store, "one", epoch, &["a", "b"], at(3)).await;
    let second = claim(&db.store, "two", epoch, &["c", "d", "e"], at(3)).await;
    assert_eq!(places(&second), [2]);
    record(&db.store, &[acknowledged(&first[1], at(4))]).await;
    assert_eq!(
        places(&claim(&db.store, "two", epoch, &["f", "g"], at(5)).await),
        [0]
    );
    record(&db.store, &[acknowledged(&first[0], at(6))]).await;
    assert_eq!(
        places(&claim(&db.store, "two", epoch, &["h", "i"], at(7)).await),
        [1]
    );
    let forced = db
        .raw("UPDATE job_targets SET state = 'sending' WHERE job = 'one'")
        .await;
    assert!(forced.is_err(), "the database is the last of three guards");
}

pub(crate) async fn a_phone_is_left_alone_until_it_was_looked_at(db: Database) {
    add_job(&db.store, "one", &[1, 2]).await;
    add_job(&db.store, "two", &[1, 2, 3]).await;
    let epoch = epoch(&db.store).await;
    let first = claim(&db.store, "one", epoch, &["a", "b"], at(3)).await;
    let mut looked_at = acknowledged(&first[0], at(4));
    looked_at.state = TargetState::Verifying;
    let through = acknowledged(&first[1], at(4));
    record(&db.store, &[looked_at.clone(), through]).await;
    let free = claim(&db.store, "two", epoch, &["c", "d", "e"], at(5)).await;
    assert_eq!(places(&free), [1, 2]);
    looked_at.before = Arc::new(looked_at.after());
    looked_at.state = TargetState::Verified;
    looked_at.at = at(60);
    record(&db.store, &[looked_at]).await;
    let then = claim(&db.store, "two", epoch, &["f"], at(61)).await;
    assert_eq!(places(&then), [0]);
}

pub(crate) async fn results_count_once_and_only_for_their_attempt(db: Database) {
    add_job(&db.store, "j", &[1, 2]).await;
    let epoch = epoch(&db.store).await;
    let claimed = claim(&db.store, "j", epoch, &["a", "b"], at(3)).await;
    let mut forged = acknowledged(&claimed[0], at(4));
    let mut other = TargetRow::clone(&forged.before);
    other.attempt_id = Some("z".into());
    forged.before = Arc::new(other);
    assert!(record(&db.store, &[forged]).await.is_empty());
    let mut back = acknowledged(&claimed[0], at(4));
    back.state = TargetState::Waiting;
    assert!(
        record(&db.store, std::slice::from_ref(&back))
            .await
            .is_empty()
    );
    back.retry_at = Some(at(9));
    back.cause = Some(Cause::ConnectionReset);
    assert!(
        record(&db.store, &[back]).await.is_empty(),
        "what may have happened is never tried again"
    );

    let mut failed = acknowledged(&claimed[0], at(4));
    failed.state = TargetState::Failed;
    failed.cause = Some(Cause::Sip(489));
    failed.http_status = None;
    let changed = record(&db.store, std::slice::from_ref(&failed)).await;
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].from, TargetState::Sending);
    let stored = db.store.target("j", mac(1)).await.unwrap().unwrap();
    assert_eq!(changed[0].target, stored);
    assert_eq!(
        (stored.cause, stored.http_status),
        (Some(Cause::Sip(489)), None)
    );
    assert_eq!(
        (stored.transport, stored.duration_ms),
        (Some(Transport::Https), Some(31))
    );
    assert_eq!(
        (stored.excerpt.as_str(), stored.finished_at),
        ("OK", Some(at(4)))
    );

    assert!(
        record(&db.store, &[failed]).await.is_empty(),
        "terminal means terminal"
    );
    let late = acknowledged(&claimed[0], at(9));
    assert!(
        record(&db.store, &[late]).await.is_empty(),
        "terminal means terminal"
    );
    let expected = Counts {
        sending: 1,
        failed: 1,
        ..Counts::default()
    };
    assert_eq!(counts(&db.store, "j").await, expected);
    assert!(record(&db.store, &[]).await.is_empty());

    // One that counts beside one that came too late, alike in everything else.
    let both = [&claimed[0], &claimed[1]].map(|claimed| acknowledged(claimed, at(5)));
    let changed = record(&db.store, &both).await;
    let changed: Vec<_> = changed.iter().map(|change| change.target.mac).collect();
    assert_eq!(changed, [claimed[1].mac()]);
    let mut unit = db.store.begin().await.unwrap();
    let ended = unit.finish_job_if_done("j", at(6)).await.unwrap();
    assert_eq!(ended, Some(JobState::Finished));
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(
        db.store.job("j").await.unwrap().unwrap().finished_at,
        Some(at(6))
    );
}

/// Where it comes with them: on Postgres, when all results are alike.
pub(crate) async fn how_a_job_stands_comes_with_its_results(db: Database) {
    add_phones(&db.store, &[phone(1), phone(2), phone(3)]).await;
    add_job(&db.store, "j", &[1, 2, 3]).await;
    let epoch = epoch(&db.store).await;
    let claimed = claim(&db.store, "j", epoch, &["a", "b"], at(3)).await;
    let results: Vec<_> = claimed.iter().map(|one| acknowledged(one, at(4))).collect();
    let mut unit = db.store.begin_jobs().await.unwrap();
    let made = |changed: &[ChangedTarget]| changed.len();
    let recorded = unit.record_results_and(&results, made).await.unwrap();
    assert_eq!((recorded.changed.len(), recorded.made), (2, 2));
    assert_eq!(recorded.standing.is_some(), db.store.is_shared());
    let standing = unit.standing("j").await.unwrap();
    if recorded.standing.is_some() {
        assert_eq!(recorded.standing, standing);
    }
    let expected = Counts {
        waiting: 1,
        acknowledged: 2,
        ..Counts::default()
    };
    assert_eq!(standing.unwrap().counts, expected);
    unit.commit_bookkeeping().await.unwrap();
    let told = db.store.phone(mac(2)).await.unwrap().unwrap().contact;
    assert_eq!(told.auth_scheme, AuthScheme::DigestSha256);
}

pub(crate) async fn verifying_leads_to_an_end(db: Database) {
    add_job(&db.store, "j", &[1]).await;
    let epoch = epoch(&db.store).await;
    let claimed = claim(&db.store, "j", epoch, &["a"], at(3)).await;
    let mut result = acknowledged(&claimed[0], at(4));
    result.state = TargetState::Verifying;
    result.cause = Some(Cause::TimeoutAnswer);
    assert_eq!(
        record(&db.store, std::slice::from_ref(&result)).await.len(),
        1
    );
    assert!(
        record(&db.store, std::slice::from_ref(&result))
            .await
            .is_empty()
    );
    let stored = db.store.target("j", mac(1)).await.unwrap().unwrap();
    assert_eq!(
        (stored.state, stored.finished_at),
        (TargetState::Verifying, None)
    );
    assert_eq!(
        counts(&db.store, "j").await,
        Counts {
            verifying: 1,
            ..Counts::default()
        }
    );

    result.before = Arc::new(result.after());
    result.state = TargetState::Verified;
    result.cause = None;
    result.http_status = None;
    result.excerpt = String::new();
    result.evidence = "came back after 41 s".into();
    result.at = at(50);
    let changed = record(&db.store, &[result]).await;
    assert_eq!(changed[0].from, TargetState::Verifying);
    let stored = db.store.target("j", mac(1)).await.unwrap().unwrap();
    assert_eq!(changed[0].target, stored);
    assert_eq!((stored.cause, stored.http_status), (None, Some(200)));
    assert_eq!(
        (stored.excerpt.as_str(), stored.evidence.as_str()),
        ("OK", "came back after 41 s")
    );
    assert_eq!(
        counts(&db.store, "j").await,
        Counts {
            verified: 1,
            ..Counts::default()
        }
    );
}

pub(crate) async fn phones_learn_from_results(db: Database) {
    add_phones(&db.store, &[phone(1), phone(2), phone(3)]).await;
    add_job(&db.store, "j", &[1, 2, 3, 4]).await;
    let epoch = epoch(&db.store).await;
    let claimed = claim(&db.store, "j", epoch, &["a", "b", "c", "d"], at(3)).await;
    let mut results: Vec<_> = claimed
        .iter()
        .map(|target| acknowledged(target, at(4)))
        .collect();
    results[1].state = TargetState::Failed;
    results[1].cause = Some(Cause::Unreachable);
    results[1].contact = Some(ContactUpdate {
        reached: false,
        learned_auth: None,
        learned_pin: None,
    });
    results[2].state = TargetState::Failed;
    results[2].cause = Some(Cause::NoAddress);
    results[2].contact = None;
    assert_eq!(record(&db.store, &results).await.len(), 4);

    let one = db.store.phone(mac(1)).await.unwrap().unwrap();
    assert_eq!(one.contact.auth_scheme, AuthScheme::DigestSha256);
    assert_eq!(one.contact.tls_pin.as_deref(), Some("aa"));
    assert_eq!(one.contact.last_seen, Some(at(4)));
    let last = one.last.unwrap();
    assert_eq!((last.state, last.cause), (TargetState::Acknowledged, None));
    assert_eq!((last.job.as_str(), last.at, one.version), ("j", at(4), 1));
    let two = db.store.phone(mac(2)).await.unwrap().unwrap();
    assert_eq!(two.contact.reachability, Reachability::Offline);
    assert_eq!(
        (two.contact.last_seen, two.contact.last_tried),
        (None, Some(at(4)))
    );
    assert_eq!(two.last.unwrap().cause, Some(Cause::Unreachable));
    let three = db.store.phone(mac(3)).await.unwrap().unwrap();
    assert_eq!(three.contact.reachability, Reachability::Unknown);
    assert_eq!(
        (three.contact.last_tried, three.last.unwrap().cause),
        (None, Some(Cause::NoAddress))
    );
}

pub(crate) async fn one_batch_may_tell_of_many_jobs(db: Database) {
    let numbers: Vec<_> = (0..700).collect();
    add_job(&db.store, "one", &numbers[..350]).await;
    add_job(&db.store, "two", &numbers[350..]).await;
    let epoch = epoch(&db.store).await;
    let ids: Vec<_> = numbers.iter().map(|number| format!("a{number}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let mut claimed = claim(&db.store, "one", epoch, &ids[..350], at(3)).await;
    claimed.extend(claim(&db.store, "two", epoch, &ids[350..], at(3)).await);
    let mut results: Vec<_> = claimed
        .iter()
        .map(|target| acknowledged(target, at(4)))
        .collect();
    for result in results.iter_mut().step_by(2) {
        result.state = TargetState::Unknown;
        result.cause = Some(Cause::TimeoutAnswer);
    }
    assert_eq!(record(&db.store, &results).await.len(), 700);
    for job in ["one", "two"] {
        let expected = Counts {
            acknowledged: 175,
            unknown: 175,
            ..Counts::default()
        };
        assert_eq!(counts(&db.store, job).await, expected);
    }
}

pub(crate) async fn one_batch_may_tell_of_one_phone_twice(db: Database) {
    add_phones(&db.store, &[phone(1), phone(2)]).await;
    add_job(&db.store, "j", &[1, 2]).await;
    let epoch = epoch(&db.store).await;
    let claimed = claim(&db.store, "j", epoch, &["a", "b"], at(3)).await;
    let mut answered = acknowledged(&claimed[0], at(4));
    answered.state = TargetState::Verifying;
    let mut seen = acknowledged(&claimed[0], at(9));
    seen.before = Arc::new(answered.after());
    seen.state = TargetState::Verified;
    seen.contact = None;
    let other = acknowledged(&claimed[1], at(5));
    let late = acknowledged(&claimed[0], at(10));
    let changed = record(&db.store, &[answered, other, seen, late]).await;
    let states: Vec<_> = changed
        .iter()
        .map(|change| (change.from, change.target.state))
        .collect();
    assert_eq!(
        states,
        [
            (TargetState::Sending, TargetState::Verifying),
            (TargetState::Sending, TargetState::Acknowledged),
            (TargetState::Verifying, TargetState::Verified),
        ]
    );
    let expected = Counts {
        verified: 1,
        acknowledged: 1,
        ..Counts::default()
    };
    assert_eq!(counts(&db.store, "j").await, expected);
    let one = db.store.phone(mac(1)).await.unwrap().unwrap();
    assert_eq!(one.contact.tls_pin.as_deref(), Some("aa"));
    assert_eq!(one.last.unwrap().state, TargetState::Verified);
}

pub(crate) async fn a_site_keeps_its_share(db: Database) {
    for slug in ["kiel", "bonn"] {
        add_site(&db.store, &site(slug)).await;
    }
    // Kiel has the ten even phones and Bonn three of the odd ones, as the targets say.
    let mut phones: Vec<_> = (1..=20).map(phone).collect();
    for (number, phone) in (1..).zip(&mut phones) {
        let slug = if number % 2 == 0 { "kiel" } else { "bonn" };
        phone.site = (number % 2 == 0 || number < 6).then(|| slug.to_owned());
    }
    add_phones(&db.store, &phones).await;
    add_job(&db.store, "j", &(1..=20).collect::<Vec<_>>()).await;
    let epoch = epoch(&db.store).await;
    let wish = async |prefix: &str, share: i64| {
        let attempts: Vec<_> = (0..20).map(|n| format!("{prefix}{n}")).collect();
        let mut unit = db.store.begin().await.unwrap();
        let claim = Claim {
            job: "j",
            epoch,
            now: at(3),
            attempts: &attempts,
            site_limit: SiteLimit {
                percent: Some(share),
                ..SiteLimit::default()
            },
            not_since: None,
            only_again: false,
            from: 0,
            list: None,
        };
        let claimed = unit.claim(&claim).await.unwrap();
        unit.commit_bookkeeping().await.unwrap();
        claimed
    };
    let first = wish("a", 20).await;
    assert_eq!(
        places(&first),
        [0, 1, 3],
        "one of Bonn's three, two of Kiel's ten"
    );
    assert!(wish("b", 20).await.is_empty());
    let mut away = acknowledged(&first[1], at(4));
    away.state = TargetState::Verifying;
    record(&db.store, &[away]).await;
    assert!(wish("c", 20).await.is_empty(), "it has not come back yet");
    record(&db.store, &[acknowledged(&first[2], at(5))]).await;
    assert_eq!(places(&wish("d", 20).await), [5]);
    assert_eq!(places(&wish("e", 30).await), [7]);
}
