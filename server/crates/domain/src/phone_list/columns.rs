//! The header of a list.

use super::headings::column_of;
use super::limits::{MAX_COLUMNS, whole_file};
use super::records::Record;
use super::{IgnoredColumn, ListError, RenamedColumn};
use crate::{Mac, closed_list};

closed_list! {
    /// A column that a list may have.
    Column {
        /// Identity: the one that must be there.
        Mac = "mac",
        /// What people call the phone.
        Label = "label",
        /// Its extension.
        Extension = "extension",
        /// Its model.
        Model = "model",
        /// Its IP address.
        Address = "address",
        /// Port of its web server.
        Port = "port",
        /// `http` or `https`.
        Scheme = "scheme",
        /// Its site, by name or slug.
        Site = "site",
        /// Tags, separated by `;`.
        Tags = "tags",
        /// SIP address of record.
        SipUri = "sip_uri",
        /// Name of a stored credential.
        Credential = "credential",
        /// User name of this phone alone.
        Username = "username",
        /// Password of this phone alone.
        Password = "password",
        /// Whether jobs leave it out.
        Protected = "protected",
        /// Free text.
        Notes = "notes",
    }
}

/// The column in which our own error file tells what was wrong: read over.
pub(super) const ERROR_COLUMN: &str = "error";

/// Which column stands in which place.
pub(super) struct Columns {
    pub(super) places: Vec<Option<Column>>,
    pub(super) ignored: Vec<IgnoredColumn>,
    pub(super) renamed: Vec<RenamedColumn>,
    pub(super) errors: Vec<ListError>,
}

pub(super) fn no_header() -> ListError {
    whole_file("the file is empty".to_owned(), FIRST_LINE)
}

/// Letters of a name that are shown.
const SHOWN: usize = 80;
/// So many wrong letters still stand for a column.
const MISSPELT: usize = 2;
/// Fewer letters are no beginning of a name.
const SHORTENED: usize = 2;
const LEAVE_OUT: &str = "leave one of them out";
const FIRST_LINE: &str = "let the first line name the columns, at least mac";

/// Reads the header.
pub(super) fn read(header: &Record<'_>) -> Columns {
    let mut columns = Columns {
        places: Vec::new(),
        ignored: Vec::new(),
        renamed: Vec::new(),
        errors: Vec::new(),
    };
    if header.cells.len() > MAX_COLUMNS {
        let problem = format!("the header has more than {MAX_COLUMNS} columns");
        let error = mistake(header.line, "", (&problem, known()));
        columns.errors.push(error);
        return columns;
    }
    let present: Vec<Column> = header.cells.iter().filter_map(|cell| own(cell)).collect();
    for cell in &header.cells {
        columns.take(header, cell, &present);
    }
    if !columns.has_mac() {
        let problem = if has_phone(&header.cells) {
            // What stands there may be a password: it is not told.
            columns.ignored.clear();
            "the first line is a phone already: nothing names the columns"
        } else {
            "no column has the MAC addresses"
        };
        let error = mistake(header.line, "", (problem, FIRST_LINE.to_owned()));
        columns.errors.push(error);
    }
    columns
}

/// Whether one of these cells is the MAC address of a phone.
pub(super) fn has_phone<T: AsRef<str>>(cells: &[T]) -> bool {
    let mut cells = cells.iter();
    cells.any(|cell| cell.as_ref().trim().parse::<Mac>().is_ok())
}

impl Columns {
    fn has_mac(&self) -> bool {
        self.places.contains(&Some(Column::Mac))
    }

    /// Reads the next heading. `present` = the columns that the header has by their own names.
    fn take(&mut self, header: &Record<'_>, cell: &str, present: &[Column]) {
        let cell = cell.trim();
        let named = own(cell);
        let other = column_of(cell).filter(|_| named.is_none());
        let beside = other.filter(|column| gives_way(*column, present));
        let column = named.or(other).filter(|_| beside.is_none());
        if let Some(column) = column {
            self.errors.extend(self.twice(header, (cell, column)));
            self.renamed.extend(other.map(|column| RenamedColumn {
                name: shortened(cell),
                column,
            }));
        } else if plain(cell) != ERROR_COLUMN {
            self.ignored.push(IgnoredColumn {
                line: header.line,
                place: self.places.len() + 1,
                name: shortened(cell),
                meant: meant(&plain(cell)).filter(|_| beside.is_none()),
                beside,
            });
        }
        self.places.push(column);
    }

