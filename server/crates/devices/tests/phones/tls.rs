//! Phones that speak TLS, or pretend to.

use std::sync::Arc;

use carillon_devices::Delivery;
use carillon_devices::tls::{InvalidAuthority, check_authority};
use carillon_domain::Cause;
use carillon_domain::outcome::Transport;
use carillon_domain::phone::{AuthScheme, Scheme, TransportSecurity};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PublicKeyData,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use crate::gate::{
    assert_surely_not_done, cause, deliver, delivery, fetch, http, https, impatient, remembering,
    with_password,
};
use crate::peer::Peer;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const BASIC: &str = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"phone\"\r\n\
                     Content-Length: 0\r\nConnection: close\r\n\r\n";

/// What makes a phone itself.
struct Identity {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Identity {
    fn self_signed() -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(vec!["phone".into()])
            .and_then(|params| params.self_signed(&key))
            .expect("a certificate");
        Self {
            certificate: certificate.der().clone(),
            key,
        }
    }

    fn pin(&self) -> String {
        hex::encode(Sha256::digest(self.key.subject_public_key_info()))
    }

    fn server(&self) -> Arc<ServerConfig> {
        self.server_with_key(&self.key)
    }

    /// A server that shows this certificate and signs with that key.
    fn server_with_key(&self, key: &KeyPair) -> Arc<ServerConfig> {
        let provider = ring::default_provider();
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let key = provider
            .key_provider
            .load_private_key(key)
            .expect("a signing key");
        let shown = CertifiedKey::new(vec![self.certificate.clone()], key);
        let config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
        Arc::new(config)
    }
}

async fn phone(identities: &[&Identity], answers: &[&str]) -> Peer {
    let answers: Vec<String> = answers.iter().map(|&a| a.to_owned()).collect();
    let configs = identities.iter().map(|i| i.server()).collect();
    Peer::tls(configs, move |mut call| {
        let answers = answers.clone();
        async move {
            call.answer_in_turn(&answers).await;
            let _ = call.stream.shutdown().await;
        }
    })
    .await
}

fn pinned(port: u16, pin: String) -> Delivery {
    let mut delivery = https(port);
    delivery.pin = Some(pin);
    delivery
}

#[tokio::test]
async fn the_key_of_the_first_contact_is_learned() {
    let identity = Identity::self_signed();
    let peer = phone(&[&identity], &[OK]).await;
    let outcome = deliver(https(peer.port)).await;
    assert_eq!(outcome.cause, None);
    assert_eq!(outcome.transport, Transport::Https);
    assert_eq!(outcome.learned_pin, Some(identity.pin()));
}

#[tokio::test]
async fn the_known_key_is_let_through() {
    let identity = Identity::self_signed();
    for pin in [identity.pin(), identity.pin().to_uppercase()] {
        let peer = phone(&[&identity], &[OK]).await;
        let outcome = deliver(pinned(peer.port, pin)).await;
        assert_eq!((outcome.cause, outcome.learned_pin), (None, None));
    }
}

#[tokio::test]
async fn another_key_stops_it_before_anything_is_sent() {
    let identity = Identity::self_signed();
    for pin in [Identity::self_signed().pin(), String::new(), "x".into()] {
        for security in [TransportSecurity::Pinned, TransportSecurity::PlainHttp] {
            let peer = phone(&[&identity], &[OK]).await;
            let mut delivery = with_password(pinned(peer.port, pin.clone()));
            delivery.security = security;
            delivery.auth = AuthScheme::Basic;
            let outcome = deliver(delivery).await;
            assert_eq!(outcome.cause, Some(Cause::TlsIdentityChanged));
            assert_surely_not_done(outcome.cause);
            assert_eq!(outcome.learned_pin, None);
            assert!(outcome.reached);
            assert!(peer.requests().is_empty());
        }
    }
}

