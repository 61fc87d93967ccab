//! Server-sent events of a running job.

use std::time::Duration;

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::reach::Area;
use carillon_domain::role::Role;
use carillon_engine::accounts::Access;
use carillon_simulator::{Auth, FleetConfig, SiteConfig, Timing};
use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{House, fleet};
use crate::requests::{Client, sum};

/// Phones that take a while, so that there is something to watch.
fn slow_phones() -> FleetConfig {
    let timing = Timing {
        answer_ms: 60,
        ..Timing::default()
    };
    let site = SiteConfig::new("Kiel", 60)
        .with_security(PlainHttp)
        .with_auth(Auth::None);
    FleetConfig::default().with_timing(timing).with_site(site)
}

pub(crate) async fn the_sum_of_states_is_the_total_at_every_moment(house: House) -> House {
    let fleet = fleet(slow_phones()).await;
    let api = house.with_phones(&fleet).await;
    let request = json!({
        "action": "DNDOff", "targets": { "filter": "" }, "reason": "x",
        "options": { "window": 4, "canary": 0, "verify": false, "max_failed_percent": 100 },
    });
    let job = api.post("/jobs", &request).await.expect(202);
    let id = job["id"].as_str().unwrap();
    let events = events_of(&api, id).await;
    let (last, before) = events.split_last().unwrap();
    assert_eq!(last.0, "finished");
    assert!(!before.is_empty() && before.iter().all(|(name, _)| name == "summary"));
    for (_, job) in &events {
        assert_eq!(sum(job), 60, "{job}");
        assert_eq!(job["total"], 60);
    }
    let spared = fleet
        .phones()
        .iter()
        .filter(|phone| phone.inventory.protected)
        .count();
    assert_eq!(last.1["counts"]["acknowledged"], 60 - spared, "{}", last.1);
    let after = events_of(&api, id).await;
    let names: Vec<_> = after.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["summary", "finished"], "a snapshot, then the end");
    unseen_by_strangers(&house, id).await;
    fleet.stop().await;
    house
}

async fn unseen_by_strangers(house: &House, id: &str) {
    let stranger = Client::anonymous(&house.base());
    let path = format!("/jobs/{id}/events");
    stranger.get(&path).await.problem(401, "unauthenticated");
    let auditor = house.program(Role::Auditor).await;
    auditor
        .get("/jobs/no-such-job/events")
        .await
        .problem(404, "not_found");
}

/// An operator of `kiel` only, from now on.
async fn narrow(house: &House) {
    let (engine, local) = (house.engine(), House::local());
    let now = engine.find_user(&local, "operator").await.unwrap();
    let access = Access {
        role: Role::Operator,
        area: Some(Area::of(["kiel"], [])),
        approver: false,
    };
    let changed = engine.change_access(&local, "operator", &access, now.version);
    changed.await.unwrap();
}

/// Phones that all are of Kiel, so that the job stays in reach: only the stream is over.
pub(crate) async fn a_stream_ends_when_its_reader_is_another(house: House) -> House {
    let fleet = fleet(slow_phones()).await;
    let api = house.with_phones(&fleet).await;
    let later = house.engine().clock.now().plus(Duration::from_hours(1));
    let request = json!({
        "action": "DNDOff", "targets": { "filter": "" }, "reason": "x",
        "options": { "start_at": later },
    });
    let job = api.post("/jobs", &request).await.expect(202);
    let id = job["id"].as_str().unwrap();
    for role in [Role::Operator, Role::Viewer] {
        let reader = house.program(role).await;
        let path = format!("/jobs/{id}/events");
        let answer = reader.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.headers()["x-accel-buffering"], "no");
        let mut pieces = answer.bytes_stream();
        let first = pieces.next().await.unwrap().unwrap();
        assert!(first.starts_with(b"event: summary"));
        if role == Role::Operator {
            narrow(&house).await;
        } else {
            let (engine, local) = (house.engine(), House::local());
            let now = engine.find_user(&local, "viewer").await.unwrap();
            let access = Access {
                role: Role::Auditor,
                area: None,
                approver: false,
            };
            let changed = engine.change_access(&local, "viewer", &access, now.version);
            changed.await.unwrap();
        }
        let rest: Vec<_> = pieces.collect().await;
        let rest = rest.into_iter().map(Result::unwrap).collect::<Vec<_>>();
        let rest = String::from_utf8(rest.concat()).unwrap();
        assert!(!rest.contains("finished"), "{rest}");
        reader.get(&format!("/jobs/{id}")).await.expect(200);
    }
    fleet.stop().await;
    house
}

/// Name and data of every event until the server ends the stream.
async fn events_of(api: &Client, id: &str) -> Vec<(String, Value)> {
    let request = api.request(Method::GET, &format!("/jobs/{id}/events"));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    let mut pieces = answer.bytes_stream();
    while let Some(piece) = pieces.next().await {
        text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
    }
    text.split("\n\n").filter_map(event).collect()
}

fn event(text: &str) -> Option<(String, Value)> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    let name = field("event: ")?.to_owned();
    assert!(field("id: ").is_some(), "{text}");
    Some((name, serde_json::from_str(field("data: ")?).unwrap()))
}
