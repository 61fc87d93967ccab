//! Networks that somebody narrows while jobs wait.

use carillon_domain::Cause;
use carillon_domain::phone::TransportSecurity::PlainHttp;
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
    let changed = other.change_networks(&who, &elsewhere, &effect.seen);
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
    let opened = other.change_networks(&caller(), &[], &effect.seen).await;
    opened.unwrap();
    let job = house.reboot(options).await;
    let end = house.finished(&job).await;
    assert_eq!(end.job.counts.acknowledged, 3);
}
