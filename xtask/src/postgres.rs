//! A Postgres that lives as long as the tests: its own cluster in a temporary folder, loopback
//! only, nothing kept.
//!
//! Invariant: only the process that was started here is ever stopped, by its own id.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::process::{find, is_root, run, succeeds};

const READY_WITHIN: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(100);

/// Settings under which a commit may be lost with the machine: quick, and enough for tests.
const QUICK: &[&str] = &[
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
];
/// Postgres' own settings, as the product wants them.
const DURABLE: &[&str] = &[];

/// A running cluster; stopped and removed when dropped.
pub(crate) struct Cluster {
    server: Child,
    programs: PathBuf,
    dir: PathBuf,
    port: u16,
    settings: &'static [&'static str],
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Cluster {
    /// Makes a cluster, starts it, and waits until it takes connections.
    pub(crate) fn start() -> Result<Self, String> {
        Self::start_with(QUICK)
    }

    /// The same with durable commits.
    pub(crate) fn start_durable() -> Result<Self, String> {
        Self::start_with(DURABLE)
    }

    fn start_with(settings: &'static [&'static str]) -> Result<Self, String> {
        let programs = programs()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("carillon-postgres-{}-{number}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        if is_root() {
            run(Command::new("chown").arg(user()).arg(&dir))?;
        }
        let port = free_port()?;
        make_cluster(&programs, &dir)?;
        let server = start_server(&programs, &dir, port, settings)?;
        let mut cluster = Self {
            server,
            programs,
            dir,
            port,
            settings,
        };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// Makes a database and returns its address.
    pub(crate) fn database(&self, name: &str) -> Result<String, String> {
        self.sql(&format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        Ok(format!(
            "postgres://postgres@127.0.0.1:{}/{name}",
            self.port
        ))
    }

    /// Where it listens.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The id of the process that all others are children of.
    pub(crate) fn id(&self) -> u32 {
        self.server.id()
    }

    /// Runs a statement as a superuser and returns what it answers.
    pub(crate) fn sql(&self, statement: &str) -> Result<String, String> {
        let output = Command::new(self.programs.join("psql"))
            // Also while the cluster is read-only for everybody else.
            .env("PGOPTIONS", "-c default_transaction_read_only=off")
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-h",
                "127.0.0.1",
                "-U",
                "postgres",
                "-c",
            ])
            .args([statement, "postgres", "-p", &self.port.to_string()])
            .output()
            .map_err(|error| format!("psql did not start: {error}"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }

    /// Ends it at once, without a checkpoint: its log must bring back what was committed.
    pub(crate) fn crash(&mut self) -> Result<(), String> {
        run(Command::new("kill").args(["-QUIT", &self.server.id().to_string()]))?;
        self.server
            .wait()
            .map(drop)
            .map_err(|error| error.to_string())
    }

    /// Starts it again after [`Cluster::crash`], and waits until it takes connections.
    pub(crate) fn start_again(&mut self) -> Result<(), String> {
        self.server = start_server(&self.programs, &self.dir, self.port, self.settings)?;
        self.wait_until_ready()
    }

    /// The address of the cluster's first database, for a superuser without a password.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The same through its socket, as one reaches a Postgres on the same machine.
    pub(crate) fn socket_url(&self) -> String {
        let (port, dir) = (self.port, self.dir.display());
        format!("postgres://postgres@localhost:{port}/postgres?host={dir}")
    }

    /// Waits until it takes connections.
    pub(crate) fn wait_until_ready(&mut self) -> Result<(), String> {
        let started = Instant::now();
        while started.elapsed() < READY_WITHIN {
            let mut question = Command::new(self.programs.join("pg_isready"));
            question.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            if succeeds(&mut question) {
                return Ok(());
            }
            if let Ok(Some(status)) = self.server.try_wait() {
                return Err(format!(
                    "Postgres ended with {status}: {}",
                    self.last_words()
                ));
            }
            std::thread::sleep(PAUSE);
        }
        Err(format!(
            "Postgres was not ready within {READY_WITHIN:?}: {}",
            self.last_words()
        ))
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.dir.join("log")).unwrap_or_default();
        log.lines().rev().take(5).collect::<Vec<_>>().join(" | ")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGINT is the fast shutdown: open sessions are ended, the process leaves by itself.
        let pid = self.server.id().to_string();
        if !succeeds(Command::new("kill").args(["-INT", &pid])) {
            drop(self.server.kill());
        }
        drop(self.server.wait());
        drop(std::fs::remove_dir_all(&self.dir));
    }
}

/// Finds the folder with Postgres' programs: on the path, or where Debian keeps each version.
fn programs() -> Result<PathBuf, String> {
    let on_path = find("initdb")
        .and_then(|file| file.canonicalize().ok())
        .and_then(|file| file.parent().map(PathBuf::from));
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .ok()
        .and_then(|versions| {
            versions
                .flatten()
                .map(|version| version.path().join("bin"))
                .max()
        });
    on_path
        .into_iter()
        .chain(debian)
        .find(|dir| {
            ["initdb", "postgres", "pg_isready"]
                .iter()
                .all(|name| dir.join(name).is_file())
        })
        .ok_or_else(|| "no Postgres programs found: install the package `postgresql`".to_owned())
}

/// Postgres refuses to run as root; Debian's package brings a user for it.
fn user() -> &'static str {
    if succeeds(Command::new("id").args(["-u", "postgres"])) {
        "postgres"
    } else {
        "nobody"
    }
}

/// Returns a command that runs `program` as an ordinary user.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={}", user()))
        .arg(format!("--regid={}", group()))
        .args(["--clear-groups", "--pdeathsig", "INT"])
        .arg(program);
    command
}

fn group() -> String {
    let output = Command::new("id").args(["-g", user()]).output();
    output.map_or_else(
        |_| "0".to_owned(),
        |out| String::from_utf8_lossy(&out.stdout).trim().into(),
    )
}

fn make_cluster(programs: &Path, dir: &Path) -> Result<(), String> {
    let log = File::create(dir.join("initdb.log")).map_err(|error| error.to_string())?;
    let mut command = unprivileged(&programs.join("initdb"));
    command
        .args([
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ])
        .args(["--no-sync", "--pgdata"])
        .arg(dir.join("data"))
        .stdout(log)
        .current_dir(dir);
    run(&mut command)
}

fn start_server(
    programs: &Path,
    dir: &Path,
    port: u16,
    settings: &[&str],
) -> Result<Child, String> {
    let log = File::options()
        .create(true)
        .append(true)
        .open(dir.join("log"));
    let log = log.map_err(|error| error.to_string())?;
    let sockets = format!("unix_socket_directories={}", dir.display());
    unprivileged(&programs.join("postgres"))
        .arg("-D")
        .arg(dir.join("data"))
        .args(["-p", &port.to_string(), "-c", &sockets])
        .args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "max_connections=300",
        ])
        .args(settings.iter().flat_map(|setting| ["-c", *setting]))
        .stderr(log)
        .current_dir(dir)
        .spawn()
        .map_err(|error| format!("postgres did not start: {error}"))
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
    listener
        .local_addr()
        .map(|address| address.port())
        .map_err(|error| error.to_string())
}
