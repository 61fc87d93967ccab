//! Clean stops: a job is stopped in the middle by SIGTERM, and nothing may be unknown; a second
//! signal ends at once, and what was being sent is told by the next start.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use super::chance::Chance;
use super::options::{Database, Options};
use super::phones::honest;
use super::stand::{Stand, caused, count, is_over, wait_for};
use super::{Home, Outcome, each_database};

const PHONES: u64 = 400;
const WINDOW: u64 = 32;
/// Long enough for a stop to find phones being asked.
const ANSWER_MS: u64 = 150;
/// A clean stop takes the longest exchange and a little more.
const LONGEST: Duration = Duration::from_secs(25);

pub(super) fn run(options: &Options) -> Result<Outcome, String> {
    each_database(options, |home, database| on(options, home, database))
}

fn on(options: &Options, home: &Home, database: Database) -> Result<String, String> {
    let scenario = honest(PHONES, ANSWER_MS, 0);
    let stand = Stand::set_up(options, scenario, home.database("stops")?)?;
    let mut chance = Chance::new(options.seed);
    let mut longest = Duration::ZERO;
    let (stops, starts) = if options.is_long() {
        (options.turns * 3, options.turns * 5)
    } else {
        (1, 2)
    };
    for turn in 0..stops {
        let action = if turn % 2 == 0 { "DNDOn" } else { "DNDOff" };
        longest = longest.max(clean(&stand, &mut chance, database, action)?);
    }
    let interrupted = impatient(&stand)?;
    idle(&stand, starts)?;
    stand.log_is_intact()?;
    stand.clear();
    Ok(format!(
        "{stops} clean stops in mid-job: 0 unknown, exit 0, at most {:.1} s, not ready meanwhile; a \
         second signal: exit 1, {interrupted} told as interrupted; {starts} starts and stops left \
         nothing behind",
        longest.as_secs_f64(),
    ))
}

/// Stops in the middle once and lets the next run finish. Says how long the stop took.
fn clean(
    stand: &Stand,
    chance: &mut Chance,
    database: Database,
    action: &'static str,
) -> Result<Duration, String> {
    let mut product = stand.setting.start()?;
    let api = stand.api(&product);
    let job = stand.begin(&api, action, WINDOW)?;
    wait_for(&api, &job, "a phone being asked", |job| {
        count(job, "sending") > 0
    })?;
    std::thread::sleep(chance.millis(0, 600));
    product.signal(Signal::TERM)?;
    let asked = Instant::now();
    let mut not_ready = 0;
    while let Ok(ready) = api.send("GET", "/readyz", "", "") {
        match (ready.status, ready.body.contains("stopping")) {
            (503, true) => not_ready += 1,
            // The signal may not have arrived yet.
            (200, _) if not_ready == 0 && asked.elapsed() < Duration::from_secs(2) => {}
            (status, _) => return Err(format!("/readyz answered {status} during a stop")),
        }
    }
    if not_ready == 0 {
        return Err("/readyz did not say that the product stops".to_owned());
    }
    match product.ended(LONGEST)? {
        Some(0) => {}
        other => return Err(format!("a clean stop ended with {other:?}")),
    }
    let took = asked.elapsed();
    log_is_folded(stand, database)?;
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let state = wait_for(&api, &job, "the job's end", is_over)?;
    if count(&state, "unknown") > 0 {
        return Err(format!("a clean stop left phones unknown: {state}"));
    }
    stand.judge_clean(&api, &job)?;
    product.stop()?;
    Ok(took)
}

/// After a clean stop SQLite's log is folded into its file.
fn log_is_folded(stand: &Stand, database: Database) -> Result<(), String> {
    let log = stand.setting.data_dir.join("carillon.db-wal");
    match std::fs::metadata(&log) {
        Ok(facts) if database == Database::Sqlite && facts.len() > 0 => {
            Err(format!("{} bytes of log were left", facts.len()))
        }
        _ => Ok(()),
    }
}

/// Two signals: it ends at once, and the next start tells what was being sent.
fn impatient(stand: &Stand) -> Result<u64, String> {
    let mut product = stand.setting.start()?;
    let api = stand.api(&product);
    let job = stand.begin(&api, "DNDOn", WINDOW)?;
    wait_for(&api, &job, "a phone being asked", |job| {
        count(job, "sending") > 0
    })?;
    product.signal(Signal::TERM)?;
    while api
        .send("GET", "/readyz", "", "")
        .is_ok_and(|answer| answer.status == 200)
    {}
    // What comes within half a second of the first is the same order.
    std::thread::sleep(Duration::from_millis(700));
    product.signal(Signal::TERM)?;
    let ended = product.ended(Duration::from_secs(5))?;
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let state = api.get(&format!("/jobs/{}", job.id))?;
    // The phones may have been quicker than the second signal.
    let cut = count(&state, "unknown") > 0;
    if (ended, cut) != (Some(1), cut) && (ended, cut) != (Some(0), false) {
        return Err(format!("two signals ended it with {ended:?}: {state}"));
    }
    if state["state"] == "interrupted" {
        api.post(&format!("/jobs/{}/resume", job.id), &json!({}))?;
    }
    let state = wait_for(&api, &job, "the job's end", is_over)?;
    let interrupted = caused(&state, "interrupted");
    if interrupted > WINDOW {
        return Err(format!("more interrupted than were being sent: {state}"));
    }
    stand.judge_clean(&api, &job)?;
    product.stop()?;
    Ok(interrupted)
}

/// Starts and stops leave no file behind that was not there before.
fn idle(stand: &Stand, times: u64) -> Result<(), String> {
    let files = || -> Vec<String> {
        let entries = std::fs::read_dir(&stand.setting.data_dir)
            .into_iter()
            .flatten();
        let names = entries.flatten().map(|entry| entry.file_name());
        let mut names: Vec<_> = names
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    let before = files();
    for _ in 0..times {
        stand.setting.start()?.stop()?;
    }
    let after = files();
    if before == after {
        Ok(())
    } else {
        Err(format!("files before {before:?}, after {after:?}"))
    }
}
