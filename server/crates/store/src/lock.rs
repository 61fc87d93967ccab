//! The lock on a SQLite database's directory.
//!
//! Owns the rule that one process at a time serves a database file.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::{DriverError, Result, StoreError};

/// Held as long as this process serves the database; released when dropped, or by the
/// operating system when the process ends in any way.
#[derive(Debug)]
pub struct DataDirLock {
    _file: File,
}

impl DataDirLock {
    /// Locks `<database>.lock`. Answers [`StoreError::Conflict`] while another process has it.
    pub fn take(database: &Path) -> Result<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let unavailable = |error| StoreError::Unavailable(DriverError(sqlx::Error::Io(error)));
        let file = options.open(path).map_err(unavailable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Conflict),
            Err(TryLockError::Error(error)) => Err(unavailable(error)),
        }
    }

    /// Whether a process serves this database now. Makes nothing: the file may be a copy that
    /// stays as it is.
    pub fn is_held(database: &Path) -> bool {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let lock = File::open(path).map(|file| file.try_lock_shared());
        matches!(lock, Ok(Err(TryLockError::WouldBlock)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_until_the_first_is_gone() {
        let dir = tempfile::tempdir().expect("a directory");
        let database = dir.path().join("carillon.db");
        assert!(!DataDirLock::is_held(&database));
        let first = DataDirLock::take(&database).expect("free");
        assert!(DataDirLock::is_held(&database));
        assert!(!DataDirLock::is_held(&dir.path().join("copy.db")));
        assert!(matches!(
            DataDirLock::take(&database),
            Err(StoreError::Conflict)
        ));
        drop(first);
        assert!(!DataDirLock::is_held(&database));
        assert!(DataDirLock::take(&database).is_ok());
    }
}
