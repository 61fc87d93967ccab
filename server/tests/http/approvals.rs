//! What a second person lets run, as the API and the page show it.

use std::time::Duration;

use carillon_domain::JobState;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::role::Role;
use carillon_engine::accounts::Access;
use carillon_engine::jobs::Rules;
use carillon_simulator::{Auth, Fleet, FleetConfig, SiteConfig};
use serde_json::json;

use crate::house::{House, fleet};
use crate::pages_jobs::Person;
use crate::requests::Client;

/// Gives these accounts the right to approve; without a second factor, so that a password does.
pub(crate) async fn let_approve(house: &House, roles: &[Role]) {
    let (engine, local) = (house.engine(), House::local());
    for role in roles {
        let now = engine.find_user(&local, role.as_str()).await.unwrap();
        let access = Access {
            role: *role,
            area: None,
            approver: true,
        };
        let changed = engine.change_access(&local, role.as_str(), &access, now.version);
        changed.await.unwrap();
    }
    let rules = Rules {
        approve_with_factor: false,
        ..Rules::default()
    };
    engine.change_rules(&local, &rules, "").await.unwrap();
}

/// One phone, and two people of whom each may let the other's jobs run.
async fn one_phone_for_two(house: &House) -> Fleet {
    let site = SiteConfig::new("Kiel", 1)
        .with_security(PlainHttp)
        .with_auth(Auth::None);
    let fleet = fleet(FleetConfig::default().with_site(site)).await;
    house.with_phones(&fleet).await;
    let_approve(house, &[Role::Admin, Role::Operator]).await;
    fleet
}

pub(crate) async fn who_lets_a_job_run_names_all_of_it(house: House) -> House {
    let fleet = one_phone_for_two(&house).await;
    let request = json!({ "action": "Reset", "targets": { "filter": "" }, "reason": "x" });
    let api = house.program(Role::Operator).await;
    let preview = api.post("/jobs/preview", &request).await.expect(200);
    let id = api.post("/jobs", &request).await.expect(202)["id"].clone();
    let path = format!("/jobs/{}", id.as_str().unwrap());
    let job = api.get(&path).await.expect(200);
    let digest = job["approval_digest"].as_str().unwrap();
    assert_eq!(digest.len(), 64);
    assert_ne!(
        preview["digest"], digest,
        "of all, and not of the phones alone"
    );
    let mut admin = Person::sign_in(&house, Role::Admin).await;
    let page = admin.see("/approvals").await;
    assert!(page.text.contains(&digest[..16]), "{}", page.text);
    assert!(page.text.contains(digest));
    let approve = format!("{path}/approve");
    for wrong in ["", preview["digest"].as_str().unwrap()] {
        let wrong = [("digest", wrong)];
        let refused = admin.send("/approvals", &approve, &wrong);
        assert_ne!(refused.await.status, 303);
    }
    let to = admin
        .go("/approvals", &approve, &[("digest", digest)])
        .await;
    assert_eq!(to, path);
    let job = api.get(&path).await.expect(200);
    assert_ne!(job["state"], json!(JobState::AwaitingApproval));
    assert!(job["approval_digest"].is_null());
    fleet.stop().await;
    house
}

pub(crate) async fn a_waiting_job_says_for_whom_it_waits(house: House) -> House {
    let fleet = one_phone_for_two(&house).await;
    let request = json!({ "action": "Reset", "targets": { "filter": "" }, "reason": "x" });
    let api = house.program(Role::Operator).await;
    let id = api.post("/jobs", &request).await.expect(202)["id"].clone();
    let path = format!("/jobs/{}", id.as_str().unwrap());
    let approve = format!("action=\"{path}/approve\"");

    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let own = operator.see(&path).await.text;
    assert!(
        own.contains("These people may approve: admin, operator."),
        "{own}"
    );
    assert!(own.contains("You asked for it") && !own.contains(&approve));
    assert!(
        !own.contains("Approvals (1)"),
        "nothing that they can decide"
    );

    let mut admin = Person::sign_in(&house, Role::Admin).await;
    let page = admin.see(&path).await;
    assert!(page.text.contains(&approve), "{}", page.text);
    assert!(page.text.contains("Approvals (1)"), "{}", page.text);
    let digest = api.get(&path).await.expect(200)["approval_digest"].clone();
    let yes = [("digest", digest.as_str().unwrap())];
    assert_eq!(
        admin.go(&path, &format!("{path}/approve"), &yes).await,
        path
    );
    let page = admin.see(&path).await.text;
    assert!(
        page.contains("approved by <strong>admin</strong>"),
        "{page}"
    );
    assert!(!page.contains("Approvals (1)"));
    fleet.stop().await;
    house
}