#[tokio::test]
async fn a_certificate_without_its_key_is_refused() {
    let identity = Identity::self_signed();
    let stolen = identity.server_with_key(&Identity::self_signed().key);
    for pin in [None, Some(identity.pin())] {
        let peer = Peer::tls(vec![Arc::clone(&stolen)], |mut call| async move {
            call.request().await;
        })
        .await;
        let mut delivery = https(peer.port);
        delivery.pin = pin;
        let outcome = deliver(delivery).await;
        assert_eq!(outcome.cause, Some(Cause::TlsFailed));
        assert_eq!(outcome.learned_pin, None);
        assert!(peer.requests().is_empty());
    }
}

#[tokio::test]
async fn the_password_goes_only_to_the_key_that_asked_for_it() {
    let (first, second) = (Identity::self_signed(), Identity::self_signed());
    let peer = phone(&[&first, &second], &[BASIC, OK]).await;
    let outcome = deliver(with_password(https(peer.port))).await;
    assert_eq!(outcome.cause, Some(Cause::TlsIdentityChanged));
    assert_eq!(outcome.learned_pin, None);
    assert_eq!(peer.sign_ins(), 0);

    let peer = phone(&[&first], &[BASIC, OK]).await;
    let outcome = deliver(with_password(https(peer.port))).await;
    assert_eq!(outcome.cause, None);
    assert_eq!(outcome.learned_auth, Some(AuthScheme::Basic));
    assert_eq!(outcome.learned_pin, Some(first.pin()));
    assert_eq!(peer.sign_ins(), 1);
}

#[tokio::test]
async fn over_tls_a_phone_may_go_from_digest_to_basic() {
    let identity = Identity::self_signed();
    let peer = phone(&[&identity], &[BASIC, OK]).await;
    let delivery = with_password(pinned(peer.port, identity.pin()));
    let outcome = deliver(remembering(delivery, AuthScheme::DigestMd5)).await;
    assert_eq!(outcome.cause, None);
    assert_eq!(outcome.learned_auth, Some(AuthScheme::Basic));
}

#[tokio::test]
async fn digest_under_tls_uses_one_session() {
    let identity = Identity::self_signed();
    let challenge = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\
                     WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n\r\n";
    let peer = phone(&[&identity], &[challenge, OK]).await;
    let outcome = deliver(with_password(https(peer.port))).await;
    assert_eq!(outcome.cause, None);
    assert_eq!((peer.connections(), peer.sign_ins()), (1, 1));
}

#[tokio::test]
async fn a_body_that_ends_without_goodbye_is_whole() {
    let identity = Identity::self_signed();
    let peer = Peer::tls(vec![identity.server()], |mut call| async move {
        call.request().await;
        call.say("HTTP/1.0 200 OK\r\n\r\n[DND]\n").await;
        // Under the TLS session, so that no close_notify goes out.
        let _ = call.stream.get_mut().0.shutdown().await;
        call.until_gone().await;
    })
    .await;
    let fetched = fetch(https(peer.port)).await;
    assert_eq!(fetched.outcome.cause, None);
    assert_eq!(fetched.body, b"[DND]\n");
    assert!(fetched.complete);
}

#[tokio::test]
async fn a_session_cut_after_the_request_may_have_happened() {
    let identity = Identity::self_signed();
    let peer = Peer::tls(vec![identity.server()], |mut call| async move {
        call.request().await;
        let _ = call.stream.get_mut().0.set_zero_linger();
    })
    .await;
    let got = cause(https(peer.port)).await;
    assert_eq!(got, Some(Cause::ConnectionReset));
}

