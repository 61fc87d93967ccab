//! A SQLite database that is damaged when the program starts: a clear refusal, nothing sent, and
//! nothing overwritten, so that somebody can still save what is in it.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use super::Outcome;
use super::chance::Chance;
use super::options::{Database, Options};
use super::phones::honest;
use super::product::last_words;
use super::stand::{Stand, count, wait_for};

const PHONES: u64 = 200;
const ANSWER_MS: u64 = 40;
const WINDOW: u64 = 8;
const PAGE: usize = 4096;
const DATABASE: &str = "carillon.db";
const LOG: &str = "carillon.db-wal";

/// What is done to the bytes of the file.
type Damage = fn(&mut Vec<u8>, &mut Chance);

const DAMAGES: &[(&str, Damage)] = &[
    ("cut in half", |bytes, _| bytes.truncate(bytes.len() / 2)),
    ("cut in the middle of a page", |bytes, chance| {
        let pages = (bytes.len() / PAGE) as u64;
        bytes.truncate(chance.between(2, pages) as usize * PAGE + 100);
    }),
    ("without its first page", |bytes, _| bytes[..PAGE].fill(0)),
    ("with a page of something else", |bytes, chance| {
        let pages = (bytes.len() / PAGE) as u64;
        let at = chance.between(1, pages) as usize * PAGE;
        for byte in &mut bytes[at..at + PAGE] {
            *byte = chance.between(0, 256) as u8;
        }
    }),
    ("with the heads of three pages turned", |bytes, chance| {
        let pages = (bytes.len() / PAGE) as u64;
        for _ in 0..3 {
            let at = chance.between(1, pages) as usize * PAGE;
            bytes[at..at + 8].iter_mut().for_each(|byte| *byte ^= 0xff);
        }
    }),
    ("of another kind", |bytes, _| {
        *bytes = b"this is no database\n".repeat(5_000);
    }),
    ("empty but there", |bytes, _| bytes.clear()),
];

pub(super) fn run(options: &Options) -> Result<Outcome, String> {
    if !options.databases.contains(&Database::Sqlite) {
        return Ok(Outcome::Skipped("only Postgres was asked for".to_owned()));
    }
    let mut stand = Stand::set_up(options, honest(PHONES, ANSWER_MS, 0), None)?;
    let mut chance = Chance::new(options.seed);
    let left = leave_in_mid_job(&stand)?;
    let mut lines = Vec::new();
    for (name, damage) in DAMAGES {
        for _ in 0..options.turns {
            let said = refused(&mut stand, &left.folded, |bytes| damage(bytes, &mut chance));
            let said = said.map_err(|why| format!("a file {name}: {why}"))?;
            lines.push(format!("a file {name}: {said}"));
        }
        lines.dedup();
    }
    for _ in 0..options.turns {
        lines.push(log_cut(&mut stand, &left.killed, &mut chance)?);
    }
    stand.clear();
    Ok(Outcome::Passed(lines))
}

/// The data of a job that was left in the middle: by a stop, with everything in one file, and by
/// a kill, with a log.
struct Left {
    folded: Vec<(String, Vec<u8>)>,
    killed: Vec<(String, Vec<u8>)>,
}

fn leave_in_mid_job(stand: &Stand) -> Result<Left, String> {
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let job = stand.begin(&api, "DNDOn", WINDOW)?;
    wait_for(&api, &job, "the first answers", |job| {
        count(job, "acknowledged") > 20
    })?;
    product.signal(Signal::KILL)?;
    drop(product);
    let killed = files(&stand.setting.data_dir)?;
    if !killed
        .iter()
        .any(|(name, bytes)| name == LOG && !bytes.is_empty())
    {
        return Err("a kill left no log".to_owned());
    }
    stand.setting.start()?.stop()?;
    let folded = files(&stand.setting.data_dir)?;
    Ok(Left { folded, killed })
}

/// The files of the database.
fn files(dir: &Path) -> Result<Vec<(String, Vec<u8>)>, String> {
    let names = [DATABASE, LOG].into_iter();
    let there = names.filter(|name| dir.join(name).is_file());
    there
        .map(|name| {
            let bytes = fs::read(dir.join(name)).map_err(|error| error.to_string())?;
            Ok((name.to_owned(), bytes))
        })
        .collect()
}

fn lay_out(dir: &Path, files: &[(String, Vec<u8>)]) -> Result<(), String> {
    for name in [DATABASE, LOG, "carillon.db-shm"] {
        drop(fs::remove_file(dir.join(name)));
    }
    for (name, bytes) in files {
        fs::write(dir.join(name), bytes).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Starts on a damaged file: it must say no, and touch neither the file nor a phone.
fn refused(
    stand: &mut Stand,
    sound: &[(String, Vec<u8>)],
    damage: impl FnOnce(&mut Vec<u8>),
) -> Result<String, String> {
    let mut files = sound.to_vec();
    let file = files.iter_mut().find(|(name, _)| name == DATABASE);
    let (_, bytes) = file.ok_or("no database")?;
    damage(bytes);
    let damaged = bytes.clone();
    lay_out(&stand.setting.data_dir, &files)?;
    drop(fs::remove_file(&stand.setting.log));
    let seen = stand.phones.requests();
    let ended = stand.setting.ends_by_itself()?;
    let said = last_words(&stand.setting.log);
    if !matches!(ended, Some(1 | 78)) {
        return Err(format!("it ended with {ended:?}: {said}"));
    }
    if !said.contains("carillon: ") || said.contains("panicked") {
        return Err(format!("it did not say why: {said}"));
    }
    if stand.phones.requests() > seen {
        return Err("a phone was sent to".to_owned());
    }
    let after = fs::read(stand.setting.data_dir.join(DATABASE));
    if after.map_err(|error| error.to_string())? != damaged {
        return Err(format!("the file was written to: {said}"));
    }
    let status = ended.unwrap_or_default();
    Ok(format!(
        "refused with {status}, nothing sent, nothing overwritten"
    ))
}

/// The log of a killed server, cut somewhere: SQLite takes what is whole of it. What was lost with
/// it no program can know; but the start must be clean, and the rest of the job must end.
fn log_cut(
    stand: &mut Stand,
    killed: &[(String, Vec<u8>)],
    chance: &mut Chance,
) -> Result<String, String> {
    let mut files = killed.to_vec();
    let log = files.iter_mut().find(|(name, _)| name == LOG);
    let (_, bytes) = log.ok_or("no log")?;
    let whole = bytes.len();
    bytes.truncate(chance.between(0, whole as u64) as usize);
    let left = bytes.len();
    lay_out(&stand.setting.data_dir, &files)?;
    let seen = stand.phones.requests();
    let said = match stand.setting.start() {
        Err(why) if stand.phones.requests() == seen => format!("refused: {why}"),
        Err(why) => return Err(format!("refused after it had sent: {why}")),
        Ok(product) => {
            let api = stand.api(&product);
            let jobs = api.get("/jobs?limit=1")?;
            let waits = jobs["items"][0]["state"] == "interrupted";
            if stand.phones.requests() > seen {
                return Err("it sent without being told to".to_owned());
            }
            product.stop()?;
            let jobs = if waits {
                "its job waits for somebody"
            } else {
                "its job is not in it"
            };
            format!("starts with what is whole of it, {jobs}, nothing sent by itself")
        }
    };
    Ok(format!("a log cut after {left} of {whole} bytes: {said}"))
}
