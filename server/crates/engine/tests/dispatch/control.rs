//! Pausing, cancelling, retrying, stopping itself.

use std::collections::BTreeMap;
use std::time::Duration;

use carillon_domain::job::JobRequest;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::{Cause, JobState, TargetState};
use carillon_engine::jobs::{Again, Submission};
use carillon_engine::{Clock, EngineError};
use carillon_simulator::{FleetConfig, Profile};
use serde_json::json;

use crate::house::{House, Place, caller};

fn request(value: serde_json::Value) -> JobRequest {
    serde_json::from_value(value).unwrap()
}

pub(crate) async fn cancelling_lets_what_is_in_flight_finish_and_leaves_the_rest(place: Place) {
    let house = House::new(place, FleetConfig::uniform(Profile::Normal, 60, PlainHttp)).await;
    house.engine.stop_all(&caller(), "hold").await.unwrap();
    let job = house.reboot(json!({"window": 4, "canary": 0})).await;
    let cancelled = house.engine.cancel_job(&caller(), &job).await.unwrap();
    assert_eq!(cancelled, 60);
    let end = house.finished(&job).await;
    assert_eq!(
        (end.job.state, end.job.counts.cancelled),
        (JobState::Cancelled, 60)
    );
    assert_eq!(house.fleet.ledger().totals().requests, 0);
    let again = house.engine.cancel_job(&caller(), &job).await;
    assert!(matches!(again, Err(EngineError::Conflict(_))));
}

pub(crate) async fn stop_all_holds_everything_until_it_is_released(place: Place) {
    let house = House::new(place, FleetConfig::uniform(Profile::Normal, 10, PlainHttp)).await;
    house
        .engine
        .stop_all(&caller(), "fire drill")
        .await
        .unwrap();
    let job = house.reboot(json!({"canary": 0})).await;
    let held = house.engine.job(&caller(), &job).await.unwrap();
    assert_eq!(held.job.counts.waiting, 10);
    house
        .engine
        .release_stop_all(&caller(), "over")
        .await
        .unwrap();
    assert_eq!(house.finished(&job).await.job.counts.acknowledged, 10);
}

pub(crate) async fn a_job_stops_itself_above_its_share_of_failures_and_not_at_it(place: Place) {
    let mut config = FleetConfig::uniform(Profile::Normal, 20, PlainHttp);
    config.sites[0].profiles = BTreeMap::from([(Profile::ForbiddenIp, 3)]);
    let house = House::new(place, config).await;
    let switch = |action: &str, percent: u32| {
        house.submit(json!({
            "action": action, "targets": {"filter": ""}, "reason": "test",
            "options": {"window": 1, "canary": 0, "max_failed_percent": percent, "verify": false},
        }))
    };
    let at = switch("DNDOn", 15).await;
    let end = house.finished(&at).await;
    assert_eq!((end.job.counts.failed, end.job.counts.skipped), (3, 0));

    let above = switch("DNDOff", 14).await;
    let end = house.finished(&above).await;
    assert_eq!(end.job.counts.failed, 3);
    assert!(end.causes.contains(&(Cause::Forbidden, 3)));
    let skipped = end.job.counts.skipped;
    assert_eq!(end.job.counts.acknowledged + skipped, 17);
}

/// With a window of more than one the failure that is one too many may find others under way:
/// as many as the window holds beside it, and no more.
pub(crate) async fn beyond_its_share_of_failures_a_window_at_most_is_sent(place: Place) {
    const WINDOW: i64 = 8;
    let mut config = FleetConfig::uniform(Profile::Normal, 40, PlainHttp);
    config.sites[0].profiles = BTreeMap::from([(Profile::ForbiddenIp, 10)]);
    let house = House::new(place, config).await;
    let sent = async |action: &str, percent: u32| {
        let options = json!({
            "window": WINDOW, "canary": 0, "max_failed_percent": percent, "verify": false,
        });
        let job = house
            .submit(json!({
                "action": action, "targets": {"filter": ""}, "reason": "test", "options": options,
            }))
            .await;
        house.finished(&job).await.job.counts
    };
    // Ten of forty fail: exactly a quarter.
    let at = sent("DNDOn", 25).await;
    assert_eq!((at.failed, at.skipped), (10, 0), "{at}");

    let phones = house.fleet.phones().iter().map(|phone| phone.mac);
    for mac in phones.collect::<Vec<_>>() {
        house.fleet.set_profile(mac, Profile::ForbiddenIp).unwrap();
    }
    for percent in [0, 10, 25, 50] {
        let counts = sent("DNDOff", percent).await;
        // With so many failures it goes on; with one more it stops.
        let share = 40 * i64::from(percent) / 100;
        let most = share + 1 + (WINDOW - 1);
        let range = share + 1..=most;
        assert!(range.contains(&counts.failed), "{percent} %: {counts}");
        assert_eq!(counts.failed + counts.skipped, 40, "{percent} %: {counts}");
    }
}

