//! Trying again by itself, and phones that a refused password holds.

use std::collections::BTreeMap;
use std::time::Duration;

use carillon_domain::event::EventResult;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::{Cause, JobState, Mac, TargetState};
use carillon_engine::EngineError;
use carillon_simulator::{Auth, FleetConfig, Profile, SiteConfig};
use carillon_store::{JobSnapshot, TargetRow};
use serde_json::json;

use crate::house::{House, Place, caller, patience};

/// Waits until a job looks like this; its counts add up all the way.
async fn until(
    house: &House,
    job: &str,
    is_so: impl Fn(&JobSnapshot, &[TargetRow]) -> bool,
) -> JobSnapshot {
    let mut changes = house.engine.feed.watch_job(job);
    loop {
        let snapshot = house.engine.job(&caller(), job).await.unwrap();
        assert_eq!(snapshot.job.counts.total(), snapshot.job.total);
        if is_so(&snapshot, &house.targets(job).await) {
            return snapshot;
        }
        changes.changed().await.unwrap();
    }
}

/// How often the audit log tells something of a phone in a job.
async fn told(house: &House, job: &str, mac: Mac, action: &str) -> Vec<EventResult> {
    let events = house.events().await.into_iter();
    events
        .filter(|event| event.action == action && event.phone == Some(mac))
        .filter(|event| event.job.as_deref() == Some(job))
        .map(|event| event.result)
        .collect()
}

pub(crate) async fn every_try_is_a_claim_of_its_own_and_they_end(place: Place) {
    let house = House::new(place, FleetConfig::uniform(Profile::Refused, 3, PlainHttp)).await;
    let job = house
        .reboot(json!({"retries": 2, "canary": 0, "max_failed_percent": 100}))
        .await;
    let end = house.finished(&job).await;
    assert_eq!(end.causes, [(Cause::Refused, 3)]);
    for target in house.targets(&job).await {
        assert_eq!((target.state, target.attempts), (TargetState::Failed, 3));
        let macs = [target.mac];
        let earlier = house.engine.earlier_attempts(&caller(), &job, &macs).await;
        let earlier = earlier.unwrap();
        let numbers: Vec<_> = earlier.iter().map(|row| (row.number, row.cause)).collect();
        assert_eq!(numbers, [(1, Cause::Refused), (2, Cause::Refused)]);
        let intents = told(&house, &job, target.mac, "target.intent").await;
        assert_eq!(intents, [EventResult::Intent; 3]);
        let again = told(&house, &job, target.mac, "target.retrying").await;
        assert_eq!(again, [EventResult::Failed; 2]);
        let ends = told(&house, &job, target.mac, "target.result").await;
        assert_eq!(ends, [EventResult::Failed]);
        let mut ids: Vec<_> = earlier.iter().map(|row| row.attempt_id.clone()).collect();
        ids.extend(target.attempt_id.clone());
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 3, "each try has an id of its own");
    }
}

pub(crate) async fn a_phone_that_comes_to_itself_gets_the_command_once(place: Place) {
    let house = House::new(
        place,
        FleetConfig::uniform(Profile::ServerError, 2, PlainHttp),
    )
    .await;
    let job = house
        .submit(json!({
            "action": "VOLUME_UP", "targets": {"filter": ""}, "options": {"retries": 3},
        }))
        .await;
    let failed_once = |target: &TargetRow| target.retry_at.is_some() || target.attempts > 1;
    until(&house, &job, |_, targets| targets.iter().all(failed_once)).await;
    for phone in house.fleet.phones() {
        house.fleet.set_profile(phone.mac, Profile::Normal).unwrap();
    }
    let end = house.finished(&job).await;
    assert_eq!(end.job.counts.acknowledged, 2, "{}", end.job.counts);
    for target in house.targets(&job).await {
        assert!(target.attempts > 1);
        assert_eq!(house.executed("VOLUME_UP", target.mac), 1);
    }
}

/// What each class of command may try again, by what the phones do.
pub(crate) async fn only_what_may_be_is_tried_again(place: Place) {
    let kinds = [
        Profile::ServerError,
        Profile::ForbiddenIp,
        Profile::ResetAfter,
        Profile::NotFound,
        Profile::Refused,
    ];
    let site = kinds.iter().fold(
        SiteConfig::new("zoo", 5).with_security(PlainHttp),
        |site, kind| site.with(*kind, 1),
    );
    let house = House::new(place, FleetConfig::default().with_site(site)).await;
    for (action, tried_again) in [
        (
            "VOLUME_UP",
            &[Profile::ServerError, Profile::ForbiddenIp, Profile::Refused][..],
        ),
        ("DNDOn", &[Profile::Refused][..]),
    ] {
        let job = house
            .submit(json!({
                "action": action, "targets": {"filter": ""}, "reason": "test",
                "options": {"retries": 1, "canary": 0, "max_failed_percent": 100,
                            "verify": false, "site_max_down_percent": 100},
            }))
            .await;
        house.finished(&job).await;
        for target in house.targets(&job).await {
            let profile = house.fleet.phone(target.mac).unwrap().profile;
            let tries = 1 + i64::from(tried_again.contains(&profile));
            assert_eq!(target.attempts, tries, "{action} {profile}");
            assert!(house.executed(action, target.mac) <= 1);
        }
    }
}

