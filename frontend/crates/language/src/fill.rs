//! Values in the places of a text that bear their names.

use std::fmt::Display;

/// A text, in pieces: what stands there, and the names in braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// What stands there.
    Text(&'a str),
    /// The name of a value.
    Name(&'a str),
}

/// Takes a text apart. A brace that opens no name is a text.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        if !before.is_empty() {
            found.push(Piece::Text(before));
        }
        found.push(Piece::Name(name));
        rest = behind;
    }
    if !rest.is_empty() {
        found.push(Piece::Text(rest));
    }
    found
}

/// Writes values into their places.
pub fn fill(text: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Name(name) => {
                if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
                    out.push_str(&value.to_string());
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_their_names_stood() {
        let values: [(&str, &dyn Display); 2] = [("total", &221), ("done", &"96")];
        assert_eq!(
            fill("{done} von {total} fertig", &values),
            "96 von 221 fertig"
        );
        assert_eq!(fill("{total} {total}", &values), "221 221");
    }

    #[test]
    fn a_value_is_not_read_again() {
        let values: [(&str, &dyn Display); 2] = [("a", &"{b}"), ("b", &"x")];
        assert_eq!(fill("{a}{b}", &values), "{b}x");
    }
}
