//! Pages of long lists, found again by the key of their first or last row.
//!
//! Owns cursors. A cursor is text that outsiders hand back; one that is none of ours is the
//! same as an empty page position and is reported, never guessed at.

use crate::error::{Result, StoreError};
use crate::sql::{Sql, Value};

/// The place of one row in a sorted list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

/// Where a page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Seek {
    /// At the beginning of the list.
    #[default]
    Start,
    /// Behind this row.
    After(Cursor),
    /// So that it ends before this row.
    Before(Cursor),
}

/// One page, always in the order of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// For [`Seek::Before`], when rows come before this page.
    pub previous: Option<Cursor>,
    /// For [`Seek::After`], when rows come after this page.
    pub next: Option<Cursor>,
}

/// Whether a list counts up or down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

impl Direction {
    const fn turned(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Ascending => (" > ", " ASC"),
            Self::Descending => (" < ", " DESC"),
        }
    }
}

impl Cursor {
    /// From the text of an address line.
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// For an address line: letters, digits, `.` and `-` only.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn of_number(number: i64) -> Self {
        Self(number.to_string())
    }

    pub(crate) fn of_number_and_id(number: i64, id: &str) -> Self {
        Self(format!("{number}.{}", hex::encode(id)))
    }

    pub(crate) fn of_text_and_id(key: &str, id: &str) -> Self {
        Self(format!("{}.{}", hex::encode(key), hex::encode(id)))
    }

    /// A number as we write it: digits, without a sign or zeros before them.
    pub(crate) fn as_number(&self) -> Result<i64> {
        let number: i64 = self.0.parse().map_err(|_| foreign())?;
        let is_ours = number >= 0 && number.to_string() == self.0;
        is_ours.then_some(number).ok_or_else(foreign)
    }

    pub(crate) fn number_and_id(&self) -> Result<Vec<Value>> {
        let (number, id) = self.0.split_once('.').ok_or_else(foreign)?;
        let number: i64 = number.parse().map_err(|_| foreign())?;
        Ok(vec![number.into(), text_of(id)?.into()])
    }

    pub(crate) fn text_and_id(&self) -> Result<Vec<Value>> {
        let (key, id) = self.0.split_once('.').ok_or_else(foreign)?;
        Ok(vec![text_of(key)?.into(), text_of(id)?.into()])
    }
}

fn text_of(digits: &str) -> Result<String> {
    let bytes = hex::decode(digits).map_err(|_| foreign())?;
    String::from_utf8(bytes).map_err(|_| foreign())
}

fn foreign() -> StoreError {
    StoreError::InvalidCursor
}

impl Seek {
    /// Whether this is a place in a list that counts by numbers.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`] where it is none.
    pub fn check_number(&self) -> Result<()> {
        match self {
            Self::Start => Ok(()),
            Self::After(cursor) | Self::Before(cursor) => cursor.as_number().map(drop),
        }
    }

    /// Adds the condition, the order and the limit for a list sorted by `keys`
    /// (`a; b` or one column), with one row more than asked to see whether others follow.
    pub(crate) fn by(
        &self,
        sql: &mut Sql,
        keys: &str,
        direction: Direction,
        limit: i64,
        values: impl Fn(&Cursor) -> Result<Vec<Value>>,
    ) -> Result<()> {
        let (cursor, direction) = match self {
            Self::Start => (None, direction),
            Self::After(cursor) => (Some(cursor), direction),
            Self::Before(cursor) => (Some(cursor), direction.turned()),
        };
        let (beyond, order) = direction.words();
        if let Some(cursor) = cursor {
            let columns = keys.replace(';', ",");
            sql.push(" AND (").push(&columns).push(")").push(beyond);
            sql.tuple(values(cursor)?);
        }
        let ordered = keys.split("; ").map(|key| format!("{key}{order}"));
        let ordered = ordered.collect::<Vec<_>>().join(", ");
        sql.push(" ORDER BY ").push(&ordered);
        sql.push(" LIMIT ").bind(limit.saturating_add(1));
        Ok(())
    }
}

impl<T> Page<T> {
    /// Makes a page of the rows that [`Seek::by`] brought.
    pub(crate) fn of(
        mut rows: Vec<T>,
        seek: &Seek,
        limit: i64,
        key: impl Fn(&T) -> Cursor,
    ) -> Self {
        let more = rows.len() as i64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(0));
        let backwards = matches!(seek, Seek::Before(_));
        if backwards {
            rows.reverse();
        }
        let first = rows.first().map(&key);
        let last = rows.last().map(&key);
        let (before, after) = match seek {
            Seek::Start => (false, more),
            Seek::After(_) => (true, more),
            Seek::Before(_) => (more, true),
        };
        Self {
            items: rows,
            previous: first.filter(|_| before),
            next: last.filter(|_| after),
        }
    }

    /// The same page of other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            previous: self.previous,
            next: self.next,
        }
    }
}
