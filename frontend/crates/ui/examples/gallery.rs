//! Writes every page with sample data into a folder, to look at:
//! `cargo run -p carillon-ui --features ssr --example gallery -- /tmp/gallery`.
//!
//! Serve the folder (icons come from a sprite, which browsers do not load from files), open
//! `index.html`, and look at light and dark, wide and narrow.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use carillon_domain::role::Role;

#[path = "../tests/samples/mod.rs"]
mod samples;

fn main() -> io::Result<()> {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .unwrap_or_else(|| "/tmp/gallery".to_owned()),
    );
    let files = folder.join("static");
    fs::create_dir_all(&files)?;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../static"))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            continue;
        }
        fs::copy(entry.path(), files.join(entry.file_name()))?;
    }
    let mut index = String::from("<!DOCTYPE html><title>Gallery</title><ul>");
    for (name, html) in samples::Samples::new(str::to_owned, Role::Admin).pages() {
        fs::write(folder.join(format!("{name}.html")), html)?;
        index.extend(["<li><a href=\"", name, ".html\">", name, "</a>"]);
    }
    fs::write(folder.join("index.html"), index)
}
