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

/// Sizes of statements of several rows that are kept prepared.
const SIZES: &[usize] = &[1, 2, 4, 8, 16, 32, 64, 96, 128, 192, 256, 384, 512];

/// The smallest of the sizes that is enough.
fn size_above(rows: usize) -> usize {
    let found = SIZES.iter().copied().find(|size| *size >= rows);
    found.unwrap_or(rows)
}

/// Cuts so many rows into parts of the kept sizes, largest first, where no row may come twice.
pub(crate) fn parts(mut rows: usize) -> Vec<usize> {
    let mut parts = Vec::new();
    for size in SIZES.iter().rev().filter(|size| size.is_power_of_two()) {
        while rows >= *size {
            parts.push(*size);
            rows -= size;
        }
    }
    parts
}

/// A statement with its values.
pub(crate) struct Sql {
    /// With [`PLACE`] where [`Sql::bind`] added a value.
    text: Cow<'static, str>,
    values: Vec<Value>,
    /// Which values have their place by number in the text already.
    numbered: usize,
    /// The text comes in few forms, so that each is worth keeping prepared.
    few_forms: bool,
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
            few_forms: false,
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

    /// Adds `(…, …), (…, …), …` as [`Sql::tuples`] does, for statements that run again and again
    /// and for which a row that comes twice is as good as once: the last one is repeated up to one
    /// of a few sizes. So the text has few forms, and the database reads each of them once.
    pub(crate) fn tuples_again(&mut self, rows: impl IntoIterator<Item = Vec<Value>>) -> &mut Self {
        let mut rows: Vec<_> = rows.into_iter().collect();
        if let Some(last) = rows.last().cloned() {
            rows.resize(size_above(rows.len()), last);
        }
        self.few_forms = true;
        self.tuples(rows)
    }

    /// Adds `column IN (…)` in the same way.
    pub(crate) fn one_of_again<V: Into<Value>>(
        &mut self,
        column: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> &mut Self {
        let mut values: Vec<Value> = values.into_iter().map(Into::into).collect();
        if let Some(last) = values.last().cloned() {
            values.resize(size_above(values.len()), last);
        }
        self.few_forms = true;
        self.one_of(column, values)
    }

    /// Says that the text comes in few forms.
    pub(crate) const fn keep(&mut self) -> &mut Self {
        self.few_forms = true;
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

    /// Whether the text was written in one piece, or comes in few forms, and so is worth keeping
    /// prepared.
    pub(crate) const fn is_kept(&self) -> bool {
        self.few_forms || matches!(self.text, Cow::Borrowed(_))
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
    fn repeated_statements_have_few_forms() {
        let form = |rows: i64| {
            let mut sql = Sql::new("VALUES ");
            sql.tuples_again((0..rows).map(|n| vec![n.into()]));
            assert!(sql.is_kept());
            (sql.values.len(), sql.rendered(true))
        };
        assert_eq!(form(5), form(8));
        assert_eq!(form(97).0, 128);
        assert_eq!(form(600).0, 600);
        let mut sql = Sql::new("");
        sql.one_of_again("a", ["x", "y", "z"]);
        assert_eq!(sql.rendered(true), "a IN (?, ?, ?, ?)");
    }

    #[test]
    fn parts_make_up_the_whole() {
        assert_eq!(parts(203), [128, 64, 8, 2, 1]);
        assert_eq!(parts(1_100), [512, 512, 64, 8, 4]);
        assert!(parts(0).is_empty());
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
