//! The program itself, as a process of its own.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use carillon_domain::role::Role;
use serde_json::Value;

use crate::house::{House, PASSWORD, fleet};

/// The program, with nothing of the developer's environment.
pub(crate) fn carillon(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_carillon"));
    command
        .env_clear()
        .env("CARILLON_DATA_DIR", dir)
        .stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> (i32, String, String) {
    told(command.output().unwrap())
}

fn told(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

pub(crate) fn with_input(command: &mut Command, input: &str) -> (i32, String, String) {
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    told(child.wait_with_output().unwrap())
}

#[test]
fn mistakes_have_their_own_statuses_and_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let (status, out, err) = run(carillon(dir.path()).arg("frobnicate"));
    assert_eq!(
        (status, out.as_str(), err.lines().count()),
        (2, "", 1),
        "{err}"
    );
    let wrong = [
        "--listen",
        "everywhere",
        "--allow-ports",
        "x",
        "check-config",
    ];
    let (status, _, err) = run(carillon(dir.path()).args(wrong));
    assert_eq!((status, err.lines().count()), (78, 2), "{err}");
    let (status, _, err) = run(carillon(dir.path()).args(["user", "disable", "nobody"]));
    assert_eq!((status, err.lines().count()), (1, 1), "{err}");
    let (status, _, err) = run(carillon(dir.path()).args(["send", "Reboot"]));
    assert_eq!((status, err.lines().count()), (2, 1), "{err}");
    let (status, _, err) = run(carillon(dir.path()).args(["send", "Reboot", "--filter", ""]));
    assert_eq!(status, 78, "no token: {err}");
}

#[test]
fn settings_are_shown_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let url = "postgres://carillon:canary-9@db.example/carillon?sslmode=verify-full";
    let mut command = carillon(dir.path());
    let (status, out, err) = run(command
        .env("CARILLON_DATABASE_URL", url)
        .arg("check-config"));
    assert_eq!(status, 0, "{err}");
    assert!(
        out.contains("postgres://carillon:…@db.example/carillon?…"),
        "{out}"
    );
    assert!(!out.contains("canary-9"));
}

#[test]
fn routes_are_listed_for_tools() {
    let dir = tempfile::tempdir().unwrap();
    let (status, out, _) = run(carillon(dir.path()).args(["routes", "--json"]));
    let routes: Vec<Value> = serde_json::from_str(&out).unwrap();
    assert_eq!(status, 0);
    assert!(
        routes
            .iter()
            .any(|r| r["path"] == "/api/v1/jobs" && r["permission"] == "run_jobs")
    );
}

#[test]
fn accounts_without_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("data");
    let add = ["user", "add", "eve", "--role", "admin", "--password-stdin"];
    let (status, _, err) = with_input(carillon(&home).args(add), "short\n");
    assert_eq!(status, 1, "{err}");
    assert!(!err.contains("short\n"));
    let (status, _, err) = with_input(carillon(&home).args(add), &format!("{PASSWORD}\n"));
    assert_eq!(status, 0, "{err}");
    let (status, out, _) = run(carillon(&home).args(["user", "list"]));
    assert_eq!(status, 0);
    assert!(out.starts_with("eve "), "{out}");
    let create = [
        "token",
        "create",
        "--user",
        "eve",
        "--label",
        "x",
        "--expires",
        "1d",
    ];
    let (status, out, _) = run(carillon(&home).args(create));
    assert_eq!(
        (status, out.lines().count()),
        (0, 1),
        "the token alone: {out}"
    );
    assert!(out.starts_with("car_"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_beside_a_running_server() {
    let house = House::open(None).await;
    let dir = house.dir.path().to_owned();
    let list = dir.join("list.csv");
    std::fs::write(&list, "mac,label,site\n001565000001,Lobby,Kiel\n").unwrap();
    let dry = ["phones", "import", "--dry-run", list.to_str().unwrap()];
    let (status, out, err) = asked(&dir, &dry).await;
    assert_eq!(status, 0, "{err}");
    assert_eq!(
        out,
        "nothing was written; would create 1, update 0, leave 0, errors 0\n\
         would make the site kiel (Kiel), pinned, named by 1 row\n"
    );
    let (status, out, err) = asked(&dir, &["phones", "import", list.to_str().unwrap()]).await;
    assert_eq!(status, 0, "{err}");
    assert_eq!(
        out,
        "created 1, updated 0, unchanged 0, errors 0\n\
         made the site kiel (Kiel), pinned, named by 1 row\n"
    );
    let (status, out, _) = asked(&dir, &["phones", "export"]).await;
    assert_eq!(status, 0);
    assert!(out.contains("Lobby"), "{out}");
    let (status, _, err) = asked(&dir, &["user", "disable", "viewer"]).await;
    assert_eq!(status, 0, "{err}");
    let (status, _, err) = asked(&dir, &["serve", "--listen", "127.0.0.1:0"]).await;
    assert_eq!(status, 1, "one server at a time");
    assert!(err.contains("another carillon"), "{err}");

    let api = house.program(Role::Admin).await;
    let records = api.get("/audit?action=user.disabled").await.expect(200);
    let actor = &records["items"][0]["entry"]["actor"];
    assert_eq!(actor["kind"], "local", "{records}");
    assert!(actor["name"].as_str().unwrap().starts_with("local:"));
    house.close().await;
}

pub(crate) async fn asked(dir: &Path, words: &[&str]) -> (i32, String, String) {
    let mut command = carillon(dir);
    command.args(words);
    tokio::task::spawn_blocking(move || run(&mut command))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_sends_and_waits() {
    let house = House::open(None).await;
    let fleet = fleet(carillon_simulator::FleetConfig::uniform(
        carillon_simulator::Profile::Normal,
        5,
        carillon_domain::phone::TransportSecurity::PlainHttp,
    ))
    .await;
    let api = house.with_phones(&fleet).await;
    let mut words = vec!["send", "DNDOn", "--reason", "INC-1", "--wait", "--json"];
    let open: Vec<_> = fleet
        .phones()
        .iter()
        .filter(|phone| !phone.inventory.protected)
        .collect();
    let macs: Vec<_> = open
        .iter()
        .map(|phone| phone.inventory.mac.as_str())
        .collect();
    words.extend(macs.iter().flat_map(|mac| ["--phone", mac]));
    let sent = send(&house, &api, &words).await;
    let (status, out, err) = sent;
    assert_eq!(status, 0, "{out} {err}");
    let job: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(job["total"], macs.len());
    let (status, _, err) = send(
        &house,
        &api,
        &["send", "Levitate", "--filter", "-tag:nobody"],
    )
    .await;
    assert_eq!(status, 1);
    assert!(err.contains("action") && err.contains("request"), "{err}");
    fleet.stop().await;
    house.close().await;
}

async fn send(
    house: &House,
    api: &crate::requests::Client,
    words: &[&str],
) -> (i32, String, String) {
    let request = api
        .request(reqwest::Method::GET, "/phones")
        .build()
        .unwrap();
    let bearer = request.headers()["authorization"].to_str().unwrap();
    let mut command = carillon(house.dir.path());
    command
        .args(words)
        .env("CARILLON_URL", house.base())
        .env("CARILLON_TOKEN", bearer.trim_start_matches("Bearer "));
    tokio::task::spawn_blocking(move || run(&mut command))
        .await
        .unwrap()
}
