//! The disk of a SQLite database: full, read-only, limited. While nothing can be written no
//! command leaves, the product says why, and it goes on by itself once there is room.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::Outcome;
use super::chance::Chance;
use super::full;
use super::http::Api;
use super::limits;
use super::options::{Database, Options};
use super::phones::honest;
use super::stand::{Job, Stand, becomes_ready, count, is_over, request, wait_for};
use crate::process::{is_root, run as execute, succeeds};

const PHONES: u64 = 600;
const ANSWER_MS: u64 = 30;
const WINDOW: u64 = 16;
/// How long a disk stays full.
const FULL: Duration = Duration::from_secs(3);
const SAID_WITHIN: Duration = Duration::from_secs(15);
/// Requests that were being sent, and whose questions without a password came before.
const IN_FLIGHT: usize = 2 * WINDOW as usize;

pub(super) fn run(options: &Options) -> Result<Outcome, String> {
    if !options.databases.contains(&Database::Sqlite) {
        return Ok(Outcome::Skipped("only Postgres was asked for".to_owned()));
    }
    let mut lines = vec![
        limits::file_size(options).map_err(|why| format!("RLIMIT_FSIZE: {why}"))?,
        limits::descriptors(options).map_err(|why| format!("RLIMIT_NOFILE: {why}"))?,
        limits::room(options).map_err(|why| format!("min-free: {why}"))?,
    ];
    if !is_root() {
        println!("   skipped: a full and a read-only disk need root, to mount one");
        return Ok(Outcome::Passed(lines));
    }
    lines.extend(full::is_told(options).map_err(|why| format!("no free block: {why}"))?);
    let mut chance = Chance::new(options.seed);
    for _ in 0..options.turns {
        let Some(line) = on_a_small_disk(options, &mut chance)? else {
            return Ok(Outcome::Passed(lines));
        };
        lines.push(line);
    }
    Ok(Outcome::Passed(lines))
}

/// A small file system in memory. Unmounted when dropped.
pub(super) struct Disk(PathBuf);

impl Disk {
    pub(super) fn mount(at: &Path, size: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args([
            "-t",
            "tmpfs",
            "-o",
            &format!("size={size},mode=0700"),
            "carillon-faults",
        ]);
        succeeds(mount.arg(at)).then(|| Self(at.to_owned()))
    }

    fn again(&self, option: &str) -> Result<(), String> {
        let options = format!("remount,{option}");
        execute(Command::new("mount").args(["-o", &options]).arg(&self.0))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a product that was killed may still be on its way out.
        let _gone = succeeds(Command::new("umount").arg("-l").arg(&self.0));
    }
}

/// Fills a disk at a random moment of a job, makes room again, and at the end makes it read-only:
/// a file system with open files cannot be made so.
fn on_a_small_disk(options: &Options, chance: &mut Chance) -> Result<Option<String>, String> {
    let place = std::env::temp_dir().join(format!("carillon-disk-{}", std::process::id()));
    std::fs::create_dir_all(&place).map_err(|error| error.to_string())?;
    let Some(disk) = Disk::mount(&place, "24m") else {
        println!("   skipped: no tmpfs can be mounted here");
        return Ok(None);
    };
    let mut stand = Stand::set_up(options, honest(PHONES, ANSWER_MS, 0), None)?;
    move_data(&mut stand, &place)?;
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let job = stand.begin(&api, "DNDOn", WINDOW)?;
    std::thread::sleep(chance.millis(100, 1200));
    let ballast = place.join("ballast");
    fill(&ballast);
    let refused = stays_honest(&stand, &api, &job)?;
    std::fs::remove_file(&ballast).map_err(|error| error.to_string())?;
    let took = recovers(&stand, &api, &job)?;
    product.stop()?;
    disk.again("ro")?;
    if stand.setting.start().is_ok() {
        return Err("it started on a read-only disk".to_owned());
    }
    disk.again("rw")?;
    stand.setting.start()?.stop()?;
    stand.log_is_intact()?;
    stand.clear();
    drop(disk);
    Ok(Some(format!(
        "disk full in mid-job: nothing sent without an intent, not ready, a new job answered \
         {refused}; sending again after {:.1} s without a restart, 0 unknown; no start on a \
         read-only one",
        took.as_secs_f64()
    )))
}

/// Moves the data directory onto the disk.
pub(super) fn move_data(stand: &mut Stand, place: &Path) -> Result<(), String> {
    let data = place.join("data");
    execute(
        Command::new("cp")
            .arg("-a")
            .arg(&stand.setting.data_dir)
            .arg(&data),
    )?;
    stand.setting.data_dir = data;
    stand.setting.flags = vec!["--min-free".to_owned(), "0".to_owned()];
    Ok(())
}

/// Writes until nothing more fits.
pub(super) fn fill(file: &Path) {
    let Ok(mut file) = File::create(file) else {
        return;
    };
    for size in [1 << 20, 1 << 12, 1 << 9, 1] {
        let chunk = vec![0; size];
        while file.write_all(&chunk).is_ok() {}
    }
}

/// While nothing can be written: what was being sent ends, nothing else begins, and the product
/// says so. Answers the status of a new job.
fn stays_honest(stand: &Stand, api: &Api, job: &Job) -> Result<u16, String> {
    let over = |api: &Api| {
        let state = api.get(&format!("/jobs/{}", job.id));
        state.is_ok_and(|state| is_over(&state))
    };
    if over(api) {
        return Err("the job was too quick to interfere".to_owned());
    }
    let started = Instant::now();
    loop {
        let ready = api.send("GET", "/readyz", "", "")?;
        if ready.status == 503 && ready.body.contains("storage") {
            break;
        }
        if started.elapsed() > SAID_WITHIN {
            return Err(format!("/readyz said {} without room", ready.body));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    // What was in flight is through within a second.
    std::thread::sleep(Duration::from_secs(1));
    let seen = stand.phones.requests();
    std::thread::sleep(FULL);
    let later = stand.phones.requests();
    if later > seen + IN_FLIGHT {
        return Err(format!(
            "{} requests left without room for an intent",
            later - seen
        ));
    }
    let state = api.get(&format!("/jobs/{}", job.id))?;
    if count(&state, "waiting") == 0 {
        return Err(format!("nothing waits: {state}"));
    }
    let refused = api.try_post("/jobs", &request("DNDOff", WINDOW))?;
    if refused.status != 503 {
        return Err(format!(
            "a new job was answered {}: {}",
            refused.status, refused.body
        ));
    }
    Ok(refused.status)
}

/// Sends again by itself, ends the job, and tells the truth about it.
fn recovers(stand: &Stand, api: &Api, job: &Job) -> Result<Duration, String> {
    let (back, seen) = (Instant::now(), stand.phones.requests());
    while stand.phones.requests() <= seen + IN_FLIGHT {
        if back.elapsed() > Duration::from_secs(10) {
            return Err("nothing was sent within 10 s".to_owned());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let took = back.elapsed();
    let state = wait_for(api, job, "the job's end", is_over)?;
    let verdict = stand.judge_clean(api, job)?;
    if count(&state, "unknown") > 0 {
        return Err(format!("the process lived, and yet: {verdict}"));
    }
    becomes_ready(api)?;
    Ok(took)
}
