//! Every page speaks its reader's language: nothing of ours is left in English.
//!
//! Each page is made twice from the same view. A text that is the same in both languages is data,
//! which carries a mark here, or one of the few words that both languages share.

use std::collections::BTreeSet;

use carillon_domain::role::Role;
use carillon_language::{Language, during};

use crate::html::Html;
use crate::samples;

/// Words, names and notations that are the same in both languages.
const SHARED: &[&str] = &[
    "Carillon",
    "carillon",
    "Deutsch",
    "Digest (SHA-256)",
    "English",
    "Firmware",
    "HTTPS",
    "Hash",
    "MAC",
    "Name",
    "Navigation",
    "Operator",
    "Person",
    "Person:",
    "Port",
    "Problem",
    "SIP",
    "Status",
    "TCP",
    "TLS",
    "Token",
    "Transport",
    "UDP",
    "Filter",
];

/// What the handlers hand to the pages, in the samples as they are: words and names of columns.
const HANDED: &[&str] = &[
    "Administration",
    "All",
    "Any",
    "Commands",
    "Everything",
    "Export CSV",
    "Export JSON Lines",
    "Failures",
    "Finished",
    "Leave as it is",
    "Mine",
    "Model",
    "None",
    "Reboot",
    "Running",
    "Sign-ins",
    "Site",
    "State",
    "address",
    "berlin",
    "credential",
    "extension",
    "hamburg",
    "https",
    "job.submitted",
    "kiel",
    "koeln",
    "label",
    "leipzig",
    "mac",
    "model",
    "munich",
    "notes",
    "password",
    "port",
    "protected",
    "scheme",
    "session.created",
    "set",
    "sip_uri",
    "site",
    "tags",
    "target.intent",
    "target.result",
    "username",
];

/// What is the same on purpose: what one types into a filter or a file.
const TYPED: &[&str] = &[
    "2041@pbx.example",
    "carillon@pbx.example",
    "internal",
    "pbx.example",
    "mac,label,extension,site,address",
    "reception   2041   site:kiel   model:T46S   -tag:vip   seen:>7d",
    "site:berlin -tag:vip",
    "site:kiel model:T46S",
];

/// Attributes whose value is read by people.
const READ: [&str; 6] = [
    "aria-label",
    "title",
    "placeholder",
    "alt",
    "data-label",
    "data-copied",
];

/// Data of a sample: what people typed, phones said, or the address asks for.
fn marked(text: &str) -> String {
    format!("⟦{text}⟧")
}

/// What people can read of each page, by its name.
fn read_in(language: Language, role: Role) -> Vec<(String, BTreeSet<String>)> {
    during(language, || {
        samples::Samples::new(marked, role)
            .pages()
            .into_iter()
            .map(|(name, page)| {
                let html = Html::read(&page).unwrap_or_else(|why| panic!("{name}: {why}"));
                (name.to_owned(), texts(&html))
            })
            .collect()
    })
}

fn texts(html: &Html) -> BTreeSet<String> {
    let mut texts: BTreeSet<String> = html
        .texts_outside(&["code", "pre", "script"])
        .map(|text| text.trim().to_owned())
        .collect();
    for element in &html.elements {
        let read = READ.iter().filter_map(|name| element.attr(name));
        texts.extend(read.map(|text| text.trim().to_owned()));
    }
    texts
}

/// Whether a text says something of ours: it has a word, and no data in it.
fn is_ours(text: &str) -> bool {
    let is_word = |word: &str| word.chars().count() > 2 && word != "min" && word != "UTC";
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let known = [SHARED, HANDED, TYPED];
    text.split(|char: char| !char.is_alphabetic()).any(is_word)
        && !is_hash
        && !text.contains('⟦')
        && !known.iter().any(|list| list.contains(&text))
}

#[test]
fn no_english_is_left_on_german_pages() {
    let mut left = BTreeSet::new();
    for role in Role::ALL {
        let english = read_in(Language::En, *role);
        let german = read_in(Language::De, *role);
        assert_eq!(english.len(), german.len());
        for ((name, english), (_, german)) in english.iter().zip(&german) {
            let same = english.intersection(german).filter(|text| is_ours(text));
            left.extend(same.map(|text| format!("{text}    ({name})")));
        }
    }
    assert!(
        left.is_empty(),
        "{} texts:\n{}",
        left.len(),
        left.into_iter().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn pages_say_which_language_they_speak() {
    for (language, tag) in [(Language::En, "en"), (Language::De, "de")] {
        let pages = during(language, || {
            samples::Samples::new(str::to_owned, Role::Admin).pages()
        });
        for (name, page) in pages {
            assert!(
                page.starts_with(&format!("<!DOCTYPE html><html lang=\"{tag}\"")),
                "{name}"
            );
        }
    }
}
