//! Nouns of the API, and its description.

use carillon_contract::api as shapes;
use carillon_domain::role::Role;
use serde_json::{Value, json};

use crate::house::House;

#[tokio::test]
async fn groups_are_fixed_or_rules() {
    let house = House::open(None).await;
    let api = house.program(Role::Admin).await;
    for (mac, label) in [("001565000001", "Lobby"), ("001565000002", "Desk")] {
        let phone = json!({ "mac": mac, "label": label, "tags": ["north"] });
        api.post("/phones", &phone).await.expect(201);
    }
    let fixed = json!({ "name": "Front desk", "kind": "fixed", "members": ["001565000001"] });
    let fixed = api.post("/groups", &fixed).await.expect(201);
    assert_eq!(fixed["slug"], "front-desk");
    assert_eq!(fixed["members"], json!(["00:15:65:00:00:01"]));
    let rule = json!({ "name": "North", "kind": "rule", "filter": "tag:north" });
    assert_eq!(api.post("/groups", &rule).await.expect(201)["count"], 2);
    let phones = api.get("/groups/front-desk/phones").await.expect(200);
    assert_eq!(phones["items"][0]["label"], "Lobby");
    api.get("/groups/nobody/phones")
        .await
        .problem(404, "not_found");
    let renamed = json!({ "name": "Desk", "kind": "fixed", "version": fixed["version"] });
    let renamed = api.put("/groups/front-desk", &renamed).await.expect(200);
    assert_eq!(renamed["members"], json!(["00:15:65:00:00:01"]));
    api.delete("/groups/front-desk").await.expect(204);
    house.close().await;
}

#[tokio::test]
async fn passwords_go_in_and_never_come_out() {
    let house = House::open(None).await;
    let api = house.program(Role::Admin).await;
    let body = json!({ "name": "kiel", "username": "admin", "password": "canary-77" });
    let made = api.post("/credentials", &body).await;
    assert!(!made.text.contains("canary-77"));
    made.expect(201);
    let body = json!({ "username": "root", "password": "canary-78" });
    let changed = api.put("/credentials/kiel", &body).await.expect(200);
    assert_eq!(changed["username"], "root");
    let listed = api.get("/credentials").await;
    assert!(!listed.text.contains("canary"), "{}", listed.text);
    api.delete("/credentials/kiel").await.expect(204);
    house.close().await;
}

#[tokio::test]
async fn the_kill_switch_is_held_by_operators_and_released_by_admins() {
    let house = House::open(None).await;
    let (operator, admin) = (
        house.program(Role::Operator).await,
        house.program(Role::Admin).await,
    );
    let stopped = operator
        .post("/stop-all", &json!({ "reason": "fire" }))
        .await
        .expect(200);
    assert_eq!(stopped, json!({ "stopped": true }));
    operator
        .post("/stop-all/release", &json!({}))
        .await
        .problem(403, "forbidden");
    assert_eq!(
        admin
            .post("/stop-all/release", &json!({}))
            .await
            .expect(200),
        json!({ "stopped": false })
    );
    house.close().await;
}

/// The description names the properties that the shapes really have.
#[tokio::test]
async fn the_description_fits_the_shapes() {
    let house = House::open(None).await;
    let api = house.program(Role::Admin).await;
    let document = crate::requests::Client::anonymous(&house.base())
        .get("/openapi.json")
        .await
        .expect(200);
    let schemas = &document["components"]["schemas"];
    let phone = json!({ "mac": "001565000001" });
    fits(
        schemas,
        "Phone",
        &api.post("/phones", &phone).await.expect(201),
    );
    let site = json!({ "name": "Kiel" });
    fits(
        schemas,
        "Site",
        &api.post("/sites", &site).await.expect(201),
    );
    let request = json!({ "action": "DNDOn", "targets": { "filter": "" }, "reason": "x" });
    fits(
        schemas,
        "Preview",
        &api.post("/jobs/preview", &request).await.expect(200),
    );
    for (path, name) in [
        ("/actions", "Action"),
        ("/users", "User"),
        ("/tokens", "Token"),
        ("/audit", "AuditRecord"),
    ] {
        fits(schemas, name, &api.get(path).await.expect(200)["items"][0]);
    }
    let problem = api.get("/nothing").await.json();
    let known = schemas["Problem"]["properties"].as_object().unwrap();
    assert!(
        problem
            .as_object()
            .unwrap()
            .keys()
            .all(|key| known.contains_key(key))
    );
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.contains_key("/jobs/{id}/events"));
    house.close().await;
}

fn fits(schemas: &Value, name: &str, value: &Value) {
    let told = schemas[name]["properties"].as_object().unwrap();
    let given = value
        .as_object()
        .unwrap_or_else(|| panic!("{name}: {value}"));
    let told: Vec<_> = told.keys().collect();
    let given: Vec<_> = given.keys().collect();
    assert_eq!(told, given, "{name}");
}

/// What goes in has the fields that the description names, and no others.
#[test]
fn inputs_fit_the_description() {
    let schemas = carillon::api::schema::all();
    let whole = |value: Value, name: &str| {
        let told: Vec<_> = schemas[name]["properties"]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        let given: Vec<_> = value.as_object().unwrap().keys().collect();
        assert_eq!(given, told, "{name}");
    };
    let phone: shapes::PhoneInput = serde_json::from_value(json!({ "mac": "x" })).unwrap();
    whole(serde_json::to_value(phone).unwrap(), "PhoneInput");
    whole(
        serde_json::to_value(shapes::PhoneChange::default()).unwrap(),
        "PhoneChange",
    );
    let group = json!({ "name": "x", "kind": "fixed" });
    let group: shapes::GroupInput = serde_json::from_value(group).unwrap();
    whole(serde_json::to_value(group).unwrap(), "GroupInput");
    let site: shapes::SiteInput = serde_json::from_value(json!({ "name": "x" })).unwrap();
    whole(serde_json::to_value(site).unwrap(), "SiteInput");
}
