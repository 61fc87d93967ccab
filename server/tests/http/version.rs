//! Which version runs is told to those who are signed in, and to nobody else.

use carillon::middleware::gate::Side;
use carillon::router;
use carillon::router::table::Verb;
use carillon_domain::role::Role;
use reqwest::Method;

use crate::browser::Browser;
use crate::house::{House, PASSWORD};
use crate::requests::{Answer, Client, send};
use crate::scope::path_with;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn tells(answer: &Answer) -> bool {
    let mut values = answer.headers.values();
    let is_there = |text: &str| text.contains(VERSION);
    values.any(|value| value.to_str().is_ok_and(is_there)) || is_there(&answer.text)
}

async fn ask(client: &Client, method: Method, path: &str) -> Answer {
    let url = format!("{}{path}", client.base);
    send(client.http.request(method, url)).await
}

#[tokio::test]
async fn who_is_not_signed_in_does_not_learn_the_version() {
    let house = House::open(None).await;
    house.program(Role::Viewer).await;
    let client = Client::anonymous(&house.base());
    let (routes, _) = router::table().into_parts();
    let mut answers = Vec::new();
    for route in &routes {
        let method: Method = route.verb.as_str().parse().unwrap();
        let path = path_with(route, "nothing");
        answers.push((path.clone(), ask(&client, method, &path).await));
        if route.side == Side::Pages && route.verb == Verb::Get {
            // What is not there in this way, and beside it.
            answers.push((path.clone(), ask(&client, Method::TRACE, &path).await));
            let beside = format!("{path}/beside");
            answers.push((beside.clone(), ask(&client, Method::GET, &beside).await));
        }
    }
    let elsewhere = client.http.get(format!("{}/", house.base()));
    let elsewhere = elsewhere.header("host", "elsewhere.test");
    answers.push(("another host".to_owned(), send(elsewhere).await));
    assert!(answers.len() > routes.len());
    for (path, answer) in &answers {
        assert!(!tells(answer), "{path}: {answer:?}");
        for named in ["server", "x-powered-by", "via"] {
            assert!(!answer.headers.contains_key(named), "{path}: {named}");
        }
    }
    let mut browser = Browser::new(&house.base());
    assert_eq!(browser.sign_in("viewer", PASSWORD).await.status, 303);
    assert!(tells(&browser.get("/").await), "to whoever is");
    house.close().await;
}
