//! The two databases grow together: the migration folders hold the same numbers and names, each
//! number once.

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
    let mut before = "0000";
    for name in &sqlite {
        let number = name.get(..4).unwrap_or_default();
        let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
        if !is_number || number <= before || name.as_bytes().get(4) != Some(&b'_') {
            found.push(format!(
                "migrations: {name} should start with a number of its own, four digits and _"
            ));
        }
        before = number;
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
