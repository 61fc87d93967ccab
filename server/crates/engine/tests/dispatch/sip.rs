//! The second way: which phones a NOTIFY is sent to, after what, and how it is told.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use carillon_domain::outcome::Transport;
use carillon_domain::phone::Phone;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::sip::{NotifyWay, SipProfile, SipTransport, SipUse};
use carillon_domain::{Area, Cause, Mac, Reach, TargetState};
use carillon_engine::{Asker, Caller, dispatch};
use carillon_simulator::{FleetConfig, Profile, SiteConfig, Timing};
use carillon_store::TargetRow;
use serde_json::{Value, json};

use crate::house::{House, Place, caller};

/// The whole outcome of one phone: state, cause, way, tries.
type End = (TargetState, Option<Cause>, Option<Transport>, i64);

const BY_SIP: End = (TargetState::Acknowledged, None, Some(Transport::Sip), 1);

pub(crate) fn fleet(site: SiteConfig) -> FleetConfig {
    let timing = Timing {
        reboot_min_ms: 400,
        reboot_max_ms: 700,
        ..Timing::default()
    };
    FleetConfig::default()
        .with_site(site.with_security(PlainHttp))
        .with_timing(timing)
}

pub(crate) fn profile(house: &House, used: SipUse) -> SipProfile {
    SipProfile {
        used,
        way: NotifyWay::Sip,
        proxy: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        port: house.fleet.sip_port(),
        transport: SipTransport::Udp,
        tls_name: String::new(),
        ca_pem: None,
        from: "carillon@pbx.test".parse().unwrap(),
        credential: None,
        realm: String::new(),
        rate: 2_000,
        after_forbidden: false,
        pbx_profile: String::new(),
        password_in_clear: false,
    }
}

pub(crate) async fn give(house: &House, profile: &SipProfile) {
    let store = &house.engine.store;
    let mut unit = store.begin().await.unwrap();
    let site = &house.fleet.sites()[0].slug;
    unit.delete_sip_profile(site).await.unwrap();
    unit.insert_sip_profile(site, profile, house.engine.clock.now())
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();
}

/// Sends an action to every phone and tells how each ended.
pub(crate) async fn send(
    house: &House,
    action: &str,
    mut options: Value,
) -> BTreeMap<Mac, TargetRow> {
    for (name, value) in [("canary", 0), ("max_failed_percent", 100), ("window", 64)] {
        options[name] = value.into();
    }
    options["site_max_down_percent"] = 100.into();
    let job = house
        .submit(json!({
            "action": action, "targets": {"filter": ""}, "reason": "test", "options": options,
        }))
        .await;
    house.finished(&job).await;
    let targets = house.targets(&job).await.into_iter();
    targets.map(|target| (target.mac, target)).collect()
}

pub(crate) fn end(target: &TargetRow) -> End {
    (
        target.state,
        target.cause,
        target.transport,
        target.attempts,
    )
}

/// How each profile's phones ended; all of one profile alike.
fn by_profile(house: &House, targets: &BTreeMap<Mac, TargetRow>) -> BTreeMap<Profile, End> {
    let mut ends = BTreeMap::new();
    for (mac, target) in targets {
        let profile = house.fleet.phone(*mac).unwrap().profile;
        let known = *ends.entry(profile).or_insert_with(|| end(target));
        assert_eq!(known, end(target), "{profile}");
    }
    ends
}

pub(crate) async fn a_site_behind_a_nat_is_reached_by_sip_alone(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Nat", 12).behind_nat())).await;
    // Without a profile there is no way to them.
    for target in send(&house, "DNDOn", json!({})).await.values() {
        assert_eq!(target.cause, Some(Cause::NoAddress));
    }
    give(&house, &profile(&house, SipUse::Second)).await;
    for (mac, target) in send(&house, "DNDOn", json!({})).await {
        assert_eq!(end(&target), BY_SIP);
        assert_eq!(target.excerpt, "SIP/2.0 200 OK");
        assert_eq!(house.executed("DNDOn", mac), 1);
        assert!(house.fleet.status(mac).unwrap().dnd);
    }
    let events = house.events().await;
    let told = events
        .iter()
        .filter(|event| event.detail["transport"] == "sip");
    assert_eq!(told.count(), 12);
}

