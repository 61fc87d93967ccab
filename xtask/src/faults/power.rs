//! Power cuts: the file system under a SQLite database stops taking anything, from one moment to
//! the next, and what had not reached its disk is gone. After each the disk is mounted again, as
//! after a start of the machine; the phones' ledger lies elsewhere and knows better.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::Outcome;
use super::chance::Chance;
use super::options::{Database, Options};
use super::phones::honest;
use super::stand::{Job, Stand, caused, is_over, wait_for};
use crate::process::{find, is_root, run as execute, succeeds};

const PHONES: u64 = 2_000;
const WINDOW: u64 = 32;
const ANSWER_MS: u64 = 5;
/// When the power goes, in milliseconds after the job goes on.
const MOMENTS: (u64, u64) = (50, 1_200);
const ROOM: u64 = 96 << 20;

pub(super) fn run(options: &Options) -> Result<Outcome, String> {
    if !options.databases.contains(&Database::Sqlite) {
        return Ok(Outcome::Skipped("only Postgres was asked for".to_owned()));
    }
    if !is_root() {
        return Ok(Outcome::Skipped("needs root, to mount a disk".to_owned()));
    }
    if find("xfs_io").is_none() || find("mkfs.ext4").is_none() {
        let what = "xfs_io or mkfs.ext4 is not there (Debian: xfsprogs, e2fsprogs)";
        return Ok(Outcome::Skipped(what.to_owned()));
    }
    let mut stand = Stand::set_up(options, honest(PHONES, ANSWER_MS, 0), None)?;
    let Some(disk) = Disk::make(&stand.dir)? else {
        stand.clear();
        let why = "no loop device can be mounted here";
        return Ok(Outcome::Skipped(why.to_owned()));
    };
    move_data(&mut stand, &disk)?;
    let line = cuts(options, &stand, &disk)?;
    drop(disk);
    stand.clear();
    Ok(Outcome::Passed(vec![line]))
}

/// An ext4 file system in a file. Unmounted when dropped.
struct Disk {
    image: PathBuf,
    place: PathBuf,
}

impl Disk {
    fn make(dir: &Path) -> Result<Option<Self>, String> {
        let (image, place) = (dir.join("disk.img"), dir.join("disk"));
        let failed = |error: std::io::Error| error.to_string();
        std::fs::create_dir_all(&place).map_err(failed)?;
        let file = File::create(&image).map_err(failed)?;
        file.set_len(ROOM).map_err(failed)?;
        execute(Command::new("mkfs.ext4").arg("-q").arg(&image))?;
        let disk = Self { image, place };
        Ok(disk.mount().then_some(disk))
    }

    fn mount(&self) -> bool {
        let mut mount = Command::new("mount");
        succeeds(mount.args(["-o", "loop"]).arg(&self.image).arg(&self.place))
    }

    /// From here on nothing reaches the disk, its own journal included.
    fn cut(&self) -> Result<(), String> {
        execute(
            Command::new("xfs_io")
                .args(["-x", "-c", "shutdown"])
                .arg(&self.place),
        )
    }

    /// The power is back: the file system recovers from what is on the disk.
    fn again(&self) -> Result<(), String> {
        execute(Command::new("umount").arg(&self.place))?;
        if self.mount() {
            Ok(())
        } else {
            Err("the disk cannot be mounted again".to_owned())
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a product that was killed may still be on its way out.
        let _gone = succeeds(Command::new("umount").arg("-l").arg(&self.place));
    }
}

/// Moves the data directory onto the disk, down to its plates.
fn move_data(stand: &mut Stand, disk: &Disk) -> Result<(), String> {
    let data = disk.place.join("data");
    execute(
        Command::new("cp")
            .arg("-a")
            .arg(&stand.setting.data_dir)
            .arg(&data),
    )?;
    execute(Command::new("sync").arg("-f").arg(&data))?;
    stand.setting.data_dir = data;
    stand.setting.flags = vec!["--min-free".to_owned(), "0".to_owned()];
    Ok(())
}

/// Cuts the power again and again, over as many jobs as it takes.
fn cuts(options: &Options, stand: &Stand, disk: &Disk) -> Result<String, String> {
    let mut chance = Chance::new(options.seed);
    let (mut cut, mut jobs, mut interrupted, mut most) = (0, 0, 0, 0);
    let mut unfinished: Option<(Job, u64)> = None;
    let wanted = options.turns * 4;
    while cut < wanted || unfinished.is_some() {
        let product = stand.setting.start()?;
        let api = stand.api(&product);
        let (job, before) = if let Some(left) = unfinished.take() {
            left
        } else {
            let action = if jobs % 2 == 0 { "DNDOn" } else { "DNDOff" };
            jobs += 1;
            (stand.begin(&api, action, WINDOW)?, 0)
        };
        let state = api.get(&format!("/jobs/{}", job.id))?;
        let now = caused(&state, "interrupted");
        let new = now.saturating_sub(before);
        if new > WINDOW || now < before {
            return Err(format!(
                "{new} interrupted by one cut, window {WINDOW}: {state}"
            ));
        }
        (interrupted, most) = (interrupted + new, most.max(new));
        if state["state"] == "interrupted" {
            api.post(&format!("/jobs/{}/resume", job.id), &json!({}))?;
        }
        std::thread::sleep(chance.millis(MOMENTS.0, MOMENTS.1));
        let over = is_over(&api.get(&format!("/jobs/{}", job.id))?);
        if cut < wanted && !over {
            disk.cut()?;
            product.kill()?;
            disk.again()?;
            stand.log_is_intact()?;
            cut += 1;
            unfinished = Some((job, now));
            continue;
        }
        wait_for(&api, &job, "the job's end", is_over)?;
        std::thread::sleep(Duration::from_millis(200));
        let verdict = stand.judge_clean(&api, &job)?;
        println!("   after {cut} cuts: {verdict}");
        product.stop()?;
    }
    Ok(format!(
        "{cut} power cuts in {jobs} jobs of {PHONES} phones, window {WINDOW}: every database opened, \
         every audit log intact, 0 lost, 0 executed twice, 0 false statements; {interrupted} \
         interrupted, at most {most} by one cut"
    ))
}
