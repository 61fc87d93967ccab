//! Headers of every answer, and requests that name no host of ours.

use reqwest::header;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::house::House;
use crate::requests::{Answer, Client, send};

async fn get(house: &House, path: &str) -> Answer {
    let client = Client::anonymous(&house.base());
    send(client.http.get(format!("{}{path}", house.base()))).await
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let house = House::open(None).await;
    for path in [
        "/sign-in",
        "/healthz",
        "/nothing-here",
        "/api/docs",
        "/api/v1/phones",
    ] {
        let answer = get(&house, path).await;
        let is = |name: &str, value: &str| {
            assert_eq!(answer.headers[name], value, "{path}");
        };
        is("x-content-type-options", "nosniff");
        is("referrer-policy", "same-origin");
        is("x-frame-options", "DENY");
        is("cross-origin-opener-policy", "same-origin");
        is("cache-control", "no-store");
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
        assert!(!answer.headers.contains_key(header::SERVER), "{path}");
        let cors = answer
            .headers
            .keys()
            .any(|name| name.as_str().starts_with("access-control"));
        assert!(!cors, "{path}");
    }
    house.close().await;
}

#[tokio::test]
async fn pages_have_a_policy_with_a_fresh_nonce() {
    let house = House::open(None).await;
    let policy = |answer: &Answer| {
        let value = answer.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(value.starts_with("default-src 'none'") && !value.contains("unsafe-inline"));
        value.to_owned()
    };
    let (one, two) = (get(&house, "/sign-in").await, get(&house, "/sign-in").await);
    assert_ne!(policy(&one), policy(&two));
    policy(&get(&house, "/nothing-here").await);
    house.close().await;
}

#[tokio::test]
async fn static_files_are_kept_for_ever_under_their_hash() {
    let house = House::open(None).await;
    let href = carillon::assets::href("app.css");
    let file = get(&house, &href).await;
    assert_eq!(
        file.headers[header::CONTENT_TYPE],
        "text/css; charset=utf-8"
    );
    assert!(
        file.headers[header::CACHE_CONTROL]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    let old = get(&house, "/static/app.css?v=0").await;
    assert_eq!(old.headers[header::CACHE_CONTROL], "no-cache");
    let client = Client::anonymous(&house.base());
    let again = client.http.get(format!("{}{href}", house.base()));
    let again = send(again.header(header::IF_NONE_MATCH, &file.headers[header::ETAG])).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    assert_eq!(get(&house, "/static/../secret.keys").await.status, 404);
    house.close().await;
}

/// Sends lines as they stand and returns the status of the answer.
async fn raw(house: &House, lines: &[&str]) -> u16 {
    said(house, lines).await.unwrap()
}

/// The same where the connection may be cut: what is far too large is not read to its end.
async fn said(house: &House, lines: &[&str]) -> Option<u16> {
    let address = house.base().trim_start_matches("http://").to_owned();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!("{}\r\nConnection: close\r\n\r\n", lines.join("\r\n"));
    let mut answer = Vec::new();
    if socket.write_all(request.as_bytes()).await.is_ok() {
        // A reset behind an answer is the end of it as well.
        let _ = socket.read_to_end(&mut answer).await;
    }
    let answer = String::from_utf8(answer).unwrap();
    answer.split(' ').nth(1)?.parse().ok()
}

#[tokio::test]
async fn exactly_one_host_and_it_is_ours() {
    let house = House::open(None).await;
    let own = house.base().replace("http://", "Host: ");
    let port = house.base().rsplit(':').next().unwrap().to_owned();
    let get = "GET /sign-in HTTP/1.1";
    assert_eq!(raw(&house, &[get, &own]).await, 200);
    assert_eq!(
        raw(&house, &[get, &format!("Host: localhost:{port}")]).await,
        200
    );
    assert_eq!(raw(&house, &[get]).await, 400);
    assert_eq!(raw(&house, &[get, &own, &own]).await, 400);
    assert_eq!(raw(&house, &[get, "Host: evil.example"]).await, 421);
    assert_eq!(
        raw(&house, &[get, &format!("Host: evil.example:{port}")]).await,
        421
    );
    assert_eq!(
        raw(&house, &["GET /healthz HTTP/1.1", "Host: 10.0.0.1"]).await,
        200
    );
    house.close().await;
}

/// Where it is not clear where a request ends, the next one could be somebody else's.
#[tokio::test]
async fn a_body_has_one_end() {
    let house = House::open(None).await;
    let own = house.base().replace("http://", "Host: ");
    let post = "POST /sign-in HTTP/1.1";
    let unclear: [&[&str]; 8] = [
        &["Content-Length: 4", "Content-Length: 5"],
        &["Content-Length: 4, 5"],
        &["Content-Length: +4"],
        &["Content-Length: 4x"],
        &["Content-Length: -1"],
        &["Transfer-Encoding: gzip"],
        &["Transfer-Encoding: chunked, gzip"],
        &["Transfer-Encoding : chunked"],
    ];
    for lines in unclear {
        let lines = [&[post, own.as_str()][..], lines].concat();
        assert_eq!(raw(&house, &lines).await, 400, "{lines:?}");
    }
    let old = ["POST /sign-in HTTP/1.0", &own, "Transfer-Encoding: chunked"];
    assert_eq!(raw(&house, &old).await, 400);
    house.close().await;
}

#[tokio::test]
async fn a_head_has_32_kib_and_no_more() {
    let house = House::open(None).await;
    let own = house.base().replace("http://", "Host: ");
    let get = "GET /sign-in HTTP/1.1";
    for (kib, status) in [(8, 200), (31, 200), (33, 431), (60, 431), (300, 431)] {
        // In one line, and in many.
        let long = format!("X-Long: {}", "a".repeat(kib * 1024));
        let part = format!("X-Part: {}", "a".repeat(kib * 1024 / 32));
        for lines in [vec![long.as_str()], vec![part.as_str(); 32]] {
            let lines = [vec![get, &own], lines].concat();
            let told = said(&house, &lines).await;
            let cut = told.is_none() && kib > 40;
            assert!(told == Some(status) || cut, "{kib} KiB: {told:?}");
        }
    }
    house.close().await;
}

#[tokio::test]
async fn it_says_when_it_takes_work() {
    let house = House::open(None).await;
    assert_eq!(get(&house, "/healthz").await.json()["status"], "ok");
    assert_eq!(get(&house, "/readyz").await.json()["status"], "ready");
    house.close().await;
}
