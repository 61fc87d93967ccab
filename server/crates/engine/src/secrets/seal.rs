//! Sealing and opening.
//!
//! Owns the form of a blob: `0x01`, key id (8), nonce (24), ciphertext, tag (16), under
//! XChaCha20-Poly1305. *Invariant:* a plaintext is decrypted in the buffer that wipes itself.

use chacha20poly1305::{AeadInOut as _, KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use secrecy::zeroize::Zeroizing;
use secrecy::{SecretSlice, SecretString};
use sha2::{Digest as _, Sha256};

use super::key::KeyId;
use super::keyring::Keyring;
use super::place::Place;
use crate::error::EngineError;
use crate::random::{NoEntropy, Random};

const FORM: u8 = 0x01;
const KEY_AT: usize = 1;
const NONCE_AT: usize = KEY_AT + 8;
const TEXT_AT: usize = NONCE_AT + 24;
const TAG_LENGTH: usize = 16;

/// A secret was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// No nonce could be drawn.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// The value is too long for the cipher.
    #[error("the value is too long to be sealed")]
    TooLong,
}

/// A blob does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not a blob of ours.
    #[error("not a sealed value")]
    Malformed,
    /// Sealed with a key that is not at hand.
    #[error("sealed with the key {0}, which is not in the key file")]
    UnknownKey(KeyId),
    /// Changed, or of another row, column or version.
    #[error("the sealed value was changed, or belongs elsewhere")]
    Forged,
    /// It opens, but is not text.
    #[error("the opened value is not text")]
    NotText,
}

impl From<SealError> for EngineError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::NoEntropy(error) => error.into(),
            SealError::TooLong => Self::Internal("a secret is too long to be sealed"),
        }
    }
}

impl From<OpenError> for EngineError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::UnknownKey(_) => Self::Sealed,
            OpenError::Malformed | OpenError::Forged | OpenError::NotText => {
                Self::Internal("a stored secret does not open: it was changed outside Carillon")
            }
        }
    }
}

impl Keyring {
    /// Seals a value for its place with the active key and a fresh nonce.
    ///
    /// # Errors
    /// Only when no random bytes can be had, or beyond 256 GiB.
    pub fn seal(&self, random: &Random, place: &Place, value: &[u8]) -> Result<Vec<u8>, SealError> {
        let (key, subkey) = self.active_subkey(place.purpose);
        let nonce = random.bytes::<24>()?;
        let cipher = cipher(&subkey);
        let mut blob = Vec::with_capacity(TEXT_AT + value.len() + TAG_LENGTH);
        blob.push(FORM);
        blob.extend_from_slice(key.as_bytes());
        blob.extend_from_slice(&nonce);
        blob.extend_from_slice(value);
        let text = blob.get_mut(TEXT_AT..).ok_or(SealError::TooLong)?;
        let tag = cipher
            .encrypt_inout_detached(&XNonce::from(nonce), &place.bound_to(key), text.into())
            .map_err(|_| SealError::TooLong)?;
        blob.extend_from_slice(&tag);
        Ok(blob)
    }

    /// Opens what was sealed for exactly this place.
    ///
    /// # Errors
    /// [`OpenError`]; nothing is told about the content.
    pub fn open(&self, place: &Place, blob: &[u8]) -> Result<SecretSlice<u8>, OpenError> {
        let parts = Parts::of(blob).ok_or(OpenError::Malformed)?;
        let subkey = self.subkey(parts.key, place.purpose);
        let cipher = cipher(&*subkey.ok_or(OpenError::UnknownKey(parts.key))?);
        let mut text = Zeroizing::new(parts.text.to_vec().into_boxed_slice());
        let bound_to = place.bound_to(parts.key);
        cipher
            .decrypt_inout_detached(&parts.nonce, &bound_to, (&mut **text).into(), &parts.tag)
            .map_err(|_| OpenError::Forged)?;
        Ok(SecretSlice::from(std::mem::take(&mut *text)))
    }

    /// Opens a value that is text.
    ///
    /// # Errors
    /// [`OpenError`]; nothing is told about the content.
    pub fn open_text(&self, place: &Place, blob: &[u8]) -> Result<SecretString, OpenError> {
        let bytes = self.open(place, blob)?;
        let text = std::str::from_utf8(secrecy::ExposeSecret::expose_secret(&bytes));
        text.map(SecretString::from).map_err(|_| OpenError::NotText)
    }

    /// What an audit record says of a new blob: its SHA-256. So a blob that is put back to an
    /// older one can be told from the log.
    pub fn digest_of(blob: &[u8]) -> String {
        hex::encode(Sha256::digest(blob))
    }

    /// The key that a blob was sealed with; `None` when it is not a blob of ours.
    pub fn key_of(blob: &[u8]) -> Option<KeyId> {
        Parts::of(blob).map(|parts| parts.key)
    }
}

fn cipher(subkey: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(subkey.into())
}

