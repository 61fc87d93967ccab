//! The cases: who is asked, by which way, and what has to come of it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use carillon_devices::{
    ActionBody, Credential, Gateway, GatewayConfig, Guard, GuardConfig, Hop, Message, Notify,
};
use carillon_domain::sip::SipTransport::{self, Tcp, Tls, Udp};
use carillon_domain::{Mac, TargetState, Timestamp};

use crate::house::Peers;

/// 2026-11-22, when the certificates are valid.
const NOW: Timestamp = Timestamp::from_micros(1_795_300_000_000_000);
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// One case.
struct Case {
    name: &'static str,
    port: u16,
    transport: SipTransport,
    user: &'static str,
    password: Option<&'static str>,
    tls_name: Option<&'static str>,
    /// The cause that it has to end with; blank = acknowledged.
    ends: &'static str,
    /// Whether a phone may have done it all the same.
    may_have_run: bool,
}

const fn case(
    name: &'static str,
    (port, transport): (u16, SipTransport),
    user: &'static str,
    ends: &'static str,
) -> Case {
    Case {
        name,
        port,
        transport,
        user,
        password: None,
        tls_name: None,
        ends,
        may_have_run: false,
    }
}

const fn signed(
    name: &'static str,
    way: (u16, SipTransport),
    password: &'static str,
    ends: &'static str,
) -> Case {
    Case {
        password: Some(password),
        ..case(name, way, "willing", ends)
    }
}

fn cases(peers: &Peers) -> Vec<Case> {
    let (phones, md5, sha) = (peers.phones, peers.md5, peers.sha256);
    let direct = |name, port, ends| case(name, (port, Udp), "phone", ends);
    let through = |name, user, ends| case(name, (md5.open, Udp), user, ends);
    let over_tls = |name, tls_name, ends| Case {
        tls_name: Some(tls_name),
        ..case(name, (md5.tls, Tls), "willing", ends)
    };
    vec![
        direct("straight: 200", phones.willing, ""),
        direct("straight: 489", phones.bad_event, "sip_489"),
        direct("straight: 481", phones.no_dialog, "sip_481"),
        direct("straight: silence", phones.silent, "sip_timeout"),
        direct(
            "straight: trusts its server only",
            phones.trusting,
            "sip_403",
        ),
        direct("straight: a line that loses", phones.lossy, ""),
        case("straight: TCP", (phones.over_tcp, Tcp), "phone", ""),
        through("through: 200", "willing", ""),
        through("through: 489", "bad-event", "sip_489"),
        through("through: 481", "no-dialog", "sip_481"),
        through("through: silence, told as 408", "silent", "sip_timeout"),
        through("through: trusts its server only", "trusting", ""),
        through("through: a phone on TCP", "over-tcp", ""),
        through("through: 404", "nobody", "sip_404"),
        through("through: 480", "away", "sip_480"),
        through("through: two phones, one takes it", "fork", ""),
        Case {
            may_have_run: true,
            ..through(
                "through: known as two phones, none takes it",
                "away",
                "sip_480",
            )
        },
        Case {
            may_have_run: true,
            ..through("through: a server that fails", "broken", "sip_500")
        },
        case(
            "through: 403 of the server",
            (md5.deny, Udp),
            "willing",
            "sip_403",
        ),
        case("through: TCP", (md5.open, Tcp), "willing", ""),
        over_tls("through: TLS", "pbx.test", ""),
        over_tls("through: TLS of another name", "other.test", "tls_failed"),
        signed("407 MD5", (md5.asks_407, Udp), "secret", ""),
        signed("407 MD5 over TCP", (md5.asks_407, Tcp), "secret", ""),
        signed("401 MD5", (md5.asks_401, Udp), "secret", ""),
        signed("407 SHA-256", (sha.asks_407, Udp), "secret", ""),
        signed("407 SHA-256 over TCP", (sha.asks_407, Tcp), "secret", ""),
        signed("401 SHA-256", (sha.asks_401, Udp), "secret", ""),
        signed(
            "407, a wrong password",
            (md5.asks_407, Udp),
            "guess",
            "auth_failed",
        ),
        case(
            "407, no password",
            (md5.asks_407, Udp),
            "willing",
            "no_credential",
        ),
    ]
}

/// Runs every case, and tells all that ended otherwise.
pub(crate) async fn run(peers: &Peers) {
    let gateway = Arc::new(gateway());
    let cases = cases(peers);
    assert!(cases.len() >= 25);
    let running: Vec<_> = cases
        .into_iter()
        .map(|case| {
            let (gateway, notify) = (Arc::clone(&gateway), notify(&case, peers));
            let outcome = tokio::spawn(async move { gateway.notify(notify).await });
            (case, outcome)
        })
        .collect();
    let mut wrong = Vec::new();
    for (case, outcome) in running {
        let outcome = outcome.await.expect("an outcome");
        let cause = outcome.cause.map(|cause| cause.to_string());
        let state = outcome.state();
        let expected = match case.ends {
            "" => TargetState::Acknowledged,
            "sip_timeout" => TargetState::Unknown,
            _ if case.may_have_run => TargetState::Unknown,
            _ => TargetState::Failed,
        };
        if cause.as_deref().unwrap_or_default() != case.ends || state != expected {
            wrong.push(format!(
                "{}: {state}, {cause:?}, {}",
                case.name, outcome.excerpt
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn notify(case: &Case, peers: &Peers) -> Notify {
    let is_direct = case.user == "phone";
    let to = if is_direct {
        format!("2041@127.0.0.1:{}", case.port)
    } else {
        format!("{}@pbx.test", case.user)
    };
    Notify {
        mac: Mac::from_bytes([0, 0x15, 0x65, 1, 2, 3]),
        hop: Hop {
            address: LOCALHOST,
            port: case.port,
            transport: case.transport,
            tls_name: case.tls_name.map(str::to_owned),
            ca_pem: Some(peers.ca_pem.as_str().into()),
            passes_on: !is_direct,
            pbx: None,
            rate: 200,
        },
        to: to.parse().expect("an address"),
        from: "dash@pbx.test".parse().expect("an address"),
        message: Message::ActionUri(ActionBody::parse("key=OK").expect("a body")),
        credential: case
            .password
            .map(|password| Arc::new(Credential::new("dash", password))),
        realm: "pbx.test".to_owned(),
        shared: case.name.contains("known"),
    }
}

fn gateway() -> Gateway {
    let count = AtomicU64::new(1);
    let gateway = Gateway::new(GatewayConfig {
        guard: Guard::new(GuardConfig {
            allow_loopback: true,
            ..GuardConfig::default()
        }),
        entropy: Arc::new(move || {
            let next = count.fetch_add(1, Ordering::Relaxed);
            (u128::from(std::process::id()) << 96 | u128::from(next) << 64 | u128::from(next))
                .to_be_bytes()
        }),
        now: Arc::new(|| NOW),
    });
    // Silence ends after 6.4 s; what is lost is made up for within a second or two.
    gateway
        .expect("a gateway")
        .with_sip_t1(Duration::from_millis(100))
}
