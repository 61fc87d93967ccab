//! Versions that must hold: a SQLite with the repaired write-ahead log, and one copy of each
//! library whose types cross our borders.

use std::collections::BTreeSet;

use serde_json::Value;

/// Libraries of which two copies would mean two incompatible sets of types, or two sets of bugs.
const ONE_COPY: &[&str] = &[
    "sqlx",
    "axum",
    "tower-http",
    "hyper",
    "reqwest",
    "rustls",
    "leptos",
    "libsqlite3-sys",
];

/// Below 0.37 SQLite is older than 3.51.3, which repaired a reset of the write-ahead log that
/// could lose committed rows. A library on an older sqlx pulls it down without a word.
const SQLITE_MINOR_AT_LEAST: u64 = 37;

/// Returns every version that is not as agreed.
pub(super) fn violations(metadata: &Value) -> Vec<String> {
    let mut found: Vec<String> = ONE_COPY
        .iter()
        .map(|name| (name, versions_of(metadata, name)))
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| format!("{name} is there {} times: {versions:?}", versions.len()))
        .collect();
    found.extend(
        versions_of(metadata, "libsqlite3-sys")
            .into_iter()
            .filter(|version| !is_repaired_sqlite(version))
            .map(|version| format!("libsqlite3-sys {version} is too old: at least 0.37 is needed")),
    );
    found
}

fn versions_of<'a>(metadata: &'a Value, name: &str) -> BTreeSet<&'a str> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .filter(|entry| entry["name"] == name)
        .filter_map(|e| e["version"].as_str())
        .collect()
}

fn is_repaired_sqlite(version: &str) -> bool {
    let mut numbers = version
        .split('.')
        .map(|part| part.parse::<u64>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    major > 0 || minor >= SQLITE_MINOR_AT_LEAST
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::violations;

    #[test]
    fn an_old_sqlite_and_a_second_copy_are_named() {
        let metadata = json!({"packages": [
            {"name": "libsqlite3-sys", "version": "0.30.1"},
            {"name": "axum", "version": "0.7.9"},
            {"name": "axum", "version": "0.8.9"},
            {"name": "serde", "version": "1.0.0"},
        ]});
        let found = violations(&metadata);
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("axum is there 2 times"));
        assert!(found[1].starts_with("libsqlite3-sys 0.30.1 is too old"));
    }
}
