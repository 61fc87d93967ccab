//! What is said when a request is wrong.

use carillon_domain::role::Role;
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
