//! What is said when a request is wrong.

use carillon_domain::role::Role;
use carillon_store::TokenScope;
use reqwest::{Method, header};
use serde_json::json;

use crate::house::House;
use crate::requests::{Client, send};

async fn admin() -> (House, Client) {
    let house = House::open(None).await;
    let api = house.program(Role::Admin).await;
    (house, api)
}

#[tokio::test]
async fn wrong_bodies_are_named() {
    let (house, api) = admin().await;
    let problem = api
        .post("/sites", &json!({ "name": "Kiel", "colour": "red" }))
        .await;
    let problem = problem.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "colour");
    assert_eq!(problem["errors"][0]["code"], "unknown");
    let problem = api.post("/sites", &json!({})).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["code"], "required");
    let broken = api
        .request(Method::POST, "/sites")
        .header(header::CONTENT_TYPE, "application/json");
    send(broken.body("{")).await.problem(400, "bad_request");
    let plain = api.request(Method::POST, "/sites").body("name=Kiel");
    send(plain).await.problem(415, "unsupported_media_type");
    let long = json!({ "name": "x".repeat(70_000) });
    api.post("/sites", &long).await.problem(413, "too_large");
    house.close().await;
}

#[tokio::test]
async fn wrong_addresses_are_told() {
    let (house, api) = admin().await;
    api.get("/nothing").await.problem(404, "not_found");
    api.get("/phones/no-mac").await.problem(404, "not_found");
    api.get("/phones/001565000001")
        .await
        .problem(404, "not_found");
    api.delete("/actions")
        .await
        .problem(405, "method_not_allowed");
    api.get("/phones?sort=colour").await.problem(422, "invalid");
    api.get("/phones?filter=colour:red")
        .await
        .problem(422, "invalid");
    api.get("/phones?limit=0").await.problem(422, "invalid");
    api.get("/phones?page=2").await.problem(400, "bad_request");
    for path in ["/phones", "/jobs", "/audit"] {
        let problem = api.get(&format!("{path}?after=elsewhere")).await;
        assert!(problem.status.is_client_error(), "{path}: {}", problem.text);
        assert_eq!(problem.json()["errors"][0]["field"], "after");
    }
    house.close().await;
}

#[tokio::test]
async fn a_bad_list_writes_nothing_and_names_every_mistake() {
    let (house, api) = admin().await;
    let list = "mac,label,port\n001565000001,a,80\nnonsense,b,80\n001565000003,c,eighty\n";
    let report = api.import("", list).await.expect(422);
    assert_eq!(report["errors"].as_array().unwrap().len(), 2, "{report}");
    assert_eq!(report["applied"], false);
    assert_eq!(api.get("/phones").await.expect(200)["items"], json!([]));
    let dry = api
        .import("?dry_run=true&valid_rows_only=true", list)
        .await
        .expect(200);
    assert_eq!(
        (&dry["created"], &dry["applied"]),
        (&json!(1), &json!(false))
    );
    let taken = api.import("?valid_rows_only=true", list).await.expect(200);
    assert_eq!(
        (&taken["created"], &taken["applied"]),
        (&json!(1), &json!(true))
    );
    house.close().await;
}

#[tokio::test]
async fn a_list_tells_which_sites_it_makes() {
    let (house, api) = admin().await;
    let list = "mac,site\n001565000001,Kiel\n001565000002,Kiel\n";
    let site = json!([{
        "slug": "kiel", "name": "Kiel", "transport_security": "pinned", "phones": 2
    }]);
    let dry = api.import("?dry_run=true", list).await.expect(200);
    assert_eq!(dry["new_sites"], site);
    assert_eq!(api.get("/sites").await.expect(200)["items"], json!([]));
    let taken = api.import("", list).await.expect(200);
    assert_eq!(taken["new_sites"], site);
    assert_eq!(
        api.import("", list).await.expect(200)["new_sites"],
        json!([])
    );
    house.close().await;
}

#[tokio::test]
async fn a_text_with_a_nul_is_refused_before_the_storage_sees_it() {
    let (house, api) = admin().await;
    for path in [
        "/jobs?actor=%00",
        "/jobs?action=a%00b",
        "/phones?filter=%00",
        "/audit?q=%00",
    ] {
        let problem = api.get(path).await.problem(422, "invalid");
        let field = path.split(['?', '=']).nth(1).unwrap();
        assert_eq!(problem["errors"][0]["field"], field, "{path}");
    }
    for path in ["/groups/%00", "/sites/%00", "/jobs/%00/targets"] {
        api.get(path).await.problem(404, "not_found");
    }
    let phone = json!({ "mac": "001565000001", "label": "a\u{0}b" });
    let problem = api.post("/phones", &phone).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "label");
    house.close().await;
}

