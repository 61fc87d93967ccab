//! What people begin and do not finish is bounded, and what changes nothing asks nobody.

use carillon_domain::role::Role;
use serde_json::json;

use crate::house::{House, PASSWORD};
use crate::pages_jobs::Person;
use crate::requests::Answer;

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
        password: secrecy::SecretString::from(PASSWORD),
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

/// Signs out, and in again with a form that came in between.
async fn signs_in_with(operator: &mut Person, action: &str, fields: &[(&str, &str)]) -> Answer {
    operator.go("/", "/sign-out", &[]).await;
    let own = [
        ("username", "operator"),
        ("password", PASSWORD),
        ("next", "/phones"),
        ("kept_action", action),
    ];
    let all = [&own[..], fields].concat();
    operator.send("/sign-in", "/sign-in", &all).await
}

pub(crate) async fn a_start_that_came_too_late_leads_back_to_its_review(house: House) -> House {
    let api = house.program(Role::Admin).await;
    let phone = json!({"mac": "001565000001", "label": "Desk", "address": "127.0.0.9"});
    api.post("/phones", &phone).await.expect(201);
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let chosen = [("filter", "Desk"), ("action", "Reboot")];
    let review = operator.go("/run", "/run", &chosen).await;
    let late = [("kept.reason", "INC-4711"), ("kept.typed", "1")];
    let back = signs_in_with(&mut operator, &review, &late).await;
    assert_eq!(back.status, 303, "{}", back.text);
    assert_eq!(back.headers["location"], review.as_str());
    let page = operator.see(&review).await.text;
    assert!(page.contains("value=\"INC-4711\""), "{page}");
    house
}

/// What came too late for one phone leads back to its page, with one sentence, and is not sent by any press.
pub(crate) async fn a_late_command_leads_back_to_its_phone(house: House) -> House {
    let api = house.program(Role::Admin).await;
    let phone = json!({"mac": "001565000001", "label": "Desk", "address": "127.0.0.9"});
    api.post("/phones", &phone).await.expect(201);
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    for (deed, late, said) in [
        (
            "do",
            [("kept.action", "Reboot"), ("kept.reason", "INC-4711")],
            "Restart",
        ),
        (
            "keys",
            [("kept.key", "L3"), ("kept.reason", "INC-4711")],
            "Press a line key",
        ),
        (
            "screen",
            [("kept.key", ""), ("kept.reason", "")],
            "Look at the screen",
        ),
    ] {
        let form = format!("/phones/001565000001/{deed}");
        let back = signs_in_with(&mut operator, &form, &late).await;
        assert_eq!(back.status, 303, "{deed}: {}", back.text);
        let to = back.headers["location"].to_str().unwrap().to_owned();
        assert!(to.starts_with("/phones/00:15:65:00:00:01?"), "{to}");
        assert_eq!(deed == "do", !to.ends_with("#keypad"), "{to}");
        let page = operator.see(to.trim_end_matches("#keypad")).await.text;
        let told = format!("Nothing was sent: {said} for Desk. Choose it again.");
        assert!(page.contains(&told), "{told}: {page}");
        assert!(!page.contains("name=\"kept"), "{page}");
        let is_kept = page.contains("value=\"INC-4711\"");
        assert_eq!(is_kept, deed != "screen", "the reason: {page}");
    }
    let jobs = api.get("/jobs").await.expect(200);
    assert_eq!(jobs["items"], json!([]), "nothing late was sent");
    house
}

/// What lets something go on is pressed where one sees what: back at that page, and not unseen.
pub(crate) async fn a_late_release_leads_back_to_its_page(house: House) -> House {
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    for action in ["/jobs/1/resume", "/jobs/1/approve", "/stop-all/release"] {
        // `signs_in_with` comes from the list of phones.
        let back = signs_in_with(&mut operator, action, &[("kept.reason", "INC-4711")]).await;
        assert_eq!(back.status, 303, "{action}: {}", back.text);
        assert_eq!(back.headers["location"], "/phones");
        let page = operator.see("/phones").await.text;
        assert!(page.contains("Nothing was sent yet"), "{page}");
    }
    house
}

/// A phone that is no longer there is named by what was sent, and the list is the place to choose another.
pub(crate) async fn a_late_command_to_a_phone_that_is_gone_leads_to_the_list(
    house: House,
) -> House {
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let late = [("kept.action", "Reboot"), ("kept.reason", "INC-4711")];
    let back = signs_in_with(&mut operator, "/phones/001565000001/do", &late).await;
    assert_eq!(back.status, 303, "{}", back.text);
    assert_eq!(back.headers["location"], "/phones");
    let page = operator.see("/phones").await.text;
    assert!(page.contains("Nothing was sent: Restart for"), "{page}");
    house
}
