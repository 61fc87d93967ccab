//! This start of the program, as records name it.
//!
//! Owns its id: six random bytes, drawn once. *Invariant:* records of two starts never name the
//! same, but by a chance of one in 2^48.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carillon_store::Run;

use crate::random::{NoEntropy, Random};

const LENGTH: usize = 6;

/// What the store needs of this start of the program.
///
/// # Errors
/// Only when the operating system gives no random bytes.
pub fn run(random: &Random) -> Result<Run, NoEntropy> {
    let id = URL_SAFE_NO_PAD.encode(random.bytes::<LENGTH>()?);
    let random = random.clone();
    Ok(Run::new(&id, move || random.bytes().ok()))
}
