//! Phones that ask for a password.

use carillon_domain::phone::{AuthScheme, Scheme, TransportSecurity};
use carillon_domain::{Cause, TargetState};
use md5::Md5;
use sha2::{Digest, Sha256};

use crate::gate::{
    assert_surely_not_done, cause, deliver, delivery, http, remembering, with_password,
};
use crate::peer::Peer;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const BASIC: &str = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"phone\"\r\n\
                     Content-Length: 0\r\n\r\n";
const AUTHORIZATION: &str = "\r\nAuthorization: Basic YWRtaW46czNjcmV0\r\n";

fn digest(parameters: &str) -> String {
    format!(
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"phone\", {parameters}\r\n\
         Content-Length: 4\r\n\r\nwho?"
    )
}

fn md5_challenge() -> String {
    digest("nonce=\"abc123\", qop=\"auth\", opaque=\"xyz\"")
}

fn closing(answer: &str) -> String {
    answer.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)
}

/// A parameter of a Digest answer.
fn parameter(request: &str, name: &str) -> String {
    let line = request
        .lines()
        .find_map(|line| line.strip_prefix("Authorization: Digest "))
        .expect("a Digest answer");
    line.split(", ")
        .find_map(|part| part.strip_prefix(&format!("{name}=")))
        .unwrap_or_default()
        .trim_matches('"')
        .to_owned()
}

#[tokio::test]
async fn first_contact_carries_no_credentials_and_basic_gets_a_connection_of_its_own() {
    let peer = Peer::answering(&[BASIC, OK]).await;
    let outcome = deliver(with_password(http(peer.port))).await;
    assert_eq!(outcome.cause, None);
    assert_eq!(outcome.learned_auth, Some(AuthScheme::Basic));
    assert_eq!(peer.connections(), 2);
    let requests = peer.requests();
    assert!(!requests[0].contains("Authorization"));
    assert!(requests[1].contains(AUTHORIZATION));
}

#[tokio::test]
async fn a_remembered_basic_is_sent_at_once() {
    let peer = Peer::answering(&[OK]).await;
    let delivery = remembering(with_password(http(peer.port)), AuthScheme::Basic);
    let outcome = deliver(delivery).await;
    assert_eq!(outcome.cause, None);
    assert_eq!(outcome.learned_auth, None);
    assert_eq!(peer.requests().len(), 1);
    assert!(peer.requests()[0].contains(AUTHORIZATION));
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let peer = Peer::answering(&[BASIC, BASIC, BASIC]).await;
    let outcome = deliver(with_password(http(peer.port))).await;
    assert_eq!(outcome.cause, Some(Cause::AuthFailed));
    assert_eq!(outcome.http_status, Some(401));
    assert_eq!((peer.requests().len(), peer.sign_ins()), (2, 1));

    let peer = Peer::answering(&[BASIC, BASIC]).await;
    let delivery = remembering(with_password(http(peer.port)), AuthScheme::Basic);
    assert_eq!(cause(delivery).await, Some(Cause::AuthFailed));
    assert_eq!((peer.requests().len(), peer.sign_ins()), (1, 1));

    let challenge = md5_challenge();
    let peer = Peer::answering(&[&challenge, &challenge, &challenge]).await;
    let outcome = deliver(with_password(http(peer.port))).await;
    assert_eq!(outcome.cause, Some(Cause::AuthFailed));
    assert_eq!(outcome.learned_auth, Some(AuthScheme::DigestMd5));
    assert_eq!((peer.requests().len(), peer.sign_ins()), (2, 1));
}

#[tokio::test]
async fn a_phone_that_moved_from_basic_to_digest_is_learned_for_the_next_time() {
    let peer = Peer::answering(&[&md5_challenge(), OK]).await;
    let delivery = remembering(with_password(http(peer.port)), AuthScheme::Basic);
    let outcome = deliver(delivery).await;
    assert_eq!(outcome.cause, Some(Cause::AuthFailed));
    assert_eq!(outcome.learned_auth, Some(AuthScheme::DigestMd5));
    assert_eq!(peer.sign_ins(), 1);
}

#[tokio::test]
async fn without_a_credential_it_is_said_so() {
    for answer in [BASIC.to_owned(), md5_challenge()] {
        let peer = Peer::answering(&[&answer, OK]).await;
        let outcome = deliver(http(peer.port)).await;
        assert_eq!(outcome.cause, Some(Cause::NoCredential));
        assert_eq!(outcome.http_status, Some(401));
        assert_ne!(outcome.learned_auth, None);
        assert_surely_not_done(outcome.cause);
        assert_eq!(peer.requests().len(), 1);
    }
}

