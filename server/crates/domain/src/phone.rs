//! A phone as the inventory knows it, and the site and credential it belongs to.
//!
//! Owns the fields and their closed lists. The MAC is the identity; the address is an
//! observation that may be old.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::closed_list;
use crate::{Mac, Timestamp};

closed_list! {
    /// How a phone is reached over HTTP.
    Scheme {
        /// Plain HTTP.
        Http = "http",
        /// HTTP over TLS.
        Https = "https",
    }
}

impl Scheme {
    /// The port where none is given.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

closed_list! {
    /// Which of the manual's three URL forms a phone understands.
    UrlForm {
        /// `/servlet?key=…`, every current firmware.
        Servlet = "servlet",
        /// `/cgi-bin/ConfigManApp.com?key=…`, the only form of V70-era T2x phones.
        ConfigManApp = "config_man_app",
        /// `/cgi-bin/cgiServer.exx?key=…`, legacy, with a bad security record: never a default.
        CgiServer = "cgi_server",
    }
}

impl UrlForm {
    /// The path before the query.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Servlet => "/servlet",
            Self::ConfigManApp => "/cgi-bin/ConfigManApp.com",
            Self::CgiServer => "/cgi-bin/cgiServer.exx",
        }
    }
}

closed_list! {
    /// How the `number` action is written for a phone.
    DialForm {
        /// `key=number=…`, the manual's form.
        Key = "key",
        /// `number=…`, in no guide but the only form at some sites.
        Bare = "bare",
    }
}

closed_list! {
    /// How a phone asks for its password: learned from its challenge and remembered.
    AuthScheme {
        /// Not learned yet: the first request carries no credentials.
        Unknown = "unknown",
        /// Answers without a password.
        None = "none",
        /// `WWW-Authenticate: Basic`.
        Basic = "basic",
        /// `WWW-Authenticate: Digest`, MD5.
        DigestMd5 = "digest_md5",
        /// `WWW-Authenticate: Digest`, SHA-256.
        DigestSha256 = "digest_sha256",
        /// The old form with user and password in the query; only where somebody chose it.
        LegacyLogin = "legacy_login",
    }
}

closed_list! {
    /// How a site's phones are told apart from impostors.
    TransportSecurity {
        /// HTTPS; the key seen at first contact is pinned. The default.
        Pinned = "pinned",
        /// HTTPS; certificates come from the site's own authority.
        PrivateCa = "private_ca",
        /// HTTP in clear, chosen by somebody.
        PlainHttp = "plain_http",
    }
}

closed_list! {
    /// What the last contact said about a phone.
    Reachability {
        /// It answered.
        Reachable = "reachable",
        /// It did not.
        Offline = "offline",
        /// Nobody tried yet.
        Unknown = "unknown",
    }
}

/// One phone of the inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// Identity.
    pub mac: Mac,
    /// What people call it: `Reception`.
    pub label: String,
    /// Its extension, as text: leading zeros matter.
    pub extension: String,
    /// Model as Yealink writes it: `T46S`. Empty when not known.
    pub model: String,
    /// Firmware as last read: `66.86.0.15`. Empty when not known.
    pub firmware: String,
    /// Slug of its site.
    pub site: Option<String>,
    /// Tags, sorted, without duplicates.
    pub tags: Vec<String>,
    /// Where it was last seen.
    pub address: Option<IpAddr>,
    /// Port; the scheme's default when blank.
    pub port: Option<u16>,
    /// Scheme; the site's when blank.
    pub scheme: Option<Scheme>,
    /// SIP address of record.
    pub sip_uri: String,
    /// Name of its own credential, before the group's and the site's.
    pub credential: Option<String>,
    /// Left out of jobs unless an admin includes it.
    pub protected: bool,
    /// Free text.
    pub notes: String,
    /// Which URL form it understands.
    pub url_form: UrlForm,
    /// How it takes a number to dial.
    pub dial_form: DialForm,
}

