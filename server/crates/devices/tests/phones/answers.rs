//! Phones that answer.

use carillon_devices::{Limits, PathAndQuery};
use carillon_domain::Cause;
use carillon_domain::outcome::Transport;
use carillon_domain::phone::AuthScheme;

use crate::gate::{cause, deliver, fetch, http, with_password};
use crate::peer::Peer;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

#[tokio::test]
async fn the_request_is_the_path_as_it_stands_and_little_else() {
    let peer = Peer::answering(&[OK]).await;
    let mut delivery = http(peer.port);
    delivery.path_and_query =
        PathAndQuery::parse("/servlet?key=number=%2B4930123&outgoing_uri=1006@10.2.1.48")
            .expect("a path");
    let outcome = deliver(delivery).await;

    assert_eq!(outcome.cause, None);
    assert_eq!(outcome.http_status, Some(200));
    assert_eq!(outcome.transport, Transport::Http);
    assert_eq!(outcome.excerpt, "ok");
    assert_eq!(outcome.learned_auth, Some(AuthScheme::None));
    assert!(outcome.reached);
    assert_eq!(
        peer.requests(),
        [format!(
            "GET /servlet?key=number=%2B4930123&outgoing_uri=1006@10.2.1.48 HTTP/1.1\r\n\
             Host: 127.0.0.1:{}\r\n\
             User-Agent: Carillon\r\n\
             Accept: */*\r\n\
             Accept-Encoding: identity\r\n\
             Connection: close\r\n\r\n",
            peer.port
        )]
    );
}

#[tokio::test]
async fn each_status_ends_with_its_cause() {
    for (head, expected) in [
        ("204 No Content", None),
        ("202 Accepted", None),
        ("302 Found\r\nLocation: /login", Some(Cause::Redirected)),
        ("400 Bad Request", Some(Cause::Unsupported)),
        ("401 Unauthorized", Some(Cause::NoCredential)),
        ("403 Forbidden", Some(Cause::Forbidden)),
        ("404 Not Found", Some(Cause::Unsupported)),
        ("405 Method Not Allowed", Some(Cause::Unsupported)),
        ("429 Too Many Requests", Some(Cause::ServerError)),
        ("500 Internal Server Error", Some(Cause::ServerError)),
        ("501 Not Implemented", Some(Cause::Unsupported)),
        ("503 Service Unavailable", Some(Cause::ServerError)),
        ("999 What", Some(Cause::BadAnswer)),
    ] {
        let peer = Peer::saying(format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n")).await;
        let outcome = deliver(http(peer.port)).await;
        assert_eq!(outcome.cause, expected, "{head}");
        let status: u16 = head[..3].parse().expect("a status");
        assert_eq!(outcome.http_status, Some(status), "{head}");
        assert!(outcome.reached);
        assert_eq!(peer.connections(), 1, "{head}");
    }
}

#[tokio::test]
async fn the_prompt_on_the_screen_is_its_own_cause() {
    for status in ["403 Forbidden", "200 OK"] {
        let peer = Peer::saying(format!(
            "HTTP/1.0 {status}\r\n\r\n<html>Remote control forbidden</html>"
        ))
        .await;
        let got = cause(http(peer.port)).await;
        assert_eq!(got, Some(Cause::PromptPending), "{status}");
    }
}

#[tokio::test]
async fn a_page_that_says_no_under_200_is_a_refusal() {
    let page = "<html><head><title>403 Forbidden</title></head><body>Forbidden</body></html>";
    let peer = Peer::saying(format!("HTTP/1.1 200 OK\r\n\r\n{page}")).await;
    let outcome = deliver(http(peer.port)).await;
    assert_eq!(outcome.cause, Some(Cause::Forbidden));
    assert_eq!(
        outcome.http_status,
        Some(200),
        "what it answered stays on record"
    );
    assert!(outcome.excerpt.contains("Forbidden"));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Peer::answering(&[OK]).await;
    let peer = Peer::saying(format!(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{}/servlet\r\nContent-Length: 0\r\n\r\n",
        elsewhere.port
    ))
    .await;
    assert_eq!(cause(http(peer.port)).await, Some(Cause::Redirected));
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_compressed_body_stays_as_it_is() {
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 4, 0, 0x43, 0xbe];
    let mut answer =
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 15\r\n\r\n".to_vec();
    answer.extend_from_slice(&gzip);
    let peer = Peer::saying(answer).await;
    let fetched = fetch(http(peer.port)).await;
    assert_eq!(fetched.body, gzip);
    assert!(fetched.complete);
}

#[tokio::test]
async fn a_body_without_length_ends_with_the_connection() {
    let peer = Peer::saying("HTTP/1.0 200 OK\r\n\r\n[DND]\nState=Off\n").await;
    let fetched = fetch(http(peer.port)).await;
    assert_eq!(fetched.outcome.cause, None);
    assert_eq!(fetched.body, b"[DND]\nState=Off\n");
    assert!(fetched.complete);
}

#[tokio::test]
async fn a_body_in_chunks_is_put_together() {
    let peer = Peer::saying(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    )
    .await;
    assert_eq!(fetch(http(peer.port)).await.body, b"abcde");
}

#[tokio::test]
async fn after_a_complete_head_a_broken_body_is_acknowledged() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\nx",
    ] {
        let peer = Peer::saying(answer).await;
        let fetched = fetch(http(peer.port)).await;
        assert_eq!(fetched.outcome.cause, None, "{answer}");
        assert!(!fetched.complete, "{answer}");
    }
}

