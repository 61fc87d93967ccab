//! Files that checkpoints are added to: one beside the database, others elsewhere.
//!
//! Owns their form: one signed note after another, a blank line behind each. *Invariant:* only
//! ever adds to a file, and returns once the operating system says that it is written.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::note::{SignedCheckpoint, whole};

/// Enough for the last few notes.
const TAIL: u64 = 4096;

/// A file of checkpoints.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
}

impl Journal {
    /// The file at this path; it need not be there yet.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a note.
    pub(super) fn add(&self, note: &str) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)?;
        let start = if ends_whole(&mut file)? { "" } else { "\n\n" };
        // One write: a reader sees the note whole or not at all.
        file.write_all(format!("{start}{note}\n").as_bytes())?;
        file.sync_all()
    }

    /// All whole notes, in their order; none where the file is missing.
    pub(super) fn all(&self) -> io::Result<Vec<SignedCheckpoint>> {
        match std::fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => Ok(whole(&String::from_utf8_lossy(&read?))),
        }
    }

    /// The last whole note; `None` where the file is missing or empty.
    pub(super) fn last(&self) -> io::Result<Option<SignedCheckpoint>> {
        let mut file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        let tail = String::from_utf8_lossy(&tail);
        // It may begin, or after a crash end, in the middle of one.
        Ok(whole(&tail).pop())
    }
}

/// Whether a crash left nothing half written at the end.
fn ends_whole(file: &mut File) -> io::Result<bool> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(2)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    Ok(end.is_empty() || end == b"\n\n")
}

#[cfg(test)]
mod tests {
    use super::super::signing_key::SigningKey;
    use super::*;

    #[test]
    fn the_last_whole_note_is_found_in_a_long_or_torn_file() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path().join("checkpoints"));
        assert!(journal.last().unwrap().is_none());
        assert!(journal.all().unwrap().is_empty());
        let key = SigningKey::new("carillon/a".to_owned(), &[1; 32]);
        for size in 1..100 {
            journal.add(&key.sign(size, [7; 32])).unwrap();
            let last = journal.last().unwrap().unwrap();
            assert_eq!(last.checkpoint.size, size);
            assert!(last.is_signed_by(key.public()));
            assert_eq!(journal.all().unwrap().len() as u64, size);
        }
        let mut file = OpenOptions::new()
            .append(true)
            .open(journal.path())
            .unwrap();
        file.write_all(b"carillon/a\n100\n").unwrap();
        assert_eq!(journal.last().unwrap().unwrap().checkpoint.size, 99);
        journal.add(&key.sign(101, [7; 32])).unwrap();
        assert_eq!(journal.last().unwrap().unwrap().checkpoint.size, 101);
    }
}