#[tokio::test]
async fn what_misleads_the_eye_is_refused_in_one_line() {
    let (house, api) = admin().await;
    let phone = json!({ "mac": "001565000001" });
    api.post("/phones", &phone).await.expect(201);
    for odd in ["a\u{7}b", "a\nb", "a\u{202e}b", "a\u{2066}b"] {
        let job = json!({ "action": "DNDOn", "targets": { "filter": "" }, "reason": odd });
        let problem = api.post("/jobs", &job).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], "reason");
        let stop = json!({ "reason": odd });
        api.post("/stop-all", &stop).await.problem(422, "invalid");
        for (path, body) in [
            ("/sites", json!({ "name": odd })),
            (
                "/groups",
                json!({ "name": odd, "kind": "fixed", "members": [] }),
            ),
            ("/phones", json!({ "mac": "001565000002", "label": odd })),
            (
                "/credentials",
                json!({ "name": "x", "username": odd, "password": "p" }),
            ),
        ] {
            api.post(path, &body).await.problem(422, "invalid");
        }
    }
    house.close().await;
}

#[tokio::test]
async fn what_had_nowhere_to_go_was_never_sent() {
    let (house, api) = admin().await;
    api.post("/phones", &json!({ "mac": "001565000001" }))
        .await
        .expect(201);
    let job = json!({ "action": "DNDOn", "targets": { "filter": "" }, "reason": "x" });
    let made = api.post("/jobs", &job).await.expect(202);
    let id = made["id"].as_str().unwrap();
    api.finished(id).await;
    let targets = api.get(&format!("/jobs/{id}/targets")).await.expect(200);
    let target = &targets["items"][0];
    assert_eq!(target["cause"], "no_address", "{target}");
    assert_eq!(
        (&target["attempts"], &target["sent_at"]),
        (&json!(0), &json!(null))
    );
    house.close().await;
}

#[tokio::test]
async fn a_period_may_be_days() {
    let (house, api) = admin().await;
    for list in ["audit", "jobs"] {
        for good in ["from=2026-11-25", "from=2026-11-25T08:00:00Z&to=2026-11-25"] {
            api.get(&format!("/{list}?{good}")).await.expect(200);
        }
        let wrong = api.get(&format!("/{list}?from=yesterday")).await;
        let wrong = wrong.problem(422, "invalid");
        assert_eq!(wrong["errors"][0]["field"], "from");
    }
    let all = api.get("/audit?from=2020-01-01").await.expect(200);
    assert!(!all["items"].as_array().unwrap().is_empty());
    let none = api.get("/audit?to=2020-01-01").await.expect(200);
    assert_eq!(none["items"], json!([]));
    house.close().await;
}

#[tokio::test]
async fn a_token_that_may_not_is_told_of_its_scope() {
    let house = House::open(None).await;
    let issued = house.token(Role::Admin, TokenScope::Run).await;
    let api = Client::with_token(&house.base(), &issued);
    let problem = api.post("/sites", &json!({ "name": "Kiel" })).await;
    let problem = problem.problem(403, "forbidden");
    assert_eq!(
        problem["detail"],
        "This token has the scope run, which lacks the permission manage_inventory."
    );
    api.get("/jobs/0192f0c0-0000-7000-8000-000000000000/targets")
        .await
        .problem(404, "not_found");
    house.close().await;
}

#[tokio::test]
async fn old_versions_are_refused() {
    let (house, api) = admin().await;
    let phone = json!({ "mac": "00:15:65:00:00:01", "label": "a", "tags": ["vip"] });
    let made = api.post("/phones", &phone).await.expect(201);
    let path = "/phones/00:15:65:00:00:01";
    let change = json!({ "label": "b", "version": made["version"] });
    let changed = api.patch(path, &change).await.expect(200);
    assert_eq!(
        (&changed["label"], &changed["tags"]),
        (&json!("b"), &json!(["vip"]))
    );
    api.patch(path, &change).await.problem(409, "conflict");
    let cleared = api
        .patch(path, &json!({ "tags": [], "site": null }))
        .await
        .expect(200);
    assert_eq!(cleared["tags"], json!([]));
    api.delete(path).await.expect(204);
    api.get(path).await.problem(404, "not_found");
    house.close().await;
}
