//! The key that signs checkpoints.
//!
//! Owns its file, which is another one than that of the keys that seal secrets. *Invariant:* a
//! file is made where there is none and the log was never signed, and never again.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey as Secret};
use zeroize::Zeroizing;

use super::note::{Checkpoint, ED25519, VerifierKey, signature_line};
use crate::random::Random;
use crate::secrets::{KeyFileError, KeySource, read_private, write_new};

/// Name of the file beside the keys that seal secrets.
pub const SIGNING_KEY_FILE: &str = "signing.key";
/// Name of the credential that systemd hands over.
const SIGNING_CREDENTIAL: &str = "carillon.signing-key";
const HEADER: &str = "\
# Signs the checkpoints of this Carillon's audit log. Whoever has this file and can write the
# database can forge the log. Never edit the line.
";
const PREFIX: &str = "PRIVATE+KEY+";

/// A key that signs checkpoints.
pub struct SigningKey {
    secret: Secret,
    public: VerifierKey,
}

/// Where the signing key is.
pub fn signing_key_source(credentials_directory: Option<&Path>, file: PathBuf) -> KeySource {
    credentials_directory
        .map(|directory| directory.join(SIGNING_CREDENTIAL))
        .filter(|path| path.exists())
        .map_or(KeySource::File(file), KeySource::Systemd)
}

impl SigningKey {
    /// Reads it.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn load(source: &KeySource) -> Result<Self, KeyFileError> {
        let text = read_private(source)?;
        let line = text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with('#'));
        line.and_then(parse).ok_or_else(|| KeyFileError::Malformed {
            path: source.path().to_owned(),
            line: 0,
            problem: "there is no signing key in it".to_owned(),
        })
    }

    /// Makes the file with a new key and a new name for the log.
    ///
    /// # Errors
    /// [`KeyFileError::Exists`] rather than touching a file that is there.
    pub fn create(source: &KeySource, random: &Random) -> Result<Self, KeyFileError> {
        let fail = |source_error| KeyFileError::Io {
            path: source.path().to_owned(),
            source: source_error,
        };
        let entropy = |_| fail(std::io::Error::other("no random bytes"));
        let seed = Zeroizing::new(random.bytes::<32>().map_err(entropy)?);
        let name = random.bytes::<8>().map_err(entropy)?;
        let key = Self::new(format!("carillon/{}", hex::encode(name)), &seed);
        let text = Zeroizing::new(format!("{HEADER}{}\n", *key.line()));
        match write_new(source.path(), &text) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(KeyFileError::Exists(source.path().to_owned()))
            }
            Err(error) => Err(fail(error)),
            Ok(()) => Ok(key),
        }
    }

    pub(super) fn new(name: String, seed: &[u8; 32]) -> Self {
        let secret = Secret::from_bytes(seed);
        let public = VerifierKey::new(name, secret.verifying_key());
        Self { secret, public }
    }

    /// The public half, to check with.
    pub const fn public(&self) -> &VerifierKey {
        &self.public
    }

    /// The signed note of a checkpoint of this key's log.
    pub fn sign(&self, size: u64, root: carillon_store::Hash) -> String {
        let origin = self.public.name().to_owned();
        let body = Checkpoint { origin, size, root }.body();
        let signature = self.secret.sign(body.as_bytes());
        format!("{body}\n{}", signature_line(&self.public, &signature))
    }

    fn line(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(33));
        bytes.push(ED25519);
        bytes.extend(self.secret.as_bytes());
        let encoded = Zeroizing::new(STANDARD.encode(&*bytes));
        let hash = hex::encode(self.public.hash());
        Zeroizing::new(format!(
            "{PREFIX}{}+{hash}+{}",
            self.public.name(),
            *encoded
        ))
    }
}

