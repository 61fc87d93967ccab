//! What is signed of a row, as bytes.
//!
//! Owns their form: a context, the kind, the key of the row, then each deciding value; every part
//! with its length, so that no two rows give the same bytes.

use carillon_domain::Timestamp;
use carillon_domain::reach::Area;

use super::{ForgedRow, SignedRows};

const CONTEXT: &[u8] = b"carillon-row-v1";
const ABSENT: u8 = 0;
const PRESENT: u8 = 1;

/// The facts of one row that decide something.
#[derive(Clone)]
pub(crate) struct Facts {
    key: (SignedRows, Vec<u8>),
    name: String,
    bytes: Vec<u8>,
}

impl Facts {
    /// The facts of the row with this key, which people know by `name`.
    pub(crate) fn of(rows: SignedRows, key: &[u8], name: String) -> Self {
        let facts = Self {
            key: (rows, key.to_vec()),
            name,
            bytes: Vec::with_capacity(256),
        };
        facts
            .bytes_of(CONTEXT)
            .bytes_of(rows.as_str().as_bytes())
            .bytes_of(key)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Kind and key.
    pub(super) const fn key(&self) -> &(SignedRows, Vec<u8>) {
        &self.key
    }

    pub(super) fn row(&self) -> ForgedRow {
        ForgedRow {
            rows: self.key.0,
            name: self.name.clone(),
        }
    }

    pub(crate) fn bytes_of(mut self, value: &[u8]) -> Self {
        self.bytes.push(PRESENT);
        self.bytes
            .extend_from_slice(&(value.len() as u64).to_be_bytes());
        self.bytes.extend_from_slice(value);
        self
    }

    fn absent(mut self) -> Self {
        self.bytes.push(ABSENT);
        self
    }

    pub(crate) fn text(self, value: &str) -> Self {
        self.bytes_of(value.as_bytes())
    }

    pub(crate) fn maybe_text(self, value: Option<&str>) -> Self {
        self.maybe_bytes(value.map(str::as_bytes))
    }

    pub(crate) fn maybe_bytes(self, value: Option<&[u8]>) -> Self {
        match value {
            Some(value) => self.bytes_of(value),
            None => self.absent(),
        }
    }

    pub(crate) fn number(self, value: i64) -> Self {
        self.bytes_of(&value.to_be_bytes())
    }

    pub(crate) fn flag(self, value: bool) -> Self {
        self.bytes_of(&[u8::from(value)])
    }

    pub(crate) fn at(self, value: Timestamp) -> Self {
        self.number(value.micros())
    }

    pub(crate) fn maybe_at(self, value: Option<Timestamp>) -> Self {
        match value {
            Some(value) => self.at(value),
            None => self.absent(),
        }
    }

    /// All areas of an account or a token as one value: one more or one less is another row.
    pub(crate) fn area(mut self, area: &Area) -> Self {
        for slugs in [&area.sites, &area.groups] {
            self = self.number(slugs.len() as i64);
            for slug in slugs {
                self = self.text(slug);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts::of(SignedRows::Accounts, b"1", "anna".to_owned())
    }

    #[test]
    fn values_and_where_they_end_make_other_bytes() {
        let area = |sites: &[&'static str], groups: &[&'static str]| {
            Area::of(sites.iter().copied(), groups.iter().copied())
        };
        let all = [
            facts(),
            facts().text("ab").text("c"),
            facts().text("a").text("bc"),
            facts().text("abc"),
            facts().maybe_at(None),
            facts().number(0),
            facts().flag(false),
            facts().area(&area(&["a"], &[])),
            facts().area(&area(&[], &["a"])),
            facts().area(&area(&["a", "b"], &[])),
            facts().area(&area(&["a b"], &[])),
            Facts::of(SignedRows::Tokens, b"1", "anna".to_owned()),
            Facts::of(SignedRows::Accounts, b"2", "anna".to_owned()),
        ];
        let mut bytes: Vec<_> = all.iter().map(Facts::bytes).collect();
        bytes.sort_unstable();
        bytes.dedup();
        assert_eq!(bytes.len(), all.len());
    }
}
