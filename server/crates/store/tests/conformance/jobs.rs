//! Jobs and targets as they are made, listed and ended.

use carillon_domain::event::{Actor, ActorKind};
use carillon_domain::reach::{Area, Reach};
use carillon_domain::{Cause, Counts, JobState, Mac, TargetState};
use carillon_store::{JobQuery, NewJob, NewTarget, Seek, Store, TargetQuery, Untried};
use serde_json::json;

use crate::database::Database;
use crate::inventory::{add_phones, at, mac, phone};

pub(crate) fn new_job(id: &str) -> NewJob {
    NewJob {
        id: id.to_owned(),
        action: "Reboot".to_owned(),
        params_shown: json!({"number": "0049***"}),
        params_sealed: None,
        options: json!({"window": 10}),
        targets_shown: json!({"groups": ["front"]}),
        groups: Vec::new(),
        state: JobState::Running,
        actor: Actor {
            kind: ActorKind::User,
            id: "1".to_owned(),
            name: "a.meyer".to_owned(),
            auth: "password".to_owned(),
            session: String::new(),
        },
        reason: "INC-4711".to_owned(),
        created_at: at(2),
        start_at: None,
        not_after: Some(at(900)),
        retry_of: None,
        digest: "abc".to_owned(),
        request_example: "GET /servlet?key=Reboot".to_owned(),
    }
}

pub(crate) fn new_target(number: u32) -> NewTarget {
    NewTarget {
        mac: mac(number),
        name: format!("Phone {number}"),
        extension: number.to_string(),
        model: "T46S".to_owned(),
        site: Some(
            if number.is_multiple_of(2) {
                "kiel"
            } else {
                "bonn"
            }
            .to_owned(),
        ),
        groups: vec!["front".to_owned()],
        skip: None,
    }
}

pub(crate) async fn add_job(store: &Store, id: &str, numbers: &[u32]) {
    let targets: Vec<_> = numbers.iter().map(|number| new_target(*number)).collect();
    insert(store, &new_job(id), &targets).await;
}

async fn insert(store: &Store, job: &NewJob, targets: &[NewTarget]) {
    let mut unit = store.begin().await.unwrap();
    unit.insert_job(job, targets).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
}

/// What somebody wrote into one row outside Carillon hides no other.
pub(crate) async fn an_address_that_cannot_be_read_hides_no_other(db: Database) {
    let mut phones = [phone(1), phone(2)];
    for phone in &mut phones {
        phone.address = "10.0.0.9".parse().ok();
    }
    add_phones(&db.store, &phones).await;
    add_job(&db.store, "j", &[1, 2]).await;
    let broken = format!(
        "UPDATE phones SET address = 'nonsense' WHERE mac = '{}'",
        mac(1)
    );
    assert_eq!(db.raw(&broken).await.unwrap(), 1);
    let good: Vec<std::net::IpAddr> = vec!["10.0.0.9".parse().unwrap()];
    let found = db.store.addresses_of_job("j", None, 20).await.unwrap();
    assert_eq!(found, good);
    let of = |number| db.store.phone(mac(number));
    assert_eq!(of(1).await.unwrap().unwrap().phone.address, None);
    assert_eq!(of(2).await.unwrap().unwrap().phone.address, Some(good[0]));
    let calls = db.store.calls(&[mac(1), mac(2)], at(2)).await.unwrap();
    assert_eq!(calls[&mac(1)].row.address, None, "nothing is sent there");
    assert_eq!(calls[&mac(2)].row.address, Some(good[0]));
}

