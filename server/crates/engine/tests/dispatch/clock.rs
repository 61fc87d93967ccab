//! A clock that is set while jobs run.

use carillon_domain::TargetState;
use carillon_domain::event::Event;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_engine::Clock;
use carillon_simulator::{FleetConfig, Profile, Timing};
use serde_json::json;

use crate::house::{House, Place, caller};

const A_DAY: i64 = 24 * 60 * 60;

/// Phones that take a moment, so that the clock can be set in the middle.
fn phones() -> FleetConfig {
    let timing = Timing {
        answer_ms: 40,
        ..Timing::default()
    };
    FleetConfig::uniform(Profile::Normal, 60, PlainHttp).with_timing(timing)
}

fn manual() -> Clock {
    Clock::manual(Clock::system().now())
}

/// The records of jumps, once there are so many.
async fn jumps(house: &House, count: usize) -> Vec<Event> {
    loop {
        let events = house.events().await.into_iter();
        let jumps: Vec<_> = events
            .filter(|event| event.action == "clock.jumped")
            .collect();
        if jumps.len() >= count {
            return jumps;
        }
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn a_clock_that_was_set_stops_all_sending_until_somebody_releases_it(
    place: Place,
) {
    let clock = manual();
    let house = House::with_clock(place, phones(), clock.clone()).await;
    // The pauses keep the job far from its end, however late this test gets its turn.
    let job = house
        .reboot(json!({"window": 2, "canary": 0, "jitter_ms": 100}))
        .await;
    house
        .until_there_are(&job, 2, TargetState::Acknowledged)
        .await;
    clock.set_by(A_DAY);
    let told = jumps(&house, 1).await;
    assert_eq!(told[0].detail["stopped_all"], true, "{told:?}");
    assert_eq!(told[0].detail["seconds"], A_DAY);
    let stop = house.engine.stop_all_state().await.unwrap().unwrap();
    assert!(stop.reason.contains("clock"), "{stop:?}");

    // Set right again: a jump of its own, which overrules nothing.
    clock.set_by(-A_DAY);
    let told = jumps(&house, 2).await;
    assert_eq!(told.len(), 2, "each jump is recorded once");
    let counts = house.engine.job(&caller(), &job).await.unwrap().job.counts;
    assert!(counts.waiting > 0, "{counts:?}");
    assert_eq!(counts.expired, 0, "no time has passed: {counts:?}");

    house
        .engine
        .release_stop_all(&caller(), "right again")
        .await
        .unwrap();
    house.finished(&job).await;
    for target in house.targets(&job).await {
        assert_eq!(target.state, TargetState::Acknowledged, "{}", target.mac);
    }
}

pub(crate) async fn a_clock_that_was_set_while_nothing_ran_stops_nothing(place: Place) {
    let clock = manual();
    let house = House::with_clock(place, phones(), clock.clone()).await;
    clock.set_by(-A_DAY);
    let told = jumps(&house, 1).await;
    assert_eq!(told[0].detail["stopped_all"], false);
    assert_eq!(house.engine.stop_all_state().await.unwrap(), None);
    let job = house.reboot(json!({"window": 16, "canary": 0})).await;
    let counts = house.finished(&job).await.job.counts;
    assert_eq!(counts.acknowledged, 60, "{counts:?}");
}
