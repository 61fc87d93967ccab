//! What `curl` alone can do.

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::role::Role;
use carillon_simulator::{FleetConfig, Profile, SiteConfig};
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{House, fleet};
use crate::requests::{Client, send, sum};

/// Password that must appear nowhere.
const SECRET: &str = "canary-5f1e-password";

fn phones() -> FleetConfig {
    let site = SiteConfig::new("Kiel", 12)
        .with_security(PlainHttp)
        .with_credential("admin", SECRET)
        .with(Profile::ForbiddenIp, 2);
    FleetConfig::default().with_site(site)
}

fn all_of_kiel() -> Value {
    json!({
        "action": "DNDOn",
        "targets": { "filter": "site:kiel" },
        "options": { "max_failed_percent": 100, "canary": 0, "verify": false, "window": 4 },
        "reason": "INC-4711",
    })
}

pub(crate) async fn a_script_does_the_whole_job(house: House) -> House {
    let fleet = fleet(phones()).await;
    let api = house.with_phones(&fleet).await;
    let again = api.import("", &fleet.inventory_csv()).await.expect(200);
    assert_eq!(
        (&again["created"], &again["updated"]),
        (&json!(0), &json!(0))
    );

    let preview = api.post("/jobs/preview", &all_of_kiel()).await.expect(200);
    assert_eq!(preview["count"], 12);
    let mut request = all_of_kiel();
    request["expect"] = json!({ "count": 12, "digest": preview["digest"] });
    let accepted = api.post("/jobs", &request).await.expect(202);
    assert_eq!(accepted["total"], 12);

    let id = accepted["id"].as_str().unwrap();
    let job = api.finished(id).await;
    let spared = fleet
        .phones()
        .iter()
        .filter(|phone| phone.inventory.protected)
        .count();
    assert_eq!(
        job["counts"]["skipped"], spared,
        "protected ones are left alone: {job}"
    );
    assert_eq!(job["counts"]["failed"], 2, "{job}");
    let listed = api.get("/jobs").await.expect(200);
    assert_eq!(listed["items"][0]["causes"], job["causes"]);
    assert!(
        job["causes"]
            .as_array()
            .is_some_and(|causes| !causes.is_empty())
    );
    assert_eq!(
        job["causes"][0],
        json!({ "cause": "forbidden", "count": 2 })
    );
    let executed = fleet.ledger().executed("DNDOn");
    assert_eq!(executed.len(), 10 - spared);
    assert!(executed.values().all(|times| *times == 1));

    check_targets(&api, id).await;
    check_audit(&api, id, 12 - spared).await;
    check_secrecy(&api, id).await;
    fleet.stop().await;
    house
}

async fn check_targets(api: &Client, id: &str) {
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = api
            .get(&format!("/jobs/{id}/targets?limit=5{after}"))
            .await
            .expect(200);
        seen.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let mut phones: Vec<_> = seen.iter().map(|row| row["phone"].to_string()).collect();
    phones.sort();
    phones.dedup();
    assert_eq!(phones.len(), 12, "every phone once: {seen:?}");
    let failed = api
        .get(&format!("/jobs/{id}/targets?state=failed"))
        .await
        .expect(200);
    assert_eq!(failed["items"].as_array().unwrap().len(), 2);
    assert_eq!(failed["items"][0]["http_status"], 403);
}

async fn check_audit(api: &Client, id: &str, tried: usize) {
    let records = api
        .get(&format!("/audit?job={id}&limit=1000"))
        .await
        .expect(200);
    let records = records["items"].as_array().unwrap();
    let of = |action: &str| {
        records
            .iter()
            .filter(|r| r["entry"]["action"] == action)
            .count()
    };
    assert_eq!(of("job.submitted"), 1);
    assert_eq!(of("target.intent"), tried);
    assert_eq!(
        of("target.result"),
        12,
        "each end, that of the spared ones too"
    );
    let first = &records[0];
    let one = api
        .get(&format!("/audit/{}", first["seq"]))
        .await
        .expect(200);
    assert_eq!(one, *first);
    let export = api
        .get(&format!("/audit/export?format=jsonl&job={id}"))
        .await;
    // And what the file says of itself.
    assert_eq!(export.text.lines().count(), records.len() + 1);
}

/// The phones' password is in no answer.
async fn check_secrecy(api: &Client, id: &str) {
    for path in [
        "/phones?limit=1000".to_owned(),
        "/credentials".to_owned(),
        "/sites".to_owned(),
        format!("/jobs/{id}/targets?limit=1000"),
        "/audit?limit=1000".to_owned(),
        "/audit/export?format=csv".to_owned(),
    ] {
        let answer = api.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.text.contains(SECRET), "{path}");
    }
}

pub(crate) async fn a_repeated_request_is_one_job(house: House) -> House {
    let fleet = fleet(phones()).await;
    let api = house.with_phones(&fleet).await;
    let submit = |body: Value| {
        let request = api
            .request(Method::POST, "/jobs")
            .header("Idempotency-Key", "k-1");
        send(request.json(&body))
    };
    let first = submit(all_of_kiel()).await.expect(202);
    let second = submit(all_of_kiel()).await.expect(202);
    assert_eq!(first["id"], second["id"]);
    let mut other = all_of_kiel();
    other["reason"] = json!("something else");
    submit(other).await.problem(409, "conflict");

    let id = first["id"].as_str().unwrap();
    let job = api.finished(id).await;
    assert_eq!(sum(&job), 12);
    let again = json!({ "states": ["failed"], "reason": "list corrected" });
    let retry = api
        .post(&format!("/jobs/{id}/retry"), &again)
        .await
        .expect(202);
    assert_eq!(retry["total"], 2);
    let retried = api.finished(retry["id"].as_str().unwrap()).await;
    assert_eq!(retried["retry_of"], first["id"]);
    fleet.stop().await;
    house
}

pub(crate) async fn a_set_that_changed_is_refused_with_the_difference(house: House) -> House {
    let api = house.program(Role::Admin).await;
    let phone = |mac: &str| json!({ "mac": mac, "label": mac, "address": "127.0.0.9" });
    api.post("/phones", &phone("001565000001"))
        .await
        .expect(201);
    let mut request = json!({ "action": "DNDOn", "targets": { "filter": "" }, "reason": "x" });
    let preview = api.post("/jobs/preview", &request).await.expect(200);
    api.post("/phones", &phone("001565000002"))
        .await
        .expect(201);
    request["expect"] = json!({ "count": preview["count"], "digest": preview["digest"] });
    let problem = api
        .post("/jobs", &request)
        .await
        .problem(409, "set_changed");
    assert_eq!(problem["difference"]["expected"], 1);
    assert_eq!(problem["difference"]["actual"], 2);
    assert_eq!(problem["difference"]["added"], json!(["00:15:65:00:00:02"]));
    assert_eq!(problem["difference"]["removed"], json!([]));
    assert_eq!(
        problem["detail"],
        "You looked at 1 phone; now it would be 2 phones (new: 00:15:65:00:00:02). Look again, \
         then start."
    );
    api.delete("/phones/00:15:65:00:00:01").await.expect(204);
    let gone = api
        .post("/jobs", &request)
        .await
        .problem(409, "set_changed");
    assert_eq!(gone["difference"]["removed"], json!(["00:15:65:00:00:01"]));
    let jobs = api.get("/jobs").await.expect(200);
    assert_eq!(jobs["items"], json!([]));
    house
}
