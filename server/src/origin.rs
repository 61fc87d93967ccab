//! The origins under which browsers may know us.
//!
//! Owns the comparison of `Host` and `Origin` with what was configured. *Invariant:* a name that
//! was not configured is never accepted, whatever it resolves to.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// Scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    https: bool,
    host: String,
    port: u16,
}

/// The text is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address such as https://carillon.example or http://127.0.0.1:8080")]
pub struct InvalidOrigin;

impl Origin {
    /// Whether browsers speak TLS to it.
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// As it stands in a `Host` header: without the scheme's own port.
    pub fn authority(&self) -> String {
        if self.port == self.default_port() {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The host alone.
    pub fn host(&self) -> &str {
        &self.host
    }

    const fn default_port(&self) -> u16 {
        if self.https { 443 } else { 80 }
    }

    fn of_host(https: bool, host: &str, port: u16) -> Self {
        Self {
            https,
            host: host.to_owned(),
            port,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidOrigin)?;
        let https = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(InvalidOrigin),
        };
        let authority: http::uri::Authority = rest
            .strip_suffix('/')
            .unwrap_or(rest)
            .parse()
            .map_err(|_| InvalidOrigin)?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(InvalidOrigin);
        }
        let port = authority.port_u16().unwrap_or(if https { 443 } else { 80 });
        let host = authority.host().to_ascii_lowercase();
        Ok(Self { https, host, port })
    }
}

/// Every origin under which requests are taken; the first is the one that we write.
#[derive(Clone, Debug)]
pub struct Origins(Vec<Origin>);

impl Origins {
    /// From the settings and the address that was bound.
    pub fn new(public: Option<&Origin>, bound: SocketAddr, tls: bool) -> Self {
        if let Some(public) = public {
            return Self(vec![public.clone()]);
        }
        let port = bound.port();
        let own = match bound {
            SocketAddr::V4(v4) => v4.ip().to_string(),
            SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
        };
        let mut origins = vec![Origin::of_host(tls, &own, port)];
        if bound.ip().is_loopback() {
            for name in ["127.0.0.1", "[::1]", "localhost"] {
                origins.push(Origin::of_host(tls, name, port));
            }
        }
        Self(origins)
    }

    /// The origin that links carry.
    pub fn public(&self) -> &Origin {
        // `new` always puts one in.
        &self.0[0]
    }

    /// The origin that a `Host` header names, if it is one of ours.
    pub fn of_host(&self, host: &str) -> Option<&Origin> {
        self.0
            .iter()
            .find(|origin| origin.authority().eq_ignore_ascii_case(host))
    }

    /// Whether an `Origin` header is byte-equal to one of ours.
    pub fn is_own(&self, origin: &str) -> bool {
        self.0.iter().any(|own| own.to_string() == origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_and_back() {
        for text in [
            "https://c.example",
            "http://127.0.0.1:8080",
            "https://[fd00::1]:8443",
        ] {
            assert_eq!(
                text.parse::<Origin>().map(|o| o.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "c.example",
            "ftp://c",
            "https://",
            "https://u@c",
            "https://c/x",
            "https://c?x",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_has_three_names_and_no_more() {
        let origins = Origins::new(None, SocketAddr::from(([127, 0, 0, 1], 8080)), false);
        for host in ["127.0.0.1:8080", "[::1]:8080", "LOCALHOST:8080"] {
            assert!(origins.of_host(host).is_some(), "{host}");
        }
        for host in ["127.0.0.1", "evil.example:8080", "localhost:80", ""] {
            assert!(origins.of_host(host).is_none(), "{host}");
        }
        assert!(origins.is_own("http://localhost:8080"));
        assert!(!origins.is_own("https://localhost:8080"));
        assert!(!origins.is_own("null"));
    }
}
