//! The translations of one language.
//!
//! Owns the catalogues that are compiled in, and their reading, once. A new language: its file in
//! `catalogues/`, its name in `domain::Language`, one line here (docs/translating.md).

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::{Language, po};

/// What stands in a catalogue for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Translation {
    /// One text.
    Text(String),
    /// A text for one and a text for many.
    Counted {
        /// The English text for many.
        source: String,
        /// For one.
        one: String,
        /// For none and for many.
        many: String,
    },
}

/// The translations of one language.
#[derive(Debug)]
pub struct Catalogue {
    entries: HashMap<String, Translation>,
    templates: Vec<(String, String)>,
}

impl Catalogue {
    /// The catalogue of a language; English is in the code.
    pub fn of(language: Language) -> Option<&'static Self> {
        static GERMAN: OnceLock<Catalogue> = OnceLock::new();
        match language {
            Language::En => None,
            Language::De => {
                Some(GERMAN.get_or_init(|| Self::read(include_str!("../catalogues/de.po"))))
            }
        }
    }

    fn read(file: &str) -> Self {
        let entries: HashMap<String, Translation> = po::entries(file).into_iter().collect();
        let templates = entries.iter().filter_map(|(key, said)| match said {
            Translation::Text(text) if key.contains('{') => Some((key.clone(), text.clone())),
            _ => None,
        });
        let mut templates: Vec<_> = templates.collect();
        // In one order in every process.
        templates.sort();
        Self { entries, templates }
    }

    /// Every key and what is said for it.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Translation)> {
        self.entries.iter().map(|(key, said)| (key.as_str(), said))
    }

    /// The translation of a text.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.entries.get(key)? {
            Translation::Text(text) => Some(text),
            Translation::Counted { .. } => None,
        }
    }

    /// The translation of a text about so many.
    pub fn counted(&self, key: &str, count: i64) -> Option<&str> {
        match self.entries.get(key)? {
            Translation::Counted { one, .. } if count == 1 => Some(one),
            Translation::Counted { many, .. } => Some(many),
            Translation::Text(_) => None,
        }
    }

    /// English texts with names in them, and what is said for each.
    pub(crate) fn templates(&self) -> &[(String, String)] {
        &self.templates
    }
}
