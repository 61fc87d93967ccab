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
    let mac = |parts: &[&[u8]]| hex::encode(keyring.mac(Purpose::Browser, parts));
    let id = URL_SAFE_NO_PAD.encode(random.bytes::<BYTES>()?);
    let account = mac(&[b"account", user.id.as_bytes()]);
    let seal = mac(&sealed(user, &id, &versions(user)));
    let ours = mac(&said(&id, &account, &seal));
    let cookie = format!("{id}.{account}.{seal}.{ours}");
    Ok(SecretString::from(cookie))
}

/// A cookie that Carillon made, of whichever account and however long ago: what is known without
/// a look at the database.
pub(super) struct Shown<'a> {
    pub(super) id: &'a str,
    /// Tells accounts apart, and not which they are.
    pub(super) account: &'a str,
    seal: &'a str,
}

impl<'a> Shown<'a> {
    pub(super) fn read(keyring: &Keyring, cookie: &'a SecretString) -> Option<Self> {
        let mut parts = cookie.expose_secret().split('.');
        let mut next = || parts.next();
        let (id, account, seal, ours) = (next()?, next()?, next()?, hex::decode(next()?).ok()?);
        let said = said(id, account, seal);
        keyring
            .verify_mac(Purpose::Browser, &said, &ours)
            .then_some(Self { id, account, seal })
    }

    /// Whether it is one of this account, with its password and second factor of today. Of an
    /// account that is disabled no browser is known.
    pub(super) fn is_of(&self, keyring: &Keyring, user: &UserRow) -> bool {
        let (versions, seal) = (versions(user), hex::decode(self.seal));
        let sealed = sealed(user, self.id, &versions);
        let is_ours = |seal: Vec<u8>| keyring.verify_mac(Purpose::Browser, &sealed, &seal);
        !user.disabled && seal.is_ok_and(is_ours)
    }
}

fn said<'a>(id: &'a str, account: &'a str, seal: &'a str) -> [&'a [u8]; 4] {
    [b"ours", id.as_bytes(), account.as_bytes(), seal.as_bytes()]
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
