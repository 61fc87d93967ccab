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

/// A form as it is really sent: its path, its fields, the kind of its body, and who sends it.
struct Sent {
    path: &'static str,
    fields: &'static [(&'static str, &'static str)],
    kind: &'static str,
    signed_in: bool,
}

const UPLOAD: &str = "multipart/form-data; boundary=x";

const fn sent(path: &'static str, fields: &'static [(&'static str, &'static str)]) -> Sent {
    Sent {
        path,
        fields,
        kind: FORM,
        signed_in: true,
    }
}

/// Every kind of form: signing in, commanding, approving, settings, the account, the inventory, a file.
/// None of them does anything, since what it names is not there or what it says is wrong.
const SENT: [Sent; 14] = [
    Sent {
        signed_in: false,
        ..sent(
            "/sign-in",
            &[
                ("username", "nobody"),
                ("password", "a long guess of words"),
            ],
        )
    },
    sent("/language", &[("language", "en"), ("next", "/account")]),
    sent("/run", &[]),
    sent("/run/review/absent", &[]),
    sent("/jobs/absent/cancel", &[]),
    sent("/jobs/absent/approve", &[("digest", "x")]),
    sent("/jobs/absent/deny", &[("reason", "x")]),
    sent("/admin/settings", &[("operator_phones", "x")]),
    sent("/admin/networks", &[("networks", "x")]),
    sent("/admin/users/new", &[("name", "a b")]),
    sent("/account/password", &[("current", "x")]),
    sent("/account/tokens", &[("label", "")]),
    sent("/sites/new", &[("name", "")]),
    Sent {
        kind: UPLOAD,
        ..sent("/phones/import", &[])
    },
];

/// 14 forms × 5 × 4 × 2 × 5 = 2,800: where it says to come from, twice; which token; which kind of body.
#[tokio::test]
async fn a_form_is_taken_from_our_own_pages_with_the_right_token_and_as_a_form_only() {
    let house = House::open(None).await;
    let own = house.base();
    let mut tried = 0;
    for form in &SENT {
        let mut browser = Browser::new(&own);
        let page = if form.signed_in {
            browser.sign_in("admin", PASSWORD).await;
            "/account"
        } else {
            "/sign-in"
        };
        let right = token(&browser.get(page).await);
        tried += combinations(&browser, &own, form, &right).await;
    }
    assert_eq!(tried, 2_800);
    house.close().await;
}

/// Sends one form in every combination; says how many there were.
async fn combinations(browser: &Browser, own: &str, form: &Sent, right: &str) -> usize {
    let wrong = "0".repeat(right.len());
    let sites = [
        None,
        Some("same-origin"),
        Some("none"),
        Some("same-site"),
        Some("cross-site"),
    ];
    let origins = [None, Some(own), Some("null"), Some("http://evil.example")];
    let kinds = [
        Some(FORM),
        Some("text/plain"),
        Some("application/json"),
        Some(UPLOAD),
        None,
    ];
    let (mut tried, mut taken) = (0, 0);
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form.fields)
        .append_pair("x", "x")
        .finish();
    for (site, origin) in sites
        .iter()
        .flat_map(|site| origins.map(|origin| (*site, origin)))
    {
        for (csrf, kind) in [right, &wrong]
            .into_iter()
            .flat_map(|t| kinds.map(|kind| (t, kind)))
        {
            let mut request =
                browser.with_cookies(browser.http().post(format!("{own}{}", form.path)));
            for (name, value) in [
                ("sec-fetch-site", site),
                ("origin", origin),
                ("content-type", kind),
                ("x-csrf-token", Some(csrf)),
            ] {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
            let answer = send(request.body(Bytes::from(body.clone()))).await;
            let expected = if !is_ours(site, origin, own) {
                Some(403)
            } else if kind != Some(form.kind) {
                Some(415)
            } else if csrf == right {
                None
            } else {
                Some(403)
            };
            let status = answer.status.as_u16();
            let told = format!("{}: {site:?} {origin:?} {kind:?}: {status}", form.path);
            match expected {
                Some(expected) => assert_eq!(status, expected, "{told}"),
                None => assert!(![401, 403, 415].contains(&status) && status < 500, "{told}"),
            }
            tried += 1;
            taken += usize::from(expected.is_none());
        }
    }
    assert_eq!(taken, 9, "two places that are ours, and a right Origin");
    tried
}

/// Reload and Back cannot fetch such an answer anew: its page says which one they can.
#[tokio::test]
async fn the_answer_to_a_form_names_the_page_of_the_form() {
    let house = House::open(None).await;
    let mut browser = Browser::new(&house.base());
    let refused = browser.sign_in("nobody", "a long guess of words").await;
    for there in ["data-form=\"/sign-in\"", "/static/session.js"] {
        assert!(refused.text.contains(there), "{there}: {}", refused.text);
    }
    browser.sign_in("admin", PASSWORD).await;
    let page = browser.get("/sites/new").await;
    assert!(!page.text.contains("data-form"));
    let csrf = token(&page);
    for (path, status, named) in [
        ("/sites/new", 422_u16, "data-form=\"/sites/new\""),
        ("/account/look", 400, "data-form=\"/account\""),
        ("/nowhere", 404, ""),
    ] {
        let form = browser.form(path, &[("csrf", csrf.as_str()), ("name", "")]);
        let form = form.header("sec-fetch-site", "same-origin");
        let answer = browser.send(form).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        let names_one = answer.text.contains("data-form=");
        assert_eq!(names_one, !named.is_empty(), "{path}: {}", answer.text);
        assert!(answer.text.contains(named), "{path}: {}", answer.text);
    }
    house.close().await;
}

/// 12 routes × 6 kinds: what a foreign page can send without asking is no body of the API.
#[tokio::test]
async fn no_route_of_the_api_takes_a_body_of_another_kind() {
    let house = House::open(None).await;
    let api = house.program(Role::Admin).await;
    let routes = [
        ("POST", "/jobs"),
        ("POST", "/jobs/preview"),
        ("POST", "/jobs/absent/cancel"),
        ("POST", "/jobs/absent/approve"),
        ("POST", "/phones"),
        ("PATCH", "/phones/001565000001"),
        ("POST", "/groups"),
        ("PUT", "/groups/absent"),
        ("POST", "/sites"),
        ("PUT", "/sites/absent/sip"),
        ("POST", "/credentials"),
        ("POST", "/stop-all"),
    ];
    let kinds = [
        None,
        Some("text/plain"),
        Some(FORM),
        Some(UPLOAD),
        Some("text/csv"),
        Some("text/json"),
    ];
    let mut tried = 0;
    for (method, path) in routes {
        for kind in kinds {
            let request = api.request(method.parse().unwrap(), path);
            let request = match kind {
                Some(kind) => request.header(header::CONTENT_TYPE, kind),
                None => request,
            };
            let refused = send(request.body(r#"{"name":"x"}"#)).await;
            refused.problem(415, "unsupported_media_type");
            tried += 1;
        }
    }
    assert_eq!(tried, 72);
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
