//! How the phones of a site are reached by SIP.
//!
//! Owns the profile of a site and what it says where nobody said otherwise. Checks nothing: that is
//! for whoever takes one from people.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::SipAddress;
use crate::closed_list;

closed_list! {
    /// What carries SIP messages.
    SipTransport {
        /// Datagrams, sent again until they are answered.
        Udp = "udp",
        /// One connection to each proxy.
        Tcp = "tcp",
        /// The same under TLS.
        Tls = "tls",
    }
}

impl SipTransport {
    /// The port where none is given.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
        }
    }
}

closed_list! {
    /// When the phones of a site are sent to by SIP.
    SipUse {
        /// After HTTP surely did not reach them, and where they have no address.
        Second = "second",
        /// Always.
        Only = "only",
    }
}

closed_list! {
    /// Who sends the NOTIFYs to the phones of a site, and in which language it is asked for them.
    NotifyWay {
        /// We do, straight or through a SIP server.
        Sip = "sip",
        /// An Asterisk, asked through its manager interface (AMI).
        Ami = "ami",
        /// A `FreeSWITCH`, asked through its event socket (ESL).
        Esl = "esl",
    }
}

impl NotifyWay {
    /// Whether a PBX is asked. It says that it took the command, and nothing of the phone.
    pub const fn is_pbx(self) -> bool {
        matches!(self, Self::Ami | Self::Esl)
    }

    /// The port where none is given.
    pub const fn default_port(self, transport: SipTransport) -> u16 {
        match (self, transport) {
            (Self::Sip, transport) => transport.default_port(),
            (Self::Ami, SipTransport::Tls) => 5039,
            (Self::Ami, _) => 5038,
            (Self::Esl, _) => 8021,
        }
    }
}

/// The SIP profile of a `FreeSWITCH` that phones usually register at.
pub const DEFAULT_PBX_PROFILE: &str = "internal";

/// NOTIFYs a second that a proxy is given at most, where nobody says otherwise.
pub const DEFAULT_RATE: u16 = 200;
/// The most that can be asked for.
pub const MAX_RATE: u16 = 2_000;

/// How the phones of a site are reached by SIP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipProfile {
    /// When.
    #[serde(rename = "use")]
    pub used: SipUse,
    /// Who sends the NOTIFYs.
    pub way: NotifyWay,
    /// The site's SIP server or PBX; blank = straight to the phone.
    pub proxy: Option<IpAddr>,
    /// Its port, or the phones'; the transport's own when blank.
    pub port: Option<u16>,
    /// What carries the messages.
    pub transport: SipTransport,
    /// The name in the SIP server's certificate.
    pub tls_name: String,
    /// PEM of the authority of that certificate.
    pub ca_pem: Option<String>,
    /// Who sends: the address in `From`.
    pub from: SipAddress,
    /// Name of the credential that the SIP server asks for.
    pub credential: Option<String>,
    /// The realm that the credential is for; blank = the host of `from`.
    pub realm: String,
    /// NOTIFYs a second at most.
    pub rate: u16,
    /// Also after a phone refused over HTTP with `forbidden`.
    pub after_forbidden: bool,
    /// The SIP profile of a `FreeSWITCH` where the phones are registered.
    pub pbx_profile: String,
    /// Whether a PBX may be given its password in clear, where it asks for it so.
    pub password_in_clear: bool,
}

impl SipProfile {
    /// The port that messages go to.
    pub fn port(&self) -> u16 {
        self.port
            .unwrap_or_else(|| self.way.default_port(self.transport))
    }

    /// The realm that the credential is for. Whoever asks for another gets no proof of it.
    pub fn realm(&self) -> &str {
        if self.realm.is_empty() {
            self.from.host()
        } else {
            &self.realm
        }
    }

    /// What the addresses have in common that the site's PBX takes for one phone's: an Asterisk
    /// reads the user alone, a `FreeSWITCH` user and host, neither a port. `None` without a PBX.
    pub fn endpoint(&self, address: &SipAddress) -> Option<String> {
        let (way, pbx, user) = (self.way, self.proxy?, address.user().to_lowercase());
        match way {
            NotifyWay::Sip => None,
            NotifyWay::Ami => Some(format!("{way} {pbx} {user}")),
            NotifyWay::Esl => Some(format!("{way} {pbx} {user}@{}", address.host())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_has_its_usual_port() {
        for (way, transport, port) in [
            (NotifyWay::Sip, SipTransport::Udp, 5060),
            (NotifyWay::Sip, SipTransport::Tls, 5061),
            (NotifyWay::Ami, SipTransport::Tcp, 5038),
            (NotifyWay::Ami, SipTransport::Tls, 5039),
            (NotifyWay::Esl, SipTransport::Tcp, 8021),
            (NotifyWay::Esl, SipTransport::Tls, 8021),
        ] {
            assert_eq!(way.default_port(transport), port, "{way} {transport}");
        }
    }

    #[test]
    fn a_pbx_tells_phones_apart_by_less_than_their_address() {
        use NotifyWay::{Ami, Esl, Sip};
        let endpoint = |way, pbx: &str, text: &str| {
            let profile = SipProfile {
                used: SipUse::Only,
                way,
                proxy: pbx.parse().ok(),
                port: None,
                transport: SipTransport::Tcp,
                tls_name: String::new(),
                ca_pem: None,
                from: "carillon@pbx".parse().expect("an address"),
                credential: None,
                realm: String::new(),
                rate: DEFAULT_RATE,
                after_forbidden: false,
                pbx_profile: String::new(),
                password_in_clear: false,
            };
            profile.endpoint(&text.parse().expect("an address"))
        };
        let is_one =
            |way, pbx, other| endpoint(way, "10.0.0.5", "2041@kiel") == endpoint(way, pbx, other);
        assert!(is_one(Ami, "10.0.0.5", "2041@bonn"));
        assert!(!is_one(Ami, "10.0.0.6", "2041@kiel"));
        assert!(!is_one(Ami, "10.0.0.5", "2042@kiel"));
        assert!(!is_one(Esl, "10.0.0.5", "2041@bonn"));
        assert!(is_one(Esl, "10.0.0.5", "2041@kiel:5062"));
        assert_eq!(endpoint(Sip, "10.0.0.5", "2041@kiel"), None);
    }
}
