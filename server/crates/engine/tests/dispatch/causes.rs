//! Every cause of the closed list, provoked over real sockets, and what it may say.

use std::collections::{BTreeMap, BTreeSet};
use std::net::UdpSocket;

use carillon_domain::phone::{Phone, Scheme, TransportSecurity};
use carillon_domain::{Cause, Mac, TargetState};
use carillon_simulator::{Auth, FleetConfig, Profile, SiteConfig, Timing};
use carillon_store::TargetRow;
use serde_json::json;

use crate::house::{House, Place};

/// What a behaviour may end in. The phone's ledger says whether that is the truth.
const OUTCOMES: &[(Profile, TargetState, Option<Cause>)] = {
    use TargetState::{Acknowledged, Failed, Unknown};
    &[
        (Profile::Normal, Acknowledged, None),
        (Profile::Open, Acknowledged, None),
        (Profile::Basic, Acknowledged, None),
        (Profile::Digest, Acknowledged, None),
        (Profile::DigestSha256, Acknowledged, None),
        (Profile::DigestClose, Acknowledged, None),
        (Profile::Slow, Acknowledged, None),
        (Profile::Serial, Acknowledged, None),
        (Profile::Noop200, Acknowledged, None),
        // A complete 200 came; the body does not change what it said.
        (Profile::OversizedBody, Acknowledged, None),
        (Profile::EndlessBody, Acknowledged, None),
        (Profile::GzipBomb, Acknowledged, None),
        // The phone said no.
        (Profile::ForbiddenIp, Failed, Some(Cause::Forbidden)),
        (Profile::Disabled, Failed, Some(Cause::Forbidden)),
        (Profile::PromptOnce, Failed, Some(Cause::PromptPending)),
        (Profile::NotFound, Failed, Some(Cause::Unsupported)),
        (Profile::ServerError, Failed, Some(Cause::ServerError)),
        (Profile::RedirectAway, Failed, Some(Cause::Redirected)),
        (Profile::RedirectHttps, Failed, Some(Cause::Redirected)),
        // Surely not sent.
        (Profile::Refused, Failed, Some(Cause::Refused)),
        (Profile::BlackHole, Failed, Some(Cause::TimeoutConnect)),
        // It may have happened.
        (Profile::Silent, Unknown, Some(Cause::TimeoutAnswer)),
        (Profile::Drip, Unknown, Some(Cause::TimeoutAnswer)),
        (Profile::ResetBefore, Unknown, Some(Cause::ConnectionReset)),
        (Profile::ResetDuring, Unknown, Some(Cause::ConnectionReset)),
        (Profile::ResetAfter, Unknown, Some(Cause::ConnectionReset)),
        (Profile::RebootReset, Unknown, Some(Cause::ConnectionReset)),
        (Profile::Garbage, Unknown, Some(Cause::BadAnswer)),
        (Profile::InterimFlood, Unknown, Some(Cause::BadAnswer)),
        (Profile::ThousandHeaders, Unknown, Some(Cause::TooLarge)),
    ]
};

fn careless() -> serde_json::Value {
    json!({
        "window": 64, "canary": 0, "max_failed_percent": 100, "max_auth_failed": 0,
        "timeout_ms": 1500, "verify": false, "retries": 3,
    })
}

/// No more retries than in the table of the domain; here it is the truth that counts.
async fn sent(house: &House, action: &str) -> Vec<TargetRow> {
    let mut options = careless();
    options["retries"] = json!(0);
    let job = house
        .submit(json!({
            "action": action, "targets": {"filter": ""}, "reason": "test", "options": options,
        }))
        .await;
    house.finished(&job).await;
    house.targets(&job).await
}

