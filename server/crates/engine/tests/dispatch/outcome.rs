//! What a job says is what the phones did.

use std::collections::BTreeSet;

use carillon_domain::event::EventResult;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::{Cause, TargetState};
use carillon_simulator::{FleetConfig, Profile};
use serde_json::{Value, json};

use crate::house::{House, Place, caller, took};

pub(crate) async fn a_broadcast_to_the_demo_fleet_tells_the_truth_about_every_phone(place: Place) {
    let house = House::new(place, FleetConfig::demo(300)).await;
    let job = house
        .reboot(json!({"window": 128, "canary": 0, "max_failed_percent": 100, "timeout_ms": 2500}))
        .await;
    let end = house.finished(&job).await;
    assert_eq!(end.job.total, 300);

    let targets = house.targets(&job).await;
    for target in &targets {
        let times = house.executed("Reboot", target.mac);
        assert!(times <= 1, "{} executed {times} times", target.mac);
        match target.state {
            state if took(state) => {
                let mute = house.fleet.phone(target.mac).unwrap().profile;
                let nothing = mute == carillon_simulator::Profile::Noop200;
                assert!(
                    times == 1 || nothing,
                    "{} said to have taken it",
                    target.mac
                );
            }
            TargetState::Failed => assert_eq!(times, 0, "{} said to have failed", target.mac),
            TargetState::Unknown => {}
            other => panic!("{} is {other}", target.mac),
        }
    }
    let causes: BTreeSet<Cause> = end.causes.iter().map(|(cause, _)| *cause).collect();
    assert!(causes.len() >= 7, "{causes:?}");
    let caused: i64 = end.causes.iter().map(|(_, count)| count).sum();
    assert_eq!(caused, end.job.counts.failed + end.job.counts.unknown);
}

pub(crate) async fn every_intent_and_every_result_is_in_the_audit_log(place: Place) {
    let house = House::new(place, FleetConfig::demo(40)).await;
    let job = house
        .reboot(json!({"window": 16, "canary": 0, "max_failed_percent": 100, "timeout_ms": 1500}))
        .await;
    house.finished(&job).await;
    let events = house.events().await;
    let mut submitted = events
        .iter()
        .filter(|event| event.action == "job.submitted");
    let submitted = submitted.next().unwrap();
    assert!(submitted.source.is_some(), "it came from an address");
    let targets = house.targets(&job).await;
    for target in &targets {
        let of = |action: &str| {
            let mut found = events.iter().filter(|event| {
                event.action == action
                    && event.phone == Some(target.mac)
                    && event.job.as_deref() == Some(&job)
            });
            let one = found
                .next()
                .unwrap_or_else(|| panic!("no {action} of {}", target.mac));
            assert!(found.next().is_none(), "two {action} of {}", target.mac);
            one
        };
        let (intent, result) = (of("target.intent"), of("target.result"));
        assert_eq!(intent.result, EventResult::Intent);
        for event in [intent, result] {
            assert_eq!(event.source, submitted.source, "{}", event.action);
        }
        assert_eq!(Some(result.result), EventResult::of_target(target.state));
        assert_eq!(result.phone_name, target.name);
        assert_eq!(result.site, target.site);
        assert_eq!(result.reason, "test");
    }
    let mut ended = events.iter().filter(|event| event.action == "job.ended");
    let end = ended.next().unwrap();
    assert!(ended.next().is_none(), "two ends");
    let failed = targets
        .iter()
        .filter(|target| target.state == TargetState::Failed);
    assert_eq!(
        end.detail["phones"]["failed"].as_u64().unwrap_or(0),
        failed.count() as u64
    );
    let all = end.detail["phones"].as_object().unwrap();
    let all: u64 = all.values().filter_map(Value::as_u64).sum();
    assert_eq!(all, targets.len() as u64);
}

/// Whoever looks for a command finds all that was told of it, its end as well.
pub(crate) async fn every_record_of_a_job_names_its_action_alike(place: Place) {
    let house = House::new(place, FleetConfig::uniform(Profile::Normal, 1, PlainHttp)).await;
    let (engine, caller) = (&house.engine, caller());
    engine.stop_all(&caller, "hold").await.unwrap();
    let request = json!({
        "action": "L", "params": {"n": 1}, "targets": {"filter": ""}, "reason": "test",
    });
    let job = house.submit(request).await;
    engine.pause_job(&caller, &job).await.unwrap();
    engine.resume_job(&caller, &job).await.unwrap();
    engine.release_stop_all(&caller, "go on").await.unwrap();
    house.finished(&job).await;
    let told = house.events().await.into_iter();
    let told: Vec<_> = told
        .filter(|event| event.job.as_deref() == Some(&job))
        .collect();
    assert!(told.iter().any(|event| event.action == "job.ended"));
    for event in told {
        assert_eq!(event.detail["action"], "L1", "{}", event.action);
    }
    house.fits_the_log().await;
}

pub(crate) async fn what_contact_taught_is_remembered_for_the_next_job(place: Place) {
    let house = House::new(place, FleetConfig::demo(40)).await;
    let options = json!({"window": 16, "timeout_ms": 1500});
    let first = house
        .submit(json!({"action": "VOLUME_UP", "targets": {"filter": ""}, "options": options}))
        .await;
    house.finished(&first).await;
    let requests = house.fleet.ledger().totals().requests;
    let second = house
        .submit(json!({"action": "VOLUME_UP", "targets": {"filter": ""}, "options": options}))
        .await;
    house.finished(&second).await;
    let more = house.fleet.ledger().totals().requests - requests;
    assert!(
        more < requests,
        "{requests} requests at first contact, {more} after it"
    );
}

pub(crate) async fn asking_for_settings_tells_them_and_keeps_the_firmware(place: Place) {
    let house = House::new(place, FleetConfig::uniform(Profile::Normal, 4, PlainHttp)).await;
    let params = json!({"accounts": true, "dnd": true, "fw": true});
    let job = house
        .submit(json!({"action": "phonecfg", "params": params, "targets": {"filter": ""}}))
        .await;
    house.finished(&job).await;
    for target in house.targets(&job).await {
        let phone = house.fleet.phone(target.mac).unwrap();
        let row = house.engine.store.phone(target.mac).await.unwrap().unwrap();
        assert_eq!(row.phone.firmware, phone.firmware);
        assert!(
            target.evidence.contains(&phone.firmware),
            "{}",
            target.evidence
        );
        assert!(
            target.evidence.contains("do-not-disturb off"),
            "{}",
            target.evidence
        );
    }
}
