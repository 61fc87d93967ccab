//! What people begin and do not finish is bounded, and what changes nothing asks nobody.

use carillon_domain::role::Role;
use serde_json::json;

use crate::house::House;
use crate::pages_jobs::Person;

/// So many of a kind are kept for an account.
const KEPT: usize = 50;

pub(crate) async fn the_oldest_review_makes_room(house: House) -> House {
    let api = house.program(Role::Admin).await;
    let phone = json!({"mac": "001565000001", "label": "Desk", "address": "127.0.0.9"});
    api.post("/phones", &phone).await.expect(201);
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let mut admin = Person::sign_in(&house, Role::Admin).await;
    let fields = [("filter", "Desk"), ("action", "DNDOn"), ("reason", "x")];
    let others = admin.go("/run", "/run", &fields).await;
    let mut reviews = Vec::new();
    for _ in 0..=KEPT {
        reviews.push(operator.go("/run", "/run", &fields).await);
    }
    let gone = operator.browser.get(&reviews[0]).await;
    assert_eq!(gone.status, 404);
    assert!(
        gone.text.contains("There is no such review"),
        "{}",
        gone.text
    );
    // Looking at it is touching it.
    operator.see(&reviews[1]).await;
    for review in &reviews[2..] {
        operator.see(review).await;
    }
    admin.see(&others).await;
    house
}

pub(crate) async fn what_changes_nothing_asks_nobody(house: House) -> House {
    let second = carillon_engine::accounts::NewUser {
        name: "second".to_owned(),
        role: Role::Admin,
        password: secrecy::SecretString::from(crate::house::PASSWORD),
    };
    let local = House::local();
    house.engine().add_user(&local, second).await.unwrap();
    let mut admin = Person::sign_in(&house, Role::Admin).await;
    let settings = "/admin/settings";
    for (path, fields) in [
        (
            settings,
            [("phones_per_job", "500"), ("reason", "as before")],
        ),
        (
            "/admin/settings/second-factor",
            [("role", ""), ("reason", "as before")],
        ),
    ] {
        let to = admin.go(settings, path, &fields).await;
        let page = admin.see(&to).await;
        let said = "Nothing is different from what holds already.";
        assert!(page.text.contains(said), "{path}: {}", page.text);
    }
    let api = house.program(Role::Admin).await;
    let waiting = api.get("/change-requests").await.expect(200);
    assert_eq!(waiting["items"], json!([]));
    let told = api.get("/audit?action=change.*").await.expect(200);
    assert_eq!(told["items"], json!([]));
    // One thing that is different is asked for.
    let fields = [("phones_per_job", "501"), ("reason", "one more")];
    admin.go(settings, settings, &fields).await;
    let waiting = api.get("/change-requests").await.expect(200);
    assert_eq!(waiting["items"].as_array().unwrap().len(), 1);
    house
}
