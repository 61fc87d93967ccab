//! Changes that one administrator asks for and another decides about: pages, API, both verifiers.

use carillon_domain::role::Role;
use carillon_engine::accounts::NewUser;
use carillon_engine::jobs::Rules;
use secrecy::SecretString;
use serde_json::json;

use crate::browser::Browser;
use crate::house::{House, PASSWORD};
use crate::inventory_pages::{location, with_desks};
use crate::requests::Answer;
use crate::second_factor::{age, send};

const HERE: &str = "/approvals";

/// Who asks and who decides, each in a browser; here a password is enough to decide.
async fn two(house: &House) -> (Browser, Browser) {
    let local = House::local();
    let rules = Rules {
        approve_with_factor: false,
        ..Rules::default()
    };
    let engine = house.engine();
    engine.change_rules(&local, &rules, "").await.unwrap();
    let berta = NewUser {
        name: "berta".to_owned(),
        role: Role::Admin,
        password: SecretString::from(PASSWORD),
    };
    engine.add_user(&local, berta).await.unwrap();
    let (mut anna, mut berta) = (Browser::new(&house.base()), Browser::new(&house.base()));
    assert_eq!(anna.sign_in("admin", PASSWORD).await.status, 303);
    assert_eq!(berta.sign_in("berta", PASSWORD).await.status, 303);
    (anna, berta)
}

