//! Lists that go out: the export, and a file with its errors.

use std::borrow::Cow;
use std::collections::HashMap;

use super::columns::{self, ERROR_COLUMN};
use super::records::{Record, Records};
use super::{Column, ListError, text};
use crate::phone::Phone;
use crate::spreadsheet;

/// The columns of an export: all but the secrets.
const EXPORTED: &[Column] = &[
    Column::Mac,
    Column::Label,
    Column::Extension,
    Column::Model,
    Column::Address,
    Column::Port,
    Column::Scheme,
    Column::Site,
    Column::Tags,
    Column::SipUri,
    Column::Credential,
    Column::Protected,
    Column::Notes,
];

/// The first line of an export.
pub fn export_header() -> String {
    record(EXPORTED.iter().map(|column| column.as_str()), ',')
}

/// One phone's line of an export. Imported again it changes nothing.
pub fn export_line(phone: &Phone) -> String {
    let cells = EXPORTED.iter().map(|column| cell(*column, phone));
    let cells: Vec<String> = cells.collect();
    record(cells.iter().map(String::as_str), ',')
}

fn cell(column: Column, phone: &Phone) -> String {
    match column {
        Column::Mac => phone.mac.to_string(),
        Column::Label => phone.label.clone(),
        Column::Extension => phone.extension.clone(),
        Column::Model => phone.model.clone(),
        Column::Address => written(phone.address),
        Column::Port => written(phone.port),
        Column::Scheme => written(phone.scheme),
        Column::Site => phone.site.clone().unwrap_or_default(),
        Column::Tags => phone.tags.join(";"),
        Column::SipUri => phone.sip_uri.clone(),
        Column::Credential => phone.credential.clone().unwrap_or_default(),
        Column::Protected => if phone.protected { "yes" } else { "no" }.to_owned(),
        Column::Notes => phone.notes.clone(),
        Column::Username | Column::Password => String::new(),
    }
}

fn written(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The lines of a file that have mistakes, with a last column that tells which. What is right is not
/// in it: that is taken already, or stands in the file itself. Passwords are left out: they leave this
/// program towards their phone only. So are the cells of a line that cannot be told apart. Of a file
/// that could not be read throughout only the mistakes are told: what could not be read would be lost
/// in it.
pub fn with_errors(bytes: &[u8], errors: &[ListError]) -> String {
    let Some(text) = text::check(bytes).ok().filter(|text| text.odd.is_empty()) else {
        return told_alone(errors);
    };
    let Ok(mut records) = Records::begin(&text.readable) else {
        return told_alone(errors);
    };
    let Some(Ok(header)) = records.next() else {
        return told_alone(errors);
    };
    let layout = Layout::of(&header);
    let delimiter = records.delimiter();
    let told = by_line(errors);
    let mut out = record(layout.names(&header), delimiter);
    for row in records {
        let (line, mut cells) = match &row {
            Ok(row) => (row.line, layout.cells(row)),
            Err(error) => (error.line, layout.blank()),
        };
        let Some(mistakes) = told.get(&line) else {
            continue;
        };
        cells.push(mistakes.as_str().into());
        out.push_str(&record(cells.iter().map(AsRef::as_ref), delimiter));
    }
    out
}

/// Where the cells of a file stand.
struct Layout {
    places: Vec<Option<Column>>,
    /// The place of an error column of an earlier round, which is not repeated.
    old: Option<usize>,
}

impl Layout {
    fn of(header: &Record<'_>) -> Self {
        let is_old = |cell: &Cow<'_, str>| cell.trim().eq_ignore_ascii_case(ERROR_COLUMN);
        Self {
            places: columns::read(header).places,
            old: header.cells.iter().position(is_old),
        }
    }

    fn names<'a>(&self, header: &'a Record<'_>) -> impl Iterator<Item = &'a str> {
        let cells = header.cells.iter().enumerate();
        cells
            .filter(|(place, _)| Some(*place) != self.old)
            .map(|(_, cell)| cell.as_ref())
            .chain([ERROR_COLUMN])
    }

    fn cells<'a>(&self, row: &'a Record<'_>) -> Vec<Cow<'a, str>> {
        if row.cells.len() > self.places.len() {
            return self.blank();
        }
        let password = self.password(row);
        let cells = row.cells.iter().enumerate();
        let mut cells: Vec<Cow<'a, str>> = cells
            .filter(|(place, _)| Some(*place) != self.old)
            .map(|(_, cell)| match cell.trim() {
                same if Some(same) == password => Cow::Borrowed(""),
                _ => Cow::Borrowed(cell.as_ref()),
            })
            .collect();
        cells.resize(self.blank().len().max(cells.len()), Cow::Borrowed(""));
        cells
    }

    /// The row's password, so that it is left out wherever it stands.
    fn password<'a>(&self, row: &'a Record<'_>) -> Option<&'a str> {
        let secret = Some(Column::Password);
        let place = self.places.iter().position(|column| *column == secret)?;
        let text = row.cells.get(place)?.trim();
        (!text.is_empty()).then_some(text)
    }

    fn blank<'a>(&self) -> Vec<Cow<'a, str>> {
        vec![Cow::Borrowed(""); self.places.len() - usize::from(self.old.is_some())]
    }
}

/// The errors alone, where the file could not be read.
fn told_alone(errors: &[ListError]) -> String {
    let mut out = record(["line", ERROR_COLUMN].into_iter(), ',');
    for error in errors {
        let line = error.line.to_string();
        out.push_str(&record([line.as_str(), &sentence(error)].into_iter(), ','));
    }
    out
}

fn by_line(errors: &[ListError]) -> HashMap<u64, String> {
    let mut told: HashMap<u64, String> = HashMap::new();
    for error in errors {
        let text = told.entry(error.line).or_default();
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(&sentence(error));
    }
    told
}

fn sentence(error: &ListError) -> String {
    let column = match error.column.as_str() {
        "" => String::new(),
        column => format!("{column}: "),
    };
    format!("{column}{} ({})", error.problem, error.fix)
}

/// One line, in which nothing is a formula.
fn record<'a>(cells: impl Iterator<Item = &'a str>, delimiter: char) -> String {
    let mut line = String::new();
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            line.push(delimiter);
        }
        spreadsheet::field(&mut line, cell);
    }
    line.push_str("\r\n");
    line
}
