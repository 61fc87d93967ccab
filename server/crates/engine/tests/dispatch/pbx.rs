//! A PBX as the way to the phones: handed over is not done, until somebody sees the effect.

use carillon_domain::outcome::Transport;
use carillon_domain::sip::{NotifyWay, SipUse};
use carillon_domain::{Cause, Counts, TargetState};
use carillon_simulator::{Profile, SiteConfig};
use serde_json::json;

use crate::house::{House, Place, caller};
use crate::pbx_peer::{Manner, Pbx};
use crate::sip::{end, fleet, send};

const WAYS: [(NotifyWay, Transport); 2] = [
    (NotifyWay::Ami, Transport::Ami),
    (NotifyWay::Esl, Transport::Esl),
];

pub(crate) async fn what_a_pbx_takes_is_unknown_until_the_effect_is_seen(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Pbx", 4).with_sip())).await;
    for (round, (way, transport)) in (1..).zip(WAYS) {
        let pbx = Pbx::new(&house, way, Manner::Takes).await;
        pbx.give(&house, SipUse::Only).await;
        let unseen = (
            TargetState::Unknown,
            Some(Cause::HandedOver),
            Some(transport),
            1,
        );
        for (mac, target) in send(&house, "VOLUME_UP", json!({"verify": true})).await {
            assert_eq!(end(&target), unseen);
            assert!(target.excerpt.contains("NOTIFY sent"), "{}", target.excerpt);
            assert_eq!(house.executed("VOLUME_UP", mac), round);
        }
        let action = ["DNDOn", "DNDOff"][usize::from(way == NotifyWay::Esl)];
        for (mac, target) in send(&house, action, json!({"verify": true})).await {
            let seen = (TargetState::Verified, None, Some(transport), 1);
            assert_eq!(end(&target), seen, "{}", target.evidence);
            assert_eq!(house.executed(action, mac), 1);
        }
        for target in send(&house, "CheckSyncRestart", json!({"verify": true}))
            .await
            .values()
        {
            assert_eq!(target.state, TargetState::Verified, "{}", target.evidence);
        }
        assert_eq!(pbx.asked().len(), 4);
        assert!(pbx.asked().values().all(|times| *times == 3));
    }
    let events = house.events().await;
    let told = |way: &str| {
        let results = events
            .iter()
            .filter(|event| event.action == "target.result");
        results
            .filter(|event| event.detail["transport"] == way)
            .count()
    };
    // One for each command, and one for each effect that was seen.
    assert!(told("ami") >= 12 && told("esl") >= 12);
}

pub(crate) async fn what_a_pbx_refuses_has_failed_and_is_not_said_again(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Pbx", 3).with_sip())).await;
    for (way, transport) in WAYS {
        let pbx = Pbx::new(&house, way, Manner::Refuses).await;
        pbx.give(&house, SipUse::Only).await;
        let refused = (
            TargetState::Failed,
            Some(Cause::PbxRefused),
            Some(transport),
            1,
        );
        for target in send(&house, "VOLUME_UP", json!({"retries": 2}))
            .await
            .values()
        {
            assert_eq!(end(target), refused);
            assert!(
                target.excerpt.contains("Unable to retrieve"),
                "{}",
                target.excerpt
            );
        }
        assert!(pbx.asked().values().all(|times| *times == 1));
    }
}

pub(crate) async fn a_pbx_is_the_second_way_after_what_surely_was_not_sent(place: Place) {
    let site = SiteConfig::new("Pbx", 6)
        .with_sip()
        .with(Profile::Refused, 2)
        .with(Profile::ResetAfter, 2);
    let house = House::new(place, fleet(site)).await;
    let pbx = Pbx::new(&house, NotifyWay::Ami, Manner::Takes).await;
    pbx.give(&house, SipUse::Second).await;
    let http = Some(Transport::Http);
    for (mac, target) in send(&house, "VOLUME_UP", json!({})).await {
        let expected = match house.fleet.phone(mac).unwrap().profile {
            Profile::Refused => (
                TargetState::Unknown,
                Some(Cause::HandedOver),
                Some(Transport::Ami),
                2,
            ),
            Profile::ResetAfter => (TargetState::Unknown, Some(Cause::ConnectionReset), http, 1),
            _ => (TargetState::Acknowledged, None, http, 1),
        };
        assert_eq!(end(&target), expected);
        assert_eq!(house.executed("VOLUME_UP", mac), 1);
    }
    assert_eq!(pbx.asked().len(), 2);
    // Without it, and once more in its own way where it is away.
    drop(pbx);
    for target in send(&house, "VOLUME_UP", json!({})).await.values() {
        if target.attempts == 2 {
            let refused = (
                TargetState::Failed,
                Some(Cause::Refused),
                Some(Transport::Ami),
                2,
            );
            assert_eq!(end(target), refused);
        }
    }
}

