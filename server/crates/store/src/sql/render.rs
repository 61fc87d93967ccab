//! A statement as each driver takes it: its text, and its values in their order.
//!
//! Owns the two ways to write a table and a list: places for every value for SQLite, one array for
//! each column for Postgres.

use std::borrow::Cow;

use sqlx::Arguments;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;

use crate::error::{DriverError, Result, StoreError};

use super::value::Text;
use super::{Bound, PLACE, Sql, Value, size_above};

impl Sql {
    /// The text with its placeholders.
    fn rendered(&self, mut place: impl FnMut(&Bound, &mut String)) -> Cow<'static, str> {
        let Cow::Owned(text) = &self.text else {
            return self.text.clone();
        };
        let mut rendered = String::with_capacity(2 * text.len());
        let mut pieces = text.split(PLACE);
        rendered.push_str(pieces.next().unwrap_or_default());
        for (bound, piece) in self.bound.iter().skip(self.numbered).zip(pieces) {
            place(bound, &mut rendered);
            rendered.push_str(piece);
        }
        Cow::Owned(rendered)
    }

    /// For SQLite. It finds a named place by looking through all names before it, so that the
    /// thousands of a multi-row statement are left without names.
    pub(super) fn text_for_sqlite(&self) -> Cow<'static, str> {
        let mut number = self.numbered;
        let bare = number == 0;
        self.rendered(|bound, text| {
            let mut next = |text: &mut String| {
                number += 1;
                if bare {
                    text.push('?');
                } else {
                    push_number(text, number);
                }
            };
            match bound {
                Bound::One(_) => next(text),
                Bound::Rows(rows) => {
                    text.push_str("VALUES ");
                    list(text, rows, |row, text| tuple(text, row.len(), &mut next));
                }
                Bound::Again(rows) => {
                    text.push_str("VALUES ");
                    sized(text, rows, &mut next);
                }
                Bound::Filled(rows) => {
                    text.push_str("SELECT * FROM (VALUES ");
                    sized(text, rows, &mut next);
                    text.push_str(") WHERE column1 IS NOT NULL");
                }
                Bound::List(values) => {
                    text.push_str(" IN ");
                    tuple(text, values.len(), &mut next);
                }
            }
        })
    }

    pub(super) fn text_for_postgres(&self) -> Cow<'static, str> {
        let mut number = self.numbered;
        self.rendered(|bound, text| {
            let mut next = |text: &mut String| {
                number += 1;
                push_number(text, number);
            };
            match bound {
                Bound::One(_) => next(text),
                Bound::Rows(rows) | Bound::Again(rows) | Bound::Filled(rows) => {
                    text.push_str("SELECT * FROM UNNEST(");
                    let columns = rows.first().map_or(&[][..], Vec::as_slice);
                    list(text, columns, |value, text| {
                        next(text);
                        text.push_str(value.array());
                    });
                    text.push(')');
                }
                Bound::List(_) => {
                    text.push_str(" = ANY(");
                    next(text);
                    text.push(')');
                }
            }
        })
    }

    pub(crate) fn into_sqlite(self) -> Result<(Cow<'static, str>, SqliteArguments)> {
        let text = self.text_for_sqlite();
        let mut arguments = SqliteArguments::default();
        arguments.reserve(self.bound.iter().map(Bound::places).sum(), 0);
        let mut add = |value| match value {
            Value::Text(text) => add_text(&mut arguments, text),
            Value::Int(number) => arguments.add(number).map_err(encoding),
            Value::Bool(truth) => arguments.add(truth).map_err(encoding),
            Value::Blob(bytes) => arguments.add(bytes).map_err(encoding),
        };
        for bound in self.bound {
            match bound {
                Bound::One(value) => add(value)?,
                Bound::Rows(rows) => rows.into_iter().flatten().try_for_each(&mut add)?,
                Bound::Again(mut rows) => {
                    if let Some(last) = rows.last().cloned() {
                        rows.resize(size_above(rows.len()), last);
                    }
                    rows.into_iter().flatten().try_for_each(&mut add)?;
                }
                Bound::Filled(rows) => {
                    let columns = rows.first().map_or(0, Vec::len);
                    let left = (size_above(rows.len()) - rows.len()) * columns;
                    rows.into_iter().flatten().try_for_each(&mut add)?;
                    (0..left).try_for_each(|_| add(Value::Int(None)))?;
                }
                Bound::List(values) => values.into_iter().try_for_each(&mut add)?,
            }
        }
        Ok((text, arguments))
    }

    pub(crate) fn into_postgres(self) -> Result<(Cow<'static, str>, PgArguments)> {
        let text = self.text_for_postgres();
        let mut arguments = PgArguments::default();
        for bound in self.bound {
            match bound {
                Bound::One(value) => match value {
                    Value::Text(text) => arguments.add(plain(text.as_deref())?),
                    Value::Int(number) => arguments.add(number),
                    Value::Bool(truth) => arguments.add(truth),
                    Value::Blob(bytes) => arguments.add(bytes),
                }
                .map_err(encoding)?,
                Bound::Rows(rows) | Bound::Again(rows) | Bound::Filled(rows) => {
                    for column in columns(rows) {
                        add_array(&mut arguments, column)?;
                    }
                }
                Bound::List(values) => add_array(&mut arguments, values)?,
            }
        }
        Ok((text, arguments))
    }
}

