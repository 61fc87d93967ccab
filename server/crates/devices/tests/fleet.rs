//! The Gateway against the simulator: every profile, over HTTP and HTTPS, and what the ledger of
//! the phones says to each outcome.
#![expect(
    clippy::expect_used,
    reason = "a test may end at what it did not expect"
)]

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use carillon_devices::{
    Credential, Delivery, Gateway, GatewayConfig, Guard, GuardConfig, Limits, PathAndQuery, Target,
};
use carillon_domain::outcome::Outcome;
use carillon_domain::phone::{AuthScheme, Contact, Scheme, TransportSecurity};
use carillon_domain::{Cause, TargetState, Timestamp};
use carillon_simulator::{Auth, Fleet, FleetConfig, Profile, SimulatedPhone, SiteConfig, Timing};

fn gateway() -> Gateway {
    Gateway::new(GatewayConfig {
        guard: Guard::new(GuardConfig {
            allow_loopback: true,
            ..GuardConfig::default()
        }),
        entropy: Arc::new(|| [7; 16]),
        now: Arc::new(|| Timestamp::from_micros(1_795_300_000_000_000)),
    })
    .expect("a gateway")
}

/// One phone of each profile at a site.
async fn zoo(security: TransportSecurity) -> Fleet {
    let count = u32::try_from(Profile::ALL.len()).expect("few profiles");
    let site = Profile::ALL.iter().fold(
        SiteConfig::new("Zoo", count).with_security(security),
        |site, profile| site.with(*profile, 1),
    );
    let timing = Timing {
        slow_ms: 100,
        drip_ms: 50,
        ..Timing::default()
    };
    Fleet::start(FleetConfig::default().with_timing(timing).with_site(site))
        .await
        .expect("a fleet")
}

async fn uniform(profile: Profile, security: TransportSecurity) -> Fleet {
    Fleet::start(FleetConfig::uniform(profile, 1, security))
        .await
        .expect("a fleet")
}

fn delivery(phone: &SimulatedPhone, security: TransportSecurity, query: &str) -> Delivery {
    let target = Target {
        address: IpAddr::V4(phone.address),
        port: phone.port,
        scheme: phone.scheme,
    };
    let path = format!("{}?{query}", phone.url_form.path());
    let path = PathAndQuery::parse(path).expect("a path");
    let mut delivery = Delivery::new(phone.mac, target, path);
    delivery.security = security;
    delivery.credential = Some(Arc::new(Credential::new(
        phone.username.as_str(),
        phone.password.as_str(),
    )));
    if phone.auth == Auth::LegacyLogin {
        delivery.auth = AuthScheme::LegacyLogin;
    }
    delivery.limits = Limits {
        connect: Duration::from_millis(500),
        first_byte: Duration::from_millis(700),
        whole: Duration::from_millis(1500),
        ..Limits::default()
    };
    delivery
}

/// What a profile has to end with: one of these.
fn expected(phone: &SimulatedPhone, security: TransportSecurity) -> Vec<Option<Cause>> {
    let in_clear = phone.scheme == Scheme::Http;
    let one = match phone.profile {
        Profile::ForbiddenIp | Profile::Disabled => Some(Cause::Forbidden),
        Profile::PromptOnce => Some(Cause::PromptPending),
        Profile::RedirectAway => Some(Cause::Redirected),
        Profile::RedirectHttps if in_clear => Some(Cause::Redirected),
        Profile::HttpOnly if security != TransportSecurity::PlainHttp => {
            Some(Cause::AuthNotAllowedInClear)
        }
        Profile::NotFound => Some(Cause::Unsupported),
        Profile::ServerError => Some(Cause::ServerError),
        Profile::Dark if in_clear => {
            return vec![Some(Cause::Refused), Some(Cause::ConnectionReset)];
        }
        Profile::Dark | Profile::TlsLegacyOnly if !in_clear => Some(Cause::TlsFailed),
        Profile::Refused => Some(Cause::Refused),
        Profile::BlackHole => Some(Cause::TimeoutConnect),
        Profile::Silent | Profile::Drip => Some(Cause::TimeoutAnswer),
        Profile::RebootReset
        | Profile::ResetBefore
        | Profile::ResetDuring
        | Profile::ResetAfter => Some(Cause::ConnectionReset),
        Profile::Garbage | Profile::InterimFlood => Some(Cause::BadAnswer),
        Profile::ThousandHeaders => Some(Cause::TooLarge),
        _ => None,
    };
    vec![one]
}

fn assert_honest(fleet: &Fleet, phone: &SimulatedPhone, outcome: &Outcome) {
    let executed = fleet.ledger().executions(phone.mac).len();
    let shown = (phone.profile, phone.scheme, outcome.cause);
    assert!(executed <= 1, "{shown:?} executed {executed} times");
    match outcome.state() {
        TargetState::Failed => assert_eq!(executed, 0, "{shown:?} was executed all the same"),
        TargetState::Acknowledged => assert!(
            !fleet.ledger().requests(phone.mac).is_empty(),
            "{shown:?} never saw a request"
        ),
        _ => {}
    }
}

