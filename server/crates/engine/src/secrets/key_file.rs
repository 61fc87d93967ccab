//! The file that holds the keys.
//!
//! Owns where it is looked for, whom it must belong to, its one creation, and its exchange for one
//! with other keys. *Invariant:* a file that is there is never written into: it is made new, or
//! replaced whole by a finished one; none is read that others could read or change.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use carillon_domain::Timestamp;
use rustix::fs::OFlags;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::key::{KeyState, RootKey};
use super::key_line;
use super::keyring::{Keyring, KeyringError};
use crate::random::Random;

/// Name of the credential that systemd hands over.
pub const SYSTEMD_CREDENTIAL: &str = "carillon.keys";
const LARGEST: u64 = 64 * 1024;
const HEADER: &str = "\
# Keys of this Carillon. Whoever has this file and the database can read the phones' passwords.
# Keep a copy where the database's backups are not. Never edit a line.
";

/// Why the key file gives no keyring.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// There is none.
    #[error("the key file {0} is missing: put the one back that this database was made with")]
    Missing(PathBuf),
    /// It stands there already.
    #[error("{0} exists already and is not overwritten")]
    Exists(PathBuf),
    /// It is not ours alone.
    #[error("the key file {path} {problem}")]
    NotPrivate {
        /// Which file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: &'static str,
    },
    /// Somebody else owns it.
    #[error("the key file {0} is handed over by systemd: change it where systemd has it")]
    NotOurs(PathBuf),
    /// A line is not right, or all together are not.
    #[error("the key file {path}, line {line}: {problem}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1; 0 for the whole.
        line: usize,
        /// What is wrong. Never holds any part of a key.
        problem: String,
    },
    /// The operating system refused.
    #[error("the key file {path} cannot be used")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Where the keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// Handed over by systemd; it sees to the owner, and shows the mask of its access list as
    /// group bits.
    Systemd(PathBuf),
    /// A file of ours.
    File(PathBuf),
}

impl KeySource {
    /// The systemd credential where there is one, else the file that the settings name.
    pub fn choose(credentials_directory: Option<&Path>, key_file: PathBuf) -> Self {
        credentials_directory
            .map(|directory| directory.join(SYSTEMD_CREDENTIAL))
            .filter(|path| path.exists())
            .map_or(Self::File(key_file), Self::Systemd)
    }

    /// The path.
    pub fn path(&self) -> &Path {
        match self {
            Self::Systemd(path) | Self::File(path) => path,
        }
    }

    /// Reads the keyring.
    ///
    /// # Errors
    /// [`KeyFileError`]; [`KeyFileError::Missing`] when there is no file.
    pub fn load(&self) -> Result<Keyring, KeyFileError> {
        let keys = self.keys()?;
        Keyring::read_from(Some(self.clone()), keys).map_err(|error| self.malformed(error))
    }

    /// Reads the keys one by one.
    pub(super) fn keys(&self) -> Result<Vec<RootKey>, KeyFileError> {
        let text = read_private(self)?;
        parse(self.path(), &text)
    }

    fn malformed(&self, error: KeyringError) -> KeyFileError {
        KeyFileError::Malformed {
            path: self.path().to_owned(),
            line: 0,
            problem: error.to_string(),
        }
    }

    /// Puts these keys in the place of the file's, all at once: whoever reads it meets the keys
    /// of before or those of now, also after a crash.
    ///
    /// # Errors
    /// [`KeyFileError::NotOurs`] where systemd hands the file over.
    pub(super) fn replace(&self, keys: &[RootKey]) -> Result<(), KeyFileError> {
        let Self::File(path) = self else {
            return Err(KeyFileError::NotOurs(self.path().to_owned()));
        };
        check_states(keys).map_err(|error| self.malformed(error))?;
        let mut text = Zeroizing::new(HEADER.to_owned());
        for key in keys {
            text.push_str(&key_line::written(key));
        }
        exchange(path, &text).map_err(|source| KeyFileError::Io {
            path: path.clone(),
            source,
        })
    }

    /// Makes the file with one active key. Only for the very first start, while the database
    /// has no schema yet.
    ///
    /// # Errors
    /// [`KeyFileError::Exists`] rather than touching a file that is there.
    pub fn create(&self, random: &Random, now: Timestamp) -> Result<Keyring, KeyFileError> {
        let fail = |source| KeyFileError::Io {
            path: self.path().to_owned(),
            source,
        };
        let key = RootKey::generate(random, KeyState::Active, now)
            .map_err(|error| fail(io::Error::other(error)))?;
        let text = Zeroizing::new(format!("{HEADER}{}", *key_line::written(&key)));
        match write_new(self.path(), &text) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(KeyFileError::Exists(self.path().to_owned()))
            }
            Err(error) => Err(fail(error)),
            Ok(()) => self.load(),
        }
    }
}

