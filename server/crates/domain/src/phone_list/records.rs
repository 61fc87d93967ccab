//! Text to records, after RFC 4180: quotes, doubled quotes, line breaks inside them.
//!
//! Our own reader rather than a library's, for two things that a list kept by people needs: the
//! exact line of every record, and going on after a quote that somebody forgot to close.

use std::borrow::Cow;

use super::ListError;
use super::limits::whole_file;

/// One record.
pub(super) struct Record<'a> {
    pub(super) line: u64,
    pub(super) cells: Vec<Cow<'a, str>>,
}

/// The records of a text that are not blank.
pub(super) struct Records<'a> {
    rest: &'a str,
    line: u64,
    delimiter: char,
}

/// What ended a cell.
#[derive(PartialEq, Eq)]
enum End {
    Cell,
    Record,
}

impl<'a> Records<'a> {
    /// Finds the delimiter: what a first line `sep=;` says, else whichever of comma, semicolon and
    /// tab stands most often in the header. Tabs come out of a spreadsheet by copy and paste.
    pub(super) fn begin(text: &'a str) -> Result<Self, ListError> {
        let first = text.lines().next().unwrap_or_default();
        if let Some(said) = first.trim().trim_matches('"').strip_prefix("sep=") {
            let delimiter = match said {
                "," => ',',
                ";" => ';',
                _ => return Err(unknown_delimiter()),
            };
            let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
            return Ok(Self {
                rest,
                line: 2,
                delimiter,
            });
        }
        let header = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
        let often = |delimiter: &char| header.matches(*delimiter).count();
        // Of equally many the last counts: a comma.
        let delimiter = ['\t', ';', ',']
            .into_iter()
            .max_by_key(often)
            .unwrap_or(',');
        Ok(Self {
            rest: text,
            line: 1,
            delimiter,
        })
    }

    /// What stands between cells.
    pub(super) const fn delimiter(&self) -> char {
        self.delimiter
    }

    /// Takes one record from the front.
    fn take(&mut self) -> Result<Record<'a>, ListError> {
        let (line, start) = (self.line, self.rest);
        let mut cells = Vec::new();
        loop {
            match self.take_cell(&mut cells) {
                Ok(End::Cell) => {}
                Ok(End::Record) => return Ok(Record { line, cells }),
                Err((problem, fix)) => {
                    self.rest = start;
                    self.line = line;
                    self.skip_line();
                    return Err(ListError {
                        line,
                        ..whole_file(problem.to_owned(), fix)
                    });
                }
            }
        }
    }

    fn take_cell(&mut self, cells: &mut Vec<Cow<'a, str>>) -> Result<End, Broken> {
        let cell = if self.rest.starts_with('"') {
            self.take_quoted()?
        } else {
            let stop = [self.delimiter, '\n', '\r'];
            let length = self.rest.find(stop).unwrap_or(self.rest.len());
            let (cell, rest) = self.rest.split_at(length);
            self.rest = rest;
            Cow::Borrowed(cell)
        };
        cells.push(cell);
        self.take_end()
    }

    fn take_quoted(&mut self) -> Result<Cow<'a, str>, Broken> {
        let inside = &self.rest[1..];
        let mut from = 0;
        let end = loop {
            let quote = from + inside[from..].find('"').ok_or(UNCLOSED)?;
            if inside[quote + 1..].starts_with('"') {
                from = quote + 2;
            } else {
                break quote;
            }
        };
        let (cell, rest) = inside.split_at(end);
        self.rest = &rest[1..];
        self.line += cell.matches('\n').count() as u64;
        Ok(if cell.contains('"') {
            Cow::Owned(cell.replace("\"\"", "\""))
        } else {
            Cow::Borrowed(cell)
        })
    }

    fn take_end(&mut self) -> Result<End, Broken> {
        if let Some(rest) = self.rest.strip_prefix(self.delimiter) {
            self.rest = rest;
            return Ok(End::Cell);
        }
        let at_end = self.rest.is_empty() || self.rest.starts_with(['\n', '\r']);
        if !at_end {
            return Err(AFTER_QUOTE);
        }
        self.skip_break();
        Ok(End::Record)
    }

    fn skip_break(&mut self) {
        let after = ["\r\n", "\n", "\r"]
            .iter()
            .find_map(|ending| self.rest.strip_prefix(ending));
        if let Some(rest) = after {
            self.rest = rest;
            self.line += 1;
        }
    }

    fn skip_line(&mut self) {
        let length = self.rest.find(['\n', '\r']).unwrap_or(self.rest.len());
        self.rest = &self.rest[length..];
        self.skip_break();
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, ListError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            match self.take() {
                Ok(record) if record.cells.iter().all(|cell| cell.trim().is_empty()) => {}
                other => return Some(other),
            }
        }
        None
    }
}

type Broken = (&'static str, &'static str);

const UNCLOSED: Broken = (
    "a quote is opened in this line and never closed",
    "close it, or write a quote inside a quoted cell twice",
);
const AFTER_QUOTE: Broken = (
    "there is text after a closing quote",
    "write a quote inside a quoted cell twice",
);

fn unknown_delimiter() -> ListError {
    ListError {
        line: 1,
        ..whole_file(
            "the line `sep=` names neither comma nor semicolon".to_owned(),
            "separate the cells with commas or semicolons",
        )
    }
}
