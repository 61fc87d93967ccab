//! The same fields from a form or the API: what a list takes, they take, in the same words.

use std::borrow::Cow;
use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::records::Record;
use super::{Column, ListError, Row, row};
use crate::{FieldError, Mac};

/// Reads one phone's fields. What is not given stays as it is, a blank text clears.
///
/// # Errors
/// Every mistake, with its column as the field.
pub fn from_fields(
    mac: Mac,
    fields: &BTreeMap<Column, String>,
    password: Option<&SecretString>,
) -> Result<Row, Vec<FieldError>> {
    let mac = mac.to_string();
    let password = password.map(|password| (Column::Password, password.expose_secret()));
    let given = fields
        .iter()
        .map(|(column, text)| (*column, text.as_str()))
        .filter(|(column, _)| !matches!(column, Column::Mac | Column::Password));
    let (places, cells): (Vec<_>, Vec<_>) = given
        .chain(password)
        .chain([(Column::Mac, mac.as_str())])
        .map(|(column, text)| (Some(column), Cow::Borrowed(text)))
        .unzip();
    let (row, errors) = row::read_form(&Record { line: 0, cells }, &places);
    match row {
        Some(row) if errors.is_empty() => Ok(row),
        _ => Err(errors.iter().map(field_error).collect()),
    }
}

fn field_error(error: &ListError) -> FieldError {
    let message = format!("{}: {}", error.problem, error.fix);
    FieldError::new(&error.column, "invalid", message)
}