#[tokio::test]
async fn what_speaks_no_tls_or_too_old_a_one_has_failed_before_anything_was_sent() {
    let protocol_version = &b"\x15\x03\x01\x00\x02\x02\x46"[..];
    let handshake_failure = b"\x15\x03\x03\x00\x02\x02\x28";
    // A server hello of TLS 1.0, which is not spoken here.
    let mut tls_1_0 = b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01".to_vec();
    tls_1_0.extend_from_slice(&[9; 32]);
    tls_1_0.extend_from_slice(&[0, 0, 0x2f, 0]);
    for bytes in [
        protocol_version,
        handshake_failure,
        &tls_1_0,
        b"HTTP/1.0 400 Bad Request\r\n\r\nplain HTTP here",
        b"\x00\x01\x02\x03\x04\x05\x06\x07",
        b"",
    ] {
        let bytes = bytes.to_vec();
        let peer = Peer::tcp(move |mut call| {
            let bytes = bytes.clone();
            async move {
                call.say(&bytes).await;
                let _ = call.stream.shutdown().await;
                call.until_gone().await;
            }
        })
        .await;
        let outcome = deliver(with_password(https(peer.port))).await;
        assert_eq!(outcome.cause, Some(Cause::TlsFailed));
        assert_surely_not_done(outcome.cause);
        assert!(outcome.reached);
        assert_eq!(peer.connections(), 1, "there is no second try");
    }
}

#[tokio::test]
async fn a_handshake_that_does_not_end_has_failed() {
    let peer = Peer::tcp(|mut call| async move { call.until_gone().await }).await;
    let got = cause(impatient(https(peer.port))).await;
    assert_eq!(got, Some(Cause::TlsFailed));
}

#[tokio::test]
async fn https_where_only_http_is_spoken_does_not_fall_back() {
    let peer = Peer::answering(&[OK, OK]).await;
    let got = cause(impatient(https(peer.port))).await;
    assert_eq!(got, Some(Cause::TlsFailed));
    assert_eq!(peer.connections(), 1);
    assert!(peer.requests().is_empty());
}

#[tokio::test]
async fn http_where_only_https_is_spoken_is_a_bad_or_broken_answer() {
    let identity = Identity::self_signed();
    let peer = phone(&[&identity], &[OK]).await;
    let got = cause(http(peer.port)).await;
    assert!(
        matches!(got, Some(Cause::BadAnswer | Cause::ConnectionReset)),
        "{got:?}"
    );
}

/// The authority of a site.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    fn issue(&self, until: i32) -> Identity {
        let mut params = CertificateParams::new(vec!["001565010203".into()]).expect("parameters");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Identity {
            certificate: certificate.der().clone(),
            key,
        }
    }

    fn pem(&self) -> String {
        self.0.pem()
    }
}

fn under(authority: Option<&str>, port: u16) -> Delivery {
    let mut delivery = delivery(port, Scheme::Https, TransportSecurity::PrivateCa);
    delivery.ca_pem = authority.map(Into::into);
    delivery
}

#[tokio::test]
async fn a_sites_own_authority_vouches_for_its_phones() {
    let authority = Authority::new();
    let peer = phone(&[&authority.issue(2040)], &[BASIC, OK]).await;
    let outcome = deliver(with_password(under(Some(&authority.pem()), peer.port))).await;
    assert_eq!(outcome.cause, None);
    assert_eq!(outcome.learned_pin, None, "the chain is what counts");
    assert_eq!(peer.sign_ins(), 1);
}

#[tokio::test]
async fn who_is_not_vouched_for_gets_nothing() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let pem = ours.pem();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (identity, authority) in [
        (theirs.issue(2040), Some(&*pem)),
        (Identity::self_signed(), Some(&*pem)),
        (ours.issue(2021), Some(&*pem)),
        (ours.issue(2040), Some("")),
        (ours.issue(2040), Some(broken)),
        (ours.issue(2040), None),
    ] {
        let peer = phone(&[&identity], &[OK]).await;
        let outcome = deliver(with_password(under(authority, peer.port))).await;
        assert_eq!(outcome.cause, Some(Cause::TlsFailed));
        assert!(peer.requests().is_empty());
    }
}

#[test]
fn the_text_of_an_authority_is_checked_when_it_is_entered() {
    let (one, two) = (Authority::new().pem(), Authority::new().pem());
    assert_eq!(check_authority(&one), Ok(1));
    assert_eq!(check_authority(&format!("{one}\n{two}")), Ok(2));
    assert_eq!(check_authority(""), Err(InvalidAuthority::Empty));
    assert_eq!(check_authority("hello"), Err(InvalidAuthority::Empty));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(check_authority(broken), Err(InvalidAuthority::Unreadable));
}
