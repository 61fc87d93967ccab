//! All keys of this installation.
//!
//! Owns which key seals and which open, and one subkey per purpose.
//! *Invariant:* exactly one key is active; a subkey of one purpose is never used for another.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::key::{KeyId, KeyState, RootKey};
use super::key_file::KeySource;

/// What a subkey is for. Each has its own label, so that a leak of one tells nothing of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Secrets in the database.
    Seal,
    /// Password hashes of accounts.
    PasswordHash,
    /// Proof that a key is the one that a database knows.
    KeyCheck,
    /// Form tokens.
    Csrf,
    /// Names of what failed to sign in, before they are stored.
    Throttle,
    /// Cookies of browsers in which somebody signed in before.
    Browser,
    /// Requests, to know one again that comes twice.
    Request,
    /// What binds a sign-in at a provider to a browser.
    SignOn,
    /// Rows that decide security.
    Rows,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Seal => b"carillon-subkey-v1/seal",
            Self::PasswordHash => b"carillon-subkey-v1/pwhash",
            Self::KeyCheck => b"carillon-subkey-v1/keycheck",
            Self::Csrf => b"carillon-subkey-v1/csrf",
            Self::Throttle => b"carillon-subkey-v1/throttle",
            Self::Browser => b"carillon-subkey-v1/browser",
            Self::Request => b"carillon-subkey-v1/request",
            Self::SignOn => b"carillon-subkey-v1/sign-on",
            Self::Rows => b"carillon-subkey-v1/rowmac",
        }
    }
}

/// The keys of this installation; cheap to clone. All clones change together when the key file
/// is read again.
#[derive(Clone)]
pub struct Keyring(Arc<Shared>);

struct Shared {
    keys: RwLock<Arc<Keys>>,
    /// Where they were read, to be read again when an unknown key is met.
    source: Option<KeySource>,
}

struct Keys {
    active: KeyId,
    /// Holds the active one too: [`Keyring::new`] sees to it.
    all: BTreeMap<KeyId, RootKey>,
}

/// The keys do not make a keyring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// None is active.
    #[error("no key is active: exactly one line must say `active`")]
    NoActiveKey,
    /// More than one is active.
    #[error("more than one key is active: exactly one line must say `active`")]
    ManyActiveKeys,
    /// The same key stands there twice.
    #[error("the same key stands there twice")]
    Repeated,
}

impl Keys {
    fn new(keys: Vec<RootKey>) -> Result<Self, KeyringError> {
        let mut active = keys.iter().filter(|key| key.state() == KeyState::Active);
        let first = active.next().ok_or(KeyringError::NoActiveKey)?.id();
        if active.next().is_some() {
            return Err(KeyringError::ManyActiveKeys);
        }
        let count = keys.len();
        let all: BTreeMap<_, _> = keys.into_iter().map(|key| (key.id(), key)).collect();
        if all.len() == count {
            Ok(Self { active: first, all })
        } else {
            Err(KeyringError::Repeated)
        }
    }
}

impl Keyring {
    /// From keys, one of which is active.
    ///
    /// # Errors
    /// The reason, unless exactly one is active and none is repeated.
    pub fn new(keys: Vec<RootKey>) -> Result<Self, KeyringError> {
        Self::read_from(None, keys)
    }

    /// The same, from where they can be read again.
    pub(super) fn read_from(
        source: Option<KeySource>,
        keys: Vec<RootKey>,
    ) -> Result<Self, KeyringError> {
        Ok(Self(Arc::new(Shared {
            keys: RwLock::new(Arc::new(Keys::new(keys)?)),
            source,
        })))
    }