pub(crate) async fn sip_follows_only_what_surely_was_not_sent(place: Place) {
    let site = SiteConfig::new("Mixed", 12)
        .with_sip()
        .with(Profile::Refused, 3)
        .with(Profile::ForbiddenIp, 2)
        .with(Profile::ResetAfter, 2)
        .with(Profile::NotFound, 2);
    let house = House::new(place, fleet(site)).await;
    let mut profile = profile(&house, SipUse::Second);
    give(&house, &profile).await;
    let targets = send(&house, "VOLUME_UP", json!({"verify": false})).await;
    let (http, sip) = (Some(Transport::Http), Some(Transport::Sip));
    let mut expected = BTreeMap::from([
        (Profile::Normal, (TargetState::Acknowledged, None, http, 1)),
        (Profile::Refused, (TargetState::Acknowledged, None, sip, 2)),
        (
            Profile::ForbiddenIp,
            (TargetState::Failed, Some(Cause::Forbidden), http, 1),
        ),
        (
            Profile::ResetAfter,
            (TargetState::Unknown, Some(Cause::ConnectionReset), http, 1),
        ),
        (
            Profile::NotFound,
            (TargetState::Failed, Some(Cause::Unsupported), http, 1),
        ),
    ]);
    assert_eq!(by_profile(&house, &targets), expected);
    let refused: Vec<Mac> = targets
        .values()
        .filter(|t| t.attempts == 2)
        .map(|t| t.mac)
        .collect();
    let job = targets.values().next().unwrap().job.clone();
    let earlier = house
        .engine
        .store
        .earlier_attempts(&job, &refused)
        .await
        .unwrap();
    assert_eq!(earlier.len(), 3);
    for attempt in earlier {
        assert_eq!((attempt.cause, attempt.transport), (Cause::Refused, http));
    }
    // What HTTP has done is not done again.
    for (mac, target) in &targets {
        let profile = house.fleet.phone(*mac).unwrap().profile;
        let done = u32::from(!matches!(profile, Profile::ForbiddenIp | Profile::NotFound));
        assert_eq!(
            house.executed("VOLUME_UP", *mac),
            done,
            "{:?}",
            target.cause
        );
    }

    profile.after_forbidden = true;
    give(&house, &profile).await;
    let targets = send(&house, "VOLUME_UP", json!({"verify": false})).await;
    expected.insert(
        Profile::ForbiddenIp,
        (TargetState::Acknowledged, None, sip, 2),
    );
    assert_eq!(by_profile(&house, &targets), expected);
    // What HTTP answered is told with its own attempt, and not as the phone's answer to the NOTIFY.
    let by_sip = targets.values().filter(|target| target.transport == sip);
    for target in by_sip {
        assert_eq!(target.http_status, None);
        assert_eq!(target.excerpt, "SIP/2.0 200 OK");
    }
}

/// Submits to a site whose SIP server takes one command a second, and waits until every phone has
/// been claimed.
async fn in_the_line(house: &House) -> String {
    let slow = SipProfile {
        rate: 1,
        ..profile(house, SipUse::Only)
    };
    give(house, &slow).await;
    let options = json!({"window": 64, "canary": 0, "verify": false,
        "max_failed_percent": 100, "site_max_down_percent": 100});
    let job = house
        .submit(
            json!({"action": "VOLUME_UP", "targets": {"filter": ""}, "reason": "test",
            "options": options}),
        )
        .await;
    let mut changes = house.engine.feed.watch_job(&job);
    loop {
        let snapshot = house.engine.job(&caller(), &job).await.unwrap();
        if snapshot.job.counts.sending > 0 && snapshot.job.counts.waiting == 0 {
            return job;
        }
        changes.changed().await.unwrap();
    }
}

fn sent(house: &House) -> i64 {
    let phones = house.fleet.phones().iter();
    phones
        .map(|phone| i64::from(house.executed("VOLUME_UP", phone.mac)))
        .sum()
}

pub(crate) async fn what_is_stopped_in_the_line_is_not_sent(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Slow", 40).with_sip())).await;
    let job = in_the_line(&house).await;
    house.engine.cancel_job(&caller(), &job).await.unwrap();
    let end = house.finished(&job).await;
    let counts = &end.job.counts;
    assert!(counts.cancelled >= 30, "{counts:?}");
    assert_eq!(counts.cancelled + counts.acknowledged, 40, "{counts:?}");
    assert_eq!(sent(&house), counts.acknowledged);
    for target in house.targets(&job).await {
        let cancelled = target.state == TargetState::Cancelled;
        assert_eq!(target.attempts, i64::from(!cancelled));
        assert_eq!(target.sent_at.is_none(), cancelled);
    }
    let events = house.events().await;
    let of = |action: &str| events.iter().filter(|event| event.action == action).count() as i64;
    assert_eq!(of("target.given_back"), counts.cancelled);
}

