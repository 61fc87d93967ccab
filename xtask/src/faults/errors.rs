//! The disk answers with errors: the n-th write or sync of the database's files fails, once or
//! from then on, by a tracer. A commit that failed may have happened all the same; nothing may be
//! sent whose intent is not there, and nothing twice.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Outcome;
use super::chance::Chance;
use super::http::Api;
use super::options::{Database, Options};
use super::phones::honest;
use super::points::tracing_works;
use super::stand::{Job, Stand, caused, is_over, wait_for};

const PHONES: u64 = 60;
const WINDOW: u64 = 8;
/// Long enough away for the error to find phones waiting.
const ANSWER_MS: u64 = 20;
/// What fails, and how many of them a start and a job make, roughly.
const CALLS: [(&str, u64); 2] = [("fsync,fdatasync", 40), ("pwrite64", 300)];
/// A job goes on by itself after an error within this.
const RECOVERS_WITHIN: Duration = Duration::from_secs(30);
/// How soon the product says that it cannot write.
const SAID_WITHIN: Duration = Duration::from_secs(15);
/// How long it is left on a disk that stays broken.
const BROKEN: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(50);

/// What came of all turns of one kind.
#[derive(Default)]
struct Tally {
    turns: u64,
    met: u64,
    refused: u64,
    interrupted: u64,
}

pub(super) fn run(options: &Options) -> Result<Outcome, String> {
    if !options.databases.contains(&Database::Sqlite) {
        return Ok(Outcome::Skipped("only Postgres was asked for".to_owned()));
    }
    if !tracing_works() {
        return Ok(Outcome::Skipped("strace cannot trace here".to_owned()));
    }
    let mut chance = Chance::new(options.seed);
    let mut lines = Vec::new();
    for (call, calls) in CALLS {
        for lasts in [false, true] {
            let line = kind(options, &mut chance, (call, calls), lasts);
            lines.push(line.map_err(|why| format!("{call}: {why}"))?);
        }
    }
    Ok(Outcome::Passed(lines))
}

/// Several errors of one kind, spread over the life of a job.
fn kind(
    options: &Options,
    chance: &mut Chance,
    (call, calls): (&str, u64),
    lasts: bool,
) -> Result<String, String> {
    let mut stand = Stand::set_up(options, honest(PHONES, ANSWER_MS, 0), None)?;
    let mut tally = Tally::default();
    for turn in 0..options.turns * 3 {
        let action = if turn % 2 == 0 { "DNDOn" } else { "DNDOff" };
        let at = chance.between(1, calls);
        one(&mut stand, &mut tally, (call, at, lasts), action)?;
    }
    stand.clear();
    if tally.met == 0 {
        return Err("no error was met".to_owned());
    }
    Ok(format!(
        "EIO at {call} {}, {} times in {} turns: 0 sent without an intent, 0 twice, 0 false; {} \
         refused to start, {} interrupted",
        if lasts { "from the n-th on" } else { "once" },
        tally.met,
        tally.turns,
        tally.refused,
        tally.interrupted
    ))
}

/// One error; then a kill, and the rest of the job on a disk that is well.
fn one(
    stand: &mut Stand,
    tally: &mut Tally,
    (call, at, lasts): (&str, u64, bool),
    action: &'static str,
) -> Result<(), String> {
    let seen = stand.phones.requests();
    let job = on_a_bad_disk(stand, tally, (call, at, lasts), action)?;
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let job = match job {
        Some(job) => Some(job),
        // Whether it was made before its answer was lost: the newest tells.
        None => Stand::newest(&api, action, seen)?,
    };
    let Some(job) = job else {
        return product.stop();
    };
    let state = api.get(&format!("/jobs/{}", job.id))?;
    if state["state"] == "interrupted" {
        api.post(&format!("/jobs/{}/resume", job.id), &serde_json::json!({}))?;
    }
    let state = wait_for(&api, &job, "the job's end", is_over)?;
    let left = caused(&state, "interrupted");
    if left > WINDOW {
        return Err(format!("{left} interrupted, window {WINDOW}: {state}"));
    }
    tally.interrupted += left;
    stand.judge_clean(&api, &job)?;
    product.stop()
}

/// Runs a job while the tracer spoils one call, or all from one on; ends with a kill.
fn on_a_bad_disk(
    stand: &mut Stand,
    tally: &mut Tally,
    (call, at, lasts): (&str, u64, bool),
    action: &'static str,
) -> Result<Option<Job>, String> {
    let trace = stand.dir.join("trace");
    drop(std::fs::remove_file(&trace));
    spoil(stand, (call, at, lasts));
    let mut job = None;
    match stand.setting.start() {
        // A start that cannot write says so and ends.
        Err(_) => tally.refused += 1,
        Ok(product) => {
            let api = stand.api(&product).within(RECOVERS_WITHIN);
            job = stand.begin(&api, action, WINDOW).ok();
            if let Some(job) = &job {
                if lasts {
                    says_why(&api, job, &trace)?;
                } else {
                    recovers(&api, job)?;
                }
            }
            product.kill()?;
        }
    }
    stand.setting.before.clear();
    stand.setting.environment.clear();
    tally.turns += 1;
    tally.met += u64::from(is_met(&trace));
    Ok(job)
}

/// After one error the job goes on by itself.
fn recovers(api: &Api, job: &Job) -> Result<(), String> {
    let started = Instant::now();
    let mut last = Value::Null;
    while started.elapsed() < RECOVERS_WITHIN {
        if let Ok(state) = api.get(&format!("/jobs/{}", job.id)) {
            if is_over(&state) {
                return Ok(());
            }
            last = state;
        }
        std::thread::sleep(LOOK);
    }
    Err(format!("one error stopped the job for good: {last}"))
}

/// While every call fails, it stops where it is and says so, unless it was through before.
fn says_why(api: &Api, job: &Job, trace: &Path) -> Result<(), String> {
    let started = Instant::now();
    loop {
        let state = api.get(&format!("/jobs/{}", job.id));
        if state.is_ok_and(|state| is_over(&state)) {
            return Ok(());
        }
        let ready = api.send("GET", "/readyz", "", "")?;
        if ready.status == 503 && ready.body.contains("storage") {
            std::thread::sleep(BROKEN);
            return Ok(());
        }
        if !is_met(trace) && started.elapsed() < RECOVERS_WITHIN {
            std::thread::sleep(LOOK);
            continue;
        }
        if started.elapsed() > SAID_WITHIN {
            return Err(format!("/readyz said {} on a broken disk", ready.body));
        }
        std::thread::sleep(LOOK);
    }
}

/// Whether the tracer has spoilt a call.
fn is_met(trace: &Path) -> bool {
    let seen = std::fs::read_to_string(trace).unwrap_or_default();
    seen.contains("INJECTED")
}

/// Runs the product under a tracer that spoils calls on the database's files, and on nothing else.
fn spoil(stand: &mut Stand, (call, at, lasts): (&str, u64, bool)) {
    let shown = |name: &str| stand.setting.data_dir.join(name).display().to_string();
    let more = if lasts { "+" } else { "" };
    let words = [
        "strace".to_owned(),
        "-f".to_owned(),
        "-qq".to_owned(),
        "-o".to_owned(),
        stand.dir.join("trace").display().to_string(),
        "-P".to_owned(),
        shown("carillon.db"),
        "-P".to_owned(),
        shown("carillon.db-wal"),
        "-e".to_owned(),
        format!("trace={call}"),
        "-e".to_owned(),
        format!("inject={call}:error=EIO:when={at}{more}"),
    ];
    stand.setting.before = words.into();
    stand.setting.becomes_the_program = false;
}
