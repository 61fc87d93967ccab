//! Browsers in which somebody signed in before.
//!
//! Owns the cookie that says so. *Invariant:* it opens nothing; it only sets the tries of its
//! browser for one account apart from everybody else's, so that strangers who guess cannot keep
//! the owner waiting. It ends with the password and the second factor that it was made with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carillon_store::UserRow;
use secrecy::{ExposeSecret as _, SecretString};

use crate::random::{NoEntropy, Random};
use crate::secrets::{Keyring, Purpose};

const BYTES: usize = 16;

/// A fresh one for this account.
pub(super) fn issue(
    keyring: &Keyring,
    random: &Random,
    user: &UserRow,
) -> Result<SecretString, NoEntropy> {
    let id = URL_SAFE_NO_PAD.encode(random.bytes::<BYTES>()?);
    let seal = keyring.mac(Purpose::Browser, &sealed(user, &id, &versions(user)));
    Ok(SecretString::from(format!("{id}.{}", hex::encode(seal))))
}

/// The browser's id, when the cookie is one of ours for this account.
pub(super) fn id_of(keyring: &Keyring, cookie: &SecretString, user: &UserRow) -> Option<String> {
    let (id, seal) = cookie.expose_secret().split_once('.')?;
    let seal = hex::decode(seal).ok()?;
    let versions = versions(user);
    let ours = keyring.verify_mac(Purpose::Browser, &sealed(user, id, &versions), &seal);
    ours.then(|| id.to_owned())
}

/// Of which password and which second factor, if any.
fn versions(user: &UserRow) -> [[u8; 8]; 3] {
    let has_factor = i64::from(user.factor.is_some());
    [user.password_version, user.factor_version, has_factor].map(i64::to_be_bytes)
}

fn sealed<'a>(user: &'a UserRow, id: &'a str, versions: &'a [[u8; 8]; 3]) -> [&'a [u8]; 5] {
    let [password, factor, has_factor] = versions;
    [
        user.id.as_bytes(),
        id.as_bytes(),
        password,
        factor,
        has_factor,
    ]
}