pub(crate) async fn a_wrong_password_of_a_pbx_holds_its_phones_and_no_credential_of_theirs(
    place: Place,
) {
    let house = House::new(place, fleet(SiteConfig::new("Pbx", 8).with_sip())).await;
    let pbx = Pbx::new(&house, NotifyWay::Esl, Manner::KnowsNobody).await;
    pbx.give(&house, SipUse::Only).await;
    let options = json!({"max_auth_failed": 0});
    let refused = (
        TargetState::Failed,
        Some(Cause::AuthFailed),
        Some(Transport::Esl),
        1,
    );
    let targets = send(&house, "VOLUME_UP", options).await;
    let tried = targets.values().filter(|target| end(target) == refused);
    assert!(tried.count() > 0);
    for target in targets.values().filter(|target| end(target) != refused) {
        let behind = (
            TargetState::Failed,
            Some(Cause::PbxRefused),
            Some(Transport::Esl),
            1,
        );
        assert_eq!(end(target), behind);
    }
    assert!(pbx.asked().is_empty());
    // The phones' own password was never in question, and they were never spoken to.
    let options = json!({"transport": "http", "max_auth_failed": 1});
    for target in send(&house, "VOLUME_UP", options).await.values() {
        assert_eq!(target.state, TargetState::Acknowledged);
    }
}

/// Behind a NAT nothing can be looked at. A job with its first phone ahead goes on all the same.
pub(crate) async fn what_a_pbx_took_stops_no_job(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Nat", 6).behind_nat())).await;
    let pbx = Pbx::new(&house, NotifyWay::Ami, Manner::Takes).await;
    pbx.give(&house, SipUse::Second).await;
    let careful = json!({"canary": 1, "max_failed_percent": 10, "window": 2});
    let job = house.reboot(careful.clone()).await;
    let counts = house.finished(&job).await.job.counts;
    assert_eq!((counts.unknown, counts.skipped), (6, 0), "{counts:?}");
    // What it does not take counts as before: the first phone spares the others.
    let other = Pbx::new(&house, NotifyWay::Esl, Manner::Refuses).await;
    other.give(&house, SipUse::Second).await;
    let job = house.reboot(careful).await;
    let counts = house.finished(&job).await.job.counts;
    assert_eq!((counts.failed, counts.skipped), (1, 5), "{counts:?}");
}

pub(crate) async fn what_was_being_handed_over_at_a_crash_is_not_said_twice(place: Place) {
    let mut house = House::new(place, fleet(SiteConfig::new("Pbx", 3).behind_nat())).await;
    let mut pbx = Pbx::new(&house, NotifyWay::Ami, Manner::SaysNothing).await;
    pbx.give(&house, SipUse::Second).await;
    let job = house
        .submit(json!({
            "action": "VOLUME_UP", "targets": {"filter": ""}, "reason": "test",
            "options": {"window": 1, "canary": 0, "max_failed_percent": 100},
        }))
        .await;
    pbx.until(1).await;
    let recovered = house.restart_after_crash().await;
    assert_eq!(recovered.unknown, 1);
    let left = house.engine.job(&caller(), &job).await.unwrap();
    assert_eq!((left.job.counts.unknown, left.job.counts.waiting), (1, 2));
    let targets = house.targets(&job).await;
    let unknown = targets
        .iter()
        .find(|target| target.state == TargetState::Unknown);
    assert_eq!(unknown.unwrap().cause, Some(Cause::Interrupted));
    house.engine.cancel_job(&caller(), &job).await.unwrap();
    house.finished(&job).await;
    let asked: u32 = pbx.asked().values().sum();
    assert_eq!(asked, 1);
}