pub(crate) async fn a_clean_stop_leaves_the_line_unsent(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Slow", 40).with_sip())).await;
    let job = in_the_line(&house).await;
    let clock = house.engine.clock.clone();
    dispatch::stop(&house.engine, || clock.now()).await.unwrap();
    let counts = house.engine.job(&caller(), &job).await.unwrap().job.counts;
    assert!(counts.waiting >= 30, "{counts:?}");
    assert_eq!(counts.waiting + counts.acknowledged, 40, "{counts:?}");
    assert_eq!(sent(&house), counts.acknowledged);
}

pub(crate) async fn a_job_may_choose_one_way_for_all(place: Place) {
    let site = SiteConfig::new("Both", 6)
        .with_sip()
        .with(Profile::Refused, 2);
    let house = House::new(place, fleet(site)).await;
    give(&house, &profile(&house, SipUse::Second)).await;
    let by_http = send(&house, "VOLUME_UP", json!({"transport": "http"})).await;
    let refused = by_profile(&house, &by_http)[&Profile::Refused];
    assert_eq!(
        refused,
        (
            TargetState::Failed,
            Some(Cause::Refused),
            Some(Transport::Http),
            1
        )
    );
    for target in send(&house, "VOLUME_UP", json!({"transport": "sip"}))
        .await
        .values()
    {
        assert_eq!(end(target), BY_SIP);
    }
}

pub(crate) async fn a_site_of_sip_alone_is_asked_by_http_only_for_answers(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Only", 4).with_sip())).await;
    give(&house, &profile(&house, SipUse::Only)).await;
    for target in send(&house, "VOLUME_UP", json!({})).await.values() {
        assert_eq!(end(target), BY_SIP);
    }
    for target in send(&house, "phonecfg", json!({})).await.values() {
        assert_eq!(target.transport, Some(Transport::Http));
        assert_eq!(target.state, TargetState::Acknowledged);
    }
}

pub(crate) async fn a_sip_server_that_is_away_is_no_unknown(place: Place) {
    let site = SiteConfig::new("Away", 4)
        .with_sip()
        .with(Profile::Refused, 4);
    let house = House::new(place, fleet(site)).await;
    let mut profile = profile(&house, SipUse::Second);
    profile.transport = SipTransport::Tcp;
    give(&house, &profile).await;
    let (sip, http) = (Some(Transport::Sip), Some(Transport::Http));
    for target in send(&house, "VOLUME_UP", json!({"retries": 0}))
        .await
        .values()
    {
        assert_eq!(
            end(target),
            (TargetState::Failed, Some(Cause::Refused), sip, 2)
        );
    }
    // A try more is both ways once more.
    let targets = send(&house, "VOLUME_UP", json!({"retries": 1})).await;
    let (macs, job): (Vec<Mac>, _) = (targets.keys().copied().collect(), targets.values().next());
    for target in targets.values() {
        assert_eq!(
            end(target),
            (TargetState::Failed, Some(Cause::Refused), sip, 4)
        );
    }
    let job = &job.unwrap().job;
    let earlier = house
        .engine
        .store
        .earlier_attempts(job, &macs[..1])
        .await
        .unwrap();
    let ways: Vec<_> = earlier.iter().map(|attempt| attempt.transport).collect();
    assert_eq!(ways, [http, sip, http]);
}

pub(crate) async fn what_was_told_by_sip_is_looked_for_over_http(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Seen", 4).with_sip())).await;
    give(&house, &profile(&house, SipUse::Only)).await;
    for (mac, target) in send(&house, "CheckSyncRestart", json!({"verify": true})).await {
        let (state, cause, transport, _) = end(&target);
        assert_eq!(
            (state, cause, transport),
            (TargetState::Verified, None, Some(Transport::Sip))
        );
        assert_eq!(house.fleet.status(mac).unwrap().reboots, 1);
    }
    for target in send(&house, "DNDOn", json!({"verify": true}))
        .await
        .values()
    {
        assert_eq!(target.state, TargetState::Verified, "{}", target.evidence);
    }
}

async fn a_restart_is_no_failure(place: Place, used: SipUse) {
    let site = SiteConfig::new("Closed", 3)
        .with_sip()
        .with(Profile::Refused, 3);
    let house = House::new(place, fleet(site)).await;
    give(&house, &profile(&house, used)).await;
    for target in send(&house, "Reboot", json!({"verify": true}))
        .await
        .values()
    {
        let (state, cause, transport, _) = end(target);
        let expected = (TargetState::Acknowledged, None, Some(Transport::Sip));
        assert_eq!((state, cause, transport), expected, "{}", target.evidence);
    }
}