pub(crate) async fn no_behaviour_makes_us_say_what_is_not_so(place: Place) {
    let count = u32::try_from(OUTCOMES.len()).unwrap();
    let site = SiteConfig::new("zoo", count).with_security(TransportSecurity::PlainHttp);
    let site = OUTCOMES
        .iter()
        .fold(site, |site, (profile, ..)| site.with(*profile, 1));
    let timing = Timing {
        slow_ms: 100,
        ..Timing::default()
    };
    let config = FleetConfig::default().with_timing(timing).with_site(site);
    let house = House::new(place, config).await;
    let targets = sent(&house, "Reboot").await;
    assert_eq!(targets.len(), OUTCOMES.len());
    for target in targets {
        let profile = house.fleet.phone(target.mac).unwrap().profile;
        let row = OUTCOMES.iter().find(|(known, ..)| *known == profile);
        let (_, state, cause) = row.unwrap();
        assert_eq!((target.state, target.cause), (*state, *cause), "{profile}");
        let times = house.executed("Reboot", target.mac);
        assert!(times <= 1, "{profile} executed {times} times");
        assert!(
            *state != TargetState::Failed || times == 0,
            "{profile} is said to have failed"
        );
        if let Some(cause) = cause {
            assert_eq!(*state == TargetState::Unknown, cause.may_have_happened());
            let seen = house.fleet.ledger().requests(target.mac).len();
            assert!(!cause.surely_not_sent() || seen == 0, "{profile}");
        }
    }
    assert_eq!(
        house.fleet.ledger().totals().lured,
        0,
        "a redirect was followed"
    );
}

fn menagerie() -> FleetConfig {
    let plain = [
        Profile::Refused,
        Profile::BlackHole,
        Profile::Silent,
        Profile::ResetAfter,
        Profile::ForbiddenIp,
        Profile::PromptOnce,
        Profile::NotFound,
        Profile::RedirectAway,
        Profile::ServerError,
        Profile::Garbage,
        Profile::ThousandHeaders,
        Profile::LockoutAfter3,
    ];
    let site = SiteConfig::new("plain", 18)
        .with_security(TransportSecurity::PlainHttp)
        .with_auth(Auth::Digest);
    let plain = plain.iter().fold(site, |site, one| site.with(*one, 1));
    let pinned = SiteConfig::new("pinned", 6)
        .with(Profile::TlsLegacyOnly, 1)
        .with(Profile::HttpOnly, 1);
    let nameless = SiteConfig::new("nameless", 1).with_security(TransportSecurity::PlainHttp);
    FleetConfig::default()
        .with_site(plain)
        .with_site(pinned)
        .with_site(nameless)
}

/// The healthy phones of a site, in order.
fn healthy(house: &House, site: &str) -> Vec<Mac> {
    let phones = house.fleet.phones().iter();
    phones
        .filter(|phone| phone.profile == Profile::Normal && phone.site == site)
        .map(|phone| phone.mac)
        .collect()
}

async fn change(house: &House, mac: Mac, change: impl FnOnce(&mut Phone)) {
    let row = house.engine.store.phone(mac).await.unwrap().unwrap();
    let mut phone = row.phone;
    change(&mut phone);
    let now = house.engine.clock.now();
    let mut unit = house.engine.store.begin().await.unwrap();
    unit.upsert_phones(&[phone], now).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
}

/// An address that this machine surely has no way to, found without sending anything.
fn no_way() -> Option<std::net::IpAddr> {
    let address = "fd00:ca:11::1".parse().unwrap();
    let socket = UdpSocket::bind("[::]:0").ok()?;
    let tried = socket.connect((address, 80));
    let kind = tried.err()?.kind();
    let unreachable = [
        std::io::ErrorKind::NetworkUnreachable,
        std::io::ErrorKind::HostUnreachable,
    ];
    unreachable.contains(&kind).then_some(address)
}

fn note(seen: &mut BTreeSet<Cause>, targets: &[TargetRow]) {
    for target in targets {
        let Some(cause) = target.cause else { continue };
        assert_eq!(target.state, cause.state(), "{cause} of {}", target.mac);
        seen.insert(cause);
    }
}

fn by_phone(targets: &[TargetRow]) -> BTreeMap<Mac, (TargetState, Option<Cause>)> {
    let ends = targets.iter();
    ends.map(|target| (target.mac, (target.state, target.cause)))
        .collect()
}

