//! The filter language.
//!
//! Owns its grammar and its canonical form: the search box, rules of groups, the API and the
//! command line all speak it. Never touches phones itself; the store turns it into a query.

mod parse;
mod span;
mod words;
mod write;

use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::phone::Reachability;
use crate::{Cause, TargetState};

/// The most characters of one filter.
pub const MAX_CHARS: usize = 4_000;
/// The most tests in one filter.
pub const MAX_TESTS: usize = 100;

/// Every field, in the order in which help lists them.
pub const FIELDS: &[&str] = &[
    "site",
    "model",
    "tag",
    "group",
    "fw",
    "ip",
    "ext",
    "mac",
    "state",
    "result",
    "ready",
    "seen",
    "protected",
];

/// Which phones: those for which all terms hold. No terms = every phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// All of them must hold.
    pub terms: Vec<Term>,
}

/// One demand on a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The phone must pass none of the tests instead of one.
    pub negated: bool,
    /// One of them must hold. Several only for one field asked for several times.
    pub any_of: Vec<Test>,
}

/// One test of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Part of the label, the extension or the MAC; see [`mac_digits`].
    Word(String),
    /// Slug of the site.
    Site(String),
    /// Model in its one spelling.
    Model(String),
    /// A tag in its one spelling.
    Tag(String),
    /// Slug of a group.
    Group(String),
    /// Beginning of the firmware.
    Firmware(String),
    /// The address lies in this network.
    Ip(IpNet),
    /// Exactly this extension.
    Extension(String),
    /// Part of the MAC: lower-case hexadecimal digits without separators.
    MacFragment(String),
    /// What the last contact said.
    State(Reachability),
    /// How the phone's last target ended.
    Result(TargetState),
    /// Whether commands get through.
    Ready(Ready),
    /// Answered less than this ago.
    SeenWithin(Duration),
    /// Did not answer for at least this long, or never.
    SeenBefore(Duration),
    /// Marked as protected, or not.
    Protected(bool),
}

/// Whether commands get through to a phone, as its last result tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// The last one did.
    Ok,
    /// None was tried yet.
    Unknown,
    /// This stopped the last one.
    Gate(Cause),
}

/// What is wrong with a filter's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}{}", place(.field), listed(.known))]
pub struct FilterError {
    /// The field at fault, as written; empty when no field is.
    pub field: String,
    /// Where it starts: characters from the beginning, from 0.
    pub position: usize,
    /// One plain sentence.
    pub problem: String,
    /// What would be understood instead.
    pub known: Vec<String>,
}

fn place(field: &str) -> String {
    if field.is_empty() {
        String::new()
    } else {
        format!("{field}: ")
    }
}

fn listed(known: &[String]) -> String {
    if known.is_empty() {
        String::new()
    } else {
        format!(" (known: {})", known.join(", "))
    }
}

impl Filter {
    /// Whether it leaves out no phone.
    pub fn is_everything(&self) -> bool {
        self.terms.is_empty()
    }

    /// Slugs of the groups it asks for, in either sense.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.tests().filter_map(|test| match test {
            Test::Group(slug) => Some(slug.as_str()),
            _ => None,
        })
    }

    /// Every test of every term.
    pub fn tests(&self) -> impl Iterator<Item = &Test> {
        self.terms.iter().flat_map(|term| &term.any_of)
    }
}

impl Term {
    /// Whether phones come to pass it, or not any more, without anybody changing anything.
    pub fn changes_by_itself(&self) -> bool {
        self.any_of.iter().any(Test::changes_by_itself)
    }
}

impl Test {
    /// Whether its answer changes by what a phone says or does, or by time.
    pub const fn changes_by_itself(&self) -> bool {
        match self {
            Self::Model(_)
            | Self::Firmware(_)
            | Self::State(_)
            | Self::Result(_)
            | Self::Ready(_)
            | Self::SeenWithin(_)
            | Self::SeenBefore(_) => true,
            Self::Word(_)
            | Self::Site(_)
            | Self::Tag(_)
            | Self::Group(_)
            | Self::Ip(_)
            | Self::Extension(_)
            | Self::MacFragment(_)
            | Self::Protected(_) => false,
        }
    }

    /// The field it asks about; empty for a free word.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Word(_) => "",
            Self::Site(_) => "site",
            Self::Model(_) => "model",
            Self::Tag(_) => "tag",
            Self::Group(_) => "group",
            Self::Firmware(_) => "fw",
            Self::Ip(_) => "ip",
            Self::Extension(_) => "ext",
            Self::MacFragment(_) => "mac",
            Self::State(_) => "state",
            Self::Result(_) => "result",
            Self::Ready(_) => "ready",
            Self::SeenWithin(_) | Self::SeenBefore(_) => "seen",
            Self::Protected(_) => "protected",
        }
    }
}

/// The hexadecimal digits of a text that can be part of a MAC: at least two digits, lower case,
/// with `:` `-` `.` between them at most.
pub fn mac_digits(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(12);
    for character in text.chars() {
        match character {
            ':' | '-' | '.' => {}
            _ if character.is_ascii_hexdigit() => digits.push(character.to_ascii_lowercase()),
            _ => return None,
        }
    }
    (2..=12).contains(&digits.len()).then_some(digits)
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