pub(crate) async fn jobs_in_reach_are_those_of_which_all_is(db: Database) {
    // The first is in Kiel, the second in Bonn.
    let targets = [new_target(2), new_target(1)];
    insert(&db.store, &new_job("own"), &targets[..1]).await;
    insert(&db.store, &new_job("mixed"), &targets).await;
    let asked = ["own", "mixed", "none"].map(str::to_owned);
    let kiel = Reach::within(Some(Area::of(["kiel"], [])));
    let seen = db
        .store
        .narrowed(&kiel)
        .jobs_in_reach(&asked)
        .await
        .unwrap();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["own"]);
    let all = db.store.jobs_in_reach(&asked[..2]).await.unwrap();
    assert_eq!(all.len(), 2);
    let told = db.store.narrowed(&kiel).jobs_of(&asked).await.unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|(job, lone)| (job.id.as_str(), lone.clone().map(|(mac, _)| mac)))
        .collect();
    assert_eq!(told, [("own", Some(mac(2)))], "with its only phone");
    let both = db.store.jobs_of(&asked).await.unwrap();
    let lone = |(_, lone): &&(_, Option<_>)| lone.is_some();
    assert_eq!((both.len(), both.iter().filter(lone).count()), (2, 1));
    assert!(db.store.jobs_of(&[]).await.unwrap().is_empty());
    let all = JobQuery::default();
    let page = db.store.job_page(&all, &Seek::Start, 9).await.unwrap();
    let newest = db.store.newest_jobs(&[(&all, 9)]).await.unwrap();
    for list in [&page.items, &newest[0]] {
        let lone = list
            .iter()
            .filter_map(|job| Some((&*job.id, job.lone_phone.clone()?)));
        let own = ("own", (mac(2), "Phone 2".to_owned()));
        assert_eq!(lone.collect::<Vec<_>>(), [own], "of {}", list.len());
    }
}

/// The counters of a job as they are kept, after checking them against its targets.
pub(crate) async fn counts(store: &Store, id: &str) -> Counts {
    let snapshot = store.job_snapshot(id).await.unwrap().unwrap();
    assert_eq!(snapshot.job.counts.total(), snapshot.job.total);
    let targets = store
        .target_batch(id, &TargetQuery::default(), -1, 1_000_000)
        .await
        .unwrap();
    let mut counted = Counts::default();
    let mut causes = std::collections::BTreeMap::new();
    for target in &targets {
        counted.add(target.state, 1);
        if let Some(cause) = target.cause.filter(|_| target.state.is_terminal()) {
            *causes.entry(cause).or_insert(0) += 1;
        }
    }
    assert_eq!(counted, snapshot.job.counts);
    let mut kept = snapshot.causes;
    kept.sort();
    assert_eq!(kept, causes.into_iter().collect::<Vec<_>>());
    counted
}

pub(crate) async fn a_job_is_read_as_it_was_made(db: Database) {
    let mut job = new_job("j1");
    job.params_sealed = Some(vec![1, 2, 3]);
    job.start_at = Some(at(100));
    job.state = JobState::Scheduled;
    let mut skipped = new_target(2);
    skipped.skip = Some(Cause::Protected);
    let targets = [new_target(7), skipped, new_target(1)];
    insert(&db.store, &job, &targets).await;

    let read = db.store.job("j1").await.unwrap().unwrap();
    assert_eq!((read.id.as_str(), read.action.as_str()), ("j1", "Reboot"));
    assert_eq!(
        (read.params_shown, read.options),
        (job.params_shown, job.options)
    );
    assert_eq!(
        (read.targets_shown, read.actor),
        (job.targets_shown, job.actor)
    );
    assert!(read.has_sealed_params);
    assert_eq!((read.state, read.total), (JobState::Scheduled, 3));
    assert_eq!(
        (read.start_at, read.started_at, read.finished_at),
        (Some(at(100)), None, None)
    );
    assert_eq!((read.created_at, read.not_after), (at(2), Some(at(900))));
    assert_eq!((read.retry_of, read.digest.as_str()), (None, "abc"));
    assert_eq!(
        (read.reason.as_str(), read.request_example.as_str()),
        ("INC-4711", "GET /servlet?key=Reboot")
    );
    let sealed = db.store.job_sealed_params("j1").await.unwrap();
    assert_eq!(sealed, Some((vec![1, 2, 3], 1)));
    assert_eq!(db.store.job_sealed_params("j2").await.unwrap(), None);

    let expected = Counts {
        waiting: 2,
        skipped: 1,
        ..Counts::default()
    };
    assert_eq!(counts(&db.store, "j1").await, expected);
    let snapshot = db.store.job_snapshot("j1").await.unwrap().unwrap();
    assert_eq!(snapshot.causes, [(Cause::Protected, 1)]);
    assert_eq!(db.store.job_snapshot("j2").await.unwrap(), None);
    let first = db.store.target("j1", mac(7)).await.unwrap().unwrap();
    assert_eq!(
        (first.position, first.state, first.attempts),
        (0, TargetState::Waiting, 0)
    );
    assert_eq!(
        (first.name.as_str(), first.groups),
        ("Phone 7", vec!["front".to_owned()])
    );
    let second = db.store.target("j1", mac(2)).await.unwrap().unwrap();
    assert_eq!(
        (second.state, second.finished_at),
        (TargetState::Skipped, Some(at(2)))
    );
    assert_eq!(db.store.target("j1", mac(9)).await.unwrap(), None);
}

