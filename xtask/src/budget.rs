//! The sizes of what a browser loads beside the page itself, as it is loaded. A list page works on an old laptop
//! behind a slow line, and stays so.

use std::path::Path;

use crate::workspace::root;

/// Kilobytes before compression, per kind of file under `static/`.
const BUDGET: &[(&str, u64)] = &[("css", 80), ("js", 50), ("svg", 64), ("woff2", 160)];

/// The same for `static/pkg`, which only pages with an island load, packed by Brotli as it is
/// served: the program and what it is loaded by.
const BUDGET_OF_ISLANDS: &[(&str, u64)] = &[("wasm.br", 90), ("js.br", 8)];

/// Adds up `static/` and `static/pkg/` by kind and compares with the budget.
pub(crate) fn check() -> Result<(), String> {
    if sum(&root().join("static/pkg"), "wasm.br") == 0 {
        return Err("the browser half is not there: cargo xtask frontend --release".to_owned());
    }
    let mut over = weigh("static", BUDGET);
    over.extend(weigh("static/pkg", BUDGET_OF_ISLANDS));
    if over.is_empty() {
        Ok(())
    } else {
        Err(over.join("; "))
    }
}

fn weigh(folder: &str, budget: &[(&str, u64)]) -> Vec<String> {
    let mut over = Vec::new();
    for (kind, kilobytes) in budget {
        let (bytes, allowed) = (sum(&root().join(folder), kind), kilobytes * 1000);
        println!("{folder}/*.{kind}: {bytes} of {allowed} bytes");
        if bytes > allowed {
            over.push(format!(
                "{folder}/*.{kind} has {bytes} bytes, {allowed} are allowed"
            ));
        }
    }
    over
}

fn sum(folder: &Path, kind: &str) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() && entry.file_name() != "pkg" => sum(&entry.path(), kind),
            Ok(data) if ends(&entry.path(), kind) => data.len(),
            _ => 0,
        })
        .sum()
}

/// Whether a file is of a kind; a packed one is not of the kind that it was packed from.
fn ends(path: &Path, kind: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(kind)
        .is_some_and(|rest| rest.ends_with('.'))
}
