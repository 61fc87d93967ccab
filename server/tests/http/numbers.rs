//! Dialled numbers: masked everywhere, read one at a time, removed in time.

use std::time::Duration;

use carillon_domain::JobState;
use carillon_domain::phone::TransportSecurity;
use carillon_domain::role::Role;
use carillon_engine::audit::{Evidence, SigningKey, Verdict, verify};
use carillon_engine::secrets::KeySource;
use carillon_simulator::{FleetConfig, Profile};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::browser::{Browser, token};
use crate::house::{House, PASSWORD, fleet};
use crate::inventory_pages::location;
use crate::requests::{Answer, Client};

const NUMBER: &str = "0301234567";

async fn signed_in(house: &House, role: &str) -> Browser {
    let mut browser = Browser::new(&house.base());
    browser.sign_in(role, PASSWORD).await;
    browser
}

async fn ask(browser: &mut Browser, page: &str, reason: &str) -> Answer {
    let csrf = token(&browser.get(page).await);
    let fields = [("csrf", csrf.as_str()), ("reason", reason)];
    let form = browser.form(&format!("{page}/number"), &fields);
    browser
        .send(form.header("sec-fetch-site", "same-origin"))
        .await
}

/// The record of the job, and the address of its page.
async fn submitted(api: &Client, job: &str) -> (Value, String) {
    let found = api
        .get(&format!("/audit?job={job}&action=job.submitted"))
        .await
        .expect(200);
    let record = found["items"][0].clone();
    let page = format!("/audit/{}", record["seq"]);
    (record, page)
}

/// No record, and nothing that records commit to, is another.
pub(crate) async fn is_intact(house: &House) {
    let source = KeySource::File(house.dir.path().join("signing.key"));
    let key = SigningKey::load(&source).unwrap().public().clone();
    let evidence = Evidence {
        key: Some(key),
        kept: Vec::new(),
    };
    let verdict = verify(&house.engine().store, &evidence).await.unwrap();
    let unsigned = matches!(&verdict, Verdict::CannotTell(why) if why.contains("fit each other"));
    assert!(
        unsigned || matches!(verdict, Verdict::Intact(_)),
        "{verdict:?}"
    );
}

pub(crate) async fn a_number_is_read_by_auditors_only_and_removed_in_time(house: House) -> House {
    let fleet = fleet(FleetConfig::uniform(
        Profile::Normal,
        2,
        TransportSecurity::PlainHttp,
    ))
    .await;
    let api = house.with_phones(&fleet).await;
    let phone = fleet
        .phones()
        .iter()
        .find(|phone| !phone.inventory.protected)
        .unwrap();
    let body = json!({
        "action": "number", "params": {"number": NUMBER}, "reason": "INC-1 test call",
        "targets": {"phones": [phone.inventory.mac]},
    });
    let job = api.post("/jobs", &body).await.expect(202);
    let job = job["id"].as_str().unwrap().to_owned();
    api.finished(&job).await;
    let (record, page) = submitted(&api, &job).await;
    let detail = &record["entry"]["detail"];
    assert!(detail["params"].to_string().contains("•567"), "{detail}");
    let commitment = detail["private"]["sha256"].as_str().unwrap().to_owned();
    let mut auditor = signed_in(&house, "auditor").await;
    for path in [
        &*page,
        "/audit",
        &*format!("/jobs/{job}"),
        "/audit/export?format=jsonl",
        "/audit/export?format=csv",
    ] {
        assert!(!auditor.get(path).await.text.contains(NUMBER), "{path}");
    }
    for path in ["/audit", "/audit/export?format=jsonl"] {
        assert!(!api.get(path).await.text.contains(NUMBER), "{path}");
    }
    // Not even who administers reads it.
    let mut admin = signed_in(&house, "admin").await;
    assert_eq!(ask(&mut admin, &page, "curious").await.status, 403);
    let refused = ask(&mut auditor, &page, " ").await;
    assert_eq!(refused.status, 422);
    assert!(!refused.text.contains(NUMBER));
    let told = ask(&mut auditor, &page, "INC-2 complaint of the callee").await;
    let once = location(&told);
    assert!(!once.contains(NUMBER));
    let shown = auditor.get(&once).await.text;
    assert!(shown.contains(NUMBER), "{shown}");
    assert!(!auditor.get(&once).await.text.contains(NUMBER), "once");
    let salt = shown.split("class=\"mono key\">").find(|part| {
        part.len() > 64 && hex::decode(&part[..64]).is_ok_and(|_| part[..64] != commitment)
    });
    let salt = hex::decode(&salt.unwrap()[..64]).unwrap();
    let value = json!({"number": NUMBER}).to_string();
    let digest = Sha256::new()
        .chain_update(&salt)
        .chain_update(&value)
        .finalize();
    assert_eq!(hex::encode(digest), commitment, "proven: {value}");
    let looks = api.get("/audit?action=audit.number_read").await.expect(200);
    let look = &looks["items"][0]["entry"];
    assert_eq!(
        (&look["actor"]["name"], &look["reason"]),
        (&json!("auditor"), &json!("INC-2 complaint of the callee"))
    );
    assert_eq!(look["detail"], json!({"record": record["seq"]}));
    assert_eq!(looks["items"].as_array().unwrap().len(), 1);
    by_program(&house, &api, &record).await;
    gone_in_time(&house, (&api, &mut auditor), (&job, &page)).await;
    house
}

