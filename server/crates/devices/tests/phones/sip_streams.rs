//! NOTIFYs over TCP and TLS: one connection for many, and what its end means.

use std::sync::Arc;
use std::time::Duration;

use carillon_devices::Notify;
use carillon_domain::sip::SipTransport::{Tcp, Tls};
use carillon_domain::{Cause, TargetState};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::peer::{Call, Peer};
use crate::sip_peer::{gateway, notify, reply};

/// Reads one whole request: head and body.
async fn request<S: AsyncRead + AsyncWrite + Unpin>(call: &mut Call<S>) -> Option<String> {
    let head = call.request().await?;
    let length = head
        .split("Content-Length: ")
        .nth(1)?
        .split("\r\n")
        .next()?;
    let mut body = vec![0; length.parse().ok()?];
    call.stream.read_exact(&mut body).await.ok()?;
    Some(head)
}

/// Answers all requests of all connections with 200.
async fn willing<S: AsyncRead + AsyncWrite + Unpin>(mut call: Call<S>) {
    while let Some(request) = request(&mut call).await {
        if !call.say(reply(&request, "200 OK", "")).await {
            return;
        }
    }
}

#[tokio::test]
async fn many_commands_share_one_connection() {
    let peer = Peer::tcp(willing).await;
    let gateway = Arc::new(gateway());
    let sends: Vec<_> = (0..60)
        .map(|_| {
            let (gateway, notify) = (Arc::clone(&gateway), notify(peer.port, Tcp));
            tokio::spawn(async move { gateway.notify(notify).await })
        })
        .collect();
    for send in sends {
        assert_eq!(send.await.expect("a send").cause, None);
    }
    assert_eq!((peer.connections(), peer.requests().len()), (1, 60));
}

#[tokio::test]
async fn answers_find_their_commands_in_any_order() {
    let peer = Peer::tcp(|mut call| async move {
        let (first, second) = (request(&mut call).await, request(&mut call).await);
        let (first, second) = (first.expect("one"), second.expect("two"));
        let both = format!(
            "\r\n\r\n{}{}{}OPTIONS sip:x SIP/2.0\r\nContent-Length: 2\r\n\r\nab{}",
            reply(&second, "100 Trying", ""),
            reply(&second, "489 Bad Event", ""),
            reply(&first, "100 Trying", ""),
            reply(&first, "200 OK", ""),
        );
        call.say(both).await;
        call.until_gone().await;
    })
    .await;
    let gateway = gateway();
    let mut second = notify(peer.port, Tcp);
    second.to = "2042@pbx.test".parse().expect("an address");
    let (one, two) = tokio::join!(
        gateway.notify(notify(peer.port, Tcp)),
        gateway.notify(second)
    );
    let asked = peer.requests();
    let expected = if asked[0].starts_with("NOTIFY sip:2041") {
        [None, Some(Cause::Sip(489))]
    } else {
        [Some(Cause::Sip(489)), None]
    };
    assert_eq!([one.cause, two.cause], expected);
}

#[tokio::test]
async fn a_connection_that_ends_ends_its_commands_at_once_and_nobody_knows() {
    let peer = Peer::tcp(|mut call| async move {
        request(&mut call).await;
    })
    .await;
    let outcome = gateway().notify(notify(peer.port, Tcp)).await;
    assert_eq!(outcome.cause, Some(Cause::ConnectionReset));
    assert_eq!(outcome.state(), TargetState::Unknown);
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn after_a_connection_has_ended_the_next_command_opens_another() {
    let peer = Peer::tcp(|mut call| async move {
        let asked = request(&mut call).await.expect("a request");
        call.say(reply(&asked, "200 OK", "")).await;
    })
    .await;
    let gateway = gateway();
    for count in 1..=3 {
        assert_eq!(gateway.notify(notify(peer.port, Tcp)).await.cause, None);
        peer.left().await;
        assert_eq!(peer.connections(), count);
    }
}

#[tokio::test]
async fn of_the_connections_to_many_phones_few_are_kept() {
    const PHONES: u32 = 150;
    let over = Arc::new(Semaphore::new(0));
    let gateway = gateway();
    for _ in 0..PHONES {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let over = Arc::clone(&over);
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut bytes = vec![0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut bytes).await {
                let asked = String::from_utf8_lossy(&bytes[..length]).into_owned();
                let answer = reply(&asked, "200 OK", "");
                stream.write_all(answer.as_bytes()).await.expect("taken");
            }
            over.add_permits(1);
        });
        let outcome = gateway.notify(notify(port, Tcp)).await;
        assert_eq!(outcome.cause, None);
    }
    // They are closed long before the half minute that ends each by itself.
    let closed = over.acquire_many(PHONES - 64);
    let closed = timeout(Duration::from_secs(10), closed).await;
    assert!(closed.is_ok_and(|closed| closed.is_ok()));
}