pub(crate) async fn a_stopped_job_tries_nothing_again(place: Place) {
    let mut patience = patience();
    patience.again = Duration::from_mins(10);
    let config = FleetConfig::uniform(Profile::Refused, 2, PlainHttp);
    let house = House::patient(place, config, patience).await;
    let job = house
        .reboot(json!({"retries": 3, "canary": 0, "max_failed_percent": 100}))
        .await;
    until(&house, &job, |now, targets| {
        now.job.counts.waiting == 2 && targets.iter().all(|target| target.attempts == 1)
    })
    .await;
    house.engine.cancel_job(&caller(), &job).await.unwrap();
    let end = house.finished(&job).await;
    assert_eq!(end.job.state, JobState::Cancelled);
    // They were tried: to call them cancelled would say that they were not.
    assert_eq!((end.job.counts.failed, end.job.counts.cancelled), (2, 0));
}

pub(crate) async fn a_phone_is_left_alone_between_two_commands(place: Place) {
    let mut patience = patience();
    patience.between_commands = Duration::from_millis(600);
    let config = FleetConfig::uniform(Profile::Open, 3, PlainHttp);
    let house = House::patient(place, config, patience).await;
    let volume = || house.submit(json!({"action": "VOLUME_UP", "targets": {"filter": ""}}));
    let jobs = [volume().await, volume().await];
    for job in &jobs {
        assert_eq!(house.finished(job).await.job.counts.acknowledged, 3);
    }
    for phone in house.fleet.phones() {
        let times: Vec<_> = house
            .fleet
            .ledger()
            .executions(phone.mac)
            .iter()
            .map(|execution| execution.at)
            .collect();
        assert_eq!(times.len(), 2);
        let apart = times[1].abs_diff(times[0]);
        assert!(apart >= Duration::from_millis(590), "{apart:?} apart");
    }
}

fn two_sites() -> FleetConfig {
    let site = |name: &str| {
        SiteConfig::new(name, 10)
            .with_security(PlainHttp)
            .with_auth(Auth::Basic)
    };
    let mut wrong = site("Berlin");
    wrong.wrong_password = 10;
    wrong.profiles = BTreeMap::new();
    FleetConfig::default()
        .with_site(wrong)
        .with_site(site("Kiel"))
}

fn careless() -> serde_json::Value {
    json!({"window": 1, "canary": 0, "max_failed_percent": 100, "max_auth_failed": 5})
}

pub(crate) async fn a_refused_password_holds_its_phones_until_it_is_corrected(place: Place) {
    let house = House::new(place, two_sites()).await;
    let job = house.reboot(careless()).await;
    let held = until(&house, &job, |now, _| {
        now.job.counts.waiting == 5 && now.job.counts.sending == 0
    })
    .await;
    // The other site has another password, and is through.
    let counts = held.job.counts;
    assert_eq!((counts.failed, counts.acknowledged), (5, 10));
    assert_eq!(held.job.state, JobState::Running);
    assert_eq!(held.holds.len(), 1);
    let (credential, phones) = &held.holds[0];
    assert_eq!(*phones, 5);
    let events = house.events().await;
    let told = events.iter().filter(|event| event.action == "job.held");
    let told: Vec<_> = told.map(|event| &event.detail["phones"]).collect();
    assert_eq!(told, [5]);

    let site = &house.fleet.sites()[0];
    for phone in house.fleet.phones() {
        let password = site.password.as_str();
        if phone.site == site.slug {
            house.fleet.set_password(phone.mac, password).unwrap();
        }
    }
    let released = house.engine.release_held(&caller(), &job, credential).await;
    assert_eq!(released.unwrap(), 5);
    let end = house.finished(&job).await;
    let counts = end.job.counts;
    assert_eq!((counts.failed, counts.acknowledged), (5, 15));
    let again = house.engine.release_held(&caller(), &job, credential).await;
    assert!(matches!(again, Err(EngineError::Conflict(_))));
}

pub(crate) async fn refusals_count_over_jobs_and_what_is_held_can_be_left_out(place: Place) {
    let house = House::new(place, two_sites()).await;
    let volume = || {
        house.submit(json!({
            "action": "VOLUME_UP", "targets": {"filter": ""}, "options": careless(),
        }))
    };
    let first = volume().await;
    let is_held = |now: &JobSnapshot, _: &[TargetRow]| {
        now.job.counts.waiting > 0
            && now.job.counts.sending == 0
            && now.job.counts.acknowledged == 10
    };
    until(&house, &first, is_held).await;
    let second = volume().await;
    let JobSnapshot { job, holds, .. } = until(&house, &second, is_held).await;
    let counts = job.counts;
    assert_eq!(
        (counts.failed, counts.waiting),
        (1, 9),
        "one more is enough"
    );

    let skipped = house
        .engine
        .skip_held(&caller(), &second, &holds[0].0)
        .await;
    assert_eq!(skipped.unwrap(), 9);
    let end = house.finished(&second).await;
    assert_eq!(
        (end.job.state, end.job.counts.skipped),
        (JobState::Finished, 9)
    );
    assert!(end.causes.contains(&(Cause::FailureLimit, 9)));
}
