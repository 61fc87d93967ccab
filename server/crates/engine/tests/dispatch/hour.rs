//! Jobs that start and end by the clock.

use std::time::Duration;

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::{JobState, TargetState};
use carillon_engine::EngineError;
use carillon_simulator::{FleetConfig, Profile};
use serde_json::json;

use crate::house::{House, Place, caller};

async fn open_house(place: Place) -> House {
    House::new(place, FleetConfig::uniform(Profile::Open, 4, PlainHttp)).await
}

async fn scheduled(house: &House, after: Duration) -> String {
    let start = house.engine.clock.now().plus(after);
    let job = house.reboot(json!({"canary": 0, "start_at": start})).await;
    let made = house.engine.job(&caller(), &job).await.unwrap().job;
    assert_eq!(made.state, JobState::Scheduled);
    assert_eq!((made.start_at, made.started_at), (Some(start), None));
    assert!(made.not_after.unwrap() >= start.plus(Duration::from_mins(15)));
    job
}

/// Ends a job's time by hand, as an outage would.
async fn too_late(house: &House, job: &str) {
    let past = house.engine.clock.now().minus(Duration::from_mins(1));
    let mut unit = house.engine.store.begin().await.unwrap();
    unit.set_not_after(job, past).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    house.engine.dispatch.wake();
}

pub(crate) async fn a_scheduled_job_starts_by_itself_also_after_a_restart(place: Place) {
    let mut house = open_house(place).await;
    let job = scheduled(&house, Duration::from_secs(2)).await;
    assert_eq!(house.fleet.ledger().totals().requests, 0);
    let recovered = house.restart_after_crash().await;
    assert!(recovered.interrupted.is_empty(), "it had not begun");
    let end = house.finished(&job).await.job;
    assert_eq!(end.counts.acknowledged, 4);
    assert!(end.started_at.unwrap() >= end.start_at.unwrap());
    let events = house.events().await;
    let started = events.iter().filter(|event| event.action == "job.started");
    assert_eq!(started.count(), 1);
}

pub(crate) async fn a_dangerous_job_does_not_start_while_anchors_lack_too_much(place: Place) {
    let house = open_house(place).await;
    let dangerous = scheduled(&house, Duration::from_secs(2)).await;
    let lag = "an anchor lacks what was signed".to_owned();
    house.engine.dispatch.refuse_dangerous(Some(lag));
    let start = house.engine.clock.now().plus(Duration::from_secs(2));
    let request = json!({
        "action": "VOLUME_UP", "targets": {"filter": ""}, "options": {"start_at": start},
    });
    let harmless = house.submit(request).await;
    // It comes later, so the other's turn was before its own.
    house.finished(&harmless).await;
    let waits = house.engine.job(&caller(), &dangerous).await.unwrap().job;
    assert_eq!(waits.state, JobState::Scheduled);
    house.engine.dispatch.refuse_dangerous(None);
    house.engine.dispatch.wake();
    assert_eq!(house.finished(&dangerous).await.job.counts.acknowledged, 4);
}

pub(crate) async fn a_scheduled_job_can_be_cancelled(place: Place) {
    let house = open_house(place).await;
    let job = scheduled(&house, Duration::from_hours(1)).await;
    house.engine.cancel_job(&caller(), &job).await.unwrap();
    let end = house.finished(&job).await.job;
    assert_eq!((end.state, end.counts.cancelled), (JobState::Cancelled, 4));
    assert_eq!(house.fleet.ledger().totals().requests, 0);
}

pub(crate) async fn a_start_that_has_passed_is_a_mistake(place: Place) {
    let house = open_house(place).await;
    let past = house.engine.clock.now().minus(Duration::from_mins(1));
    let request = serde_json::from_value(json!({
        "action": "VOLUME_UP", "targets": {"filter": ""}, "options": {"start_at": past},
    }));
    let refused = house.engine.preview_job(&caller(), &request.unwrap()).await;
    let Err(EngineError::Invalid(errors)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(errors[0].field, "options.start_at");
    let earlier = past.minus(Duration::from_mins(1));
    for action in ["VOLUME_UP", ""] {
        let request = serde_json::from_value(json!({
            "action": action, "targets": {"filter": ""},
            "options": {"start_at": past, "not_after": earlier},
        }));
        let mistakes = house.engine.mistakes_of_job(&request.unwrap());
        for field in ["options.start_at", "options.not_after"] {
            let told = mistakes.iter().filter(|mistake| mistake.field == field);
            assert_eq!(told.count(), 1, "{action}: {field}");
        }
    }
}

pub(crate) async fn a_job_whose_start_came_too_late_expires_as_a_whole(place: Place) {
    let house = open_house(place).await;
    let job = scheduled(&house, Duration::from_hours(1)).await;
    too_late(&house, &job).await;
    let end = house.until(&job, &[JobState::Expired]).await.job;
    assert_eq!(end.counts.expired, 4);
    assert_eq!(house.fleet.ledger().totals().requests, 0);
}

/// No phone restarts in the morning because of last night's outage.
pub(crate) async fn a_resting_job_gives_up_when_its_time_is_over(place: Place) {
    let mut house = open_house(place).await;
    house.engine.stop_all(&caller(), "hold").await.unwrap();
    let paused = house.reboot(json!({"canary": 0})).await;
    house.engine.pause_job(&caller(), &paused).await.unwrap();
    let interrupted = house.reboot(json!({"canary": 0})).await;
    house.restart_after_crash().await;
    let left = house.engine.job(&caller(), &interrupted).await.unwrap().job;
    assert_eq!(left.state, JobState::Interrupted);
    house
        .engine
        .release_stop_all(&caller(), "over")
        .await
        .unwrap();
    for job in [&paused, &interrupted] {
        too_late(&house, job).await;
        let end = house.finished(job).await.job;
        assert_eq!((end.state, end.counts.expired), (JobState::Finished, 4));
        let events = house.events().await;
        let told = events
            .iter()
            .filter(|event| event.job.as_deref() == Some(job) && event.action == "target.result");
        assert_eq!(told.count(), 4);
    }
    let targets = house.targets(&paused).await;
    assert!(targets.iter().all(|t| t.state == TargetState::Expired));
    assert_eq!(house.fleet.ledger().totals().requests, 0);
}
