//! What the outside may know about simulated phones and their sites.
//!
//! Owns the facts of each phone and, apart from them, what the inventory says about it:
//! sometimes something else, on purpose.

use std::net::Ipv4Addr;
use std::time::Duration;

use carillon_domain::Mac;
use carillon_domain::phone::{Scheme, TransportSecurity, UrlForm};

use crate::password::Password;
use crate::profile::{Auth, Profile};

/// The facts of one phone, as made from the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedPhone {
    /// The MAC address it really has. The ledger speaks of this one.
    pub mac: Mac,
    /// What people call it.
    pub label: String,
    /// Its extension.
    pub extension: String,
    /// Model: `T46S`.
    pub model: &'static str,
    /// Firmware at the start.
    pub firmware: String,
    /// Slug of its site.
    pub site: String,
    /// Its address on loopback.
    pub address: Ipv4Addr,
    /// The scheme that a caller should use.
    pub scheme: Scheme,
    /// The port where a caller should find it.
    pub port: u16,
    /// How it behaves.
    pub profile: Profile,
    /// How it asks for its password.
    pub auth: Auth,
    /// The URL form to use with it.
    pub url_form: UrlForm,
    /// The user that it really takes.
    pub username: String,
    /// The password that it really takes.
    pub password: Password,
    /// What the inventory says about it.
    pub inventory: InventoryRow,
}

/// One row of the inventory's phone list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct InventoryRow {
    pub mac: String,
    pub label: String,
    pub extension: String,
    pub model: String,
    pub address: String,
    pub port: Option<u16>,
    pub scheme: String,
    pub site: String,
    pub tags: Vec<String>,
    pub sip_uri: String,
    pub username: String,
    pub password: Password,
    pub protected: bool,
    pub notes: String,
}

/// One site, with the credential that the inventory should have for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedSite {
    /// Identity in URLs and filters.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// How its phones are reached.
    pub transport_security: TransportSecurity,
    /// How its normal phones ask for their password.
    pub auth: Auth,
    /// A name for its credential.
    pub credential: String,
    /// The user of its phones.
    pub username: String,
    /// The password of its phones.
    pub password: Password,
    /// How many phones it has.
    pub phones: usize,
    /// Whether they are registered with the fleet's SIP server.
    pub sip: bool,
    /// Whether nothing else reaches them.
    pub nat: bool,
}

/// How a phone is just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneStatus {
    /// Whether it takes connections; not while it reboots.
    pub up: bool,
    /// Time since it last started.
    pub uptime: Duration,
    /// How often it has rebooted.
    pub reboots: u32,
    /// Firmware now; auto-provisioning may have changed it.
    pub firmware: String,
    /// Do not disturb.
    pub dnd: bool,
    /// Where all calls go.
    pub always_forward: Option<String>,
    /// Where calls go while busy.
    pub busy_forward: Option<String>,
    /// Where unanswered calls go, and after how many seconds.
    pub no_answer_forward: Option<(String, u32)>,
    /// Volume, 0 to 15.
    pub volume: u8,
    /// What its screen shows.
    pub screen: String,
    /// How often it has fetched its configuration.
    pub provisioned: u32,
    /// Connections open just now.
    pub connections: u32,
}
