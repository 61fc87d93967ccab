//! Networks that somebody narrows while jobs wait.

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::{Cause, JobState};
use carillon_engine::Engine;
use carillon_engine::inventory::NoPicture;
use carillon_engine::networks::read;
use carillon_simulator::{FleetConfig, Profile};
use serde_json::json;

use crate::house::{House, Place, another, caller};

/// What one node narrows, the other sends by, without being told.
pub(crate) async fn what_another_node_narrowed_is_sent_to_no_more(place: Place) {
    let config = FleetConfig::uniform(Profile::Normal, 3, PlainHttp);
    let house = House::new(place.clone(), config).await;
    let other = another(&place).await;
    house.engine.stop_all(&caller(), "hold").await.unwrap();
    let options = json!({"canary": 0, "max_failed_percent": 100});
    let job = house.reboot(options.clone()).await;
    let elsewhere = read("10.0.0.0/8").unwrap();
    let who = caller();
    let effect = other.networks_effect(&who, &elsewhere).await.unwrap();
    assert_eq!(effect.phones.len(), 3);
    let changed = other.change_networks(&who, &elsewhere, &effect.seen, "");
    changed.await.unwrap();
    let engine = &house.engine;
    engine.release_stop_all(&caller(), "go on").await.unwrap();
    let end = house.finished(&job).await;
    assert_eq!(end.job.counts.failed, 3);
    let causes: Vec<_> = end.causes.iter().map(|(cause, _)| *cause).collect();
    assert_eq!(causes, [Cause::BlockedAddress]);
    assert_eq!(house.fleet.ledger().totals().requests, 0);

    let effect = other.networks_effect(&caller(), &[]).await.unwrap();
    assert!(effect.phones.is_empty());
    let opened = other
        .change_networks(&caller(), &[], &effect.seen, "")
        .await;
    opened.unwrap();
    let job = house.reboot(options).await;
    let end = house.finished(&job).await;
    assert_eq!(end.job.counts.acknowledged, 3);
}

/// Puts networks in force on another node, as somebody does who looked first.
async fn narrow_elsewhere(other: &Engine, text: &str) {
    let (who, wanted) = (caller(), read(text).unwrap());
    let effect = other.networks_effect(&who, &wanted).await.unwrap();
    let changed = other.change_networks(&who, &wanted, &effect.seen, "");
    changed.await.unwrap();
}

/// A node that was not there when they were narrowed knows it before its first claim.
pub(crate) async fn a_node_that_starts_later_sends_by_them_from_the_first_claim_on(place: Place) {
    let config = FleetConfig::uniform(Profile::Normal, 3, PlainHttp);
    let mut house = House::new(place.clone(), config).await;
    house.engine.stop_all(&caller(), "hold").await.unwrap();
    let options = json!({"canary": 0, "max_failed_percent": 100});
    let job = house.reboot(options).await;
    narrow_elsewhere(&another(&place).await, "10.0.0.0/8").await;
    house.restart_after_crash().await;
    let engine = &house.engine;
    let left = engine.job(&caller(), &job).await.unwrap();
    if left.job.state == JobState::Interrupted {
        engine.resume_job(&caller(), &job).await.unwrap();
    }
    engine.release_stop_all(&caller(), "go on").await.unwrap();
    let end = house.finished(&job).await;
    assert_eq!(end.job.counts.failed, 3);
    let causes: Vec<_> = end.causes.iter().map(|(cause, _)| *cause).collect();
    assert_eq!(causes, [Cause::BlockedAddress]);
    assert_eq!(house.fleet.ledger().totals().requests, 0);
}

/// No claim leads to a picture or a look for an effect: both are held to the networks all the same.
pub(crate) async fn what_is_asked_without_a_claim_is_held_to_them_too(place: Place) {
    let config = FleetConfig::uniform(Profile::Normal, 1, PlainHttp);
    let house = House::new(place.clone(), config).await;
    let engine = &house.engine;
    let other = another(&place).await;
    narrow_elsewhere(&other, "10.0.0.0/8").await;
    assert_eq!(other.guard().networks(), read("10.0.0.0/8").unwrap());
    let mac = house.fleet.phones()[0].mac;
    let none = engine.take_picture(&caller(), mac).await.unwrap();
    assert_eq!(none, Err(NoPicture::Refused(Cause::BlockedAddress)));

    narrow_elsewhere(&other, "172.16.0.0/12").await;
    let wanted = read("172.16.0.0/12").unwrap();
    // Not a wait for something to have happened: nobody tells this node, it looks by itself.
    while engine.guard().networks() != wanted {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.fleet.ledger().totals().requests, 0);
}
