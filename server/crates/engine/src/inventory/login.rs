//! The login that one phone has for itself.
//!
//! Owns what a row's user name and password mean beside what is stored. *Invariant:* a password
//! is opened only to see whether a new one is the same, and leaves here only sealed.

use std::collections::BTreeMap;

use carillon_domain::change::Change;
use carillon_domain::phone_list::{Cell, Row};
use carillon_domain::{Mac, Timestamp, credential};
use carillon_store::{CredentialRow, Unit};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::record::{changed, hidden};
use crate::Engine;
use crate::error::{EngineError, Result};
use crate::secrets::{Keyring, Place};

/// What shall become of a phone's own login.
pub(super) enum Intent {
    /// Nothing.
    Keep,
    /// Nothing: it has the password that is given, which is not told to everybody.
    Same {
        username: String,
        password: SecretString,
        /// Version of the secret.
        version: i64,
    },
    /// A named credential takes its place.
    Drop,
    /// Another user name, the same password.
    Rename(CredentialRow, String),
    /// A new user name and password.
    Set {
        username: String,
        password: SecretString,
        /// Version of the secret that is replaced; 0 when there is none.
        replaces: i64,
        /// The old user name.
        was: Option<String>,
    },
}

/// A user name for a phone that has no password.
pub(super) struct PasswordMissing;

/// Reads a row's login beside the stored one.
pub(super) fn intent(
    row: &Row,
    stored: Option<&CredentialRow>,
    keyring: Option<&Keyring>,
) -> Result<Intent, PasswordMissing> {
    let login = &row.login;
    match (&login.username, &login.password, stored) {
        (None, _, Some(_)) if matches!(row.credential, Cell::Value(_)) => Ok(Intent::Drop),
        (None, _, _) => Ok(Intent::Keep),
        (Some(_), None, None) => Err(PasswordMissing),
        (Some(name), None, Some(stored)) if *name == stored.username => Ok(Intent::Keep),
        (Some(name), None, Some(stored)) => Ok(Intent::Rename(stored.clone(), name.clone())),
        (Some(name), Some(password), Some(stored))
            if *name == stored.username && is_same(keyring, stored, password) =>
        {
            Ok(Intent::Same {
                username: name.clone(),
                password: password.clone(),
                version: stored.secret_version,
            })
        }
        (Some(name), Some(password), stored) => Ok(Intent::Set {
            username: name.clone(),
            password: password.clone(),
            replaces: stored.map_or(0, |row| row.secret_version),
            was: stored.map(|row| row.username.clone()),
        }),
    }
}

/// Whether the stored password is this one. One that does not open counts as another.
fn is_same(keyring: Option<&Keyring>, stored: &CredentialRow, password: &SecretString) -> bool {
    let place = Place::credential(&stored.name, stored.secret_version);
    let opened = keyring.and_then(|keyring| keyring.open(&place, &stored.secret).ok());
    let given = password.expose_secret().as_bytes();
    opened.is_some_and(|opened| opened.expose_secret().ct_eq(given).into())
}

impl Intent {
    /// What reviews and records tell of it.
    pub(super) fn changes(&self) -> Vec<Change> {
        match self {
            Self::Keep | Self::Same { .. } => Vec::new(),
            Self::Drop => vec![changed("username", "(own login)", "")],
            Self::Rename(row, name) => vec![changed("username", &row.username, name)],
            Self::Set { username, was, .. } => {
                let old = was.as_deref().unwrap_or_default();
                let renamed = (old != username).then(|| changed("username", old, username));
                let password = hidden("password", was.is_some());
                renamed.into_iter().chain([password]).collect()
            }
        }
    }

    /// What is told of it besides to whoever may not learn whether a password is the stored one.
    pub(super) fn not_told(&self) -> Option<Change> {
        matches!(self, Self::Same { .. }).then(|| hidden("password", true))
    }

    /// The same as if the given password were another. Beside other changes, whoever may not learn whether it
    /// is has it written: what is asked of a change would tell by its answer.
    pub(super) fn anew(self) -> Self {
        match self {
            Self::Same {
                username,
                password,
                version,
            } => Self::Set {
                was: Some(username.clone()),
                username,
                password,
                replaces: version,
            },
            other => other,
        }
    }

    /// Whether the phone has a login of its own afterwards; `stored` is whether it has one now.
    pub(super) const fn leaves_login(&self, stored: bool) -> bool {
        match self {
            Self::Keep => stored,
            Self::Drop => false,
            Self::Same { .. } | Self::Rename(..) | Self::Set { .. } => true,
        }
    }

    /// The version of the stored password that a given one is beside; 0 without one.
    pub(super) const fn beside(&self) -> i64 {
        match self {
            Self::Same { version, .. } => *version,
            Self::Set { replaces, .. } => *replaces,
            Self::Keep | Self::Drop | Self::Rename(..) => 0,
        }
    }
}

impl Engine {
    /// Carries out what was intended for some phones' logins; gives back the digests of what was
    /// sealed, for the record.
    pub(super) async fn write_logins(
        &self,
        unit: &mut Unit,
        intents: Vec<(Mac, Intent)>,
        now: Timestamp,
    ) -> Result<BTreeMap<Mac, String>> {
        let (mut dropped, mut put) = (Vec::new(), Vec::new());
        for (mac, intent) in intents {
            match intent {
                Intent::Keep | Intent::Same { .. } => {}
                Intent::Drop => dropped.push(mac),
                Intent::Rename(row, username) => put.push(CredentialRow { username, ..row }),
                Intent::Set {
                    username,
                    password,
                    replaces,
                    ..
                } => put.push(self.sealed(
                    credential::own_name(mac),
                    username,
                    &password,
                    Some(mac),
                    replaces + 1,
                    now,
                )?),
            }
        }
        unit.delete_own_credentials(&dropped).await?;
        unit.put_own_credentials(&put).await?;
        let digest = |row: &CredentialRow| Some((row.phone?, Keyring::digest_of(&row.secret)));
        Ok(put.iter().filter_map(digest).collect())
    }

    /// A credential's row with its password sealed.
    pub(super) fn sealed(
        &self,
        name: String,
        username: String,
        password: &SecretString,
        phone: Option<Mac>,
        secret_version: i64,
        now: Timestamp,
    ) -> Result<CredentialRow> {
        let place = Place::credential(&name, secret_version);
        let secret = self
            .keyring()?
            .seal(&self.random, &place, password.expose_secret().as_bytes())
            .map_err(|_| EngineError::Internal("a password could not be sealed"))?;
        Ok(CredentialRow {
            name,
            username,
            secret,
            secret_version,
            phone,
            changed_at: now,
            version: 0,
        })
    }
}
