//! NOTIFYs over UDP: what every outcome means, and how often anything is said.

use std::time::Duration;

use carillon_devices::{Gateway, GuardConfig};
use carillon_domain::outcome::{Outcome, Transport};
use carillon_domain::sip::SipTransport::Udp;
use carillon_domain::{Cause, TargetState};
use md5::{Digest as _, Md5};
use sha2::Sha256;

use crate::sip_peer::{Peer, gateway, gateway_with, header, notify, reply, signed};

async fn outcome(peer: &Peer) -> Outcome {
    gateway().notify(notify(peer.port, Udp)).await
}

/// The same where every second of SIP takes twenty milliseconds.
async fn quick_outcome(peer: &Peer) -> Outcome {
    quick().notify(notify(peer.port, Udp)).await
}

fn quick() -> Gateway {
    gateway().with_sip_t1(Duration::from_millis(10))
}

#[tokio::test]
async fn every_answer_ends_as_it_should() {
    use TargetState::{Acknowledged, Failed, Unknown};
    for (status, state, cause) in [
        ("200 OK", Acknowledged, None),
        ("202 Accepted", Acknowledged, None),
        ("302 Moved", Failed, Some("sip_302")),
        ("403 Forbidden", Failed, Some("sip_403")),
        ("404 Not Found", Failed, Some("sip_404")),
        ("408 Request Timeout", Unknown, Some("sip_timeout")),
        ("480 Temporarily Unavailable", Failed, Some("sip_480")),
        ("481 No Dialog", Failed, Some("sip_481")),
        ("489 Bad Event", Failed, Some("sip_489")),
        ("500 Internal", Unknown, Some("sip_500")),
        ("501 Not Implemented", Failed, Some("sip_501")),
        ("502 Bad Gateway", Unknown, Some("sip_502")),
        ("503 Busy", Unknown, Some("sip_503")),
        ("504 Server Time-out", Unknown, Some("sip_timeout")),
        ("603 Decline", Failed, Some("sip_603")),
    ] {
        let peer = Peer::answering(&[(status, "")]).await;
        let outcome = outcome(&peer).await;
        assert_eq!(outcome.state(), state, "{status}");
        assert_eq!(outcome.cause.map(|c| c.to_string()).as_deref(), cause);
        assert_eq!(outcome.transport, Transport::Sip);
        assert_eq!(outcome.excerpt, format!("SIP/2.0 {status}"));
        assert_eq!(peer.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_phone_that_says_no_itself_did_not_do_it() {
    for status in ["480 Away", "500 Internal", "503 Busy"] {
        let peer = Peer::answering(&[(status, "")]).await;
        let mut straight = notify(peer.port, Udp);
        straight.hop.passes_on = false;
        let outcome = gateway().notify(straight).await;
        assert_eq!(outcome.state(), TargetState::Failed, "{status}");
    }
}

#[tokio::test]
async fn of_several_phones_the_answer_of_one_excuses_no_other() {
    for status in ["403 No", "480 Away", "489 Bad Event", "603 Decline"] {
        let peer = Peer::answering(&[(status, "")]).await;
        let mut shared = notify(peer.port, Udp);
        shared.shared = true;
        let outcome = gateway().notify(shared).await;
        assert_eq!(outcome.state(), TargetState::Unknown, "{status}");
        assert!(!outcome.reached, "{status}");
    }
}

#[tokio::test]
async fn of_several_phones_the_yes_of_one_is_not_that_of_this_one() {
    let peer = Peer::answering(&[("200 OK", "")]).await;
    let mut shared = notify(peer.port, Udp);
    shared.shared = true;
    let outcome = gateway().notify(shared.clone()).await;
    assert_eq!(outcome.state(), TargetState::Unknown);
    assert_eq!(outcome.cause, Some(Cause::SharedAddress));
    assert!(!outcome.reached);
    // Nobody stands in between: this one answered.
    shared.hop.passes_on = false;
    let outcome = gateway().notify(shared).await;
    assert_eq!(outcome.state(), TargetState::Acknowledged);
}

/// What a SIP server says when it has waited in vain for one of the phones behind an address, of which
/// nobody told us: that phone may have done it. It comes behind the fourth copy, after 3.5 s.
#[tokio::test]
async fn a_late_no_may_hide_a_phone_that_was_waited_for() {
    let asks = format!("WWW-Authenticate: {MD5}\r\n");
    for (status, extra, state) in [
        ("403 No", "", TargetState::Unknown),
        (ASKERS[0].0, asks.as_str(), TargetState::Unknown),
        ("200 OK", "", TargetState::Acknowledged),
    ] {
        let extra = extra.to_owned();
        let peer = Peer::new(move |number, request| {
            let answer = reply(request, status, &extra).into_bytes();
            (number >= 3).then_some(answer).into_iter().collect()
        })
        .await;
        let outcome = gateway().notify(signed(peer.port, Udp)).await;
        assert_eq!(outcome.state(), state, "{status}");
        let copies = peer.requests();
        assert_eq!(copies.len(), 4, "{status}");
        assert!(copies.iter().all(|copy| copy == &copies[0]), "{status}");
    }
}

#[tokio::test]
async fn where_one_of_several_phones_asks_for_a_password_another_may_have_done_it() {
    let asks = format!("WWW-Authenticate: {MD5}\r\n");
    let peer = Peer::answering(&[(ASKERS[0].0, &asks), ("200 OK", "")]).await;
    let mut shared = signed(peer.port, Udp);
    shared.shared = true;
    let outcome = gateway().notify(shared).await;
    assert_eq!(outcome.state(), TargetState::Unknown);
    assert_eq!(peer.requests().len(), 1);

    let asks = format!("Proxy-Authenticate: {MD5}\r\n");
    let peer = Peer::answering(&[(ASKERS[1].0, &asks), ("200 OK", "")]).await;
    let mut shared = signed(peer.port, Udp);
    shared.shared = true;
    let outcome = gateway().notify(shared).await;
    assert_eq!(outcome.cause, Some(Cause::SharedAddress));
    assert_eq!(peer.requests().len(), 2);
}

#[tokio::test]
async fn a_credential_is_for_its_realm_alone() {
    let other = MD5.replace("pbx.test", "YealinkSPIP");
    for (status, asks, _) in ASKERS {
        let line = format!("{asks}: {other}\r\n");
        let peer = Peer::answering(&[(status, &line), ("200 OK", "")]).await;
        let outcome = gateway().notify(signed(peer.port, Udp)).await;
        assert_eq!(outcome.cause, Some(Cause::NoCredential));
        assert_eq!(peer.requests().len(), 1, "{status}");
        let expected = format!("SIP/2.0 {status} (realm \"YealinkSPIP\")");
        assert_eq!(outcome.excerpt, expected);
    }
    // The phone behind a server that was given its proof gets none.
    let (server, phone) = (
        format!("Proxy-Authenticate: {MD5}\r\n"),
        format!("WWW-Authenticate: {other}\r\n"),
    );
    let answers = [(ASKERS[1].0, server.as_str()), (ASKERS[0].0, &phone)];
    let peer = Peer::answering(&answers).await;
    let outcome = gateway().notify(signed(peer.port, Udp)).await;
    assert_eq!(outcome.cause, Some(Cause::NoCredential));
    assert_eq!(peer.requests().len(), 2);
}

#[tokio::test]
async fn the_manuals_message_arrives() {
    let peer = Peer::answering(&[("200 OK", "")]).await;
    outcome(&peer).await;
    let request = peer.requests().remove(0);
    assert!(request.starts_with("NOTIFY sip:2041@pbx.test SIP/2.0\r\n"));
    assert!(request.ends_with(
        "Event: ACTION-URI\r\nContent-Type: message/sipfrag\r\nContent-Length: 6\r\n\r\nkey=OK"
    ));
    let via = header(&request, "Via").expect("a Via");
    assert!(via.starts_with("SIP/2.0/UDP 127.0.0.1:"), "{via}");
}

#[tokio::test]
async fn silence_is_one_transaction_of_eleven_copies_and_nobody_knows() {
    let peer = Peer::new(|_, _| Vec::new()).await;
    let outcome = quick_outcome(&peer).await;
    assert_eq!(outcome.cause, Some(Cause::SipTimeout));
    assert_eq!(outcome.state(), TargetState::Unknown);
    let copies = peer.requests();
    assert_eq!(copies.len(), 11);
    assert!(copies.iter().all(|copy| *copy == copies[0]));
}

#[tokio::test]
async fn lost_copies_are_made_up_for() {
    let peer = Peer::new(|nth, request| match nth {
        0..3 => Vec::new(),
        _ => vec![reply(request, "200 OK", "").into_bytes()],
    })
    .await;
    assert_eq!(quick_outcome(&peer).await.cause, None);
    assert_eq!(peer.requests().len(), 4);
}

#[tokio::test]
async fn an_interim_answer_slows_the_copies_and_ends_nothing() {
    let peer = Peer::new(|nth, request| match nth {
        0 => vec![reply(request, "100 Trying", "").into_bytes()],
        1 => Vec::new(),
        _ => vec![reply(request, "200 OK", "").into_bytes()],
    })
    .await;
    let outcome = quick_outcome(&peer).await;
    assert_eq!(outcome.cause, None);
    assert_eq!(peer.requests().len(), 3);
}

#[tokio::test]
async fn what_belongs_to_another_transaction_is_no_answer() {
    let peer = Peer::new(|_, request| {
        let branch = header(request, "Via").and_then(|via| via.split("branch=").nth(1));
        let branch = branch
            .and_then(|rest| rest.split(';').next())
            .expect("a branch");
        let call = header(request, "Call-ID").expect("a call");
        let good = reply(request, "200 OK", "");
        [
            good.replace(branch, "z9hG4bKother"),
            good.replace(call, "other"),
            good.replace("CSeq: 1 NOTIFY", "CSeq: 2 NOTIFY"),
            good.replace("CSeq: 1 NOTIFY", "CSeq: 1 OPTIONS"),
            good.replace("SIP/2.0 200", "HTTP/1.1 200"),
            good.replace("\r\n\r\n", "\r\n"),
            good.replace("Call-ID", &format!("X: {}\r\nCall-ID", "a".repeat(9_000))),
            String::new(),
        ]
        .map(String::into_bytes)
        .to_vec()
    })
    .await;
    assert_eq!(quick_outcome(&peer).await.cause, Some(Cause::SipTimeout));
}

#[tokio::test]
async fn a_flood_of_nonsense_ends_the_wait() {
    let peer = Peer::new(|_, _| vec![b"nonsense".to_vec(); 2_000]).await;
    assert_eq!(outcome(&peer).await.cause, Some(Cause::BadAnswer));
    let trying = |_, request: &str| vec![reply(request, "100 Trying", "").into_bytes(); 2_000];
    let peer = Peer::new(trying).await;
    assert_eq!(outcome(&peer).await.cause, Some(Cause::BadAnswer));
}

#[tokio::test]
async fn a_closed_port_is_surely_not_sent() {
    let port = {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0")
            .await
            .expect("a port");
        socket.local_addr().expect("an address").port()
    };
    let outcome = gateway().notify(notify(port, Udp)).await;
    assert_eq!(outcome.cause, Some(Cause::Refused));
    assert_eq!(outcome.state(), TargetState::Failed);
}

#[tokio::test]
async fn what_the_guard_blocks_is_never_sent() {
    let peer = Peer::answering(&[("200 OK", "")]).await;
    let closed = gateway_with(GuardConfig::default());
    let outcome = closed.notify(notify(peer.port, Udp)).await;
    assert_eq!(outcome.cause, Some(Cause::BlockedAddress));
    assert!(peer.requests().is_empty());
}

#[tokio::test]
async fn what_is_closed_while_a_command_waits_for_its_turn_is_not_sent() {
    let peer = Peer::answering(&[("200 OK", "")]).await;
    let gateway = gateway();
    let slow = || {
        let mut slow = notify(peer.port, Udp);
        slow.hop.rate = 2;
        slow
    };
    let first = slow();
    gateway.turn(&first).await;
    assert_eq!(gateway.notify(first).await.cause, None);
    let second = slow();
    let mut turn = std::pin::pin!(gateway.turn(&second));
    tokio::select! {
        biased;
        _ = turn.as_mut() => panic!("it had no turn yet"),
        () = std::future::ready(()) => {}
    }
    let elsewhere = ["10.0.0.0/8".parse().expect("a network")];
    gateway.follow(1, Some(&elsewhere));
    turn.await;
    let blocked = gateway.notify(slow()).await;
    assert_eq!(blocked.cause, Some(Cause::BlockedAddress));
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn a_line_that_echoes_the_password_or_the_number_is_struck_out() {
    let peer = Peer::answering(&[("400 secret of 49301234 is bad", "")]).await;
    let mut notify = signed(peer.port, Udp);
    let body = carillon_devices::ActionBody::parse("key=number=49301234").expect("a body");
    notify.message = carillon_devices::Message::ActionUri(body);
    let outcome = gateway().notify(notify).await;
    assert_eq!(outcome.excerpt, "SIP/2.0 400 ••• of ••• is bad");
}

#[tokio::test]
async fn a_line_that_echoes_the_proof_is_struck_out() {
    let asks = format!("WWW-Authenticate: {MD5}\r\n");
    let peer = Peer::new(move |number, request| {
        let proof = header(request, "Authorization").unwrap_or_default();
        let answer = match number {
            0 => reply(request, ASKERS[0].0, &asks),
            _ => reply(request, &format!("403 {proof}"), ""),
        };
        vec![answer.into_bytes()]
    })
    .await;
    let outcome = gateway().notify(signed(peer.port, Udp)).await;
    assert!(
        outcome.excerpt.contains("response=\"•••\""),
        "{}",
        outcome.excerpt
    );
}

const MD5: &str = "Digest realm=\"pbx.test\", nonce=\"n0nce\", qop=\"auth\"";
const SHA: &str = "Digest realm=\"pbx.test\", nonce=\"n0nce\", algorithm=SHA-256, qop=\"auth\"";

/// The header that asks, and the one that answers.
const ASKERS: [(&str, &str, &str); 2] = [
    ("401 Unauthorized", "WWW-Authenticate", "Authorization"),
    (
        "407 Proxy Authentication Required",
        "Proxy-Authenticate",
        "Proxy-Authorization",
    ),
];

fn parameter(proof: &str, name: &str) -> String {
    let found = proof.split(", ").find_map(|part| {
        let (known, value) = part.trim_start_matches("Digest ").split_once('=')?;
        (known == name).then(|| value.trim_matches('"').to_owned())
    });
    found.unwrap_or_default()
}

/// Whether a proof is that of `dash` and `secret`, by RFC 7616.
fn is_right(proof: &str) -> bool {
    let hash = |text: String| match parameter(proof, "algorithm").as_str() {
        "SHA-256" => hex::encode(Sha256::digest(text)),
        _ => hex::encode(Md5::digest(text)),
    };
    let secret = hash("dash:pbx.test:secret".to_owned());
    let request = hash(format!("NOTIFY:{}", parameter(proof, "uri")));
    let of = |name| parameter(proof, name);
    let all = format!(
        "{secret}:{}:{}:{}:auth:{request}",
        of("nonce"),
        of("nc"),
        of("cnonce")
    );
    parameter(proof, "response") == hash(all) && of("uri") == "sip:2041@pbx.test"
}

#[tokio::test]
async fn every_challenge_is_answered_with_the_strongest_proof() {
    for (status, asks, answers) in ASKERS {
        for (challenges, algorithm) in [
            (vec![MD5], ""),
            (vec![SHA], "SHA-256"),
            (vec![MD5, SHA], "SHA-256"),
            (vec!["Basic realm=\"x\"", MD5], ""),
            (
                vec!["Digest realm=\"x\", nonce=\"n\", algorithm=SHA-512", MD5],
                "",
            ),
        ] {
            let lines: Vec<_> = challenges
                .iter()
                .map(|c| format!("{asks}: {c}\r\n"))
                .collect();
            let lines = lines.concat();
            let peer = Peer::answering(&[(status, &lines), ("200 OK", "")]).await;
            let outcome = gateway().notify(signed(peer.port, Udp)).await;
            assert_eq!(outcome.cause, None, "{lines}");
            let requests = peer.requests();
            assert_eq!(requests.len(), 2);
            assert_eq!(header(&requests[0], answers), None);
            let proof = header(&requests[1], answers).expect("a proof");
            assert!(is_right(proof), "{proof}");
            assert_eq!(parameter(proof, "algorithm"), algorithm);
            // One call, two transactions.
            for (name, same) in [
                ("Call-ID", true),
                ("From", true),
                ("CSeq", false),
                ("Via", false),
            ] {
                let pair = (header(&requests[0], name), header(&requests[1], name));
                assert_eq!(pair.0 == pair.1, same, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn a_proxy_and_a_phone_may_each_ask_once() {
    let (proxy, phone) = (
        format!("Proxy-Authenticate: {MD5}\r\n"),
        format!("WWW-Authenticate: {SHA}\r\n"),
    );
    let peer =
        Peer::answering(&[(ASKERS[1].0, &proxy), (ASKERS[0].0, &phone), ("200 OK", "")]).await;
    let outcome = gateway().notify(signed(peer.port, Udp)).await;
    assert_eq!(outcome.cause, None);
    let last = peer.requests().remove(2);
    assert!(header(&last, "Proxy-Authorization").is_some_and(is_right));
    assert!(header(&last, "Authorization").is_some_and(is_right));
}

#[tokio::test]
async fn a_refused_password_is_given_once() {
    for (status, asks, _) in ASKERS {
        let line = format!("{asks}: {MD5}\r\n");
        let peer = Peer::answering(&[(status, &line)]).await;
        let outcome = gateway().notify(signed(peer.port, Udp)).await;
        assert_eq!(outcome.cause, Some(Cause::AuthFailed));
        assert_eq!(peer.requests().len(), 2);
    }
}

#[tokio::test]
async fn an_old_nonce_is_worth_one_round_more() {
    let (fresh, stale) = (
        format!("Proxy-Authenticate: {MD5}\r\n"),
        format!(
            "Proxy-Authenticate: {}, stale=true\r\n",
            MD5.replace("n0nce", "newer")
        ),
    );
    let status = ASKERS[1].0;
    let peer = Peer::answering(&[(status, &fresh), (status, &stale), ("200 OK", "")]).await;
    assert_eq!(gateway().notify(signed(peer.port, Udp)).await.cause, None);
    let last = peer.requests().remove(2);
    let proof = header(&last, "Proxy-Authorization").expect("a proof");
    assert!(is_right(proof) && parameter(proof, "nonce") == "newer");

    let endless = Peer::answering(&[(status, &fresh), (status, &stale)]).await;
    let outcome = gateway().notify(signed(endless.port, Udp)).await;
    assert_eq!(outcome.cause, Some(Cause::AuthFailed));
    assert_eq!(endless.requests().len(), 3);
}

#[tokio::test]
async fn without_a_password_or_a_digest_nothing_more_is_said() {
    for (status, asks, _) in ASKERS {
        let line = format!("{asks}: {MD5}\r\n");
        let peer = Peer::answering(&[(status, &line)]).await;
        assert_eq!(outcome(&peer).await.cause, Some(Cause::NoCredential));
        assert_eq!(peer.requests().len(), 1);
        for odd in [
            "",
            "Basic realm=\"x\"",
            "Digest realm=\"x",
            "Digest realm=\"a\tb\", nonce=\"n\"",
        ] {
            let line = format!("{asks}: {odd}\r\n");
            let peer = Peer::answering(&[(status, &line)]).await;
            let outcome = gateway().notify(signed(peer.port, Udp)).await;
            let number = status[..3].parse().expect("a number");
            assert_eq!(outcome.cause, Some(Cause::Sip(number)), "{odd:?}");
            assert_eq!(peer.requests().len(), 1, "{odd:?}");
        }
    }
}
