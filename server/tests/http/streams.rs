//! The log on its way out, with a server as settings make it.

use std::collections::BTreeSet;

use carillon_domain::role::Role;
use carillon_simulator::{Collector, Manners, Taken};
use rustix::process::Signal;
use serde_json::Value;

use crate::browser::{Browser, token};
use crate::command_line::{carillon, run};
use crate::house::{House, PASSWORD};
use crate::inventory_pages::location;
use crate::lifecycle::Process;
use crate::second_factor::copied;

fn number(taken: &Taken) -> i64 {
    let (_, record) = taken.text.split_once("\"] ").unwrap();
    let record: Value = serde_json::from_str(record.trim_start_matches('\u{feff}')).unwrap();
    record["seq"].as_i64().unwrap()
}

fn has(text: &'static str) -> impl FnMut(&Vec<Taken>) -> bool {
    move |taken| taken.iter().any(|taken| taken.text.contains(text))
}

/// Every record of a real server reaches a syslog receiver, a webhook and, signed, an anchor.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_brings_its_log_to_receivers() {
    let collector = || async { Collector::start(None).await.unwrap() };
    let (siem, hook, store) = (collector().await, collector().await, collector().await);
    let streams = format!(
        "siem=syslog+tcp://{},tickets=http://{}/hook/secret-path",
        siem.address(),
        hook.address()
    );
    let anchor = format!("http://{}/worm", store.address());
    let house = House::with(&[("stream", &streams), ("anchor-url", &anchor)]).await;
    let mut admin = Browser::new(&house.base());
    admin.sign_in("admin", PASSWORD).await;
    let taken = siem.once(has("\"account.signed_in\"")).await;
    let numbers: Vec<_> = taken.iter().map(number).collect();
    assert_eq!(numbers, (0..).take(numbers.len()).collect::<Vec<_>>());
    let engine = house.engine();
    while engine
        .store
        .stream("tickets")
        .await
        .unwrap()
        .unwrap()
        .problem
        .is_none()
    {
        tokio::task::yield_now().await;
    }
    let page = admin.get("/admin/streams").await;
    for shown in [
        "siem",
        "tickets",
        "there is no secret",
        "crosses the network in clear",
        "/…",
    ] {
        assert!(
            page.text.contains(shown),
            "{shown} is missing: {}",
            page.text
        );
    }
    assert!(!page.text.contains("secret-path"));
    let program = house.program(Role::Admin).await;
    let told = program.get("/streams").await;
    assert!(!told.text.contains("secret-path"), "{}", told.text);
    let told = told.expect(200);
    let rows: Vec<_> = told["streams"].as_array().unwrap().iter().collect();
    assert_eq!((rows[0]["name"].as_str(), rows.len()), (Some("siem"), 2));
    assert!(rows[1]["waiting"].as_i64() > Some(0), "{told}");
    assert!(
        told["anchors"][0]["receiver"]
            .as_str()
            .unwrap()
            .starts_with("http://127")
    );
    let form = [("csrf", &*token(&page))];
    let form = admin.form("/admin/streams/tickets/secret", &form);
    let made = admin
        .send(form.header("sec-fetch-site", "same-origin"))
        .await;
    assert_eq!(made.status, 303, "{}", made.text);
    let shown = admin.get(&location(&made)).await;
    assert!(copied(&shown).starts_with("whsec_"));
    let taken = hook.once(has("stream.secret_made")).await;
    assert!(taken[0].head.contains("webhook-signature: v1,"));
    assert!(
        taken[0]
            .head
            .starts_with("POST /hook/secret-path HTTP/1.1\r\n")
    );
    let (status, out, err) = run(carillon(house.dir.path()).args(["stream", "list"]));
    assert_eq!((status, out.lines().count()), (0, 2), "{err}");
    assert!(
        out.contains("siem") && !out.contains("secret-path"),
        "{out}"
    );
    let (status, out, _) = run(carillon(house.dir.path()).args(["stream", "secret", "tickets"]));
    assert!(status == 0 && out.starts_with("whsec_") && out.lines().count() == 1);
    let (status, _, err) = run(carillon(house.dir.path()).args(["stream", "secret", "siem"]));
    assert_eq!(
        (status, err.contains("needs no secret")),
        (1, true),
        "{err}"
    );
    // That somebody checks the log is in the log.
    let (status, out, err) = run(carillon(house.dir.path()).args(["audit", "verify"]));
    assert_ne!(status, 1, "{out}{err}");
    siem.once(has("\"audit.verified\"")).await;
    let dir = house.stop().await;
    // The stop signs what it recorded, and the anchor gets that too.
    let taken = store.taken();
    let folder = dir.path().join("worm");
    std::fs::create_dir(&folder).unwrap();
    for (index, taken) in taken.iter().enumerate() {
        assert!(
            taken.head.starts_with("PUT /worm/checkpoint-"),
            "{}",
            taken.head
        );
        std::fs::write(folder.join(index.to_string()), &taken.text).unwrap();
    }
    let mut verify = carillon(dir.path());
    verify.args(["audit", "verify", "--anchor", folder.to_str().unwrap()]);
    let (status, out, err) = run(&mut verify);
    assert!(status == 0 && !out.contains("not signed"), "{out}{err}");
}

