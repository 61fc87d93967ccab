//! Every text of the pages has a translation in every language, and no catalogue holds more.
//!
//! The texts are found where they are said: the sources are read for `say("…")` and its kin.
//! Texts that come from below the pages are asked for: causes, actions, parameters.

#![expect(clippy::expect_used, reason = "a test says what is missing")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use carillon_domain::{Cause, action};
use carillon_language::{Catalogue, Language, Piece, Translation, pieces};

/// What stands before a text that is said, and how many texts follow.
const SAID: [&str; 5] = ["say(", "say!(", "text!(", "say_many!(", "say_in("];

/// Sources of pages; other code speaks English.
const PAGES: [&str; 4] = [
    "frontend/crates/ui/src",
    "frontend/crates/contract/src",
    "server/src",
    "server/crates/domain/src/filter/words.rs",
];

/// Where sentences are made that pages tell again ([`carillon_language::retell`]).
const BELOW: [&str; 11] = [
    "server/crates/engine/src",
    "server/crates/domain/src",
    "server/crates/devices/src/guard.rs",
    "server/crates/receivers/src/failure.rs",
    "server/src/startup/receivers.rs",
    "server/src/problem.rs",
    "server/src/fields.rs",
    "server/src/form_token.rs",
    "server/src/router.rs",
    "server/src/pages/sign_in.rs",
    "server/src/middleware",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

fn sources(place: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    collect(&root().join(place), &mut found);
    assert!(!found.is_empty(), "{place} has no sources");
    found
}

fn collect(path: &Path, found: &mut Vec<(PathBuf, String)>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).expect("a folder") {
            collect(&entry.expect("an entry").path(), found);
        }
    } else if path.extension().is_some_and(|end| end == "rs") {
        let text = std::fs::read_to_string(path).expect("a source");
        let tests = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
        found.push((path.to_owned(), text[..tests].to_owned()));
    }
}

/// A string literal, and the code before it without spaces.
struct Literal {
    text: String,
    before: String,
}

/// The string literals of a source, without its comments.
fn literals(source: &str) -> Vec<Literal> {
    let mut found = Vec::new();
    let mut before = String::new();
    let mut chars = source.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '/' if chars.peek() == Some(&'/') => {
                for skipped in chars.by_ref() {
                    if skipped == '\n' {
                        break;
                    }
                }
            }
            '\'' => {
                // A character literal may hold a quote; a lifetime holds none.
                let mut ahead = chars.clone();
                let (first, second) = (ahead.next(), ahead.next());
                if first == Some('\\') {
                    chars.next();
                    chars.next();
                    chars.next();
                } else if second == Some('\'') {
                    chars.next();
                    chars.next();
                }
                before.push('\'');
            }
            '"' => {
                let mut text = String::new();
                while let Some(char) = chars.next() {
                    match char {
                        '"' => break,
                        '\\' => match chars.next() {
                            Some('n') => text.push('\n'),
                            Some('u') => text.push(unicode(&mut chars)),
                            Some('\n') => {
                                while chars.peek().is_some_and(|char| char.is_whitespace()) {
                                    chars.next();
                                }
                            }
                            Some(other) => text.push(other),
                            None => {}
                        },
                        other => text.push(other),
                    }
                }
                found.push(Literal {
                    text,
                    before: before.clone(),
                });
                before.push_str("\"\"");
            }
            char if char.is_whitespace() => {}
            other => before.push(other),
        }
        if before.len() > 4000 {
            let cut = before.char_indices().nth(before.chars().count() - 400);
            before.drain(..cut.map_or(0, |(at, _)| at));
        }
    }
    found
}

fn unicode(chars: &mut impl Iterator<Item = char>) -> char {
    let hex: String = chars
        .skip_while(|char| *char == '{')
        .take_while(|char| *char != '}')
        .collect();
    let code = u32::from_str_radix(&hex, 16).expect("a code");
    char::from_u32(code).expect("a character")
}

/// Ends with this word, which is no longer name's end.
fn ends_with_word(before: &str, word: &str) -> bool {
    before.strip_suffix(word).is_some_and(|rest| {
        !rest.ends_with(|char: char| char.is_alphanumeric() || char == '_' || char == '.')
    })
}

/// Every text that pages say, with the form for many where it counts something.
fn said() -> BTreeMap<String, Option<String>> {
    said_in(&PAGES)
}

