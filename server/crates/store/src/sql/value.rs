//! What can be bound.
//!
//! Owns how our own types become values of both databases. A value is never part of a text.

use carillon_domain::{Cause, Mac, Timestamp};

/// One bound value. A missing one keeps its type, which Postgres wants to know.
#[derive(Clone)]
pub(crate) enum Value {
    Text(Option<String>),
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
    &str => text, Self::Text(Some(text.to_owned()));
    &String => text, Self::Text(Some(text.clone()));
    String => text, Self::Text(Some(text));
    Option<String> => text, Self::Text(text);
    &Option<String> => text, Self::Text(text.clone());
    Option<&str> => text, Self::Text(text.map(str::to_owned));
    i64 => number, Self::Int(Some(number));
    Option<i64> => number, Self::Int(number);
    bool => truth, Self::Bool(truth);
    Vec<u8> => bytes, Self::Blob(Some(bytes));
    &[u8] => bytes, Self::Blob(Some(bytes.to_vec()));
    &Vec<u8> => bytes, Self::Blob(Some(bytes.clone()));
    Option<Vec<u8>> => bytes, Self::Blob(bytes);
    Timestamp => at, Self::Int(Some(at.micros()));
    Option<Timestamp> => at, Self::Int(at.map(Timestamp::micros));
    Mac => mac, Self::Text(Some(mac.to_string()));
    Option<Mac> => mac, Self::Text(mac.map(|mac| mac.to_string()));
    Option<Cause> => cause, Self::Text(cause.map(|cause| cause.to_string()));
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
