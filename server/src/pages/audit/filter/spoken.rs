//! Words that people type for an action, as what the log has for them.
//!
//! Owns which word finds what: words that lists show, in every language whatever pages are read in, and
//! what people say instead. *Invariant:* what is written as the log writes it means that alone.

use std::cell::LazyCell;
use std::collections::BTreeSet;

use carillon_domain::action::{self, Entry, ParamKind};
use carillon_domain::model::MAX_LINE_KEYS;
use carillon_language::{Language, during, say, text};

use crate::api::audit::listed;
use crate::pages::action_words::{entry_of, short_title};
use crate::pages::audit_row::codes;

const MEMORY_KEYS: u8 = 10;
/// A word of so many letters is found within others as well: "start" in "restarted".
const WITHIN: usize = 4;

/// What the log has for typed words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Spoken {
    /// Codes, beginnings of codes and names of commands that are asked for.
    pub(super) asked: Vec<String>,
    /// The same that are excluded.
    pub(super) excluded: Vec<String>,
    /// Words that mean nothing.
    pub(super) unknown: Vec<String>,
}

/// An event or a command, and the words that find it.
struct Known {
    names: Vec<String>,
    words: BTreeSet<String>,
}

/// Other words for what lists show: a part of a code or of a command's name, and the words.
const ALSO: &[(&str, &str)] = &[
    ("Reboot", text!("reboot, rebooted, restarted")),
    ("Restart", text!("reboot, rebooted, restarted")),
    ("account.signed_in", text!("log in, login, logged in")),
    ("account.sign_in_failed", text!("login, wrong password")),
    (
        "account.signed_out",
        text!("sign out, log out, logout, logged out"),
    ),
    (".created", text!("add, create, new")),
    ("changed", text!("change, edit")),
    (".deleted", text!("delete, remove")),
    ("removed", text!("delete, remove")),
    (".exported", text!("export, download")),
    (".imported", text!("import, upload")),
    (".import_undone", text!("undo an import")),
    (".approved", text!("approve, allow")),
    (".denied", text!("deny, refuse, reject")),
    (".cancelled", text!("stop, cancel, abort")),
    ("job.", text!("ran a job: {command}")),
    ("job.", text!("runs a job: {command}")),
    ("job.submitted", text!("asked for a job: {command}")),
    ("job.submitted", text!("started a job: {command}")),
    ("phones.tagged", text!("added the tag {tag}")),
    ("phones.untagged", text!("removed the tag {tag}")),
    (
        "target.answered",
        text!("phone took the request: {command}"),
    ),
    (
        "target.given_back",
        text!("did not send after all: {command}"),
    ),
    ("target.intent", text!("is about to send: {command}")),
    ("target.retrying", text!("will try again: {command}")),
    ("target.unanswered", text!("got no answer yet: {command}")),
    ("user.password_reset", text!("reset a password")),
    ("user.reset_link_made", text!("reset a password")),
];

/// Whether a text that no record has is a word for actions.
pub(super) fn is_action(typed: &str) -> bool {
    let is_word = typed.chars().count() >= WITHIN && !typed.contains('*');
    let Spoken { asked, unknown, .. } = spoken(typed);
    is_word && !asked.is_empty() && unknown.is_empty()
}

/// Reads a list as somebody typed it.
pub(super) fn spoken(typed: &str) -> Spoken {
    let known = LazyCell::new(known);
    let mut spoken = Spoken::default();
    let mut seen = BTreeSet::new();
    for typed in listed(typed).filter(|typed| seen.insert(*typed)) {
        let word = typed.trim_start_matches('-').trim_start();
        let found = if is_written(word) {
            vec![action::meant(word, say).into_owned()]
        } else {
            found(word, &known)
        };
        spoken.add(typed.starts_with('-'), word, found);
    }
    spoken
}