    /// What is wrong with a heading where another stands for the same column already.
    fn twice(&self, header: &Record<'_>, (cell, column): (&str, Column)) -> Option<ListError> {
        let first = self.places.iter().position(|one| *one == Some(column))?;
        let first = shortened(header.cells.get(first)?.trim());
        let problem = if first.eq_ignore_ascii_case(cell) {
            "this column is there twice".to_owned()
        } else {
            as_another(column, &first)
        };
        let fix = LEAVE_OUT.to_owned();
        Some(mistake(header.line, cell, (&problem, fix)))
    }
}

fn as_another(column: Column, first: &str) -> String {
    format!("this means the column {column}, as \"{first}\" does")
}

fn plain(cell: &str) -> String {
    cell.to_lowercase().replace([' ', '-'], "_")
}

/// The column whose own name a heading is.
fn own(cell: &str) -> Option<Column> {
    plain(cell.trim()).parse().ok()
}

/// Whether another name of a column only stands beside its own, which counts. Of two columns with passwords
/// none is left out: what is not known as a password would not be kept out of the file of mistakes.
fn gives_way(column: Column, present: &[Column]) -> bool {
    column != Column::Password && present.contains(&column)
}

fn shortened(heading: &str) -> String {
    heading.chars().take(SHOWN).collect()
}

fn mistake(line: u64, value: &str, (problem, fix): (&str, String)) -> ListError {
    ListError {
        line,
        column: String::new(),
        value: shortened(value),
        problem: problem.to_owned(),
        fix,
    }
}

/// What is said of a column of which nothing would be taken where it may not be left out.
pub(super) fn unknown(column: &IgnoredColumn) -> ListError {
    if let Some(other) = column.beside {
        let problem = as_another(other, other.as_str());
        return mistake(column.line, &column.name, (&problem, LEAVE_OUT.to_owned()));
    }
    let problem = if column.name.is_empty() {
        "a column has no name"
    } else {
        "there is no such column"
    };
    let fix = column.meant.map(|known| format!("did you mean {known}?"));
    let fix = fix.unwrap_or_else(known);
    mistake(column.line, &column.name, (problem, fix))
}

/// What is said of a column that nobody knows where none has the MAC addresses: it may be that one.
pub(super) fn perhaps_mac(column: &IgnoredColumn) -> ListError {
    if column.meant.is_some() {
        return unknown(column);
    }
    let problem = if column.name.is_empty() {
        "a column has no name"
    } else {
        "this column is not known"
    };
    let fix = "name it mac if the MAC addresses are in it".to_owned();
    mistake(column.line, &column.name, (problem, fix))
}

/// The column that a misspelt or shortened name stands for, if it is surely one.
fn meant(name: &str) -> Option<Column> {
    if let Some(known) = begun(name) {
        return Some(known);
    }
    let near = Column::ALL
        .iter()
        .map(|column| (distance(name, column.as_str()), column.as_str(), *column))
        .min_by_key(|(changes, known, _)| (*changes, *known))?;
    let (changes, known, column) = near;
    let near_enough = changes <= MISSPELT && changes * 2 < known.chars().count();
    near_enough.then_some(column)
}

/// The only column that begins so: `exten` is `extension`.
fn begun(name: &str) -> Option<Column> {
    let mut all = Column::ALL.iter();
    let begins = |known: &&Column| known.as_str().starts_with(name);
    let one = all.find(|known| name.len() >= SHORTENED && begins(known))?;
    all.all(|known| !begins(&known)).then_some(*one)
}

/// Letters to add, to take away, to change or to swap with the next until one name is the other.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<usize>>()];
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let changed = rows[i][j] + usize::from(a != b);
            let mut least = changed.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && one[i - 1] == *b && *a == other[j - 1] {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

fn known() -> String {
    let names: Vec<&str> = Column::ALL.iter().map(|column| column.as_str()).collect();
    format!("use only these: {}", names.join(", "))
}
