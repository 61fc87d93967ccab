//! What lies out of somebody's reach does not exist for them.

use carillon::middleware::gate::Side;
use carillon::router;
use carillon::router::table::{Route, Verb};
use carillon_domain::reach::Area;
use carillon_domain::role::Role;
use carillon_engine::accounts::{Access, NewToken, NewUser, TokenScope};
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::browser::{Browser, token};
use crate::house::{House, PASSWORD};
use crate::requests::{Answer, Client, send};

const KIEL: &str = "00:15:65:00:00:01";
const BERLIN: &str = "00:15:65:00:00:02";
const NOWHERE: &str = "00:15:65:00:00:03";
const ABSENT: &str = "00:15:65:00:00:77";

/// Ids of one kind: out of reach, absent, within reach.
pub(crate) struct Ids {
    pub(crate) out: String,
    pub(crate) absent: String,
    pub(crate) within: String,
}

/// What stands at both sites.
pub(crate) struct Places {
    jobs: Ids,
    records: Ids,
}

/// An id of the same shape that nobody has.
pub(crate) fn absent(id: &str) -> String {
    let last = if id.ends_with('0') { '1' } else { '0' };
    let but_last = &id[..id.len() - 1];
    format!("{but_last}{last}")
}

async fn job(api: &Client, mac: &str) -> String {
    let body = json!({"action": "DNDOn", "targets": {"phones": [mac]}, "reason": "a test"});
    let made = api.post("/jobs", &body).await.expect(202);
    let id = made["id"].as_str().unwrap().to_owned();
    api.finished(&id).await;
    id
}

async fn record_of(api: &Client, job: &str) -> String {
    let page = api
        .get(&format!("/audit?job={job}&limit=1"))
        .await
        .expect(200);
    page["items"][0]["seq"].to_string()
}

/// Two sites with a phone and a group each, a phone without a site, and a job for each site.
pub(crate) async fn furnish(api: &Client) -> Places {
    for slug in ["kiel", "berlin"] {
        let site = json!({"slug": slug, "name": slug, "transport_security": "plain_http"});
        api.post("/sites", &site).await.expect(201);
        let profile = json!({"from": "carillon@pbx.test"});
        let path = format!("/sites/{slug}/sip");
        api.put(&path, &profile).await.expect(200);
    }
    for (mac, site) in [
        (KIEL, Some("kiel")),
        (BERLIN, Some("berlin")),
        (NOWHERE, None),
    ] {
        let phone = json!({"mac": mac, "label": format!("at {site:?}"), "site": site, "tags": [site.unwrap_or("none")]});
        api.post("/phones", &phone).await.expect(201);
    }
    for (slug, members) in [("kiel-desk", [KIEL]), ("berlin-desk", [BERLIN])] {
        let group = json!({"slug": slug, "name": slug, "kind": "fixed", "members": members});
        api.post("/groups", &group).await.expect(201);
    }
    let (kiel, berlin) = (job(api, KIEL).await, job(api, BERLIN).await);
    Places {
        records: Ids {
            out: record_of(api, &berlin).await,
            absent: "99999999".to_owned(),
            within: record_of(api, &kiel).await,
        },
        jobs: Ids {
            absent: absent(&berlin),
            out: berlin,
            within: kiel,
        },
    }
}

impl Places {
    /// Which ids a route asks for; `None` where it asks for nothing that has a place.
    pub(crate) fn ids(&self, route: &Route) -> Option<Ids> {
        let named = |out: &str, absent: &str, within: &str| Ids {
            out: out.to_owned(),
            absent: absent.to_owned(),
            within: within.to_owned(),
        };
        let path = route.path.strip_prefix("/api/v1").unwrap_or(route.path);
        Some(match path.split('/').nth(1)? {
            "phones" if path.contains("{mac}") => named(BERLIN, ABSENT, KIEL),
            "groups" if path.contains("{slug}") => named("berlin-desk", "no-desk", "kiel-desk"),
            "sites" if path.contains("{slug}") => named("berlin", "bremen", "kiel"),
            "jobs" if path.contains("{id}") => self.jobs.again(),
            "audit" if path.contains("{seq}") => self.records.again(),
            _ => return None,
        })
    }
}

impl Ids {
    fn again(&self) -> Self {
        Self {
            out: self.out.clone(),
            absent: self.absent.clone(),
            within: self.within.clone(),
        }
    }
}

