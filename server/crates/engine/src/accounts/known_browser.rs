//! Browsers in which somebody signed in before.
//!
//! Owns the cookie that says so. *Invariant:* it opens nothing; it only sets the tries of its
//! browser for one account apart from everybody else's, so that strangers who guess cannot keep
//! the owner waiting.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::random::{NoEntropy, Random};
use crate::secrets::{Keyring, Purpose};

const BYTES: usize = 16;

/// A fresh one for this account.
pub(super) fn issue(
    keyring: &Keyring,
    random: &Random,
    user_id: &str,
) -> Result<SecretString, NoEntropy> {
    let id = URL_SAFE_NO_PAD.encode(random.bytes::<BYTES>()?);
    let seal = keyring.mac(Purpose::Browser, &[user_id.as_bytes(), id.as_bytes()]);
    Ok(SecretString::from(format!("{id}.{}", hex::encode(seal))))
}

/// The browser's id, when the cookie is one of ours for this account.
pub(super) fn id_of(keyring: &Keyring, cookie: &SecretString, user_id: &str) -> Option<String> {
    let (id, seal) = cookie.expose_secret().split_once('.')?;
    let seal = hex::decode(seal).ok()?;
    let ours = keyring.verify_mac(
        Purpose::Browser,
        &[user_id.as_bytes(), id.as_bytes()],
        &seal,
    );
    ours.then(|| id.to_owned())
}