struct Parts<'a> {
    key: KeyId,
    nonce: XNonce,
    text: &'a [u8],
    tag: Tag,
}

impl<'a> Parts<'a> {
    fn of(blob: &'a [u8]) -> Option<Self> {
        let (&form, rest) = blob.split_first()?;
        let (key, rest) = rest.split_first_chunk::<8>()?;
        let (nonce, rest) = rest.split_first_chunk::<24>()?;
        let (text, tag) = rest.split_last_chunk::<TAG_LENGTH>()?;
        (form == FORM).then(|| Self {
            key: KeyId::from_bytes(*key),
            nonce: XNonce::from(*nonce),
            text,
            tag: Tag::from(*tag),
        })
    }
}

#[cfg(test)]
mod tests {
    use carillon_domain::Timestamp;
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::secrets::key::{KeyState, RootKey};

    fn ring(seeds: &[(u64, KeyState)]) -> Keyring {
        let key = |&(seed, state)| {
            RootKey::generate(&Random::seeded(seed), state, Timestamp::default()).unwrap()
        };
        Keyring::new(seeds.iter().map(key).collect()).unwrap()
    }

    fn sealed(ring: &Keyring, place: &Place) -> Vec<u8> {
        ring.seal(&Random::system(), place, b"phone password")
            .unwrap()
    }

    fn refusal(ring: &Keyring, place: &Place, blob: &[u8]) -> Option<OpenError> {
        ring.open(place, blob).err()
    }

    #[test]
    fn what_is_sealed_opens_in_its_place() {
        let ring = ring(&[(1, KeyState::Active)]);
        let place = Place::credential("berlin", 3);
        let blob = sealed(&ring, &place);
        assert_eq!(
            ring.open(&place, &blob).unwrap().expose_secret(),
            b"phone password"
        );
        assert_eq!(
            ring.open_text(&place, &blob).unwrap().expose_secret(),
            "phone password"
        );
        assert_eq!(Keyring::key_of(&blob), Some(ring.active()));
        assert!(!blob.windows(5).any(|w| w == b"phone"));
    }

    #[test]
    fn empty_and_long_values_come_back() {
        let ring = ring(&[(1, KeyState::Active)]);
        let place = Place::draft("d");
        for value in [Vec::new(), vec![7; 100_000]] {
            let blob = ring.seal(&Random::system(), &place, &value).unwrap();
            assert_eq!(
                ring.open(&place, &blob).unwrap().expose_secret(),
                value.as_slice()
            );
        }
    }

    #[test]
    fn the_same_value_never_looks_the_same() {
        let ring = ring(&[(1, KeyState::Active)]);
        let place = Place::credential("berlin", 1);
        assert_ne!(sealed(&ring, &place), sealed(&ring, &place));
    }

    #[test]
    fn another_row_column_table_or_version_does_not_open() {
        let ring = ring(&[(1, KeyState::Active)]);
        let blob = sealed(&ring, &Place::credential("berlin", 3));
        let elsewhere = [
            Place::credential("hamburg", 3),
            Place::credential("berlin", 2),
            Place::credential("berlin", 4),
            Place::draft("berlin"),
            Place::job_params("berlin"),
            Place::account_password("berlin", 3),
        ];
        for place in elsewhere {
            assert_eq!(
                refusal(&ring, &place, &blob),
                Some(OpenError::Forged),
                "{place:?}"
            );
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let ring = ring(&[(1, KeyState::Active)]);
        let place = Place::credential("berlin", 3);
        let blob = sealed(&ring, &place);
        for at in 0..blob.len() {
            let mut changed = blob.clone();
            changed[at] ^= 1;
            assert!(refusal(&ring, &place, &changed).is_some(), "byte {at}");
        }
        for length in 0..blob.len() {
            assert!(
                refusal(&ring, &place, &blob[..length]).is_some(),
                "length {length}"
            );
        }
    }

    #[test]
    fn a_blob_of_another_key_names_that_key() {
        let old = ring(&[(1, KeyState::Active)]);
        let new = ring(&[(2, KeyState::Active)]);
        let both = ring(&[(1, KeyState::Standby), (2, KeyState::Active)]);
        let place = Place::credential("berlin", 1);
        let blob = sealed(&old, &place);
        assert_eq!(
            refusal(&new, &place, &blob),
            Some(OpenError::UnknownKey(old.active()))
        );
        assert_eq!(refusal(&both, &place, &blob), None);
    }

    #[test]
    fn a_relabelled_key_does_not_open() {
        let both = ring(&[(1, KeyState::Standby), (2, KeyState::Active)]);
        let place = Place::credential("berlin", 1);
        let mut blob = sealed(&both, &place);
        let other = both
            .ids()
            .into_iter()
            .find(|id| *id != both.active())
            .unwrap();
        blob[KEY_AT..NONCE_AT].copy_from_slice(other.as_bytes());
        assert_eq!(refusal(&both, &place, &blob), Some(OpenError::Forged));
    }
}
