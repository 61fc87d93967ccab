//! What a fleet is made of.
//!
//! Owns the settings of a fleet, as built in code or read from a scenario file, and their
//! checks. Starts nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use carillon_domain::phone::{TransportSecurity, slugify};
use serde::{Deserialize, Serialize};

use crate::model;
use crate::password::Password;
use crate::profile::{Auth, Profile};

/// Everything that makes a fleet. The same settings are always the same fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FleetConfig {
    /// Where every choice comes from: MAC addresses, names, models, keys, nonces, jitter.
    pub seed: u64,
    /// Port of the HTTP listener; 0 lets the system choose.
    pub http_port: u16,
    /// Port of the HTTPS listener; 0 lets the system choose.
    pub https_port: u16,
    /// Port of the SIP server, where a site has one; 0 lets the system choose.
    pub sip_port: u16,
    /// How long things take.
    pub timing: Timing,
    /// Where the ledger is written as JSON Lines, one line per request, before its answer.
    pub ledger_file: Option<PathBuf>,
    /// The places with phones.
    pub sites: Vec<SiteConfig>,
}

/// One place with phones that share a way in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SiteConfig {
    /// Name for people: `Kiel`. The slug is made from it.
    pub name: String,
    /// How its phones are reached.
    pub transport_security: TransportSecurity,
    /// How its phones ask for their password.
    pub auth: Auth,
    /// The user of the site's phones.
    pub username: String,
    /// The password of the site's phones.
    pub password: Password,
    /// How many phones it has, all profiles together.
    pub phones: u32,
    /// How many of them behave otherwise than `normal`.
    pub profiles: BTreeMap<Profile, u32>,
    /// How many of the normal ones have a password of their own, known to the inventory.
    pub own_password: u32,
    /// How many of the normal ones have a password that the inventory does not know.
    pub wrong_password: u32,
    /// The models to draw from; empty means the usual mix.
    pub models: Vec<String>,
    /// Its phones are registered with the fleet's SIP server.
    pub sip: bool,
    /// Its phones are behind a NAT: the inventory has no address for them.
    pub nat: bool,
}

/// How long things take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timing {
    /// Every answer waits this long after the phone did what it was told.
    pub answer_ms: u64,
    /// Answers of `slow` phones wait this long.
    pub slow_ms: u64,
    /// The shortest time a reboot takes.
    pub reboot_min_ms: u64,
    /// The longest time a reboot takes.
    pub reboot_max_ms: u64,
    /// When somebody accepts the prompt of a `prompt-once` phone; 0 means: at its second try.
    pub prompt_ms: u64,
    /// How long a `lockout-after-3` phone refuses everybody.
    pub lockout_ms: u64,
    /// The pause between two bytes of a `drip` phone.
    pub drip_ms: u64,
    /// How long a Digest nonce is good.
    pub nonce_ms: u64,
    /// How long a connection may say nothing before the phone closes it.
    pub idle_ms: u64,
    /// Of a thousand executed requests, how many lose their answer to a reset.
    pub reply_loss_per_mille: u32,
}

/// Why a fleet cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A site without a usable name.
    #[error("site {0} has no name")]
    NoName(usize),
    /// Two sites with one slug.
    #[error("two sites are called {0}")]
    SameName(String),
    /// The parts exceed the whole.
    #[error("site {site} has {phones} phones, but its profiles and passwords ask for {asked}")]
    TooMany {
        /// Slug of the site.
        site: String,
        /// Phones it has.
        phones: u32,
        /// Phones asked for.
        asked: u64,
    },
    /// More phones than addresses.
    #[error("a fleet has at most {0}")]
    OutOfAddresses(&'static str),
    /// A model that the simulator does not know.
    #[error("site {site}: unknown model {model}; known are {known}")]
    UnknownModel {
        /// Slug of the site.
        site: String,
        /// What was given.
        model: String,
        /// What exists.
        known: String,
    },
    /// The shortest reboot is longer than the longest.
    #[error("reboot_min_ms is larger than reboot_max_ms")]
    RebootTimes,
}

/// Phones per site that have an address: 240 in each of 256 networks.
pub(crate) const PHONES_PER_SITE: u32 = 240 * 256;
/// Sites that have a network.
pub(crate) const SITES: usize = 200;

impl Default for FleetConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            http_port: 0,
            https_port: 0,
            sip_port: 0,
            timing: Timing::default(),
            ledger_file: None,
            sites: Vec::new(),
        }
    }
}

impl Default for SiteConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            transport_security: TransportSecurity::Pinned,
            auth: Auth::Basic,
            username: "admin".to_owned(),
            password: Password::from("simulated"),
            phones: 0,
            profiles: BTreeMap::new(),
            own_password: 0,
            wrong_password: 0,
            models: Vec::new(),
            sip: false,
            nat: false,
        }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            answer_ms: 0,
            slow_ms: 8_000,
            reboot_min_ms: 3_000,
            reboot_max_ms: 8_000,
            prompt_ms: 0,
            lockout_ms: 300_000,
            drip_ms: 1_000,
            nonce_ms: 300_000,
            idle_ms: 30_000,
            reply_loss_per_mille: 0,
        }
    }
}

impl Timing {
    pub(crate) const fn idle(&self) -> Duration {
        Duration::from_millis(self.idle_ms)
    }
}

