//! The sizes of what a browser loads beside the page itself. A list page works on an old laptop
//! behind a slow line, and stays so.

use std::path::Path;

use crate::workspace::root;

/// Kilobytes before compression, per kind of file under `static/`.
const BUDGET: &[(&str, u64)] = &[("css", 64), ("js", 50), ("svg", 64), ("woff2", 160)];

/// Adds up `static/` by kind and compares with the budget.
pub(crate) fn check() -> Result<(), String> {
    let folder = root().join("static");
    let mut over = Vec::new();
    for (kind, kilobytes) in BUDGET {
        let bytes = sum(&folder, kind);
        println!("static/*.{kind}: {bytes} of {} bytes", kilobytes * 1000);
        if bytes > kilobytes * 1000 {
            over.push(format!(
                "static/*.{kind} has {bytes} bytes, {kilobytes} kB are allowed"
            ));
        }
    }
    if over.is_empty() {
        Ok(())
    } else {
        Err(over.join("; "))
    }
}

fn sum(folder: &Path, kind: &str) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => sum(&entry.path(), kind),
            Ok(data) if entry.path().extension().is_some_and(|end| end == kind) => data.len(),
            _ => 0,
        })
        .sum()
}
