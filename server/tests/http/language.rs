//! In which language pages come.

use reqwest::{StatusCode, header};

use crate::browser::{Browser, token};
use crate::house::{House, PASSWORD};
use crate::requests::{Answer, Client, send};

async fn asking(house: &House, path: &str, language: &str) -> Answer {
    let client = Client::anonymous(&house.base());
    let request = client.http.get(format!("{}{path}", house.base()));
    send(request.header(header::ACCEPT_LANGUAGE, language)).await
}

fn speaks(answer: &Answer, language: &str) {
    let html = format!("<!DOCTYPE html><html lang=\"{language}\"");
    assert!(answer.text.starts_with(&html), "{}", answer.text);
    assert_eq!(answer.headers[header::CONTENT_LANGUAGE], language);
    let vary: Vec<&str> = answer
        .headers
        .get_all(header::VARY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let vary = vary.join(", ").to_lowercase();
    assert!(
        vary.contains("accept-language") && vary.contains("cookie"),
        "{vary}"
    );
}

#[tokio::test]
async fn pages_come_as_the_browser_asks_and_programs_get_english() {
    let house = House::open(None).await;
    speaks(
        &asking(&house, "/sign-in", "de-AT,de;q=0.9,en;q=0.5").await,
        "de",
    );
    speaks(&asking(&house, "/sign-in", "fr, en;q=0.1").await, "en");
    speaks(&asking(&house, "/sign-in", "fr").await, "en");
    let gone = asking(&house, "/nothing-here", "de").await;
    speaks(&gone, "de");
    assert!(
        gone.text.contains("Diese Seite gibt es nicht"),
        "{}",
        gone.text
    );
    let program = asking(&house, "/api/v1/phones", "de").await;
    assert!(program.text.contains("Sign in first"), "{}", program.text);
    assert!(!program.headers.contains_key(header::CONTENT_LANGUAGE));
    house.close().await;
}

#[tokio::test]
async fn what_a_use_case_refuses_is_told_again_in_german() {
    let house = House::open(None).await;
    let mut browser = Browser::new(&house.base());
    browser.sign_in("admin", PASSWORD).await;
    choose(&mut browser, "de", "/sites/new").await;
    let form = browser.get("/sites/new").await;
    let fields = [
        ("csrf", token(&form)),
        ("name", "Kiel".to_owned()),
        ("transport_security", "pinned".to_owned()),
        ("max_down_percent", "200".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let sent = browser
        .form("/sites/new", &fields)
        .header("sec-fetch-site", "same-origin");
    let again = browser.send(sent).await;
    assert_eq!(
        again.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        again.text
    );
    assert!(
        again.text.contains("eine Zahl von 0 bis 100"),
        "{}",
        again.text
    );
    house.close().await;
}

async fn choose(browser: &mut Browser, language: &str, next: &str) -> Answer {
    let page = browser.get("/account").await;
    let page = if page.status == StatusCode::OK {
        page
    } else {
        browser.get("/sign-in").await
    };
    let token = token(&page);
    let fields = [
        ("csrf", token.as_str()),
        ("language", language),
        ("next", next),
    ];
    let form = browser
        .form("/language", &fields)
        .header("sec-fetch-site", "same-origin");
    browser.send(form).await
}

pub(crate) async fn a_language_is_chosen_and_kept(house: House) -> House {
    let mut browser = Browser::new(&house.base());
    let chosen = choose(&mut browser, "de", "/sign-in").await;
    assert_eq!(chosen.status, StatusCode::SEE_OTHER, "{}", chosen.text);
    assert_eq!(chosen.headers[header::LOCATION], "/sign-in");
    speaks(&browser.get("/sign-in").await, "de");
    browser.sign_in("operator", PASSWORD).await;
    speaks(&browser.get("/account").await, "de");

    // The account's own choice counts more, and follows it into every browser.
    choose(&mut browser, "en", "/account").await;
    speaks(&browser.get("/account").await, "en");
    let mut other = Browser::new(&house.base());
    choose(&mut other, "de", "/sign-in").await;
    other.sign_in("operator", PASSWORD).await;
    speaks(&other.get("/account").await, "en");

    // Back to what the browser says; and only languages that there are can be chosen.
    choose(&mut other, "", "/account").await;
    speaks(&other.get("/account").await, "en");
    let odd = choose(&mut other, "tlh", "/account").await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    house
}
