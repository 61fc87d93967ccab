//! Kinds of bodies, with a token in a header as scripts send it.

use axum::body::Bytes;
use reqwest::header;

use crate::browser::{Browser, token};
use crate::house::{House, PASSWORD};
use crate::requests::{Client, send};
use carillon_domain::role::Role;

const FORM: &str = "application/x-www-form-urlencoded";

/// Whether our own page, as far as the browser tells, sent it.
fn is_ours(site: Option<&str>, origin: Option<&str>, own: &str) -> bool {
    match site {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => origin == Some(own),
    }
}

/// 5 × 4 × 2 × 5 = 200: where it says to come from, twice; which token; which kind of body.
#[tokio::test]
async fn a_token_in_a_header_makes_no_form_of_another_kind() {
    let house = House::open(None).await;
    let own = house.base();
    let mut browser = Browser::new(&own);
    browser.sign_in("viewer", PASSWORD).await;
    let right = token(&browser.get("/account").await);
    let wrong = "0".repeat(right.len());
    let sites = [
        None,
        Some("same-origin"),
        Some("none"),
        Some("same-site"),
        Some("cross-site"),
    ];
    let origins = [
        None,
        Some(own.as_str()),
        Some("null"),
        Some("http://evil.example"),
    ];
    let kinds = [
        Some(FORM),
        Some("text/plain"),
        Some("application/json"),
        Some("multipart/form-data; boundary=x"),
        None,
    ];
    let mut taken = 0;
    for site in sites {
        for origin in origins {
            for csrf in [&right, &wrong] {
                for kind in kinds {
                    let fields = [("language", "en"), ("next", "/account")];
                    let url = format!("{own}/language");
                    let body = form_urlencoded::Serializer::new(String::new())
                        .extend_pairs(fields)
                        .finish();
                    let mut request = browser.with_cookies(browser.http().post(url));
                    for (name, value) in [
                        ("sec-fetch-site", site),
                        ("origin", origin),
                        ("content-type", kind),
                        ("x-csrf-token", Some(csrf.as_str())),
                    ] {
                        if let Some(value) = value {
                            request = request.header(name, value);
                        }
                    }
                    let status = send(request.body(Bytes::from(body))).await.status.as_u16();
                    let expected = if !is_ours(site, origin, &own) {
                        403
                    } else if kind != Some(FORM) {
                        415
                    } else if csrf == &right {
                        303
                    } else {
                        403
                    };
                    assert_eq!(status, expected, "{site:?} {origin:?} {kind:?}");
                    taken += usize::from(status == 303);
                }
            }
        }
    }
    assert_eq!(taken, 9, "two places that are ours, and a right Origin");
    house.close().await;
}

#[tokio::test]
async fn the_api_takes_json_and_lists_only() {
    let house = House::open(None).await;
    let api = house.program(Role::Admin).await;
    let body = r#"{"slug":"kiel","name":"Kiel","transport_security":"plain_http"}"#;
    let post = |kind: Option<&str>, path: &str, body: &str| {
        let request = api.request(reqwest::Method::POST, path);
        let request = match kind {
            Some(kind) => request.header(header::CONTENT_TYPE, kind),
            None => request,
        };
        send(request.body(body.to_owned()))
    };
    for kind in [None, Some("text/plain"), Some(FORM), Some("text/csv")] {
        let refused = post(kind, "/sites", body).await;
        refused.problem(415, "unsupported_media_type");
    }
    let json = Some("application/json; charset=utf-8");
    post(json, "/sites", body).await.expect(201);
    let twice = api
        .request(reqwest::Method::POST, "/sites")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_TYPE, "text/plain");
    let twice = send(twice.body(body)).await;
    twice.problem(415, "unsupported_media_type");
    for kind in [None, json, Some("text/plain")] {
        let refused = post(kind, "/phones/import", "mac\n").await;
        refused.problem(415, "unsupported_media_type");
    }
    // Without a body there is nothing to read wrongly.
    let stop = post(Some(FORM), "/stop-all/release", "").await;
    assert_ne!(stop.status, 415);
    house.close().await;
}

#[tokio::test]
async fn no_origin_is_let_in_by_the_api() {
    let house = House::open(None).await;
    let api = Client::anonymous(&house.base());
    for method in [reqwest::Method::OPTIONS, reqwest::Method::GET] {
        let asked = api
            .request(method, "/phones")
            .header("origin", "http://evil.example")
            .header("access-control-request-method", "DELETE");
        let answer = send(asked).await;
        let mut names = answer.headers.keys();
        assert!(!names.any(|name| name.as_str().starts_with("access-control-")));
    }
    house.close().await;
}