pub(crate) async fn where_http_is_closed_a_restart_told_by_sip_is_no_failure(place: Place) {
    a_restart_is_no_failure(place, SipUse::Second).await;
}

pub(crate) async fn where_http_is_not_tried_a_restart_told_by_sip_is_no_failure(place: Place) {
    a_restart_is_no_failure(place, SipUse::Only).await;
}

/// Nobody can look behind a NAT: a phone that restarts counts as away for as long as that takes.
pub(crate) async fn what_restarts_unseen_is_away_for_a_while(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Nat", 4).behind_nat())).await;
    give(&house, &profile(&house, SipUse::Second)).await;
    let options = json!({"canary": 0, "window": 4, "site_max_down": 1});
    let job = house
        .submit(json!({
            "action": "Reboot", "targets": {"filter": ""}, "reason": "test", "options": options,
        }))
        .await;
    house.finished(&job).await;
    let mut targets = house.targets(&job).await;
    targets.sort_by_key(|target| target.sent_at);
    for pair in targets.windows(2) {
        assert!(pair[1].sent_at >= pair[0].finished_at, "{pair:?}");
    }
    for target in targets {
        assert_eq!(end(&target), BY_SIP);
        assert!(target.evidence.contains("away"), "{}", target.evidence);
        let away = target.finished_at.unwrap().micros() - target.sent_at.unwrap().micros();
        assert!(away >= 300_000, "{away}");
    }
}

