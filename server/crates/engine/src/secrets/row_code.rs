//! The codes of rows that decide security.
//!
//! Owns their form: `0x01`, key id (8), HMAC-SHA-256 (32) under the subkey `rowmac`. The key stands
//! at the same place as in a sealed value, so that one asks for both alike which key made them.

use carillon_store::RowKeys;
use subtle::ConstantTimeEq as _;

use super::key::KeyId;
use super::keyring::{Keyring, Purpose};

const FORM: u8 = 0x01;
const LENGTH: usize = 1 + 8 + 32;

impl RowKeys for Keyring {
    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let key = self.active();
        let mut code = Vec::with_capacity(LENGTH);
        // The active key is always at hand; without a digest the code is good for no row.
        if let Some(digest) = self.mac_with(key, Purpose::Rows, &[bytes]) {
            code.push(FORM);
            code.extend_from_slice(key.as_bytes());
            code.extend_from_slice(&digest);
        }
        code
    }

    fn is_good(&self, bytes: &[u8], code: &[u8]) -> bool {
        let parts = code.split_first().and_then(|(form, rest)| {
            let (key, digest) = rest.split_first_chunk::<8>()?;
            (*form == FORM).then(|| (KeyId::from_bytes(*key), digest))
        });
        let expected = parts.and_then(|(key, digest)| {
            let expected = self.mac_with(key, Purpose::Rows, &[bytes])?;
            Some(expected.as_slice().ct_eq(digest))
        });
        expected.is_some_and(bool::from)
    }
}

#[cfg(test)]
mod tests {
    use carillon_domain::Timestamp;

    use super::*;
    use crate::random::Random;
    use crate::secrets::key::{KeyState, RootKey};

    fn ring(seeds: &[(u64, KeyState)]) -> Keyring {
        let key = |&(seed, state)| {
            RootKey::generate(&Random::seeded(seed), state, Timestamp::default()).unwrap()
        };
        Keyring::new(seeds.iter().map(key).collect()).unwrap()
    }

    #[test]
    fn a_code_is_good_for_its_bytes_and_under_keys_at_hand() {
        let before = ring(&[(1, KeyState::Active)]);
        let after = ring(&[(1, KeyState::Standby), (2, KeyState::Active)]);
        let others = ring(&[(2, KeyState::Active)]);
        let code = before.sign(b"row");
        assert_eq!(code.len(), LENGTH);
        assert!(before.is_good(b"row", &code));
        assert!(after.is_good(b"row", &code));
        assert!(!others.is_good(b"row", &code));
        assert!(!before.is_good(b"raw", &code));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let ring = ring(&[(1, KeyState::Active)]);
        let code = ring.sign(b"row");
        for at in 0..code.len() {
            let mut changed = code.clone();
            changed[at] ^= 1;
            assert!(!ring.is_good(b"row", &changed), "byte {at}");
            assert!(!ring.is_good(b"row", &code[..at]), "length {at}");
        }
    }
}
