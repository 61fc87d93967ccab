//! The signer as a process of its own, asked by servers.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use carillon_domain::role::Role;
use carillon_engine::audit::{SignedCheckpoint, VerifierKey};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

use crate::audit::{checkpoint, record};
use crate::browser::Browser;
use crate::command_line::{asked, carillon, run, with_input};
use crate::house::{House, PASSWORD};
use crate::lifecycle::{Process, token};
use crate::pages_jobs::Person;
use crate::requests::Client;

/// Where a signer has its files.
struct Place(TempDir);

/// A signer that runs.
struct Signer {
    child: Child,
    key: VerifierKey,
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn socket(&self) -> String {
        format!("unix:{}", self.file("socket").display())
    }

    fn words(&self) -> Vec<String> {
        let file = |name| self.file(name).to_str().unwrap().to_owned();
        ["audit", "signer", "--key", &file("key"), "--state"]
            .map(str::to_owned)
            .into_iter()
            .chain([file("state")])
            .collect()
    }

    /// Starts one and waits until it says where it listens.
    fn start(&self, more: &[&str]) -> Signer {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.file("log"));
        let mut child = carillon(self.0.path())
            .args(self.words())
            .args(["--socket", &self.socket()])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(log.unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut line = || lines.next().unwrap().unwrap();
        let (key, _signed, socket) = (line(), line(), line());
        assert_eq!(socket, format!("Socket: {}", self.socket()));
        let key = key.strip_prefix("Key: ").unwrap().parse().unwrap();
        Signer { child, key }
    }

    /// What it says when it does not start.
    fn refused(&self, more: &[&str]) -> String {
        let socket = self.socket();
        let mut command = carillon(self.0.path());
        command.args(self.words()).args(more);
        if !more.contains(&"--from") {
            command.args(["--socket", &socket]);
        }
        let (status, out, err) = run(&mut command);
        assert_eq!((status, out.as_str()), (78, ""), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        err
    }

    fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap()
    }

    fn last(&self) -> SignedCheckpoint {
        let text = fs::read_to_string(self.file("state")).unwrap();
        text.parse().unwrap()
    }
}

impl Signer {
    /// Its exit status; `None` when the signal ended it.
    fn end(mut self, signal: Signal) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        self.child.wait().unwrap().code()
    }
}