pub(crate) async fn a_failed_canary_spares_the_others(place: Place) {
    let house = House::new(
        place,
        FleetConfig::uniform(Profile::ForbiddenIp, 12, PlainHttp),
    )
    .await;
    let job = house
        .reboot(json!({"canary": 2, "max_failed_percent": 100}))
        .await;
    let end = house.finished(&job).await;
    assert!(
        (1..=2).contains(&end.job.counts.failed),
        "{}",
        end.job.counts
    );
    assert_eq!(end.job.counts.skipped, 12 - end.job.counts.failed);
}

pub(crate) async fn a_retry_is_a_new_job_of_exactly_the_chosen_phones(place: Place) {
    let mut config = FleetConfig::uniform(Profile::Normal, 8, PlainHttp);
    config.sites[0].profiles = BTreeMap::from([(Profile::ForbiddenIp, 2)]);
    let house = House::new(place, config).await;
    let job = house
        .reboot(json!({"canary": 0, "max_failed_percent": 100}))
        .await;
    house.finished(&job).await;
    let failed: Vec<_> = house
        .targets(&job)
        .await
        .into_iter()
        .filter(|target| target.state == TargetState::Failed)
        .map(|target| target.mac)
        .collect();
    assert_eq!(failed.len(), 2);
    for mac in &failed {
        house.fleet.set_profile(*mac, Profile::Normal).unwrap();
    }
    let states = [TargetState::Failed];
    let again = house
        .engine
        .retry_job(&caller(), &job, &states, "allow list mended", None)
        .await
        .unwrap();
    let end = house.finished(&again.id).await;
    assert_eq!((end.job.total, end.job.counts.acknowledged), (2, 2));
    assert_eq!(end.job.retry_of.as_deref(), Some(job.as_str()));
    let mut sent: Vec<_> = house
        .targets(&again.id)
        .await
        .iter()
        .map(|t| t.mac)
        .collect();
    sent.sort();
    let mut expected = failed;
    expected.sort();
    assert_eq!(sent, expected);
    let none = house
        .engine
        .retry_job(&caller(), &again.id, &states, "", None)
        .await;
    assert!(matches!(none, Err(EngineError::Invalid(_))));
    house.fits_the_log().await;
}

pub(crate) async fn a_retry_leaves_out_the_causes_that_somebody_left_out(place: Place) {
    let mut config = FleetConfig::uniform(Profile::Normal, 8, PlainHttp);
    config.sites[0].profiles =
        BTreeMap::from([(Profile::ForbiddenIp, 2), (Profile::ServerError, 1)]);
    let house = House::new(place, config).await;
    let job = house
        .reboot(json!({"canary": 0, "max_failed_percent": 100}))
        .await;
    house.finished(&job).await;
    let failed = TargetState::Failed;
    let mut again = Again {
        states: vec![failed],
        without: vec![(failed, Cause::ServerError)],
    };
    let request = house
        .engine
        .retry_request(&caller(), &job, &again, "allow list mended")
        .await
        .unwrap();
    let mut chosen = request.targets.phones.clone();
    chosen.sort();
    let targets = house.targets(&job).await;
    let refused = targets
        .iter()
        .filter(|row| row.cause == Some(Cause::Forbidden));
    let mut refused: Vec<_> = refused.map(|row| row.mac).collect();
    refused.sort();
    assert_eq!((chosen.len(), chosen), (2, refused));
    let submission = Submission {
        retry_of: Some(job.clone()),
        again: Some(again.clone()),
        ..Submission::default()
    };
    let (asker, engine) = (caller(), &house.engine);
    let made = engine.submit_job(&asker, &request, submission).await;
    let end = house.finished(&made.unwrap().id).await;
    let told = json!({"states": ["failed"], "without": [["failed", "server_error"]]});
    assert_eq!(end.job.targets_shown["again"], told);
    again.without.push((failed, Cause::Forbidden));
    let none = engine.retry_request(&asker, &job, &again, "").await;
    assert!(matches!(none, Err(EngineError::Invalid(_))));
    house.fits_the_log().await;
}