/// What a keyring would say, before anything is written.
fn check_states(keys: &[RootKey]) -> Result<(), KeyringError> {
    match keys
        .iter()
        .filter(|key| key.state() == KeyState::Active)
        .count()
    {
        1 => Ok(()),
        0 => Err(KeyringError::NoActiveKey),
        _ => Err(KeyringError::ManyActiveKeys),
    }
}

/// Makes a file of our own; one that is there is an error.
pub(crate) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    sync_folder_of(path)
}

/// Writes beside the file and takes its name. The owner stays who it was: root may change the
/// keys of the service's user.
fn exchange(path: &Path, text: &str) -> io::Result<()> {
    let owner = fs::metadata(path)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    write_new(&beside, text)?;
    std::os::unix::fs::chown(&beside, Some(owner.uid()), Some(owner.gid()))?;
    fs::rename(&beside, path)?;
    sync_folder_of(path)
}

/// Writes through that the folder names this file.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// The text of a file that holds a secret and is private to us, without the end of its line.
///
/// # Errors
/// When it is missing, open to others, or not a plain file.
pub fn private_text(path: &Path) -> Result<SecretString, KeyFileError> {
    let text = read_private(&KeySource::File(path.to_owned()))?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}

/// Reads a file that is private to us.
pub(crate) fn read_private(source: &KeySource) -> Result<Zeroizing<String>, KeyFileError> {
    let path = source.path();
    let fail = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => KeyFileError::Missing(path.to_owned()),
        _ => KeyFileError::Io {
            path: path.to_owned(),
            source: error,
        },
    };
    let refuse = |problem| KeyFileError::NotPrivate {
        path: path.to_owned(),
        problem,
    };
    let mut file = match open_itself(path) {
        Err(error) if is_link(&error) => return Err(refuse(NOT_PLAIN)),
        opened => opened.map_err(fail)?,
    };
    let opened = file.metadata().map_err(fail)?;
    if !opened.is_file() {
        return Err(refuse(NOT_PLAIN));
    }
    privacy_problem(source, &opened).map_or(Ok(()), |problem| Err(refuse(problem)))?;
    read_all(&mut file, opened.len()).map_err(fail)
}

const NOT_PLAIN: &str = "is not a regular file: links and devices are not followed";

/// Opens what stands under this name itself, so that all further looks are at the same file while
/// somebody else exchanges the name; waits for no writer of a pipe.
fn open_itself(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

fn privacy_problem(source: &KeySource, file: &Metadata) -> Option<&'static str> {
    let others = match source {
        KeySource::Systemd(_) => 0o037,
        KeySource::File(_) => 0o077,
    };
    let own = rustix::process::geteuid().as_raw();
    if file.mode() & others != 0 {
        Some("is open to others: run `chmod 600` on it")
    } else if file.uid() != own && file.uid() != 0 {
        Some("belongs to another user: it must belong to the service's user or to root")
    } else if file.len() > LARGEST {
        Some("is larger than 64 KiB: it is not a key file")
    } else {
        None
    }
}

/// Reads into a buffer that is large enough from the start, so that no copy stays behind.
fn read_all(file: &mut File, length: u64) -> io::Result<Zeroizing<String>> {
    let capacity = usize::try_from(length.min(LARGEST)).unwrap_or(0) + 64;
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    file.take(capacity as u64).read_to_string(&mut text)?;
    Ok(text)
}

