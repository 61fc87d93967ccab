//! Passwords that are known from breaches, in a file that whoever runs the server brings.
//!
//! Owns looking one up: lines `SHA-1[:count]` in ascending order, as *Have I Been Pwned* hands
//! them out, found by halves, since such a file may have a billion lines. *Invariant:* nothing
//! leaves this machine, and a line that cannot be read is an error, never "not in it".

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use sha1::{Digest as _, Sha1};

/// A line has 40 digits, a colon and a count.
const LONGEST_LINE: usize = 80;
const DIGITS: usize = 40;

/// The file, open.
#[derive(Debug)]
pub struct Breached {
    file: File,
    length: u64,
}

struct Line {
    start: u64,
    /// Behind its line end.
    end: u64,
    hash: String,
}

impl Breached {
    /// Opens a file, and looks whether it is one of these.
    ///
    /// # Errors
    /// When it cannot be read, or holds something else.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let breached = Self { file, length };
        if length == 0 {
            return Err(unreadable());
        }
        let (first, last) = (breached.line_at(0)?, breached.line_at(length - 1)?);
        if first.hash > last.hash {
            return Err(unreadable());
        }
        Ok(breached)
    }

    /// Whether a password is in it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn knows(&self, password: &str) -> io::Result<bool> {
        let wanted = hex::encode_upper(Sha1::digest(password));
        let (mut low, mut high) = (0, self.length);
        while low < high {
            let line = self.line_at(low + (high - low) / 2)?;
            if line.hash == wanted {
                return Ok(true);
            }
            if line.hash < wanted {
                low = line.end;
            } else {
                high = line.start;
            }
        }
        Ok(false)
    }

    /// The line in which this byte lies.
    fn line_at(&self, byte: u64) -> io::Result<Line> {
        let from = byte.saturating_sub(LONGEST_LINE as u64);
        let mut buffer = [0; 2 * LONGEST_LINE];
        let left = usize::try_from(self.length - from).unwrap_or(usize::MAX);
        let read = &mut buffer[..left.min(2 * LONGEST_LINE)];
        self.file.read_exact_at(read, from)?;
        let at = usize::try_from(byte - from).map_err(|_| unreadable())?;
        let (before, behind) = read.split_at(at);
        let begins = match before.iter().rposition(|b| *b == b'\n') {
            Some(line_end) => line_end + 1,
            None if from == 0 => 0,
            None => return Err(unreadable()),
        };
        let ends = behind.iter().position(|b| *b == b'\n');
        let ends = ends.map_or(read.len(), |line_end| at + line_end + 1);
        Ok(Line {
            start: from + begins as u64,
            end: from + ends as u64,
            hash: hash_of(&read[begins..ends])?,
        })
    }
}

fn hash_of(line: &[u8]) -> io::Result<String> {
    let (hash, rest) = line.split_at_checked(DIGITS).ok_or_else(unreadable)?;
    let ends = matches!(rest.first(), None | Some(b':' | b'\r' | b'\n'));
    if !ends || !hash.iter().all(u8::is_ascii_hexdigit) {
        return Err(unreadable());
    }
    Ok(String::from_utf8_lossy(hash).to_ascii_uppercase())
}

fn unreadable() -> io::Error {
    let message = "not lines of SHA-1 in ascending order, each with a count behind a colon";
    io::Error::new(ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(passwords: &[&str], line: impl Fn(&str) -> String) -> tempfile::NamedTempFile {
        let mut hashes: Vec<_> = passwords
            .iter()
            .map(|password| hex::encode_upper(Sha1::digest(password)))
            .collect();
        hashes.sort_unstable();
        let text: String = hashes.iter().map(|hash| line(hash)).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    type Form = fn(&str) -> String;

    #[test]
    fn each_line_is_found_and_nothing_else() {
        let all: Vec<String> = (0..200).map(|n| format!("password {n}")).collect();
        let forms: [Form; 3] = [
            |hash| format!("{hash}:{}\r\n", hash.len() * 7),
            |hash| format!("{hash}\n"),
            |hash| format!("{}:1\n", hash.to_lowercase()),
        ];
        for form in forms {
            for count in [1, 2, 3, 200] {
                let some: Vec<&str> = all[..count].iter().map(String::as_str).collect();
                let file = file(&some, form);
                let breached = Breached::open(file.path()).unwrap();
                for (at, password) in all.iter().enumerate() {
                    assert_eq!(breached.knows(password).unwrap(), at < count, "{password}");
                }
            }
        }
    }

    #[test]
    fn the_last_line_needs_no_end() {
        let file = file(&["a", "b"], |hash| format!("{hash}\n"));
        let text = std::fs::read_to_string(file.path()).unwrap();
        std::fs::write(file.path(), text.trim_end()).unwrap();
        let breached = Breached::open(file.path()).unwrap();
        assert!(breached.knows("a").unwrap() && breached.knows("b").unwrap());
    }

    #[test]
    fn another_file_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for text in [
            "",
            "password\n",
            &"a".repeat(500),
            &format!("{}x\n", "A".repeat(40)),
        ] {
            std::fs::write(file.path(), text).unwrap();
            assert!(Breached::open(file.path()).is_err(), "{text}");
        }
    }
}
