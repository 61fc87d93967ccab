//! Statements and the values bound to them.
//!
//! Owns how a text is put together. *Invariant:* what comes from outside is only ever bound,
//! never pushed; identifiers in a pushed text come from this crate's own literals.

use std::borrow::Cow;

use carillon_domain::{Cause, Mac, Timestamp};
use sqlx::Arguments;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;

use crate::error::{DriverError, Result, StoreError};

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

/// A statement with its values.
pub(crate) struct Sql {
    /// With [`PLACE`] where [`Sql::bind`] added a value.
    text: Cow<'static, str>,
    values: Vec<Value>,
    /// Which values have their place by number in the text already.
    numbered: usize,
}

/// Stands for a placeholder until the database is known.
const PLACE: char = '\u{1}';

impl Sql {
    /// A statement whose text has `$1`, `$2` … for the values that [`Sql::arg`] adds.
    pub(crate) const fn new(text: &'static str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            values: Vec::new(),
            numbered: 0,
        }
    }

    /// Adds the next value to a text that already has its placeholder. These come first.
    pub(crate) fn arg(mut self, value: impl Into<Value>) -> Self {
        debug_assert_eq!(
            self.numbered,
            self.values.len(),
            "numbered values come first"
        );
        self.values.push(value.into());
        self.numbered += 1;
        self
    }

    /// Adds text of our own.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Adds a placeholder and its value.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.text.to_mut().push(PLACE);
        self
    }

    /// Adds `(…, …)` with a place for each value.
    pub(crate) fn tuple(&mut self, values: impl IntoIterator<Item = Value>) -> &mut Self {
        for (index, value) in values.into_iter().enumerate() {
            self.push(if index == 0 { "(" } else { ", " });
            self.bind(value);
        }
        self.push(")")
    }

    /// Adds `(…, …), (…, …), …` with a place for each value.
    pub(crate) fn tuples(&mut self, rows: impl IntoIterator<Item = Vec<Value>>) -> &mut Self {
        for (index, row) in rows.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.tuple(row);
        }
        self
    }

    /// Adds `column IN (…)`; nothing matches an empty list.
    pub(crate) fn one_of<V: Into<Value>>(
        &mut self,
        column: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> &mut Self {
        let mut values = values.into_iter().map(Into::into).peekable();
        if values.peek().is_none() {
            return self.push("1 = 0");
        }
        self.push(column).push(" IN ").tuple(values)
    }

    /// Whether the text was written in one piece and so is worth keeping prepared.
    pub(crate) const fn is_fixed(&self) -> bool {
        matches!(self.text, Cow::Borrowed(_))
    }

    /// The text with its placeholders: `$n`, or where `bare`, a plain `?` for each.
    fn rendered(&self, bare: bool) -> Cow<'static, str> {
        let Cow::Owned(text) = &self.text else {
            return self.text.clone();
        };
        let mut rendered = String::with_capacity(text.len() + 4 * self.values.len());
        let mut number = self.numbered;
        for (index, piece) in text.split(PLACE).enumerate() {
            if index > 0 {
                number += 1;
                rendered.push_str(if bare { "?" } else { "$" });
                if !bare {
                    rendered.push_str(&number.to_string());
                }
            }
            rendered.push_str(piece);
        }
        Cow::Owned(rendered)
    }

    /// For SQLite. It finds a named place by looking through all names before it, so that the
    /// thousands of a multi-row statement are left without names.
    pub(crate) fn into_sqlite(self) -> Result<(Cow<'static, str>, SqliteArguments)> {
        let text = self.rendered(self.numbered == 0);
        let mut arguments = SqliteArguments::default();
        for value in self.values {
            match value {
                Value::Text(text) => arguments.add(plain(text)?),
                Value::Int(number) => arguments.add(number),
                Value::Bool(truth) => arguments.add(truth),
                Value::Blob(bytes) => arguments.add(bytes),
            }
            .map_err(encoding)?;
        }
        Ok((text, arguments))
    }

    pub(crate) fn into_postgres(self) -> Result<(Cow<'static, str>, PgArguments)> {
        let text = self.rendered(false);
        let mut arguments = PgArguments::default();
        for value in self.values {
            match value {
                Value::Text(text) => arguments.add(plain(text)?),
                Value::Int(number) => arguments.add(number),
                Value::Bool(truth) => arguments.add(truth),
                Value::Blob(bytes) => arguments.add(bytes),
            }
            .map_err(encoding)?;
        }
        Ok((text, arguments))
    }
}

/// Postgres stores no NUL in a text. Neither do we anywhere, so that both databases refuse alike.
fn plain(text: Option<String>) -> Result<Option<String>> {
    match text {
        Some(text) if text.contains('\0') => Err(encoding("a text holds a NUL".into())),
        text => Ok(text),
    }
}

fn encoding(error: sqlx::error::BoxDynError) -> StoreError {
    StoreError::Driver(DriverError(sqlx::Error::Encode(error)))
}

/// The pattern that finds `text` anywhere, for `LIKE … ESCAPE '\'`.
pub(crate) fn containing(text: &str) -> String {
    format!("%{}%", escaped(text))
}

/// The pattern that finds what begins with `text`, for `LIKE … ESCAPE '\'`.
pub(crate) fn beginning(text: &str) -> String {
    format!("{}%", escaped(text))
}

fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_ordinary_characters() {
        assert_eq!(containing("50%_a\\b"), "%50\\%\\_a\\\\b%");
    }

    #[test]
    fn placeholders_count_on_from_the_numbered_ones() {
        let mut sql = Sql::new("UPDATE t SET a = $1").arg(1);
        sql.push(" WHERE b = ").bind(2);
        assert_eq!(sql.rendered(false), "UPDATE t SET a = $1 WHERE b = $2");
    }

    #[test]
    fn places_are_plain_for_sqlite() {
        let mut sql = Sql::new("SELECT ");
        sql.bind(1).push(" WHERE ").one_of("a", ["x", "y"]);
        sql.push(" AND ").one_of("b", Vec::<String>::new());
        let text = sql.rendered(false);
        assert_eq!(text, "SELECT $1 WHERE a IN ($2, $3) AND 1 = 0");
        let text = sql.rendered(true);
        assert_eq!(text, "SELECT ? WHERE a IN (?, ?) AND 1 = 0");
    }
}
