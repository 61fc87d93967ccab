//! Another phone has the address: what it tells of itself speaks against what is said of the
//! phone that was meant.

use std::collections::BTreeMap;

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::{Cause, Counts, Mac, TargetState};
use carillon_simulator::{FleetConfig, Profile, Timing};
use carillon_store::TargetRow;
use serde_json::json;

use crate::house::{House, Place};

/// Two of six have an address that the list gives to another phone.
async fn house(place: Place) -> House {
    let timing = Timing {
        reboot_min_ms: 1000,
        reboot_max_ms: 1500,
        ..Timing::default()
    };
    let mut config = FleetConfig::uniform(Profile::Normal, 6, PlainHttp).with_timing(timing);
    config.sites[0].profiles = BTreeMap::from([(Profile::WrongPhoneAtIp, 2)]);
    House::new(place, config).await
}

/// What the job came to; the two that are not who they should be, with who answered.
async fn run(house: &House, action: &str) -> (Counts, Vec<(TargetRow, Mac)>) {
    let job = house
        .submit(json!({
            "action": action, "targets": {"filter": ""}, "reason": "test",
            "options": {"canary": 0, "max_failed_percent": 100, "site_max_down_percent": 100},
        }))
        .await;
    let end = house.finished(&job).await;
    let mut wrong = Vec::new();
    for target in house.targets(&job).await {
        let listed = target.mac.to_string();
        let mut phones = house.fleet.phones().iter();
        let found = phones.find(|phone| phone.inventory.mac == listed);
        let answered = found.unwrap().mac;
        if answered != target.mac {
            wrong.push((target, answered));
        }
    }
    assert_eq!(wrong.len(), 2);
    assert!(end.causes.contains(&(Cause::WrongPhone, 2)));
    (end.job.counts, wrong)
}

pub(crate) async fn a_read_back_that_tells_another_phone_is_told_as_that(place: Place) {
    let house = house(place).await;
    let (counts, wrong) = run(&house, "DNDOn").await;
    assert_eq!((counts.verified, counts.unknown), (4, 2), "{counts}");
    for (target, answered) in wrong {
        let told = (target.state, target.cause, target.http_status);
        // It took the command, and was not meant.
        assert_eq!(house.executed("DNDOn", answered), 1);
        let expected = (TargetState::Unknown, Some(Cause::WrongPhone), Some(200));
        assert_eq!(told, expected, "{}", target.evidence);
        let evidence = target.evidence;
        assert!(evidence.contains(&answered.to_string()), "{evidence}");
    }
}

pub(crate) async fn another_phone_that_comes_back_proves_nothing(place: Place) {
    let house = house(place).await;
    let (counts, wrong) = run(&house, "Reboot").await;
    assert_eq!((counts.verified, counts.unknown), (4, 2), "{counts}");
    for (target, answered) in wrong {
        let told = (target.state, target.cause);
        assert_eq!(told, (TargetState::Unknown, Some(Cause::WrongPhone)));
        let evidence = target.evidence;
        assert!(evidence.starts_with("went away within"), "{evidence}");
        assert!(evidence.contains(&answered.to_string()), "{evidence}");
    }
}

pub(crate) async fn settings_of_another_phone_are_not_kept(place: Place) {
    let house = house(place).await;
    let (counts, wrong) = run(&house, "phonecfg").await;
    assert_eq!((counts.acknowledged, counts.skipped), (4, 2), "{counts}");
    for (target, answered) in wrong {
        let told = (target.state, target.cause);
        assert_eq!(told, (TargetState::Skipped, Some(Cause::WrongPhone)));
        let evidence = &target.evidence;
        assert!(evidence.contains(&answered.to_string()), "{evidence}");
        assert!(!evidence.contains("do-not-disturb"), "{evidence}");
        let row = house.engine.store.phone(target.mac).await.unwrap().unwrap();
        assert_eq!(row.phone.firmware, "", "that of another phone");
    }
}
