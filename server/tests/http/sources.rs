//! Source addresses of records: shown while they are kept, and said to be removed afterwards.

use std::time::Duration;

use carillon_domain::event::{Actor, Event};
use carillon_domain::role::Role;
use serde_json::Value;

use crate::command_line::asked;
use crate::house::House;
use crate::numbers::is_intact;
use crate::pages_jobs::Person;
use crate::requests::Client;

const DAY: Duration = Duration::from_hours(24);
const OLD: &str = "10.77.66.55";
const OURS: &str = "127.0.0.1";

/// A record of forty days ago; answers its number.
async fn long_ago(house: &House) -> i64 {
    let engine = house.engine();
    let at = engine.clock.now().minus(40 * DAY);
    let mut event = Event::new(at, Actor::system(), "test.told");
    event.ip = Some(OLD.to_owned());
    let unit = engine.store.begin().await.unwrap();
    let seqs = unit.record(&[event]).await.unwrap().commit().await.unwrap();
    seqs.start
}

async fn found(api: &Client, ip: &str) -> Vec<Value> {
    let path = format!("/audit?ip={ip}&limit=1000");
    let list = api.get(&path).await.expect(200);
    list["items"].as_array().unwrap().clone()
}

/// The file of everything that is below a record, without its first line.
async fn file(api: &Client, format: &str, below: i64) -> Vec<String> {
    let path = format!("/audit/export?format={format}&below={below}");
    let text = api.get(&path).await.text;
    let skipped = usize::from(format == "csv");
    text.lines().skip(skipped).map(str::to_owned).collect()
}

pub(crate) async fn an_address_is_shown_and_then_said_to_be_removed(house: House) -> House {
    let seq = long_ago(&house).await;
    let api = house.program(Role::Auditor).await;
    let mut person = Person::sign_in(&house, Role::Auditor).await;
    let page = format!("/audit/{seq}");
    assert!(person.see(&page).await.text.contains(OLD));
    let items = found(&api, OLD).await;
    assert_eq!((items.len(), &items[0]["seq"]), (1, &seq.into()));
    assert_eq!(items[0]["entry"]["ip"], OLD);
    let bytes = &house.engine().store.audit_entry(seq).await.unwrap();
    assert!(!bytes.as_ref().unwrap().entry.contains(OLD));
    let csv = file(&api, "csv", seq + 1).await;
    assert!(csv[0].contains(&format!(",{OLD},")), "{}", csv[0]);

    let engine = house.engine();
    assert_eq!(engine.remove_addresses(50 * DAY).await.unwrap(), 0);
    assert_eq!(engine.remove_addresses(30 * DAY).await.unwrap(), 1);
    assert_eq!(engine.remove_addresses(30 * DAY).await.unwrap(), 0, "once");
    let told = "/audit?action=audit.addresses_removed";
    let told = api.get(told).await.expect(200);
    assert_eq!(told["items"][0]["entry"]["detail"]["addresses"], 1);

    let text = person.see(&page).await.text;
    assert!(text.contains("removed when its time was over") && !text.contains(OLD));
    let list = person.see("/audit?action=test.told&period=all").await.text;
    assert!(
        list.contains("<span class=\"muted\">removed</span>"),
        "{list}"
    );
    assert!(found(&api, OLD).await.is_empty());
    let one = api.get(&page).await.expect(200);
    assert_eq!(one["entry"]["ip"], Value::Null);
    assert_eq!(one["entry"]["ip_removed"], true);
    let csv = file(&api, "csv", seq + 1).await;
    assert!(csv[0].contains(",removed,"), "{}", csv[0]);
    let ours = found(&api, OURS).await;
    assert!(!ours.is_empty());
    assert!(ours.iter().all(|item| item["entry"]["ip"] == OURS));
    is_intact(&house).await;
    house
}

/// A server that is started anew each night never runs for long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_is_removed_at_the_start() {
    let house = House::open(None).await;
    long_ago(&house).await;
    let house = house.again().await;
    let api = house.program(Role::Auditor).await;
    assert!(found(&api, OLD).await.is_empty());
    let told = "/audit?action=audit.addresses_removed";
    let told = api.get(told).await.expect(200);
    assert_eq!(told["items"][0]["entry"]["detail"]["addresses"], 1);
    house.close().await;
}

/// Each record names the start that wrote it, and that names itself.
pub(crate) async fn each_record_names_its_start(house: House) -> House {
    let api = house.program(Role::Auditor).await;
    let starts = api.get("/audit?action=server.started").await.expect(200);
    let started = &starts["items"][0]["entry"];
    let boot = started["boot"].as_str().unwrap();
    assert_eq!((boot.len(), &started["detail"]["boot"]), (8, &boot.into()));
    let all = api.get("/audit?limit=1000").await.expect(200);
    let all = all["items"].as_array().unwrap();
    assert!(all.len() > 3 && all.iter().all(|item| item["entry"]["boot"] == boot));
    let newest = all[0]["seq"].as_i64().unwrap();
    let csv = file(&api, "csv", newest + 1).await;
    // Behind it: the command, the way of signing in, the kind of actor.
    let end = format!(",{boot},,socket,local");
    assert!(csv[0].ends_with(&end), "{}", csv[0]);
    let mut person = Person::sign_in(&house, Role::Auditor).await;
    let page = person.see(&format!("/audit/{newest}")).await.text;
    let start = page
        .split('"')
        .find(|part| part.contains("action=server.started"));
    let start = start.unwrap().replace("&amp;", "&");
    assert!(person.see(&start).await.text.contains("started the server"));
    house
}

/// The command line says the same as the server: addresses while they are kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_beside_the_server_shows_addresses() {
    let house = House::open(None).await;
    let seq = long_ago(&house).await;
    let only = format!("below={}", seq + 1);
    let words = ["audit", "export", "--format", "jsonl", only.as_str()];
    let line = |out: &str| serde_json::from_str::<Value>(out.lines().next().unwrap()).unwrap();
    let (status, out, err) = asked(house.dir.path(), &words).await;
    assert_eq!(status, 0, "{err}");
    assert_eq!(line(&out)["ip"], OLD);
    house.engine().remove_addresses(30 * DAY).await.unwrap();
    let (status, out, err) = asked(house.dir.path(), &words).await;
    assert_eq!(status, 0, "{err}");
    assert_eq!(line(&out)["ip_removed"], true);
}
