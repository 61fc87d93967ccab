//! Checkpoints as signed notes.
//!
//! Owns the text: C2SP `tlog-checkpoint` (origin, size, base64 of the root, one line each) in a
//! C2SP `signed-note` with Ed25519 signatures (type 1). *Invariant:* what was not signed by the
//! key in question is never taken for a statement of that key.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use carillon_store::Hash;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// The type of an Ed25519 key and signature in a signed note.
pub(super) const ED25519: u8 = 1;
const SIGNATURE: &str = "\u{2014} ";
/// Stands before a note where it has to be one word: in lines of syslog.
pub(super) const MARK: &str = "carillon-checkpoint ";

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many records.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

/// A checkpoint with the signatures under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// Exactly what was signed.
    body: String,
    /// Name, key hash and signature of each line.
    signatures: Vec<(String, Vec<u8>)>,
}

/// The public half of a key that signs checkpoints, as `name+hash+base64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: VerifyingKey,
}

/// A text that is no signed checkpoint, or no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no {0}")]
pub struct NoNote(pub &'static str);

impl Checkpoint {
    /// The text that is signed.
    pub(super) fn body(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            STANDARD.encode(self.root)
        )
    }
}

impl FromStr for Checkpoint {
    type Err = NoNote;

    fn from_str(body: &str) -> Result<Self, NoNote> {
        let wrong = NoNote("checkpoint");
        let mut lines = body.lines();
        let origin = lines.next().filter(|line| !line.is_empty()).ok_or(wrong)?;
        let size = lines.next().and_then(decimal).ok_or(wrong)?;
        let root = lines.next().and_then(|line| STANDARD.decode(line).ok());
        let root = root.and_then(|bytes| Hash::try_from(bytes).ok());
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root: root.ok_or(wrong)?,
        })
    }
}

/// A number as checkpoints write it: digits without leading zeros.
fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    (plain && (text == "0" || !text.starts_with('0')))
        .then(|| text.parse().ok())
        .flatten()
}

impl FromStr for SignedCheckpoint {
    type Err = NoNote;

    fn from_str(note: &str) -> Result<Self, NoNote> {
        let wrong = NoNote("signed checkpoint");
        let (body, lines) = note.split_once("\n\n").ok_or(wrong)?;
        let body = format!("{body}\n");
        let signatures = lines.lines().map(|line| signature(line).ok_or(wrong));
        let signatures = signatures.collect::<Result<Vec<_>, _>>()?;
        if signatures.is_empty() {
            return Err(wrong);
        }
        Ok(Self {
            checkpoint: body.parse()?,
            body,
            signatures,
        })
    }
}

fn signature(line: &str) -> Option<(String, Vec<u8>)> {
    let (name, encoded) = line.strip_prefix(SIGNATURE)?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    (!name.is_empty() && bytes.len() > 4).then(|| (name.to_owned(), bytes))
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.body)?;
        self.signatures.iter().try_for_each(|(name, bytes)| {
            writeln!(f, "{SIGNATURE}{name} {}", STANDARD.encode(bytes))
        })
    }
}

/// One signature line.
pub(super) fn signature_line(key: &VerifierKey, signature: &Signature) -> String {
    let mut bytes = key.hash().to_vec();
    bytes.extend(signature.to_bytes());
    format!("{SIGNATURE}{} {}\n", key.name, STANDARD.encode(bytes))
}

impl SignedCheckpoint {
    /// Whether this key signed it, for the log of its name.
    pub fn is_signed_by(&self, key: &VerifierKey) -> bool {
        let told = |(name, bytes): &(String, Vec<u8>)| {
            name == &key.name
                && bytes.strip_prefix(&key.hash()).is_some_and(|signature| {
                    Signature::from_slice(signature).is_ok_and(|signature| {
                        key.key
                            .verify_strict(self.body.as_bytes(), &signature)
                            .is_ok()
                    })
                })
        };
        self.checkpoint.origin == key.name && self.signatures.iter().any(told)
    }
}