pub(crate) async fn the_same_key_and_body_are_one_job(place: Place) {
    let clock = Clock::manual(Clock::system().now());
    let fleet = FleetConfig::uniform(Profile::Normal, 3, PlainHttp);
    let house = House::with_clock(place, fleet, clock.clone()).await;
    let body = request(json!({"action": "VOLUME_UP", "targets": {"filter": ""}}));
    let submission = Submission {
        idempotency_key: Some("once".to_owned()),
        ..Submission::default()
    };
    let caller = caller();
    let submit = || house.engine.submit_job(&caller, &body, submission.clone());
    let (a, b) = tokio::join!(submit(), submit());
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!(a.id, b.id);
    assert!(a.replayed != b.replayed);
    house.finished(&a.id).await;
    assert_eq!(house.fleet.ledger().totals().executed, 3);
    let other = request(json!({"action": "VOLUME_DOWN", "targets": {"filter": ""}}));
    let refused = house.engine.submit_job(&caller, &other, submission).await;
    assert!(matches!(refused, Err(EngineError::Conflict(_))));
    let sweep = || house.engine.sweep_idempotency_keys();
    assert_eq!(sweep().await.unwrap(), 0);
    clock.advance(Duration::from_hours(25));
    assert_eq!(sweep().await.unwrap(), 1);
}

pub(crate) async fn a_set_that_changed_since_it_was_seen_is_refused(place: Place) {
    let house = House::new(place, FleetConfig::uniform(Profile::Normal, 5, PlainHttp)).await;
    let mut body = request(json!({"action": "VOLUME_UP", "targets": {"filter": ""}}));
    let seen = house.engine.preview_job(&caller(), &body).await.unwrap();
    let first = seen.plan.run[0].mac;
    let mut unit = house.engine.store.begin().await.unwrap();
    unit.delete_phones(&[first]).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    body.expect = Some(carillon_domain::job::Expect {
        count: 5,
        digest: seen.digest,
    });
    let refused = house
        .engine
        .submit_job(&caller(), &body, Submission::default())
        .await;
    assert!(
        matches!(
            refused,
            Err(EngineError::SetChanged {
                expected: 5,
                actual: 4,
                ..
            })
        ),
        "{refused:?}"
    );
}

pub(crate) async fn what_comes_too_late_expires(place: Place) {
    let house = House::new(place, FleetConfig::uniform(Profile::Normal, 5, PlainHttp)).await;
    let at = |seconds| {
        house
            .engine
            .clock
            .now()
            .plus(std::time::Duration::from_secs(seconds))
    };
    let past = request(json!({
        "action": "Reboot", "targets": {"filter": ""}, "reason": "x",
        "options": {"not_after": at(0)},
    }));
    let Err(EngineError::Invalid(errors)) = house.engine.preview_job(&caller(), &past).await else {
        panic!("an end that has passed is a mistake");
    };
    assert_eq!(errors[0].field, "options.not_after");
    // So that none is sent before its time is over.
    house.engine.stop_all(&caller(), "x").await.unwrap();
    let soon = at(2);
    let job = house.reboot(json!({"canary": 0, "not_after": soon})).await;
    while house.engine.clock.now() <= soon {
        // Not a wait for something to have happened: the clock decides.
        tokio::task::yield_now().await;
    }
    house.engine.release_stop_all(&caller(), "x").await.unwrap();
    let end = house.finished(&job).await;
    assert_eq!(end.job.counts.expired, 5);
    assert_eq!(house.fleet.ledger().totals().requests, 0);
}