fn parse(line: &str) -> Option<SigningKey> {
    let mut parts = line.strip_prefix(PREFIX)?.splitn(3, '+');
    let (name, hash, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = Zeroizing::new(STANDARD.decode(encoded).ok()?);
    let (&kind, seed) = bytes.split_first()?;
    let seed = Zeroizing::new(<[u8; 32]>::try_from(seed).ok()?);
    let key = SigningKey::new(name.to_owned(), &seed);
    (kind == ED25519 && !name.is_empty() && hash == hex::encode(key.public.hash())).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::super::note::{SignedCheckpoint, notes};
    use super::*;

    #[test]
    fn a_new_file_is_private_reads_back_and_is_never_overwritten() {
        use std::os::unix::fs::MetadataExt as _;
        let directory = tempfile::tempdir().unwrap();
        let source = KeySource::File(directory.path().join(SIGNING_KEY_FILE));
        let made = SigningKey::create(&source, &Random::system()).unwrap();
        let mode = std::fs::metadata(source.path()).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read = SigningKey::load(&source).unwrap();
        assert_eq!(read.public(), made.public());
        let again = SigningKey::create(&source, &Random::system());
        assert!(matches!(again, Err(KeyFileError::Exists(_))));
        std::fs::write(source.path(), "PRIVATE+KEY+x+00000000+AAAA\n").unwrap();
        assert!(matches!(
            SigningKey::load(&source),
            Err(KeyFileError::Malformed { .. })
        ));
    }

    #[test]
    fn a_note_is_good_for_its_key_and_its_words_only() {
        let key = SigningKey::new("carillon/a".to_owned(), &[1; 32]);
        let other = SigningKey::new("carillon/a".to_owned(), &[2; 32]);
        let renamed = SigningKey::new("carillon/b".to_owned(), &[1; 32]);
        let text = key.sign(7, [9; 32]);
        let note: SignedCheckpoint = text.parse().unwrap();
        assert_eq!((note.checkpoint.size, note.checkpoint.root), (7, [9; 32]));
        assert!(note.is_signed_by(key.public()));
        assert!(!note.is_signed_by(other.public()));
        assert!(!note.is_signed_by(renamed.public()));
        let forged: SignedCheckpoint = text.replace("\n7\n", "\n8\n").parse().unwrap();
        assert!(!forged.is_signed_by(key.public()));
        let public: VerifierKey = key.public().to_string().parse().unwrap();
        assert_eq!(&public, key.public());
        assert!(
            key.public()
                .to_string()
                .replace("/a", "/b")
                .parse::<VerifierKey>()
                .is_err()
        );
    }

    /// The example of the signed-note specification's Go implementation.
    #[test]
    fn a_known_key_is_read_and_its_note_is_good() {
        let key: VerifierKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
            .parse()
            .unwrap();
        assert_eq!(key.name(), "PeterNeumann");
    }

    #[test]
    fn a_file_holds_one_note_after_another() {
        let key = SigningKey::new("carillon/a".to_owned(), &[1; 32]);
        let read = |text: &str| notes(text, key.public()).map(|notes| notes.found);
        let unread = |text: &str| notes(text, key.public()).unwrap().unread;
        let (one, two) = (key.sign(1, [1; 32]), key.sign(2, [2; 32]));
        let both = read(&format!("{one}\n{two}\n")).unwrap();
        let sizes: Vec<_> = both.iter().map(|note| note.checkpoint.size).collect();
        assert_eq!(sizes, [1, 2]);
        assert!(both.iter().all(|note| note.is_signed_by(key.public())));
        assert_eq!(read(&one).unwrap().len(), 1);
        assert_eq!(read("").unwrap(), []);
        assert!(read("anything else").is_err());
        let torn = read(&format!("{one}\ncarillon/a\n2\n\n{two}")).unwrap();
        assert_eq!(torn.len(), 2);
        assert_eq!(unread(&format!("{one}\n{two}\n")), 0);
        assert_eq!(unread(&format!("{one}\ncarillon/a\n2\n\n{two}")), 1);
        let spoiled = two.replace("\n2\n", "\n+2\n");
        assert_eq!(
            unread(&format!("{spoiled}\n{one}\n{spoiled}\n{spoiled}")),
            3
        );
    }

    #[test]
    fn a_line_counts_only_where_this_key_signed_it() {
        let key = SigningKey::new("carillon/a".to_owned(), &[1; 32]);
        let same_name = SigningKey::new("carillon/a".to_owned(), &[2; 32]);
        let other = SigningKey::new("carillon/b".to_owned(), &[3; 32]);
        let line = |note: &str| format!("<110>1 carillon-checkpoint {}\n", STANDARD.encode(note));
        let imitated = [
            line(&same_name.sign(2, [7; 32])),
            line(&other.sign(2, [7; 32])),
            "{\"reason\":\"carillon-checkpoint what is this\"}\n".to_owned(),
        ];
        let ours = line(&key.sign(1, [1; 32]));
        let read = notes(&format!("{}{ours}", imitated.concat()), key.public()).unwrap();
        assert_eq!((read.found.len(), read.ignored), (1, 3));
        assert_eq!(read.found[0].checkpoint.size, 1);
        assert!(notes(&imitated.concat(), key.public()).is_err(), "no note");
    }
}
