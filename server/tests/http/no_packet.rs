//! Nothing leaves for a forbidden address: counted by the kernel.
//!
//! The tests of `addresses` once more, in a network namespace in which every address there is leads
//! to this machine. The kernel counts there each connection that is begun and each datagram that is
//! sent; those of the tests' own clients are begun and taken, one of a phone that nobody plays is
//! begun only.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use carillon_domain::role::Role;
use serde_json::json;

use crate::addresses::{coming_in, going_out};
use crate::house::House;

const INSIDE: &str = "CARILLON_TEST_INSIDE_NAMESPACE";
const TRAP: &str = "PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && ip route add local default dev lo && \
    ip -6 route add local default dev lo && exec \"$0\" \"$@\"";

/// Where the kernel says so of its namespace.
fn counters() -> HashMap<String, u64> {
    let text = std::fs::read_to_string("/proc/self/net/snmp").unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut all = HashMap::new();
    for pair in lines.chunks(2) {
        let (names, values) = (pair[0].split(' '), pair[1].split(' '));
        let (of, _) = pair[0].split_once(':').unwrap();
        for (name, value) in names.zip(values).skip(1) {
            all.insert(format!("{of} {name}"), value.parse().unwrap_or_default());
        }
    }
    if Path::new("/proc/self/net/snmp6").exists() {
        let text = std::fs::read_to_string("/proc/self/net/snmp6").unwrap();
        for line in text.lines() {
            let (name, value) = line.split_once(char::is_whitespace).unwrap();
            all.insert(name.to_owned(), value.trim().parse().unwrap());
        }
    }
    all
}

/// Connections that were begun and that nobody took, and datagrams.
fn left() -> (u64, u64) {
    let all = counters();
    let (begun, taken) = (all["Tcp ActiveOpens"], all["Tcp PassiveOpens"]);
    let six = all.get("Udp6OutDatagrams").copied().unwrap_or_default();
    (begun - taken, all["Udp OutDatagrams"] + six)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_packet_leaves_for_a_forbidden_address() {
    if std::env::var_os(INSIDE).is_some() {
        return inside().await;
    }
    let in_namespace = |program: &str| {
        let mut command = Command::new("unshare");
        command.args(["-rn", "sh", "-c", TRAP, program]);
        command
    };
    let can = in_namespace("true")
        .output()
        .is_ok_and(|told| told.status.success());
    if !can {
        eprintln!("skipped: needs namespaces of one's own, and ip");
        return;
    }
    let program = std::env::current_exe().unwrap();
    let mut command = in_namespace(program.to_str().unwrap());
    let name = "no_packet::no_packet_leaves_for_a_forbidden_address";
    command
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1");
    let told = tokio::task::spawn_blocking(move || command.output());
    let told = told.await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(
        told.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&told.stderr)
    );
    assert!(text.contains("1 passed"), "{text}");
}

async fn inside() {
    let before = left();
    let house = House::strict().await;
    coming_in(&house).await;
    going_out(&house).await;
    assert_eq!(left(), before, "something left");
    // That it would have been seen: an address where phones may be.
    let api = house.program(Role::Admin).await;
    let phone =
        json!({"mac": "001565020000", "address": "10.77.0.1", "scheme": "http", "port": 80});
    api.post("/phones", &phone).await.expect(201);
    let body =
        json!({"action": "DNDOn", "targets": {"filter": "ip:10.77.0.1"}, "reason": "a test"});
    let made = api.post("/jobs", &body).await.expect(202);
    let job = api.finished(made["id"].as_str().unwrap()).await;
    assert_eq!(job["causes"], json!([{"cause": "refused", "count": 1}]));
    assert!(left().0 > before.0, "a connection that is begun is counted");
    house.close().await;
}
