//! Codes for the day when the second factor is lost.
//!
//! Owns their text and the hash under which they are stored. *Invariant:* the text exists only in
//! the hands of its owner; 120 random bits need no slow hash.

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::totp::base32;
use crate::random::{NoEntropy, Random};

/// How many somebody has.
pub(super) const COUNT: usize = 10;
const BYTES: usize = 15;
const LETTERS: usize = 24;
const GROUP: usize = 6;

/// A fresh one: four groups of six letters and digits.
pub(super) fn fresh(random: &Random) -> Result<SecretString, NoEntropy> {
    let bytes = Zeroizing::new(random.bytes::<BYTES>()?);
    let plain = base32(bytes.as_slice());
    let mut text = Zeroizing::new(String::with_capacity(LETTERS + LETTERS / GROUP));
    for (index, letter) in plain.chars().enumerate() {
        if index > 0 && index % GROUP == 0 {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    Ok(SecretString::from(text.as_str()))
}

/// The hash of what somebody typed; `None` when it cannot be such a code. Upper case, blanks and
/// hyphens do not matter.
pub(super) fn hash_of(typed: &str) -> Option<[u8; 32]> {
    let plain: Zeroizing<String> = Zeroizing::new(
        typed
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_lowercase())
            .collect(),
    );
    let fits = plain.len() == LETTERS && plain.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| {
        Sha256::new()
            .chain_update("carillon-recovery-code")
            .chain_update(plain.as_bytes())
            .finalize()
            .into()
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let code = fresh(&Random::system()).unwrap();
        let code = code.expose_secret();
        assert_eq!(code.len(), 27);
        let hash = hash_of(code);
        assert!(hash.is_some());
        assert_eq!(hash_of(&code.to_uppercase().replace('-', " ")), hash);
        assert_eq!(hash_of(&code[1..]), None);
        assert_eq!(hash_of("123456"), None);
    }
}
