//! One record to one phone, or to everything that is wrong with it.

use secrecy::SecretString;

use super::cells::{self, Mistake};
use super::limits::MAX_CELL;
use super::records::Record;
use super::{Cell, Column, ListError, Login, Row, SiteName};
use crate::credential::{self, MAX_LOGIN};
use crate::phone::slugify;
use crate::{Mac, spreadsheet, tag};

/// Reads a record. A row comes back even beside errors, as long as its MAC could be read.
pub(super) fn read(
    record: &Record<'_>,
    places: &[Option<Column>],
) -> (Option<Row>, Vec<ListError>) {
    let mut reader = Reader::of(record, places);
    if !reader.has_right_length() {
        return (None, reader.errors);
    }
    let row = reader.row();
    (row, reader.errors)
}

/// Reads what somebody typed: an apostrophe before a formula is theirs and stays.
pub(super) fn read_form(
    record: &Record<'_>,
    places: &[Option<Column>],
) -> (Option<Row>, Vec<ListError>) {
    let mut reader = Reader {
        is_typed: true,
        ..Reader::of(record, places)
    };
    let row = reader.row();
    (row, reader.errors)
}

/// The mistake of naming a phone twice.
pub(super) fn duplicate(line: u64, mac: Mac, first: u64) -> ListError {
    ListError {
        line,
        column: Column::Mac.to_string(),
        value: mac.to_string(),
        problem: format!("this phone is already in line {first}"),
        fix: "keep one of the two lines".to_owned(),
    }
}

struct Reader<'a> {
    record: &'a Record<'a>,
    places: &'a [Option<Column>],
    is_typed: bool,
    errors: Vec<ListError>,
}

impl<'a> Reader<'a> {
    const fn of(record: &'a Record<'a>, places: &'a [Option<Column>]) -> Self {
        Self {
            record,
            places,
            is_typed: false,
            errors: Vec::new(),
        }
    }

    /// A line with too few or too many cells is told as such: its cells may stand in the wrong
    /// columns, so none of them is shown.
    fn has_right_length(&mut self) -> bool {
        let (found, wanted) = (self.record.cells.len(), self.places.len());
        let rest_is_blank = found > wanted
            && self.record.cells[wanted..]
                .iter()
                .all(|cell| cell.trim().is_empty());
        if found == wanted || rest_is_blank {
            return true;
        }
        self.errors.push(ListError {
            line: self.record.line,
            column: String::new(),
            value: String::new(),
            problem: format!("the line has {found} cells, the header has {wanted}"),
            fix: if found < wanted {
                "give it a cell for each column, an empty one too".to_owned()
            } else {
                "put cells that hold the separator in quotes".to_owned()
            },
        });
        false
    }

    fn row(&mut self) -> Option<Row> {
        let mac = self.mac();
        let row = Row {
            line: self.record.line,
            mac: mac.unwrap_or(Mac::from_bytes([0; 6])),
            label: self.cell(Column::Label, cells::line),
            extension: self.cell(Column::Extension, cells::extension),
            model: self.cell(Column::Model, cells::phone_model),
            address: self.cell(Column::Address, cells::address),
            port: self.cell(Column::Port, cells::port),
            scheme: self.cell(Column::Scheme, cells::scheme),
            site: self.cell(Column::Site, site),
            tags: self.cell(Column::Tags, tags),
            sip_uri: self.cell(Column::SipUri, cells::sip_uri),
            credential: self.cell(Column::Credential, credential_name),
            login: self.login(),
            protected: self.cell(Column::Protected, cells::protected),
            notes: self.cell(Column::Notes, cells::notes),
        };
        self.check_one_credential(&row);
        mac.map(|_| row)
    }

    fn mac(&mut self) -> Option<Mac> {
        match self.cell(Column::Mac, mac) {
            Cell::Value(mac) => Some(mac),
            Cell::Blank => {
                self.wrong(Column::Mac, "", ("the MAC is missing".to_owned(), FIX_MAC));
                None
            }
            Cell::Absent => None,
        }
    }