/// A program of an auditor reads it as she does: one at a time, with a reason that is recorded.
async fn by_program(house: &House, admin: &Client, record: &Value) {
    let auditor = house.program(Role::Auditor).await;
    let path = format!("/audit/{}/number", record["seq"]);
    let why = json!({"reason": "INC-4 asked by a program"});
    assert_eq!(admin.post(&path, &why).await.status, 403);
    let refused = auditor.post(&path, &json!({"reason": " "})).await;
    assert_eq!(refused.status, 422);
    assert!(!refused.text.contains(NUMBER));
    let told = auditor.post(&path, &why).await.expect(200);
    let salt = hex::decode(told["salt"].as_str().unwrap()).unwrap();
    let value = told["value"].as_str().unwrap();
    assert_eq!(value, json!({"number": NUMBER}).to_string());
    let digest = Sha256::new().chain_update(&salt).chain_update(value);
    let digest = hex::encode(digest.finalize());
    let private = &record["entry"]["detail"]["private"]["sha256"];
    assert_eq!((&told["sha256"], private), (&json!(digest), &json!(digest)));
    let looks = admin.get("/audit?action=audit.number_read").await;
    let looks = looks.expect(200);
    assert_eq!(looks["items"].as_array().unwrap().len(), 2);
    let look = &looks["items"][0]["entry"];
    assert_eq!(
        (&look["actor"]["kind"], &look["reason"]),
        (&json!("token"), &why["reason"])
    );
}

/// After its time nobody reads it, the job cannot dial again, and the log is what it was.
async fn gone_in_time(
    house: &House,
    (api, auditor): (&Client, &mut Browser),
    (job, page): (&str, &str),
) {
    let engine = house.engine();
    assert_eq!(
        engine
            .remove_numbers(Duration::from_hours(24))
            .await
            .unwrap(),
        0
    );
    assert_eq!(engine.remove_numbers(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(
        engine.remove_numbers(Duration::ZERO).await.unwrap(),
        0,
        "once"
    );
    let removed = api
        .get("/audit?action=audit.numbers_removed")
        .await
        .expect(200);
    let detail = &removed["items"][0]["entry"]["detail"];
    assert_eq!(
        (&detail["records"], &detail["jobs"]),
        (&json!(1), &json!(1))
    );
    let late = ask(auditor, page, "INC-3 too late").await;
    assert_eq!(late.status, 409);
    assert!(late.text.contains("removed"), "{}", late.text);
    let looks = api.get("/audit?action=audit.number_read").await.expect(200);
    assert_eq!(looks["items"].as_array().unwrap().len(), 2);
    let why = json!({"reason": "again"});
    let again = api.post(&format!("/jobs/{job}/again"), &why).await;
    assert_eq!(again.status, 409, "{}", again.text);
    assert!(again.text.contains("no longer kept"), "{}", again.text);
    is_intact(house).await;
}

/// A job that somebody paused and forgot does not keep its number for ever.
pub(crate) async fn a_job_that_rests_for_long_loses_its_number(house: House) -> House {
    let config = FleetConfig::uniform(Profile::Normal, 2, TransportSecurity::PlainHttp);
    let fleet = fleet(config).await;
    let api = house.with_phones(&fleet).await;
    let mut phones = fleet.phones().iter();
    let phone = phones.find(|phone| !phone.inventory.protected).unwrap();
    let engine = house.engine();
    let later = engine.clock.now().plus(Duration::from_hours(2));
    let body = json!({
        "action": "number", "params": {"number": NUMBER}, "reason": "INC-1 test call",
        "targets": {"phones": [phone.inventory.mac]}, "options": {"start_at": later},
    });
    let job = api.post("/jobs", &body).await.expect(202);
    let id = job["id"].as_str().unwrap();
    assert_eq!(
        engine.remove_numbers(Duration::ZERO).await.unwrap(),
        1,
        "of the record"
    );
    // It began, and somebody paused it.
    let mut unit = engine.store.begin().await.unwrap();
    let (from, to) = ([JobState::Scheduled], JobState::Paused);
    let moved = unit.set_job_state(id, &from, to, engine.clock.now()).await;
    assert!(moved.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    let kept = Duration::from_hours(24);
    assert_eq!(engine.remove_numbers(kept).await.unwrap(), 0);
    assert_eq!(engine.remove_numbers(Duration::ZERO).await.unwrap(), 1);
    let resumed = api.post(&format!("/jobs/{id}/resume"), &json!({})).await;
    assert_eq!(resumed.status, 409, "{}", resumed.text);
    assert!(resumed.text.contains("no longer kept"), "{}", resumed.text);
    house
}