impl Spoken {
    /// Takes in what was found for a word; one that means nothing finds nothing.
    fn add(&mut self, is_excluded: bool, word: &str, mut found: Vec<String>) {
        if !word.is_empty() && found.first().is_none_or(|name| is_no_code(name)) {
            self.unknown.push(word.to_owned());
        }
        if found.is_empty() {
            found.push(word.to_owned());
        }
        let list = if is_excluded {
            &mut self.excluded
        } else {
            &mut self.asked
        };
        found.retain(|name| !list.contains(name));
        list.append(&mut found);
    }
}

/// The commands that can be looked for, in words.
pub(in crate::pages::audit) fn commands() -> Vec<String> {
    let titles = action::all().map(|entry| say(entry.title).to_owned());
    titles.collect()
}

/// Words of which each finds something: for whoever typed one that finds nothing.
pub(super) fn examples() -> [&'static str; 7] {
    [
        say("restart"),
        say("sign in"),
        say("job"),
        say("password"),
        say("change"),
        say("delete"),
        say("export"),
    ]
}

/// Whether it is written as the log writes it: a code, a beginning, or the name of a command.
fn is_written(word: &str) -> bool {
    word.contains(['.', '*']) || entry_of(word).is_some()
}

/// Whether it is written like a code, and there is none.
fn is_no_code(name: &str) -> bool {
    let is_code = |code: &str| match name.strip_suffix('*') {
        Some(start) => code.starts_with(start),
        None => code == name,
    };
    name.contains('.') && !codes::all().any(|(code, _)| is_code(code))
}

/// What each of the typed words is said of; behind a colon stands a command.
fn found(typed: &str, known: &[Known]) -> Vec<String> {
    let found = all_of(&words(typed), known);
    match typed.rsplit_once(": ") {
        Some((_, command)) if found.is_empty() => all_of(&words(command), known),
        _ => found,
    }
}