pub(crate) async fn a_refused_job_says_why(house: House) -> House {
    let fleet = one_phone_for_two(&house).await;
    let request = json!({ "action": "Reset", "targets": { "filter": "" }, "reason": "INC-7" });
    let api = house.program(Role::Operator).await;
    let id = api.post("/jobs", &request).await.expect(202)["id"].clone();
    let path = format!("/jobs/{}", id.as_str().unwrap());
    let mut admin = Person::sign_in(&house, Role::Admin).await;
    let no = [("reason", "the wrong town")];
    admin.go(&path, &format!("{path}/deny"), &no).await;

    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let page = operator.see(&path).await.text;
    let (_, refused) = page.split_once("refused by <strong>admin").unwrap();
    let (_, why) = refused.split_once("class=\"quote\">").unwrap();
    let why = why.split_once('<').unwrap().0;
    assert!(why.contains("the wrong town"), "{why}");
    assert!(page.contains("Refused, nothing was sent"), "{page}");
    let list = operator.see("/jobs?tab=finished").await.text;
    assert!(list.contains("Refused, nothing was sent"), "{list}");
    fleet.stop().await;
    house
}

/// Whoever is about to ask is told whom to ask; one's own name is none of them.
pub(crate) async fn a_review_names_who_may_let_it_run(house: House) -> House {
    let fleet = one_phone_for_two(&house).await;
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let choice = [
        ("filter", "site:kiel"),
        ("action", "Reset"),
        ("reason", "x"),
    ];
    let review = operator.go("/run", "/run", &choice).await;
    let page = operator.see(&review).await.text;
    assert!(page.contains("This needs a second person"), "{page}");
    assert!(page.contains("These people may approve: admin."), "{page}");
    assert!(page.contains("Ask for approval"), "{page}");
    for start in ["button danger solid", "Not sent after"] {
        assert!(!page.contains(start), "{start}: {page}");
    }
    let choice = [
        ("filter", "site:kiel"),
        ("action", "DNDOn"),
        ("reason", "x"),
    ];
    let review = operator.go("/run", "/run", &choice).await;
    let page = operator.see(&review).await.text;
    assert!(!page.contains("may approve"), "{page}");
    nobody_has_a_factor(&house, &mut operator).await;
    fleet.stop().await;
    house
}

