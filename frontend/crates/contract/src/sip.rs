//! `/sites/{slug}/sip`: how the phones of a site are reached by SIP.
//!
//! `POST /sites/{slug}/sip`: the fields of [`SipForm`] and `version`.
//! `POST /sites/{slug}/sip/remove`: `version`.

use serde::{Deserialize, Serialize};

use crate::FormErrors;
use crate::form::Choice;

/// A profile as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipForm {
    /// `use`: `second` | `only`.
    pub used: String,
    /// `way`: `sip` | `ami` | `esl`.
    pub way: String,
    /// `proxy`: address of the SIP server or PBX; blank = straight to the phones.
    pub proxy: String,
    /// `port`; blank = the transport's own.
    pub port: String,
    /// `transport`: `udp` | `tcp` | `tls`.
    pub transport: String,
    /// `tls_name`: the name in its certificate.
    pub tls_name: String,
    /// `ca_pem`: who vouches for that certificate.
    pub ca_pem: String,
    /// `from`: the address that sends.
    pub from: String,
    /// `credential`: name of a stored one, or empty.
    pub credential: String,
    /// `realm`: the one that the credential is for; blank = the host of `from`.
    pub realm: String,
    /// `rate`: NOTIFYs a second at most.
    pub rate: String,
    /// `after_forbidden`.
    pub after_forbidden: bool,
    /// `pbx_profile`: the SIP profile of a `FreeSWITCH`.
    pub pbx_profile: String,
    /// `password_in_clear`.
    pub password_in_clear: bool,
}

/// The page with [`SipForm`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SipFormView {
    /// Slug of the site.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Whether it has a profile.
    pub has_profile: bool,
    /// Of its phones, so many.
    pub phones: i64,
    /// Version the edit started from; 0 where there is none.
    pub version: i64,
    /// The fields.
    pub form: SipForm,
    /// Stored credentials to choose from.
    pub credentials: Vec<Choice>,
    /// What was wrong.
    pub errors: FormErrors,
}