fn all_of(typed: &BTreeSet<String>, known: &[Known]) -> Vec<String> {
    if typed.is_empty() {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let fits = known.iter().filter(|one| one.is_said_by(typed));
    let names = fits.flat_map(|one| one.names.iter());
    names.filter(|name| seen.insert(*name)).cloned().collect()
}

impl Known {
    fn of(names: Vec<String>, shown: &[&'static str]) -> Self {
        let name = names.first().map_or("", String::as_str);
        let also = ALSO.iter().filter(|(part, _)| name.contains(part));
        let texts = shown.iter().copied().chain(also.map(|(_, text)| *text));
        let words = texts.flat_map(|text| words(say(text))).collect();
        Self { names, words }
    }

    fn of_command(entry: &Entry) -> Self {
        let mut known = Self::of(labels(entry), &[entry.title]);
        known.words.extend(words(entry.name));
        known.words.extend(words(&short_title(entry.name)));
        known
    }

    fn is_said_by(&self, typed: &BTreeSet<String>) -> bool {
        typed.iter().all(|typed| {
            let is_long = typed.chars().count() >= WITHIN;
            let mut words = self.words.iter();
            words.any(|word| word.starts_with(typed) || (is_long && word.contains(typed)))
        })
    }
}

/// What can be meant, by its words in each language: a phrase is said in one of them.
fn known() -> Vec<Known> {
    let mut known = during(Language::En, in_one_language);
    known.extend(during(Language::De, in_one_language));
    known
}

fn in_one_language() -> Vec<Known> {
    let events = codes::all().map(|(code, text)| Known::of(vec![(*code).to_owned()], &[*text]));
    // To the log a star is the beginning of everything.
    let commands = action::all().filter(|entry| entry.name != "*");
    events.chain(commands.map(Known::of_command)).collect()
}

/// What records call a command: one for a key that has a number is called with that.
fn labels(entry: &Entry) -> Vec<String> {
    let keys = entry.params.iter().map(|param| match param.kind {
        ParamKind::LineKey => MAX_LINE_KEYS,
        ParamKind::MemoryKey => MEMORY_KEYS,
        _ => 0,
    });
    let numbers = 1..=keys.max().unwrap_or(0);
    let numbered = numbers.map(|number| format!("{}{number}", entry.name));
    std::iter::once(entry.name.to_owned())
        .chain(numbered)
        .collect()
}

/// The words of a text, in small letters.
fn words(text: &str) -> BTreeSet<String> {
    let text = text.to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(typed: &str, name: &str) -> bool {
        spoken(typed).asked.iter().any(|asked| asked == name)
    }

    #[test]
    fn words_of_the_lists_find_what_they_are_shown_of() {
        for (typed, name) in [
            ("restart", "Reboot"),
            ("restart", "CheckSyncRestart"),
            ("Reboot", "Reboot"),
            ("reboot", "CheckSyncRestart"),
            ("ran a job", "job.ended"),
            ("started a job: Restart the phone", "Reboot"),
            ("took an import back", "inventory.import_undone"),
            ("delete", "phone.deleted"),
            ("sign in", "account.signed_in"),
            ("sign in", "account.sign_in_failed"),
            ("is about to send", "target.intent"),
            ("dnd", "DNDOn"),
            ("line key", "L3"),
        ] {
            assert!(finds(typed, name), "{typed}: {:?}", spoken(typed));
        }
        assert!(!finds("sign in", "phone.changed") && !finds("restart", "job.ended"));
        assert_eq!(spoken("-restart").excluded, spoken("restart").asked);
    }

    #[test]
    fn words_in_german_do_too() {
        during(Language::De, || {
            for (typed, name) in [
                ("Neustart", "Reboot"),
                ("neu starten", "Reboot"),
                ("gelöscht", "phone.deleted"),
                ("löschen", "phone.deleted"),
                ("angemeldet", "account.signed_in"),
                ("Anmeldung", "account.signed_in"),
                ("restart", "Reboot"),
            ] {
                assert!(finds(typed, name), "{typed}: {:?}", spoken(typed));
            }
        });
    }

    #[test]
    fn what_was_done_is_found_in_both_languages_whatever_pages_are_read_in() {
        for language in [Language::En, Language::De] {
            during(language, || {
                for (typed, name) in [
                    ("restarted", "Reboot"),
                    ("rebooted", "CheckSyncRestart"),
                    ("neu gestartet", "Reboot"),
                    ("Neustart", "Reboot"),
                    ("signed in", "account.signed_in"),
                    ("logged in", "account.signed_in"),
                    ("angemeldet", "account.signed_in"),
                    ("logged out", "account.signed_out"),
                    ("abgemeldet", "account.signed_out"),
                ] {
                    assert!(finds(typed, name), "{typed}: {:?}", spoken(typed));
                }
                assert_eq!(spoken("signed in").asked, ["account.signed_in"]);
            });
        }
    }

    #[test]
    fn a_word_of_a_record_is_told_from_one_for_actions() {
        for (typed, is_one) in [
            ("restart", true),
            ("Neustart", true),
            ("nowhere", false),
            ("10.9.8.7", false),
            ("INC-*", false),
            ("-restart", false),
            ("", false),
        ] {
            assert_eq!(is_action(typed), is_one, "{typed}");
        }
    }

    #[test]
    fn what_is_written_as_in_the_log_means_that_alone() {
        let found = spoken("Reboot,L3,job.*,JOB.ended,Reboot,-target.*");
        assert_eq!(found.asked, ["Reboot", "L3", "job.*", "job.ended"]);
        assert_eq!(found.excluded, ["target.*"]);
        assert_eq!(found.unknown, [""; 0]);
    }

    #[test]
    fn what_means_nothing_is_named_and_finds_nothing() {
        let found = spoken("quux,odd.code,job.ended,-");
        assert_eq!(found.unknown, ["quux", "odd.code"]);
        assert_eq!(found.asked, ["quux", "odd.code", "job.ended"]);
    }

    #[test]
    fn each_example_finds_something() {
        for language in [Language::En, Language::De] {
            during(language, || {
                let unknown = examples().map(|word| spoken(word).unknown);
                assert_eq!(unknown, [const { Vec::<String>::new() }; 7]);
            });
        }
    }
}
