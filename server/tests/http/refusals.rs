//! What somebody sends who tries the locks is told by the log, and does not fill it.

use carillon_domain::role::Role;
use carillon_engine::dispatch;
use reqwest::header::{CONTENT_TYPE, HOST};
use serde_json::{Value, json};

use crate::browser::token;
use crate::house::{House, PASSWORD};
use crate::inventory_pages::{location, upload};
use crate::pages_jobs::Person;
use crate::requests::{Client, send};

/// The records of one action by what they say of it.
async fn told(api: &Client, action: &str) -> Vec<Value> {
    let page = api.get(&format!("/audit?action={action}&limit=200")).await;
    let items = page.expect(200)["items"].as_array().unwrap().clone();
    items
        .into_iter()
        .map(|item| item["entry"].clone())
        .collect()
}

/// The one record of this reason.
fn only<'r>(records: &'r [Value], why: &str) -> &'r Value {
    let found: Vec<_> = records
        .iter()
        .filter(|record| record["detail"]["why"] == why)
        .collect();
    assert_eq!(found.len(), 1, "{why}: {records:?}");
    found[0]
}

/// As many tries as these leave one record at once.
const TRIES: i64 = 20;

async fn strangers(house: &House) {
    let http = Client::anonymous(&house.base()).http;
    let sign_in = format!("{}/sign-in", house.base());
    for _ in 0..TRIES {
        let foreign = http.post(&sign_in).header("sec-fetch-site", "cross-site");
        assert_eq!(send(foreign).await.status, 403);
        let renamed = http.get(&sign_in).header(HOST, "other.example");
        assert_eq!(send(renamed).await.status, 421);
    }
}

async fn somebody(house: &House) {
    let mut person = Person::sign_in(house, Role::Operator).await;
    let csrf = token(&person.see("/account").await);
    for _ in 0..TRIES {
        let form = person
            .browser
            .form("/account/look", &[("csrf", "made elsewhere")]);
        let stale = send(form.header("sec-fetch-site", "same-origin")).await;
        assert_eq!(stale.status, 403, "{}", stale.text);
        let form = person.browser.form("/account/look", &[]);
        let form = form.header("x-csrf-token", &csrf).body("a text");
        let form = form.header("sec-fetch-site", "same-origin");
        let plain = reqwest::header::HeaderValue::from_static("text/plain");
        let headers = reqwest::header::HeaderMap::from_iter([(CONTENT_TYPE, plain)]);
        let other = send(form.headers(headers)).await;
        assert_eq!(other.status, 415, "{}", other.text);
    }
}

/// By the API, by a form, by a list, and as the SIP server of a site.
async fn addresses(house: &House, api: &Client) {
    let site = json!({"slug": "kiel", "name": "Kiel"});
    api.post("/sites", &site).await.expect(201);
    let phone = json!({"mac": "001565000001", "address": "8.8.8.8"});
    api.post("/phones", &phone).await.problem(422, "invalid");
    let server = json!({"from": "carillon@pbx.test", "proxy": "169.254.169.254"});
    api.put("/sites/kiel/sip", &server)
        .await
        .problem(422, "invalid");
    let mut person = Person::sign_in(house, Role::Admin).await;
    let fields = [
        ("mac", "001565000001"),
        ("label", "x"),
        ("address", "8.8.8.8"),
        ("url_form", "servlet"),
        ("dial_form", "key"),
    ];
    let typed = person.send("/phones/new", "/phones/new", &fields).await;
    assert_eq!(typed.status, 422, "{}", typed.text);
    let list = "mac,label,address\n001565000001,x,8.8.8.8\n001565000002,x,8.8.4.4\n";
    location(&upload(&mut person.browser, list).await);
}

pub(crate) async fn who_tries_the_locks_is_told_once_and_counted(house: House) -> House {
    let api = house.program(Role::Admin).await;
    strangers(&house).await;
    somebody(&house).await;
    addresses(&house, &api).await;
    let records = told(&api, "request.refused").await;
    for (why, what, who) in [
        ("cross_origin", "POST /sign-in", "unknown account"),
        ("wrong_host", "GET /sign-in", "unknown account"),
        ("stale_form", "POST /account/look", "operator"),
        ("unsupported_media_type", "POST /account/look", "operator"),
        ("blocked_address", "a new phone", "admin"),
    ] {
        let record = only(&records, why);
        assert_eq!(record["detail"]["what"], what);
        assert_eq!(record["actor"]["name"], who);
        assert_eq!(record["result"], "denied");
        assert!(!record.to_string().contains("8.8.8.8"), "{record}");
    }
    let mut auditor = Person::sign_in(&house, Role::Auditor).await;
    let page = auditor.see("/audit?action=request.refused").await;
    for words in [
        "sent a request that was refused",
        "from a page of another site",
    ] {
        assert!(
            page.text.to_lowercase().contains(words),
            "{words}: {}",
            page.text
        );
    }

    let engine = house.engine();
    dispatch::stop(engine, || engine.clock.now()).await.unwrap();
    let mut counted = told(&api, "request.refused").await;
    counted.retain(|record| record["detail"]["what"] == "several");
    for (why, count) in [
        ("cross_origin", TRIES - 1),
        ("wrong_host", TRIES - 1),
        ("stale_form", TRIES - 1),
        ("unsupported_media_type", TRIES - 1),
        ("blocked_address", 3),
    ] {
        assert_eq!(only(&counted, why)["detail"]["count"], count, "{why}");
    }
    house
}

/// A file that somebody took away under the running server.
#[tokio::test]
async fn a_fault_on_our_side_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let breached = folder.path().join("breached");
    let line = "0000000000000000000000000000000000000001:1\n";
    std::fs::write(&breached, line.repeat(10)).unwrap();
    let house = House::with(&[("breached-passwords", breached.to_str().unwrap())]).await;
    std::fs::write(&breached, "").unwrap();
    let mut person = Person::sign_in(&house, Role::Operator).await;
    let new = "seven quiet otters sing";
    let fields = [
        ("current", PASSWORD),
        ("password", new),
        ("password_again", new),
    ];
    let failed = person.send("/account", "/account/password", &fields).await;
    assert_eq!(failed.status, 500, "{}", failed.text);
    let api = house.program(Role::Admin).await;
    let records = told(&api, "request.failed").await;
    let record = only(&records, "internal");
    assert_eq!(record["detail"]["what"], "POST /account/password");
    assert_eq!(record["actor"]["name"], "operator");
    assert_eq!(record["result"], "failed");
    assert!(!record.to_string().contains(new));
    house.close().await;
}
