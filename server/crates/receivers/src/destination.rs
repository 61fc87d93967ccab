//! Where a receiver is, as settings write it.
//!
//! Owns the reading of the address. *Invariant:* it holds no password, and what is shown of it is
//! no more than scheme, host and port: some receivers are found by a path that is a secret.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;

/// What is spoken with a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Syslog over TLS (RFC 5425).
    SyslogTls,
    /// Syslog over TCP with octet counting (RFC 6587), in clear.
    SyslogTcp,
    /// HTTP over TLS.
    Https,
    /// HTTP in clear.
    Http,
}

impl Scheme {
    const ALL: [Self; 4] = [Self::SyslogTls, Self::SyslogTcp, Self::Https, Self::Http];

    /// As it stands in an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SyslogTls => "syslog+tls",
            Self::SyslogTcp => "syslog+tcp",
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    /// The port where an address names none.
    pub const fn port(self) -> u16 {
        match self {
            Self::SyslogTls => 6514,
            Self::SyslogTcp => 601,
            Self::Https => 443,
            Self::Http => 80,
        }
    }

    /// Whether nobody on the way can read along.
    pub const fn is_private(self) -> bool {
        matches!(self, Self::SyslogTls | Self::Https)
    }

    /// Whether it is syslog.
    pub const fn is_syslog(self) -> bool {
        matches!(self, Self::SyslogTls | Self::SyslogTcp)
    }
}

/// The host of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// To be resolved.
    Name(String),
    /// An address as it is.
    Address(IpAddr),
}

/// Where a receiver is.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    pub(crate) scheme: Scheme,
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) path: String,
}

/// An address that names no receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoDestination(&'static str);

impl Destination {
    /// What is spoken with it.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// All of it, path included: to know a receiver again, never to be shown.
    pub fn whole(&self) -> String {
        format!(
            "{}://{}{}",
            self.scheme.as_str(),
            self.authority(),
            self.path
        )
    }

    /// Whether nobody on the way can read along: over TLS, or on this very machine.
    pub const fn keeps_secrets(&self) -> bool {
        let own = match &self.host {
            Host::Address(IpAddr::V4(address)) => address.is_loopback(),
            Host::Address(IpAddr::V6(address)) => address.is_loopback(),
            Host::Name(_) => false,
        };
        own || self.scheme.is_private()
    }

    /// The host as certificates name it.
    pub(crate) fn name(&self) -> String {
        match &self.host {
            Host::Name(name) => name.clone(),
            Host::Address(address) => address.to_string(),
        }
    }

    /// Host and port as HTTP writes them.
    pub(crate) fn authority(&self) -> String {
        let host = match &self.host {
            Host::Address(IpAddr::V6(address)) => format!("[{address}]"),
            _ => self.name(),
        };
        if self.port == self.scheme.port() {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = if self.path.len() > 1 { "/…" } else { "" };
        write!(f, "{}://{}{hidden}", self.scheme.as_str(), self.authority())
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Destination({self})")
    }
}

impl FromStr for Destination {
    type Err = NoDestination;

    fn from_str(text: &str) -> Result<Self, NoDestination> {
        let uri: Uri = text.parse().map_err(|_| NoDestination(FORM))?;
        if text.contains(['#', '?', '@']) {
            return Err(NoDestination(
                "a receiver's address has neither a password nor a query",
            ));
        }
        let scheme = uri.scheme_str();
        let scheme = Scheme::ALL
            .into_iter()
            .find(|known| Some(known.as_str()) == scheme);
        let scheme = scheme.ok_or(NoDestination(FORM))?;
        let path = uri.path();
        if scheme.is_syslog() && path.len() > 1 {
            return Err(NoDestination("a syslog receiver has no path"));
        }
        let port = match uri.authority().and_then(|authority| {
            // `http` reads a port that is no number as none.
            let rest = authority.as_str().strip_prefix(authority.host());
            rest.filter(|rest| !rest.is_empty())
        }) {
            None => Some(scheme.port()),
            Some(_) => uri.port_u16().filter(|port| *port != 0),
        };
        Ok(Self {
            scheme,
            host: host(uri.host().unwrap_or_default())?,
            port: port.ok_or(NoDestination("the port is no number from 1 to 65535"))?,
            path: if path.is_empty() { "/" } else { path }.to_owned(),
        })
    }
}

const FORM: &str = "write syslog+tls://HOST:6514, syslog+tcp://HOST:601 or https://HOST/PATH";

/// An address as it is, or a name that can be nothing but a name.
fn host(text: &str) -> Result<Host, NoDestination> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    if let Ok(address) = bare.parse() {
        return Ok(Host::Address(address));
    }
    let labels: Vec<&str> = text.split('.').collect();
    let plain = |label: &&str| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    // What ends in a number is an address in a form that resolvers read each in their own way.
    let named = labels
        .last()
        .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_alphabetic()));
    if named && labels.iter().all(plain) {
        Ok(Host::Name(text.to_ascii_lowercase()))
    } else {
        Err(NoDestination(
            "the host is neither a name nor a plain IP address",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Destination, NoDestination> {
        text.parse()
    }

    #[test]
    fn the_four_kinds_are_read() {
        for (text, shown) in [
            ("syslog+tls://Siem.Example", "syslog+tls://siem.example"),
            (
                "syslog+tls://siem.example:7000",
                "syslog+tls://siem.example:7000",
            ),
            ("syslog+tcp://10.0.0.9:601/", "syslog+tcp://10.0.0.9"),
            (
                "https://[fd00::5]:8443/hook/secret",
                "https://[fd00::5]:8443/…",
            ),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ] {
            assert_eq!(read(text).unwrap().to_string(), shown);
        }
        let whole = read("https://a.example/x/y").unwrap();
        assert_eq!(whole.path, "/x/y");
        assert_eq!(whole.whole(), "https://a.example/x/y");
    }

    #[test]
    fn secrets_are_kept_by_tls_and_by_this_machine() {
        let keeps = |text: &str| read(text).unwrap().keeps_secrets();
        assert!(keeps("https://a.example") && keeps("syslog+tls://10.0.0.9"));
        assert!(keeps("http://127.0.0.1:9000") && keeps("http://[::1]:9000"));
        assert!(!keeps("http://10.0.0.9") && !keeps("http://localhost"));
    }

    #[test]
    fn what_is_unclear_or_secret_is_refused() {
        for text in [
            "",
            "siem",
            "ftp://a.example",
            "syslog+udp://a.example",
            "https://u:p@a.example/",
            "https://a.example/?token=1",
            "https://a.example/#x",
            "syslog+tls://a.example/x",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://a.example./",
            "https://a.example:0/",
            "https://a.example:70000/",
            "https://a_b.example/",
            "https://:443/",
            "https://1.2.3.4.5/",
            "https://[fe80::1%25eth0]/",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