fn hidden(page: &Answer, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.text.split_once(&mark).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// Where the form of this page leads that ends so.
fn form(page: &Answer, end: &str) -> String {
    let found = page.text.split("action=\"").skip(1);
    let mut paths = found.filter_map(|rest| rest.split('"').next());
    let is_it = |path: &&str| path.starts_with("/changes/") && path.ends_with(end);
    paths.find(is_it).unwrap().to_owned()
}

async fn approve(browser: &mut Browser) -> Answer {
    let page = browser.get(HERE).await;
    let (path, digest) = (form(&page, "/approve"), hidden(&page, "digest"));
    send(browser, HERE, &path, &[("digest", &digest)]).await
}

pub(crate) async fn limits_wait_for_another_administrator(house: House) -> House {
    let (mut anna, mut berta) = two(&house).await;
    let settings = "/admin/settings";
    let typed = [("phones_per_job", "777"), ("reason", "INC-7 <b>")];
    let asked = send(&mut anna, settings, settings, &typed).await;
    assert_eq!(asked.status, 303, "{}", asked.text);
    let page = anna.get(settings).await;
    assert!(page.text.contains("Nothing changed yet"), "{}", page.text);
    assert!(
        page.text.contains("asked for a change of this"),
        "{}",
        page.text
    );
    assert!(page.text.contains("value=\"500\""), "as it was");
    let twice = send(&mut anna, settings, settings, &typed).await;
    assert_eq!(twice.status, 409);

    let api = house.program(Role::Admin).await;
    let listed = api.get("/change-requests").await.expect(200);
    let listed = &listed["items"][0];
    assert_eq!(listed["before"]["value"]["phones_per_job"], 500);
    assert_eq!(listed["after"]["phones_per_job"], 777);
    assert_eq!(
        (&listed["asked_by"], &listed["state"]),
        (&json!("admin"), &json!("waiting"))
    );

    let own = anna.get(HERE).await;
    assert!(own.text.contains("Take it back") && !own.text.contains("Approve this change"));
    let path = form(&own, "/cancel").replace("/cancel", "/approve");
    let digest = listed["digest"].as_str().unwrap();
    let own = send(&mut anna, HERE, &path, &[("digest", digest)]).await;
    assert_eq!(own.status, 409, "not by who asked");

    let page = berta.get(HERE).await;
    for text in [
        "Approvals (1)",
        "INC-7 &lt;b&gt;",
        "<td data-label=\"As it is\">500",
        "777",
        "admin",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    age(&house, &berta).await;
    let unproved = approve(&mut berta).await;
    assert_eq!(unproved.status, 403);
    assert!(unproved.text.contains("Show that it is you"));
    let mut berta = Browser::new(&house.base());
    assert_eq!(berta.sign_in("berta", PASSWORD).await.status, 303);
    let operator = Rules::default().phones_per_job;
    assert_eq!(
        house.engine().rules().await.unwrap().rules.phones_per_job,
        operator
    );
    assert_eq!(approve(&mut berta).await.status, 303);
    assert_eq!(
        house.engine().rules().await.unwrap().rules.phones_per_job,
        777
    );
    let told = api.get("/audit?action=rules.changed").await.expect(200);
    let told = &told["items"][0]["entry"];
    assert_eq!(
        (&told["actor"]["name"], &told["detail"]["asked_by"]),
        (&json!("berta"), &json!("admin"))
    );
    assert_eq!(told["reason"], "INC-7 <b>");
    let empty = api.get("/change-requests").await.expect(200);
    assert_eq!(empty["items"], json!([]));
    house
}

/// One person made both accounts, or might have: the page says so, and from when they are two.
pub(crate) async fn the_page_says_from_when_there_are_two(house: House) -> House {
    let (mut anna, mut berta) = two(&house).await;
    let user = "/admin/users/berta";
    let (edit, link) = (format!("{user}/edit"), format!("{user}/reset-link"));
    let link = send(&mut anna, &edit, &link, &[]).await;
    assert!(!link.status.is_client_error(), "{}", link.text);
    with_desks(&mut anna, 4).await;
    let delete = to_delete(&mut anna, "site:kiel").await;
    let page = anna.get(&delete).await.text;
    for told in [
        "Nobody can approve it before",
        "The request would end after 30 minutes, before anybody can approve it.",
        "with up to 10 within an hour",
        "<span>Ask to delete 2 phones</span>",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let (settings, typed) = ("/admin/settings", [("phones_per_job", "777")]);
    let asked = send(&mut anna, settings, settings, &typed).await;
    assert_eq!(asked.status, 303, "{}", asked.text);
    for browser in [&mut anna, &mut berta] {
        let page = browser.get(HERE).await.text;
        assert!(page.contains("Nobody can approve it before"), "{page}");
        assert!(!page.contains("Approve this change"), "{page}");
        assert!(!page.contains("another administrator decides"), "{page}");
    }
    let page = anna.get(HERE).await.text;
    let told = "You asked for it, and it ends before anybody can approve it.";
    assert!(page.contains(told), "{page}");
    let api = house.program(Role::Admin).await;
    let listed = api.get("/change-requests").await.expect(200);
    let digest = listed["items"][0]["digest"].as_str().unwrap().to_owned();
    let page = berta.get(HERE).await;
    let path = form(&page, "/deny").replace("/deny", "/approve");
    let refused = send(&mut berta, HERE, &path, &[("digest", &digest)]).await;
    assert_eq!(refused.status, 409);
    assert!(
        refused.text.contains("may be one person"),
        "{}",
        refused.text
    );

    let carla = NewUser {
        name: "carla".to_owned(),
        role: Role::Admin,
        password: SecretString::from(PASSWORD),
    };
    house
        .engine()
        .add_user(&House::local(), carla)
        .await
        .unwrap();
    let page = berta.get(HERE).await.text;
    assert!(page.contains("You can approve it from"), "{page}");
    assert!(!page.contains("Nobody can approve it"), "{page}");
    let mut carla = Browser::new(&house.base());
    assert_eq!(carla.sign_in("carla", PASSWORD).await.status, 303);
    assert_eq!(approve(&mut carla).await.status, 303);
    house
}

pub(crate) async fn one_is_refused_and_one_taken_back(house: House) -> House {
    let (mut anna, mut berta) = two(&house).await;
    let (settings, roles) = ("/admin/settings", "/admin/settings/second-factor");
    let typed = [("role", ""), ("role", "operator"), ("reason", "audit")];
    assert_eq!(send(&mut anna, settings, roles, &typed).await.status, 303);
    let page = berta.get(HERE).await;
    assert!(page.text.contains("Operator"), "{}", page.text);
    let path = form(&page, "/deny");
    let silent = send(&mut berta, HERE, &path, &[("reason", "")]).await;
    assert_eq!(silent.status, 422);
    let refused = send(&mut berta, HERE, &path, &[("reason", "not this week")]).await;
    assert_eq!(refused.status, 303);
    assert_eq!(send(&mut anna, settings, roles, &typed).await.status, 303);
    let path = form(&anna.get(HERE).await, "/cancel");
    let others = send(&mut berta, HERE, &path, &[]).await;
    assert_eq!(others.status, 409, "only by who asked");
    assert_eq!(send(&mut anna, HERE, &path, &[]).await.status, 303);
    let page = anna.get(HERE).await;
    assert!(page.text.contains("Nothing waits"), "{}", page.text);
    assert!(
        house
            .engine()
            .second_factor_roles()
            .await
            .unwrap()
            .is_empty()
    );
    let api = house.program(Role::Admin).await;
    let told = api.get("/audit?action=change.*").await.expect(200);
    let told = told["items"].as_array().unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|record| record["entry"]["action"].clone())
        .collect();
    let steps = ["cancelled", "requested", "denied", "requested"];
    assert_eq!(told, steps.map(|step| json!(format!("change.{step}"))));
    house
}

pub(crate) async fn networks_and_second_factors_wait_too(house: House) -> House {
    let (mut anna, mut berta) = two(&house).await;
    let networks = "/admin/networks";
    let shown = anna.get("/admin/networks?networks=10.20.0.0/16").await;
    let (version, digest) = (hidden(&shown, "version"), hidden(&shown, "digest"));
    let typed = [
        ("networks", "10.20.0.0/16"),
        ("version", version.as_str()),
        ("digest", digest.as_str()),
        ("reason", ""),
    ];
    assert_eq!(
        send(&mut anna, networks, networks, &typed).await.status,
        303
    );
    let page = anna.get(networks).await;
    assert!(
        page.text.contains("asked for a change of this"),
        "{}",
        page.text
    );
    let api = house.program(Role::Admin).await;
    let now = api.get("/networks").await.expect(200);
    assert_eq!(now["stored"], "unchosen");
    assert_eq!(approve(&mut berta).await.status, 303);
    let now = api.get("/networks").await.expect(200);
    assert_eq!(now["in_force"], json!(["10.20.0.0/16"]));
    assert_eq!(now["changed_by"], "admin");

    let edit = "/admin/users/operator/edit";
    let nothing = send(&mut anna, edit, "/admin/users/operator/reset-factor", &[]).await;
    assert_eq!(nothing.status, 303, "there is none");
    let waiting = api.get("/change-requests").await.expect(200);
    assert_eq!(waiting["items"], json!([]));
    house
}

/// The page that asks before all phones of a filter are deleted.
async fn to_delete(browser: &mut Browser, filter: &str) -> String {
    let all = [("do", "delete"), ("scope", "all"), ("filter", filter)];
    location(&send(browser, "/phones", "/selection", &all).await)
}

pub(crate) async fn several_phones_leave_once_two_agree(house: House) -> House {
    let (mut anna, mut berta) = two(&house).await;
    with_desks(&mut anna, 6).await;
    let delete = to_delete(&mut anna, "site:kiel").await;
    let page = anna.get(&delete).await;
    assert!(page.text.contains("nothing changes before they approve"));
    assert!(!page.text.contains("Nobody can approve"), "berta can");
    assert!(page.text.contains("<span>Ask to delete 3 phones</span>"));
    let sel = hidden(&page, "sel");
    let typed = [
        ("sel", sel.as_str()),
        ("count", "3"),
        ("reason", "INC-8 <b>"),
        ("typed", "3"),
    ];
    age(&house, &anna).await;
    let again = send(&mut anna, &delete, "/phones/delete", &typed).await;
    assert_eq!(again.status, 403, "who it is was shown long ago");
    assert!(again.text.contains("Show that it is you"));
    let deed = "You are about to delete 3 phones.";
    assert!(again.text.contains(deed), "{}", again.text);
    assert_eq!(hidden(&again, "sel"), sel, "nothing is lost");
    assert!(hidden(&again, "reason").starts_with("INC-8"));
    let mut anna = Browser::new(&house.base());
    assert_eq!(anna.sign_in("admin", PASSWORD).await.status, 303);
    let asked = send(&mut anna, &delete, "/phones/delete", &typed).await;
    let list = anna.get(&location(&asked)).await;
    let told = "administrator has to approve it. These people may approve: berta";
    assert!(list.text.contains(told), "{}", list.text);
    let twice = send(&mut anna, &delete, "/phones/delete", &typed).await;
    assert_eq!(twice.status, 409);
    assert!(
        twice
            .text
            .contains("waits for another administrator already")
    );

    let api = house.program(Role::Admin).await;
    let waiting = api.get("/change-requests").await.expect(200);
    assert_eq!(waiting["items"][0]["kind"], "phones_deletion");
    let page = berta.get(HERE).await;
    for text in [
        "Delete 3 phones",
        "<a href=\"/phones/00:15:65:00:00:02\"><strong>Desk 02",
        "Kiel · 00:15:65:00:00:02",
        "INC-8 &lt;b&gt;",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    assert!(!page.text.contains("Desk 01"), "of another site");
    assert_eq!(approve(&mut berta).await.status, 303);
    let page = berta.get(HERE).await;
    assert!(
        page.text.contains("3 phones were deleted."),
        "{}",
        page.text
    );
    let left = api.get("/phones").await.expect(200);
    assert_eq!(left["items"].as_array().unwrap().len(), 3);
    let told = api.get("/audit?action=phone.deleted").await.expect(200);
    let told = told["items"].as_array().unwrap();
    assert_eq!(told.len(), 3);
    for record in told.iter().map(|record| &record["entry"]) {
        assert_eq!(record["actor"]["name"], "berta");
        assert_eq!(record["detail"]["asked_by"], "admin");
    }
    house
}

pub(crate) async fn what_moved_meanwhile_is_told_and_stays(house: House) -> House {
    let (mut anna, mut berta) = two(&house).await;
    with_desks(&mut anna, 4).await;
    let delete = to_delete(&mut anna, "site:kiel").await;
    let sel = hidden(&anna.get(&delete).await, "sel");
    let typed = [("sel", sel.as_str()), ("count", "2"), ("typed", "2")];
    location(&send(&mut anna, &delete, "/phones/delete", &typed).await);
    let api = house.program(Role::Admin).await;
    let moved = "/phones/00:15:65:00:00:02";
    api.patch(moved, &json!({ "protected": true }))
        .await
        .expect(200);
    let refused = approve(&mut berta).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("Desk 02"), "{}", refused.text);
    let left = api.get("/phones").await.expect(200);
    assert_eq!(left["items"].as_array().unwrap().len(), 4);
    house
}

pub(crate) async fn too_many_phones_are_not_deleted_at_once(house: House) -> House {
    let mut admin = Browser::new(&house.base());
    assert_eq!(admin.sign_in("admin", PASSWORD).await.status, 303);
    with_desks(&mut admin, 51).await;
    let delete = to_delete(&mut admin, "").await;
    let page = admin.get(&delete).await;
    assert!(page.text.contains("At most 50 phones are deleted at once"));
    assert!(!page.text.contains("action=\"/phones/delete\""));
    let (_, sel) = delete.split_once("sel=").unwrap();
    let sel = sel.split('&').next().unwrap();
    let typed = [("sel", sel), ("count", "51"), ("typed", "51")];
    let refused = send(&mut admin, "/phones", "/phones/delete", &typed).await;
    assert_eq!(refused.status, 422);
    let api = house.program(Role::Admin).await;
    let left = api.get("/phones/00:15:65:00:00:01").await;
    left.expect(200);
    house
}

pub(crate) async fn alone_it_is_made_at_once_and_every_administrator_sees_it(
    house: House,
) -> House {
    let mut browser = Browser::new(&house.base());
    assert_eq!(browser.sign_in("admin", PASSWORD).await.status, 303);
    let settings = "/admin/settings";
    let made = send(&mut browser, settings, settings, &[("phones_per_job", "9")]).await;
    assert_eq!(made.status, 303);
    assert_eq!(
        house.engine().rules().await.unwrap().rules.phones_per_job,
        9
    );
    let page = browser.get("/phones").await;
    let alarm = "was made by admin alone";
    assert!(page.text.contains(alarm), "{}", page.text);
    let mut operator = Browser::new(&house.base());
    assert_eq!(operator.sign_in("operator", PASSWORD).await.status, 303);
    assert!(!operator.get("/phones").await.text.contains(alarm));
    house
}
