//! Signing in by an OpenID provider, as browsers meet it.

use reqwest::header::LOCATION;
use serde_json::json;

use crate::browser::Browser;
use crate::house::House;
use crate::provider::{CLIENT, Provider};
use crate::requests::Answer;

async fn house(provider: &Provider) -> House {
    House::with(&[
        ("oidc-issuer", &provider.issuer),
        ("oidc-client-id", CLIENT),
        ("oidc-roles", "helpdesk=operator"),
    ])
    .await
}

/// To the provider and back.
pub(crate) async fn sign_in(browser: &mut Browser, provider: &Provider) -> Answer {
    let sent = browser.get("/sign-in/oidc?next=%2Fjobs").await;
    let sent_to = sent.headers[LOCATION].to_str().unwrap().to_owned();
    browser.get(&provider.sign_in(&sent_to)).await
}

#[tokio::test]
async fn whose_fault_a_refusal_is_is_told() {
    let provider = Provider::start().await;
    let house = house(&provider).await;
    for (status, body, said) in [
        (400, json!({ "error": "invalid_grant" }), "Begin again"),
        (400, json!("what?"), "Begin again"),
        (
            400,
            json!({ "error": "invalid_client" }),
            "refuses this server",
        ),
        (
            400,
            json!({ "error": "unauthorized_client" }),
            "refuses this server",
        ),
        (401, json!({ "error": "<b>" }), "refuses this server"),
        (503, json!({}), "does not answer"),
    ] {
        provider.refuse(status, body.clone());
        let mut browser = Browser::new(&house.base());
        let answer = sign_in(&mut browser, &provider).await;
        assert_eq!(answer.status, 422, "{body}");
        assert!(answer.text.contains(said), "{body}: {}", answer.text);
        assert_eq!(browser.cookie("sid"), None);
    }
    house.close().await;
}