fn parse(path: &Path, text: &str) -> Result<Vec<RootKey>, KeyFileError> {
    let malformed = |line, problem: String| KeyFileError::Malformed {
        path: path.to_owned(),
        line,
        problem,
    };
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            key_line::read(line).map_err(|problem| malformed(number, problem.into()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn source(directory: &tempfile::TempDir) -> KeySource {
        KeySource::File(directory.path().join("secret.keys"))
    }

    fn created(directory: &tempfile::TempDir) -> (KeySource, Keyring) {
        let source = source(directory);
        let keyring = source
            .create(&Random::system(), Timestamp::from_micros(1))
            .unwrap();
        (source, keyring)
    }

    fn refusal(source: &KeySource) -> String {
        source
            .load()
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    fn rewrite(source: &KeySource, change: impl Fn(&str) -> String) {
        let text = fs::read_to_string(source.path()).unwrap();
        fs::write(source.path(), change(&text)).unwrap();
    }

    #[test]
    fn a_new_file_is_private_and_reads_back() {
        let directory = tempfile::tempdir().unwrap();
        let (source, keyring) = created(&directory);
        assert_eq!(fs::metadata(source.path()).unwrap().mode() & 0o777, 0o600);
        assert_eq!(source.load().unwrap().active(), keyring.active());
    }

    #[test]
    fn a_file_that_is_there_is_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let (source, keyring) = created(&directory);
        let again = source.create(&Random::system(), Timestamp::from_micros(2));
        assert!(matches!(again, Err(KeyFileError::Exists(_))));
        assert_eq!(source.load().unwrap().active(), keyring.active());
    }

    #[test]
    fn a_missing_file_is_missing_and_stays_so() {
        let directory = tempfile::tempdir().unwrap();
        let source = source(&directory);
        assert!(matches!(source.load(), Err(KeyFileError::Missing(_))));
        assert!(!source.path().exists());
    }

    #[test]
    fn files_open_to_others_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let (source, _) = created(&directory);
        for mode in [0o640, 0o604, 0o660, 0o602, 0o644] {
            fs::set_permissions(source.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert!(refusal(&source).contains("open to others"), "{mode:o}");
        }
        fs::set_permissions(source.path(), fs::Permissions::from_mode(0o400)).unwrap();
        assert_eq!(refusal(&source), "");
    }

    #[test]
    fn links_and_directories_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let (source, _) = created(&directory);
        let link = directory.path().join("link");
        symlink(source.path(), &link).unwrap();
        assert!(refusal(&KeySource::File(link)).contains("not a regular file"));
        assert!(refusal(&KeySource::File(directory.path().to_owned())).contains("regular"));
        assert!(refusal(&KeySource::File("/dev/null".into())).contains("regular"));
    }

    #[test]
    fn whoever_reads_while_the_keys_are_exchanged_meets_whole_ones() {
        let directory = tempfile::tempdir().unwrap();
        let (source, keyring) = created(&directory);
        let keys = source.keys().unwrap();
        let exchanged = source.clone();
        let exchanging =
            std::thread::spawn(move || (0..200).try_for_each(|_| exchanged.replace(&keys)));
        while !exchanging.is_finished() {
            assert_eq!(source.load().unwrap().active(), keyring.active());
        }
        exchanging.join().unwrap().unwrap();
    }

    #[test]
    fn a_dangling_link_is_not_written_through() {
        let directory = tempfile::tempdir().unwrap();
        let source = source(&directory);
        let target = directory.path().join("elsewhere");
        symlink(&target, source.path()).unwrap();
        let made = source.create(&Random::system(), Timestamp::default());
        assert!(matches!(made, Err(KeyFileError::Exists(_))));
        assert!(!target.exists());
    }

    #[test]
    fn a_mended_line_is_refused_without_showing_it() {
        let directory = tempfile::tempdir().unwrap();
        let (source, keyring) = created(&directory);
        let id = keyring.active().to_string();
        rewrite(&source, |text| text.replace(&id, "0123456789abcdef"));
        assert!(refusal(&source).ends_with("line 3: the key is not the one of this id"));
        rewrite(&source, |text| text.replace(" active ", " idle "));
        assert!(refusal(&source).ends_with("the state is `active` or `standby`"));
        rewrite(&source, |_| {
            "0123456789abcdef c2hvcnQ= active 2026-11-22T22:00:00Z".to_owned()
        });
        assert!(refusal(&source).ends_with("line 1: the key is not 32 bytes in base64"));
        rewrite(&source, |_| "one two".to_owned());
        assert!(refusal(&source).contains("line 1: a line has four parts"));
        rewrite(&source, |_| String::new());
        assert!(refusal(&source).contains("no key is active"));
    }

    #[test]
    fn systemd_comes_first_where_it_hands_something_over() {
        let directory = tempfile::tempdir().unwrap();
        let file = PathBuf::from("/elsewhere/secret.keys");
        let chosen = KeySource::choose(Some(directory.path()), file.clone());
        assert_eq!(chosen, KeySource::File(file.clone()));
        let credential = directory.path().join(SYSTEMD_CREDENTIAL);
        fs::write(&credential, "x").unwrap();
        let chosen = KeySource::choose(Some(directory.path()), file.clone());
        assert_eq!(chosen, KeySource::Systemd(credential));
        assert_eq!(KeySource::choose(None, file.clone()), KeySource::File(file));
    }
}
