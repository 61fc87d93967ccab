//! The clock jumps while a job runs: more than a minute, forward or back, and all sending stops
//! until somebody lets it go on; a second changes nothing.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use super::Outcome;
use super::http::Api;
use super::options::{Database, Options};
use super::phones::honest;
use super::stand::{Job, Stand, count, is_over, wait_for};

const PHONES: u64 = 400;
const ANSWER_MS: u64 = 60;
const WINDOW: u64 = 8;
/// Where Debian puts it.
const LIBRARY: &str = "libfaketime.so.1";
const SEEN_WITHIN: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(100);
/// Several times as long as the scheduler takes to look for work.
const QUIET: Duration = Duration::from_secs(3);

/// By how much, and whether it must stop.
const JUMPS: &[(&str, bool)] = &[
    ("+1s", false),
    ("-1s", false),
    ("+61s", true),
    ("-61s", true),
    ("+1d", true),
    ("-1d", true),
    ("+400d", true),
    ("-400d", true),
];

pub(super) fn run(options: &Options) -> Result<Outcome, String> {
    if !options.databases.contains(&Database::Sqlite) {
        return Ok(Outcome::Skipped("only Postgres was asked for".to_owned()));
    }
    let Some(library) = library() else {
        return Ok(Outcome::Skipped(
            "libfaketime is not there (Debian: faketime)".to_owned(),
        ));
    };
    let mut lines = Vec::new();
    // The short form takes one of each kind.
    let step = if options.is_long() { 1 } else { 4 };
    for (by, stops) in JUMPS.iter().step_by(step) {
        jump(options, &library, by, *stops).map_err(|why| format!("{by}: {why}"))?;
        lines.push(format!(
            "clock {by} in mid-job: {}; 0 lost, 0 twice, 0 false",
            if *stops {
                "all sending stopped, said why, went on when released"
            } else {
                "nothing"
            }
        ));
    }
    Ok(Outcome::Passed(lines))
}

fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let mut files = folders.map(|folder| folder.path().join("faketime").join(LIBRARY));
    files.find(|file| file.is_file())
}

fn jump(options: &Options, library: &Path, by: &str, stops: bool) -> Result<(), String> {
    let mut stand = Stand::set_up(options, honest(PHONES, ANSWER_MS, 0), None)?;
    let file = stand.dir.join("time");
    set_clock(&file, "+0")?;
    let shown = |path: &Path| path.display().to_string();
    stand.setting.environment = vec![
        ("LD_PRELOAD".to_owned(), shown(library)),
        ("FAKETIME_TIMESTAMP_FILE".to_owned(), shown(&file)),
        ("FAKETIME_NO_CACHE".to_owned(), "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC".to_owned(), "1".to_owned()),
    ];
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let job = stand.begin(&api, "DNDOn", WINDOW)?;
    wait_for(&api, &job, "the first answers", |job| {
        count(job, "acknowledged") > 20
    })?;
    set_clock(&file, by)?;
    // From here on the token may be of the future or of the past; it must still be ours to use.
    let (api, product) = if stops {
        held(&stand, &api, &job, by)?;
        // A person looks, sets the clock right, and lets it go on. That is a jump as well.
        set_clock(&file, "+0")?;
        told(&stand, &api, ("+0", 2))?;
        release(&api)?;
        (api, product)
    } else {
        (api, product)
    };
    wait_for(&api, &job, "the job's end", is_over)?;
    let verdict = stand.judge_clean(&api, &job)?;
    if verdict.states.keys().any(|state| state != "acknowledged") {
        return Err(format!("not all were acknowledged: {verdict}"));
    }
    product.stop()?;
    stand.log_is_intact()?;
    stand.clear();
    Ok(())
}

fn set_clock(file: &Path, by: &str) -> Result<(), String> {
    // Written beside and moved, so that nobody reads half of it.
    let new = file.with_extension("new");
    std::fs::write(&new, format!("{by}\n")).map_err(|error| error.to_string())?;
    std::fs::rename(&new, file).map_err(|error| error.to_string())
}

/// Sending stops, and the reason names the clock. Where the token is past its end, the ledger
/// alone tells.
fn held(stand: &Stand, api: &Api, job: &Job, by: &str) -> Result<(), String> {
    told(stand, api, (by, 1))?;
    // What was under way when the jump was noticed ends.
    let seen = wait_for_quiet(stand);
    std::thread::sleep(QUIET);
    let later = stand.phones.requests();
    if later > seen {
        return Err(format!("{} requests after the jump", later - seen));
    }
    if by == "+400d" {
        return Ok(());
    }
    let state = api.get(&format!("/jobs/{}", job.id))?;
    if is_over(&state) || count(&state, "expired") > 0 {
        return Err(format!("the jump decided the job: {state}"));
    }
    Ok(())
}

/// Waits for the record of so many jumps. A token that is past its end cannot ask for it: then the
/// log is read beside the server.
fn told(stand: &Stand, api: &Api, (by, times): (&str, usize)) -> Result<(), String> {
    let started = Instant::now();
    loop {
        let noticed = if by == "+400d" {
            exported(stand)?
        } else {
            let records = api.get("/audit?action=clock.jumped")?;
            records["items"]
                .as_array()
                .is_some_and(|items| items.len() >= times)
        };
        if noticed {
            return Ok(());
        }
        if started.elapsed() > SEEN_WITHIN {
            return Err("no audit record tells of the jump".to_owned());
        }
        std::thread::sleep(LOOK);
    }
}

fn exported(stand: &Stand) -> Result<bool, String> {
    let words = ["audit", "export", "--format", "jsonl"];
    let export = stand.setting.command().args(words).output();
    let export = export.map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&export.stdout).contains("clock.jumped"))
}

/// Waits until the phones hear nothing more for a moment; says how many requests they had heard.
fn wait_for_quiet(stand: &Stand) -> usize {
    let started = Instant::now();
    let mut seen = stand.phones.requests();
    loop {
        std::thread::sleep(Duration::from_millis(4 * ANSWER_MS));
        let now = stand.phones.requests();
        if now == seen || started.elapsed() > SEEN_WITHIN {
            return now;
        }
        seen = now;
    }
}

/// Releases the stop.
fn release(api: &Api) -> Result<(), String> {
    let started = Instant::now();
    loop {
        match api.post(
            "/stop-all/release",
            &json!({ "reason": "the clock is right again" }),
        ) {
            Ok(_) => return Ok(()),
            Err(why) if started.elapsed() > SEEN_WITHIN => return Err(why),
            Err(_) => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}
