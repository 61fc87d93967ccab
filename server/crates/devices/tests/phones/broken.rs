//! Phones, and other things, that do not answer as they should.

use std::time::Duration;

use carillon_devices::{Delivery, PathAndQuery};
use carillon_domain::{Cause, TargetState};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::gate::{cause, deliver, gateway, gateway_beside, http, impatient};
use crate::peer::Peer;

/// A port of this machine where nobody listens.
async fn silent_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address").port()
}

#[tokio::test]
async fn nobody_there_is_refused() {
    let outcome = deliver(http(silent_port().await)).await;
    assert_eq!(outcome.cause, Some(Cause::Refused));
    assert_eq!(outcome.http_status, None);
    assert!(!outcome.reached);
}

#[tokio::test]
async fn a_full_queue_is_no_connection_in_time() {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .bind("127.0.0.1:0".parse().expect("an address"))
        .expect("a port");
    let listener = socket.listen(1).expect("a listener");
    let address = listener.local_addr().expect("an address");
    // Nobody accepts: the kernel keeps two and leaves the third without an answer.
    let _first = TcpStream::connect(address).await.expect("a connection");
    let _second = TcpStream::connect(address).await.expect("a connection");
    let outcome = deliver(impatient(http(address.port()))).await;
    assert_eq!(outcome.cause, Some(Cause::TimeoutConnect));
    assert!(!outcome.reached);
}

#[tokio::test]
async fn a_reset_after_the_request_may_have_happened() {
    let peer = Peer::tcp(|mut call| async move {
        call.request().await;
        call.reset();
    })
    .await;
    let outcome = deliver(http(peer.port)).await;
    assert_eq!(outcome.cause, Some(Cause::ConnectionReset));
    assert_eq!(outcome.state(), TargetState::Unknown);
    assert!(outcome.reached);
}

#[tokio::test]
async fn a_reset_in_the_head_may_have_happened() {
    for part in [
        "",
        "HTTP/1.1",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        let peer = Peer::saying(part).await;
        let got = cause(http(peer.port)).await;
        assert_eq!(got, Some(Cause::ConnectionReset), "{part:?}");
        assert_eq!(peer.connections(), 1, "{part:?} was sent twice");
    }
}

/// Whether the reset or the request comes first is up to the kernel. Either way it must not be
/// called done, and not be sent again.
#[tokio::test]
async fn a_reset_before_the_request_is_never_a_success() {
    for _ in 0..20 {
        let peer = Peer::tcp(|call| async move { call.reset() }).await;
        let got = cause(http(peer.port)).await;
        assert!(
            matches!(got, Some(Cause::Refused | Cause::ConnectionReset)),
            "{got:?}"
        );
        assert_eq!(peer.connections(), 1);
    }
}

#[tokio::test]
async fn silence_is_no_answer_in_time() {
    for part in ["", "HTTP/1.1 200 OK\r\nServer: x"] {
        let peer = Peer::tcp(move |mut call| async move {
            call.request().await;
            call.say(part).await;
            call.until_gone().await;
        })
        .await;
        let outcome = deliver(impatient(http(peer.port))).await;
        assert_eq!(outcome.cause, Some(Cause::TimeoutAnswer), "{part:?}");
        assert_eq!(outcome.state(), TargetState::Unknown);
    }
}

#[tokio::test]
async fn a_dripping_head_is_no_answer_in_time() {
    let peer = Peer::tcp(|mut call| async move {
        call.request().await;
        call.say("HTTP/1.1 200 OK\r\nX: ").await;
        let mut drops = tokio::time::interval(Duration::from_millis(20));
        while call.say("y").await {
            drops.tick().await;
        }
    })
    .await;
    let got = cause(impatient(http(peer.port))).await;
    assert_eq!(got, Some(Cause::TimeoutAnswer));
}

