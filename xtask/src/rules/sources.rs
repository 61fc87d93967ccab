//! Words that must not stand in our sources, each with its reason.

use std::path::{Path, PathBuf};

/// A word, the folder it is forbidden in, the one form that is not meant, and why.
struct Forbidden {
    word: &'static str,
    below: &'static str,
    but: Option<&'static str>,
    why: &'static str,
}

// The words are put together here so that this file does not accuse itself.
const FORBIDDEN: &[Forbidden] = &[
    Forbidden {
        word: concat!("TO", "DO"),
        below: "",
        but: None,
        why: "unfinished work belongs in an issue, not in the code",
    },
    Forbidden {
        word: concat!("FIX", "ME"),
        below: "",
        but: None,
        why: "unfinished work belongs in an issue, not in the code",
    },
    Forbidden {
        word: concat!("#[ig", "nore"),
        below: "",
        but: None,
        why: "a test that does not run proves nothing",
    },
    Forbidden {
        word: concat!("inner", "_html"),
        below: "frontend",
        // Of text areas, whose content Leptos leaves as it is.
        but: Some("=escape_text("),
        why: "what phones and files say must not reach a page unescaped",
    },
    Forbidden {
        word: concat!(" sty", "le="),
        below: "frontend",
        but: None,
        why: "the content security policy blocks inline styles: use a class",
    },
    Forbidden {
        word: concat!(" sty", "le:"),
        below: "frontend",
        but: None,
        why: "the content security policy blocks inline styles: use a class",
    },
];

const FOLDERS: &[&str] = &[
    "server",
    "frontend",
    "xtask",
    "static",
    "migrations",
    "tests",
];
const NOT_OURS: &[&str] = &["node_modules", "static/pkg"];
const KINDS: &[&str] = &["rs", "js", "mjs", "css", "sql", "toml", "sh"];

/// Returns every line with a forbidden word.
pub(super) fn violations(root: &Path) -> Vec<String> {
    let files = FOLDERS
        .iter()
        .flat_map(|folder| files_below(&root.join(folder)));
    files
        .flat_map(|file| {
            let shown = file
                .strip_prefix(root)
                .unwrap_or(&file)
                .display()
                .to_string();
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            accuse(&shown, &text)
        })
        .collect()
}

fn accuse(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let broken = FORBIDDEN
            .iter()
            .filter(|rule| file.starts_with(rule.below) && line.contains(rule.word))
            .filter(|rule| !rule.but.is_some_and(|form| line.contains(form)));
        found.extend(broken.map(|rule| {
            format!(
                "{file}:{}: `{}`: {}",
                number + 1,
                rule.word.trim(),
                rule.why
            )
        }));
    }
    found
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            let is_ours = !NOT_OURS.iter().any(|name| path.ends_with(name));
            files.extend(is_ours.then(|| files_below(&path)).into_iter().flatten());
        } else if path
            .extension()
            .is_some_and(|end| KINDS.iter().any(|kind| end == *kind))
        {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::accuse;

    #[test]
    fn a_forbidden_word_is_named_with_its_line() {
        let text = format!("fn a() {{}}\n// {}: later\n", concat!("TO", "DO"));
        assert_eq!(accuse("server/src/a.rs", &text).len(), 1);
        assert!(accuse("server/src/a.rs", &text)[0].starts_with("server/src/a.rs:2:"));
    }

    #[test]
    fn a_rule_of_the_pages_binds_the_pages_only() {
        let text = format!("view! {{ <p{}\"x\"/> }}", concat!(" sty", "le="));
        assert_eq!(accuse("frontend/crates/ui/src/a.rs", &text).len(), 1);
        assert!(accuse("server/src/a.rs", &text).is_empty());
    }
}
