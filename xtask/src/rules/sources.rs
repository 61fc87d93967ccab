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

/// A word that stands in few files, and why. Tests may say it.
struct Reserved {
    word: &'static str,
    below: &'static str,
    files: &'static [&'static str],
    why: &'static str,
}

const ENGINE: &str = "server/crates/engine/src/";
const WHY_CALLER: &str = "who asks is known by signing in, by a token or by being on this machine";

const WHY_BEGIN: &str =
    "what people and tokens write begins with the caller, who is looked at once more";

/// What Carillon does of itself, what is known before somebody is, and what came of something that was done.
const BEGIN_ALONE: [&str; 41] = [
    "server/crates/engine/src/accounts/coming_in.rs",
    "server/crates/engine/src/accounts/external.rs",
    "server/crates/engine/src/accounts/passwords.rs",
    "server/crates/engine/src/accounts/proof.rs",
    "server/crates/engine/src/accounts/refusals.rs",
    "server/crates/engine/src/accounts/sessions.rs",
    "server/crates/engine/src/accounts/setup.rs",
    "server/crates/engine/src/accounts/sign_in.rs",
    "server/crates/engine/src/accounts/stored_password.rs",
    "server/crates/engine/src/accounts/tokens.rs",
    "server/crates/engine/src/audit/addresses.rs",
    "server/crates/engine/src/audit/adopt.rs",
    "server/crates/engine/src/audit/anchors.rs",
    "server/crates/engine/src/audit/export.rs",
    "server/crates/engine/src/audit/notary/mod.rs",
    "server/crates/engine/src/audit/notary/rows.rs",
    "server/crates/engine/src/audit/private.rs",
    "server/crates/engine/src/audit/tiles.rs",
    "server/crates/engine/src/dispatch/believed.rs",
    "server/crates/engine/src/dispatch/clock_watch.rs",
    "server/crates/engine/src/dispatch/due.rs",
    "server/crates/engine/src/dispatch/recover.rs",
    "server/crates/engine/src/dispatch/settle.rs",
    "server/crates/engine/src/dispatch/storage.rs",
    "server/crates/engine/src/drafts.rs",
    "server/crates/engine/src/inventory/import/draft.rs",
    "server/crates/engine/src/inventory/import/mod.rs",
    "server/crates/engine/src/inventory/import/undo.rs",
    "server/crates/engine/src/inventory/screen.rs",
    "server/crates/engine/src/jobs/approve.rs",
    "server/crates/engine/src/jobs/replay.rs",
    "server/crates/engine/src/rows/adopt.rs",
    "server/crates/engine/src/rows/mod.rs",
    "server/crates/engine/src/rows/params.rs",
    "server/crates/engine/src/rows/passes.rs",
    "server/crates/engine/src/rows/told.rs",
    "server/crates/engine/src/secrets/check.rs",
    "server/crates/engine/src/secrets/rotation.rs",
    "server/crates/engine/src/secrets/row_codes_anew.rs",
    "server/crates/engine/src/streams/courier.rs",
    "server/crates/engine/src/streams/desk.rs",
];

const RESERVED: &[Reserved] = &[
    Reserved {
        word: "Caller::system(",
        below: "",
        files: &[
            "server/crates/engine/src/accounts/provided.rs",
            "server/crates/engine/src/changes/ask.rs",
            "server/crates/engine/src/changes/decide.rs",
            "server/crates/engine/src/dispatch/due.rs",
            "server/crates/engine/src/jobs/approve.rs",
            "server/src/metrics.rs",
            "server/crates/bench/src/product.rs",
            "server/crates/engine/examples/sign_in_timing.rs",
        ],
        why: WHY_CALLER,
    },
    Reserved {
        word: "Caller::local(",
        below: "",
        files: &[
            "server/src/cli/audit.rs",
            "server/src/cli/demo/seed.rs",
            "server/src/local/client.rs",
            "server/src/local/server.rs",
        ],
        why: WHY_CALLER,
    },
    Reserved {
        word: "Caller::authenticated(",
        below: "",
        files: &[
            "server/crates/engine/src/accounts/sessions.rs",
            "server/crates/engine/src/accounts/tokens.rs",
        ],
        why: WHY_CALLER,
    },
    Reserved {
        word: "for_tests(",
        below: "",
        files: &[],
        why: WHY_CALLER,
    },
    Reserved {
        word: "store.begin_keeping(",
        below: ENGINE,
        files: &[
            "server/crates/engine/src/accounts/external.rs",
            "server/crates/engine/src/accounts/reset.rs",
            "server/crates/engine/src/accounts/standing.rs",
            "server/crates/engine/src/changes/decide.rs",
        ],
        why: WHY_BEGIN,
    },
    Reserved {
        word: ".begin()",
        below: ENGINE,
        files: &BEGIN_ALONE,
        why: WHY_BEGIN,
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
        let said = RESERVED
            .iter()
            .filter(|rule| file.starts_with(rule.below) && line.contains(rule.word))
            .filter(|rule| !rule.allows(file));
        found.extend(
            said.map(|rule| format!("{file}:{}: `{}`: {}", number + 1, rule.word, rule.why)),
        );
    }
    found
}

impl Reserved {
    fn allows(&self, file: &str) -> bool {
        let is_test = file.contains("/tests/") || file.starts_with("xtask/");
        let owns = file.strip_prefix(ENGINE) == Some("caller.rs");
        is_test || owns || self.files.contains(&file)
    }
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
    fn a_caller_is_made_where_somebody_is_known() {
        let line = "let caller = Caller::system();";
        assert!(accuse("server/src/metrics.rs", line).is_empty());
        assert!(accuse("server/crates/engine/tests/a.rs", line).is_empty());
        assert_eq!(accuse("server/src/pages/stop.rs", line).len(), 1);
        let line = "Caller::for_tests(asker)";
        assert_eq!(accuse("server/src/metrics.rs", line).len(), 1);
    }

    #[test]
    fn a_use_case_begins_its_writes_with_its_caller() {
        let line = "let mut unit = self.store.begin().await?;";
        let engine = |file: &str| format!("server/crates/engine/src/{file}");
        assert!(accuse(&engine("streams/desk.rs"), line).is_empty());
        assert_eq!(accuse(&engine("inventory/sites.rs"), line).len(), 1);
        let line = "let mut unit = caller.begin_keeping(&self.store, Keeps::Ways).await?;";
        assert!(accuse(&engine("inventory/sites.rs"), line).is_empty());
    }

    #[test]
    fn a_rule_of_the_pages_binds_the_pages_only() {
        let text = format!("view! {{ <p{}\"x\"/> }}", concat!(" sty", "le="));
        assert_eq!(accuse("frontend/crates/ui/src/a.rs", &text).len(), 1);
        assert!(accuse("server/src/a.rs", &text).is_empty());
    }
}