pub(crate) async fn every_cause_comes_up_where_it_should(place: Place) {
    let mut house = House::new(place, menagerie()).await;
    let mut seen = BTreeSet::new();
    // The first contact teaches keys and ways to ask for a password.
    note(&mut seen, &sent(&house, "VOLUME_UP").await);

    let (plain, pinned) = (healthy(&house, "plain"), healthy(&house, "pinned"));
    let fleet = &house.fleet;
    fleet.set_password(plain[0], "another").unwrap();
    fleet.set_auth(plain[1], Auth::Basic).unwrap();
    change(&house, plain[2], |phone| phone.protected = true).await;
    change(&house, plain[3], |phone| phone.address = None).await;
    let elsewhere = "8.8.8.8".parse().unwrap();
    change(&house, plain[4], |phone| phone.address = Some(elsewhere)).await;
    let nowhere = no_way();
    if let Some(address) = nowhere {
        change(&house, plain[5], |phone| {
            phone.address = Some(address);
            phone.scheme = Some(Scheme::Http);
        })
        .await;
    }
    fleet.change_key(pinned[0]).unwrap();
    // Two phones got each other's address.
    let address = |mac| fleet.phone(mac).unwrap().address.into();
    let (one, two) = (address(pinned[1]), address(pinned[2]));
    change(&house, pinned[1], |phone| phone.address = Some(two)).await;
    change(&house, pinned[2], |phone| phone.address = Some(one)).await;
    let nameless = healthy(&house, "nameless")[0];
    let mut unit = house.engine.store.begin().await.unwrap();
    let mut site = house.engine.store.site("nameless").await.unwrap().unwrap();
    site.site.credential = None;
    let now = house.engine.clock.now();
    unit.update_site(&site.site, site.version, now)
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();

    let targets = sent(&house, "VOLUME_UP").await;
    note(&mut seen, &targets);
    let ends = by_phone(&targets);
    for (mac, cause) in [
        (plain[0], Cause::AuthFailed),
        (plain[1], Cause::AuthDowngraded),
        (plain[2], Cause::Protected),
        (plain[3], Cause::NoAddress),
        (plain[4], Cause::BlockedAddress),
        (pinned[0], Cause::TlsIdentityChanged),
        (pinned[1], Cause::WrongPhone),
        (pinned[2], Cause::WrongPhone),
        (nameless, Cause::NoCredential),
    ] {
        assert_eq!(ends[&mac], (cause.state(), Some(cause)));
    }
    let told = targets.iter().find(|target| target.mac == pinned[1]);
    let evidence = &told.unwrap().evidence;
    assert!(evidence.contains(&pinned[2].to_string()), "{evidence}");

    locked_out(&house, &mut seen).await;
    stopped_itself(&house, &mut seen).await;
    interrupted(&mut house, &mut seen).await;

    let mut expected: BTreeSet<_> = Cause::ALL.iter().copied().collect();
    // SIP and a PBX are other ways. No source tells of calls yet. Nothing is looked at afterwards here
    // (`restart.rs` and `verify.rs` do, and see who does not come back).
    let other_ways = [
        Cause::SipTimeout,
        Cause::HandedOver,
        Cause::PbxRefused,
        Cause::SharedAddress,
        Cause::AddressOfOthers,
    ];
    for other in other_ways
        .into_iter()
        .chain([Cause::InCall, Cause::NoReturn])
    {
        expected.remove(&other);
    }
    if nowhere.is_none() {
        eprintln!("skipped: unreachable, since this machine has a way to every address");
        expected.remove(&Cause::Unreachable);
    }
    assert_eq!(seen, expected);
}

/// A phone blocks who goes on trying a wrong password.
async fn locked_out(house: &House, seen: &mut BTreeSet<Cause>) {
    let mut phones = house.fleet.phones().iter();
    let phone = phones.find(|phone| phone.profile == Profile::LockoutAfter3);
    let mac = phone.unwrap().mac;
    house.fleet.set_password(mac, "another").unwrap();
    for _ in 0..4 {
        let job = house
            .submit(json!({
                "action": "VOLUME_UP", "targets": {"phones": [mac]}, "options": careless(),
            }))
            .await;
        house.finished(&job).await;
        note(seen, &house.targets(&job).await);
    }
}

async fn stopped_itself(house: &House, seen: &mut BTreeSet<Cause>) {
    let job = house
        .reboot(json!({"canary": 0, "window": 1, "timeout_ms": 1500, "max_failed_percent": 0}))
        .await;
    house.finished(&job).await;
    note(seen, &house.targets(&job).await);
}

async fn interrupted(house: &mut House, seen: &mut BTreeSet<Cause>) {
    let mut phones = house.fleet.phones().iter();
    let silent = phones.find(|phone| phone.profile == Profile::Silent);
    let mac = silent.unwrap().mac;
    let job = house
        .submit(json!({
            "action": "VOLUME_UP", "targets": {"phones": [mac]},
            "options": {"timeout_ms": 20_000},
        }))
        .await;
    house.until_there_are(&job, 1, TargetState::Sending).await;
    house.restart_after_crash().await;
    note(seen, &house.targets(&job).await);
}
