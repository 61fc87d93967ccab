//! A fleet that is restarted: who came back, who did not, who only said yes, who said no.

use std::collections::BTreeMap;

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::{Cause, TargetState};
use carillon_simulator::{FleetConfig, Profile, Timing};
use serde_json::json;

use crate::house::{House, Place};

const PHONES: u32 = 300;
/// Those that do something else than to restart and come back.
const OTHERS: [(Profile, u32); 6] = [
    (Profile::Noop200, 40),
    (Profile::NeverReturns, 20),
    (Profile::RebootReset, 20),
    (Profile::ForbiddenIp, 15),
    (Profile::Refused, 10),
    (Profile::ServerError, 5),
];

/// What a phone of this kind must end as, and whether it ran the command.
fn truth(profile: Profile) -> (TargetState, Option<Cause>, u32) {
    match profile {
        Profile::Noop200 => (TargetState::Acknowledged, None, 0),
        Profile::NeverReturns => (TargetState::Failed, Some(Cause::NoReturn), 1),
        Profile::ForbiddenIp => (TargetState::Failed, Some(Cause::Forbidden), 0),
        Profile::Refused => (TargetState::Failed, Some(Cause::Refused), 0),
        Profile::ServerError => (TargetState::Failed, Some(Cause::ServerError), 0),
        // Also the one that broke off instead of answering.
        _ => (TargetState::Verified, None, 1),
    }
}

fn fleet() -> FleetConfig {
    // Long enough away to be missed also on a machine that is busy.
    let timing = Timing {
        reboot_min_ms: 6000,
        reboot_max_ms: 7000,
        ..Timing::default()
    };
    let mut config = FleetConfig::uniform(Profile::Normal, PHONES, PlainHttp).with_timing(timing);
    config.sites[0].profiles = BTreeMap::from(OTHERS);
    config
}

pub(crate) async fn three_hundred_phones_restart_and_each_is_told_as_it_was(place: Place) {
    let house = House::new(place, fleet()).await;
    let job = house
        .reboot(json!({"verify": true, "canary": 0, "max_failed_percent": 100, "window": 64}))
        .await;
    let end = house.finished(&job).await;
    let targets = house.targets(&job).await;
    assert_eq!(targets.len(), PHONES as usize);
    for target in &targets {
        let profile = house.fleet.phone(target.mac).unwrap().profile;
        let told = (target.state, target.cause);
        let ran = house.executed("Reboot", target.mac);
        let (state, cause, times) = truth(profile);
        assert_eq!(told, (state, cause), "{profile}: {}", target.evidence);
        assert_eq!(ran, times, "{profile} ran it so often");
        let looked_at = state != TargetState::Failed || profile == Profile::NeverReturns;
        assert_eq!(target.evidence.is_empty(), !looked_at, "{profile}");
    }
    let counts = end.job.counts;
    assert_eq!(
        (counts.verified, counts.acknowledged, counts.failed),
        (210, 40, 50),
        "{counts}"
    );
}

/// While one job looks whether its phones come back, another leaves them alone: it would find
/// nobody, and what the first sees would be the second's doing.
pub(crate) async fn two_restarts_of_one_phone_come_one_after_the_other(place: Place) {
    let timing = Timing {
        reboot_min_ms: 2500,
        reboot_max_ms: 3000,
        ..Timing::default()
    };
    let config = FleetConfig::uniform(Profile::Normal, 12, PlainHttp).with_timing(timing);
    let house = House::new(place, config).await;
    let options = json!({"verify": true, "canary": 0, "max_failed_percent": 100, "window": 12});
    let first = house.reboot(options.clone()).await;
    let second = house.reboot(options).await;
    for job in [&first, &second] {
        let end = house.finished(job).await;
        assert_eq!(end.job.counts.verified, 12, "{}", end.job.counts);
    }
    let then = house.targets(&second).await;
    for (one, two) in house.targets(&first).await.iter().zip(then) {
        assert_eq!(one.mac, two.mac);
        // Whichever came first.
        let apart = two.sent_at >= one.finished_at || one.sent_at >= two.finished_at;
        assert!(apart, "{} was interrupted", one.mac);
        assert_eq!(house.executed("Reboot", one.mac), 2);
    }
}
