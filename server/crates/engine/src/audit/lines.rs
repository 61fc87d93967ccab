//! Lines of a file that may be larger than memory, from its end as well as from its beginning.
//!
//! Owns how much of the file is held: a piece of it, and one line. *Invariant:* a line longer than any
//! record is refused, and not read.

use std::io::{self, BufRead as _, BufReader, Read, Seek, SeekFrom};

/// Longer than any record.
const LONGEST: usize = 16 << 20;
/// Read at once.
const PIECE: usize = 256 << 10;

/// A line cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineFault {
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    #[error("a line is longer than {} MiB, which no record is", LONGEST >> 20)]
    TooLong,
    #[error("a line is no text")]
    NoText,
}

/// A line, and where it begins.
pub(super) type Line = (u64, String);

/// The last line first.
pub(super) struct Backwards<'f, F> {
    file: &'f mut F,
    /// Where what is held begins in the file.
    begins: u64,
    /// What lies before the last line that was handed out, as far as it was read.
    held: Vec<u8>,
    /// Held up to here nothing ends a line.
    ends_none: usize,
    done: bool,
}

impl<'f, F: Read + Seek> Backwards<'f, F> {
    pub(super) fn of(file: &'f mut F) -> Result<Self, LineFault> {
        let begins = file.seek(SeekFrom::End(0))?;
        let mut lines = Self {
            file,
            begins,
            held: Vec::new(),
            ends_none: 0,
            done: begins == 0,
        };
        if !lines.done {
            lines.read()?;
            // It ends the last line, and begins none.
            if lines.held.last() == Some(&b'\n') {
                lines.held.pop();
            }
            lines.ends_none = lines.held.len();
        }
        Ok(lines)
    }

    /// Holds the piece before what is held.
    fn read(&mut self) -> Result<(), LineFault> {
        let piece = usize::try_from(self.begins).map_or(PIECE, |left| left.min(PIECE));
        self.begins -= piece as u64;
        self.file.seek(SeekFrom::Start(self.begins))?;
        let mut held = vec![0; piece];
        self.file.read_exact(&mut held)?;
        self.ends_none = piece;
        held.append(&mut self.held);
        self.held = held;
        Ok(())
    }

    fn line(&mut self) -> Result<Option<Line>, LineFault> {
        while !self.done {
            let mut before = self.held.iter().take(self.ends_none);
            if let Some(end) = before.rposition(|byte| *byte == b'\n') {
                let line = self.held.split_off(end + 1);
                self.held.truncate(end);
                self.ends_none = end;
                return text(self.begins + end as u64 + 1, line).map(Some);
            }
            if self.held.len() > LONGEST {
                return Err(LineFault::TooLong);
            }
            if self.begins == 0 {
                self.done = true;
                return text(0, std::mem::take(&mut self.held)).map(Some);
            }
            self.read()?;
        }
        Ok(None)
    }
}

impl<F: Read + Seek> Iterator for Backwards<'_, F> {
    type Item = Result<Line, LineFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.line().transpose();
        self.done |= matches!(line, Some(Err(_)));
        line
    }
}

/// The first line first.
pub(super) struct Forwards<'f, F> {
    file: BufReader<&'f mut F>,
    begins: u64,
}

impl<'f, F: Read + Seek> Forwards<'f, F> {
    pub(super) fn of(file: &'f mut F) -> Result<Self, LineFault> {
        file.seek(SeekFrom::Start(0))?;
        let file = BufReader::with_capacity(PIECE, file);
        Ok(Self { file, begins: 0 })
    }

    fn line(&mut self) -> Result<Option<Line>, LineFault> {
        let (mut line, begins) = (Vec::new(), self.begins);
        let mut bounded = (&mut self.file).take(LONGEST as u64 + 1);
        let read = bounded.read_until(b'\n', &mut line);
        self.begins += read? as u64;
        if line.is_empty() {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        if line.len() > LONGEST {
            return Err(LineFault::TooLong);
        }
        text(begins, line).map(Some)
    }
}

impl<F: Read + Seek> Iterator for Forwards<'_, F> {
    type Item = Result<Line, LineFault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line().transpose()
    }
}

/// The line of so many bytes that begins there.
pub(super) fn line_at<F: Read + Seek>(
    file: &mut F,
    begins: u64,
    bytes: usize,
) -> Result<String, LineFault> {
    file.seek(SeekFrom::Start(begins))?;
    let mut line = vec![0; bytes];
    file.read_exact(&mut line)?;
    text(begins, line).map(|(_, line)| line)
}

fn text(begins: u64, line: Vec<u8>) -> Result<Line, LineFault> {
    let text = String::from_utf8(line).map_err(|_| LineFault::NoText)?;
    Ok((begins, text))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn both(text: &str) -> (Vec<Line>, Vec<Line>) {
        let mut file = Cursor::new(text);
        let forwards: Result<Vec<_>, _> = Forwards::of(&mut file).unwrap().collect();
        let backwards: Result<Vec<_>, _> = Backwards::of(&mut file).unwrap().collect();
        let mut backwards = backwards.unwrap();
        backwards.reverse();
        (forwards.unwrap(), backwards)
    }

    #[test]
    fn both_ways_bring_the_same_lines() {
        let long = "x".repeat(3 * PIECE + 7);
        let many = "a line\n".repeat(PIECE / 5);
        for text in ["", "\n", "a", "a\n", "a\nb", "\n\na\n\n", &long, &many] {
            let text = format!("{text}{long}\nb\n{text}");
            for text in [&text[..], &text[..text.len() / 2]] {
                let (forwards, backwards) = both(text);
                let lines = forwards.iter().map(|(_, line)| line.as_str());
                assert!(lines.eq(text.split_terminator('\n')));
                assert_eq!(forwards, backwards);
                let mut file = Cursor::new(text);
                for (begins, line) in forwards {
                    let again = line_at(&mut file, begins, line.len());
                    assert_eq!(again.unwrap(), line);
                }
            }
        }
        assert_eq!(both(""), (Vec::new(), Vec::new()));
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let endless = "x".repeat(LONGEST + 1);
        let mut file = Cursor::new(endless);
        let line = Forwards::of(&mut file).unwrap().next();
        assert!(matches!(line, Some(Err(LineFault::TooLong))));
        let line = Backwards::of(&mut file).unwrap().next();
        assert!(matches!(line, Some(Err(LineFault::TooLong))));
        let mut file = Cursor::new([b'a', b'\n', 0xff]);
        let lines = Backwards::of(&mut file).unwrap();
        assert!(matches!(lines.last(), Some(Err(LineFault::NoText))));
    }
}