pub(crate) async fn what_is_cancelled_before_a_pbx_is_not_handed_over(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Pbx", 5).with_sip())).await;
    for way in [NotifyWay::Ami, NotifyWay::Esl] {
        let mut pbx = Pbx::new(&house, way, Manner::SaysNothing).await;
        pbx.give(&house, SipUse::Only).await;
        let job = house
            .submit(json!({
                "action": "VOLUME_UP", "targets": {"filter": ""}, "reason": "test",
                "options": {"window": 64, "canary": 0, "max_failed_percent": 100,
                    "site_max_down_percent": 100, "verify": false},
            }))
            .await;
        pbx.until(1).await;
        until(&house, &job, |counts| counts.sending == 5).await;
        house.engine.cancel_job(&caller(), &job).await.unwrap();
        until(&house, &job, |counts| counts.cancelled == 4).await;
        let asked: u32 = pbx.asked().values().sum();
        drop(pbx);
        let counts = house.finished(&job).await.job.counts;
        assert_eq!((counts.unknown, counts.cancelled), (1, 4), "{counts:?}");
        assert_eq!(asked, 1);
        for target in house.targets(&job).await {
            let cancelled = target.state == TargetState::Cancelled;
            assert_eq!(target.attempts, i64::from(!cancelled));
        }
    }
}

async fn until(house: &House, job: &str, is_so: impl Fn(&Counts) -> bool) {
    let mut changes = house.engine.feed.watch_job(job);
    loop {
        let snapshot = house.engine.job(&caller(), job).await.unwrap();
        if is_so(&snapshot.job.counts) {
            return;
        }
        changes.changed().await.unwrap();
    }
}

/// Two phones have each other's address in the list: that the other one restarts is no proof.
pub(crate) async fn another_phone_that_comes_back_proves_nothing_of_what_was_handed_over(
    place: Place,
) {
    let site = SiteConfig::new("Pbx", 4)
        .with_sip()
        .with(Profile::WrongPhoneAtIp, 2);
    let house = House::new(place, fleet(site)).await;
    let pbx = Pbx::new(&house, NotifyWay::Ami, Manner::Takes).await;
    pbx.give(&house, SipUse::Only).await;
    let targets = send(&house, "CheckSyncRestart", json!({"verify": true})).await;
    let of = |state: TargetState| targets.values().filter(move |target| target.state == state);
    assert_eq!(of(TargetState::Verified).count(), 2);
    let wrong: Vec<_> = of(TargetState::Unknown)
        .map(|target| target.cause)
        .collect();
    assert_eq!(wrong, [Some(Cause::WrongPhone); 2]);
}

pub(crate) async fn two_phones_with_one_user_at_an_asterisk_are_told_as_one(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Pbx", 3).with_sip())).await;
    let store = &house.engine.store;
    let mut unit = store.begin().await.unwrap();
    for (phone, host) in house.fleet.phones().iter().zip(["kiel", "bonn"]) {
        let mut row = store.phone(phone.mac).await.unwrap().unwrap();
        row.phone.sip_uri = format!("2041@{host}");
        unit.update_phone(&row.phone, row.version, house.engine.clock.now())
            .await
            .unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
    for (way, shared) in [(NotifyWay::Ami, 2), (NotifyWay::Esl, 0)] {
        let pbx = Pbx::new(&house, way, Manner::Refuses).await;
        pbx.give(&house, SipUse::Only).await;
        let request = json!({"action": "VOLUME_UP", "targets": {"filter": ""}});
        let request = serde_json::from_value(request).unwrap();
        let preview = house.engine.preview_job(&caller(), &request).await.unwrap();
        assert_eq!((preview.by_sip.first, preview.by_sip.shared), (3, shared));
    }
}

pub(crate) async fn what_is_cancelled_while_a_pbx_lets_us_in_is_not_handed_over(place: Place) {
    let house = House::new(place, fleet(SiteConfig::new("Pbx", 2).with_sip())).await;
    for way in [NotifyWay::Ami, NotifyWay::Esl] {
        let mut pbx = Pbx::new(&house, way, Manner::LetsInLate).await;
        pbx.give(&house, SipUse::Only).await;
        let job = house
            .submit(json!({
                "action": "VOLUME_UP", "targets": {"filter": ""}, "reason": "test",
                "options": {"window": 64, "canary": 0, "max_failed_percent": 100,
                    "site_max_down_percent": 100, "verify": false},
            }))
            .await;
        pbx.until(1).await;
        until(&house, &job, |counts| counts.sending == 2).await;
        house.engine.cancel_job(&caller(), &job).await.unwrap();
        pbx.let_in();
        let counts = house.finished(&job).await.job.counts;
        assert_eq!(counts.cancelled, 2, "{counts:?}");
        assert!(pbx.asked().is_empty());
    }
}