#[tokio::test]
async fn in_clear_the_password_stays_here_unless_the_site_is_plain_http() {
    for security in [TransportSecurity::Pinned, TransportSecurity::PrivateCa] {
        for (answer, auth) in [
            (BASIC.to_owned(), AuthScheme::Unknown),
            (BASIC.to_owned(), AuthScheme::Basic),
            (BASIC.to_owned(), AuthScheme::None),
            (md5_challenge(), AuthScheme::Unknown),
            (md5_challenge(), AuthScheme::DigestMd5),
        ] {
            let peer = Peer::answering(&[&answer, OK]).await;
            let delivery = delivery(peer.port, Scheme::Http, security);
            let outcome = deliver(remembering(with_password(delivery), auth)).await;
            assert_eq!(outcome.cause, Some(Cause::AuthNotAllowedInClear));
            assert_surely_not_done(outcome.cause);
            assert_eq!((peer.requests().len(), peer.sign_ins()), (1, 0));
        }
    }
}

#[tokio::test]
async fn in_clear_a_phone_without_password_does_as_it_is_told() {
    let peer = Peer::answering(&[OK]).await;
    let delivery = delivery(peer.port, Scheme::Http, TransportSecurity::Pinned);
    let outcome = deliver(with_password(delivery)).await;
    assert_eq!(outcome.cause, None);
    assert_eq!(peer.sign_ins(), 0);
}

#[tokio::test]
async fn a_phone_that_asked_for_digest_gets_no_basic_in_clear() {
    for auth in [AuthScheme::DigestMd5, AuthScheme::DigestSha256] {
        for security in [TransportSecurity::PlainHttp, TransportSecurity::Pinned] {
            let peer = Peer::answering(&[BASIC, OK]).await;
            let delivery = delivery(peer.port, Scheme::Http, security);
            let outcome = deliver(remembering(with_password(delivery), auth)).await;
            assert_eq!(outcome.cause, Some(Cause::AuthDowngraded));
            assert_eq!(outcome.learned_auth, None, "the memory is not downgraded");
            assert_eq!((peer.requests().len(), peer.sign_ins()), (1, 0));
        }
    }
}

#[tokio::test]
async fn a_phone_remembered_with_tls_gets_no_basic_in_clear() {
    for auth in [AuthScheme::Unknown, AuthScheme::Basic] {
        let peer = Peer::answering(&[BASIC, OK]).await;
        let mut delivery = remembering(with_password(http(peer.port)), auth);
        delivery.pin = Some("ab".repeat(32));
        let outcome = deliver(delivery).await;
        assert_eq!(outcome.cause, Some(Cause::AuthDowngraded));
        assert_eq!(outcome.learned_auth, None);
        assert_eq!(peer.sign_ins(), 0);
    }
}

#[tokio::test]
async fn a_downgrade_is_not_learned_in_two_steps() {
    // An answer without any challenge must not make us forget that the phone used Digest.
    let peer = Peer::answering(&[OK]).await;
    let delivery = remembering(with_password(http(peer.port)), AuthScheme::DigestMd5);
    let outcome = deliver(delivery).await;
    assert_eq!((outcome.cause, outcome.learned_auth), (None, None));

    // Nor may a challenge that we could not have answered anyway.
    let peer = Peer::answering(&[BASIC]).await;
    let outcome = deliver(remembering(http(peer.port), AuthScheme::DigestMd5)).await;
    assert_eq!(outcome.cause, Some(Cause::NoCredential));
    assert_eq!(outcome.learned_auth, None);
}

#[tokio::test]
async fn digest_answers_on_the_connection_that_the_phone_keeps_open() {
    let peer = Peer::answering(&[&md5_challenge(), OK]).await;
    let outcome = deliver(with_password(http(peer.port))).await;
    assert_eq!(outcome.cause, None);
    assert_eq!(outcome.learned_auth, Some(AuthScheme::DigestMd5));
    assert_eq!(peer.connections(), 1);

    let requests = peer.requests();
    assert!(!requests[0].contains("Connection: close"));
    assert!(requests[1].contains("Connection: close"));
    let answer = &requests[1];
    assert_eq!(parameter(answer, "username"), "admin");
    assert_eq!(parameter(answer, "uri"), "/servlet?key=Reboot");
    assert_eq!(parameter(answer, "opaque"), "xyz");
    assert_eq!(parameter(answer, "nc"), "00000001");
    let hash = |text: String| hex::encode(Md5::digest(text));
    let secret = hash("admin:phone:s3cret".into());
    let request = hash("GET:/servlet?key=Reboot".into());
    let cnonce = parameter(answer, "cnonce");
    assert_eq!(
        parameter(answer, "response"),
        hash(format!("{secret}:abc123:00000001:{cnonce}:auth:{request}"))
    );
}

