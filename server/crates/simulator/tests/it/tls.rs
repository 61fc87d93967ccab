//! Phones behind TLS.

use std::io::ErrorKind;

use carillon_domain::outcome::Transport;
use carillon_domain::phone::Scheme;
use carillon_domain::phone::TransportSecurity::Pinned;
use carillon_simulator::{Auth, FleetConfig, Profile, SimulatedPhone, SiteConfig};
use sha2::{Digest as _, Sha256};

use crate::client;
use crate::{QUICK, start};

fn config(profile: Profile, phones: u32) -> FleetConfig {
    let site = SiteConfig::new("Kiel", phones)
        .with_security(Pinned)
        .with_auth(Auth::None)
        .with(profile, phones);
    FleetConfig::default().with_timing(QUICK).with_site(site)
}

/// The public key of a certificate as its phone's pin is made of it.
async fn shown_pin(phone: &SimulatedPhone) -> String {
    let (_, certificate) = client::connect_tls(phone).await.expect("a handshake");
    // An Ed25519 key is the only thing of its shape in the certificate: a prefix and 32 bytes.
    let prefix = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ];
    let start = certificate.windows(prefix.len()).position(|w| w == prefix);
    let start = start.expect("a public key");
    hex::encode(Sha256::digest(&certificate[start..start + 44]))
}

#[tokio::test]
async fn requests_work_over_tls() {
    let (fleet, phone) = start(config(Profile::HttpsSelfsigned, 1)).await;
    assert_eq!(phone.port, fleet.https_port());
    let reply = client::get(&phone, "/servlet?key=DNDOn", None).await;
    assert_eq!(reply.status, Some(200));
    let seen = fleet.ledger().requests(phone.mac);
    assert_eq!(seen[0].listener, Transport::Https);
    assert!(seen[0].executed.is_some());
}

#[tokio::test]
async fn every_phone_has_its_key_until_it_changes() {
    let (fleet, phone) = start(config(Profile::Normal, 2)).await;
    let other = &fleet.phones()[1];
    let first = shown_pin(&phone).await;
    assert_eq!(Some(&first), fleet.tls_pin(phone.mac).as_ref());
    assert_eq!(first, shown_pin(&phone).await);
    assert_ne!(first, shown_pin(other).await);
    fleet.change_key(phone.mac).expect("known");
    let second = shown_pin(&phone).await;
    assert_ne!(first, second);
    assert_eq!(Some(second), fleet.tls_pin(phone.mac));
}

#[tokio::test]
async fn keys_survive_a_restart() {
    let (fleet, phone) = start(config(Profile::Normal, 1)).await;
    let before = shown_pin(&phone).await;
    fleet.stop().await;
    let (_fleet, phone) = start(config(Profile::Normal, 1)).await;
    assert_eq!(before, shown_pin(&phone).await);
}

#[tokio::test]
async fn old_tls_is_no_tls() {
    let (fleet, phone) = start(config(Profile::TlsLegacyOnly, 1)).await;
    let error = client::connect_tls(&phone)
        .await
        .expect_err("no common version");
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(error.to_string().contains("ProtocolVersion"), "{error}");
    assert_eq!(fleet.ledger().totals().failed_handshakes, 1);
    assert_eq!(fleet.ledger().totals().requests, 0);
}

#[tokio::test]
async fn http_only_phones_shut_the_other_door() {
    let (fleet, mut phone) = start(config(Profile::HttpOnly, 1)).await;
    assert_eq!(
        (phone.scheme, phone.port),
        (Scheme::Http, fleet.http_port())
    );
    assert_eq!(
        client::get(&phone, "/servlet?key=OK", None).await.status,
        Some(200)
    );
    phone.scheme = Scheme::Https;
    phone.port = fleet.https_port();
    assert!(client::connect_tls(&phone).await.is_err());
}

#[tokio::test]
async fn a_rebooting_phone_breaks_the_handshake() {
    let (fleet, phone) = start(config(Profile::Normal, 1)).await;
    let reply = client::get(&phone, "/servlet?key=Reboot", None).await;
    assert_eq!(reply.status, Some(200));
    assert!(client::connect_tls(&phone).await.is_err());
    assert_eq!(fleet.ledger().totals().turned_away, 1);
}