#[tokio::test]
async fn after_a_complete_head_a_reset_is_acknowledged() {
    let peer = Peer::tcp(|mut call| async move {
        call.request().await;
        call.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
            .await;
        // Two more bytes only after the head was surely read.
        call.say("de").await;
        call.reset();
    })
    .await;
    let outcome = deliver(http(peer.port)).await;
    assert!(
        matches!(outcome.cause, None | Some(Cause::ConnectionReset)),
        "a reset may overtake what was sent: {:?}",
        outcome.cause
    );
}

#[tokio::test]
async fn an_endless_body_is_cut_at_its_limit() {
    let peer = Peer::tcp(|mut call| async move {
        call.request().await;
        call.say("HTTP/1.1 200 OK\r\n\r\n").await;
        while call.say([b'x'; 4096]).await {}
    })
    .await;
    let mut delivery = http(peer.port);
    delivery.limits.body = 10_000;
    let fetched = fetch(delivery).await;
    assert_eq!(fetched.outcome.cause, None);
    assert_eq!(fetched.body.len(), 10_000);
    assert!(!fetched.complete);
    assert_eq!(fetched.outcome.excerpt, "");
    let outcome = deliver(http(peer.port)).await;
    assert_eq!(outcome.excerpt.len(), 2048);
}

#[tokio::test]
async fn a_screenshot_fits() {
    let image = vec![0xff; 3 * 1024 * 1024];
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: image/bmp\r\nContent-Length: {}\r\n\r\n",
        image.len()
    )
    .into_bytes();
    answer.extend_from_slice(&image);
    let peer = Peer::saying(answer).await;
    let mut delivery = http(peer.port);
    delivery.limits.body = Limits::SCREENSHOT;
    let fetched = fetch(delivery).await;
    assert!(fetched.complete);
    assert_eq!(fetched.body, image);
}

#[tokio::test]
async fn a_refusal_brings_no_body() {
    let peer = Peer::saying("HTTP/1.0 404 Not Found\r\n\r\nno such page").await;
    let fetched = fetch(http(peer.port)).await;
    assert_eq!(fetched.outcome.cause, Some(Cause::Unsupported));
    assert_eq!(fetched.outcome.excerpt, "no such page");
    assert!(fetched.body.is_empty() && !fetched.complete);
}

#[tokio::test]
async fn a_few_interim_answers_are_skipped() {
    let peer = Peer::saying(format!(
        "HTTP/1.1 100 Continue\r\n\r\n{}{OK}",
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(7)
    ))
    .await;
    assert_eq!(cause(http(peer.port)).await, None);
}

#[tokio::test]
async fn what_a_phone_echoes_of_us_is_struck_out_of_the_excerpt() {
    let peer = Peer::tcp(|mut call| async move {
        let request = call.request().await.unwrap_or_default();
        let asked = "HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n";
        let echo = format!("HTTP/1.0 400 Bad Request\r\n\r\nYou said: {request} s3cret!");
        let signed_in = request.contains("Authorization");
        call.say(if signed_in { &*echo } else { asked }).await;
    })
    .await;
    let mut delivery = with_password(http(peer.port));
    delivery.path_and_query = PathAndQuery::parse("/servlet?key=number=0301234567").expect("path");
    let outcome = deliver(delivery).await;
    assert_eq!(outcome.cause, Some(Cause::Unsupported));
    assert!(outcome.excerpt.contains("Authorization: Basic •••"));
    for secret in ["s3cret", "YWRtaW46czNjcmV0", "0301234567"] {
        assert!(!outcome.excerpt.contains(secret), "{}", outcome.excerpt);
    }
}
