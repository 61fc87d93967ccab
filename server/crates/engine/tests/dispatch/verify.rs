//! Acknowledged is not done: what was seen afterwards decides.

use std::collections::BTreeMap;

use carillon_domain::phone::Reachability;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::{Cause, TargetState};
use carillon_simulator::{FleetConfig, Profile, Timing};
use serde_json::json;

use crate::house::{House, Place};

fn quick(profiles: BTreeMap<Profile, u32>, phones: u32) -> FleetConfig {
    let timing = Timing {
        reboot_min_ms: 400,
        reboot_max_ms: 700,
        ..Timing::default()
    };
    let mut config = FleetConfig::uniform(Profile::Normal, phones, PlainHttp).with_timing(timing);
    config.sites[0].profiles = profiles;
    config
}

pub(crate) async fn a_reboot_is_verified_by_going_away_and_coming_back(place: Place) {
    let profiles = BTreeMap::from([
        (Profile::Noop200, 2),
        (Profile::NeverReturns, 1),
        (Profile::RebootReset, 2),
        (Profile::ForbiddenIp, 1),
    ]);
    let house = House::new(place, quick(profiles, 20)).await;
    let job = house
        .reboot(json!({"verify": true, "canary": 0, "max_failed_percent": 100, "window": 20}))
        .await;
    house.finished(&job).await;
    for target in house.targets(&job).await {
        let profile = house.fleet.phone(target.mac).unwrap().profile;
        let seen = (target.state, target.cause);
        let expected = match profile {
            Profile::Noop200 => (TargetState::Acknowledged, None),
            Profile::NeverReturns => (TargetState::Failed, Some(Cause::Unreachable)),
            Profile::ForbiddenIp => (TargetState::Failed, Some(Cause::Forbidden)),
            // It reset the connection instead of answering, and was seen to restart all the same.
            _ => (TargetState::Verified, None),
        };
        assert_eq!(seen, expected, "{profile:?}: {}", target.evidence);
        assert_eq!(target.evidence.is_empty(), profile == Profile::ForbiddenIp);
        let contact = house
            .engine
            .store
            .phone(target.mac)
            .await
            .unwrap()
            .unwrap()
            .contact;
        let gone = profile == Profile::NeverReturns;
        assert_eq!(
            contact.reachability == Reachability::Offline,
            gone,
            "{profile:?}"
        );
    }
}

pub(crate) async fn a_setting_is_verified_by_reading_it_back(place: Place) {
    let house = House::new(place, quick(BTreeMap::from([(Profile::Noop200, 1)]), 6)).await;
    let job = house
        .submit(json!({
            "action": "DNDOn", "targets": {"filter": ""}, "reason": "test",
            "options": {"canary": 0, "max_failed_percent": 100, "site_max_down_percent": 100},
        }))
        .await;
    let end = house.finished(&job).await;
    assert_eq!(
        (end.job.counts.verified, end.job.counts.acknowledged),
        (5, 1),
        "{}",
        end.job.counts
    );
}