#[tokio::test]
async fn a_dripping_body_is_acknowledged_in_time() {
    let peer = Peer::tcp(|mut call| async move {
        call.request().await;
        call.say("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            .await;
        let mut drops = tokio::time::interval(Duration::from_millis(20));
        while call.say("y").await {
            drops.tick().await;
        }
    })
    .await;
    assert_eq!(cause(impatient(http(peer.port))).await, None);
}

#[tokio::test]
async fn what_is_no_http_is_a_bad_answer() {
    for garbage in [
        &b"SSH-2.0-OpenSSH_9.6\r\n"[..],
        b"220 mail ESMTP\r\n",
        b"\x00\x00\x00\x00\x00\x00\x00\x00",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 -200 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"<html>hello</html>\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ] {
        let peer = Peer::saying(garbage).await;
        let outcome = deliver(http(peer.port)).await;
        let shown = String::from_utf8_lossy(garbage);
        assert_eq!(outcome.cause, Some(Cause::BadAnswer), "{shown}");
        assert_eq!(outcome.state(), TargetState::Unknown);
        assert_eq!(peer.connections(), 1, "{shown}");
    }
}

#[tokio::test]
async fn too_large_a_head_is_not_read() {
    let one_line = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(20_000));
    let many_lines = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(65));
    let reason = format!("HTTP/1.1 200 {}\r\n\r\n", "y".repeat(20_000));
    for answer in [one_line, many_lines, reason] {
        let peer = Peer::saying(answer).await;
        let outcome = deliver(http(peer.port)).await;
        assert_eq!(outcome.cause, Some(Cause::TooLarge));
        assert_eq!(outcome.state(), TargetState::Unknown);
    }
}

#[tokio::test]
async fn an_endless_head_is_not_read() {
    let peer = Peer::tcp(|mut call| async move {
        call.request().await;
        call.say("HTTP/1.1 200 OK\r\n").await;
        while call.say(format!("X: {}\r\n", "y".repeat(500))).await {}
    })
    .await;
    assert_eq!(cause(http(peer.port)).await, Some(Cause::TooLarge));
}

#[tokio::test]
async fn sixty_four_lines_are_read() {
    let peer = Peer::saying(format!("HTTP/1.0 200 OK\r\n{}\r\n", "X: y\r\n".repeat(64))).await;
    assert_eq!(cause(http(peer.port)).await, None);
}

#[tokio::test]
async fn a_flood_of_interim_answers_is_a_bad_answer() {
    let peer = Peer::tcp(|mut call| async move {
        call.request().await;
        while call.say("HTTP/1.1 100 Continue\r\n\r\n").await {}
    })
    .await;
    assert_eq!(cause(http(peer.port)).await, Some(Cause::BadAnswer));
}

#[tokio::test]
async fn what_speaks_first_is_not_mistaken_for_an_answer() {
    let peer = Peer::tcp(|mut call| async move {
        call.say("220 welcome\r\n").await;
        call.request().await;
    })
    .await;
    let got = cause(http(peer.port)).await;
    assert!(
        matches!(got, Some(Cause::Refused | Cause::BadAnswer)),
        "{got:?}"
    );
}

#[tokio::test]
async fn a_blocked_address_gets_no_connection() {
    let peer = Peer::saying("HTTP/1.0 200 OK\r\n\r\n").await;
    let ours = ([127, 0, 0, 1], peer.port).into();
    let outcome = gateway_beside(vec![ours]).deliver(http(peer.port)).await;
    assert_eq!(outcome.cause, Some(Cause::BlockedAddress));
    assert!(!outcome.reached);

    let gateway = gateway();
    gateway.follow(1, Some(&["127.9.0.0/16".parse().expect("a network")]));
    let outcome = gateway.deliver(http(peer.port)).await;
    assert_eq!(outcome.cause, Some(Cause::BlockedAddress));
    assert_eq!(peer.connections(), 0);

    gateway.follow(2, None);
    assert_eq!(gateway.deliver(http(peer.port)).await.cause, None);
}

#[tokio::test]
async fn the_list_is_never_widened_nor_an_older_one_followed() {
    let peer = Peer::saying("HTTP/1.0 200 OK\r\n\r\n").await;
    let gateway = gateway();
    let outer = gateway.guard().networks().to_vec();
    gateway.follow(2, Some(&["0.0.0.0/0".parse().expect("a network")]));
    let wide: Vec<_> = outer.iter().filter(|net| net.addr().is_ipv4()).collect();
    assert_eq!(gateway.guard().networks().iter().collect::<Vec<_>>(), wide);
    gateway.follow(3, Some(&[]));
    gateway.follow(2, None);
    let outcome = gateway.deliver(http(peer.port)).await;
    assert_eq!(outcome.cause, Some(Cause::BlockedAddress));
}

#[tokio::test]
async fn every_address_of_the_never_list_is_blocked_at_the_last_moment() {
    let gateway = gateway();
    for address in [
        "0.0.0.0",
        "169.254.169.254",
        "255.255.255.255",
        "224.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "fe80::1",
        "8.8.8.8",
    ] {
        let mut target = http(8080).target;
        target.address = address.parse().expect("an address");
        let path = PathAndQuery::parse("/servlet?key=OK").expect("a path");
        let delivery = Delivery::new(http(1).mac, target, path);
        let outcome = gateway.deliver(delivery).await;
        assert_eq!(outcome.cause, Some(Cause::BlockedAddress), "{address}");
    }
}
