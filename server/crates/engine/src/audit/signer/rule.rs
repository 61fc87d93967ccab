//! What a signer signs.
//!
//! Owns the decision. *Invariant:* what is signed continues what was signed last, and is
//! remembered before anybody has it.

use carillon_store::Hash;

use super::super::consistency::continues;
use super::super::note::{Checkpoint, SignedCheckpoint, VerifierKey};
use super::super::signing_key::SigningKey;
use super::memory::Memory;
use super::wire::{Answer, Ask, Refusal, Why, Wish};

/// A key, and what it signed last.
pub struct Signer {
    key: SigningKey,
    memory: Memory,
}

impl Signer {
    /// One that goes on where its memory ends.
    pub const fn new(key: SigningKey, memory: Memory) -> Self {
        Self { key, memory }
    }

    /// The key to check with.
    pub const fn public(&self) -> &VerifierKey {
        self.key.public()
    }

    /// How many records it signed.
    pub const fn signed(&self) -> u64 {
        self.memory.last().checkpoint.size
    }

    pub(super) fn answer(&mut self, ask: Ask) -> Answer {
        match ask {
            Ask::Last => Answer::Last {
                key: self.key.public().to_string(),
                note: self.memory.note().to_owned(),
            },
            Ask::Sign(wish) => match self.sign(&wish) {
                Ok(note) => Answer::Signed { note },
                Err(refusal) => Answer::Refused(refusal),
            },
        }
    }

    fn sign(&mut self, wish: &Wish) -> Result<String, Refusal> {
        if wish.origin != self.key.public().name() {
            let told = "it is the checkpoint of another log".to_owned();
            return Err(refusal(Why::Foreign, told));
        }
        let last = &self.memory.last().checkpoint;
        if (wish.size, wish.root.0) == (last.size, last.root) {
            return Ok(self.memory.note().to_owned());
        }
        allowed(last, wish)?;
        let note = self.key.sign(wish.size, wish.root.0);
        let kept = note.parse::<SignedCheckpoint>().map_err(|error| {
            let told = format!("nothing was signed: {error}");
            refusal(Why::Failed, told)
        })?;
        let kept = self.memory.keep(note.clone(), kept);
        kept.map_err(|error| {
            let told = format!("what is signed could not be written down: {error}");
            refusal(Why::Failed, told)
        })?;
        Ok(note)
    }
}

fn allowed(last: &Checkpoint, wish: &Wish) -> Result<(), Refusal> {
    let (signed, size) = (last.size, wish.size);
    if size < signed {
        let told = format!("the log has {size} records, and {signed} were signed");
        return Err(refusal(Why::Smaller, told));
    }
    if size == signed {
        let told = format!("another root of {size} records was signed");
        return Err(refusal(Why::Other, told));
    }
    if wish.old != signed {
        let told = format!(
            "the proof begins at {} records, and {signed} were signed",
            wish.old
        );
        return Err(refusal(Why::Moved, told));
    }
    let proof: Vec<Hash> = wish.proof.iter().map(|digest| digest.0).collect();
    if continues((signed, last.root), (size, wish.root.0), &proof) {
        return Ok(());
    }
    let told = format!("nothing proves that {size} records continue the {signed} that were signed");
    Err(refusal(Why::Unproven, told))
}

const fn refusal(why: Why, told: String) -> Refusal {
    Refusal { why, told }
}
