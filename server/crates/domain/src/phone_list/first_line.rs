//! The line of a list that names its columns, for whoever mends it without the file at hand.
//!
//! *Invariant:* a line that is a phone already is not shown: it may hold a password.

use std::ops::Range;

use super::columns::has_phone;
use super::text;

/// The line that names the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstLine {
    /// As it stands in the file; empty where it is a phone already.
    pub text: String,
    /// The file names no columns: its first line is a phone.
    pub is_phone: bool,
}

/// What may stand between cells.
const BETWEEN: [char; 3] = [',', ';', '\t'];

/// The line of a file that names its columns; nothing where that is no line of its own, or the file cannot be
/// read as text.
pub fn first_line(bytes: &[u8]) -> Option<FirstLine> {
    let text = readable(bytes)?;
    let line = &text[place(text)?.line];
    let is_phone = has_mac(line);
    Some(FirstLine {
        text: if is_phone { "" } else { line }.to_owned(),
        is_phone,
    })
}

/// The file with another first line, above a line that is a phone. Lines keep their numbers where that is
/// none. Nothing where [`first_line`] finds none.
pub fn with_first_line(bytes: &[u8], line: &str) -> Option<Vec<u8>> {
    let text = readable(bytes)?;
    let place = place(text)?;
    let line: String = line.chars().filter(|c| !is_break(*c)).collect();
    let rest = if has_mac(&text[place.line.clone()]) {
        format!("\n{}", &text[place.line.start..])
    } else {
        text[place.line.end..].to_owned()
    };
    // What stands between cells is told by the new line alone.
    let before = &text[place.said..place.line.start];
    let said = match place.said {
        0 => "",
        _ if before.starts_with('\n') => "\r",
        _ => "\n",
    };
    Some([said, before, &line, &rest].concat().into_bytes())
}

struct Place {
    /// Where a line `sep=` ends, with its break or half of it; 0 without one.
    said: usize,
    line: Range<usize>,
}

fn readable(bytes: &[u8]) -> Option<&str> {
    text::check(bytes).ok()?;
    let bytes = bytes.strip_prefix(text::MARK).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then_some(text)
}

/// Where the first line stands that is not blank, behind one that names the separator.
fn place(text: &str) -> Option<Place> {
    let (mut start, mut said) = (0, 0);
    for line in text.split_inclusive(is_break) {
        let bare = line.trim_matches(is_break);
        let end = start + line.len();
        if start == 0 && bare.trim().trim_matches('"').starts_with("sep=") {
            said = end;
        } else if !bare
            .chars()
            .all(|c| c.is_whitespace() || BETWEEN.contains(&c))
        {
            let whole = bare.matches('"').count().is_multiple_of(2);
            let line = start..start + bare.len();
            return whole.then_some(Place { said, line });
        }
        start = end;
    }
    None
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

fn has_mac(line: &str) -> bool {
    let cells = line.split(BETWEEN);
    let bare = cells.map(|cell| cell.trim().trim_matches('"'));
    has_phone(&bare.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn mended(file: &str, line: &str) -> String {
        let mended = with_first_line(file.as_bytes(), line).unwrap();
        String::from_utf8(mended).unwrap()
    }

    fn shown(file: &str) -> Option<FirstLine> {
        first_line(file.as_bytes())
    }

    #[test]
    fn another_first_line_leaves_all_else_where_it_is() {
        let file = "\u{feff}\r\nMAC;Raum\r\n001565aabbcc;12\r\nbad;13\r\n";
        assert_eq!(shown(file).unwrap().text, "MAC;Raum");
        let file = mended(file, "mac;label\n");
        assert_eq!(file, "\r\nmac;label\r\n001565aabbcc;12\r\nbad;13\r\n");
        let list = read(file.as_bytes());
        assert_eq!((list.rows[0].line, list.errors[0].line), (3, 4));
    }

    #[test]
    fn the_new_line_says_what_stands_between_cells() {
        let file = mended("mac,label\n001565aabbcc;12\n", "mac;label");
        assert_eq!(read(file.as_bytes()).errors, []);
        let file = mended("sep=|\nmac;label\n001565aabbcc;12\n", "mac;label");
        assert_eq!(file, "\nmac;label\n001565aabbcc;12\n");
        assert_eq!(read(file.as_bytes()).rows[0].line, 3);
        let file = mended("sep=;\r\nmac;name\r\n001565aabbcc;12\r\n", "mac;label");
        assert_eq!(file, "\r\nmac;label\r\n001565aabbcc;12\r\n");
    }

    #[test]
    fn a_first_line_that_is_a_phone_is_not_shown_and_stays() {
        let file = "00:15:65:aa:bb:cc,admin,hunter2!\n";
        let first = shown(file).unwrap();
        assert_eq!((first.text.as_str(), first.is_phone), ("", true));
        let file = mended(file, "mac,username,password");
        let list = read(file.as_bytes());
        assert_eq!((list.rows.len(), list.errors), (1, vec![]));
    }

    #[test]
    fn what_is_no_line_of_text_cannot_be_mended() {
        for file in ["", "\n;;\n", "mac,\"la\nbel\"\n", "mac,\0\n"] {
            assert_eq!(shown(file), None, "{file:?}");
            assert_eq!(with_first_line(file.as_bytes(), "mac"), None);
        }
        assert_eq!(first_line(b"mac,Stra\xdfe\n"), None);
        assert_eq!(first_line(b"PK\x03\x04mac"), None);
    }
}
