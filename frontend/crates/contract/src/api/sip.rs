//! How the phones of a site are reached by SIP.

use carillon_domain::sip::{NotifyWay, SipTransport, SipUse};
use serde::{Deserialize, Serialize};

/// The profile of a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipProfile {
    /// When SIP is used: `second` or `only`.
    #[serde(rename = "use")]
    pub used: SipUse,
    /// Who sends: `sip` we, `ami` an Asterisk, `esl` a `FreeSWITCH`.
    pub way: NotifyWay,
    /// Address of the SIP server; absent = straight to the phones.
    pub proxy: Option<String>,
    /// Its port; absent = the transport's own.
    pub port: Option<u16>,
    /// What carries the messages.
    pub transport: SipTransport,
    /// The name in its certificate.
    pub tls_name: String,
    /// The address that sends.
    pub from: String,
    /// Name of the credential that the SIP server asks for.
    pub credential: Option<String>,
    /// The realm that the credential is for; blank = the host of `from`.
    pub realm: String,
    /// Commands a second at most.
    pub rate: u16,
    /// Also where a phone refused over HTTP with `forbidden`.
    pub after_forbidden: bool,
    /// The SIP profile of a `FreeSWITCH`.
    pub pbx_profile: String,
    /// Whether a PBX may be given its password in clear.
    pub password_in_clear: bool,
    /// Send it back with a change.
    pub version: i64,
}

/// A profile to make or to replace.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SipProfileInput {
    /// When SIP is used; `second` where absent.
    #[serde(default, rename = "use")]
    pub used: Option<SipUse>,
    /// Who sends; `sip` where absent.
    #[serde(default)]
    pub way: Option<NotifyWay>,
    /// Address of the SIP server; absent = straight to the phones.
    #[serde(default)]
    pub proxy: Option<String>,
    /// Its port.
    #[serde(default)]
    pub port: Option<u16>,
    /// What carries the messages; `udp` where absent.
    #[serde(default)]
    pub transport: Option<SipTransport>,
    /// The name in its certificate, with `tls` and a proxy.
    #[serde(default)]
    pub tls_name: Option<String>,
    /// PEM of the authority that vouches for it, with `tls`.
    #[serde(default)]
    pub ca_pem: Option<String>,
    /// The address that sends. A PBX names itself.
    #[serde(default)]
    pub from: Option<String>,
    /// Name of the credential that the SIP server, or the PBX, asks for.
    #[serde(default)]
    pub credential: Option<String>,
    /// The realm that the credential is for; the host of `from` where absent.
    #[serde(default)]
    pub realm: Option<String>,
    /// Commands a second at most; 200 where absent.
    #[serde(default)]
    pub rate: Option<u32>,
    /// Also where a phone refused over HTTP with `forbidden`.
    #[serde(default)]
    pub after_forbidden: Option<bool>,
    /// The SIP profile of a `FreeSWITCH`; `internal` where absent.
    #[serde(default)]
    pub pbx_profile: Option<String>,
    /// Whether a PBX may be given its password in clear.
    #[serde(default)]
    pub password_in_clear: Option<bool>,
    /// The version that was looked at; 0 where there was none.
    #[serde(default)]
    pub version: Option<i64>,
}
