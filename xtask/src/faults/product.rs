//! The product as a process: started, stopped, killed.
//!
//! *Invariant:* only processes that were started here are ever signalled, by their own id.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A start takes less, even of ten thousand phones on a busy machine.
const READY_WITHIN: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(5);

/// How a product is run.
#[derive(Clone, Default)]
pub(super) struct Setting {
    pub(super) binary: PathBuf,
    pub(super) data_dir: PathBuf,
    /// Where standard error goes.
    pub(super) log: PathBuf,
    pub(super) database: Option<String>,
    /// Words before the program: a tracer, a shell that limits it.
    pub(super) before: Vec<String>,
    /// Whether those words end by becoming the program, as a shell's `exec` does.
    pub(super) becomes_the_program: bool,
    /// Words after `serve`.
    pub(super) flags: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
}

impl Setting {
    /// The program with its settings, for any of its commands.
    pub(super) fn command(&self) -> Command {
        let mut words = self.before.iter();
        let mut command = match words.next() {
            None => Command::new(&self.binary),
            Some(first) => {
                let mut command = Command::new(first);
                command.args(words).arg(&self.binary);
                command
            }
        };
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("CARILLON_DATA_DIR", &self.data_dir)
            // Also for what it does beside a server.
            .env("CARILLON_ALLOW_LOOPBACK", "true")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        if let Some(url) = &self.database {
            command.env("CARILLON_DATABASE_URL", url);
        }
        command
    }

    /// Starts it and waits for nothing.
    pub(super) fn spawn(&self) -> Result<Child, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.binary.display());
        let log = File::options().create(true).append(true).open(&self.log);
        self.command()
            .args(["serve", "--listen", "127.0.0.1:0", "--allow-loopback"])
            .args(&self.flags)
            .stdout(Stdio::piped())
            .stderr(log.map_err(failed)?)
            .spawn()
            .map_err(failed)
    }

    /// Starts it and expects that it ends without being told to; says with what status.
    pub(super) fn ends_by_itself(&self) -> Result<Option<i32>, String> {
        let child = self.spawn()?;
        let mut product = Product {
            address: String::new(),
            traced: false,
            child,
        };
        product.ended(READY_WITHIN)
    }

    /// Starts it and waits until it listens.
    pub(super) fn start(&self) -> Result<Product, String> {
        let mut child = self.spawn()?;
        match first_line(&mut child, "the product", READY_WITHIN) {
            Ok(line) => Ok(Product {
                address: address(&line).to_owned(),
                traced: !self.before.is_empty() && !self.becomes_the_program,
                child,
            }),
            Err(why) => {
                // Where another process runs it, the end of that one is not its own.
                let run_by_it = children(child.id());
                end(&mut child);
                run_by_it.into_iter().for_each(end_other);
                Err(format!("{why}: {}", last_words(&self.log)))
            }
        }
    }
}

fn address(line: &str) -> &str {
    line.trim_start_matches("Address: http://")
        .trim_end_matches('/')
}

/// The last lines of a log, for a report.
pub(super) fn last_words(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().rev().take(3).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}

/// Waits for the first line on a child's standard output; the rest of it is thrown away.
pub(super) fn first_line(child: &mut Child, who: &str, within: Duration) -> Result<String, String> {
    let out = child.stdout.take().ok_or("no standard output to read")?;
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            // Nobody listens after the first.
            let _late = tell.send(line);
        }
    });
    told.recv_timeout(within)
        .map_err(|_| format!("{who} did not start"))
}

/// Sends a signal to a process that was started here.
pub(super) fn signal(id: u32, signal: Signal) -> Result<(), String> {
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or("no such process")?;
    kill_process(pid, signal).map_err(|error| error.to_string())
}

/// Ends a child at once.
pub(super) fn end(child: &mut Child) {
    drop(child.kill());
    drop(child.wait());
}

/// Ends a process that a child of ours started, and waits until it holds nothing any more: its data directory
/// is for the next one.
fn end_other(id: u32) {
    drop(signal(id, Signal::KILL));
    let started = Instant::now();
    while holds_something(id) && started.elapsed() < READY_WITHIN {
        std::thread::sleep(PAUSE);
    }
}

/// Whether there is such a process, and it is no mere entry for whoever asks how it ended.
fn holds_something(id: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"));
    stat.is_ok_and(|stat| {
        let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
        state.is_some_and(|state| !state.starts_with(['Z', 'X']))
    })
}

/// A running product. Killed when dropped.
pub(super) struct Product {
    child: Child,
    traced: bool,
    /// Where it listens: `127.0.0.1:1234`.
    pub(super) address: String,
}

impl Product {
    /// The process itself, also where another one runs it.
    pub(super) fn id(&self) -> u32 {
        let own = self.child.id();
        if !self.traced {
            return own;
        }
        children(own).first().copied().unwrap_or(own)
    }

    /// Sends it a signal.
    pub(super) fn signal(&self, which: Signal) -> Result<(), String> {
        signal(self.id(), which)
    }

    /// Ends it as a power cut would.
    pub(super) fn kill(mut self) -> Result<(), String> {
        self.signal(Signal::KILL)?;
        self.child
            .wait()
            .map(drop)
            .map_err(|error| error.to_string())
    }

    /// Says whether it has ended.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for its end and says the exit status, `None` where a signal ended it.
    pub(super) fn ended(&mut self, within: Duration) -> Result<Option<i32>, String> {
        let started = Instant::now();
        while started.elapsed() < within {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status.code()),
                Ok(None) => std::thread::sleep(PAUSE),
                Err(error) => return Err(error.to_string()),
            }
        }
        Err(format!("the product did not end within {within:?}"))
    }

    /// Asks it to stop and expects a clean end.
    pub(super) fn stop(mut self) -> Result<(), String> {
        self.signal(Signal::TERM)?;
        match self.ended(Duration::from_secs(30))? {
            Some(0) => Ok(()),
            other => Err(format!("a clean stop ended with {other:?}")),
        }
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        if self.traced && !self.has_ended() {
            let _gone = signal(self.id(), Signal::KILL);
        }
        end(&mut self.child);
    }
}

/// The children of a process.
pub(super) fn children(id: u32) -> Vec<u32> {
    let list = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
    let list = list.unwrap_or_default();
    list.split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect()
}
