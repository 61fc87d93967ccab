//! Rows that come as one text.
//!
//! Owns reading that text. SQLite's driver hands every value of every row from one thread to
//! another, with a copy for each: what dispatch reads for thousands of phones a second comes as
//! one array of JSON instead.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

use super::{Fields, Source};
use crate::error::{DriverError, Result, StoreError};

/// What the rows of a query are: where from, and their columns in the order in which they are
/// packed.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) table: &'static str,
    pub(crate) key: &'static str,
    pub(crate) columns: &'static [&'static str],
}

/// One value of a packed row.
pub(crate) enum Cell<'t> {
    Nothing,
    Number(i64),
    Text(Cow<'t, str>),
}

impl Shape {
    /// Reads rows that [`crate::sql::Sql::packed`] packed.
    ///
    /// # Errors
    /// The text is no array of such rows, or `one` could not read a row.
    pub(crate) fn unpack<T>(
        self,
        text: &str,
        mut one: impl FnMut(Fields<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let rows: Vec<Vec<Cell<'_>>> = serde_json::from_str(text).map_err(|error| {
            StoreError::Driver(DriverError(sqlx::Error::Decode(Box::new(error))))
        })?;
        let read = |cells: &Vec<Cell<'_>>| {
            one(Fields {
                source: Source::Packed(self.columns, cells),
                table: self.table,
                key: self.key,
            })
        };
        rows.iter().map(read).collect()
    }
}

/// What can be read of a cell.
pub(crate) trait FromCell: Sized {
    /// `None` where the cell holds something else.
    fn from_cell(cell: &Cell<'_>) -> Option<Self>;
}

impl FromCell for String {
    fn from_cell(cell: &Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Text(text) => Some(text.as_ref().to_owned()),
            _ => None,
        }
    }
}

impl FromCell for i64 {
    fn from_cell(cell: &Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Number(number) => Some(*number),
            _ => None,
        }
    }
}

impl FromCell for bool {
    fn from_cell(cell: &Cell<'_>) -> Option<Self> {
        i64::from_cell(cell).map(|number| number != 0)
    }
}

impl FromCell for Vec<u8> {
    /// JSON has no bytes.
    fn from_cell(_: &Cell<'_>) -> Option<Self> {
        None
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: &Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Nothing => Some(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}

/// A column as what it holds.
pub(super) fn value<T: FromCell>(names: &[&str], cells: &[Cell<'_>], column: &str) -> Result<T> {
    T::from_cell(cell(names, cells, column)?).ok_or_else(|| other(column))
}

/// A text column, as it stands in the packed text.
pub(super) fn text<'r>(
    names: &[&str],
    cells: &'r [Cell<'_>],
    column: &str,
) -> Result<Option<Cow<'r, str>>> {
    match cell(names, cells, column)? {
        Cell::Nothing => Ok(None),
        Cell::Text(text) => Ok(Some(Cow::Borrowed(text.as_ref()))),
        Cell::Number(_) => Err(other(column)),
    }
}

fn cell<'r, 't>(names: &[&str], cells: &'r [Cell<'t>], column: &str) -> Result<&'r Cell<'t>> {
    let at = names.iter().position(|name| *name == column);
    at.and_then(|at| cells.get(at)).ok_or_else(|| {
        let missing = sqlx::Error::ColumnNotFound(column.to_owned());
        StoreError::Driver(DriverError(missing))
    })
}

fn other(column: &str) -> StoreError {
    StoreError::Driver(DriverError(sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: "it holds something else".into(),
    }))
}

impl<'de: 't, 't> Deserialize<'de> for Cell<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = Cell<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text, a whole number or nothing")
    }

    fn visit_unit<E>(self) -> std::result::Result<Self::Value, E> {
        Ok(Cell::Nothing)
    }

    fn visit_i64<E>(self, number: i64) -> std::result::Result<Self::Value, E> {
        Ok(Cell::Number(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> std::result::Result<Self::Value, E> {
        let number = i64::try_from(number);
        number.map(Cell::Number).map_err(|_| E::custom("too large"))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> std::result::Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        table: "t",
        key: "name",
        columns: &["name", "count", "note"],
    };

    #[test]
    fn packed_rows_are_read_as_others_are() {
        let text = r#"[["a\"b", -3, null], ["c", 9007199254740993, "é"]]"#;
        let read = |fields: Fields<'_>| {
            Ok((
                fields.text("name")?,
                fields.int("count")?,
                fields.get::<Option<String>>("note")?,
            ))
        };
        let rows = SHAPE.unpack(text, read).expect("read");
        assert_eq!(
            rows,
            [
                ("a\"b".to_owned(), -3, None),
                ("c".to_owned(), 9_007_199_254_740_993, Some("é".to_owned())),
            ]
        );
    }

    #[test]
    fn what_a_column_does_not_hold_is_an_error() {
        let read = |column: &'static str| {
            SHAPE
                .unpack(r#"[["a", 1.5, null]]"#, |fields| fields.int(column))
                .is_err()
        };
        assert!(read("name"), "a fraction makes the row unreadable");
        for (column, text) in [("name", r#"[["a", 1]]"#), ("note", r#"[["a", 1]]"#)] {
            assert!(
                SHAPE.unpack(text, |fields| fields.int(column)).is_err(),
                "{column}"
            );
        }
        let wrong = SHAPE.unpack(r#"[["a", 1, "no number"]]"#, |fields| {
            fields.parse::<u8>("note")
        });
        let wrong = wrong.expect_err("not a number").to_string();
        assert!(wrong.contains("note") && wrong.contains('a'), "{wrong}");
    }
}
