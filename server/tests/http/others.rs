//! What belongs to somebody else answers like what is not there: drafts, lists, sessions, tokens.

use carillon_domain::role::Role;
use carillon_engine::accounts::NewUser;
use secrecy::SecretString;
use serde_json::json;

use crate::browser::{Browser, token};
use crate::house::{House, PASSWORD};
use crate::inventory_pages::{location, upload};
use crate::pages_jobs::Person;
use crate::requests::{Answer, Client};
use crate::scope::{absent, said};

/// Asks for a page, or sends a form without fields where a page is no answer.
async fn ask(browser: &mut Browser, base: &str, is_form: bool, path: &str) -> Answer {
    if !is_form {
        return browser.get(path).await;
    }
    let csrf = token(&browser.get("/account").await);
    let fields = [("csrf", csrf.as_str()), ("digest", "x")];
    let fields = if path.starts_with("/account/") {
        &fields[..1]
    } else {
        &fields
    };
    let form = browser.form(path, fields);
    browser.send(form.header("origin", base)).await
}

#[tokio::test]
async fn what_somebody_else_keeps_answers_like_what_is_not_there() {
    let house = House::open(None).await;
    let new = NewUser {
        name: "second".to_owned(),
        role: Role::Admin,
        password: SecretString::from(PASSWORD),
    };
    house.engine().add_user(&House::local(), new).await.unwrap();
    let api = house.program(Role::Admin).await;
    let phone = json!({"mac": "001565000001", "label": "Desk", "address": "127.0.0.9"});
    api.post("/phones", &phone).await.expect(201);

    let mut admin = Person::sign_in(&house, Role::Admin).await;
    let fields = [("filter", "Desk"), ("action", "DNDOn"), ("reason", "x")];
    let review = admin.go("/run", "/run", &fields).await;
    let review = review.rsplit('/').next().unwrap().to_owned();
    let list = upload(&mut admin.browser, "mac,label\n001565000002,Door\n").await;
    let list = location(&list).rsplit('/').next().unwrap().to_owned();
    let session = handle_of(&api, "admin").await;
    let tokens = api.get("/tokens").await.expect(200);
    let made = tokens["items"][0]["id"].as_str().unwrap().to_owned();
    for page in [
        format!("/run/review/{review}"),
        format!("/phones/import/{list}"),
    ] {
        admin.see(&page).await;
    }

    // Another administrator has drafts of their own; another operator has a session and tokens.
    let mut asked = 0;
    for (who, paths) in [
        (
            "second",
            vec![
                (false, "/run/review/{id}", &review),
                (false, "/run?draft={id}", &review),
                (true, "/run/review/{id}", &review),
                (false, "/phones/import/{id}", &list),
                (false, "/phones/import/{id}/errors.csv", &list),
                (false, "/phones/import/{id}/result", &list),
                (false, "/phones/import/{id}/undo", &list),
                (true, "/phones/import/{id}/undo", &list),
                (true, "/phones/import/{id}", &list),
            ],
        ),
        (
            "operator",
            vec![
                (true, "/account/sessions/{id}/end", &session),
                (true, "/account/tokens/{id}/revoke", &made),
            ],
        ),
    ] {
        let mut browser = Browser::new(&house.base());
        browser.sign_in(who, PASSWORD).await;
        for (is_form, path, id) in paths {
            let not_there = absent(id);
            let base = house.base();
            let real = ask(&mut browser, &base, is_form, &path.replace("{id}", id)).await;
            let none = ask(
                &mut browser,
                &base,
                is_form,
                &path.replace("{id}", &not_there),
            )
            .await;
            assert_eq!(real.status, none.status, "{path}");
            assert_eq!(said(&real, id), said(&none, &not_there), "{path}");
            asked += 1;
        }
    }
    assert_eq!(asked, 11);
    // All of it is still there for whom it belongs to.
    for page in [
        format!("/run/review/{review}"),
        format!("/phones/import/{list}"),
    ] {
        admin.see(&page).await;
    }
    assert_eq!(handle_of(&api, "admin").await, session);
    assert_eq!(api.get("/tokens").await.status, 200);
    house.close().await;
}

/// The handle of somebody's one session.
async fn handle_of(api: &Client, name: &str) -> String {
    let sessions = api.get("/sessions").await.expect(200);
    let sessions = sessions["items"].as_array().unwrap();
    let own = sessions.iter().find(|row| row["user"] == name).unwrap();
    own["id"].as_str().unwrap().to_owned()
}
