//! Builds the browser half: wasm by cargo, its JavaScript by wasm-bindgen, both into
//! `static/pkg`, where the server embeds them.
//!
//! Invariant: the pages work without these files. A server built without them shows the same
//! pages; they do not move by themselves, that is all.

use std::path::Path;

use wasm_bindgen_cli_support::Bindgen;

use crate::process::{cargo, run};
use crate::workspace::{BROWSER_PACKAGE, WASM, root, target_dir};

/// Builds `static/pkg/carillon.js` and `carillon_bg.wasm`; small rather than soon for a release.
pub(crate) fn build(release: bool) -> Result<(), String> {
    let profile = if release { "wasm-release" } else { "dev" };
    let mut compile = cargo();
    compile.args(["build", "--locked", "-p", BROWSER_PACKAGE, "--target", WASM]);
    compile.args(["--profile", profile]);
    if release {
        // Erased views (.cargo/config.toml) compile faster, and cost a third of the size.
        compile.env("RUSTFLAGS", "");
    }
    run(&mut compile)?;
    let folder = if release { "wasm-release" } else { "debug" };
    bind(
        &target_dir()?
            .join(WASM)
            .join(folder)
            .join("carillon_frontend.wasm"),
    )
}

fn bind(wasm: &Path) -> Result<(), String> {
    let made = target_dir()?.join("site/pkg");
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(wasm)
        .out_name("carillon")
        .web(true)
        .and_then(|bindgen| {
            bindgen
                .typescript(false)
                .remove_name_section(true)
                .remove_producers_section(true);
            bindgen.generate(&made)
        })
        .map_err(|error| format!("wasm-bindgen: {error:#}"))?;
    for name in ["carillon.js", "carillon_bg.wasm"] {
        publish(&made.join(name), &root().join("static/pkg").join(name))?;
    }
    Ok(())
}

/// Copies a file unless it is there already, so that an unchanged browser half does not make
/// cargo build the server again.
fn publish(from: &Path, to: &Path) -> Result<(), String> {
    let fresh = std::fs::read(from).map_err(|error| format!("{}: {error}", from.display()))?;
    let size = fresh.len();
    if std::fs::read(to).is_ok_and(|there| there == fresh) {
        println!("{}: unchanged, {size} bytes", to.display());
        return Ok(());
    }
    let folder = to.parent().unwrap_or(to);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(to, fresh))
        .map_err(|error| format!("{}: {error}", to.display()))?;
    println!("{}: {size} bytes", to.display());
    Ok(())
}
