//! Bytes to text: UTF-8 and nothing else.

use std::borrow::Cow;

use super::ListError;
use super::limits::{MAX_BYTES, whole_file};

/// What some programs put before UTF-8.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";
const SAVE_AS: &str = "save it as CSV in UTF-8 (in Excel: \"CSV UTF-8\")";

/// A file's text, and the lines that hold something else.
pub(super) struct Text<'a> {
    /// Without a byte order mark; U+FFFD stands for what could not be read.
    pub(super) readable: Cow<'a, str>,
    /// One mistake a line; empty when the whole file could be read.
    pub(super) odd: Vec<ListError>,
}

/// Reads a file as text: every line that is not UTF-8, or holds a NUL, is told.
pub(super) fn check(bytes: &[u8]) -> Result<Text<'_>, ListError> {
    if bytes.len() > MAX_BYTES {
        let problem = format!("the file is larger than {} MiB", MAX_BYTES / 1024 / 1024);
        return Err(whole_file(problem, "split it into several files"));
    }
    if bytes.starts_with(b"PK\x03\x04") {
        let problem = "this is a spreadsheet or an archive, not a CSV file".to_owned();
        return Err(whole_file(problem, SAVE_AS));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let problem = "the file is in UTF-16".to_owned();
        return Err(whole_file(problem, SAVE_AS));
    }
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(Text {
            readable: Cow::Borrowed(text),
            odd: Vec::new(),
        }),
        _ => Ok(Text {
            readable: Cow::Owned(String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")),
            odd: odd_lines(bytes),
        }),
    }
}

fn odd_lines(bytes: &[u8]) -> Vec<ListError> {
    let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
    lines
        .filter_map(|(line, bytes)| Some((line, oddity(bytes)?)))
        .map(|(line, problem)| ListError {
            line,
            ..whole_file(problem, SAVE_AS)
        })
        .collect()
}

/// What is wrong with a line, and from which of its bytes on.
fn oddity(line: &[u8]) -> Option<String> {
    if let Err(error) = std::str::from_utf8(line) {
        let place = error.valid_up_to() + 1;
        return Some(format!(
            "this is not UTF-8, from byte {place} of the line on"
        ));
    }
    let place = line.iter().position(|byte| *byte == 0)? + 1;
    Some(format!(
        "there is a NUL character, byte {place} of the line"
    ))
}
