//! `/admin/credentials`: what phones ask for. Passwords go in and never come out.
//!
//! `POST /admin/credentials/new`, `POST /admin/credentials/{name}/edit`: `name`, `username`,
//! `password`, `version`. `GET/POST /admin/credentials/{name}/delete`:
//! [`crate::groups::DeleteView`].

use carillon_domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::FormErrors;

/// The list of credentials.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CredentialsView {
    /// All of them, by name. Those made for one phone alone are not listed.
    pub rows: Vec<CredentialRow>,
    /// How many phones have one of their own.
    pub own: i64,
}

/// One credential in the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CredentialRow {
    /// Identity.
    pub name: String,
    /// User name that phones ask for.
    pub username: String,
    /// When its password was last changed.
    pub changed_at: Timestamp,
    /// Phones that use it, through themselves, a group or a site.
    pub phones: i64,
    /// Sites that use it.
    pub sites: i64,
    /// Groups that use it.
    pub groups: i64,
    /// Phones that refused it when last asked.
    pub refused: i64,
}

/// The page that adds or changes a credential.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CredentialFormView {
    /// Name of the credential that is changed; `None` when one is added.
    pub existing: Option<String>,
    /// `name` as typed.
    pub name: String,
    /// `username` as typed.
    pub username: String,
    /// How many phones use it.
    pub phones: i64,
    /// When its password was last changed.
    pub changed_at: Option<Timestamp>,
    /// Version the edit started from.
    pub version: i64,
    /// What was wrong.
    pub errors: FormErrors,
}
