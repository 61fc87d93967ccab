//! Start, stop, and being killed in the middle.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_simulator::{Auth, FleetConfig, SiteConfig, Timing};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::house::{PASSWORD, fleet};
use crate::requests::{Client, sum};

const PHONES: u32 = 30;
const WINDOW: i64 = 5;

/// A server in a process of its own.
pub(crate) struct Process {
    child: Child,
    base: String,
}

impl Process {
    /// Starts it and waits until it says where it listens.
    fn start(dir: &Path) -> Self {
        Self::start_with(dir, &[])
    }

    /// The same with more settings.
    pub(crate) fn start_with(dir: &Path, more: &[&str]) -> Self {
        let mut child = carillon(dir)
            .args(["serve", "--listen", "127.0.0.1:0", "--allow-loopback"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let base = line
            .strip_prefix("Address: ")
            .unwrap()
            .trim_end_matches('/');
        Self {
            child,
            base: base.to_owned(),
        }
    }

    /// Where it listens.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    /// Waits for its end and says its exit status; `None` when a signal ended it.
    pub(crate) fn ended(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

fn carillon(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_carillon"));
    command
        .env_clear()
        .env("CARILLON_DATA_DIR", dir)
        .stdin(Stdio::null());
    command
}

/// An administrator and a token, made before the server starts.
pub(crate) fn token(dir: &Path) -> String {
    let add =
        format!("printf '%s\\n' '{PASSWORD}' | \"$0\" user add eve --role admin --password-stdin");
    let added = Command::new("/bin/sh")
        .args(["-c", &add, env!("CARGO_BIN_EXE_carillon")])
        .env("CARILLON_DATA_DIR", dir)
        .status();
    assert!(added.unwrap().success());
    let create = [
        "token", "create", "--user", "eve", "--label", "t", "--scope", "manage",
    ];
    let made = carillon(dir).args(create).output().unwrap();
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

/// Phones that take long enough for somebody to interfere.
fn slow() -> FleetConfig {
    let timing = Timing {
        answer_ms: 150,
        ..Timing::default()
    };
    let site = SiteConfig::new("Kiel", PHONES)
        .with_security(PlainHttp)
        .with_auth(Auth::None);
    FleetConfig::default().with_timing(timing).with_site(site)
}

async fn begin(api: &Client, list: &str) -> String {
    let site = json!({ "name": "Kiel", "transport_security": "plain_http" });
    api.post("/sites", &site).await.expect(201);
    api.import("", list).await.expect(200);
    let request = json!({
        "action": "DNDOn", "targets": { "filter": "" }, "reason": "x",
        "options": { "window": WINDOW, "canary": 0, "verify": false, "max_failed_percent": 100,
                     "site_max_down_percent": 100 },
    });
    let job = api.post("/jobs", &request).await.expect(202);
    job["id"].as_str().unwrap().to_owned()
}

/// Looks until some phones have answered and others are being asked.
async fn in_the_middle(api: &Client, id: &str) -> Value {
    loop {
        let job = api.get(&format!("/jobs/{id}")).await.expect(200);
        let count = |state: &str| job["counts"][state].as_i64().unwrap();
        assert_eq!(sum(&job), i64::from(PHONES));
        if count("acknowledged") > 0 && count("sending") > 0 {
            return job;
        }
        assert!(
            job["finished_at"].is_null(),
            "too quick to interfere: {job}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_tells_the_truth_and_repeats_nothing() {
    let fleet = fleet(slow()).await;
    let dir = tempfile::tempdir().unwrap();
    let token = token(dir.path());
    let server = Process::start(dir.path());
    let api = Client::with_token(&server.base, &token);
    let id = begin(&api, &fleet.inventory_csv()).await;
    in_the_middle(&api, &id).await;
    server.signal(Signal::KILL);
    assert_eq!(server.ended(), None);

    let server = Process::start(dir.path());
    let api = Client::with_token(&server.base, &token);
    let job = api.get(&format!("/jobs/{id}")).await.expect(200);
    let count = |job: &Value, state: &str| job["counts"][state].as_i64().unwrap();
    assert_eq!(job["state"], "interrupted", "{job}");
    assert_eq!((count(&job, "sending"), sum(&job)), (0, i64::from(PHONES)));
    let unknown = count(&job, "unknown");
    assert!(
        (0..=WINDOW).contains(&unknown),
        "never more than were being asked: {job}"
    );

    api.post(&format!("/jobs/{id}/resume"), &json!({}))
        .await
        .expect(200);
    let job = api.finished(&id).await;
    assert_eq!(count(&job, "unknown"), unknown, "terminal means terminal");
    let executed = fleet.ledger().executed("DNDOn");
    assert!(executed.values().all(|times| *times == 1), "{executed:?}");
    assert!(executed.len() as i64 >= count(&job, "acknowledged"));
    assert!(executed.len() as i64 <= count(&job, "acknowledged") + unknown);
    server.signal(Signal::TERM);
    assert_eq!(server.ended(), Some(0));
    fleet.stop().await;
}

/// `timeout`, terminals and programs that pass signals on send one order twice.
#[test]
fn one_order_to_stop_that_comes_twice_is_one() {
    for _ in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        let server = Process::start(dir.path());
        server.signal(Signal::TERM);
        server.signal(Signal::INT);
        assert_eq!(server.ended(), Some(0), "nothing was left to record");
    }
}

/// How much later than others a thread of a process gets a core, by its name.
fn niceness(process: &Process, thread: &str) -> Vec<i32> {
    let tasks = format!("/proc/{}/task", process.child.id());
    let tasks = std::fs::read_dir(tasks).unwrap();
    let stats = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("stat")));
    let stats: Vec<String> = stats.map(|stat| stat.unwrap()).collect();
    let of_name = stats
        .iter()
        .filter_map(|stat| stat.split_once('(')?.1.rsplit_once(')'))
        .filter(|(name, _)| *name == thread);
    // The nineteenth field; two stand before these.
    let nice = of_name.map(|(_, rest)| rest.split_whitespace().nth(16).unwrap());
    nice.map(|nice| nice.parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_sends_gives_way_to_what_records() {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(dir.path());
    let (recorders, senders) = (
        niceness(&server, "recorder"),
        niceness(&server, "tokio-rt-worker"),
    );
    let [recorder] = *recorders else {
        panic!("one recorder, not {recorders:?}");
    };
    assert!(!senders.is_empty());
    assert!(senders.iter().all(|sender| *sender > recorder));
    server.signal(Signal::INT);
    assert_eq!(server.ended(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server_leaves_nothing_unknown() {
    let fleet = fleet(slow()).await;
    let dir = tempfile::tempdir().unwrap();
    let token = token(dir.path());
    let server = Process::start(dir.path());
    let api = Client::with_token(&server.base, &token);
    let id = begin(&api, &fleet.inventory_csv()).await;
    in_the_middle(&api, &id).await;
    server.signal(Signal::TERM);
    assert_eq!(server.ended(), Some(0));

    let server = Process::start(dir.path());
    let api = Client::with_token(&server.base, &token);
    // After a stop in good order the job goes on by itself.
    let job = api.finished(&id).await;
    assert_eq!(job["counts"]["unknown"], 0, "{job}");
    let executed = fleet.ledger().executed("DNDOn");
    assert!(executed.values().all(|times| *times == 1), "{executed:?}");
    assert_eq!(job["counts"]["acknowledged"], executed.len());
    server.signal(Signal::INT);
    assert_eq!(server.ended(), Some(0));
    fleet.stop().await;
}