/// Asks until a number of the house is this.
async fn number(api: &Client, name: &str, wanted: &str) {
    let line = format!("\n{name} {wanted}\n");
    loop {
        let told = api.get("/metrics").await;
        assert_eq!(told.status, 200, "{}", told.text);
        if told.text.contains(&line) {
            return;
        }
        // Not a wait for something to have happened: the next look decides.
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_signer_is_missed_and_the_log_is_signed_when_it_is_back() {
    let place = Place::new();
    let signer = place.start(&["--new-key"]);
    let house = House::with(&[("signer", &place.socket())]).await;
    let api = house.program(Role::Auditor).await;
    record(&house, 1000).await;
    let told = checkpoint(&api, 1000).await;
    assert_eq!(told["key"], signer.key.to_string());
    assert_eq!(signer.end(Signal::KILL), None);

    record(&house, 1000).await;
    number(&api, "carillon_audit_not_signed", "1").await;
    let told = api.get("/metrics").await.text;
    assert!(
        told.contains("\ncarillon_audit_not_the_one_signed 0\n"),
        "{told}"
    );
    let mut auditor = Person::sign_in(&house, Role::Auditor).await;
    let page = auditor.see("/audit").await.text;
    assert!(page.contains("is not reached"), "{page}");
    assert!(!page.contains("is not the one that was signed"), "{page}");
    // Nothing waits for it.
    let admin = house.program(Role::Admin).await;
    let site = json!({ "name": "Kiel", "transport_security": "plain_http" });
    admin.post("/sites", &site).await.expect(201);

    let signer = place.start(&["--new-key"]);
    number(&api, "carillon_audit_not_signed", "0").await;
    let told = checkpoint(&api, 2000).await;
    assert_eq!(told["key"], signer.key.to_string(), "the same key");
    let dir = house.stop().await;
    assert!(!dir.path().join("signing.key").exists());
    // The signer's key and memory are asked for, and count.
    let verify = ["audit", "verify", "--signer", &place.socket()];
    let (status, out, err) = asked(dir.path(), &verify).await;
    assert_eq!(status, 0, "{out}{err}");
    assert_eq!(signer.end(Signal::TERM), Some(0));
    assert!(!place.file("socket").exists());
    let (status, ..) = asked(dir.path(), &verify).await;
    assert_eq!(status, 3, "nobody tells the key");
    assert_eq!(place.log(), "", "nothing was refused");
}

/// Starts a server, does something, and stops it; what it recorded is signed.
async fn one_day(dir: &Path, place: &Place, token: &str, site: &str) {
    let server = Process::start_with(dir, &["--signer", &place.socket()]);
    let api = Client::with_token(server.base(), token);
    let site = json!({ "name": site, "transport_security": "plain_http" });
    api.post("/sites", &site).await.expect(201);
    server.signal(Signal::TERM);
    assert_eq!(server.ended(), Some(0));
}

/// What an older copy of the data directory holds of the log.
const LOG: [&str; 2] = ["carillon.db", "checkpoints"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_of_the_database_is_not_signed_and_everybody_who_watches_is_told() {
    let (place, dir, older) = (
        Place::new(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let signer = place.start(&["--new-key"]);
    let token = token(dir.path());
    let add = [
        "user",
        "add",
        "ada",
        "--role",
        "auditor",
        "--password-stdin",
    ];
    let added = with_input(carillon(dir.path()).args(add), &format!("{PASSWORD}\n"));
    assert_eq!(added.0, 0, "{}", added.2);
    one_day(dir.path(), &place, &token, "Kiel").await;
    for name in LOG {
        fs::copy(dir.path().join(name), older.path().join(name)).unwrap();
    }
    one_day(dir.path(), &place, &token, "Lübeck").await;
    let signed = place.last();
    let verify = ["audit", "verify", "--signer", &place.socket()];
    let (status, out, err) = asked(dir.path(), &verify).await;
    assert_eq!(status, 0, "{out}{err}");
    assert!(
        out.contains(&format!("signed up to {} records", signed.checkpoint.size)),
        "{out}"
    );

    for name in LOG {
        fs::copy(older.path().join(name), dir.path().join(name)).unwrap();
    }
    let (status, _, err) = asked(dir.path(), &verify).await;
    assert_eq!(status, 1, "{err}");
    assert!(err.contains("cut: more records were signed"), "{err}");
    let server = Process::start_with(dir.path(), &["--signer", &place.socket()]);
    let api = Client::with_token(server.base(), &token);
    number(&api, "carillon_audit_not_the_one_signed", "1").await;
    // Commands go on; who watches is told on every page.
    let site = json!({ "name": "Plön", "transport_security": "plain_http" });
    api.post("/sites", &site).await.expect(201);
    let mut browser = Browser::new(server.base());
    let entered = browser.sign_in("ada", PASSWORD).await;
    assert_eq!(entered.status, 303, "{}", entered.text);
    let alarm = "The audit log is not the one that was signed";
    for path in ["/audit", "/jobs"] {
        let page = browser.get(path).await.text;
        assert!(page.contains(alarm), "{path}: {page}");
    }
    let page = browser.get("/audit").await.text;
    assert!(page.contains("the signer refused"), "{page}");
    server.signal(Signal::TERM);
    assert_eq!(server.ended(), Some(0));
    assert_eq!(place.last(), signed, "nothing else was signed");
    assert_eq!(signer.end(Signal::TERM), Some(0));
    let log = place.log();
    assert!(log.contains("not signed"), "{log}");
    assert!(log.lines().count() < 5, "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_key_or_its_state_no_signer_starts() {
    let place = Place::new();
    let told = place.refused(&[]);
    assert!(
        told.contains("key is missing") && told.contains("--new-key"),
        "{told}"
    );
    let signer = place.start(&["--new-key", "--socket-mode", "0660"]);
    let mode = |name: &str| fs::metadata(place.file(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode("key"), mode("state"), mode("socket")),
        (0o600, 0o600, 0o660)
    );
    let told = place.refused(&[]);
    assert!(told.contains("another signer uses"), "{told}");
    let house = House::with(&[("signer", &place.socket())]).await;
    record(&house, 1000).await;
    checkpoint(&house.program(Role::Auditor).await, 1000).await;
    let dir = house.stop().await;
    assert_eq!(signer.end(Signal::KILL), None);

    let whole = fs::read_to_string(place.file("state")).unwrap();
    fs::write(place.file("state"), &whole[..whole.len() / 2]).unwrap();
    let told = place.refused(&["--new-key"]);
    assert!(
        told.contains("damaged") && told.contains("--from"),
        "{told}"
    );
    let checkpoints = dir.path().join("checkpoints");
    let from = ["--from", checkpoints.to_str().unwrap()];
    let told = place.refused(&from);
    assert!(told.contains("exists already"), "{told}");
    fs::remove_file(place.file("state")).unwrap();
    let told = place.refused(&["--new-key"]);
    assert!(
        told.contains("is missing") && told.contains("--from"),
        "{told}"
    );
    let begun = run(carillon(place.0.path()).args(place.words()).args(from));
    assert_eq!(begun.0, 0, "{}", begun.2);
    assert_eq!(fs::read_to_string(place.file("state")).unwrap(), whole);
    let signer = place.start(&[]);
    assert_eq!(signer.end(Signal::INT), Some(0));
    let (status, _, err) = run(carillon(dir.path()).args(["--signer", "/run/x", "check-config"]));
    assert_eq!(status, 78, "{err}");
    assert!(err.contains("write unix:PATH"), "{err}");
}
