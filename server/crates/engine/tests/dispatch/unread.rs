//! Phones that cannot be read when their turn comes: reading them is part of their claim, so that
//! nothing is claimed, and nothing is said about them.

use carillon_domain::Counts;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_simulator::{FleetConfig, Profile};
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