fn add_text(arguments: &mut SqliteArguments, text: Option<Text>) -> Result<()> {
    plain(text.as_deref())?;
    match text {
        None => arguments.add(None::<String>),
        Some(Text::Own(text)) => arguments.add(text),
        Some(Text::Shared(text)) => arguments.add(text),
    }
    .map_err(encoding)
}

fn push_number(text: &mut String, number: usize) {
    text.push('$');
    text.push_str(&number.to_string());
}

fn list<T>(text: &mut String, items: &[T], mut item: impl FnMut(&T, &mut String)) {
    for (index, one) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        item(one, text);
    }
}

/// Places for so many rows as the next of the kept sizes has.
fn sized(text: &mut String, rows: &[Vec<Value>], mut next: impl FnMut(&mut String)) {
    let columns = rows.first().map_or(0, Vec::len);
    for index in 0..size_above(rows.len()) {
        text.push_str(if index == 0 { "" } else { ", " });
        tuple(text, columns, &mut next);
    }
}

fn tuple(text: &mut String, places: usize, mut next: impl FnMut(&mut String)) {
    for index in 0..places {
        text.push(if index == 0 { '(' } else { ',' });
        next(text);
    }
    text.push(')');
}

/// Rows as columns.
fn columns(rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    let mut columns: Vec<Vec<Value>> = Vec::new();
    let count = rows.len();
    for row in rows {
        columns.resize_with(row.len(), || Vec::with_capacity(count));
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns
}

/// Adds values of one kind, that of the first, as one array.
fn add_array(arguments: &mut PgArguments, values: Vec<Value>) -> Result<()> {
    let (mut texts, mut numbers, mut truths, mut blobs) = (vec![], vec![], vec![], vec![]);
    for value in &values {
        match value {
            Value::Text(text) => texts.push(plain(text.as_deref())?),
            Value::Int(number) => numbers.push(*number),
            Value::Bool(truth) => truths.push(*truth),
            Value::Blob(bytes) => blobs.push(bytes.as_deref()),
        }
    }
    if !numbers.is_empty() {
        arguments.add(numbers)
    } else if !truths.is_empty() {
        arguments.add(truths)
    } else if !blobs.is_empty() {
        arguments.add(blobs)
    } else {
        arguments.add(texts)
    }
    .map_err(encoding)
}

/// Postgres stores no NUL in a text. Neither do we anywhere, so that both databases refuse alike.
fn plain(text: Option<&str>) -> Result<Option<&str>> {
    match text {
        Some(text) if text.contains('\0') => Err(encoding("a text holds a NUL".into())),
        text => Ok(text),
    }
}

fn encoding(error: sqlx::error::BoxDynError) -> StoreError {
    StoreError::Driver(DriverError(sqlx::Error::Encode(error)))
}