#[tokio::test]
async fn digest_answers_on_a_new_connection_where_the_phone_closed_the_first() {
    let peer = Peer::answering(&[&closing(&md5_challenge()), OK]).await;
    assert_eq!(cause(with_password(http(peer.port))).await, None);
    assert_eq!((peer.connections(), peer.sign_ins()), (2, 1));
}

#[tokio::test]
async fn a_phone_that_closes_without_a_word_gets_a_new_connection_too() {
    let challenge = md5_challenge();
    let peer = Peer::tcp(move |mut call| {
        let challenge = challenge.clone();
        async move {
            call.request().await;
            call.say(if call.number == 0 { &*challenge } else { OK })
                .await;
        }
    })
    .await;
    assert_eq!(cause(with_password(http(peer.port))).await, None);
    assert_eq!((peer.connections(), peer.sign_ins()), (2, 1));
}

#[tokio::test]
async fn digest_answers_on_a_new_connection_where_the_challenges_body_has_no_end() {
    let endless = digest("nonce=\"n\"").replace("Content-Length: 4", "Content-Length: 999999");
    let peer = Peer::tcp(move |mut call| {
        let endless = endless.clone();
        async move {
            let first = call.number == 0;
            call.request().await;
            call.say(if first { &*endless } else { OK }).await;
            if first {
                call.until_gone().await;
            }
        }
    })
    .await;
    assert_eq!(cause(with_password(http(peer.port))).await, None);
    assert_eq!((peer.connections(), peer.sign_ins()), (2, 1));
}

#[tokio::test]
async fn sha_256_is_preferred() {
    let both = md5_challenge().replacen(
        "WWW-Authenticate",
        "WWW-Authenticate: Basic realm=\"phone\"\r\n\
         WWW-Authenticate: Digest realm=\"phone\", nonce=\"sha\", qop=\"auth\", algorithm=SHA-256\r\n\
         WWW-Authenticate",
        1,
    );
    let peer = Peer::answering(&[&both, OK]).await;
    let outcome = deliver(with_password(http(peer.port))).await;
    assert_eq!(outcome.cause, None);
    assert_eq!(outcome.learned_auth, Some(AuthScheme::DigestSha256));
    let answer = &peer.requests()[1];
    assert_eq!(parameter(answer, "algorithm"), "SHA-256");
    let hash = |text: String| hex::encode(Sha256::digest(text));
    let secret = hash("admin:phone:s3cret".into());
    let request = hash("GET:/servlet?key=Reboot".into());
    let cnonce = parameter(answer, "cnonce");
    assert_eq!(
        parameter(answer, "response"),
        hash(format!("{secret}:sha:00000001:{cnonce}:auth:{request}"))
    );
}

#[tokio::test]
async fn the_old_digest_without_qop_is_answered() {
    let peer = Peer::answering(&[&digest("nonce=\"old\""), OK]).await;
    assert_eq!(cause(with_password(http(peer.port))).await, None);
    let answer = &peer.requests()[1];
    assert_eq!(parameter(answer, "cnonce"), "");
    let hash = |text: String| hex::encode(Md5::digest(text));
    let secret = hash("admin:phone:s3cret".into());
    let request = hash("GET:/servlet?key=Reboot".into());
    assert_eq!(
        parameter(answer, "response"),
        hash(format!("{secret}:old:{request}"))
    );
}

#[tokio::test]
async fn a_stale_nonce_is_worth_one_round_more() {
    let stale = digest("nonce=\"fresh\", qop=\"auth\", stale=true");
    let peer = Peer::answering(&[&md5_challenge(), &stale, OK]).await;
    assert_eq!(cause(with_password(http(peer.port))).await, None);
    assert_eq!((peer.requests().len(), peer.sign_ins()), (3, 2));
    assert_eq!(parameter(&peer.requests()[2], "nonce"), "fresh");

    let peer = Peer::answering(&[&md5_challenge(), &stale, &stale, &stale, OK]).await;
    let outcome = deliver(with_password(http(peer.port))).await;
    assert_eq!(outcome.cause, Some(Cause::AuthFailed));
    assert_eq!((peer.requests().len(), peer.sign_ins()), (3, 2));
}