pub(crate) async fn a_site_is_never_further_down_than_its_share(place: Place) {
    let timing = carillon_simulator::Timing {
        reboot_min_ms: 600,
        reboot_max_ms: 900,
        ..Default::default()
    };
    let config = FleetConfig::uniform(Profile::Normal, 20, PlainHttp).with_timing(timing);
    let house = House::new(place, config).await;
    let job = house
        .reboot(json!({"verify": true, "canary": 0, "site_max_down_percent": 20, "window": 20}))
        .await;
    let mut changes = house.engine.feed.watch_job(&job);
    loop {
        let now = house.engine.job(&caller(), &job).await.unwrap().job;
        let away = now.counts.sending + now.counts.verifying;
        assert!(away <= 4, "{away} of 20 away at once");
        if now.state == JobState::Finished {
            assert_eq!(now.counts.verified, 20, "{}", now.counts);
            break;
        }
        changes.changed().await.unwrap();
    }
}

pub(crate) async fn no_keys_call_the_police(place: Place) {
    let house = House::new(place, FleetConfig::uniform(Profile::Normal, 1, PlainHttp)).await;
    let field = async |keys: &str| {
        let body = request(json!({
            "action": "sequence", "params": {"keys": keys}, "reason": "test",
            "targets": {"phones": [house.fleet.phones()[0].mac]},
        }));
        match house.engine.preview_job(&caller(), &body).await {
            Ok(_) => String::new(),
            Err(EngineError::Invalid(errors)) => errors[0].field.clone(),
            Err(other) => panic!("{other}"),
        }
    };
    for keys in [
        "1;1;2;OK",
        "L1;9;1;1;OK",
        "9;9;1;1;OK",
        "1;1;VOLUME_UP;2",
        "OK;1;2;F1;1;1;2;POUND",
        "*;3;1;POUND;1;1;2;POUND;5",
        "*;6;7;OK;9;1;1",
        "2;0;4;1;OK;1;F1;1;2",
    ] {
        assert_eq!(field(keys).await, "params.keys", "{keys}");
    }
    for keys in ["F1;OK", "2;0;4;1;OK", "1;OK"] {
        assert_eq!(field(keys).await, "", "{keys}");
    }
}

pub(crate) async fn one_phone_places_a_call_and_nobody_calls_the_police(place: Place) {
    let house = House::new(place, FleetConfig::uniform(Profile::Normal, 2, PlainHttp)).await;
    let field = async |number: &str, targets: serde_json::Value| {
        let body = request(json!({
            "action": "number", "params": {"number": number}, "targets": targets, "reason": "test",
        }));
        match house.engine.preview_job(&caller(), &body).await {
            Ok(_) => String::new(),
            Err(EngineError::Invalid(errors)) => errors[0].field.clone(),
            Err(other) => panic!("{other}"),
        }
    };
    let one = json!({"phones": [house.fleet.phones()[0].mac]});
    assert_eq!(field("2041", one.clone()).await, "");
    assert_eq!(field("112", one.clone()).await, "params.number");
    assert_eq!(field("2041", json!({"filter": ""})).await, "targets");
    // Behind the digits of an outside line, unless that is somebody's extension.
    for number in ["9911", "99112", "8112", "*21*9999#", "*67911", "*31#112#5"] {
        assert_eq!(
            field(number, one.clone()).await,
            "params.number",
            "{number}"
        );
    }
    for action in [
        "ATrans",
        "BTrans",
        "AlwaysFwdOn",
        "BusyFwdOn",
        "NoAnswFwdOn",
    ] {
        let mut params = json!({"number": "**21*112*11#"});
        if action == "NoAnswFwdOn" {
            params["seconds"] = json!(12);
        }
        let body = request(json!({
            "action": action, "params": params, "targets": one, "reason": "test",
        }));
        let Err(EngineError::Invalid(errors)) = house.engine.preview_job(&caller(), &body).await
        else {
            panic!("{action}")
        };
        assert_eq!(errors[0].field, "params.number", "{action}");
    }
    let mac = house.fleet.phones()[1].mac;
    let edit = carillon_engine::inventory::PhoneEdit {
        fields: [(
            carillon_domain::phone_list::Column::Extension,
            "2112".to_owned(),
        )]
        .into(),
        ..Default::default()
    };
    let edited = house.engine.update_phone(&caller(), mac, &edit, None).await;
    edited.unwrap();
    assert_eq!(field("2112", one.clone()).await, "");
    assert_eq!(field("2110", one.clone()).await, "params.number");
    let call = json!({
        "action": "number", "params": {"number": "2041"}, "targets": one, "reason": "test",
    });
    let job = house.submit(call).await;
    house.finished(&job).await;
    house.fits_the_log().await;
}
