//! What a signer signed last.
//!
//! Owns its file: that one signed note, so that what stands in it is either what this key signed
//! or known to be damaged. *Invariant:* replaced whole and written through before a signature is
//! handed out; never made anew by itself where it is missing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use carillon_store::{DataDirLock, Frontier, StoreError};

use super::super::note::{SignedCheckpoint, notes};
use super::super::signing_key::SigningKey;
use crate::secrets::{sync_folder_of, write_new};

/// Larger ones are no note.
const LARGEST: u64 = 64 * 1024;

/// Why a signer does not know what it signed last.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// There is none.
    #[error(
        "{0} is missing: nothing is signed without knowing what was signed last. Begin it with \
         --from and the newest checkpoints that were kept elsewhere"
    )]
    Missing(PathBuf),
    /// It is not what this key signed.
    #[error(
        "{0} is damaged, or another key's: move it away and begin it with --from and the newest \
         checkpoints that were kept elsewhere"
    )]
    Damaged(PathBuf),
    /// It stands there already.
    #[error("{0} exists already and is not overwritten: move it away first")]
    Exists(PathBuf),
    /// Another process has it.
    #[error("another signer uses {0}")]
    InUse(PathBuf),
    /// There is nothing to begin with.
    #[error("{0} holds no checkpoint that this key signed")]
    Nothing(PathBuf),
    /// Two checkpoints contradict each other.
    #[error("{path} holds two roots of {size} records, both signed: run `carillon audit verify`")]
    Forked {
        /// Which file.
        path: PathBuf,
        /// Of how many records.
        size: u64,
    },
    /// The operating system refused.
    #[error("{path} cannot be used")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// What was signed last, in memory and in its file.
#[derive(Debug)]
pub struct Memory {
    file: PathBuf,
    note: String,
    last: SignedCheckpoint,
    /// Two processes would each remember something else.
    _lock: DataDirLock,
}

impl Memory {
    /// Reads the file of a signer that signed before.
    ///
    /// # Errors
    /// [`MemoryError`]; also when another process has it.
    pub fn open(file: &Path, key: &SigningKey) -> Result<Self, MemoryError> {
        let lock = lock(file)?;
        let note = match read(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(MemoryError::Missing(file.to_owned()));
            }
            read => read.map_err(|error| unusable(file, error))?,
        };
        let last = note
            .parse::<SignedCheckpoint>()
            .ok()
            .filter(|note| note.is_signed_by(key.public()));
        let last = last.ok_or_else(|| MemoryError::Damaged(file.to_owned()))?;
        Ok(Self {
            file: file.to_owned(),
            note,
            last,
            _lock: lock,
        })
    }

    /// Begins the file of a key that signed nothing yet.
    ///
    /// # Errors
    /// [`MemoryError::Exists`] rather than touching a file that is there.
    pub fn begin_empty(file: &Path, key: &SigningKey) -> Result<(), MemoryError> {
        let nothing = Frontier::default();
        begin(file, &key.sign(nothing.size(), nothing.root()))
    }

    /// Begins the file with the largest checkpoint in `kept` that this key signed; answers it.
    ///
    /// # Errors
    /// [`MemoryError::Exists`] rather than touching a file that is there; when there is no
    /// checkpoint of this key, or two that contradict each other.
    pub fn begin_from(
        file: &Path,
        kept: &Path,
        key: &SigningKey,
    ) -> Result<SignedCheckpoint, MemoryError> {
        let text = fs::read_to_string(kept).map_err(|error| unusable(kept, error))?;
        let nothing = || MemoryError::Nothing(kept.to_owned());
        let mut found = notes(&text, key.public()).map_err(|_| nothing())?.found;
        let size = |note: &SignedCheckpoint| note.checkpoint.size;
        found.sort_by_key(|note| std::cmp::Reverse(size(note)));
        let mut ours = found.iter().filter(|note| note.is_signed_by(key.public()));
        let last = ours.next().cloned().ok_or_else(nothing)?;
        let mut beside = ours.take_while(|note| size(note) == size(&last));
        if beside.any(|note| note.checkpoint.root != last.checkpoint.root) {
            return Err(MemoryError::Forked {
                path: kept.to_owned(),
                size: size(&last),
            });
        }
        // Ed25519 signs the same words in the same way: it is the note that was found.
        let note = key.sign(size(&last), last.checkpoint.root);
        begin(file, &note)?;
        Ok(last)
    }

    /// The checkpoint.
    pub(super) const fn last(&self) -> &SignedCheckpoint {
        &self.last
    }

    /// Its exact text.
    pub(super) fn note(&self) -> &str {
        &self.note
    }

    /// Remembers this instead, also after a loss of power.
    pub(super) fn keep(&mut self, note: String, last: SignedCheckpoint) -> io::Result<()> {
        let beside = beside(&self.file);
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        write_new(&beside, &note)?;
        fs::rename(&beside, &self.file)?;
        sync_folder_of(&self.file)?;
        (self.note, self.last) = (note, last);
        Ok(())
    }
}

fn begin(file: &Path, note: &str) -> Result<(), MemoryError> {
    let _lock = lock(file)?;
    write_new(file, note).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => MemoryError::Exists(file.to_owned()),
        _ => unusable(file, error),
    })
}

fn lock(file: &Path) -> Result<DataDirLock, MemoryError> {
    DataDirLock::take(file).map_err(|error| match error {
        StoreError::Conflict => MemoryError::InUse(file.to_owned()),
        error => unusable(file, io::Error::other(error)),
    })
}

fn read(file: &Path) -> io::Result<String> {
    if fs::metadata(file)?.len() > LARGEST {
        return Ok(String::new());
    }
    let bytes = fs::read(file)?;
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

fn unusable(path: &Path, source: io::Error) -> MemoryError {
    MemoryError::Io {
        path: path.to_owned(),
        source,
    }
}