#[tokio::test]
async fn every_profile_ends_with_its_cause_and_the_ledger_agrees() {
    for security in [TransportSecurity::PlainHttp, TransportSecurity::Pinned] {
        let fleet = zoo(security).await;
        let gateway = gateway();
        for phone in fleet.phones() {
            // The one whose peculiarity only shows at a reboot.
            let query = match phone.profile {
                Profile::RebootReset => "key=Reboot",
                _ => "key=DNDOn",
            };
            let outcome = gateway.deliver(delivery(phone, security, query)).await;
            let expected = expected(phone, security);
            assert!(
                expected.contains(&outcome.cause),
                "{:?} {security}: {:?} instead of {expected:?}",
                phone.profile,
                outcome.cause
            );
            assert_honest(&fleet, phone, &outcome);
        }
        fleet.stop().await;
    }
}

fn remembering(delivery: Delivery, outcome: &Outcome) -> Delivery {
    delivery.remembering(&Contact {
        auth_scheme: outcome.learned_auth.unwrap_or(AuthScheme::Unknown),
        tls_pin: outcome.learned_pin.clone(),
        ..Contact::default()
    })
}

#[tokio::test]
async fn what_the_first_contact_taught_spares_the_second_a_request() {
    for (profile, scheme, requests, connections) in [
        (Profile::Open, AuthScheme::None, (1, 1), (1, 1)),
        (Profile::Basic, AuthScheme::Basic, (2, 1), (2, 1)),
        (Profile::Digest, AuthScheme::DigestMd5, (2, 2), (1, 1)),
        (
            Profile::DigestSha256,
            AuthScheme::DigestSha256,
            (2, 2),
            (1, 1),
        ),
        (Profile::DigestClose, AuthScheme::DigestMd5, (2, 2), (2, 2)),
    ] {
        for security in [TransportSecurity::PlainHttp, TransportSecurity::Pinned] {
            let fleet = uniform(profile, security).await;
            let phone = &fleet.phones()[0];
            let gateway = gateway();
            let first = gateway.deliver(delivery(phone, security, "key=OK")).await;
            assert_eq!(first.cause, None, "{profile} {security}");
            assert_eq!(first.learned_auth, Some(scheme), "{profile} {security}");
            assert_eq!(first.learned_pin.is_some(), phone.scheme == Scheme::Https);
            let seen = fleet.ledger().totals();
            assert_eq!(seen.requests, requests.0, "{profile} {security}");
            assert_eq!(seen.connections, connections.0, "{profile} {security}");

            let again = remembering(delivery(phone, security, "key=OK"), &first);
            let second = gateway.deliver(again).await;
            assert_eq!(second.cause, None, "{profile} {security}");
            assert_eq!((second.learned_auth, &second.learned_pin), (None, &None));
            let seen = fleet.ledger().totals();
            assert_eq!(seen.requests, requests.0 + requests.1, "{profile}");
            assert_eq!(seen.connections, connections.0 + connections.1, "{profile}");
            assert_eq!(seen.executed, 2, "{profile} {security}");
            fleet.stop().await;
        }
    }
}

#[tokio::test]
async fn a_replaced_phone_is_noticed_before_anything_is_sent() {
    let security = TransportSecurity::Pinned;
    let fleet = uniform(Profile::Basic, security).await;
    let phone = &fleet.phones()[0];
    let gateway = gateway();
    let first = gateway.deliver(delivery(phone, security, "key=OK")).await;
    assert_eq!(first.learned_pin, fleet.tls_pin(phone.mac));

    fleet.change_key(phone.mac).expect("a phone");
    let before = fleet.ledger().totals().requests;
    let again = remembering(delivery(phone, security, "key=Reboot"), &first);
    let outcome = gateway.deliver(again).await;
    assert_eq!(outcome.cause, Some(Cause::TlsIdentityChanged));
    assert_eq!(fleet.ledger().totals().requests, before);
    fleet.stop().await;
}

#[tokio::test]
async fn a_phone_that_locks_us_out_is_told_from_a_wrong_password() {
    let security = TransportSecurity::PlainHttp;
    let fleet = uniform(Profile::LockoutAfter3, security).await;
    let phone = &fleet.phones()[0];
    fleet
        .set_password(phone.mac, "something else")
        .expect("a phone");
    let gateway = gateway();
    for _ in 0..3 {
        let outcome = gateway.deliver(delivery(phone, security, "key=OK")).await;
        assert_eq!(outcome.cause, Some(Cause::AuthFailed));
    }
    let outcome = gateway.deliver(delivery(phone, security, "key=OK")).await;
    assert_eq!(outcome.cause, Some(Cause::AuthLockedOut));
    assert!(fleet.ledger().executions(phone.mac).is_empty());
    fleet.stop().await;
}

#[tokio::test]
async fn settings_and_screen_are_fetched_whole() {
    let security = TransportSecurity::Pinned;
    let fleet = uniform(Profile::BmpScreenshot, security).await;
    let phone = &fleet.phones()[0];
    let gateway = gateway();
    let settings = gateway
        .fetch(delivery(
            phone,
            security,
            "phonecfg=get&accounts=1&dnd=1&fw=1",
        ))
        .await;
    assert_eq!(settings.outcome.cause, None);
    assert!(settings.complete);
    assert!(String::from_utf8_lossy(&settings.body).contains("[Accounts]"));

    let mut screen = delivery(phone, security, "");
    screen.path_and_query = PathAndQuery::parse("/screencapture").expect("a path");
    screen.limits.body = Limits::SCREENSHOT;
    let screen = gateway.fetch(screen).await;
    assert_eq!(screen.outcome.cause, None);
    assert!(screen.complete && screen.body.starts_with(b"BM"));
    fleet.stop().await;
}
