//! The order of the test run: what is quick and decides much comes first.
//!
//! Invariant: `lint` and `test` share their steps; nothing is checked by one only because the
//! other forgot it.

use std::ffi::OsString;
use std::process::Command;
use std::time::Instant;

use crate::postgres::Cluster;
use crate::process::{cargo, run, run_and_read_stderr, run_and_read_stdout, step};
use crate::tally::Tally;
use crate::workspace::{BROWSER_PACKAGE, WASM, package_flags};
use crate::{browser, budget, faults, rules, tools};

/// Every link must lead somewhere. Links to private items do here, since those are documented too.
const RUSTDOC_FLAGS: &str = "--deny warnings --allow rustdoc::private_intra_doc_links";

/// Format, lints, licences, house rules, every test on both databases, faults, documentation,
/// browser, sizes.
pub(crate) fn test() -> Result<(), String> {
    let started = Instant::now();
    lint()?;
    step("browser half", || frontend(true))?;
    step("build", build)?;
    let native = step("tests on SQLite and Postgres", native_tests)?;
    let faults = step("faults, short form", || {
        faults::run(&faults::Options::short()?)
    })?;
    step("documentation", documentation)?;
    let pages = step("browser tests", browser::run_journeys)?;
    step("size budget", budget::check)?;
    let all = native.plus(faults).plus(pages);
    println!("\nEverything in {:.0} s.", started.elapsed().as_secs_f64());
    println!("{} passed, {} failed", all.passed, all.failed);
    Ok(())
}

/// What can be said without running the program.
pub(crate) fn lint() -> Result<(), String> {
    step("tools", tools::install)?;
    step("format", || run(cargo().args(["fmt", "--all", "--check"])))?;
    step("house rules", rules::check)?;
    step("clippy", clippy)?;
    step("clippy for the browser", clippy_for_browser)?;
    step("licences, bans, sources", deny)
}

/// The browser half, built by this program with its heavier libraries.
pub(crate) fn frontend(release: bool) -> Result<(), String> {
    tools::wasm_target()?;
    let mut again = cargo();
    again.args([
        "run",
        "--quiet",
        "--locked",
        "-p",
        "xtask",
        "--features",
        "wasm",
        "--",
        "frontend",
    ]);
    run(again.args(release.then_some("--release")))
}

/// Any command beside a throw-away Postgres, for the days when one test needs it.
pub(crate) fn with_postgres(mut words: impl Iterator<Item = OsString>) -> Result<(), String> {
    let program = words.next().ok_or("which command?")?;
    let cluster = Cluster::start()?;
    println!("CARILLON_TEST_POSTGRES_URL={}", cluster.url());
    run(Command::new(program)
        .args(words)
        .env("CARILLON_TEST_POSTGRES_URL", cluster.url()))
}

/// The browser tests alone, on a fresh build.
pub(crate) fn browser() -> Result<(), String> {
    step("browser half", || frontend(true))?;
    step("build", build)?;
    step("browser tests", browser::run_journeys).map(drop)
}

/// The pictures of every page for people who review, on a fresh build.
pub(crate) fn pictures() -> Result<(), String> {
    step("browser half", || frontend(true))?;
    step("build", build)?;
    step("pictures", browser::draw_pictures)
}

fn clippy() -> Result<(), String> {
    run(cargo()
        .args(["clippy", "--locked", "--all-targets"])
        .args(package_flags())
        .args(["--", "--deny", "warnings"]))?;
    run(cargo()
        .args(["clippy", "--locked", "-p", "xtask", "--features", "wasm"])
        .args(["--", "--deny", "warnings"]))
}

fn clippy_for_browser() -> Result<(), String> {
    run(cargo()
        .args([
            "clippy",
            "--locked",
            "-p",
            BROWSER_PACKAGE,
            "--target",
            WASM,
        ])
        .args(["--", "--deny", "warnings"]))
}

fn deny() -> Result<(), String> {
    run(cargo()
        .args(["deny", "--offline", "--log-level", "error"])
        .args(["check", "bans", "licenses", "sources"]))
}

/// Binaries and test binaries in one go, with the features that the tests need, so that the
/// program of the browser tests is the one of the native tests.
fn build() -> Result<(), String> {
    run(cargo()
        .args(["build", "--locked", "--bins", "--tests"])
        .args(package_flags()))
}

/// Every test; then once more on Postgres those that use one database and do not choose it
/// themselves.
fn native_tests() -> Result<Tally, String> {
    let cluster = Cluster::start()?;
    let all = run_tests(&cluster, &["--bins", "--lib", "--tests"], &[])?;
    let again = [("CARILLON_TEST_ON_POSTGRES", "1")];
    let on_postgres = run_tests(
        &cluster,
        &["--test", "accounts", "--test", "inventory"],
        &again,
    )?;
    Ok(all.plus(on_postgres))
}

fn run_tests(
    cluster: &Cluster,
    which: &[&str],
    environment: &[(&str, &str)],
) -> Result<Tally, String> {
    let nextest = tools::has_nextest();
    let runner: &[&str] = if nextest {
        &["nextest", "run"]
    } else {
        &["test"]
    };
    let mut command = cargo();
    command
        .args(runner)
        .arg("--locked")
        .args(which)
        .args(package_flags())
        .env("CARILLON_TEST_POSTGRES_URL", cluster.url())
        .env("CARILLON_TEST_SIP", "1")
        .envs(environment.iter().copied());
    if nextest {
        Ok(Tally::of_nextest(&run_and_read_stderr(&mut command)?))
    } else {
        Ok(Tally::of_cargo_test(&run_and_read_stdout(&mut command)?))
    }
}

fn documentation() -> Result<(), String> {
    run(cargo()
        .args(["doc", "--locked", "--no-deps", "--document-private-items"])
        .args(package_flags())
        .env("RUSTDOCFLAGS", RUSTDOC_FLAGS))?;
    // What must not compile: a caller that nobody let in.
    run(cargo().args(["test", "--locked", "--doc", "-p", "carillon-engine"]))
}
