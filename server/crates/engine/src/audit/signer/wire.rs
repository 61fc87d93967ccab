//! What a server and a signer say to each other: a line of JSON each, one question a connection.
//!
//! Owns the words and their bounds. Knows nothing of keys or sockets.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use carillon_store::Hash;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

/// Longer lines are refused: a proof over 2^64 records has 6 KiB.
const LONGEST: u64 = 16 * 1024;

/// What a server asks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Ask {
    /// What was signed last.
    Last,
    /// To sign this.
    Sign(Wish),
}

/// What is to be signed, and why it may be.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// Which log.
    pub(super) origin: String,
    /// The records that were signed last, from which the proof begins.
    pub(super) old: u64,
    /// How many records there are.
    pub(super) size: u64,
    /// The root over them.
    pub(super) root: Digest,
    /// The consistency proof, from the bottom up.
    pub(super) proof: Vec<Digest>,
}

/// What a signer answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// The last checkpoint.
    Last {
        /// The key to check with.
        key: String,
        /// The signed note.
        note: String,
    },
    /// It was signed.
    Signed {
        /// The signed note.
        note: String,
    },
    /// It was not.
    Refused(Refusal),
}

/// Why something was not signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refusal {
    /// For programs.
    pub(super) why: Why,
    /// For people. Never repeats anything that the other side said but numbers.
    pub(super) told: String,
}

/// Why something was not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// More records were signed before.
    Smaller,
    /// Another root of as many records was signed before.
    Other,
    /// Nothing proves that it continues what was signed before.
    Unproven,
    /// The proof begins at another size than that of the last checkpoint.
    Moved,
    /// It is another log.
    Foreign,
    /// The question was not understood.
    Malformed,
    /// What is signed could not be written down.
    Failed,
}

impl Why {
    /// Whether it says that the log is not the one that was signed.
    pub const fn is_alarm(self) -> bool {
        matches!(self, Self::Smaller | Self::Other | Self::Unproven)
    }
}

/// A hash, in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct Digest(pub(super) Hash);

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        STANDARD.encode(digest.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = STANDARD.decode(text).ok();
        let hash = bytes.and_then(|bytes| Hash::try_from(bytes).ok());
        hash.map(Self).ok_or("a hash is 32 bytes in base64")
    }
}

/// One line, as it goes over the socket.
pub(super) fn line(what: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    Ok(line)
}

/// The one line that the other side says.
pub(super) async fn heard<T: for<'a> Deserialize<'a>>(
    from: impl AsyncRead + Unpin,
) -> io::Result<T> {
    let mut line = Vec::new();
    let mut from = BufReader::new(from.take(LONGEST));
    from.read_until(b'\n', &mut line).await?;
    if line.last() != Some(&b'\n') {
        let why = "the line is too long, or ends early";
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    Ok(serde_json::from_slice(&line)?)
}
