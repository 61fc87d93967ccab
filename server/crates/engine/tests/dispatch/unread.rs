//! The database is lost between a claim and the reading of its phones: a claim whose phone
//! cannot be read says nothing about the phone.

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::{Cause, Counts, TargetState};
use carillon_simulator::{FleetConfig, Profile};
use serde_json::json;

use crate::house::{House, Place, caller};

/// A job whose phones are claimed and cannot be read: nobody may read their credentials, which
/// no claim needs.
async fn claimed_and_unread(house: &House) -> String {
    let (engine, caller) = (&house.engine, caller());
    engine
        .stop_all(&caller, "the test takes aim")
        .await
        .unwrap();
    let job = house
        .reboot(json!({"window": 4, "canary": 0, "max_failed_percent": 100}))
        .await;
    hide(house).await;
    engine.release_stop_all(&caller, "now").await.unwrap();
    let mut changes = engine.feed.watch_job(&job);
    while engine.job(&caller, &job).await.unwrap().job.counts.sending < 4 {
        changes.changed().await.unwrap();
    }
    job
}

async fn hide(house: &House) {
    let hide = "ALTER TABLE credentials RENAME TO credentials_away";
    house.raw(hide).await;
}

async fn bring_back(house: &House) {
    let back = "ALTER TABLE credentials_away RENAME TO credentials";
    house.raw(back).await;
}

pub(crate) async fn claimed_phones_wait_for_the_database(place: Place) {
    let house = House::new(place, FleetConfig::uniform(Profile::Normal, 4, PlainHttp)).await;
    let job = claimed_and_unread(&house).await;
    bring_back(&house).await;
    let end = house.finished(&job).await;
    assert_eq!(end.job.counts.acknowledged, 4, "{}", end.job.counts);
    assert_eq!(house.fleet.ledger().totals().executed, 4);
}

/// It gives up while the claims are still its own: what it then says of them counts.
pub(crate) async fn phones_that_stay_unread_end_as_interrupted(place: Place) {
    let house = House::new(place, FleetConfig::uniform(Profile::Normal, 6, PlainHttp)).await;
    let job = claimed_and_unread(&house).await;
    let (engine, caller) = (&house.engine, caller());
    let mut changes = engine.feed.watch_job(&job);
    while engine.job(&caller, &job).await.unwrap().job.counts.unknown < 4 {
        changes.changed().await.unwrap();
    }
    assert_eq!(
        house.fleet.ledger().totals().requests,
        0,
        "none was sent to"
    );
    bring_back(&house).await;
    let end = house.finished(&job).await;
    let expected = Counts {
        unknown: 4,
        acknowledged: 2,
        ..Counts::default()
    };
    assert_eq!(end.job.counts, expected, "{}", end.job.counts);
    for target in house.targets(&job).await {
        let told = (target.state, target.cause);
        let unread = (TargetState::Unknown, Some(Cause::Interrupted));
        let ran = house.executed("Reboot", target.mac);
        assert!(
            told == unread && ran == 0 || told.1.is_none() && ran == 1,
            "{told:?}"
        );
    }
}