pub(crate) async fn job_lists_filter_and_page(db: Database) {
    for number in 0..12 {
        let mut job = new_job(&format!("j{number:02}"));
        job.created_at = at(number / 3);
        job.action = if number % 2 == 0 { "Reboot" } else { "DNDOn" }.into();
        job.actor.name = if number < 4 { "a.meyer" } else { "k.lee" }.into();
        job.state = if number == 5 {
            JobState::Paused
        } else {
            JobState::Running
        };
        job.groups = if number > 9 {
            vec!["front".to_owned()]
        } else {
            Vec::new()
        };
        job.retry_of = (number == 11).then(|| "j10".to_owned());
        insert(&db.store, &job, &[new_target(1)]).await;
    }
    let ids = async |query: &JobQuery| {
        let page = db.store.job_page(query, &Seek::Start, 100).await.unwrap();
        page.items
            .into_iter()
            .map(|job| job.id)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let all = JobQuery::default();
    assert_eq!(
        ids(&all).await,
        "j11 j10 j09 j08 j07 j06 j05 j04 j03 j02 j01 j00"
    );
    let query = JobQuery {
        action: Some("DNDOn".to_owned()),
        actor: Some("a.meyer".to_owned()),
        ..all.clone()
    };
    assert_eq!(ids(&query).await, "j03 j01");
    let query = JobQuery {
        states: vec![JobState::Paused, JobState::Denied],
        ..all.clone()
    };
    assert_eq!(ids(&query).await, "j05");
    let query = JobQuery {
        group: Some("front".to_owned()),
        ..all.clone()
    };
    assert_eq!(ids(&query).await, "j11 j10");
    let query = JobQuery {
        from: Some(at(1)),
        to: Some(at(2)),
        ..all.clone()
    };
    assert_eq!(ids(&query).await, "j05 j04 j03");

    let first = db.store.job_page(&all, &Seek::Start, 5).await.unwrap();
    let second = db
        .store
        .job_page(&all, &Seek::After(first.next.clone().unwrap()), 5)
        .await
        .unwrap();
    assert_eq!(second.items[0].id, "j06");
    let back = db
        .store
        .job_page(&all, &Seek::Before(second.previous.unwrap()), 5)
        .await
        .unwrap();
    assert_eq!((&back.items, back.previous), (&first.items, None));
    let counted = db.store.count_jobs().await.unwrap();
    assert_eq!(counted, [(JobState::Paused, 1), (JobState::Running, 11)]);
    let running = db.store.jobs_in(&[JobState::Running]).await.unwrap();
    assert_eq!((running.len(), running[0].id.as_str()), (11, "j00"));
    assert_eq!(db.store.retries_of("j10").await.unwrap(), ["j11"]);
    let ids = ["j01".to_owned(), "j02".to_owned(), "none".to_owned()];
    let actions = db.store.job_actions(&ids).await.unwrap();
    assert_eq!((actions.len(), actions["j01"].as_str()), (2, "DNDOn"));
    let last = db.store.last_group_jobs().await.unwrap();
    assert_eq!((last.len(), last["front"].id.as_str()), (1, "j11"));
}

pub(crate) async fn target_lists_filter_and_page(db: Database) {
    let mut targets: Vec<_> = (1..=11).map(new_target).collect();
    targets[4].skip = Some(Cause::Protected);
    targets[8].skip = Some(Cause::NoAddress);
    insert(&db.store, &new_job("j"), &targets).await;
    let all = TargetQuery::default();
    let mut seek = Seek::Start;
    let mut places = Vec::new();
    loop {
        let page = db.store.target_page("j", &all, &seek, 4).await.unwrap();
        places.extend(page.items.iter().map(|target| target.position));
        let Some(next) = page.next else { break };
        seek = Seek::After(next);
    }
    assert_eq!(places, (0..11).collect::<Vec<_>>());
    let of = async |query: TargetQuery| {
        let batch = db.store.target_batch("j", &query, -1, 100).await.unwrap();
        assert_eq!(
            db.store.count_targets("j", &query).await.unwrap(),
            batch.len() as i64
        );
        batch
            .iter()
            .map(|target| target.position)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of(TargetQuery {
            states: vec![TargetState::Skipped],
            ..all.clone()
        })
        .await,
        [4, 8]
    );
    assert_eq!(
        of(TargetQuery {
            cause: Some(Cause::NoAddress),
            ..all.clone()
        })
        .await,
        [8]
    );
    assert_eq!(
        of(TargetQuery {
            site: Some("kiel".to_owned()),
            ..all.clone()
        })
        .await,
        [1, 3, 5, 7, 9]
    );
    let protected = TargetQuery {
        cause: Some(Cause::Protected),
        ..TargetQuery::default()
    };
    let sites = db.store.target_sites("j", &protected).await.unwrap();
    assert_eq!(sites, [("bonn".to_owned(), 1)]);
    let batch = db.store.target_batch("j", &all, 7, 2).await.unwrap();
    assert_eq!(
        batch
            .iter()
            .map(|target| target.position)
            .collect::<Vec<_>>(),
        [8, 9]
    );
}

pub(crate) async fn a_job_tells_where_its_causes_struck(db: Database) {
    let target = |number: u32, site: Option<&str>, skip| NewTarget {
        site: site.map(str::to_owned),
        skip,
        ..new_target(number)
    };
    let (nowhere, protected) = (Cause::NoAddress, Cause::Protected);
    let targets = [
        target(1, Some("kiel"), Some(nowhere)),
        target(2, Some("bonn"), Some(nowhere)),
        target(3, Some("kiel"), Some(nowhere)),
        target(4, None, Some(protected)),
        target(5, Some("kiel"), None),
    ];
    insert(&db.store, &new_job("j"), &targets).await;
    add_job(&db.store, "other", &[6]).await;
    let (snapshot, places) = db.store.job_with_places("j").await.unwrap().unwrap();
    assert_eq!(db.store.job_snapshot("j").await.unwrap(), Some(snapshot));
    let told: Vec<_> = places
        .iter()
        .map(|place| (place.cause, place.site.as_deref(), place.count, place.mac))
        .collect();
    let expected = [
        (nowhere, Some("kiel"), 2, mac(1)),
        (protected, None, 1, mac(4)),
        (nowhere, Some("bonn"), 1, mac(2)),
    ];
    assert_eq!(told, expected);
    let skipped = |place: &carillon_store::CausePlace| place.state == TargetState::Skipped;
    assert!(places.iter().all(skipped));
    assert_eq!(db.store.job_with_places("gone").await.unwrap(), None);
}

pub(crate) async fn the_first_phones_of_several_jobs_are_named(db: Database) {
    let skipped = NewTarget {
        skip: Some(Cause::Protected),
        ..new_target(5)
    };
    insert(&db.store, &new_job("j"), &[new_target(1), skipped]).await;
    add_job(&db.store, "k", &[4, 2, 3]).await;
    add_job(&db.store, "other", &[6]).await;
    let ids = ["j", "k", "gone"].map(str::to_owned);
    let first = db.store.first_waiting(&ids, 2).await.unwrap();
    let named = |job: &str| first[job].iter().map(|target| target.name.as_str());
    assert_eq!(named("j").collect::<Vec<_>>(), ["Phone 1"]);
    assert_eq!(named("k").collect::<Vec<_>>(), ["Phone 4", "Phone 2"]);
    assert_eq!(first.len(), 2, "of these jobs alone");
    let of = &first["j"][0];
    assert_eq!((of.mac, of.extension.as_str()), (mac(1), "1"));
}

pub(crate) async fn jobs_that_have_phones_before_them_are_found(db: Database) {
    add_job(&db.store, "j", &[1, 2]).await;
    add_job(&db.store, "k", &[2, 3]).await;
    let asked = [mac(2), mac(3), mac(9)];
    let mut unit = db.store.begin().await.unwrap();
    let pairs = |found: Vec<(Mac, String)>| -> Vec<String> {
        let names = found.iter().map(|(mac, job)| format!("{mac} {job}"));
        names.collect()
    };
    let both = pairs(unit.jobs_with(&asked).await.unwrap());
    let names = |all: &[(u32, &str)]| -> Vec<String> {
        let names = all
            .iter()
            .map(|(number, job)| format!("{} {job}", mac(*number)));
        names.collect()
    };
    assert_eq!(both, names(&[(2, "j"), (2, "k"), (3, "k")]));
    unit.cancel_waiting("k", at(6)).await.unwrap();
    let one = pairs(unit.jobs_with(&asked).await.unwrap());
    assert_eq!(one, names(&[(2, "j")]), "what ended is behind it");
    assert_eq!(unit.jobs_with(&[]).await.unwrap(), []);
    unit.commit_bookkeeping().await.unwrap();
}

pub(crate) async fn waiting_targets_end_untried(db: Database) {
    add_job(&db.store, "j", &(1..=1300).collect::<Vec<_>>()).await;
    let mut unit = db.store.begin().await.unwrap();
    let some = [mac(3), mac(1), mac(9999)];
    let skipped = Untried::Skipped(Cause::FailureLimit);
    let changed = unit
        .end_waiting("j", Some(&some), skipped, at(5))
        .await
        .unwrap();
    let macs: Vec<_> = changed.iter().map(|change| change.target.mac).collect();
    assert_eq!(macs, [mac(1), mac(3)]);
    assert_eq!(changed[0].from, TargetState::Waiting);
    assert_eq!(changed[0].target.cause, Some(Cause::FailureLimit));
    assert!(
        unit.skip_waiting("none", Cause::InCall, at(5))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(unit.cancel_waiting("j", at(6)).await.unwrap().len(), 1298);
    assert!(unit.expire_waiting("j", at(7)).await.unwrap().is_empty());
    unit.commit_bookkeeping().await.unwrap();
    let expected = Counts {
        skipped: 2,
        cancelled: 1298,
        ..Counts::default()
    };
    assert_eq!(counts(&db.store, "j").await, expected);
}

pub(crate) async fn states_move_only_from_where_they_were(db: Database) {
    let mut job = new_job("j");
    job.state = JobState::AwaitingApproval;
    insert(&db.store, &job, &[new_target(1)]).await;
    let mut unit = db.store.begin().await.unwrap();
    let from = [JobState::AwaitingApproval, JobState::Scheduled];
    assert!(
        unit.set_job_state("j", &from, JobState::Running, at(5))
            .await
            .unwrap()
    );
    assert!(
        !unit
            .set_job_state("j", &from, JobState::Running, at(6))
            .await
            .unwrap()
    );
    unit.set_not_after("j", at(77)).await.unwrap();
    assert_eq!(unit.finish_job_if_done("j", at(7)).await.unwrap(), None);
    assert!(
        unit.set_job_state("j", &[JobState::Running], JobState::Stopping, at(8))
            .await
            .unwrap()
    );
    unit.cancel_waiting("j", at(9)).await.unwrap();
    let ended = unit.finish_job_if_done("j", at(9)).await.unwrap();
    assert_eq!(ended, Some(JobState::Cancelled));
    assert_eq!(unit.finish_job_if_done("j", at(10)).await.unwrap(), None);
    let read = unit.job("j").await.unwrap().unwrap();
    assert_eq!(
        (read.started_at, read.finished_at),
        (Some(at(5)), Some(at(9)))
    );
    assert_eq!(
        (read.state, read.not_after),
        (JobState::Cancelled, Some(at(77)))
    );
    unit.commit_bookkeeping().await.unwrap();
    let wrong = db.raw("UPDATE jobs SET waiting = waiting + 1").await;
    assert!(wrong.is_err(), "the counters always add up to the total");
}

pub(crate) async fn trends_count_what_jobs_count(db: Database) {
    add_job(&db.store, "a", &[1, 2]).await;
    add_job(&db.store, "b", &[3]).await;
    let trends = db.store.trends(at(0)).await.unwrap();
    let jobs: i64 = trends.days.iter().map(|day| day.jobs).sum();
    assert_eq!((trends.days.len(), jobs), (1, 2));
    let phones: i64 = trends.firmware.iter().map(|(_, count)| count).sum();
    assert_eq!(
        phones,
        db.store
            .count_phones(&"".parse().unwrap(), at(9))
            .await
            .unwrap()
    );
    assert!(trends.causes.is_empty());
    assert!(trends.answers.is_empty());
    let answered = "UPDATE job_targets SET state = 'acknowledged', duration_ms = 100 + position * 50, \
         site = 'kiel' WHERE job = 'a'";
    db.raw(answered).await.unwrap();
    let kiel = db.store.trends(at(0)).await.unwrap().answers;
    let [(site, answers)] = &kiel[..] else {
        panic!("{kiel:?}");
    };
    assert_eq!((site.as_str(), answers.mean_ms()), ("kiel", 125));
    let unknown = "UPDATE job_targets SET duration_ms = 0, transport = 'sip' \
         WHERE job = 'a' AND position = 0";
    db.raw(unknown).await.unwrap();
    let kiel = db.store.trends(at(0)).await.unwrap().answers;
    assert_eq!(kiel[0].1.mean_ms(), 150, "{kiel:?}");
    let later = db.store.trends(at(1_000_000)).await.unwrap();
    assert!(later.days.is_empty());
    assert_eq!(later.firmware, trends.firmware);
}

/// The words of the closed lists, and no other.
pub(crate) async fn no_table_takes_a_word_that_is_none(db: Database) {
    add_phones(&db.store, &[phone(1)]).await;
    add_job(&db.store, "j", &[1]).await;
    for (column, words) in [
        ("job_targets.state", &["nonsense", "Waiting", ""][..]),
        ("job_targets.transport", &["ftp"]),
        ("phones.auth_scheme", &["digest", ""]),
        ("phones.reachability", &["gone"]),
        ("phones.last_result", &["ok"]),
    ] {
        let (table, column) = column.split_once('.').unwrap();
        for word in words {
            let sql = format!("UPDATE {table} SET {column} = '{word}'");
            assert!(db.raw(&sql).await.is_err(), "{sql}");
        }
    }
    let states = TargetState::ALL.iter();
    let states = states.map(|state| format!("last_result = '{}'", state.as_str()));
    let others = ["last_result = NULL", "auth_scheme = 'legacy_login'"];
    for set in states.chain(others.map(str::to_owned)) {
        let sql = format!("UPDATE phones SET {set}, reachability = 'offline'");
        assert_eq!(db.raw(&sql).await.unwrap(), 1, "{sql}");
    }
    for set in ["transport = NULL", "transport = 'esl'"] {
        let sql = format!("UPDATE job_targets SET {set}");
        assert_eq!(db.raw(&sql).await.unwrap(), 1, "{sql}");
    }
}
