//! What a crash leaves behind is told truthfully and never sent again.

use carillon_domain::event::EventResult;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::{Cause, JobState, TargetState};
use carillon_engine::dispatch;
use carillon_simulator::{FleetConfig, Profile};
use serde_json::json;

use crate::house::{House, Place, caller, took};

pub(crate) async fn claims_of_a_dead_run_become_unknown_and_the_rest_waits_for_a_person(
    place: Place,
) {
    let mut house = House::new(place, FleetConfig::uniform(Profile::Silent, 30, PlainHttp)).await;
    let job = house
        .reboot(json!({"window": 8, "canary": 0, "timeout_ms": 20_000, "max_failed_percent": 100}))
        .await;
    house.until_there_are(&job, 8, TargetState::Sending).await;
    let recovered = house.restart_after_crash().await;
    assert_eq!(recovered.unknown, 8);
    assert_eq!(recovered.interrupted, std::slice::from_ref(&job));
    let left = house.engine.job(&caller(), &job).await.unwrap();
    assert_eq!(left.job.state, JobState::Interrupted);
    assert_eq!((left.job.counts.unknown, left.job.counts.waiting), (8, 22));
    for target in house.targets(&job).await {
        if target.state == TargetState::Unknown {
            assert_eq!(target.cause, Some(Cause::Interrupted));
        }
    }
    let told =
        house.events().await.into_iter().filter(|event| {
            event.action == "target.result" && event.result == EventResult::Unknown
        });
    assert_eq!(told.count(), 8);
}

pub(crate) async fn an_interrupted_job_goes_on_where_it_was_and_sends_nothing_twice(place: Place) {
    let mut house = House::new(place, FleetConfig::uniform(Profile::Normal, 40, PlainHttp)).await;
    let job = house
        .reboot(json!({"window": 4, "canary": 0, "max_failed_percent": 100}))
        .await;
    house
        .until_there_are(&job, 4, TargetState::Acknowledged)
        .await;
    house.restart_after_crash().await;
    let left = house.engine.job(&caller(), &job).await.unwrap();
    if left.job.state == JobState::Interrupted {
        house.engine.resume_job(&caller(), &job).await.unwrap();
    }
    house.finished(&job).await;
    for target in house.targets(&job).await {
        let times = house.executed("Reboot", target.mac);
        assert!(times <= 1, "{} executed {times} times", target.mac);
        assert!(!took(target.state) || times == 1, "{}", target.mac);
    }
}

pub(crate) async fn a_clean_stop_leaves_nothing_unknown(place: Place) {
    let mut house = House::new(place, FleetConfig::uniform(Profile::Normal, 200, PlainHttp)).await;
    let job = house.reboot(json!({"window": 32, "canary": 0})).await;
    house
        .until_there_are(&job, 32, TargetState::Acknowledged)
        .await;
    let clock = house.engine.clock.clone();
    dispatch::stop(&house.engine, || clock.now()).await.unwrap();
    let stopped = house.engine.job(&caller(), &job).await.unwrap();
    assert_eq!(
        (stopped.job.counts.sending, stopped.job.counts.unknown),
        (0, 0)
    );
    let recovered = house.restart_after_crash().await;
    assert_eq!(recovered.unknown, 0);
}