/// The path with this id. A second parameter names a phone that is in no job.
pub(crate) fn path_with(route: &Route, id: &str) -> String {
    let mut first = true;
    let parts = route.path.split('/').map(|part| {
        if !part.starts_with('{') {
            part
        } else if std::mem::take(&mut first) {
            id
        } else {
            ABSENT
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// A body that would do something, where the thing exists.
pub(crate) fn body_of(route: &Route) -> Value {
    match (route.verb, route.path) {
        (Verb::Patch, _) => json!({"tags": ["seen"]}),
        (Verb::Put, path) if path.contains("/groups/") => {
            json!({"name": "taken over", "kind": "fixed", "members": [KIEL]})
        }
        (_, path) if path.ends_with("/retry") => json!({"states": ["skipped"], "reason": "again"}),
        (_, path) if path.ends_with("/cancel") => json!({"reason": "enough"}),
        _ => json!({}),
    }
}

async fn ask(api: &Client, route: &Route, id: &str) -> Answer {
    let method: Method = route.verb.as_str().parse().unwrap();
    let path = path_with(route, id);
    let request = api.request(method, path.strip_prefix("/api/v1").unwrap());
    match route.verb {
        Verb::Get | Verb::Delete => send(request).await,
        _ => send(request.json(&body_of(route))).await,
    }
}

/// What an answer says, without what differs from one request to the next.
pub(crate) fn said(answer: &Answer, id: &str) -> String {
    // The digest of a file may hold a short id by chance.
    let text = without(&answer.text, "?v=", "\"");
    let text = text.replace(id, "ID");
    let text = without(&text, "nonce=\"", "\"");
    let text = without(&text, "name=\"csrf\" value=\"", "\"");
    let text = without(&text, "\"request_id\":\"", "\"");
    let text = without(&text, "page made ", "UTC");
    without(&text, "request <code class=\"code\">", "<")
}

fn without(text: &str, start: &str, end: &str) -> String {
    let mut pieces = text.split(start);
    let mut kept = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (_, rest) = piece.split_once(end).unwrap();
        kept.push_str(rest);
    }
    kept
}

/// An operator of Kiel, and a token of theirs.
pub(crate) async fn operator_of_kiel(house: &House) -> Client {
    narrowed(house, "kiel-operator", Area::of(["kiel"], [])).await
}

async fn narrowed(house: &House, name: &str, area: Area) -> Client {
    let engine = house.engine();
    let user = NewUser {
        name: name.to_owned(),
        role: Role::Operator,
        password: SecretString::from(PASSWORD),
    };
    let user = engine.add_user(&House::local(), user).await.unwrap();
    let access = Access {
        role: Role::Operator,
        area: Some(area),
        approver: false,
    };
    engine
        .change_access(&House::local(), name, &access, user.version)
        .await
        .unwrap();
    token_of(house, name, None).await
}

async fn token_of(house: &House, name: &str, area: Option<Area>) -> Client {
    let new = NewToken {
        user: Some(name.to_owned()),
        label: "test".to_owned(),
        scope: TokenScope::Run,
        lifetime: None,
        area,
    };
    let issued = house
        .engine()
        .create_token(&House::local(), new)
        .await
        .unwrap();
    Client::with_token(&house.base(), issued.token.expose_secret())
}

fn routes(side: Side) -> Vec<Route> {
    let (routes, _) = router::table().into_parts();
    routes
        .into_iter()
        .filter(|route| route.side == side)
        .collect()
}

pub(crate) async fn what_is_out_of_reach_is_absent_in_the_api(house: House) -> House {
    let admin = house.program(Role::Admin).await;
    let places = furnish(&admin).await;
    let api = operator_of_kiel(&house).await;
    let by_token = token_of(&house, "admin", Some(Area::of(["kiel"], []))).await;
    let mut asked = 0;
    for route in routes(Side::Api) {
        let Some(ids) = places.ids(&route) else {
            continue;
        };
        for client in [&api, &by_token] {
            let (out, absent) = (
                ask(client, &route, &ids.out).await,
                ask(client, &route, &ids.absent).await,
            );
            let name = format!("{} {}", route.verb.as_str(), route.path);
            assert_eq!(out.status, absent.status, "{name}: {}", out.text);
            assert_eq!(said(&out, &ids.out), said(&absent, &ids.absent), "{name}");
            let expected = if out.status == 403 { 403 } else { 404 };
            assert_eq!(out.status, expected, "{name}: {}", out.text);
            if route.verb == Verb::Get {
                let within = ask(client, &route, &ids.within).await;
                // A record is proven once it is signed, and none is yet.
                let found = if route.path.ends_with("/proof") {
                    409
                } else {
                    200
                };
                assert_eq!(within.status, found, "{name}: {}", within.text);
            }
        }
        asked += 1;
    }
    assert!(asked > 15, "{asked}");
    let still = admin.get(&format!("/phones/{BERLIN}")).await.expect(200);
    assert_eq!(still["tags"], json!(["berlin"]));
    house
}

pub(crate) async fn what_is_out_of_reach_is_absent_on_pages(house: House) -> House {
    let admin = house.program(Role::Admin).await;
    let places = furnish(&admin).await;
    operator_of_kiel(&house).await;
    let mut browser = Browser::new(&house.base());
    assert_eq!(browser.sign_in("kiel-operator", PASSWORD).await.status, 303);
    let csrf = token(&browser.get("/account").await);
    let mut asked = 0;
    for route in routes(Side::Pages) {
        let Some(ids) = places.ids(&route) else {
            continue;
        };
        let mut answers = Vec::new();
        for id in [&ids.out, &ids.absent] {
            let path = path_with(&route, id);
            let answer = if route.verb == Verb::Get {
                browser.get(&path).await
            } else {
                let form = browser.form(&path, &[("csrf", &csrf)]);
                browser
                    .send(form.header("sec-fetch-site", "same-origin"))
                    .await
            };
            answers.push((answer.status, said(&answer, id)));
        }
        let name = format!("{} {}", route.verb.as_str(), route.path);
        assert_eq!(answers[0], answers[1], "{name}");
        assert!(answers[0].0.is_client_error(), "{name}: {answers:?}");
        asked += 1;
    }
    assert!(asked > 15, "{asked}");
    house
}

fn macs(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["mac"].as_str().unwrap())
        .collect()
}

pub(crate) async fn lists_hold_what_is_in_reach(house: House) -> House {
    let admin = house.program(Role::Admin).await;
    let places = furnish(&admin).await;
    let by_site = operator_of_kiel(&house).await;
    let by_group = narrowed(&house, "desk", Area::of([], ["kiel-desk"])).await;
    for api in [&by_site, &by_group] {
        assert_eq!(macs(&api.get("/phones").await.expect(200)), [KIEL]);
        assert_eq!(
            macs(&api.get("/phones?filter=-site:kiel").await.expect(200)),
            Vec::<&str>::new()
        );
        for (list, name, only) in [
            ("/sites", "slug", "kiel"),
            ("/groups", "slug", "kiel-desk"),
            ("/jobs", "id", places.jobs.within.as_str()),
        ] {
            let page = api.get(list).await.expect(200);
            let names: Vec<_> = page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item[name].clone())
                .collect();
            assert_eq!(names, [only], "{list}");
        }
        let text = api.get("/audit").await.text;
        assert!(
            !text.contains(BERLIN) && !text.contains(&places.jobs.out),
            "{text}"
        );
        assert!(
            text.contains(KIEL) && text.contains(&places.jobs.within),
            "{text}"
        );
        let export = api.get("/audit/export?format=jsonl").await.text;
        assert!(
            !export.contains(BERLIN) && export.contains(KIEL),
            "{export}"
        );
    }
    house
}

pub(crate) async fn jobs_and_lists_take_nothing_from_out_of_reach(house: House) -> House {
    let admin = house.program(Role::Admin).await;
    furnish(&admin).await;
    let api = operator_of_kiel(&house).await;
    let job = |targets: Value| json!({"action": "DNDOn", "targets": targets, "reason": "a test"});
    for path in ["/jobs", "/jobs/preview"] {
        let out = api.post(path, &job(json!({"phones": [BERLIN]}))).await;
        let absent = api.post(path, &job(json!({"phones": [ABSENT]}))).await;
        assert_eq!(said(&out, BERLIN), said(&absent, ABSENT));
        out.problem(422, "invalid");
        let out = api
            .post(path, &job(json!({"groups": ["berlin-desk"]})))
            .await;
        let absent = api.post(path, &job(json!({"groups": ["no-desk"]}))).await;
        assert_eq!(said(&out, "berlin-desk"), said(&absent, "no-desk"));
        api.post(path, &job(json!({"filter": "site:berlin"})))
            .await
            .problem(422, "invalid");
    }
    let all = api
        .post("/jobs/preview", &job(json!({"filter": "mac:001565"})))
        .await
        .expect(200);
    assert_eq!(all["count"], 1);
    // Who edits the list of a group that they reach takes nobody into it, and nobody out of it,
    // whom they do not.
    let put = |members: Value| json!({"name": "desk", "kind": "fixed", "members": members});
    api.put("/groups/kiel-desk", &put(json!([KIEL, BERLIN])))
        .await
        .problem(422, "invalid");
    let both = put(json!([KIEL, BERLIN]));
    admin.put("/groups/kiel-desk", &both).await.expect(200);
    let seen = api
        .put("/groups/kiel-desk", &put(json!([KIEL])))
        .await
        .expect(200);
    assert_eq!(seen["members"], json!([KIEL]));
    let whole = admin.get("/groups/kiel-desk").await.expect(200);
    assert_eq!(whole["members"], json!([KIEL, BERLIN]));
    api.delete("/groups/kiel-desk")
        .await
        .problem(409, "conflict");
    house
}

/// Records of a phone in reach tell of jobs that also have others: no link leads there.
pub(crate) async fn no_link_leads_to_a_job_out_of_reach(house: House) -> House {
    let admin = house.program(Role::Admin).await;
    furnish(&admin).await;
    operator_of_kiel(&house).await;
    let run = async |phones: Value| {
        let body = json!({"action": "DNDOn", "targets": {"phones": phones}, "reason": "a test"});
        let made = admin.post("/jobs", &body).await.expect(202);
        let id = made["id"].as_str().unwrap().to_owned();
        admin.finished(&id).await;
        id
    };
    let (mixed, own) = (run(json!([KIEL, BERLIN])).await, run(json!([KIEL])).await);
    let mut browser = Browser::new(&house.base());
    browser.sign_in("kiel-operator", PASSWORD).await;
    let audit = |job: &str| format!("/audit?job={job}&period=all");
    for (job, leads) in [(&mixed, false), (&own, true)] {
        let link = format!("href=\"/jobs/{job}\"");
        let page = browser.get(&audit(job)).await;
        let mut links = page.text.split("href=\"/audit/").skip(1);
        let after = links.find(|link| link.starts_with(|c: char| c.is_ascii_digit()));
        let after = after.unwrap();
        assert_eq!(page.text.contains(&link), leads, "in the log");
        let record = after.split('"').next().unwrap().to_owned();
        let record = browser.get(&format!("/audit/{record}")).await;
        assert_eq!(record.status, 200);
        assert_eq!(record.text.contains(&link), leads, "in a record");
        let phone = browser.get(&format!("/phones/{KIEL}")).await;
        assert_eq!(phone.text.contains(&link), leads, "at the phone");
        let status = browser.get(&format!("/jobs/{job}")).await.status;
        assert_eq!(status == 200, leads);
    }
    house
}

pub(crate) async fn a_narrowed_reach_holds_at_once_and_dies_with_its_site(house: House) -> House {
    let admin = house.program(Role::Admin).await;
    furnish(&admin).await;
    let operator = token_of(&house, "operator", None).await;
    assert_eq!(macs(&operator.get("/phones").await.expect(200)).len(), 3);
    let engine = house.engine();
    let local = House::local();
    let now = engine.find_user(&local, "operator").await.unwrap();
    let access = Access {
        role: Role::Operator,
        area: Some(Area::of(["kiel"], [])),
        approver: false,
    };
    engine
        .change_access(&local, "operator", &access, now.version)
        .await
        .unwrap();
    assert_eq!(macs(&operator.get("/phones").await.expect(200)), [KIEL]);
    admin.delete(&format!("/phones/{KIEL}")).await.expect(204);
    admin.delete("/sites/kiel").await.expect(204);
    let site = json!({"slug": "kiel", "name": "another", "transport_security": "plain_http"});
    admin.post("/sites", &site).await.expect(201);
    let phone = json!({"mac": KIEL, "label": "another", "site": "kiel"});
    admin.post("/phones", &phone).await.expect(201);
    assert_eq!(
        macs(&operator.get("/phones").await.expect(200)),
        Vec::<&str>::new()
    );
    house
}

pub(crate) async fn who_administers_reaches_everything(house: House) -> House {
    let local = House::local();
    let admin = house.program(Role::Admin).await;
    furnish(&admin).await;
    let engine = house.engine();
    for (role, area, field) in [
        (Role::Admin, Area::of(["kiel"], []), "reach"),
        (Role::Auditor, Area::of(["kiel"], []), "reach"),
        (Role::Viewer, Area::default(), "sites"),
        (Role::Viewer, Area::of(["bremen"], []), "sites"),
        (Role::Viewer, Area::of([], ["no-desk"]), "groups"),
    ] {
        let access = Access {
            role,
            area: Some(area),
            approver: false,
        };
        let now = engine.find_user(&local, "viewer").await.unwrap();
        let refused = engine
            .change_access(&local, "viewer", &access, now.version)
            .await;
        let told = refused.unwrap_err().to_string();
        assert!(told.contains(field), "{role}: {told}");
    }
    house
}
