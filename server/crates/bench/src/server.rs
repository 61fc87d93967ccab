//! The server under test, as its users start it.
//!
//! Owns the process, its data folder and its accounts. *Invariant:* ends only the process that it
//! started.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::phones::Phones;
use crate::web::Web;
use crate::{Outcome, machine};

/// What every account signs in with.
pub(crate) const PASSWORD: &str = "bells at noon and at nine";

/// A running server with phones in its inventory.
pub(crate) struct Server {
    child: Child,
    /// The program, and where its data lies.
    place: (PathBuf, PathBuf),
    pub(crate) base: String,
    /// One token for each account.
    pub(crate) tokens: Vec<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Server {
    /// Starts it with so many accounts.
    pub(crate) fn start(program: &Path, folder: &Path, accounts: usize) -> Outcome<Self> {
        let mut tokens = Vec::new();
        for number in 0..accounts {
            add(program, folder, &format!("watcher{number}"), "operator")?;
            add(program, folder, &format!("admin{number}"), "admin")?;
            tokens.push(token(program, folder, &format!("admin{number}"))?);
        }
        let mut child = command(program, folder)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--allow-loopback",
                "--log",
                "warn",
            ])
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().ok_or("no output to read")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let base = line
            .trim()
            .strip_prefix("Address: ")
            .ok_or("the server did not start")?;
        Ok(Self {
            child,
            place: (program.to_owned(), folder.to_owned()),
            base: base.trim_end_matches('/').to_owned(),
            tokens,
        })
    }

    /// A program's connection.
    pub(crate) async fn api(&self) -> Outcome<Web> {
        Web::connect(&self.base, self.tokens.first().map(String::as_str)).await
    }

    /// A browser in which this account is signed in; an operator, who needs no second factor.
    pub(crate) async fn browser(&self, account: usize) -> Outcome<Web> {
        let mut web = Web::connect(&self.base, None).await?;
        web.sign_in(&format!("watcher{account}"), PASSWORD).await?;
        Ok(web)
    }

    /// Fills the inventory through the API.
    pub(crate) async fn fill(&self, phones: &Phones) -> Outcome<()> {
        let mut api = self.api().await?;
        for site in &phones.sites {
            let credential = json!({
                "name": site.credential, "username": site.username, "password": site.password,
            });
            api.post("/credentials", &credential).await?;
            let site = json!({
                "name": site.name, "transport_security": site.security,
                "credential": site.credential,
            });
            api.post("/sites", &site).await?;
        }
        self.import(&phones.list)
    }

    /// Imports a list on the server's machine: at sites of plain HTTP no token brings phones to a
    /// stored password.
    pub(crate) fn import(&self, list: &Path) -> Outcome<()> {
        let (program, folder) = &self.place;
        let mut importing = command(program, folder);
        importing.args(["phones", "import"]).arg(list);
        if importing.stdout(Stdio::null()).status()?.success() {
            Ok(())
        } else {
            Err("the phones could not be imported".into())
        }
    }

    /// Starts a job over all phones, so many at once.
    pub(crate) async fn job(&self, window: u32) -> Outcome<String> {
        let request = json!({
            "action": "OK", "targets": {"filter": ""}, "reason": "benchmark",
            "options": {"window": window, "max_auth_failed": 0, "include_protected": true,
                        "canary": 0, "max_failed_percent": 100, "site_max_down_percent": 100},
        });
        let job = self.api().await?.post("/jobs", &request).await?;
        Ok(job["id"].as_str().ok_or("no job")?.to_owned())
    }

    /// Waits for the end of a job by listening to it.
    pub(crate) async fn ended(&self, job: &str) -> Outcome<()> {
        let path = format!("/api/v1/jobs/{job}/events");
        self.api().await?.listen(&path).await.map(drop)
    }

    /// Its memory now, in KiB.
    pub(crate) fn memory_kib(&self) -> u64 {
        machine::memory_kib(&self.child.id().to_string(), "VmRSS")
    }

    /// The most of it since it was told to forget, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        machine::memory_kib(&self.child.id().to_string(), "VmHWM")
    }

    /// From now on the peak counts.
    pub(crate) fn forget_peak(&self) {
        machine::forget_peak_of(&self.child.id().to_string());
    }

    /// Processor time so far, in microseconds.
    pub(crate) fn cpu_micros(&self) -> u64 {
        machine::cpu_micros(&self.child.id().to_string())
    }
}

fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("CARILLON_DATA_DIR", folder)
        .stdin(Stdio::null());
    command
}

/// Adds so many operators before the server starts, called `name0` and so on.
pub(crate) fn add_people(program: &Path, folder: &Path, name: &str, count: usize) -> Outcome<()> {
    (0..count).try_for_each(|number| add(program, folder, &format!("{name}{number}"), "operator"))
}

/// Adds an account before the server starts.
fn add(program: &Path, folder: &Path, name: &str, role: &str) -> Outcome<()> {
    let mut adding = command(program, folder)
        .args(["user", "add", name, "--role", role, "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    if let Some(mut input) = adding.stdin.take() {
        input.write_all(format!("{PASSWORD}\n").as_bytes())?;
    }
    if !adding.wait()?.success() {
        return Err("an account could not be added".into());
    }
    Ok(())
}

/// Makes a token for an account.
fn token(program: &Path, folder: &Path, name: &str) -> Outcome<String> {
    let made = command(program, folder)
        .args([
            "token", "create", "--user", name, "--label", "b", "--scope", "manage",
        ])
        .output()?;
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}