impl Phone {
    /// A phone of which only the identity is known.
    pub fn new(mac: Mac) -> Self {
        Self {
            mac,
            label: String::new(),
            extension: String::new(),
            model: String::new(),
            firmware: String::new(),
            site: None,
            tags: Vec::new(),
            address: None,
            port: None,
            scheme: None,
            sip_uri: String::new(),
            credential: None,
            protected: false,
            notes: String::new(),
            url_form: UrlForm::Servlet,
            dial_form: DialForm::Key,
        }
    }

    /// What to call it in a sentence: label, else extension, else MAC.
    pub fn display_name(&self) -> String {
        display_name(&self.label, &self.extension, self.mac)
    }

    /// The same, told apart from phones of the same name.
    pub fn distinct_name(&self) -> String {
        distinct_name(&self.display_name(), &self.extension, self.mac)
    }
}

/// What to call a phone: its label, else its extension, else its MAC.
pub fn display_name(label: &str, extension: &str, mac: Mac) -> String {
    match (label, extension) {
        ("", "") => mac.to_string(),
        ("", extension) => extension.to_owned(),
        (label, _) => label.to_owned(),
    }
}

/// A phone's name with what tells it from others that are called the same: "Reception (4001)"; its
/// MAC where it has no extension.
pub fn distinct_name(name: &str, extension: &str, mac: Mac) -> String {
    let mac = mac.to_string();
    match extension {
        _ if name == mac || name == extension => name.to_owned(),
        "" => format!("{name} ({mac})"),
        extension => format!("{name} ({extension})"),
    }
}

/// What contact with a phone has taught us. Kept beside the inventory row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// How it asks for its password.
    pub auth_scheme: AuthScheme,
    /// SHA-256 of its certificate's public key, hexadecimal, once pinned.
    pub tls_pin: Option<String>,
    /// What the last contact said.
    pub reachability: Reachability,
    /// When it last answered.
    pub last_seen: Option<Timestamp>,
    /// When it was last tried.
    pub last_tried: Option<Timestamp>,
}

impl Default for Contact {
    fn default() -> Self {
        Self {
            auth_scheme: AuthScheme::Unknown,
            tls_pin: None,
            reachability: Reachability::Unknown,
            last_seen: None,
            last_tried: None,
        }
    }
}

/// A place with phones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Identity in URLs and filters: `kiel`.
    pub slug: String,
    /// Name for people: `Kiel`.
    pub name: String,
    /// How its phones are reached.
    pub transport_security: TransportSecurity,
    /// PEM of the site's own authority, where `private_ca`.
    pub ca_pem: Option<String>,
    /// Credential of its phones unless the phone or a group has one.
    pub credential: Option<String>,
    /// How many percent of its phones a disruptive job may take down at once.
    pub max_down_percent: u8,
}

/// How many percent of a site a disruptive job may take down at once where nobody decided.
pub const USUAL_DOWN_PERCENT: u8 = 20;

closed_list! {
    /// How a group gets its members.
    GroupKind {
        /// Somebody listed them.
        Fixed = "fixed",
        /// A saved filter.
        Rule = "rule",
    }
}

/// A group of phones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Identity in URLs and filters.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// Fixed or by rule.
    pub kind: GroupKind,
    /// The rule, where `kind` is `Rule`.
    pub filter: Option<String>,
    /// Credential of its phones, after the phone's own and before the site's.
    pub credential: Option<String>,
}

/// Makes a slug from a name: lower case, digits, hyphens. Empty when nothing is left.
pub fn slugify(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for character in name.trim().chars() {
        match character {
            'a'..='z' | '0'..='9' => slug.push(character),
            'A'..='Z' => slug.push(character.to_ascii_lowercase()),
            'ä' | 'Ä' => slug.push_str("ae"),
            'ö' | 'Ö' => slug.push_str("oe"),
            'ü' | 'Ü' => slug.push_str("ue"),
            'ß' => slug.push_str("ss"),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.truncate(64);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain() {
        assert_eq!(slugify(" Köln / Süd 2 "), "koeln-sued-2");
        assert_eq!(slugify("…"), "");
    }
}