/// A server that is killed while its receiver is away goes on where the receiver was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_goes_on_where_its_receiver_was() {
    let collector = Collector::start(None).await.unwrap();
    let address = collector.address();
    let setting = format!("siem=syslog+tcp://{address}");
    let dir = tempfile::tempdir().unwrap();
    let start = || Process::start_with(dir.path(), &["--stream", &setting]);
    let starts = |taken: &Vec<Taken>| {
        let started = taken
            .iter()
            .filter(|taken| taken.text.contains("\"server.started\""));
        started.count()
    };
    let first = start();
    let before = collector.once(|taken| starts(taken) == 1).await;
    drop(collector);
    first.signal(Signal::KILL);
    assert_eq!(first.ended(), None);
    // Nobody is there for the second run, which is killed as well.
    let second = start();
    second.signal(Signal::KILL);
    assert_eq!(second.ended(), None);
    let collector = Collector::at(address, Manners::Takes).await.unwrap();
    let third = start();
    let after = collector.once(|taken| starts(taken) >= 2).await;
    third.signal(Signal::TERM);
    assert_eq!(third.ended(), Some(0));
    let numbers: BTreeSet<_> = before.iter().chain(&after).map(number).collect();
    let all = i64::try_from(numbers.len()).unwrap();
    assert_eq!(numbers, (0..all).collect(), "nothing is missing");
    let again: Vec<_> = after.iter().map(number).collect();
    assert!(again.is_sorted(), "{again:?}");
}

/// What settings demand holds for dangerous jobs and for nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dangerous_jobs_wait_for_the_anchor_where_settings_say_so() {
    let house = House::open(None).await;
    let fleet = crate::house::fleet(carillon_simulator::FleetConfig::uniform(
        carillon_simulator::Profile::Normal,
        2,
        carillon_domain::phone::TransportSecurity::PlainHttp,
    ))
    .await;
    let api = house.with_phones(&fleet).await;
    let job = |action: &str| {
        serde_json::json!({
            "action": action, "reason": "test",
            "targets": {"phones": [fleet.phones()[0].inventory.mac]},
        })
    };
    let why =
        "dangerous jobs wait until an anchor outside has what was signed since 2026-11-26 10:00";
    house
        .engine()
        .dispatch
        .refuse_dangerous(Some(why.to_owned()));
    let refused = api
        .post("/jobs", &job("Reboot"))
        .await
        .problem(409, "conflict");
    assert_eq!(refused["detail"], why);
    house.engine().dispatch.refuse_dangerous(None);
    api.post("/jobs", &job("Reboot")).await.expect(202);
    house.close().await;
}
