//! Every way of asking for a password.

use carillon_domain::phone::AuthScheme;
use carillon_simulator::{Auth, Disposition, FleetConfig, Profile, SimulatedPhone, SiteConfig};
use md5::Md5;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt;

use crate::client::{self, Reply};
use crate::{QUICK, config, fleet, start};

const TARGET: &str = "/servlet?key=DNDOn";

#[tokio::test]
async fn an_open_phone_takes_everybody() {
    let (fleet, phone) = fleet(Profile::Open).await;
    assert_eq!(client::get(&phone, TARGET, None).await.status, Some(200));
    let done = fleet.ledger().executions(phone.mac);
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].authenticated, AuthScheme::None);
}

#[tokio::test]
async fn basic_is_challenged_then_taken() {
    let (fleet, phone) = fleet(Profile::Basic).await;
    let asked = client::get(&phone, TARGET, None).await;
    assert_eq!(asked.status, Some(401));
    let realm = asked.field("WWW-Authenticate").expect("a challenge");
    assert_eq!(realm, "Basic realm=\"Enterprise IP phone SIP-T46S\"");

    let wrong = client::basic(&phone.username, "guess");
    assert_eq!(
        client::get(&phone, TARGET, Some(&wrong)).await.status,
        Some(401)
    );
    let right = client::basic(&phone.username, phone.password.as_str());
    assert_eq!(
        client::get(&phone, TARGET, Some(&right)).await.status,
        Some(200)
    );

    let seen = fleet.ledger().requests(phone.mac);
    let dispositions: Vec<_> = seen.iter().map(|record| record.disposition).collect();
    assert_eq!(
        dispositions,
        [
            Disposition::Challenged,
            Disposition::AuthFailed,
            Disposition::Executed
        ]
    );
    assert!(seen[2].authenticated && seen[2].carried == AuthScheme::Basic);
}

/// Answers the challenge of `asked` as RFC 7616 says.
fn answer(asked: &Reply, phone: &SimulatedPhone, password: &str, sha256: bool) -> String {
    let challenge = asked.field("WWW-Authenticate").expect("a challenge");
    let part = |name: &str| {
        let (_, rest) = challenge.split_once(&format!("{name}=\"")).expect(name);
        rest.split('"').next().unwrap_or_default()
    };
    let (realm, nonce) = (part("realm"), part("nonce"));
    let hash = |text: String| {
        if sha256 {
            hex::encode(Sha256::digest(text))
        } else {
            hex::encode(Md5::digest(text))
        }
    };
    let user = &phone.username;
    let who = hash(format!("{user}:{realm}:{password}"));
    let what = hash(format!("GET:{TARGET}"));
    let response = hash(format!("{who}:{nonce}:00000001:abc:auth:{what}"));
    let algorithm = if sha256 { "SHA-256" } else { "MD5" };
    format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{TARGET}\", \
         algorithm={algorithm}, qop=auth, nc=00000001, cnonce=\"abc\", response=\"{response}\""
    )
}

#[tokio::test]
async fn digest_is_answered_on_the_same_connection() {
    for (profile, sha256, carried) in [
        (Profile::Digest, false, AuthScheme::DigestMd5),
        (Profile::DigestSha256, true, AuthScheme::DigestSha256),
    ] {
        let (fleet, phone) = fleet(profile).await;
        let mut stream = client::connect(&phone).await.expect("a connection");
        let asked = client::exchange_once(&mut stream, TARGET, None).await;
        assert_eq!(asked.status, Some(401));
        assert_eq!(asked.field("Connection"), Some("keep-alive"));
        let header = answer(&asked, &phone, phone.password.as_str(), sha256);
        let done = client::exchange(&mut stream, TARGET, Some(&header)).await;
        assert_eq!(done.status, Some(200), "{profile}");
        assert_eq!(done.field("Connection"), Some("close"));
        let executions = fleet.ledger().executions(phone.mac);
        assert_eq!(executions[0].authenticated, carried);
        assert_eq!(fleet.ledger().totals().connections, 1);
    }
}

#[tokio::test]
async fn a_wrong_digest_executes_nothing() {
    let (fleet, phone) = fleet(Profile::Digest).await;
    let mut stream = client::connect(&phone).await.expect("a connection");
    let asked = client::exchange_once(&mut stream, TARGET, None).await;
    let header = answer(&asked, &phone, "guess", false);
    let refused = client::exchange(&mut stream, TARGET, Some(&header)).await;
    assert_eq!(refused.status, Some(401));
    assert!(fleet.ledger().executions(phone.mac).is_empty());
}

