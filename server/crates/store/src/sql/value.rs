//! What can be bound.
//!
//! Owns how our own types become values of both databases. A value is never part of a text.

use std::ops::Deref;
use std::sync::Arc;

use carillon_domain::{Cause, Mac, Timestamp};

/// A text, as it came: SQLite's driver keeps each in a box of its own, which a text that is not
/// ours alone then already is.
#[derive(Clone)]
pub(crate) enum Text {
    Own(String),
    Shared(Arc<str>),
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Own(text) => text,
            Self::Shared(text) => text,
        }
    }
}

/// One bound value. A missing one keeps its type, which Postgres wants to know.
#[derive(Clone)]
pub(crate) enum Value {
    Text(Option<Text>),
    Int(Option<i64>),
    Bool(bool),
    Blob(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($from:ty => $given:ident, $value:expr;)+) => {
        $(impl From<$from> for Value {
            fn from($given: $from) -> Self { $value }
        })+
    };
}

value_from! {
    &str => text, Self::Text(Some(shared(text)));
    &String => text, Self::Text(Some(shared(text)));
    String => text, Self::Text(Some(Text::Own(text)));
    Option<String> => text, Self::Text(text.map(Text::Own));
    &Option<String> => text, Self::Text(text.as_deref().map(shared));
    Option<&str> => text, Self::Text(text.map(shared));
    i64 => number, Self::Int(Some(number));
    Option<i64> => number, Self::Int(number);
    bool => truth, Self::Bool(truth);
    Vec<u8> => bytes, Self::Blob(Some(bytes));
    &[u8] => bytes, Self::Blob(Some(bytes.to_vec()));
    &Vec<u8> => bytes, Self::Blob(Some(bytes.clone()));
    Option<Vec<u8>> => bytes, Self::Blob(bytes);
    Timestamp => at, Self::Int(Some(at.micros()));
    Option<Timestamp> => at, Self::Int(at.map(Timestamp::micros));
    Mac => mac, Self::Text(Some(of_mac(mac)));
    Option<Mac> => mac, Self::Text(mac.map(of_mac));
    Option<Cause> => cause, Self::Text(cause.map(|cause| Text::Own(cause.to_string())));
}

fn shared(text: &str) -> Text {
    Text::Shared(Arc::from(text))
}

fn of_mac(mac: Mac) -> Text {
    shared(mac.text().as_str())
}

impl Value {
    /// How Postgres calls an array of such values.
    pub(super) const fn array(&self) -> &'static str {
        match self {
            Self::Text(_) => "::text[]",
            Self::Int(_) => "::int8[]",
            Self::Bool(_) => "::bool[]",
            Self::Blob(_) => "::bytea[]",
        }
    }
}
