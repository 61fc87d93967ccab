//! The browser tests: Playwright drives Debian's Chromium against the program just built.

use std::process::Command;

use crate::process::{run, run_and_read_stdout};
use crate::tally::Tally;
use crate::workspace::{root, target_dir};

/// Installs the packages of `tests/browser` if they are not there in the locked versions, then
/// runs every journey.
pub(crate) fn run_journeys() -> Result<Tally, String> {
    let folder = root().join("tests/browser");
    if !packages_are_current(&folder) {
        println!("installing: the packages of tests/browser (npm ci)");
        run(npm(&folder).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    }
    let binary = target_dir()?.join("debug/carillon");
    let mut journeys = npm(&folder);
    journeys
        .args(["test", "--silent"])
        .env("CARILLON_BIN", binary);
    Ok(Tally::of_node(&run_and_read_stdout(&mut journeys)?))
}

fn npm(folder: &std::path::Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder);
    command
}

/// npm writes its own copy of the lock file last; an older one means an unfinished install.
fn packages_are_current(folder: &std::path::Path) -> bool {
    let changed = |file: &str| {
        folder
            .join(file)
            .metadata()
            .and_then(|data| data.modified())
            .ok()
    };
    match (
        changed("package-lock.json"),
        changed("node_modules/.package-lock.json"),
    ) {
        (Some(wanted), Some(installed)) => installed >= wanted,
        _ => false,
    }
}