#[tokio::test]
async fn a_nonce_does_not_outlive_a_reboot() {
    let (fleet, phone) = fleet(Profile::Digest).await;
    let mut stream = client::connect(&phone).await.expect("a connection");
    let asked = client::exchange_once(&mut stream, TARGET, None).await;
    let header = answer(&asked, &phone, phone.password.as_str(), false);
    // Nonces count milliseconds: the reboot must fall into a later one.
    let made = fleet.elapsed().as_millis();
    while fleet.elapsed().as_millis() <= made {
        tokio::task::yield_now().await;
    }
    fleet.power_off(phone.mac).expect("known");
    fleet.power_on(phone.mac).expect("known");
    let late = client::exchange_once(&mut stream, TARGET, Some(&header)).await;
    let challenge = late.field("WWW-Authenticate").expect("a challenge");
    assert!(challenge.ends_with("stale=true"), "{challenge}");
    let record = fleet.ledger().requests(phone.mac);
    assert_eq!(record[1].disposition, Disposition::StaleNonce);
}

#[tokio::test]
async fn some_close_after_the_challenge() {
    let (_fleet, phone) = fleet(Profile::DigestClose).await;
    let mut stream = client::connect(&phone).await.expect("a connection");
    let asked = client::exchange(&mut stream, TARGET, None).await;
    assert_eq!(asked.field("Connection"), Some("close"));
    let header = answer(&asked, &phone, phone.password.as_str(), false);
    assert_eq!(
        client::get(&phone, TARGET, Some(&header)).await.status,
        Some(200)
    );
}

#[tokio::test]
async fn basic_is_not_taken_for_digest() {
    let (fleet, phone) = fleet(Profile::DigestClose).await;
    let header = client::basic(&phone.username, phone.password.as_str());
    let refused = client::get(&phone, TARGET, Some(&header)).await;
    assert_eq!(refused.status, Some(401));
    let seen = fleet.ledger().requests(phone.mac);
    assert_eq!(seen[0].carried, AuthScheme::Basic);
    assert_eq!(seen[0].disposition, Disposition::Challenged);
}

#[tokio::test]
async fn the_legacy_login_is_in_the_query_and_never_in_the_ledger() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ledger.jsonl");
    let config = config(Profile::LegacyQueryLogin, 1).with_ledger_file(&file);
    let (fleet, phone) = start(config).await;
    assert_eq!(client::get(&phone, TARGET, None).await.status, Some(401));
    let login = |password: &str| {
        format!(
            "/servlet?p=login&q=login&username={}&pwd={password}&jumpto=URI&key=DNDOn",
            phone.username
        )
    };
    let password = phone.password.as_str();
    assert_eq!(
        client::get(&phone, &login("guess"), None).await.status,
        Some(401)
    );
    assert_eq!(
        client::get(&phone, &login(password), None).await.status,
        Some(200)
    );
    assert_eq!(fleet.ledger().executions(phone.mac).len(), 1);
    let written = std::fs::read_to_string(&file).expect("written");
    let kept = format!("{:?}", fleet.ledger().requests(phone.mac));
    for secret in [password, "guess", "pwd="] {
        assert!(!written.contains(secret) && !kept.contains(secret));
    }
}

#[tokio::test]
async fn three_wrong_passwords_lock_out_until_a_restart() {
    let site = SiteConfig::new("Kiel", 1)
        .with_security(carillon_domain::phone::TransportSecurity::PlainHttp)
        .with_auth(Auth::Basic)
        .with(Profile::LockoutAfter3, 1);
    let (fleet, phone) = start(FleetConfig::default().with_timing(QUICK).with_site(site)).await;
    let wrong = client::basic(&phone.username, "guess");
    let right = client::basic(&phone.username, phone.password.as_str());
    for _ in 0..3 {
        assert_eq!(
            client::get(&phone, TARGET, Some(&wrong)).await.status,
            Some(401)
        );
    }
    assert_eq!(
        client::get(&phone, TARGET, Some(&right)).await.status,
        Some(403)
    );
    let seen = fleet.ledger().requests(phone.mac);
    assert_eq!(seen[3].disposition, Disposition::LockedOut);
}

#[tokio::test]
async fn a_client_that_wants_to_close_is_closed() {
    let (_fleet, phone) = fleet(Profile::Digest).await;
    let mut stream = client::connect(&phone).await.expect("a connection");
    let request = format!("GET {TARGET} HTTP/1.1\r\nHost: p\r\nConnection: close\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
        .await
        .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.contains("Connection: close"));
}
