//! Proofs that one record stands in the log.
//!
//! Owns their text: a C2SP `tlog-proof`, with the record's exact bytes as its extra data, so that
//! one file says it all. *Invariant:* a proof is handed out only if it leads to what was signed,
//! and one that is checked is believed for nothing but its signature.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use carillon_domain::role::Permission;
use carillon_store::{AuditRow, CheckpointRow, Hash, Store, leaf_hash};

use super::note::{NoNote, SignedCheckpoint, VerifierKey};
use super::path::{followed, to_root};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
const WRONG: NoNote = NoNote("proof of a record (c2sp.org/tlog-proof@v1)");

/// That a record stands in the log at its number, under a signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// The record's exact bytes, as far as the proof carries them.
    pub entry: Option<Vec<u8>>,
    /// The record's number.
    pub index: u64,
    path: Vec<Hash>,
    note: String,
    /// What was signed.
    pub checkpoint: SignedCheckpoint,
}

/// What is wrong with a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// It carries no record.
    #[error("the record itself is not in the proof")]
    NoRecord,
    /// Somebody else signed it, or nobody.
    #[error("foreign: the checkpoint is not signed by the key")]
    Foreign,
    /// The record does not lead to the root that was signed.
    #[error("changed: the record does not lead to the root that was signed")]
    Changed,
    /// The record says that it has another number.
    #[error("moved: the record belongs to another number")]
    Moved,
}

impl Engine {
    /// The proof of one record, under the first checkpoint that covers it.
    ///
    /// # Errors
    /// Denied, and as [`prove`].
    pub async fn audit_proof(&self, caller: &Caller, seq: i64) -> Result<InclusionProof> {
        let seen = caller.sight(Permission::ViewAudit, &self.store)?;
        let row = seen.audit_entry(seq).await?.ok_or(EngineError::NotFound)?;
        prove_row(&self.store, row).await
    }
}

/// Whether a record that was read is, byte for byte, what was signed with this checkpoint.
///
/// # Errors
/// When the storage fails.
pub async fn is_as_signed(store: &Store, row: &AuditRow, signed: CheckpointRow) -> Result<bool> {
    match inclusion(store, row, signed).await {
        Ok(proof) => Ok(proof.leads_to_root()),
        Err(EngineError::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The proof of one record, under the first checkpoint that covers it.
///
/// # Errors
/// Not found; a conflict while the record is not signed yet, or when it does not lead to what was
/// signed.
pub async fn prove(store: &Store, seq: i64) -> Result<InclusionProof> {
    let row = store.audit_entry(seq).await?.ok_or(EngineError::NotFound)?;
    prove_row(store, row).await
}

async fn prove_row(store: &Store, row: AuditRow) -> Result<InclusionProof> {
    let seq = row.seq;
    let signed = store.checkpoint_over(seq).await?.ok_or_else(|| {
        EngineError::Conflict(format!("record {seq} is not signed yet; try in a minute"))
    })?;
    let proof = inclusion(store, &row, signed).await?;
    if proof.leads_to_root() {
        return Ok(proof);
    }
    let problem = format!("record {seq} does not lead to the root that was signed");
    Err(broken(&problem))
}

/// The way of a record to a root, whether it leads there or not.
async fn inclusion(store: &Store, row: &AuditRow, signed: CheckpointRow) -> Result<InclusionProof> {
    let checkpoint = signed.note.parse();
    Ok(InclusionProof {
        entry: Some(row.entry.clone().into_bytes()),
        index: u64::try_from(row.seq).unwrap_or_default(),
        path: to_root(store, row.seq, signed.size).await?,
        checkpoint: checkpoint.map_err(|_| broken("a stored checkpoint is none"))?,
        note: signed.note,
    })
}

fn broken(problem: &str) -> EngineError {
    EngineError::Conflict(format!("{problem}: run `carillon audit verify`"))
}

impl InclusionProof {
    /// Checks the proof against the key, and nothing else; answers the record.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, key: &VerifierKey) -> Result<&str, ProofFault> {
        let entry = self.entry.as_ref().ok_or(ProofFault::NoRecord)?;
        if !self.checkpoint.is_signed_by(key) {
            return Err(ProofFault::Foreign);
        }
        if !self.leads_to_root() {
            return Err(ProofFault::Changed);
        }
        let entry = std::str::from_utf8(entry).map_err(|_| ProofFault::Moved)?;
        let says = format!("{{\"seq\":{},", self.index);
        let moved = !entry.starts_with(&says);
        if moved {
            Err(ProofFault::Moved)
        } else {
            Ok(entry)
        }
    }

    fn leads_to_root(&self) -> bool {
        let signed = &self.checkpoint.checkpoint;
        let leaf = self.entry.as_ref().map(|entry| leaf_hash(entry));
        let root = leaf.and_then(|leaf| followed(self.index, signed.size, leaf, &self.path));
        root == Some(signed.root)
    }
}

impl fmt::Display for InclusionProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(entry) = &self.entry {
            writeln!(f, "extra {}", STANDARD.encode(entry))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{}", STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.note)
    }
}

impl FromStr for InclusionProof {
    type Err = NoNote;

    fn from_str(text: &str) -> Result<Self, NoNote> {
        let (head, note) = text.split_once("\n\n").ok_or(WRONG)?;
        let mut lines = head.lines().peekable();
        if lines.next() != Some(HEADER) {
            return Err(WRONG);
        }
        let extra = lines.next_if(|line| line.starts_with("extra "));
        let extra = extra.map(|line| decoded(&line["extra ".len()..]));
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = index.and_then(|digits| digits.parse().ok()).ok_or(WRONG)?;
        let hash = |line| Hash::try_from(decoded(line)?).map_err(|_| WRONG);
        Ok(Self {
            entry: extra.transpose()?,
            index,
            path: lines.map(hash).collect::<Result<_, _>>()?,
            note: note.to_owned(),
            checkpoint: note.parse()?,
        })
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, NoNote> {
    STANDARD.decode(text).map_err(|_| WRONG)
}
