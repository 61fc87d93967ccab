//! Key sequences.
//!
//! Owns which keys may stand in one and how typed-in digits are masked. A sequence holds keys of
//! the catalogue only; restart, provisioning and reset cannot hide in one.

use std::fmt;

use serde_json::Value;

use super::param::Problem;
use super::{Category, Entry, find};
use crate::model;

/// The most keys in one sequence.
pub const MAX_KEYS: usize = 32;

/// One key of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    entry: &'static Entry,
    index: Option<u8>,
}

impl Key {
    /// The entry it is.
    pub fn entry(&self) -> &'static Entry {
        self.entry
    }

    /// Whether a model has it, as far as is known.
    pub fn supports(&self, model: &str) -> bool {
        let in_range = match (self.index, model::line_keys(model)) {
            (Some(index), Some(keys)) => index <= keys,
            _ => true,
        };
        in_range && self.entry.supports(model)
    }

    fn is_dial_key(self) -> bool {
        self.entry.category == Category::Keypad
    }

    /// What it types, where it is of those that dial.
    pub(super) fn sign(self) -> Option<char> {
        let sign = match self.entry.name {
            "POUND" => '#',
            name => name.chars().next()?,
        };
        self.is_dial_key().then_some(sign)
    }

    /// Reads `OK`, `F1`, `L3`.
    fn read(name: &str) -> Option<Self> {
        if let Some(index) = name.strip_prefix('L').and_then(|rest| rest.parse().ok()) {
            let spelled = format!("L{index}") == name;
            return find("L")
                .filter(|_| spelled && (1..=model::MAX_LINE_KEYS).contains(&index))
                .map(|entry| Self {
                    entry,
                    index: Some(index),
                });
        }
        find(name)
            .filter(|entry| may_stand(entry))
            .map(|entry| Self { entry, index: None })
    }
}

/// Whether an entry may be part of a sequence as it is.
fn may_stand(entry: &Entry) -> bool {
    let is_key = !matches!(
        entry.category,
        Category::System | Category::Query | Category::Sequence
    );
    is_key && entry.params.iter().all(|param| !param.required)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry.name)?;
        self.index.map_or(Ok(()), |index| index.fmt(f))
    }
}

/// Reads a list, or a text with `;`, commas or spaces between the keys.
pub(super) fn read(value: &Value) -> Result<Vec<Key>, Problem> {
    let names: Vec<String> = match value {
        Value::Array(items) => items
            .iter()
            .map(super::param::text)
            .collect::<Result<_, _>>()?,
        other => super::param::text(other)?
            .split(|c: char| matches!(c, ';' | ',') || c.is_whitespace())
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
    };
    if !(1..=MAX_KEYS).contains(&names.len()) {
        let message = format!("a sequence has 1 to {MAX_KEYS} keys");
        return Err(("out_of_range", message));
    }
    names
        .iter()
        .map(|name| Key::read(name).ok_or_else(|| no_key(name)))
        .collect()
}

fn no_key(name: &str) -> Problem {
    let short: String = name.chars().take(24).collect();
    let message =
        format!("{short:?} is no key that a sequence may hold: use keys such as OK, F1, DOWN, L1");
    ("unknown", message)
}

/// Whether its digits can be a number that somebody dialled.
pub(super) fn dial_something(keys: &[Key]) -> bool {
    keys.iter().filter(|key| key.is_dial_key()).count() > 2
}

/// The names, with all digits but the last three masked where they can be a dialled number.
pub(super) fn masked(keys: &[Key]) -> Vec<String> {
    let digits = keys.iter().filter(|key| key.is_dial_key()).count();
    let hidden = match digits {
        0..=2 => 0,
        3 => 3,
        more => more - 3,
    };
    let mut seen = 0;
    keys.iter()
        .map(|key| {
            seen += usize::from(key.is_dial_key());
            if key.is_dial_key() && seen <= hidden {
                "•".to_owned()
            } else {
                key.to_string()
            }
        })
        .collect()
}
