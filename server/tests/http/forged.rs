//! Requests that another site could make a browser send.

use carillon_domain::role::Role;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;

use crate::browser::{Browser, token};
use crate::house::{House, PASSWORD};
use crate::requests::send;

const FORM: &str = "application/x-www-form-urlencoded";

/// One way in which a request may come.
#[derive(Clone, Copy, Debug)]
struct Way<'w> {
    site: Option<&'w str>,
    origin: Option<&'w str>,
    token: Option<&'w str>,
    kind: &'w str,
}

/// By hand: who may have sent it, and what they must have known.
fn is_ours(way: &Way<'_>, own: &str, right: &str) -> bool {
    let from_here = match way.site {
        Some(site) => site == "same-origin" || site == "none",
        None => way.origin == Some(own),
    };
    from_here && way.token == Some(right) && way.kind == FORM
}

fn ways<'w>(own: &'w str, right: &'w str, wrong: &'w str) -> Vec<Way<'w>> {
    let mut ways = Vec::new();
    for site in [
        None,
        Some("same-origin"),
        Some("none"),
        Some("same-site"),
        Some("cross-site"),
    ] {
        for origin in [None, Some(own), Some("null"), Some("https://evil.example")] {
            for token in [None, Some(right), Some(wrong)] {
                for kind in [
                    FORM,
                    "text/plain",
                    "application/json",
                    "multipart/form-data; boundary=x",
                ] {
                    ways.push(Way {
                        site,
                        origin,
                        token,
                        kind,
                    });
                }
            }
        }
    }
    ways
}

#[tokio::test]
async fn a_form_is_taken_from_our_own_pages_only() {
    let house = House::open(None).await;
    let own = house.base();
    let mut browser = Browser::new(&own);
    browser.sign_in("operator", PASSWORD).await;
    let right = token(&browser.get("/account").await);
    let wrong = "0".repeat(right.len());
    let ways = ways(&own, &right, &wrong);
    assert_eq!(ways.len(), 240);
    let mut taken = 0;
    for way in &ways {
        let fields: Vec<_> = way.token.iter().map(|token| ("csrf", *token)).collect();
        let mut form = browser.form("/account/sessions/end-others", &fields);
        for (name, value) in [("sec-fetch-site", way.site), ("origin", way.origin)] {
            if let Some(value) = value {
                form = form.header(name, value);
            }
        }
        let mut request = form.build().unwrap();
        request
            .headers_mut()
            .insert(CONTENT_TYPE, way.kind.parse().unwrap());
        let answer = browser.http().execute(request).await.unwrap();
        let ours = is_ours(way, &own, &right);
        let expected: &[u16] = if ours { &[303] } else { &[400, 403, 415] };
        assert!(
            expected.contains(&answer.status().as_u16()),
            "{way:?}: {}",
            answer.status()
        );
        taken += usize::from(ours);
    }
    // Two sites with each of four origins, and no site with our own.
    assert_eq!(taken, 9);
    house.close().await;
}

/// With nothing but a browser's cookie the API does nothing, however the request is dressed.
#[tokio::test]
async fn a_cookie_moves_nothing_in_the_api() {
    let house = House::open(None).await;
    let own = house.base();
    let mut browser = Browser::new(&own);
    browser.sign_in("admin", PASSWORD).await;
    let right = token(&browser.get("/account").await);
    for way in ways(&own, &right, "wrong") {
        let mut form = browser.form("/api/v1/stop-all", &[("reason", "forged")]);
        for (name, value) in [
            ("sec-fetch-site", way.site),
            ("origin", way.origin),
            ("x-csrf-token", way.token),
        ] {
            if let Some(value) = value {
                form = form.header(name, value);
            }
        }
        let mut request = form.build().unwrap();
        request
            .headers_mut()
            .insert(CONTENT_TYPE, way.kind.parse().unwrap());
        let status = browser.http().execute(request).await.unwrap().status();
        assert!([401, 403].contains(&status.as_u16()), "{way:?}: {status}");
    }
    let api = house.program(Role::Admin).await;
    let stopped = house.engine().stop_all_state().await.unwrap();
    assert_eq!(stopped, None);
    for kind in ["text/plain", FORM, "multipart/form-data; boundary=x"] {
        let request = api
            .request(reqwest::Method::POST, "/sites")
            .header(CONTENT_TYPE, kind);
        let answer = send(request.body(json!({"slug": "x", "name": "x"}).to_string())).await;
        answer.problem(415, "unsupported_media_type");
    }
    house.close().await;
}