impl FleetConfig {
    /// A fleet of one site, all of whose phones behave alike.
    ///
    /// `http` phones belong to a `plain_http` site, others to a pinned one.
    pub fn uniform(profile: Profile, phones: u32, security: TransportSecurity) -> Self {
        Self::default().with_site(
            SiteConfig::new("Test site", phones)
                .with_security(security)
                .with(profile, phones),
        )
    }

    /// Another seed: another fleet of the same kind.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Fixed ports.
    #[must_use]
    pub fn with_ports(mut self, http: u16, https: u16) -> Self {
        self.http_port = http;
        self.https_port = https;
        self
    }

    /// Other times.
    #[must_use]
    pub fn with_timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// A ledger in a file beside the one in memory.
    #[must_use]
    pub fn with_ledger_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.ledger_file = Some(file.into());
        self
    }

    /// One more site.
    #[must_use]
    pub fn with_site(mut self, site: SiteConfig) -> Self {
        self.sites.push(site);
        self
    }

    /// Phones of all sites together.
    pub fn total(&self) -> usize {
        self.sites.iter().map(|site| site.phones as usize).sum()
    }

    /// Checks that the fleet can be built.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.sites.len() > SITES {
            return Err(ConfigError::OutOfAddresses("200 sites"));
        }
        if self.timing.reboot_min_ms > self.timing.reboot_max_ms {
            return Err(ConfigError::RebootTimes);
        }
        let mut slugs = std::collections::BTreeSet::new();
        for (position, site) in self.sites.iter().enumerate() {
            let slug = site.slug();
            if slug.is_empty() {
                return Err(ConfigError::NoName(position + 1));
            }
            site.check(&slug)?;
            if !slugs.insert(slug.clone()) {
                return Err(ConfigError::SameName(slug));
            }
        }
        Ok(())
    }
}

impl SiteConfig {
    /// A site of healthy phones: HTTPS with pinned keys, Basic, `admin`.
    pub fn new(name: &str, phones: u32) -> Self {
        Self {
            name: name.to_owned(),
            phones,
            ..Self::default()
        }
    }

    /// How its phones are reached.
    #[must_use]
    pub fn with_security(mut self, security: TransportSecurity) -> Self {
        self.transport_security = security;
        self
    }

    /// How its phones ask for their password.
    #[must_use]
    pub fn with_auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// User and password of its phones.
    #[must_use]
    pub fn with_credential(mut self, username: &str, password: &str) -> Self {
        username.clone_into(&mut self.username);
        self.password = Password::from(password);
        self
    }

    /// So many of its phones behave like this.
    #[must_use]
    pub fn with(mut self, profile: Profile, phones: u32) -> Self {
        if phones > 0 {
            self.profiles.insert(profile, phones);
        }
        self
    }

    /// So many have a password of their own, and so many one that the inventory has wrong.
    #[must_use]
    pub fn with_passwords(mut self, own: u32, wrong: u32) -> Self {
        self.own_password = own;
        self.wrong_password = wrong;
        self
    }

    /// Its phones are registered with the fleet's SIP server.
    #[must_use]
    pub fn with_sip(mut self) -> Self {
        self.sip = true;
        self
    }

    /// The same, and nothing else reaches them.
    #[must_use]
    pub fn behind_nat(mut self) -> Self {
        (self.sip, self.nat) = (true, true);
        self
    }

    /// The models to draw from.
    #[must_use]
    pub fn with_models(mut self, models: &[&str]) -> Self {
        self.models = models.iter().map(|model| (*model).to_owned()).collect();
        self
    }

    /// Its identity in URLs and filters.
    pub fn slug(&self) -> String {
        slugify(&self.name)
    }

    fn check(&self, slug: &str) -> Result<(), ConfigError> {
        let asked = self.profiles.values().map(|n| u64::from(*n)).sum::<u64>()
            + u64::from(self.own_password)
            + u64::from(self.wrong_password);
        if asked > u64::from(self.phones) {
            return Err(ConfigError::TooMany {
                site: slug.to_owned(),
                phones: self.phones,
                asked,
            });
        }
        if self.phones > PHONES_PER_SITE {
            return Err(ConfigError::OutOfAddresses("61,440 phones per site"));
        }
        for name in &self.models {
            if model::find(name).is_none() {
                return Err(ConfigError::UnknownModel {
                    site: slug.to_owned(),
                    model: name.clone(),
                    known: model::names().join(", "),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_may_not_exceed_the_whole() {
        let site = SiteConfig::new("Kiel", 3)
            .with(Profile::Slow, 2)
            .with_passwords(1, 1);
        let refused = FleetConfig::default().with_site(site).check();
        assert!(matches!(
            refused,
            Err(ConfigError::TooMany { asked: 4, .. })
        ));
    }

    #[test]
    fn names_are_needed_and_differ() {
        let twice = FleetConfig::default()
            .with_site(SiteConfig::new("Kiel", 1))
            .with_site(SiteConfig::new(" kiel", 1));
        assert_eq!(twice.check(), Err(ConfigError::SameName("kiel".to_owned())));
        let nameless = FleetConfig::default().with_site(SiteConfig::new("…", 1));
        assert_eq!(nameless.check(), Err(ConfigError::NoName(1)));
    }

    #[test]
    fn models_are_known() {
        let odd = SiteConfig::new("Kiel", 1).with_models(&["T46S", "T1000"]);
        let refused = FleetConfig::default().with_site(odd).check();
        assert!(matches!(refused, Err(ConfigError::UnknownModel { .. })));
    }
}