#[tokio::test]
async fn a_refused_connection_is_surely_not_sent() {
    let port = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        listener.local_addr().expect("an address").port()
    };
    for transport in [Tcp, Tls] {
        let outcome = gateway().notify(notify(port, transport)).await;
        assert_eq!(outcome.cause, Some(Cause::Refused));
        assert_eq!(outcome.state(), TargetState::Failed);
    }
}

#[tokio::test]
async fn what_is_no_sip_ends_the_connection() {
    for nonsense in [
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n".to_owned(),
        "SIP/2.0 200 OK\r\nContent-Length: -1\r\n\r\n".to_owned(),
        "A".repeat(100_000),
    ] {
        let peer = Peer::tcp(move |mut call| {
            let nonsense = nonsense.clone();
            async move {
                request(&mut call).await;
                call.say(nonsense).await;
                call.until_gone().await;
            }
        })
        .await;
        let outcome = gateway().notify(notify(peer.port, Tcp)).await;
        assert_eq!(outcome.cause, Some(Cause::BadAnswer));
    }
}

/// An authority and a server that it vouches for under a name.
pub(crate) struct Named {
    pub(crate) ca_pem: String,
    pub(crate) server: Arc<ServerConfig>,
}

pub(crate) fn named(name: &str) -> Named {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2027, 1, 1));
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"));
    let authority = authority.expect("an authority");
    let mut leaf = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    (leaf.not_before, leaf.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2027, 1, 1));
    let key = KeyPair::generate().expect("a key");
    let leaf = leaf.signed_by(&key, &authority).expect("a certificate");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
        )
        .expect("a server");
    Named {
        ca_pem: authority.pem(),
        server: Arc::new(config),
    }
}

fn tls(port: u16, name: Option<&str>, ca_pem: Option<&str>) -> Notify {
    let mut notify = notify(port, Tls);
    notify.hop.tls_name = name.map(str::to_owned);
    notify.hop.ca_pem = ca_pem.map(Arc::from);
    notify
}

#[tokio::test]
async fn tls_is_spoken_only_with_the_name_and_the_authority_of_the_profile() {
    let (own, other) = (named("pbx.test"), named("pbx.test"));
    let peer = Peer::tls(vec![Arc::clone(&own.server)], willing).await;
    let (ca, port) = (own.ca_pem.as_str(), peer.port);
    for (name, authority, cause) in [
        (Some("pbx.test"), Some(ca), None),
        (Some("PBX.test"), Some(ca), None),
        // A phone's certificate names the phone, not its address.
        (None, Some(ca), None),
        (Some("other.test"), Some(ca), Some(Cause::TlsFailed)),
        (Some("127.0.0.1"), Some(ca), Some(Cause::TlsFailed)),
        (Some("not a name"), Some(ca), Some(Cause::TlsFailed)),
        (
            Some("pbx.test"),
            Some(other.ca_pem.as_str()),
            Some(Cause::TlsFailed),
        ),
        (Some("pbx.test"), None, Some(Cause::TlsFailed)),
        (None, None, Some(Cause::TlsFailed)),
    ] {
        let asked = peer.requests().len();
        let outcome = gateway().notify(tls(port, name, authority)).await;
        assert_eq!(outcome.cause, cause, "{name:?}");
        let sent = peer.requests().len() - asked;
        assert_eq!(sent, usize::from(cause.is_none()), "{name:?}");
    }
}

#[tokio::test]
async fn what_is_trusted_for_one_site_is_not_for_another() {
    let own = named("pbx.test");
    let peer = Peer::tls(vec![Arc::clone(&own.server)], willing).await;
    let gateway = gateway();
    let good = tls(peer.port, Some("pbx.test"), Some(&own.ca_pem));
    assert_eq!(gateway.notify(good).await.cause, None);
    let bad = tls(peer.port, Some("other.test"), Some(&own.ca_pem));
    assert_eq!(gateway.notify(bad).await.cause, Some(Cause::TlsFailed));
}