/// What a file of checkpoints holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// The notes, whole ones from whoever, and those of this log that stand in lines.
    pub found: Vec<SignedCheckpoint>,
    /// Lines that look like a checkpoint and are none of this log's: another server's, or what
    /// somebody wrote into a text that is logged.
    pub ignored: usize,
    /// Notes that cannot be read, of a file that holds one after another.
    pub unread: usize,
}

/// The notes of a file that holds one after another, with a blank line behind each, or of the lines
/// that a syslog receiver wrote. What a crash left half written between them is passed over. Anybody
/// can have a line written: one counts only where this key signed it.
///
/// # Errors
/// When something stands there, but no note at all.
pub fn notes(text: &str, key: &VerifierKey) -> Result<Notes, NoNote> {
    let (ours, others): (Vec<_>, Vec<_>) = in_lines(text)
        .into_iter()
        .partition(|note| note.as_ref().is_some_and(|note| note.is_signed_by(key)));
    let mut found: Vec<_> = ours.into_iter().flatten().collect();
    let (notes, unread) = read(text);
    found.extend(notes);
    if found.is_empty() && !text.trim().is_empty() {
        return Err(NoNote("file of signed checkpoints of this log"));
    }
    Ok(Notes {
        found,
        ignored: others.len(),
        unread: if text.contains(MARK) { 0 } else { unread },
    })
}

/// The notes that stand one after another.
pub(super) fn whole(text: &str) -> Vec<SignedCheckpoint> {
    read(text).0
}

/// The same, and how many stand between them that cannot be read: a note is two pieces, or one that
/// broke off.
fn read(text: &str) -> (Vec<SignedCheckpoint>, usize) {
    let blocks: Vec<&str> = text.split("\n\n").map(str::trim).collect();
    let (mut found, mut next) = (Vec::new(), 0);
    let (mut unread, mut pieces) = (0, 0_usize);
    while let Some(body) = blocks.get(next) {
        let lines = blocks.get(next + 1).copied().unwrap_or_default();
        if let Ok(note) = format!("{body}\n\n{lines}\n").parse() {
            found.push(note);
            unread += pieces.div_ceil(2);
            (pieces, next) = (0, next + 2);
        } else {
            pieces += usize::from(!body.is_empty());
            next += 1;
        }
    }
    (found, unread + pieces.div_ceil(2))
}

/// What stands as one word behind the mark; `None` for one that is no note.
fn in_lines(text: &str) -> Vec<Option<SignedCheckpoint>> {
    let note = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c));
        let bytes = STANDARD.decode(&rest[..end.unwrap_or(rest.len())]).ok()?;
        String::from_utf8(bytes).ok()?.parse().ok()
    };
    text.split(MARK).skip(1).map(note).collect()
}

impl VerifierKey {
    pub(super) const fn new(name: String, key: VerifyingKey) -> Self {
        Self { name, key }
    }

    /// The name, which is also the origin of its log.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first bytes of a digest over name and key.
    pub(super) fn hash(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        let mut hash = [0; 4];
        hash.copy_from_slice(&digest[..4]);
        hash
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend(self.key.as_bytes());
        let encoded = STANDARD.encode(bytes);
        write!(f, "{}+{}+{encoded}", self.name, hex::encode(self.hash()))
    }
}

impl FromStr for VerifierKey {
    type Err = NoNote;

    fn from_str(text: &str) -> Result<Self, NoNote> {
        let wrong = NoNote("verifier key: name+hash+base64");
        let mut parts = text.trim().splitn(3, '+');
        let (name, hash, encoded) = (parts.next(), parts.next(), parts.next());
        let bytes = encoded.and_then(|text| STANDARD.decode(text).ok());
        let bytes = bytes.ok_or(wrong)?;
        let key = match bytes.split_first() {
            Some((&ED25519, key)) => <[u8; 32]>::try_from(key).map_err(|_| wrong)?,
            _ => return Err(wrong),
        };
        let key = VerifyingKey::from_bytes(&key).map_err(|_| wrong)?;
        let key = Self::new(name.unwrap_or_default().to_owned(), key);
        let fits = !key.name.is_empty() && hash == Some(hex::encode(key.hash()).as_str());
        fits.then_some(key).ok_or(wrong)
    }
}
