//! Cells of files that people open with a spreadsheet.
//!
//! Owns what such a program takes for a formula. *Invariant:* every cell of every CSV file that goes
//! out is written here, and none of them is run.

/// What a formula begins with, also as East Asian keyboards write it.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Adds one field: quoted where it must be, and no formula.
pub fn field(out: &mut String, text: &str) {
    let quoted = text.contains([',', ';', '\t', '"', '\r', '\n']);
    if quoted {
        out.push('"');
    }
    if is_formula(text) {
        out.push('\'');
    }
    for (index, part) in text.split('"').enumerate() {
        out.push_str(if index > 0 { "\"\"" } else { "" });
        out.push_str(part);
    }
    if quoted {
        out.push('"');
    }
}

/// Whether a spreadsheet might take the text for a formula, or did so in an earlier round.
fn is_formula(text: &str) -> bool {
    let text = text.trim_start_matches('\'');
    // Some programs trim a cell before they look at it.
    text.starts_with(['\t', '\r', '\n']) || text.trim_start_matches(is_blank).starts_with(SIGNS)
}

/// Whether a character has no ink: white space, controls, spaces without width, a byte order mark.
fn is_blank(c: char) -> bool {
    let no_width = ('\u{200b}'..='\u{200f}').contains(&c) || matches!(c, '\u{2060}' | '\u{feff}');
    c.is_whitespace() || c.is_control() || no_width
}

/// Takes the apostrophe of [`field`] away again.
pub fn as_meant(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = String::new();
        field(&mut out, text);
        out
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        for (text, cell) in [
            ("plain", "plain"),
            ("", ""),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
            ("a\tb", "\"a\tb\""),
            ("@a\nb", "\"'@a\nb\""),
        ] {
            assert_eq!(written(text), cell);
        }
    }

    #[test]
    fn formulas_become_text() {
        let blanks = [
            "",
            " ",
            "\t",
            "\r",
            "\n",
            "\u{a0}",
            "\u{3000}",
            "\u{feff}",
            " \u{200b}\t",
        ];
        for blank in blanks {
            for sign in SIGNS {
                let text = format!("{blank}{sign}1");
                let cell = written(&text).trim_matches('"').to_owned();
                assert_eq!(cell, format!("'{text}"), "{text:?}");
                assert_eq!(as_meant(&cell), text);
            }
        }
        assert_eq!(written("'=1"), "''=1");
        for text in ["a=1", " a", "'quoted'", "\u{a0}"] {
            assert_eq!(written(text), text);
            assert_eq!(as_meant(text), text);
        }
    }
}