    /// What the file says in a column; a mistake counts as absent.
    fn cell<T>(
        &mut self,
        column: Column,
        parse: impl FnOnce(&str) -> Result<T, Mistake>,
    ) -> Cell<T> {
        let Some(raw) = self.raw(column) else {
            return Cell::Absent;
        };
        let value = match raw.trim() {
            typed if self.is_typed => typed.to_owned(),
            listed => spreadsheet::as_meant(listed).to_owned(),
        };
        if value.is_empty() {
            return Cell::Blank;
        }
        let parsed = if raw.len() > MAX_CELL {
            Err((
                format!("this is longer than {MAX_CELL} bytes"),
                "shorten it",
            ))
        } else {
            parse(&value)
        };
        match parsed {
            Ok(value) => Cell::Value(value),
            Err(mistake) => {
                self.wrong(column, &value, mistake);
                Cell::Absent
            }
        }
    }

    fn raw(&self, column: Column) -> Option<&str> {
        let place = self.places.iter().position(|c| *c == Some(column))?;
        self.record.cells.get(place).map(AsRef::as_ref)
    }

    fn wrong(&mut self, column: Column, value: &str, (problem, fix): Mistake) {
        let password = self.raw(Column::Password).map_or("", str::trim);
        let secret =
            column == Column::Password || (!password.is_empty() && value.contains(password));
        let value = if secret && !value.is_empty() {
            "•••".to_owned()
        } else {
            value.chars().filter(|c| !c.is_control()).take(80).collect()
        };
        self.errors.push(ListError {
            line: self.record.line,
            column: column.to_string(),
            value,
            problem,
            fix: fix.to_owned(),
        });
    }

    fn login(&mut self) -> Login {
        let username = self.cell(Column::Username, login_text);
        let password = self.password();
        if password.is_some()
            && self
                .raw(Column::Username)
                .is_none_or(|u| u.trim().is_empty())
        {
            let problem = "there is a password and no user name".to_owned();
            self.wrong(Column::Username, "", (problem, "give the user name too"));
        }
        Login {
            username: username.value().cloned(),
            password,
        }
    }

    /// Passwords are taken exactly as they stand, spaces and all.
    fn password(&mut self) -> Option<SecretString> {
        let raw = self.raw(Column::Password).filter(|raw| !raw.is_empty())?;
        let fits = raw.chars().count() <= MAX_LOGIN && !raw.chars().any(char::is_control);
        let secret = SecretString::from(raw);
        if fits {
            return Some(secret);
        }
        let problem =
            format!("a password has at most {MAX_LOGIN} characters, none of them control");
        self.wrong(Column::Password, "•", (problem, "correct it"));
        None
    }

    fn check_one_credential(&mut self, row: &Row) {
        let named = row.credential.value().is_some();
        if named && row.login.is_given() {
            let problem = "there is a credential and a user name of the phone's own".to_owned();
            let fix = "keep the one or the other";
            self.wrong(
                Column::Credential,
                row.credential.value().map_or("", |n| n),
                (problem, fix),
            );
        }
    }
}

const FIX_MAC: &str = "write 12 hexadecimal digits; in a spreadsheet format the column as text";

fn mac(text: &str) -> Result<Mac, Mistake> {
    text.parse::<Mac>()
        .map_err(|problem| (problem.to_string(), FIX_MAC))
}

fn site(text: &str) -> Result<SiteName, Mistake> {
    let name = cells::line(text)?;
    match slugify(&name) {
        slug if slug.is_empty() => Err((
            "a site's name needs a letter or a digit".to_owned(),
            "name the site, or leave the cell blank",
        )),
        slug => Ok(SiteName { name, slug }),
    }
}

fn tags(text: &str) -> Result<Vec<String>, Mistake> {
    tag::normalize_all(text.split([';', ',']))
        .map_err(|(_, problem)| (problem.to_string(), "correct the tag"))
}

fn credential_name(text: &str) -> Result<String, Mistake> {
    credential::name(text).map_err(|problem| {
        let fix = "name a stored credential, or leave the cell blank";
        (problem.to_string(), fix)
    })
}

fn login_text(text: &str) -> Result<String, Mistake> {
    if text.chars().count() > MAX_LOGIN || text.contains(':') {
        let problem = format!("a user name has at most {MAX_LOGIN} characters and no colon");
        return Err((problem, "correct it"));
    }
    cells::line(text)
}