fn said_in(places: &[&str]) -> BTreeMap<String, Option<String>> {
    let mut texts = BTreeMap::new();
    for (_, source) in places.iter().flat_map(|place| sources(place)) {
        let literals = literals(&source);
        for (at, literal) in literals.iter().enumerate() {
            let before = literal.before.as_str();
            let text = literal.text.clone();
            if ["say(", "say!(", "text!("]
                .iter()
                .any(|word| ends_with_word(before, word))
            {
                texts.entry(text).or_insert(None);
            } else if ends_with_word(before, "say_in(\"\",") {
                let context = &literals[at - 1].text;
                texts.insert(format!("{context}\u{4}{text}"), None);
            } else if counts(before) {
                texts.insert(text, Some(literals[at + 1].text.clone()));
            } else if ends_with_word(before, "lead(") || ends_with_word(before, "lead(\"\",") {
                texts.insert(text, None);
            }
        }
    }
    texts
}

/// Whether the next literal is the form for one of a counted text.
fn counts(before: &str) -> bool {
    let Some(at) = before.rfind("say_many!(") else {
        return false;
    };
    let inside = &before[at + "say_many!(".len()..];
    let mut depth = 0_i32;
    let mut commas = 0;
    for char in inside.chars() {
        match char {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => commas += 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0 && commas == 1 && inside.ends_with(',')
}

/// The parts of pages that come alive in the browser, and what they say.
const ALIVE: [&str; 9] = [
    "frontend/crates/ui/src/islands/job_causes.rs",
    "frontend/crates/ui/src/islands/job_live.rs",
    "frontend/crates/ui/src/islands/job_words.rs",
    "frontend/crates/ui/src/components/badge.rs",
    "frontend/crates/ui/src/components/bar.rs",
    "frontend/crates/ui/src/components/causes.rs",
    "frontend/crates/ui/src/components/score.rs",
    "frontend/crates/ui/src/components/snippet.rs",
    "frontend/crates/ui/src/words/live.rs",
];

#[test]
fn what_islands_say_goes_to_the_browser() {
    let list = sources("frontend/crates/ui/src/islands/texts.rs");
    let shipped: BTreeSet<String> = list
        .iter()
        .flat_map(|(_, source)| literals(source))
        .map(|literal| literal.text)
        .collect();
    let said: BTreeSet<String> = said_in(&ALIVE).into_keys().collect();
    let missing: Vec<&String> = said.difference(&shipped).collect();
    assert!(said.len() > 40, "only {} texts were found", said.len());
    assert!(
        missing.is_empty(),
        "an island would say in English: {missing:#?}"
    );
}

#[test]
fn what_scripts_say_goes_to_them() {
    let list = sources("frontend/crates/ui/src/shell/script_words.rs");
    let handed: BTreeSet<String> = list
        .iter()
        .flat_map(|(_, source)| literals(source))
        .map(|literal| literal.text)
        .collect();
    for name in ["keys", "watch", "select", "copy", "session", "job"] {
        let path = root().join(format!("static/{name}.js"));
        let script = std::fs::read_to_string(path).expect("a script");
        for (_, after) in script
            .match_indices("say(\"")
            .map(|(at, start)| (at, &script[at + start.len()..]))
        {
            let text = after.split('"').next().unwrap_or_default();
            assert!(
                handed.contains(text),
                "{name}.js would say in English: {text}"
            );
            for (language, catalogue) in translations() {
                assert!(catalogue.text(text).is_some(), "{language} lacks {text}");
            }
        }
    }
}

/// The texts of closed lists of the domain that pages show.
fn listed() -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for cause in Cause::ALL.iter().chain(Cause::SIP) {
        texts.extend([cause.title(), cause.sentence(), cause.next_step()].map(str::to_owned));
    }
    for entry in action::all() {
        texts.extend([entry.title, entry.note].map(str::to_owned));
        for param in entry.params {
            texts.extend([param.title, param.hint].map(str::to_owned));
        }
    }
    texts.remove("");
    texts
}

/// Every language but the one of the code.
fn translations() -> impl Iterator<Item = (Language, &'static Catalogue)> {
    Language::ALL
        .iter()
        .filter(|language| **language != Language::En)
        .map(|language| {
            let catalogue = Catalogue::of(*language);
            (*language, catalogue.expect("a catalogue"))
        })
}

#[test]
fn every_text_of_the_pages_is_translated() {
    let said = said();
    assert!(said.len() > 900, "only {} texts were found", said.len());
    for (language, catalogue) in translations() {
        let known: BTreeMap<&str, &Translation> = catalogue.entries().collect();
        let missing: Vec<&String> = said
            .iter()
            .filter(|(text, many)| match (known.get(text.as_str()), many) {
                (Some(Translation::Text(_)), None) => false,
                (Some(Translation::Counted { source, .. }), Some(many)) => source != many,
                _ => true,
            })
            .map(|(text, _)| text)
            .collect();
        assert!(missing.is_empty(), "{language} lacks: {missing:#?}");
        let unlisted: Vec<String> = listed()
            .into_iter()
            .filter(|text| catalogue.text(text).is_none())
            .collect();
        assert!(unlisted.is_empty(), "{language} lacks: {unlisted:#?}");
    }
}

#[test]
fn no_translation_is_left_over() {
    let mut known: BTreeSet<String> = said().into_keys().collect();
    known.extend(listed());
    let scripts = ["frontend/crates/ui/src/shell/script_words.rs"];
    for (_, source) in BELOW
        .iter()
        .chain(&PAGES)
        .chain(&scripts)
        .flat_map(|place| sources(place))
    {
        known.extend(literals(&source).into_iter().map(|literal| literal.text));
    }
    for (language, catalogue) in translations() {
        let left: Vec<&str> = catalogue
            .entries()
            .map(|(key, _)| key)
            .filter(|key| !known.contains(*key))
            .collect();
        assert!(left.is_empty(), "{language} translates nothing: {left:#?}");
    }
}

/// What is refused below the pages is told again on them: each sentence that an error is made of.
#[test]
fn every_refusal_is_translated() {
    let refusing = [
        "EngineError::invalid(\"\",\"\",",
        "FieldError::new(\"\",\"\",",
        "EngineError::Conflict(",
        "Problem::field(\"\",\"\",",
        ".detail(",
        "#[error(",
    ];
    // Errors that never reach a page: they are logged, or end the program.
    let inner = [
        "engine/src/secrets",
        "engine/src/audit",
        "engine/src/error.rs",
        "domain/src/credential.rs",
        "hasher.rs",
        "random.rs",
        "middleware/gate.rs",
    ];
    for (language, catalogue) in translations() {
        let mut missing = Vec::new();
        for (path, source) in BELOW.iter().flat_map(|place| sources(place)) {
            let path = path.to_string_lossy().into_owned();
            if inner.iter().any(|part| path.contains(part)) {
                continue;
            }
            for literal in literals(&source) {
                let before = literal.before.trim_end_matches("format!(");
                let is_refusal = refusing.iter().any(|start| before.ends_with(start));
                let has_words = literal.text.split(' ').count() > 2;
                if is_refusal && has_words && catalogue.text(&literal.text).is_none() {
                    missing.push(format!("{}: {}", path, literal.text));
                }
            }
        }
        assert!(missing.is_empty(), "{language} lacks: {missing:#?}");
    }
}

#[test]
fn translations_have_the_same_names_in_them() {
    for (language, catalogue) in translations() {
        for (key, translation) in catalogue.entries() {
            let text = key.rsplit('\u{4}').next().unwrap_or(key);
            let said = match translation {
                Translation::Text(text) => vec![text],
                Translation::Counted { one, many, .. } => vec![one, many],
            };
            for said in said {
                assert_eq!(names(text), names(said), "{language}: {text:?}");
                assert!(!said.trim().is_empty(), "{language}: {text:?}");
                assert_eq!(
                    text.ends_with('…'),
                    said.ends_with('…'),
                    "{language}: {text:?}"
                );
            }
        }
    }
}

/// Quotes differ from language to language: they stand in sentences that are translated, and around
/// what somebody typed by `quoted`.
#[test]
fn quotes_are_those_of_the_language() {
    for (path, source) in PAGES.iter().flat_map(|place| sources(place)) {
        let own = literals(&source).into_iter();
        let mut own = own.filter(|one| ends_with_word(&one.before, "format!("));
        let path = path.display();
        assert!(own.all(|one| !one.text.contains('“')), "{path}: quotes");
    }
    for (language, catalogue) in translations() {
        for (key, translation) in catalogue.entries() {
            let text = format!("{translation:?}");
            assert!(!text.contains('”'), "{language}: {key:?}");
        }
    }
}

/// The names in a text, sorted: `{slug:?}` is `slug`.
fn names(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = pieces(text)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Name(name) => name.split(':').next(),
            Piece::Text(_) => None,
        })
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn the_reader_of_sources_finds_what_is_said() {
    let source = r#"let a = say("One \"two\""); // say("no")
        let b = say_many!(f(x, "no"), "{count} day", "{count} days");
        let c = obj.say("method"); let d = '"'; let e: &'static str = say_in("ctx", "Done");"#;
    let literals = literals(source);
    let texts: Vec<(&str, bool, bool)> = literals
        .iter()
        .map(|one| {
            let said = SAID.iter().any(|word| ends_with_word(&one.before, word));
            (one.text.as_str(), said, counts(&one.before))
        })
        .collect();
    assert_eq!(
        texts,
        [
            ("One \"two\"", true, false),
            ("no", false, false),
            ("{count} day", false, true),
            ("{count} days", false, false),
            ("method", false, false),
            ("ctx", true, false),
            ("Done", false, false),
        ]
    );
}
