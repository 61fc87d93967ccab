//! Gateways and deliveries for the tests.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use carillon_devices::{
    Credential, Delivery, Fetched, Gateway, GatewayConfig, Guard, GuardConfig, Limits,
    PathAndQuery, Target,
};
use carillon_domain::outcome::Outcome;
use carillon_domain::phone::{AuthScheme, Scheme, TransportSecurity};
use carillon_domain::{Cause, Mac, TargetState, Timestamp};

/// 2026-11-22, when the certificates of these tests are valid.
const NOW: Timestamp = Timestamp::from_micros(1_795_300_000_000_000);

pub(crate) fn gateway() -> Gateway {
    gateway_beside(Vec::new())
}

pub(crate) fn gateway_beside(own_addresses: Vec<SocketAddr>) -> Gateway {
    let guard = Guard::new(GuardConfig {
        allow_loopback: true,
        own_addresses,
        ..GuardConfig::default()
    });
    Gateway::new(GatewayConfig {
        guard,
        entropy: Arc::new(|| [7; 16]),
        now: Arc::new(|| NOW),
    })
    .expect("a gateway")
}

/// A delivery over plain HTTP at a site of plain HTTP, with limits fit for tests.
pub(crate) fn http(port: u16) -> Delivery {
    delivery(port, Scheme::Http, TransportSecurity::PlainHttp)
}

/// A delivery over HTTPS at a site that pins.
pub(crate) fn https(port: u16) -> Delivery {
    delivery(port, Scheme::Https, TransportSecurity::Pinned)
}

pub(crate) fn delivery(port: u16, scheme: Scheme, security: TransportSecurity) -> Delivery {
    let target = Target {
        address: Ipv4Addr::LOCALHOST.into(),
        port,
        scheme,
    };
    let mut delivery = Delivery::new(
        Mac::from_bytes([0, 0x15, 0x65, 1, 2, 3]),
        target,
        PathAndQuery::parse("/servlet?key=Reboot").expect("a path"),
    );
    delivery.security = security;
    delivery
}

pub(crate) fn with_password(mut delivery: Delivery) -> Delivery {
    delivery.credential = Some(Arc::new(Credential::new("admin", "s3cret")));
    delivery
}

pub(crate) fn remembering(mut delivery: Delivery, auth: AuthScheme) -> Delivery {
    delivery.auth = auth;
    delivery
}

/// Short limits, for phones that have to be waited for.
pub(crate) fn impatient(mut delivery: Delivery) -> Delivery {
    let short = Duration::from_millis(300);
    delivery.limits = Limits {
        connect: short,
        tls: short,
        first_byte: short,
        whole: Duration::from_millis(600),
        ..Limits::default()
    };
    delivery
}

pub(crate) async fn deliver(delivery: Delivery) -> Outcome {
    gateway().deliver(delivery).await
}

pub(crate) async fn fetch(delivery: Delivery) -> Fetched {
    gateway().fetch(delivery).await
}

/// The cause of a delivery, and that it promises what it should.
pub(crate) async fn cause(delivery: Delivery) -> Option<Cause> {
    deliver(delivery).await.cause
}

pub(crate) fn assert_surely_not_done(cause: Option<Cause>) {
    assert_eq!(
        cause.map(Cause::state),
        Some(TargetState::Failed),
        "{cause:?}"
    );
}
