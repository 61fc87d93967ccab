//! Addresses of our own pages, with their query.
//!
//! Owns percent-encoding: no page glues a query string together by hand.

use std::fmt::{self, Write as _};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may stand in a query value as it is: the unreserved characters, and the colon and slash
/// that make filters and MAC addresses readable.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'/')
    .remove(b',');

/// A path with query parameters in order. Displays encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Href {
    path: String,
    pairs: Vec<(String, String)>,
}

impl Href {
    /// A path without a query. The path is taken as it is.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            pairs: Vec::new(),
        }
    }

    /// Adds a parameter, beside others of its name.
    #[must_use]
    pub fn add(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.pairs.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a parameter unless its value is empty.
    #[must_use]
    pub fn add_some(self, name: &str, value: &str) -> Self {
        if value.is_empty() {
            self
        } else {
            self.add(name, value)
        }
    }

    /// Replaces every parameter of this name by one.
    #[must_use]
    pub fn set(self, name: &str, value: impl fmt::Display) -> Self {
        self.without(name).add(name, value)
    }

    /// Drops every parameter of this name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.pairs.retain(|(known, _)| known != name);
        self
    }
}

impl fmt::Display for Href {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        for (index, (name, value)) in self.pairs.iter().enumerate() {
            f.write_char(if index == 0 { '?' } else { '&' })?;
            write!(f, "{}=", utf8_percent_encode(name, QUERY))?;
            write!(f, "{}", utf8_percent_encode(value, QUERY))?;
        }
        Ok(())
    }
}

impl From<Href> for String {
    fn from(href: Href) -> Self {
        href.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_place() {
        let href = Href::new("/phones")
            .add("q", "a&b=c #\"<'")
            .set("sort", "-label")
            .set("sort", "label")
            .add_some("after", "");
        assert_eq!(
            href.to_string(),
            "/phones?q=a%26b%3Dc%20%23%22%3C%27&sort=label"
        );
    }
}