    fn now(&self) -> Arc<Keys> {
        let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&keys)
    }

    /// Where the keys were read.
    pub(super) fn source(&self) -> Option<&KeySource> {
        self.0.source.as_ref()
    }

    /// Takes over the keys of another reading of the file, if it has the key that seals today:
    /// one that lacks it is not the file of this installation.
    pub(super) fn take_over(&self, other: &Self) -> bool {
        let theirs = other.now();
        let mut mine = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        let fits = theirs.all.contains_key(&mine.active);
        if fits {
            *mine = theirs;
        }
        fits
    }

    /// The key that seals what is written now.
    pub fn active(&self) -> KeyId {
        self.now().active
    }

    /// Ids of all keys at hand.
    pub fn ids(&self) -> Vec<KeyId> {
        self.now().all.keys().copied().collect()
    }

    /// Whether this key is at hand.
    pub fn contains(&self, key: KeyId) -> bool {
        self.now().all.contains_key(&key)
    }

    /// A keyed digest of these parts under the active key; each part carries its length.
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        digest(&self.active_subkey(purpose).1, parts)
    }

    /// Whether this is the digest of these parts under any key at hand, in constant time per key:
    /// a page that was open while another key became active still works.
    pub fn verify_mac(&self, purpose: Purpose, parts: &[&[u8]], given: &[u8]) -> bool {
        let keys = self.now();
        keys.all
            .values()
            .map(|key| digest(&key.subkey(purpose.label()), parts))
            .any(|expected| bool::from(expected.as_slice().ct_eq(given)))
    }

    /// The same under a named key; `None` when that key is not at hand.
    pub(super) fn mac_with(
        &self,
        key: KeyId,
        purpose: Purpose,
        parts: &[&[u8]],
    ) -> Option<[u8; 32]> {
        Some(digest(&*self.subkey(key, purpose)?, parts))
    }

    /// The active key and its subkey of a purpose.
    pub(super) fn active_subkey(&self, purpose: Purpose) -> (KeyId, Zeroizing<[u8; 32]>) {
        let keys = self.now();
        (keys.active, keys.all[&keys.active].subkey(purpose.label()))
    }

    /// The subkey of a purpose; `None` when that key is not at hand, nor in the file by now:
    /// another node may have made it.
    pub(super) fn subkey(&self, key: KeyId, purpose: Purpose) -> Option<Zeroizing<[u8; 32]>> {
        if !self.contains(key) {
            let again = self.0.source.as_ref()?.load().ok()?;
            self.take_over(&again);
        }
        Some(self.now().all.get(&key)?.subkey(purpose.label()))
    }
}

/// HMAC-SHA-256. A key shorter than the hash's block is padded with zeros by definition.
fn digest(subkey: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(subkey);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use carillon_domain::Timestamp;

    use super::*;
    use crate::random::Random;

    fn key(seed: u64, state: KeyState) -> RootKey {
        RootKey::generate(&Random::seeded(seed), state, Timestamp::default()).unwrap()
    }

    fn refusal(keys: Vec<RootKey>) -> Option<KeyringError> {
        Keyring::new(keys).err()
    }

    #[test]
    fn exactly_one_key_is_active() {
        use KeyState::{Active, Standby};
        assert_eq!(refusal(vec![]), Some(KeyringError::NoActiveKey));
        assert_eq!(
            refusal(vec![key(1, Standby)]),
            Some(KeyringError::NoActiveKey)
        );
        let two = vec![key(1, Active), key(2, Active)];
        assert_eq!(refusal(two), Some(KeyringError::ManyActiveKeys));
        let twice = vec![key(1, Active), key(1, Standby)];
        assert_eq!(refusal(twice), Some(KeyringError::Repeated));
        assert_eq!(refusal(vec![key(1, Active), key(2, Standby)]), None);
    }

    #[test]
    fn digests_differ_by_purpose_and_by_where_parts_end() {
        let ring = Keyring::new(vec![key(1, KeyState::Active)]).unwrap();
        let digest = ring.mac(Purpose::Csrf, &[b"ab", b"c"]);
        assert_ne!(digest, ring.mac(Purpose::Throttle, &[b"ab", b"c"]));
        assert_ne!(digest, ring.mac(Purpose::Csrf, &[b"a", b"bc"]));
        assert!(ring.verify_mac(Purpose::Csrf, &[b"ab", b"c"], &digest));
        assert!(!ring.verify_mac(Purpose::Csrf, &[b"ab", b"c"], &digest[..31]));
    }

    #[test]
    fn a_digest_survives_that_another_key_becomes_active() {
        let before = Keyring::new(vec![key(1, KeyState::Active)]).unwrap();
        let after = vec![key(1, KeyState::Standby), key(2, KeyState::Active)];
        let after = Keyring::new(after).unwrap();
        let digest = before.mac(Purpose::Csrf, &[b"session"]);
        assert_ne!(digest, after.mac(Purpose::Csrf, &[b"session"]));
        assert!(after.verify_mac(Purpose::Csrf, &[b"session"], &digest));
    }
}
