//! Builds the browser half: wasm by cargo, its JavaScript by wasm-bindgen, both into
//! `static/pkg`, where the server embeds them, each also packed (`.br`) as browsers ask for it.
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
        release,
    )
}

fn bind(wasm: &Path, pack: bool) -> Result<(), String> {
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
        let place = root().join("static/pkg").join(name);
        publish(&read(&made.join(name))?, &place)?;
        let small = place.with_added_extension("br");
        if pack {
            publish(&packed(&read(&place)?)?, &small)?;
        } else {
            // One that was packed before is of another build.
            drop(std::fs::remove_file(&small));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// As small as Brotli can make it, which takes too long for a server that is asked.
fn packed(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let how = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut out, &how)
        .map_err(|error| format!("packing: {error}"))?;
    Ok(out)
}

/// Writes a file unless it is there already, so that an unchanged browser half does not make
/// cargo build the server again.
fn publish(fresh: &[u8], to: &Path) -> Result<(), String> {
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
