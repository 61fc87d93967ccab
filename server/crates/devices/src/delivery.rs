//! What is to be delivered to one phone.
//!
//! Owns the request, the credential and the limits of one delivery. The path and the credential
//! have no `Debug`: a path may carry a dialled number.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use carillon_domain::Mac;
use carillon_domain::phone::{AuthScheme, Contact, Scheme, TransportSecurity};
use secrecy::SecretString;

/// One request to one phone, with all that is remembered about the phone.
pub struct Delivery {
    /// The phone, for the log.
    pub mac: Mac,
    /// Where it is.
    pub target: Target,
    /// What is asked.
    pub path_and_query: PathAndQuery,
    /// Its effective credential. Shared, because a whole site has the same one.
    pub credential: Option<Arc<Credential>>,
    /// How it asks for its password, as remembered in [`Contact::auth_scheme`].
    pub auth: AuthScheme,
    /// The rule of its site. A password goes in clear only where this is `plain_http`.
    pub security: TransportSecurity,
    /// PEM of the site's own authority, where the rule is `private_ca`.
    pub ca_pem: Option<Arc<str>>,
    /// The key pinned in [`Contact::tls_pin`]; a phone that has one is remembered as speaking
    /// TLS, and is not given a Basic password in clear.
    pub pin: Option<String>,
    /// How long and how much.
    pub limits: Limits,
    /// Only a look whether the phone is there: a connection that is closed again at once counts
    /// as refused, which a moment's wait before the request tells.
    pub looking: bool,
}

impl Delivery {
    /// A delivery without credential to a phone of which nothing is remembered.
    pub fn new(mac: Mac, target: Target, path_and_query: PathAndQuery) -> Self {
        Self {
            mac,
            target,
            path_and_query,
            credential: None,
            auth: AuthScheme::Unknown,
            security: TransportSecurity::Pinned,
            ca_pem: None,
            pin: None,
            limits: Limits::default(),
            looking: false,
        }
    }

    /// Takes over what earlier contacts have taught.
    #[must_use]
    pub fn remembering(mut self, contact: &Contact) -> Self {
        self.auth = contact.auth_scheme;
        self.pin.clone_from(&contact.tls_pin);
        self
    }
}

/// Where a phone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// HTTP or HTTPS.
    pub scheme: Scheme,
}

/// User name and password that a phone asks for.
pub struct Credential {
    /// User name.
    pub username: String,
    /// Password.
    pub password: SecretString,
}

impl Credential {
    /// A credential of plain texts.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            password: SecretString::from(password.into()),
        }
    }
}

/// A path with its query, exactly as it goes on the wire: `/servlet?key=OK`.
#[derive(Clone, PartialEq, Eq)]
pub struct PathAndQuery(String);

/// The text is no path with query that can be sent as it stands. Does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path that can be sent as it stands")]
pub struct InvalidPath;

impl PathAndQuery {
    /// The longest that phones are asked.
    pub const MAX_BYTES: usize = 2048;

    /// Takes a path that begins with `/` and has only characters that need no further encoding.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidPath> {
        let text = text.into();
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&byte);
        let valid = text.starts_with('/')
            && !text.starts_with("//")
            && text.len() <= Self::MAX_BYTES
            && text.bytes().all(plain);
        if valid {
            Ok(Self(text))
        } else {
            Err(InvalidPath)
        }
    }

    /// The text as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the first `?`.
    pub fn path(&self) -> &str {
        self.0.split_once('?').map_or(&*self.0, |(path, _)| path)
    }

    /// What stands behind the first `?`; empty when there is none.
    pub fn query(&self) -> &str {
        self.0.split_once('?').map_or("", |(_, query)| query)
    }
}

/// How long and how much one delivery may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// To a TCP connection.
    pub connect: Duration,
    /// To a TLS session.
    pub tls: Duration,
    /// From a request to the first byte of its answer.
    pub first_byte: Duration,
    /// From the first packet to the last, sign-in included.
    pub whole: Duration,
    /// Bytes of a body that are read before hanging up.
    pub body: usize,
}

impl Limits {
    /// The longest a whole exchange may be set to.
    pub const MAX_WHOLE: Duration = Duration::from_secs(20);
    /// Bytes of a screenshot.
    pub const SCREENSHOT: usize = 4 * 1024 * 1024;

    /// The default limits with another time for the whole exchange, at most 20 s.
    #[must_use]
    pub fn within(whole: Duration) -> Self {
        Self {
            whole: whole.min(Self::MAX_WHOLE),
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            tls: Duration::from_secs(3),
            first_byte: Duration::from_secs(5),
            whole: Duration::from_secs(8),
            body: 64 * 1024,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_catalogue_pass_as_they_stand() {
        for good in [
            "/servlet?key=OK",
            "/servlet?key=ASW;MUTE",
            "/servlet?key=number=%2B4930123&outgoing_uri=1006@10.2.1.48",
            "/servlet?key=NoAnswFwdOn=1001=24",
            "/servlet?key=ASW:33093",
            "/servlet?key=*",
            "/cgi-bin/ConfigManApp.com?key=Reboot",
            "/screencapture",
        ] {
            let path = PathAndQuery::parse(good).map(|p| p.as_str().to_owned());
            assert_eq!(path.as_deref(), Ok(good));
        }
    }

    #[test]
    fn what_would_change_the_request_is_refused() {
        for bad in [
            "",
            "servlet",
            "//10.0.0.1/x",
            "http://10.0.0.1/",
            "/a b",
            "/a\r\nHost: x",
            "/a\n",
            "/a#b",
            "/a\"b",
            "/ä",
            "/a\0",
            "/a\\b",
        ] {
            assert!(PathAndQuery::parse(bad).is_err(), "{bad:?}");
        }
        assert!(PathAndQuery::parse(format!("/{}", "a".repeat(2048))).is_err());
    }
}
