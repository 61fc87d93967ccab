//! Rows as they come back, and how their columns become our own types.
//!
//! Owns decoding. *Invariant:* a text that is no member of its closed list is reported with
//! table, column and key, never guessed at.

mod packed;

use std::borrow::Cow;
use std::net::IpAddr;
use std::str::FromStr;

use carillon_domain::Timestamp;
use sqlx::postgres::{PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row as _, Type};

use crate::error::{Result, StoreError};

pub(crate) use packed::Shape;
use packed::{Cell, FromCell};

/// A row of either database.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// What both databases can decode: text, whole numbers, truths and bytes, or their absence.
pub(crate) trait Column:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres> + FromCell
{
}

impl<T> Column for T where
    T: for<'r> Decode<'r, Sqlite>
        + Type<Sqlite>
        + for<'r> Decode<'r, Postgres>
        + Type<Postgres>
        + FromCell
{
}

impl Row {
    /// A column as it is.
    pub(crate) fn get<T: Column>(&self, column: &str) -> Result<T> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// The bytes of a text or bytes column, whatever they are.
    pub(crate) fn raw(&self, column: &str) -> Result<Option<Vec<u8>>> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get_unchecked(column)?,
            Self::Postgres(row) => row.try_get_unchecked(column)?,
        })
    }

    /// A text, whatever somebody put there: what is none is read with a mark for each bad byte.
    pub(crate) fn any_text(&self, column: &str) -> Result<String> {
        Ok(self.maybe_any_text(column)?.unwrap_or_default())
    }

    /// The same, or that there is none.
    pub(crate) fn maybe_any_text(&self, column: &str) -> Result<Option<String>> {
        let bytes = self.raw(column)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The same row with the table and the key to name when a value cannot be right.
    pub(crate) const fn of<'r>(&'r self, table: &'static str, key: &'static str) -> Fields<'r> {
        Fields {
            source: Source::Row(self),
            table,
            key,
        }
    }
}

/// Where values stand.
#[derive(Clone, Copy)]
enum Source<'r> {
    Row(&'r Row),
    Packed(&'static [&'static str], &'r [Cell<'r>]),
}

/// A row that knows where it comes from.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'r> {
    source: Source<'r>,
    table: &'static str,
    key: &'static str,
}

impl Fields<'_> {
    pub(crate) fn get<T: Column>(&self, column: &str) -> Result<T> {
        match self.source {
            Source::Row(row) => row.get(column),
            Source::Packed(names, cells) => packed::value(names, cells, column),
        }
    }

    /// A text, copied only where it must be.
    fn lent(&self, column: &str) -> Result<Option<Cow<'_, str>>> {
        match self.source {
            Source::Row(row) => Ok(row.get::<Option<String>>(column)?.map(Cow::Owned)),
            Source::Packed(names, cells) => packed::text(names, cells, column),
        }
    }

    pub(crate) fn text(&self, column: &str) -> Result<String> {
        self.get(column)
    }

    pub(crate) fn int(&self, column: &str) -> Result<i64> {
        self.get(column)
    }

    pub(crate) fn at(&self, column: &str) -> Result<Timestamp> {
        self.int(column).map(Timestamp::from_micros)
    }

    pub(crate) fn maybe_at(&self, column: &str) -> Result<Option<Timestamp>> {
        let micros: Option<i64> = self.get(column)?;
        Ok(micros.map(Timestamp::from_micros))
    }

    /// A text column as the type that it stands for.
    pub(crate) fn parse<T: FromStr>(&self, column: &'static str) -> Result<T> {
        self.maybe(column)?.ok_or_else(|| self.wrong(column))
    }

    /// The same where the column may be empty.
    pub(crate) fn maybe<T: FromStr>(&self, column: &'static str) -> Result<Option<T>> {
        let text = self.lent(column)?;
        text.map(|text| text.parse().map_err(|_| self.wrong(column)))
            .transpose()
    }

    /// An address. One that cannot be read, which Carillon did not write, counts as none, and the
    /// log says whose: one row must not hide all others, and nothing is sent without an address.
    pub(crate) fn address(&self, column: &'static str) -> Result<Option<IpAddr>> {
        let Some(text) = self.lent(column)? else {
            return Ok(None);
        };
        let address = text.parse().ok();
        if address.is_none() {
            let (table, row) = (self.table, self.text(self.key).unwrap_or_default());
            tracing::error!(
                table,
                column,
                row,
                "an address cannot be read: it counts as none"
            );
        }
        Ok(address)
    }

    /// A number column as a narrower number.
    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T> {
        T::try_from(self.int(column)?).map_err(|_| self.wrong(column))
    }

    /// The same where the column may be empty.
    pub(crate) fn maybe_number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<Option<T>> {
        let number: Option<i64> = self.get(column)?;
        number
            .map(|number| T::try_from(number).map_err(|_| self.wrong(column)))
            .transpose()
    }

    /// A text column that holds JSON.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        let text = self.lent(column)?.unwrap_or_default();
        serde_json::from_str(&text).map_err(|_| self.wrong(column))
    }

    pub(crate) fn wrong(&self, column: &'static str) -> StoreError {
        StoreError::Inconsistent {
            table: self.table,
            column,
            row: self.text(self.key).unwrap_or_default(),
        }
    }
}
