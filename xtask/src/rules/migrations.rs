//! The two databases grow together: the migration folders hold the same numbers and names,
//! without a gap.

use std::collections::BTreeSet;
use std::path::Path;

/// Returns every migration that lacks its twin or breaks the row of numbers.
pub(super) fn violations(root: &Path) -> Vec<String> {
    let sqlite = names(&root.join("migrations/sqlite"));
    let postgres = names(&root.join("migrations/postgres"));
    let mut found: Vec<String> = sqlite
        .symmetric_difference(&postgres)
        .map(|name| format!("migrations: {name} is there for one database only"))
        .collect();
    for (place, name) in sqlite.iter().enumerate() {
        let number = format!("{:04}_", place + 1);
        if !name.starts_with(&number) {
            found.push(format!("migrations: {name} should start with {number}"));
        }
    }
    found
}

fn names(folder: &Path) -> BTreeSet<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return BTreeSet::new();
    };
    entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| Path::new(name).extension().is_some_and(|end| end == "sql"))
        .collect()
}
