//! Where the repository is, which packages it has, and what cargo knows of them.
//!
//! Invariant: every cargo command names its packages from the one list here. A different list
//! means different features, and cargo builds everything twice.

use std::path::PathBuf;

use serde_json::Value;

use crate::process::cargo;

/// The packages that are built, linted and tested for this machine.
pub(crate) const PACKAGES: &[&str] = &[
    "carillon",
    "carillon-domain",
    "carillon-store",
    "carillon-devices",
    "carillon-engine",
    "carillon-simulator",
    "carillon-bench",
    "carillon-language",
    "carillon-contract",
    "carillon-ui",
    "xtask",
];

/// The package that is only ever compiled for the browser.
pub(crate) const BROWSER_PACKAGE: &str = "carillon-frontend";

/// The target of the browser half.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// `-p carillon -p carillon-domain …`.
pub(crate) fn package_flags() -> impl Iterator<Item = &'static str> {
    PACKAGES.iter().flat_map(|name| ["-p", name])
}

/// Returns the root of the repository.
pub(crate) fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    own.and_then(|dir| dir.parent().map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("."))
}

/// Reads `cargo metadata`: packages, their dependencies, and the resolved graph.
pub(crate) fn metadata() -> Result<Value, String> {
    let output = cargo()
        .args(["metadata", "--format-version", "1"])
        .output()
        .map_err(|error| format!("cargo metadata did not start: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))
}

/// Returns the folder that cargo builds into.
pub(crate) fn target_dir() -> Result<PathBuf, String> {
    let metadata = metadata()?;
    let dir = metadata["target_directory"]
        .as_str()
        .ok_or("cargo names no target directory")?;
    Ok(PathBuf::from(dir))
}
