//! The tools that the tests need and that come from crates.io or rustup.
//!
//! Whatever is on the machine already is used as it is; what is missing is named, then installed
//! in exactly the version below. Debian's packages are the business of `xtask/packages.sh`.

use std::process::Command;

use crate::process::{find, run, succeeds};
use crate::workspace::WASM;

const NEXTEST: (&str, &str) = ("cargo-nextest", "0.9.143");
const DENY: (&str, &str) = ("cargo-deny", "0.20.2");

/// Installs what is missing. Without nextest the tests still run, by cargo itself; nothing
/// stands in for cargo-deny.
pub(crate) fn install() -> Result<(), String> {
    wasm_target()?;
    if let Err(why) = crate_tool(NEXTEST) {
        println!("no cargo-nextest, so `cargo test` runs the tests: {why}");
    }
    crate_tool(DENY)
}

/// Says whether cargo-nextest can be used.
pub(crate) fn has_nextest() -> bool {
    is_there(NEXTEST.0)
}

fn is_there(name: &str) -> bool {
    find(name).is_some() || succeeds(Command::new(name).arg("--version"))
}

/// Adds the compiler's half for the browser. `rust-toolchain.toml` asks for it, but not every
/// rustup does that by itself.
pub(crate) fn wasm_target() -> Result<(), String> {
    let sysroot = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", WASM])
        .output()
        .map_err(|error| format!("rustc did not start: {error}"))?;
    let libraries = String::from_utf8_lossy(&sysroot.stdout).trim().to_owned();
    if std::path::Path::new(&libraries).is_dir() {
        return Ok(());
    }
    println!("installing: the Rust target {WASM} (rustup)");
    run(Command::new("rustup").args(["target", "add", WASM]))
}

/// Installs a cargo subcommand into cargo's own bin folder. Unoptimised: it is built once and
/// runs for seconds, and its optimised build would take several times as long.
fn crate_tool((name, version): (&str, &str)) -> Result<(), String> {
    if is_there(name) {
        return Ok(());
    }
    println!("installing: {name} {version} (cargo install --locked, a few minutes, once)");
    run(Command::new("cargo")
        .args(["install", "--locked", "--quiet", name, "--version", version])
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env_remove("CARGO_TARGET_DIR"))
}
