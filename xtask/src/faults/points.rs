//! Kills at the very points where something becomes durable or leaves: at the n-th call of
//! `fsync`, `connect`, `sendto` and `write`, by a tracer, for many n.

use std::process::Command;
use std::time::{Duration, Instant};

use super::Outcome;
use super::chance::Chance;
use super::http::Api;
use super::options::{Database, Options};
use super::phones::honest;
use super::stand::{Job, Stand, caused, is_over, wait_for};
use crate::process::succeeds;

const PHONES: u64 = 60;
const WINDOW: u64 = 8;
/// SQLite and the C library choose between some of them.
const CALLS: [&str; 4] = ["fsync,fdatasync", "connect", "sendto,writev", "write"];
/// After the last call of an idle product nothing happens any more.
const LONGEST: Duration = Duration::from_secs(40);

pub(super) fn run(options: &Options) -> Result<Outcome, String> {
    if !options.databases.contains(&Database::Sqlite) {
        return Ok(Outcome::Skipped("only Postgres was asked for".to_owned()));
    }
    if !tracing_works() {
        return Ok(Outcome::Skipped("strace cannot trace here".to_owned()));
    }
    let mut lines = Vec::new();
    for call in CALLS {
        lines.push(points(options, call).map_err(|why| format!("{call}: {why}"))?);
    }
    Ok(Outcome::Passed(lines))
}

/// Containers often forbid it.
pub(super) fn tracing_works() -> bool {
    let inject = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=read", "true"];
    succeeds(Command::new("strace").args(inject))
}

/// Kills at several calls of one kind, spread over the life of a job.
fn points(options: &Options, call: &str) -> Result<String, String> {
    let mut stand = Stand::set_up(options, honest(PHONES, 0, 0), None)?;
    let (mut killed, mut interrupted) = (0, 0);
    let wanted = options.turns * 6;
    let mut chance = Chance::new(options.seed);
    let mut at = chance.between(1, 12);
    for turn in 0..wanted {
        let action = if turn % 2 == 0 { "DNDOn" } else { "DNDOff" };
        let (died, left) = one(&mut stand, call, at, action)?;
        killed += u64::from(died);
        interrupted += left;
        if !died {
            // Beyond the last call: begin anew, between the points of before.
            at = chance.between(1, 12);
            continue;
        }
        at += 1 + at / 2;
    }
    stand.clear();
    if killed == 0 {
        return Err("no point was reached".to_owned());
    }
    Ok(format!(
        "{killed} kills at calls of {call}: 0 lost, 0 twice, 0 false; {interrupted} interrupted"
    ))
}

/// Kills at one call; then the rest of the job without a tracer. Says whether it died, and how
/// many phones it left.
fn one(
    stand: &mut Stand,
    call: &str,
    at: u64,
    action: &'static str,
) -> Result<(bool, u64), String> {
    trace(stand, call, at);
    let seen = stand.phones.requests();
    let mut job = None;
    let mut died = true;
    // It may die before it listens.
    if let Ok(mut product) = stand.setting.start() {
        let api = stand.api(&product).within(LONGEST);
        job = stand.begin(&api, action, WINDOW).ok();
        let started = Instant::now();
        while !product.has_ended() && started.elapsed() < LONGEST {
            if job.as_ref().is_some_and(|job| is_finished(&api, job)) {
                died = product.has_ended();
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    stand.setting.before.clear();
    stand.setting.environment.clear();
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let job = match job {
        Some(job) => job,
        // Whether the answer was lost or the job was never made: the newest tells.
        None => match Stand::newest(&api, action, seen)? {
            Some(job) => job,
            None => return product.stop().map(|()| (died, 0)),
        },
    };
    let state = api.get(&format!("/jobs/{}", job.id))?;
    if state["state"] == "interrupted" {
        api.post(&format!("/jobs/{}/resume", job.id), &serde_json::json!({}))?;
    }
    let state = wait_for(&api, &job, "the job's end", is_over)?;
    let left = caused(&state, "interrupted");
    if left > WINDOW {
        return Err(format!("{left} interrupted by one kill, window {WINDOW}"));
    }
    stand.judge_clean(&api, &job)?;
    product.stop()?;
    Ok((died, left))
}

fn is_finished(api: &Api, job: &Job) -> bool {
    let state = api.get(&format!("/jobs/{}", job.id));
    state.is_ok_and(|state| is_over(&state))
}

/// Runs the product under a tracer that kills it at its n-th call. The tracer counts for each
/// thread, so there is one thread for all that waits.
fn trace(stand: &mut Stand, call: &str, at: u64) {
    let (trace, inject) = (
        format!("trace={call}"),
        format!("inject={call}:signal=SIGKILL:when={at}"),
    );
    let words = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        &trace,
        "-e",
        &inject,
    ];
    stand.setting.before = words.iter().map(|word| (*word).to_owned()).collect();
    stand.setting.becomes_the_program = false;
    stand.setting.environment = vec![("TOKIO_WORKER_THREADS".to_owned(), "1".to_owned())];
}
