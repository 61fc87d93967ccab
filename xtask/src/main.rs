//! The tool behind `make`: everything that a build or a test run needs and cargo does not do.
//!
//! It owns the order of the test run, the house rules and the throw-away Postgres. It never
//! changes a source file, and installs nothing that it does not name first.
#![expect(
    clippy::print_stdout,
    reason = "a command-line tool talks on standard output"
)]
#![expect(clippy::print_stderr, reason = "and complains on standard error")]

mod bench;
mod browser;
mod budget;
mod faults;
#[cfg(feature = "wasm")]
mod frontend;
mod postgres;
mod process;
mod rules;
mod suite;
mod tally;
mod tools;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  test      everything, in the order of the house; stops at the first failure
  lint      the part of it that only reads: format, clippy, licences, house rules
  check     the house rules alone (direction of dependencies, versions, twin migrations)
  frontend  builds the browser half into static/pkg; with --release small instead of soon
  browser   the browser tests alone
  faults    the fault suite: kills, full disks, lost databases, …; `make faults` builds first
  check-delivery  compares a product's export with the phones' ledger; says how when called bare
  pictures  docs/screens anew, from the pages of a fresh demo
  with-postgres COMMAND…   a command with CARILLON_TEST_POSTGRES_URL of a throw-away cluster
  bench     builds the release and measures dispatch in ratios to a bare loop
  bench-pages  fills databases and measures every page against its budget
  budget    the sizes of what a browser loads
  tools     installs what `test` needs from crates.io, if it is missing";

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let outcome = match command.as_str() {
        "test" => suite::test(),
        "lint" => suite::lint(),
        "check" => rules::check(),
        "frontend" => frontend(std::env::args().any(|word| word == "--release")),
        "browser" => suite::browser(),
        "pictures" => suite::pictures(),
        "with-postgres" => suite::with_postgres(std::env::args_os().skip(2)),
        "faults" => faults(std::env::args().skip(2)),
        "check-delivery" => faults::check_delivery(std::env::args().skip(2)),
        "bench" => bench::dispatch(std::env::args_os().skip(2)),
        "bench-pages" => bench::pages(std::env::args().skip(2)),
        "budget" => budget::check(),
        "tools" => tools::install(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("\nxtask: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Every campaign, or those that are named.
fn faults(words: impl Iterator<Item = String>) -> Result<(), String> {
    faults::run(&faults::Options::read(words)?).map(drop)
}

#[cfg(feature = "wasm")]
fn frontend(release: bool) -> Result<(), String> {
    frontend::build(release)
}

/// Starts this program again with the libraries that the browser half needs.
#[cfg(not(feature = "wasm"))]
fn frontend(release: bool) -> Result<(), String> {
    suite::frontend(release)
}
