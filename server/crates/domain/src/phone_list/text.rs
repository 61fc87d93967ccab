//! Bytes to text: UTF-8 and nothing else.

use super::ListError;
use super::limits::{MAX_BYTES, whole_file};

const SAVE_AS: &str = "save it as CSV in UTF-8 (in Excel: \"CSV UTF-8\")";

/// The file's text without a byte order mark.
pub(super) fn check(bytes: &[u8]) -> Result<&str, ListError> {
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
    if let Some(place) = bytes.iter().position(|byte| *byte == 0) {
        return Err(at(bytes, place, "there is a NUL character here"));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| at(bytes, error.valid_up_to(), "this is not UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn at(bytes: &[u8], place: usize, problem: &str) -> ListError {
    let line = bytes[..place].split(|byte| *byte == b'\n').count();
    ListError {
        line: line as u64,
        ..whole_file(problem.to_owned(), SAVE_AS)
    }
}
