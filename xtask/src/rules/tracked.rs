//! Files that a running server leaves behind must not get into the repository: databases, and
//! above all keys.

use std::path::Path;
use std::process::Command;

const ENDINGS: &[&str] = &[".db", ".db-wal", ".db-shm", ".keys", ".key", "/setup-code"];

/// Returns every tracked file that a server wrote. Without git, as in an unpacked archive, there
/// is nothing that could be tracked.
pub(super) fn violations(root: &Path) -> Vec<String> {
    let listed = Command::new("git")
        .arg("ls-files")
        .current_dir(root)
        .output();
    let listed = listed.map(|output| output.stdout).unwrap_or_default();
    accuse(&String::from_utf8_lossy(&listed))
}

fn accuse(listed: &str) -> Vec<String> {
    let written = |file: &&str| ENDINGS.iter().any(|ending| file.ends_with(ending));
    let files = listed.lines().filter(written);
    files
        .map(|file| format!("{file}: written by a running server, and no part of the project"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::accuse;

    #[test]
    fn databases_and_keys_are_named() {
        let found = accuse("README.md\nserver/data/signing.key\nserver/src/keys.rs\na/carillon.db");
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("server/data/signing.key: "));
    }
}
