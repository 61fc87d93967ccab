//! Jobs that start later, try again, and wait for a corrected password.

use std::time::Duration;

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::role::Role;
use carillon_simulator::{Auth, Fleet, FleetConfig, Profile, SiteConfig};
use serde_json::{Value, json};

use crate::house::{House, fleet};
use crate::pages_jobs::Person;

fn volume(options: &Value) -> Value {
    json!({ "action": "VOLUME_UP", "targets": { "filter": "" }, "options": options })
}

pub(crate) async fn a_job_for_later_says_so_and_can_be_cancelled(house: House) -> House {
    let site = SiteConfig::new("Kiel", 3).with_security(PlainHttp);
    let fleet = fleet(FleetConfig::default().with_site(site)).await;
    let api = house.with_phones(&fleet).await;
    let now = house.engine().clock.now();
    let past = volume(&json!({ "start_at": now.minus(Duration::from_mins(1)) }));
    let problem = api.post("/jobs", &past).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "options.start_at");

    let start = now.plus(Duration::from_hours(1));
    let made = api
        .post("/jobs", &volume(&json!({ "start_at": start })))
        .await;
    let made = made.expect(202);
    assert_eq!(made["state"], "scheduled");
    let id = made["id"].as_str().unwrap();
    let job = api.get(&format!("/jobs/{id}")).await.expect(200);
    assert_eq!(job["start_at"], json!(start));
    let mut anna = Person::sign_in(&house, Role::Operator).await;
    let page = anna.see(&format!("/jobs/{id}")).await;
    let begins = format!("It starts by itself: {} UTC.", start.to_minute_text());
    assert!(page.text.contains(&begins), "{}", page.text);
    waits_in_its_tab(&mut anna, id).await;
    let cancelled = api.post(&format!("/jobs/{id}/cancel"), &json!({})).await;
    assert_eq!(cancelled.expect(200)["state"], "cancelled");
    assert_eq!(fleet.ledger().totals().requests, 0);
    fleet.stop().await;
    house
}

/// It does not run: lists say when it starts, and count it apart.
async fn waits_in_its_tab(anna: &mut Person, id: &str) {
    let href = format!("/jobs/{id}\"");
    for (tab, there) in [("running", false), ("scheduled", true), ("waiting", false)] {
        let list = anna.see(&format!("/jobs?tab={tab}")).await.text;
        assert_eq!(list.contains(&href), there, "{tab}: {list}");
        let starts = list.contains("class=\"sub\">starts <time");
        assert_eq!(starts, there, "{tab}: {list}");
    }
    let overview = anna.see("/").await.text;
    let (running, later) = overview.split_once("Not started yet").unwrap();
    assert!(!running.contains(&href), "{running}");
    assert!(later.contains(&href), "{later}");
}

pub(crate) async fn every_try_is_told(house: House) -> House {
    let site = SiteConfig::new("Kiel", 1)
        .with_security(PlainHttp)
        .with(Profile::Refused, 1);
    let fleet = fleet(FleetConfig::default().with_site(site)).await;
    let api = house.with_phones(&fleet).await;
    let made = api.post("/jobs", &volume(&json!({ "retries": 1 }))).await;
    let made = made.expect(202);
    let id = made["id"].as_str().unwrap();
    assert_eq!(api.finished(id).await["counts"]["failed"], 1);
    let targets = api.get(&format!("/jobs/{id}/targets")).await.expect(200);
    let target = &targets["items"][0];
    assert_eq!(target["attempts"], 2);
    assert_eq!(target["earlier"][0]["number"], 1);
    assert_eq!(target["earlier"][0]["cause"], "refused");
    let mut anna = Person::sign_in(&house, Role::Operator).await;
    let page = anna.see(&format!("/jobs/{id}")).await;
    assert!(page.text.contains("before: "), "{}", page.text);
    let log = api.get(&format!("/audit?job={id}")).await.expect(200);
    let actions: Vec<_> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["entry"]["action"].as_str().unwrap())
        .collect();
    let of = |action: &str| actions.iter().filter(|known| **known == action).count();
    assert_eq!((of("target.intent"), of("target.retrying")), (2, 1));
    assert_eq!(of("target.result"), 1);
    run_again(&house, &fleet, id).await;
    fleet.stop().await;
    house
}

/// The same command for all phones of a job, from its page and by a script.
async fn run_again(house: &House, fleet: &Fleet, id: &str) {
    let api = house.program(Role::Operator).await;
    let again = api.post(&format!("/jobs/{id}/again"), &json!({})).await;
    let again = again.expect(202);
    assert_eq!(again["total"], fleet.phones().len());
    let end = api.finished(again["id"].as_str().unwrap()).await;
    assert_eq!(end["retry_of"], id);
    let mut anna = Person::sign_in(house, Role::Operator).await;
    let page = format!("/jobs/{id}");
    assert!(anna.see(&page).await.text.contains("Run again"));
    let review = anna.go(&page, &format!("{page}/again"), &[]).await;
    assert!(review.starts_with("/run/review/"), "{review}");
}

pub(crate) async fn held_phones_wait_for_a_corrected_password(house: House) -> House {
    let mut site = SiteConfig::new("Kiel", 6)
        .with_security(PlainHttp)
        .with_auth(Auth::Basic);
    site.wrong_password = 6;
    let fleet = fleet(FleetConfig::default().with_site(site)).await;
    let api = house.with_phones(&fleet).await;
    let options = json!({ "window": 1, "max_auth_failed": 2 });
    let made = api.post("/jobs", &volume(&options)).await.expect(202);
    let id = made["id"].as_str().unwrap();
    let mut changes = house.engine().feed.watch_job(id);
    let held = loop {
        let job = api.get(&format!("/jobs/{id}")).await.expect(200);
        if job["held"] != json!([]) && job["counts"]["sending"] == 0 {
            break job;
        }
        changes.changed().await.unwrap();
    };
    let credential = &fleet.sites()[0].credential;
    assert_eq!(
        held["held"],
        json!([{ "credential": credential, "count": 4 }])
    );
    assert_eq!(held["state"], "running");
    let targets = api.get(&format!("/jobs/{id}/targets?state=waiting")).await;
    assert_eq!(
        targets.expect(200)["items"][0]["held_by"],
        json!(credential)
    );

    let other = json!({ "credential": "nobody" });
    api.post(&format!("/jobs/{id}/held/skip"), &other)
        .await
        .problem(409, "conflict");
    for phone in fleet.phones() {
        let password = fleet.sites()[0].password.as_str();
        fleet.set_password(phone.mac, password).unwrap();
    }
    let mut anna = Person::sign_in(&house, Role::Operator).await;
    let page = format!("/jobs/{id}");
    let shown = anna.see(&page).await;
    assert!(shown.text.contains("Let them go on"), "{}", shown.text);
    let release = format!("{page}/held/release");
    anna.go(&page, &release, &[("credential", credential)])
        .await;
    let end = api.finished(id).await;
    assert_eq!(end["counts"]["acknowledged"], 4);
    assert_eq!(
        (&end["counts"]["failed"], &end["held"]),
        (&json!(2), &json!([]))
    );
    fleet.stop().await;
    house
}
