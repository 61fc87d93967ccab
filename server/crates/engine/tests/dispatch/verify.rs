//! Acknowledged is not done: what was seen afterwards decides.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::phone::{Phone, Reachability, Scheme};
use carillon_domain::{Cause, Mac, TargetState};
use carillon_simulator::{FleetConfig, Profile, Timing};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

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
            Profile::NeverReturns => (TargetState::Failed, Some(Cause::NoReturn)),
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

/// A peer that answers every connection with 200, but those that a test wants dealt with in
/// another way; connections count from 1.
async fn peer(odd: impl Fn(u32) -> Option<Odd> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        for number in 1.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer: &[u8] = match odd(number) {
                Some(Odd::HangUp) => {
                    stream.set_zero_linger().unwrap();
                    continue;
                }
                Some(Odd::Say(answer)) => answer,
                None => b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            };
            tokio::spawn(async move {
                // Whoever asks may have gone already.
                let _ = stream.read(&mut [0; 2048]).await;
                let _ = stream.write_all(answer).await;
            });
        }
    });
    port
}

#[derive(Clone, Copy)]
enum Odd {
    HangUp,
    Say(&'static [u8]),
}

/// Sends an action to one peer; what it came to, and on what evidence.
async fn seen_of(
    house: &House,
    action: &str,
    odd: impl Fn(u32) -> Option<Odd> + Send + 'static,
) -> (TargetState, String) {
    let phone = peer_phone(house, peer(odd).await).await;
    let job = house
        .submit(json!({
            "action": action, "targets": {"phones": [phone.to_string()]}, "reason": "test",
            "options": {"canary": 0, "max_failed_percent": 100, "site_max_down_percent": 100},
        }))
        .await;
    house.finished(&job).await;
    let target = house.targets(&job).await.pop().unwrap();
    (target.state, target.evidence)
}

async fn peer_phone(house: &House, port: u16) -> Mac {
    let mac = Mac::from_bytes([0x80, 0x5e, 0x0c, 0xee, (port >> 8) as u8, port as u8]);
    let mut phone = Phone::new(mac);
    phone.site = Some(house.fleet.sites()[0].slug.clone());
    phone.address = Some(Ipv4Addr::LOCALHOST.into());
    (phone.port, phone.scheme) = (Some(port), Some(Scheme::Http));
    let mut unit = house.engine.store.begin().await.unwrap();
    let now = house.engine.clock.now();
    unit.insert_phones(&[phone], now).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    mac
}

pub(crate) async fn one_lost_look_is_no_restart(place: Place) {
    let house = House::new(place, quick(BTreeMap::new(), 1)).await;
    let hang_up = |from: u32, to: u32| move |n| (from..to).contains(&n).then_some(Odd::HangUp);
    let (state, evidence) = seen_of(&house, "Reboot", hang_up(2, 3)).await;
    assert_eq!(state, TargetState::Acknowledged, "{evidence}");
    assert!(evidence.starts_with("did not go away within"), "{evidence}");
    let (state, evidence) = seen_of(&house, "Reboot", hang_up(2, 4)).await;
    assert_eq!(state, TargetState::Verified, "{evidence}");
    assert!(evidence.starts_with("went away within"), "{evidence}");
}

pub(crate) async fn one_connection_taken_is_no_return(place: Place) {
    let house = House::new(place, quick(BTreeMap::new(), 1)).await;
    // It answers the command and goes away; then every second connection is taken, and no more.
    let away = |n| match n {
        1 => None,
        n if n > 3 && n % 2 == 0 => Some(Odd::Say(b"SSH-2.0-no\r\n\r\n")),
        _ => Some(Odd::HangUp),
    };
    let (state, evidence) = seen_of(&house, "Reboot", away).await;
    assert_eq!(state, TargetState::Failed, "{evidence}");
    assert!(evidence.contains("did not answer again"), "{evidence}");
}

pub(crate) async fn a_connection_that_behaves_oddly_is_not_away(place: Place) {
    let profiles = BTreeMap::from([(Profile::Garbage, 1), (Profile::ResetBefore, 1)]);
    let house = House::new(place, quick(profiles, 2)).await;
    let job = house
        .reboot(json!({"verify": true, "canary": 0, "max_failed_percent": 100}))
        .await;
    house.finished(&job).await;
    for target in house.targets(&job).await {
        assert_eq!(target.state, TargetState::Unknown);
        let told = "was not seen to go away within";
        assert!(target.evidence.starts_with(told), "{}", target.evidence);
        assert!(
            target.evidence.ends_with("answered 0 of 12 looks"),
            "{}",
            target.evidence
        );
    }
    let garbage = |n: u32| {
        n.is_multiple_of(2)
            .then_some(Odd::Say(b"SSH-2.0-no\r\n\r\n"))
    };
    let (state, evidence) = seen_of(&house, "Reboot", garbage).await;
    assert_eq!(state, TargetState::Acknowledged);
    assert!(evidence.ends_with("answered 6 of 12 looks"), "{evidence}");
}

pub(crate) async fn a_failed_reading_is_told_as_one(place: Place) {
    let house = House::new(place, quick(BTreeMap::new(), 1)).await;
    let broken = |n| (n > 1).then_some(Odd::Say(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"));
    let (state, evidence) = seen_of(&house, "DNDOn", broken).await;
    assert_eq!(state, TargetState::Acknowledged);
    assert_eq!(evidence, "the setting could not be read back: server_error");
    let (_, evidence) = seen_of(&house, "DNDOn", |_| None).await;
    assert_eq!(evidence, "the phone's answer holds no settings");
}

/// What the phones counted: to look whether a command took effect costs at most twice as much as
/// the command did.
pub(crate) async fn looking_costs_at_most_twice_the_command(place: Place) {
    // Long enough away to be missed also on a machine that is busy.
    let timing = Timing {
        reboot_min_ms: 2500,
        reboot_max_ms: 3000,
        ..Timing::default()
    };
    let config = FleetConfig::uniform(Profile::Normal, 40, PlainHttp).with_timing(timing);
    let house = House::new(place, config).await;
    let all = json!({
        "window": 40, "canary": 0, "max_failed_percent": 100, "site_max_down_percent": 100,
    });
    // First contact costs a question more; it is not what is measured.
    let ask = json!({"action": "VOLUME_UP", "targets": {"filter": ""}, "options": all});
    house.finished(&house.submit(ask).await).await;
    for action in ["DNDOn", "Reboot"] {
        let before = house.fleet.ledger().totals().requests;
        let job = house
            .submit(json!({
                "action": action, "targets": {"filter": ""}, "reason": "test", "options": all,
            }))
            .await;
        let end = house.finished(&job).await;
        assert_eq!(end.job.counts.verified, 40, "{action}: {}", end.job.counts);
        let requests = house.fleet.ledger().totals().requests - before;
        assert!(requests <= 3 * 40, "{action}: {requests} requests");
    }
}
