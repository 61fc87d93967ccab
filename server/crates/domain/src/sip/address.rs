//! SIP addresses: where a NOTIFY goes.
//!
//! Owns their reading. *Invariant:* what is read here can stand in a SIP message as it is: no
//! space, no line end, no bracket out of place.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
