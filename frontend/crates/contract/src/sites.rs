//! `/sites` and the form of a site.
//!
//! `POST /sites/new`, `POST /sites/{slug}/edit`: the fields of [`SiteForm`] and `version`.
//! `GET/POST /sites/{slug}/delete`: [`crate::groups::DeleteView`].

use carillon_domain::phone::TransportSecurity;
use carillon_domain::sip::SipUse;
use serde::{Deserialize, Serialize};

use crate::FormErrors;
use crate::form::Choice;

/// The list of sites.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SitesView {
    /// All of them, by name.
    pub rows: Vec<SiteRow>,
}

/// One site in the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SiteRow {
    /// Identity.
    pub slug: String,
    /// Name.
    pub name: String,
    /// How its phones are reached.
    pub security: TransportSecurity,
    /// When they are sent to by SIP; `None` = never.
    pub sip: Option<SipUse>,
    /// Credential of its phones.
    pub credential: Option<String>,
    /// How many percent of it may go down at once.
    pub max_down_percent: u8,
    /// Its phones.
    pub phones: i64,
    /// Of these, so many answered when last contacted.
    pub reachable: i64,
    /// Of these, so many were ever contacted.
    pub contacted: i64,
}

/// A site as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteForm {
    /// `name`.
    pub name: String,
    /// `slug`; made from the name when blank, fixed once made.
    pub slug: String,
    /// `transport_security`: `pinned` | `private_ca` | `plain_http`.
    pub transport_security: String,
    /// `ca_pem`, for `private_ca`.
    pub ca_pem: String,
    /// `credential`: name of a stored one, or empty.
    pub credential: String,
    /// `max_down_percent`.
    pub max_down_percent: String,
}

/// The page with [`SiteForm`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SiteFormView {
    /// Slug of the site that is changed; `None` when one is added.
    pub slug: Option<String>,
    /// How many phones it has.
    pub phones: i64,
    /// Version the edit started from.
    pub version: i64,
    /// The fields.
    pub form: SiteForm,
    /// Stored credentials to choose from.
    pub credentials: Vec<Choice>,
    /// Lines that open phones to exactly this server, for provisioning the whole site.
    pub snippet: Option<String>,
    /// What was wrong.
    pub errors: FormErrors,
}
