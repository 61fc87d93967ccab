//! Phones that cannot be read when their turn comes: reading them is part of their claim, so that
//! nothing is claimed, and nothing is said about them.

use carillon_domain::event::EventResult;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::{Counts, TargetState};
use carillon_engine::EngineError;
use carillon_simulator::{FleetConfig, Profile};
use carillon_store::AuditQuery;
use serde_json::json;

use crate::house::{House, Place, caller};

pub(crate) async fn phones_that_cannot_be_read_are_not_claimed(place: Place) {
    let house = House::new(place, FleetConfig::uniform(Profile::Normal, 6, PlainHttp)).await;
    let (engine, caller) = (&house.engine, caller());
    engine
        .stop_all(&caller, "the test takes aim")
        .await
        .unwrap();
    let job = house
        .reboot(json!({"window": 4, "canary": 0, "max_failed_percent": 100}))
        .await;
    house
        .raw("ALTER TABLE credentials RENAME TO credentials_away")
        .await;
    engine.release_stop_all(&caller, "now").await.unwrap();
    while engine.storage_trouble().is_none() {
        tokio::task::yield_now().await;
    }
    let waiting = Counts {
        waiting: 6,
        ..Counts::default()
    };
    assert_eq!(engine.job(&caller, &job).await.unwrap().job.counts, waiting);
    assert_eq!(house.fleet.ledger().totals().requests, 0);

    house
        .raw("ALTER TABLE credentials_away RENAME TO credentials")
        .await;
    let end = house.finished(&job).await;
    assert_eq!(end.job.counts.acknowledged, 6, "{}", end.job.counts);
    assert_eq!(house.fleet.ledger().totals().executed, 6);
}

/// A job whose records cannot be read cannot be held against them: nothing is sent for it.
pub(crate) async fn a_job_whose_records_cannot_be_read_does_not_go_on(place: Place) {
    let house = House::new(place, FleetConfig::uniform(Profile::Normal, 3, PlainHttp)).await;
    let (engine, caller) = (&house.engine, caller());
    engine
        .stop_all(&caller, "the test takes aim")
        .await
        .unwrap();
    let job = house.reboot(json!({"canary": 0})).await;
    engine.pause_job(&caller, &job).await.unwrap();
    house
        .raw(if engine.store.is_shared() {
            "ALTER TABLE audit DISABLE TRIGGER ALL"
        } else {
            "DROP TRIGGER audit_is_not_changed"
        })
        .await;
    house
        .raw("UPDATE audit SET entry = 'no record' WHERE action = 'job.submitted'")
        .await;
    engine.release_stop_all(&caller, "now").await.unwrap();
    let resumed = engine.resume_job(&caller, &job).await;
    assert!(
        matches!(&resumed, Err(EngineError::Conflict(why)) if why.contains("outside Carillon")),
        "{resumed:?}"
    );
    assert_eq!(engine.cancel_job(&caller, &job).await.unwrap(), 3);
    assert_eq!(house.fleet.ledger().totals().executed, 0);
}

/// One job that cannot be read when its end is told keeps nobody from starting.
pub(crate) async fn a_job_that_cannot_be_read_keeps_no_server_from_starting(place: Place) {
    let mut house = House::new(place, FleetConfig::uniform(Profile::Silent, 2, PlainHttp)).await;
    let options =
        json!({"window": 2, "canary": 0, "timeout_ms": 20_000, "max_failed_percent": 100});
    let job = house.reboot(options).await;
    house.until_there_are(&job, 2, TargetState::Sending).await;
    house.raw("UPDATE jobs SET options = 'unreadable'").await;
    let recovered = house.restart_after_crash().await;
    assert_eq!(recovered.unknown, 2);
    let query = AuditQuery {
        job: Some(job),
        actions: vec!["job.ended".to_owned()],
        ..AuditQuery::default()
    };
    let told = house
        .engine
        .store
        .audit_batch(&query, -1, 10)
        .await
        .unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].event.result, EventResult::Unknown);
}
