//! What is shown once is shown to whoever looks at the page, and not used up by asking for its head.

use std::time::Duration;

use carillon_domain::role::Role;
use carillon_engine::Caller;
use carillon_engine::accounts::TokenScope;
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::house::{House, PASSWORD};
use crate::requests::send;

const WAIT: Duration = Duration::from_mins(5);

/// Each page that shows something once: its path but for the id, under which kind it waits, and it.
fn pages() -> [(&'static str, &'static str, Value); 4] {
    let said = "kq-shown-once-vx";
    [
        (
            "/account?made=",
            "token",
            json!({"label": "t", "token": said}),
        ),
        (
            "/admin/users/operator/edit?link=",
            "reset_link",
            json!(said),
        ),
        (
            "/admin/streams?made=",
            "stream_secret",
            json!({"stream": "s", "secret": said}),
        ),
        ("/account/second-factor?codes=", "recovery", json!([said])),
    ]
}

/// The account of a role, as its token speaks for it.
async fn owner(house: &House, role: Role) -> Caller {
    let token = SecretString::from(house.token(role, TokenScope::Manage).await);
    let known = house.engine().authenticate_token(&token, None).await;
    known.unwrap().unwrap().caller
}

#[tokio::test]
async fn asking_for_the_head_of_a_page_uses_nothing_up() {
    let house = House::open(None).await;
    let admin = owner(&house, Role::Admin).await;
    let mut browser = Browser::new(&house.base());
    browser.sign_in("admin", PASSWORD).await;
    let shows = |text: &str| text.contains("kq-shown-once-vx");
    let engine = house.engine();
    for (page, kind, shown) in pages() {
        let kept = engine.keep_draft(&admin, kind, &shown, WAIT).await;
        let path = format!("{page}{}", kept.unwrap());
        ask_for_heads(&mut browser, &house, &path).await;
        let page = browser.get(&path).await;
        assert!(shows(&page.text), "{path}: {}", page.status);
        let again = browser.get(&path).await;
        assert!(!shows(&again.text), "{path}: shown twice");
    }
    // The page of a record shows a number to auditors only, and only where the record has one.
    let number = json!({"value": "1", "salt": "00"});
    let kept = engine.keep_draft(&admin, "number", &number, WAIT).await;
    let id = kept.unwrap();
    ask_for_heads(&mut browser, &house, &format!("/audit/1?shown={id}")).await;
    let taken: Value = engine.take_draft(&admin, "number", &id).await.unwrap();
    assert_eq!(taken, number);
    house.close().await;
}

async fn ask_for_heads(browser: &mut Browser, house: &House, path: &str) {
    for _ in 0..2 {
        let url = format!("{}{path}", house.base());
        let head = browser.http().request(Method::HEAD, url);
        let head = send(browser.with_cookies(head)).await;
        assert_eq!(
            (head.status, head.text.as_str()),
            (StatusCode::OK, ""),
            "{path}"
        );
    }
}