/// Gives phones an address that they have in common, or other marks.
async fn change(house: &House, macs: &[Mac], change: impl Fn(&mut Phone)) {
    let store = &house.engine.store;
    let mut unit = store.begin().await.unwrap();
    for mac in macs {
        let mut row = store.phone(*mac).await.unwrap().unwrap();
        change(&mut row.phone);
        unit.update_phone(&row.phone, row.version, house.engine.clock.now())
            .await
            .unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
}

fn macs(house: &House) -> Vec<Mac> {
    house.fleet.phones().iter().map(|phone| phone.mac).collect()
}

/// Two entries of the inventory are one line at the SIP server: what it says is said of one phone.
pub(crate) async fn an_address_of_several_phones_is_never_surely_not_sent(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Shared", 3).behind_nat())).await;
    give(&house, &profile(&house, SipUse::Second)).await;
    let macs = macs(&house);
    let nobody = |phone: &mut Phone| "sip:nobody@pbx.test".clone_into(&mut phone.sip_uri);
    change(&house, &macs[..2], nobody).await;
    let targets = send(&house, "VOLUME_UP", json!({})).await;
    for mac in &macs[..2] {
        let expected = (TargetState::Unknown, Some(Cause::Sip(404)));
        let target = &targets[mac];
        assert_eq!((target.state, target.cause), expected);
        assert!(target.evidence.contains("may have carried it out"));
    }
    assert_eq!(end(&targets[&macs[2]]), BY_SIP);
}

/// A "yes" for an address that two phones have is believed of neither, until it is seen there.
pub(crate) async fn the_yes_of_one_of_several_phones_is_believed_of_none(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Shared", 3).with_sip())).await;
    give(&house, &profile(&house, SipUse::Only)).await;
    let macs = macs(&house);
    let row = house.engine.store.phone(macs[0]).await.unwrap().unwrap();
    let first = |phone: &mut Phone| phone.sip_uri.clone_from(&row.phone.sip_uri);
    change(&house, &macs[1..2], first).await;
    let targets = send(&house, "VOLUME_UP", json!({"verify": true})).await;
    let unseen = (
        TargetState::Unknown,
        Some(Cause::SharedAddress),
        Some(Transport::Sip),
        1,
    );
    assert_eq!(end(&targets[&macs[0]]), unseen);
    assert_eq!(end(&targets[&macs[1]]), unseen);
    assert_eq!(house.executed("VOLUME_UP", macs[1]), 0);
    let targets = send(&house, "DNDOn", json!({"verify": true})).await;
    assert_eq!(targets[&macs[0]].state, TargetState::Verified);
    assert_eq!(targets[&macs[1]].state, TargetState::Unknown);
}

/// Nobody commands by way of another phone what must be left alone.
pub(crate) async fn an_address_of_a_protected_phone_is_left_alone(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Shared", 3).behind_nat())).await;
    give(&house, &profile(&house, SipUse::Second)).await;
    let macs = macs(&house);
    let row = house.engine.store.phone(macs[0]).await.unwrap().unwrap();
    let first = |phone: &mut Phone| {
        phone.sip_uri.clone_from(&row.phone.sip_uri);
        phone.protected = true;
    };
    change(&house, &macs[1..2], first).await;
    let targets = send(&house, "VOLUME_UP", json!({})).await;
    for (mac, cause) in [
        (macs[0], Cause::AddressOfOthers),
        (macs[1], Cause::Protected),
    ] {
        let skipped = (TargetState::Skipped, Some(cause), None, 0);
        assert_eq!(end(&targets[&mac]), skipped);
        assert_eq!(house.executed("VOLUME_UP", mac), 0);
    }
    assert_eq!(end(&targets[&macs[2]]), BY_SIP);
    // Who is sent to over HTTP first, is, and has no second way.
    let include = json!({"include_protected": true});
    for target in send(&house, "VOLUME_UP", include).await.values() {
        assert_ne!(target.state, TargetState::Skipped, "{:?}", target.cause);
    }
}

/// Nor what whoever asks does not reach; and who is reached besides is named.
pub(crate) async fn an_address_of_a_phone_out_of_reach_is_left_alone(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Shared", 3).behind_nat())).await;
    give(&house, &profile(&house, SipUse::Second)).await;
    let macs = macs(&house);
    let row = house.engine.store.phone(macs[0]).await.unwrap().unwrap();
    let (site, address) = (row.phone.site.clone().unwrap(), row.phone.sip_uri.clone());
    let away = |phone: &mut Phone| {
        phone.sip_uri.clone_from(&address);
        phone.site = None;
        "Reception".clone_into(&mut phone.label);
    };
    change(&house, &macs[1..2], away).await;
    let request = json!({"action": "VOLUME_UP", "targets": {"phones": [macs[0], macs[2]]}});
    let request = serde_json::from_value(request).unwrap();
    let narrow = Caller::for_tests(Asker {
        reach: Reach::within(Some(Area::of([site.as_str()], []))),
        ..Asker::clone(&caller())
    });
    let preview = house.engine.preview_job(&narrow, &request).await.unwrap();
    let skipped: Vec<_> = preview.plan.skip.iter().map(|(p, c)| (p.mac, *c)).collect();
    assert_eq!(skipped, [(macs[0], Cause::AddressOfOthers)]);
    assert!(preview.by_sip.others.is_empty());
    let preview = house.engine.preview_job(&caller(), &request).await.unwrap();
    assert!(preview.plan.skip.is_empty());
    assert_eq!((preview.by_sip.first, preview.by_sip.shared), (2, 1));
    assert_eq!(preview.by_sip.others, ["Reception"]);
    // With an address HTTP comes first, and nothing behind it.
    let inside = |phone: &mut Phone| phone.address = Some(Ipv4Addr::LOCALHOST.into());
    change(&house, &macs[..1], inside).await;
    let preview = house.engine.preview_job(&narrow, &request).await.unwrap();
    assert!(preview.plan.skip.is_empty());
    let by_sip = preview.by_sip;
    assert_eq!((by_sip.first, by_sip.second, by_sip.shared), (1, 0, 0));
    let preview = house.engine.preview_job(&caller(), &request).await.unwrap();
    assert_eq!(preview.by_sip.second, 0);
    change(&house, &macs[..1], |phone| phone.address = None).await;
    let preview = house.engine.preview_job(&caller(), &request).await.unwrap();
    assert!(
        preview.request_example.contains("NOTIFY"),
        "{}",
        preview.request_example
    );
}

/// What was written by a profile that is gone, or for an address that another phone was given
/// meanwhile, is judged by how things are when it leaves.
pub(crate) async fn the_line_goes_by_the_profile_and_the_addresses_of_now(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Slow", 40).with_sip())).await;
    let job = in_the_line(&house).await;
    let row = house.engine.store.phone(macs(&house)[39]).await.unwrap();
    let last = row.unwrap().phone.sip_uri;
    let others = &macs(&house)[30..39];
    change(&house, others, |phone| last.clone_into(&mut phone.sip_uri)).await;
    let mut unit = house.engine.store.begin().await.unwrap();
    let site = &house.fleet.sites()[0].slug;
    unit.delete_sip_profile(site).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let counts = house.finished(&job).await.job.counts;
    // The profile said SIP only; without it the phones are sent to over HTTP.
    let by_sip = house.targets(&job).await.into_iter();
    let by_sip = by_sip.filter(|target| target.transport == Some(Transport::Sip));
    assert!(by_sip.count() <= 10, "{counts:?}");
    assert_eq!(counts.acknowledged, 40, "{counts:?}");
    assert_eq!(sent(&house), 40);
}
