//! The server's way to a signer.
//!
//! Owns one connection for each question. *Invariant:* what comes back counts only where the key
//! of the log signed it; whoever calls compares it with what was asked.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use carillon_store::{Frontier, Hash};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;

use super::super::note::{SignedCheckpoint, VerifierKey};
use super::wire::{Answer, Ask, Digest, Refusal, Why, Wish, heard, line};

/// A question and its answer may take so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a signer listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteSigner {
    socket: PathBuf,
}

/// What a signer signed last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedLast {
    /// The key to check with.
    pub key: VerifierKey,
    /// The checkpoint, signed by that key.
    pub note: SignedCheckpoint,
}

/// What a signer is asked to sign.
pub(in super::super) struct Offer<'a> {
    /// The name of the log.
    pub(in super::super) origin: &'a str,
    /// The records from which the proof begins.
    pub(in super::super) old: u64,
    /// The whole log.
    pub(in super::super) head: &'a Frontier,
    /// That it continues them.
    pub(in super::super) proof: Vec<Hash>,
}

/// Why a signer gave no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignerFault {
    /// It is not there, or does not answer.
    #[error("the signer at {path} is not reached: {source}")]
    Away {
        /// Its socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What it answered is no answer.
    #[error("the signer at {0} answered something else than a checkpoint of its own")]
    Nonsense(PathBuf),
    /// It refused.
    #[error("the signer refused: {told}")]
    Refused {
        /// For programs.
        why: Why,
        /// For people.
        told: String,
    },
}

impl RemoteSigner {
    /// The one whose socket this is.
    pub const fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Its socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// What it signed last.
    ///
    /// # Errors
    /// [`SignerFault`].
    pub async fn last(&self) -> Result<SignedLast, SignerFault> {
        let Answer::Last { key, note } = self.asked(&Ask::Last).await? else {
            return Err(self.nonsense());
        };
        let key = key.parse::<VerifierKey>().ok();
        let note = note.parse::<SignedCheckpoint>().ok();
        let last = key.zip(note).map(|(key, note)| SignedLast { key, note });
        let last = last.filter(|last| last.note.is_signed_by(&last.key));
        last.ok_or_else(|| self.nonsense())
    }

    /// The signed note of this.
    pub(in super::super) async fn sign(&self, offer: Offer<'_>) -> Result<String, SignerFault> {
        let ask = Ask::Sign(Wish {
            origin: offer.origin.to_owned(),
            old: offer.old,
            size: offer.head.size(),
            root: Digest(offer.head.root()),
            proof: offer.proof.into_iter().map(Digest).collect(),
        });
        match self.asked(&ask).await? {
            Answer::Signed { note } => Ok(note),
            _ => Err(self.nonsense()),
        }
    }

    async fn asked(&self, ask: &Ask) -> Result<Answer, SignerFault> {
        let talk = tokio::time::timeout(PATIENCE, self.talk(ask)).await;
        let answer = talk.unwrap_or_else(|late| Err(late.into()));
        match answer.map_err(|source| self.away(source))? {
            Answer::Refused(Refusal { why, told }) => Err(SignerFault::Refused {
                why,
                told: plain(&told),
            }),
            answer => Ok(answer),
        }
    }

    async fn talk(&self, ask: &Ask) -> io::Result<Answer> {
        let mut stream = UnixStream::connect(&self.socket).await?;
        stream.write_all(&line(ask)?).await?;
        heard(&mut stream).await
    }

    fn away(&self, source: io::Error) -> SignerFault {
        SignerFault::Away {
            path: self.socket.clone(),
            source,
        }
    }

    pub(in super::super) fn nonsense(&self) -> SignerFault {
        SignerFault::Nonsense(self.socket.clone())
    }
}

/// What stands at the socket need not be a signer: nothing of it breaks a line of a log.
fn plain(told: &str) -> String {
    let short = told.chars().take(200);
    short
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
