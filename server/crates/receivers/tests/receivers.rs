//! Receivers over real sockets: what counts as taken, and what does not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use carillon_domain::Timestamp;
use carillon_receivers::{
    Destination, Dialer, Failure, Guard, GuardConfig, Limits, Message, Request, Severity, Trust,
    Verb,
};
use carillon_simulator::{Collector, Manners};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// 2026-11-26.
const NOW: Timestamp = Timestamp::from_micros(1_795_651_200_000_000);
const IN_TIME: Duration = Duration::from_millis(300);

fn dialer(trust: &Trust) -> Dialer {
    let guard = Guard::new(GuardConfig::default());
    let limits = Limits {
        open: Duration::from_secs(5),
        exchange: IN_TIME,
    };
    Dialer::new(guard, trust, limits, || NOW).unwrap()
}

fn patient(trust: &Trust) -> Dialer {
    let guard = Guard::new(GuardConfig::default());
    Dialer::new(guard, trust, Limits::default(), || NOW).unwrap()
}

fn to(scheme: &str, collector: &Collector) -> Destination {
    format!("{scheme}://{}", collector.address())
        .parse()
        .unwrap()
}

fn message(number: u64, text: &str) -> Message<'_> {
    Message {
        severity: Severity::Informational,
        at: NOW,
        host: "carillon.example",
        id: "test.told",
        number,
        text,
    }
}

fn post(body: &'static str) -> Request {
    Request {
        verb: Verb::Post,
        below: String::new(),
        content_type: "application/json",
        headers: vec![("webhook-id", "audit-0-0".to_owned())],
        body: Bytes::from_static(body.as_bytes()),
    }
}

/// A receiver's TLS for 127.0.0.1, and the authority behind it.
fn certificates() -> (Arc<ServerConfig>, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let own = own.signed_by(&key, &authority).unwrap();
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], private)
        .unwrap();
    (Arc::new(config), authority.pem())
}

#[tokio::test]
async fn a_batch_is_taken_in_its_order() {
    let collector = Collector::start(None).await.unwrap();
    let messages = [message(0, "{\"seq\":0}"), message(1, "S\u{fc}d\n2")];
    let receiver = to("syslog+tcp", &collector);
    patient(&Trust::default())
        .syslog(&receiver, &messages)
        .await
        .unwrap();
    let taken = collector.taken();
    assert_eq!(taken.len(), 2);
    assert!(
        taken[0]
            .text
            .ends_with("[meta sequenceId=\"1\"] {\"seq\":0}")
    );
    assert!(
        taken[1]
            .text
            .ends_with("[meta sequenceId=\"2\"] \u{feff}S\u{fc}d\n2")
    );
}

#[tokio::test]
async fn what_lies_in_a_buffer_is_not_taken() {
    let collector = Collector::start(None).await.unwrap();
    let receiver = to("syslog+tcp", &collector);
    let text = "x".repeat(2000);
    let many: Vec<_> = (0..200).map(|number| message(number, &text)).collect();
    collector.behave(Manners::Resets(3));
    let cut = patient(&Trust::default()).syslog(&receiver, &many).await;
    assert_eq!(cut, Err(Failure::HungUp));
    collector.behave(Manners::Silent);
    let silent = dialer(&Trust::default())
        .syslog(&receiver, &many[..2])
        .await;
    assert_eq!(silent, Err(Failure::NotConfirmed));
}

#[tokio::test]
async fn tls_wants_the_right_authority() {
    let (config, pem) = certificates();
    let collector = Collector::start(Some(config)).await.unwrap();
    let trust = Trust {
        authorities: Some(pem),
        own: None,
    };
    let (syslog, https) = (to("syslog+tls", &collector), to("https", &collector));
    patient(&trust)
        .syslog(&syslog, &[message(0, "a")])
        .await
        .unwrap();
    patient(&trust).request(&https, post("{}")).await.unwrap();
    assert_eq!(collector.taken().len(), 2);
    let (_, other) = certificates();
    for authorities in [Some(other), None] {
        let trust = Trust {
            authorities,
            own: None,
        };
        let stranger = patient(&trust).syslog(&syslog, &[message(1, "b")]).await;
        assert!(matches!(stranger, Err(Failure::Tls(_))), "{stranger:?}");
    }
    assert_eq!(collector.taken().len(), 2, "nothing leaves before trust");
}

#[tokio::test]
async fn http_counts_only_a_yes() {
    let collector = Collector::start(None).await.unwrap();
    let receiver = to("http", &collector);
    let dialer = dialer(&Trust::default());
    dialer.request(&receiver, post("{\"a\":1}")).await.unwrap();
    let taken = collector.taken();
    assert_eq!(taken[0].text, "{\"a\":1}");
    assert!(
        taken[0].head.starts_with("POST / HTTP/1.1\r\n"),
        "{}",
        taken[0].head
    );
    assert!(taken[0].head.contains("webhook-id: audit-0-0\r\n"));
    for status in [301, 400, 410, 500] {
        collector.behave(Manners::Answers(status));
        let told = dialer.request(&receiver, post("{}")).await;
        assert_eq!(
            told,
            Err(Failure::Status {
                status,
                again: None
            })
        );
    }
    collector.behave(Manners::Silent);
    let silent = dialer.request(&receiver, post("{}")).await;
    assert_eq!(silent, Err(Failure::NotConfirmed));
    assert_eq!(collector.taken().len(), 1);
}

#[tokio::test]
async fn nobody_there_and_nowhere_to_go() {
    let collector = Collector::start(None).await.unwrap();
    let address = collector.address();
    drop(collector);
    let dialer = dialer(&Trust::default());
    let refused = |text: String| {
        let dialer = dialer.clone();
        async move {
            let receiver = text.parse().unwrap();
            dialer
                .syslog(&receiver, &[message(0, "a")])
                .await
                .unwrap_err()
        }
    };
    assert_eq!(
        refused(format!("syslog+tcp://{address}")).await,
        Failure::Refused
    );
    for text in [
        "syslog+tcp://localhost:6514",
        "syslog+tcp://169.254.169.254:80",
    ] {
        let told = refused(text.to_owned()).await;
        assert!(matches!(told, Failure::Blocked(_)), "{text}: {told:?}");
    }
}
