//! Phones, groups, sites, credentials and imports.

use std::net::IpAddr;

use carillon_domain::phone::{GroupKind, Scheme, TransportSecurity};
use carillon_domain::{Mac, TargetState, Timestamp};
use serde::{Deserialize, Serialize};

/// A phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// Identity.
    pub mac: Mac,
    /// What people call it.
    pub label: String,
    /// Extension.
    pub extension: String,
    /// Model.
    pub model: String,
    /// Firmware as last read.
    pub firmware: String,
    /// Slug of its site.
    pub site: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Where it was last seen.
    pub address: Option<IpAddr>,
    /// Port, where it is not the scheme's own.
    pub port: Option<u16>,
    /// Scheme, where it is not the site's.
    pub scheme: Option<Scheme>,
    /// SIP address of record.
    pub sip_uri: String,
    /// Name of its own credential.
    pub credential: Option<String>,
    /// Left out of jobs unless an administrator includes it.
    pub protected: bool,
    /// Free text.
    pub notes: String,
    /// When it last answered.
    pub last_seen: Option<Timestamp>,
    /// How its last target ended.
    pub last_result: Option<TargetState>,
    /// Send it back with a change; an old one answers 409.
    pub version: i64,
}

/// A phone to add.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of `Phone`")]
pub struct PhoneInput {
    pub mac: String,
    #[serde(default)]
    pub label: String,
    #[serde(default)]
    pub extension: String,
    #[serde(default)]
    pub model: String,
    #[serde(default)]
    pub site: Option<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub address: Option<String>,
    #[serde(default)]
    pub port: Option<u16>,
    #[serde(default)]
    pub scheme: Option<Scheme>,
    #[serde(default)]
    pub sip_uri: String,
    #[serde(default)]
    pub credential: Option<String>,
    #[serde(default)]
    pub protected: bool,
    #[serde(default)]
    pub notes: String,
}

/// What shall be different about a phone. An absent field stays; `null` clears.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of `Phone`")]
pub struct PhoneChange {
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub extension: Option<String>,
    #[serde(default)]
    pub model: Option<String>,
    #[serde(default, deserialize_with = "super::given")]
    pub site: Option<Option<String>>,
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "super::given")]
    pub address: Option<Option<String>>,
    #[serde(default, deserialize_with = "super::given")]
    pub port: Option<Option<u16>>,
    #[serde(default, deserialize_with = "super::given")]
    pub scheme: Option<Option<Scheme>>,
    #[serde(default)]
    pub sip_uri: Option<String>,
    #[serde(default, deserialize_with = "super::given")]
    pub credential: Option<Option<String>>,
    #[serde(default)]
    pub protected: Option<bool>,
    #[serde(default)]
    pub notes: Option<String>,
    /// The version that was looked at; without it the newest is changed.
    #[serde(default)]
    pub version: Option<i64>,
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Phones made; where nothing was written, that would be.
    pub created: i64,
    /// Phones changed, or that would be.
    pub updated: i64,
    /// Phones left as they were.
    pub unchanged: i64,
    /// Sites made, or that would be.
    pub new_sites: Vec<NewSite>,
    /// Everything that is wrong with the file.
    pub errors: Vec<ImportError>,
    /// Whether anything was written.
    pub applied: bool,
}

/// A site that a file names and the inventory did not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSite {
    /// Identity.
    pub slug: String,
    /// As the file writes it.
    pub name: String,
    /// How its phones are reached; to be changed at the site.
    pub transport_security: TransportSecurity,
    /// How many rows name it.
    pub phones: i64,
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportError {
    /// Line, the header being 1.
    pub line: u64,
    /// Column.
    pub column: String,
    /// What stands there; never of a password column.
    pub value: String,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub fix: String,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Identity.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// Fixed or by rule.
    pub kind: GroupKind,
    /// The rule.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub filter: Option<String>,
    /// The members of a fixed group; only where one group is asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub members: Option<Vec<Mac>>,
    /// Credential of its phones.
    pub credential: Option<String>,
    /// Phones now.
    pub count: i64,
    /// Send it back with a change.
    pub version: i64,
}

/// A group to make or to replace.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GroupInput {
    /// Identity; made from the name where absent.
    #[serde(default)]
    pub slug: Option<String>,
    /// Name for people.
    pub name: String,
    /// Fixed or by rule.
    pub kind: GroupKind,
    /// The rule, where by rule.
    #[serde(default)]
    pub filter: Option<String>,
    /// The members, where fixed.
    #[serde(default)]
    pub members: Option<Vec<String>>,
    /// Credential of its phones.
    #[serde(default)]
    pub credential: Option<String>,
    /// The version that was looked at.
    #[serde(default)]
    pub version: Option<i64>,
}

/// A site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Identity.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// How its phones are reached.
    pub transport_security: TransportSecurity,
    /// Credential of its phones.
    pub credential: Option<String>,
    /// How many percent may be down at once.
    pub max_down_percent: u8,
    /// Phones.
    pub count: i64,
    /// Send it back with a change.
    pub version: i64,
}

/// A site to make or to replace.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SiteInput {
    /// Identity; made from the name where absent.
    #[serde(default)]
    pub slug: Option<String>,
    /// Name for people.
    pub name: String,
    /// How its phones are reached; `pinned` where absent.
    #[serde(default)]
    pub transport_security: Option<TransportSecurity>,
    /// PEM of the site's own authority, with `private_ca`.
    #[serde(default)]
    pub ca_pem: Option<String>,
    /// Credential of its phones.
    #[serde(default)]
    pub credential: Option<String>,
    /// How many percent may be down at once; 100 where absent.
    #[serde(default)]
    pub max_down_percent: Option<u8>,
    /// The version that was looked at.
    #[serde(default)]
    pub version: Option<i64>,
}

/// A stored user and password, without the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Identity.
    pub name: String,
    /// User.
    pub username: String,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// How many phones, groups and sites name it.
    pub used_by: i64,
}

/// A user and password to store.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialInput {
    /// Identity.
    pub name: String,
    /// User.
    pub username: String,
    /// Password: goes in, never comes out.
    pub password: String,
}

/// What shall be different about a credential.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialChange {
    /// Must equal the name in the address, where given.
    #[serde(default)]
    pub name: Option<String>,
    /// User.
    pub username: String,
    /// Password.
    pub password: String,
}
