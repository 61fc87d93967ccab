//! Parameters of actions.
//!
//! Owns the kinds of values and how each is read from a form or from JSON. What it lets through
//! cannot end or extend a query string.

use serde::Serialize;
use serde_json::Value;

use super::Number;
use super::keys::{self, Key};
use crate::{FieldError, closed_list, model};

closed_list! {
    /// What a parameter holds.
    ParamKind {
        /// A number to dial: digits, `*`, `#`, `+`.
        Number = "number",
        /// Seconds: a multiple of six.
        Seconds = "seconds",
        /// Which line key, from 1.
        LineKey = "line_key",
        /// Which memory key, 1 to 10.
        MemoryKey = "memory_key",
        /// The id of a call, as the phone reports it.
        CallId = "call_id",
        /// The account to call from: `user@server`.
        OutgoingUri = "outgoing_uri",
        /// Yes or no.
        Bit = "bit",
        /// A list of keys.
        Keys = "keys",
    }
}

/// One parameter of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Param {
    /// As the API and forms name it.
    pub name: &'static str,
    /// What it holds.
    pub kind: ParamKind,
    /// Whether the action needs it.
    pub required: bool,
    /// What it is, for people.
    pub title: &'static str,
    /// How it is written, for people.
    pub hint: &'static str,
}

/// A value that has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Number(Number),
    Small(u16),
    Text(String),
    Bit(bool),
    Keys(Vec<Key>),
}

impl Given {
    /// As JSON, in full.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Number(number) => number.as_str().into(),
            Self::Small(value) => (*value).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Bit(bit) => (*bit).into(),
            Self::Keys(keys) => keys.iter().map(Key::to_string).collect(),
        }
    }

    /// As JSON, with dialled digits masked.
    pub(super) fn shown(&self) -> Value {
        match self {
            Self::Number(number) => number.masked().into(),
            Self::Keys(keys) => keys::masked(keys).into(),
            other => other.json(),
        }
    }

    /// Whether the whole of it may be shown to nobody but an auditor.
    pub(super) fn is_sensitive(&self) -> bool {
        match self {
            Self::Number(_) => true,
            Self::Keys(keys) => keys::dial_something(keys),
            _ => false,
        }
    }
}

impl Param {
    /// Reads a value; `None` when it is left out.
    pub(super) fn read(&self, value: Option<&Value>) -> Result<Option<Given>, FieldError> {
        let value = value.filter(|value| !is_blank(value));
        let Some(value) = value else {
            return if self.required {
                Err(self.wrong("missing", format!("{} is missing", self.title)))
            } else {
                Ok(None)
            };
        };
        self.read_given(value)
            .map(Some)
            .map_err(|(code, message)| self.wrong(code, message))
    }

    fn read_given(&self, value: &Value) -> Result<Given, Problem> {
        match self.kind {
            ParamKind::Number => number(value),
            ParamKind::Seconds => seconds(value),
            ParamKind::LineKey => small(value, u16::from(model::MAX_LINE_KEYS)),
            ParamKind::MemoryKey => small(value, 10),
            ParamKind::CallId => call_id(value),
            ParamKind::OutgoingUri => outgoing_uri(value),
            ParamKind::Bit => bit(value),
            ParamKind::Keys => keys::read(value).map(Given::Keys),
        }
    }

    fn wrong(&self, code: &'static str, message: String) -> FieldError {
        FieldError::new(format!("params.{}", self.name), code, message)
    }
}

pub(super) type Problem = (&'static str, String);

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// The text of a string or a whole number.
pub(super) fn text(value: &Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text.trim().to_owned()),
        Value::Number(number) if number.is_u64() => Ok(number.to_string()),
        _ => Err(("wrong_type", "this must be a text or a number".to_owned())),
    }
}

fn number(value: &Value) -> Result<Given, Problem> {
    text(value)?
        .parse()
        .map(Given::Number)
        .map_err(|problem| ("invalid", format!("{problem}")))
}

fn small(value: &Value, max: u16) -> Result<Given, Problem> {
    let number = text(value)?.parse::<u16>().ok();
    number
        .filter(|number| (1..=max).contains(number))
        .map(Given::Small)
        .ok_or_else(|| ("out_of_range", format!("give a number from 1 to {max}")))
}

/// Two minutes are the most that the vendor's setting of this name takes: 20 rings of 6 seconds.
const MAX_SECONDS: u16 = 120;

fn seconds(value: &Value) -> Result<Given, Problem> {
    let message = || format!("give a multiple of 6 from 6 to {MAX_SECONDS}");
    match small(value, MAX_SECONDS) {
        Ok(Given::Small(seconds)) if seconds.is_multiple_of(6) => Ok(Given::Small(seconds)),
        _ => Err(("out_of_range", message())),
    }
}

fn call_id(value: &Value) -> Result<Given, Problem> {
    let id = text(value)?;
    if (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit()) {
        Ok(Given::Text(id))
    } else {
        let message = "a call id is a number of up to 20 digits";
        Err(("invalid", message.to_owned()))
    }
}

const MAX_URI: usize = 128;

fn outgoing_uri(value: &Value) -> Result<Given, Problem> {
    let uri = text(value)?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_*#+.@:-".contains(&b);
    if uri.len() <= MAX_URI && uri.bytes().all(allowed) {
        Ok(Given::Text(uri))
    } else {
        let message = format!(
            "write user@server with letters, digits and _ * # + . : - only, at most {MAX_URI} characters"
        );
        Err(("invalid", message))
    }
}

fn bit(value: &Value) -> Result<Given, Problem> {
    let said = match value {
        Value::Bool(bit) => Some(*bit),
        other => match text(other)?.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Some(true),
            "0" | "false" | "no" | "off" => Some(false),
            _ => None,
        },
    };
    said.map(Given::Bit)
        .ok_or_else(|| ("invalid", "say 1 or 0".to_owned()))
}
