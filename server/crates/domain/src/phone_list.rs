//! The phone list: the CSV that people keep their phones in.
//!
//! Owns its columns, what each cell may hold, and the two ways out: an export that reads back as
//! unchanged, and the same file with its errors beside the lines. Reads everything in one pass and
//! tells every mistake. *Invariant:* no error and no output holds a password.

mod apply;
mod cells;
mod columns;
mod first_line;
mod form;
mod headings;
mod limits;
mod records;
mod row;
mod text;
mod write;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use columns::Column;
pub use first_line::{FirstLine, first_line, with_first_line};
pub use form::from_fields;
pub use limits::{MAX_BYTES, MAX_CELL, MAX_COLUMNS, MAX_ROWS};
pub use write::{export_header, export_line, with_errors};

use crate::Mac;
use crate::phone::Scheme;

/// What a file says about one field of a phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cell<T> {
    /// The file has no such column: the field stays as it is.
    #[default]
    Absent,
    /// The cell is blank: the field is cleared.
    Blank,
    /// The field becomes this.
    Value(T),
}

/// A site as a file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteName {
    /// As written.
    pub name: String,
    /// What it would be called in URLs.
    pub slug: String,
}

/// A login that one phone gets for itself. A blank cell leaves what is stored.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// User name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<SecretString>,
}

impl Login {
    /// Whether it says anything.
    pub const fn is_given(&self) -> bool {
        self.username.is_some() || self.password.is_some()
    }
}

/// One phone as a file describes it. Every value has been checked.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct Row {
    /// Where it stands in the file, from 1.
    pub line: u64,
    pub mac: Mac,
    pub label: Cell<String>,
    pub extension: Cell<String>,
    pub model: Cell<String>,
    pub address: Cell<IpAddr>,
    pub port: Cell<u16>,
    pub scheme: Cell<Scheme>,
    pub site: Cell<SiteName>,
    pub tags: Cell<Vec<String>>,
    pub sip_uri: Cell<String>,
    pub credential: Cell<String>,
    pub login: Login,
    pub protected: Cell<bool>,
    pub notes: Cell<String>,
}

/// One mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListError {
    /// Where, from 1; 0 when it is the file as a whole.
    pub line: u64,
    /// The column's name; empty when it is the line as a whole.
    pub column: String,
    /// What stands there, shortened; never a password.
    pub value: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub fix: String,
}

/// A column of which nothing is taken: nobody knows it, or another has its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IgnoredColumn {
    /// The line of the header.
    pub line: u64,
    /// Which column it is, from 1.
    pub place: usize,
    /// Its name as written, shortened; empty where it has none.
    pub name: String,
    /// The column that may be meant.
    pub meant: Option<Column>,
    /// The column that it means, where that is there by its own name too, and counts instead.
    pub beside: Option<Column>,
}

/// A column that a file calls by another name than we do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenamedColumn {
    /// Its name as written, shortened.
    pub name: String,
    /// What it was taken for.
    pub column: Column,
}

/// A file that has been read.
#[derive(Clone, Debug, Default)]
pub struct PhoneList {
    /// The lines without a mistake.
    pub rows: Vec<Row>,
    /// Every mistake, in order of lines.
    pub errors: Vec<ListError>,
    /// How many lines describe a phone, right or wrong.
    pub total: usize,
    /// The columns that the file has.
    pub columns: Vec<Column>,
    /// Those of which nothing is taken. Whoever takes the file has to say so.
    pub ignored: Vec<IgnoredColumn>,
    /// Those that have another name than ours. Whoever reviews the file is told.
    pub renamed: Vec<RenamedColumn>,
    /// The file as a whole cannot be taken: not even its valid lines.
    pub blocked: bool,
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> PhoneList {
    let mut list = PhoneList::default();
    match text::check(bytes) {
        Ok(text) => list.read_all(text),
        Err(error) => list.block(error),
    }
    list.errors.sort_by_key(|error| error.line);
    list
}

impl PhoneList {
    /// The same where nobody looks before the file is taken: a column of which nothing would be taken is a
    /// mistake of the file as a whole.
    #[must_use]
    pub fn with_known_columns_only(mut self) -> Self {
        self.refuse_ignored();
        self
    }

    fn refuse_ignored(&mut self) {
        let ignored = std::mem::take(&mut self.ignored);
        self.blocked |= !ignored.is_empty();
        self.errors.extend(ignored.iter().map(columns::unknown));
        self.errors.sort_by_key(|error| error.line);
    }

    /// Of a file of which nothing can be taken: what is misspelt, and where no column has the MAC addresses,
    /// each that may have them.
    fn tell_ignored(&mut self, has_mac: bool) {
        let ignored = std::mem::take(&mut self.ignored).into_iter();
        let (told, left): (Vec<_>, Vec<_>) = ignored
            .partition(|column| column.beside.is_none() && (!has_mac || column.meant.is_some()));
        let mistake = if has_mac {
            columns::unknown
        } else {
            columns::perhaps_mac
        };
        self.errors.extend(told.iter().map(mistake));
        self.ignored = left;
    }

    fn block(&mut self, error: ListError) {
        self.errors.push(error);
        self.blocked = true;
    }

    /// A file that could not be read throughout is taken neither whole nor in part; its other
    /// mistakes are told all the same.
    fn read_all(&mut self, text: text::Text<'_>) {
        self.read_text(&text.readable);
        self.blocked |= !text.odd.is_empty();
        let odd: HashSet<u64> = text.odd.iter().map(|error| error.line).collect();
        self.rows.retain(|row| !odd.contains(&row.line));
        self.errors.extend(text.odd);
    }

    fn read_text(&mut self, file: &str) {
        let mut records = match records::Records::begin(file) {
            Ok(records) => records,
            Err(error) => return self.block(error),
        };
        let header = match records.next() {
            Some(Ok(header)) => header,
            Some(Err(error)) => return self.block(error),
            None => return self.block(columns::no_header()),
        };
        let columns = columns::read(&header);
        self.blocked = !columns.errors.is_empty();
        self.errors.extend(columns.errors);
        self.ignored = columns.ignored;
        self.renamed = columns.renamed;
        self.columns = columns.places.iter().flatten().copied().collect();
        let has_mac = self.columns.contains(&Column::Mac);
        if self.blocked {
            self.tell_ignored(has_mac);
        }
        if has_mac {
            self.read_rows(records, &columns.places);
        }
    }

    fn read_rows(&mut self, records: records::Records<'_>, places: &[Option<Column>]) {
        let mut lines_of = HashMap::new();
        for record in records {
            if self.total == MAX_ROWS {
                return self.block(limits::too_many_rows());
            }
            self.total += 1;
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    self.errors.push(error);
                    continue;
                }
            };
            let (row, mut errors) = row::read(&record, places);
            if let Some(mac) = row.as_ref().map(|row| row.mac)
                && let Some(first) = lines_of.insert(mac, record.line)
            {
                lines_of.insert(mac, first);
                errors.push(row::duplicate(record.line, mac, first));
            }
            match row {
                Some(row) if errors.is_empty() => self.rows.push(row),
                _ => self.errors.append(&mut errors),
            }
        }
    }
}

impl<T> Cell<T> {
    /// The value, when there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Blank => None,
        }
    }
}

#[cfg(test)]
mod tests;