#[tokio::test]
async fn a_phone_gone_after_its_challenge_surely_did_nothing() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let challenge = closing(&md5_challenge());
    let phone = async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.expect("a call");
        drop(listener);
        let mut head = [0; 512];
        let _ = stream.read(&mut head).await.expect("a request");
        stream
            .write_all(challenge.as_bytes())
            .await
            .expect("an answer");
    };
    let (outcome, ()) = tokio::join!(deliver(with_password(http(port))), phone);
    assert_eq!(outcome.cause, Some(Cause::Refused));
    assert_eq!(outcome.state(), TargetState::Failed);
    assert!(outcome.reached);
}

#[tokio::test]
async fn a_reset_after_the_digest_answer_may_have_happened() {
    let challenge = md5_challenge();
    let peer = Peer::tcp(move |mut call| {
        let challenge = challenge.clone();
        async move {
            call.request().await;
            call.say(&challenge).await;
            call.request().await;
            call.reset();
        }
    })
    .await;
    let outcome = deliver(with_password(http(peer.port))).await;
    assert_eq!(outcome.cause, Some(Cause::ConnectionReset));
    assert_eq!(outcome.state(), TargetState::Unknown);
    assert_eq!((peer.connections(), peer.requests().len()), (1, 2));
}

#[tokio::test]
async fn a_challenge_that_we_do_not_speak_gets_no_password() {
    for parameters in [
        "Bearer realm=\"x\"",
        "NTLM",
        "Negotiate YWJj",
        "Digest realm=\"x\"",
        "Digest realm=\"x\", nonce=\"n\", qop=\"auth-int\"",
        "Digest realm=\"x\", nonce=\"n\", algorithm=SHA-512-256",
        "Digest realm=\"x, nonce=\"n\"",
        "Basic \"\"\"",
    ] {
        let peer =
            Peer::answering(&[&BASIC.replace("Basic realm=\"phone\"", parameters), OK]).await;
        let outcome = deliver(with_password(http(peer.port))).await;
        assert_eq!(outcome.cause, Some(Cause::AuthFailed), "{parameters}");
        assert_eq!((peer.requests().len(), peer.sign_ins()), (1, 0));
    }
    let long = digest(&format!("nonce=\"{}\"", "n".repeat(257)));
    let peer = Peer::answering(&[&long, OK]).await;
    let outcome = deliver(with_password(http(peer.port))).await;
    assert_eq!(outcome.cause, Some(Cause::AuthFailed));
    assert_eq!(peer.sign_ins(), 0);
}

#[tokio::test]
async fn the_old_login_goes_into_the_query_only_where_somebody_chose_it() {
    let peer = Peer::answering(&[OK]).await;
    let delivery = remembering(with_password(http(peer.port)), AuthScheme::LegacyLogin);
    let outcome = deliver(delivery).await;
    assert_eq!((outcome.cause, outcome.learned_auth), (None, None));
    let login = "GET /servlet?p=login&q=login&username=admin&pwd=s3cret&jumpto=URI&key=Reboot ";
    assert!(peer.requests()[0].starts_with(login));
    assert!(!peer.requests()[0].contains("Authorization"));

    let peer = Peer::answering(&[BASIC, OK]).await;
    let delivery = remembering(with_password(http(peer.port)), AuthScheme::LegacyLogin);
    let outcome = deliver(delivery).await;
    assert_eq!(outcome.cause, Some(Cause::AuthFailed));
    assert_eq!(outcome.learned_auth, None, "what a person chose stays");
    assert_eq!(peer.requests().len(), 1);

    let peer = Peer::answering(&[OK]).await;
    let delivery = delivery_in_clear(peer.port);
    let delivery = remembering(with_password(delivery), AuthScheme::LegacyLogin);
    assert_eq!(cause(delivery).await, Some(Cause::AuthNotAllowedInClear));
    assert_eq!(peer.connections(), 0);
}

fn delivery_in_clear(port: u16) -> carillon_devices::Delivery {
    delivery(port, Scheme::Http, TransportSecurity::Pinned)
}

#[tokio::test]
async fn a_lockout_that_the_phone_names_is_told_from_a_wrong_password() {
    let locked = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n";
    let peer = Peer::answering(&[BASIC, locked]).await;
    let outcome = deliver(with_password(http(peer.port))).await;
    assert_eq!(outcome.cause, Some(Cause::AuthLockedOut));
}