/// That nobody could let it run is said before anybody asks.
async fn nobody_has_a_factor(house: &House, operator: &mut Person) {
    let (engine, local) = (house.engine(), House::local());
    let usual = Rules::default();
    engine.change_rules(&local, &usual, "").await.unwrap();
    let choice = [
        ("filter", "site:kiel"),
        ("action", "Reset"),
        ("reason", "x"),
    ];
    let review = operator.go("/run", "/run", &choice).await;
    let page = operator.see(&review).await.text;
    for told in [
        "Nobody can approve this now",
        "No second factor yet: admin.",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(!page.contains("These people may approve"), "{page}");
}

pub(crate) async fn a_job_that_nobody_let_run_says_who_could_have(house: House) -> House {
    let fleet = one_phone_for_two(&house).await;
    let request = json!({ "action": "Reset", "targets": { "filter": "" }, "reason": "x" });
    let api = house.program(Role::Operator).await;
    let id = api.post("/jobs", &request).await.expect(202)["id"].clone();
    let (id, engine) = (id.as_str().unwrap(), house.engine());
    let mut unit = engine.store.begin().await.unwrap();
    let (from, to) = ([JobState::AwaitingApproval], JobState::Expired);
    let moved = unit.set_job_state(id, &from, to, engine.clock.now()).await;
    assert!(moved.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let page = operator.see(&format!("/jobs/{id}")).await.text;
    let told =
        "Nobody let it run within its time: nothing was sent. These people could have: admin.";
    assert!(page.contains(told), "{page}");
    fleet.stop().await;
    house
}

/// Asks for a job with this action; its page.
async fn ask(api: &Client, action: &str, options: &serde_json::Value) -> String {
    let request = json!({
        "action": action, "targets": { "filter": "" }, "reason": "x", "options": options,
    });
    let id = api.post("/jobs", &request).await.expect(202)["id"].clone();
    format!("/jobs/{}", id.as_str().unwrap())
}

/// What whoever was too late with this answer to a job reads on its page.
async fn too_late(person: &mut Person, job: &str, answer: &str, field: (&str, &str)) -> String {
    let to = person
        .go("/approvals", &format!("{job}/{answer}"), &[field])
        .await;
    assert_eq!(to, job, "it leads to the job");
    person.see(job).await.text
}

pub(crate) async fn who_answers_too_late_is_told_who_was_faster(house: House) -> House {
    let fleet = one_phone_for_two(&house).await;
    let api = house.program(Role::Operator).await;
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let mut admin = Person::sign_in(&house, Role::Admin).await;
    let none = json!({});

    let stopped = ask(&api, "Reset", &none).await;
    let digest = api.get(&stopped).await.expect(200)["approval_digest"].clone();
    let (yes, no) = (("digest", digest.as_str().unwrap()), ("reason", "no"));
    let cancel = format!("{stopped}/cancel");
    operator.go(&cancel, &cancel, &[("reason", "")]).await;
    for (answer, field) in [("approve", yes), ("deny", no)] {
        let page = too_late(&mut admin, &stopped, answer, field).await;
        let told = "Nothing was changed: it was stopped by operator at 20";
        assert!(page.contains(told), "{page}");
    }

    let refused = ask(&api, "Reset", &none).await;
    admin.go(&refused, &format!("{refused}/deny"), &[no]).await;
    let page = too_late(&mut admin, &refused, "approve", yes).await;
    assert!(page.contains("it was refused by admin at 20"), "{page}");

    let runs = ask(&api, "Reset", &none).await;
    let digest = api.get(&runs).await.expect(200)["approval_digest"].clone();
    let (approve, yes) = (format!("{runs}/approve"), digest.as_str().unwrap());
    admin.go(&runs, &approve, &[("digest", yes)]).await;
    let page = too_late(&mut admin, &runs, "approve", ("digest", yes)).await;
    assert!(page.contains("it was let run by admin at 20"), "{page}");

    let over = ask(&api, "Reset", &none).await;
    let (id, engine) = (&over["/jobs/".len()..], house.engine());
    let past = engine.clock.now().minus(Duration::from_secs(1));
    let mut unit = engine.store.begin().await.unwrap();
    let account = unit.job_approval(id).await.unwrap().unwrap().account;
    let noted = unit.note_account(id, account.as_deref(), Some(past));
    noted.await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    engine.expire_approvals().await.unwrap();
    let page = too_late(&mut admin, &over, "approve", ("digest", "x")).await;
    assert!(page.contains("nobody decided in time"), "{page}");
    fleet.stop().await;
    house
}

pub(crate) async fn whoever_stops_no_job_leaves_it_as_it_is(house: House) -> House {
    let fleet = one_phone_for_two(&house).await;
    let api = house.program(Role::Operator).await;
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let later = house.engine().clock.now().plus(Duration::from_hours(1));
    let later = json!({ "start_at": later.to_string() });
    let reset = ask(&api, "Reset", &json!({})).await;
    let scheduled = ask(&api, "DNDOn", &later).await;
    for (job, word) in [(reset, "Keep asking"), (scheduled, "Leave it scheduled")] {
        let page = operator.see(&format!("{job}/cancel")).await.text;
        assert!(page.contains(&format!(">{word}</a>")), "{word}: {page}");
        assert!(page.contains("1 phone waiting will not get"), "{page}");
        for hidden in ["Let it run", "0 phones"] {
            assert!(!page.contains(hidden), "{hidden}: {page}");
        }
    }
    fleet.stop().await;
    house
}

/// Nobody is to blame for a job whose hour, and the end behind it, passed while the server was away.
pub(crate) async fn a_scheduled_job_whose_time_was_over_blames_nobody(house: House) -> House {
    let fleet = one_phone_for_two(&house).await;
    let engine = house.engine();
    let start = engine.clock.now().plus(Duration::from_hours(1)).to_string();
    let request = json!({
        "action": "DNDOn", "targets": { "filter": "" }, "reason": "x",
        "options": { "start_at": start },
    });
    let api = house.program(Role::Operator).await;
    let id = api.post("/jobs", &request).await.expect(202)["id"].clone();
    let (id, now) = (id.as_str().unwrap(), engine.clock.now());
    let mut unit = engine.store.begin().await.unwrap();
    unit.expire_waiting(id, now).await.unwrap();
    let (from, to) = ([JobState::Scheduled], JobState::Expired);
    assert!(unit.set_job_state(id, &from, to, now).await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let page = operator.see(&format!("/jobs/{id}")).await.text;
    assert!(page.contains("Its time was over before"), "{page}");
    assert!(!page.contains("Nobody let it run"), "{page}");
    fleet.stop().await;
    house
}

/// From now on nobody disturbs anybody alone.
async fn all_that_disturbs_waits(house: &House) {
    let rules = Rules {
        approve_with_factor: false,
        approve_disruptive_above: Some(0),
        ..Rules::default()
    };
    let (engine, local) = (house.engine(), House::local());
    engine.change_rules(&local, &rules, "").await.unwrap();
}

/// A key that waits is not on its way: whoever pressed it is told for whom it waits.
pub(crate) async fn a_key_that_waits_says_for_whom(house: House) -> House {
    let fleet = one_phone_for_two(&house).await;
    all_that_disturbs_waits(&house).await;
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let here = format!("/phones/{}", fleet.phones()[0].inventory.mac);
    let before = operator.see(&here).await.text;
    let told = "What disturbs somebody waits for a second person";
    assert!(before.contains(told), "{before}");
    let key = [("key", "OK"), ("reason", "INC-7")];
    let to = operator.go(&here, &format!("{here}/keys"), &key).await;
    let page = operator.see(to.trim_end_matches("#keypad")).await.text;
    let waits = "waits for a second person (admin). Nothing was sent yet.";
    assert!(page.contains(waits), "{page}");
    assert!(!page.contains("on its way"), "{page}");
    assert_eq!(fleet.ledger().totals().requests, 0);
    fleet.stop().await;
    house
}

/// A small job may wait for what was disturbed before it: what counts is said where it waits.
pub(crate) async fn a_job_that_the_hour_makes_large_says_so(house: House) -> House {
    const COUNTS: &str = "The disruptive commands of one person within an hour count together.";
    let fleet = one_phone_for_two(&house).await;
    all_that_disturbs_waits(&house).await;
    let api = house.program(Role::Operator).await;
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    for (action, counts) in [("Reset", false), ("Reboot", true)] {
        let request = json!({ "action": action, "targets": { "filter": "" }, "reason": "x" });
        let id = api.post("/jobs", &request).await.expect(202)["id"].clone();
        let page = format!("/jobs/{}", id.as_str().unwrap());
        let page = operator.see(&page).await.text;
        assert!(page.contains("Waits for a second person"), "{page}");
        assert_eq!(page.contains(COUNTS), counts, "{action}: {page}");
    }
    fleet.stop().await;
    house
}
