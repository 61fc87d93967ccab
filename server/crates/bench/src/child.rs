//! Other processes of this same program: the phones, and each side of a comparison.
//!
//! Owns their start, their one line of answer, and their end. Each side gets a process of its
//! own for each round, so that memory and descriptors are its own, under the same limits.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Failure, Outcome};

/// A process that lives until this is dropped.
pub(crate) struct Kept {
    child: Child,
}

impl Drop for Kept {
    fn drop(&mut self) {
        // The end of its input is the sign to stop.
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

fn start(role: &str, order: &str) -> Outcome<Child> {
    let child = Command::new(std::env::current_exe()?)
        .args([role, order])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    Ok(child)
}

fn first_line<A: DeserializeOwned>(child: &mut Child) -> Outcome<A> {
    let out = child.stdout.take().ok_or("no output to read")?;
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    serde_json::from_str(&line)
        .map_err(|error| Failure::from(format!("a part of the benchmark failed: {error}")))
}

/// Starts a process that answers once it is ready, and stays.
pub(crate) fn keep<A: DeserializeOwned>(role: &str, order: &impl Serialize) -> Outcome<(Kept, A)> {
    keep_with(role, &serde_json::to_string(order)?)
}

fn keep_with<A: DeserializeOwned>(role: &str, order: &str) -> Outcome<(Kept, A)> {
    let mut child = start(role, order)?;
    let answer = first_line(&mut child);
    let kept = Kept { child };
    Ok((kept, answer?))
}

/// Runs a process to its end and takes its answer.
pub(crate) fn run<A: DeserializeOwned>(role: &str, order: &impl Serialize) -> Outcome<A> {
    let (kept, answer) = keep(role, order)?;
    drop(kept);
    Ok(answer)
}

/// The same with an order that is one word.
pub(crate) fn run_with<A: DeserializeOwned>(role: &str, order: &str) -> Outcome<A> {
    let (kept, answer) = keep_with(role, order)?;
    drop(kept);
    Ok(answer)
}

/// What a process answers: one line.
pub(crate) fn answer(value: &impl Serialize) -> Outcome<()> {
    let mut line = serde_json::to_string(value)?;
    line.push('\n');
    let mut out = std::io::stdout();
    out.write_all(line.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Waits until the one who started us wants us to end.
pub(crate) async fn until_told() {
    let waiting = tokio::task::spawn_blocking(|| {
        let mut nothing = String::new();
        let _ = std::io::stdin().read_line(&mut nothing);
    });
    let _ = waiting.await;
}
