//! One root key.
//!
//! Owns its id, its state and its wiping. *Invariant:* has no `Debug`, no `Display` and no
//! `Serialize`; the id tells nothing about the key.

use std::fmt;
use std::str::FromStr;

use carillon_domain::{Timestamp, closed_list};
use hkdf::Hkdf;
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::random::{NoEntropy, Random};

const ID_LABEL: &[u8] = b"carillon-key-id-v1";

closed_list! {
    /// What a key is used for.
    KeyState {
        /// Seals what is written and opens what it sealed.
        Active = "active",
        /// Opens what it sealed; seals nothing.
        Standby = "standby",
    }
}

/// Id of a key: eight bytes derived from it, sixteen hexadecimal digits as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

/// The text is not sixteen hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key id has sixteen hexadecimal digits")]
pub struct InvalidKeyId;

impl KeyId {
    /// From the eight bytes that stand in a sealed blob.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The eight bytes.
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for KeyId {
    type Err = InvalidKeyId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 8];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidKeyId)?;
        Ok(Self(bytes))
    }
}

/// A 256-bit root key with what its line in the key file says of it.
pub struct RootKey {
    id: KeyId,
    state: KeyState,
    created: Timestamp,
    bytes: SecretBox<[u8; 32]>,
}

impl RootKey {
    /// A fresh key.
    ///
    /// # Errors
    /// Only when the operating system gives no random bytes.
    pub fn generate(
        random: &Random,
        state: KeyState,
        created: Timestamp,
    ) -> Result<Self, NoEntropy> {
        let mut bytes = SecretBox::new(Box::new([0; 32]));
        random.fill(secrecy::ExposeSecretMut::expose_secret_mut(&mut bytes))?;
        Ok(Self::new(bytes, state, created))
    }

    /// From bytes that were read; the id follows from them.
    pub fn new(bytes: SecretBox<[u8; 32]>, state: KeyState, created: Timestamp) -> Self {
        let mut id = [0; 8];
        expand(&bytes, ID_LABEL, &mut id);
        Self {
            id: KeyId(id),
            state,
            created,
            bytes,
        }
    }

    /// Its id.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// What it is used for.
    pub const fn state(&self) -> KeyState {
        self.state
    }

    /// The same key in another state.
    #[must_use]
    pub(super) fn in_state(self, state: KeyState) -> Self {
        Self { state, ..self }
    }

    /// When it was made.
    pub const fn created(&self) -> Timestamp {
        self.created
    }

    /// The key itself, for the one line of the key file.
    pub(super) const fn bytes(&self) -> &SecretBox<[u8; 32]> {
        &self.bytes
    }

    /// The subkey of a label.
    pub(super) fn subkey(&self, label: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut subkey = Zeroizing::new([0; 32]);
        expand(&self.bytes, label, &mut *subkey);
        subkey
    }
}

/// HKDF-SHA-256 without salt: the root key is uniformly random already.
fn expand(key: &SecretBox<[u8; 32]>, label: &[u8], output: &mut [u8]) {
    let derived = Hkdf::<Sha256>::new(None, key.expose_secret()).expand(label, output);
    // Going on with a subkey of zeros would be the one unforgivable end.
    assert!(derived.is_ok(), "HKDF gives up to 8,160 bytes");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(fill: u8) -> RootKey {
        let bytes = SecretBox::new(Box::new([fill; 32]));
        RootKey::new(bytes, KeyState::Active, Timestamp::default())
    }

    #[test]
    fn ids_and_subkeys_differ_by_key_and_label() {
        assert_ne!(key(1).id(), key(2).id());
        assert_ne!(key(1).subkey(b"a"), key(1).subkey(b"b"));
        assert_ne!(key(1).subkey(b"a"), key(2).subkey(b"a"));
        assert_eq!(key(1).subkey(b"a"), key(1).subkey(b"a"));
    }

    #[test]
    fn ids_read_back() {
        let id = key(7).id();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("0123".parse::<KeyId>(), Err(InvalidKeyId));
        assert_eq!("zz23456789abcdef".parse::<KeyId>(), Err(InvalidKeyId));
    }
}
