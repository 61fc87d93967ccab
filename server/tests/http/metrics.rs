//! Numbers for programs that watch the house.

use std::collections::BTreeMap;
use std::time::Duration;

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::role::Role;
use carillon_engine::accounts::TokenScope;
use carillon_simulator::{FleetConfig, SiteConfig};
use reqwest::header::{CONTENT_TYPE, HOST};
use serde_json::json;

use crate::house::{House, fleet};
use crate::requests::{Answer, Client, send};

/// Numbers by name and labels.
fn numbers(answer: &Answer) -> BTreeMap<String, f64> {
    let kind = answer.headers[CONTENT_TYPE].to_str().unwrap();
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    let lines = answer.text.lines().filter(|line| !line.starts_with('#'));
    let pair = |line: &str| {
        let (name, number) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), number.parse().unwrap())
    };
    lines.map(pair).collect()
}

/// What a stop, a receiver that is away and a job leave in the numbers.
pub(crate) async fn the_house_is_told_in_numbers(house: House) -> House {
    let kiel = SiteConfig::new("Kiel", 3).with_security(PlainHttp);
    let fleet = fleet(FleetConfig::default().with_site(kiel)).await;
    let api = house.with_phones(&fleet).await;
    let macs: Vec<_> = fleet
        .phones()
        .iter()
        .map(|phone| phone.mac.to_string())
        .collect();
    let body = json!({"action": "DNDOn", "targets": {"phones": macs}, "reason": "a test",
        "options": {"window": 10, "canary": 0, "verify": false}});
    let made = api.post("/jobs", &body).await.expect(202);
    let job = api.finished(made["id"].as_str().unwrap()).await;
    let acknowledged = job["counts"]["acknowledged"].as_f64().unwrap();
    assert!(acknowledged >= 1.0, "{job}");
    let auditor = house.token(Role::Auditor, TokenScope::Read).await;
    let auditor = Client::with_token(&house.base(), &auditor);
    // What was committed is seen before it is counted.
    let results = "carillon_target_results_total{state=\"acknowledged\",cause=\"\"}";
    let all_counted = async {
        loop {
            let told = numbers(&auditor.get("/metrics").await);
            if told.get(results) == Some(&acknowledged) {
                return told;
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(20), all_counted);
    let told = told.await.unwrap();
    let of = |name: &str| told.get(name).copied();
    assert_eq!(of("carillon_jobs{state=\"finished\"}"), Some(1.0));
    assert_eq!(of("carillon_jobs{state=\"running\"}"), Some(0.0));
    assert!(of("carillon_dispatch_writes_total").unwrap() >= 1.0);
    let took = of("carillon_dispatch_write_seconds_total").unwrap();
    assert!(took >= of("carillon_dispatch_write_wait_seconds_total").unwrap());
    assert_eq!(of("carillon_audit_not_signed"), Some(0.0));
    assert!(of("carillon_audit_records").unwrap() >= 8.0);
    assert_eq!(of("carillon_ready"), Some(1.0));
    fleet.stop().await;
    house
}

#[tokio::test]
async fn on_loopback_no_token_is_asked_for() {
    // A port that nobody listens on: the receiver takes nothing.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = closed.local_addr().unwrap();
    let house = House::with(&[
        ("metrics-listen", "127.0.0.1:0"),
        ("stream", &format!("siem=syslog+tcp://{closed}")),
        ("anchor-url", &format!("syslog+tcp://{closed}")),
    ])
    .await;
    let base = format!("http://{}", house.metrics().unwrap());
    let client = Client::anonymous(&base);
    let read = || client.http.get(format!("{base}/metrics"));
    let told = numbers(&send(read()).await);
    let behind = told["carillon_stream_behind_records{stream=\"siem\"}"];
    assert!(behind >= 1.0 && behind <= told["carillon_audit_records"]);
    assert!(told["carillon_stream_behind_seconds{stream=\"siem\"}"] > 0.0);
    let anchor =
        format!("carillon_anchor_behind_seconds{{anchor=\"syslog+tcp://{closed}\",number=\"1\"}}");
    assert!(told.contains_key(&anchor), "{told:?}");
    let foreign = send(read().header(HOST, "evil.example")).await;
    assert_eq!(foreign.status, 421);
    assert_eq!(send(client.http.get(&base)).await.status, 404);
    let front = Client::anonymous(&house.base());
    let page = front.http.get(format!("{}/metrics", house.base()));
    assert_eq!(send(page).await.status, 404, "nothing at the front");
    house.close().await;
}
