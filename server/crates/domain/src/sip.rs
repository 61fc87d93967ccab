//! SIP: where a NOTIFY goes, and how the phones of a site are reached by it.
//!
//! Owns the reading of a SIP address and the profile of a site. *Invariant:* what is read here
//! can stand in a SIP message as it is: no space, no line end, no bracket out of place.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
            &self.from.host
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

/// A user at a host: an address of record, or where a phone listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SipAddress {
    user: String,
    host: String,
    port: Option<u16>,
}

/// The text is no SIP address that can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no SIP address")]
pub struct NotASipAddress;

/// Bytes of a SIP address at most.
const MAX_BYTES: usize = 255;

impl SipAddress {
    /// A user at an address. The user has to be one that can stand in a message.
    pub fn of(user: &str, address: IpAddr) -> Option<Self> {
        is_user(user).then(|| Self {
            user: user.to_owned(),
            host: host_of(address),
            port: None,
        })
    }

    /// The user.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Where the user is known, as it is written.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where it is, when the host is an address: names are never looked up.
    pub fn host_address(&self) -> Option<IpAddr> {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        bare.parse().ok()
    }

    /// The port that it names.
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The same user where a phone listens.
    #[must_use]
    pub fn at(&self, address: IpAddr, port: u16) -> Self {
        Self {
            user: self.user.clone(),
            host: host_of(address),
            port: Some(port),
        }
    }

    /// What two spellings of one address have in common: they may reach the same phones.
    pub fn likeness(&self) -> String {
        let text = self.to_string().to_lowercase();
        text.strip_suffix(":5060").unwrap_or(&text).to_owned()
    }

    /// As it stands in a message: `sip:2041@pbx.example`.
    pub fn uri(&self) -> String {
        format!("sip:{self}").replace('#', "%23")
    }
}

impl FromStr for SipAddress {
    type Err = NotASipAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.strip_prefix("sip:").unwrap_or(text);
        let (user, rest) = bare.split_once('@').ok_or(NotASipAddress)?;
        let (host, port) = host_and_port(rest).ok_or(NotASipAddress)?;
        if text.len() > MAX_BYTES || !is_user(user) || !is_host(host) {
            return Err(NotASipAddress);
        }
        Ok(Self {
            user: user.to_owned(),
            // Names of hosts are the same in any case (RFC 3261, 19.1.4).
            host: host.to_ascii_lowercase(),
            port,
        })
    }
}

fn host_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}

fn is_user(user: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*+#%".contains(&byte);
    !user.is_empty() && user.bytes().all(plain)
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').unwrap_or_default();
        return inner.parse::<Ipv6Addr>().is_ok();
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    host.as_bytes()
        .first()
        .is_some_and(u8::is_ascii_alphanumeric)
        && host.bytes().all(plain)
}

fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let colon = match text.rfind(']') {
        Some(end) => text[end..].find(':').map(|at| end + at),
        None => text.find(':'),
    };
    let Some(at) = colon else {
        return Some((text, None));
    };
    let digits = &text[at + 1..];
    let number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits.parse().ok().filter(|port| number && *port > 0)?;
    Some((&text[..at], Some(port)))
}

impl fmt::Display for SipAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.user, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl Serialize for SipAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SipAddress {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_back() {
        for (text, uri, port) in [
            ("2041@pbx.example", "sip:2041@pbx.example", None),
            ("sip:2041@pbx.example", "sip:2041@pbx.example", None),
            (
                "a.b-c_d@10.2.40.10:5062",
                "sip:a.b-c_d@10.2.40.10:5062",
                Some(5062),
            ),
            (
                "+4930@[fd00::7]:5060",
                "sip:+4930@[fd00::7]:5060",
                Some(5060),
            ),
            ("*21#@pbx", "sip:*21%23@pbx", None),
        ] {
            let address: SipAddress = text.parse().expect(text);
            assert_eq!((address.uri().as_str(), address.port()), (uri, port));
            assert_eq!(address.to_string().parse(), Ok(address), "{text}");
        }
        let literal = |text: &str| text.parse::<SipAddress>().ok()?.host_address();
        assert_eq!(literal("1@10.0.0.9:5062"), "10.0.0.9".parse().ok());
        assert_eq!(literal("1@[fd00::7]"), "fd00::7".parse().ok());
        assert_eq!(literal("1@pbx.example"), None);
        let account: SipAddress = "1@pbx.example".parse().expect("an address");
        for (address, expected) in [
            ("10.0.0.9", "1@10.0.0.9:5060"),
            ("fd00::7", "1@[fd00::7]:5060"),
        ] {
            let at = account.at(address.parse().expect("an address"), 5060);
            assert_eq!(at.to_string(), expected);
            assert_eq!(expected.parse(), Ok(at));
        }
    }

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
    fn spellings_of_one_address_are_alike() {
        let likeness = |text: &str| text.parse::<SipAddress>().expect(text).likeness();
        for other in ["sip:2041@PBX.example", "2041@pbx.example:5060"] {
            assert_eq!(likeness(other), likeness("2041@pbx.example"), "{other}");
        }
        for other in ["2042@pbx.example", "2041@pbx.example:5062"] {
            assert_ne!(likeness(other), likeness("2041@pbx.example"), "{other}");
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

    #[test]
    fn what_would_change_a_message_is_no_address() {
        for bad in [
            "",
            "2041",
            "@pbx",
            "2041@",
            "a@b@c",
            "a b@pbx",
            "a@pbx\r\nX: y",
            "a\n@pbx",
            "a@pbx>",
            "<a@pbx",
            "a;x=1@pbx",
            "a@pbx;transport=udp",
            "a@pbx?h=v",
            "a:pw@pbx",
            "a@pbx:0",
            "a@pbx:70000",
            "a@pbx:+5",
            "a@[fd00::7",
            "a@[x]",
            "a@-pbx",
            "sips:a@pbx",
            "a@pbx:",
            "ä@pbx",
            "\"a\"@pbx",
        ] {
            assert!(bad.parse::<SipAddress>().is_err(), "{bad:?}");
        }
        assert!(
            format!("{}@pbx", "a".repeat(252))
                .parse::<SipAddress>()
                .is_err()
        );
    }
}
