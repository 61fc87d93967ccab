//! This start of the program, as records name it.
//!
//! Owns its id: four random bytes, drawn once. *Invariant:* records of two starts never name the
//! same, but by a chance of one in 2^32.

use carillon_store::Run;

use crate::random::{NoEntropy, Random};

const LENGTH: usize = 4;

/// What the store needs of this start of the program.
///
/// # Errors
/// Only when the operating system gives no random bytes.
pub fn run(random: &Random) -> Result<Run, NoEntropy> {
    let id = hex::encode(random.bytes::<LENGTH>()?);
    let random = random.clone();
    Ok(Run::new(&id, move || random.bytes().ok()))
}
