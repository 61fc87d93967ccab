//! Where receivers may be.
//!
//! Owns the rule, which is another than that for phones: settings name a receiver, so any network
//! is good unless settings say which. *Invariant:* a name never leads to this machine, to
//! link-local or metadata addresses, or to Carillon and its database, whoever answers for it.

use std::net::{IpAddr, SocketAddr};

use carillon_domain::address::{self, Never};
use ipnet::IpNet;

use crate::destination::{Destination, Host};

/// What a [`Guard`] is made of.
#[derive(Clone, Debug, Default)]
pub struct GuardConfig {
    /// The only networks of receivers; empty = all.
    pub networks: Vec<IpNet>,
    /// Where this server and its database listen.
    pub own_addresses: Vec<SocketAddr>,
}

/// Says where receivers may be.
#[derive(Clone, Debug)]
pub struct Guard(GuardConfig);

impl Guard {
    /// By these settings.
    pub const fn new(config: GuardConfig) -> Self {
        Self(config)
    }

    /// Passes one address of a receiver, or says in words why not.
    pub(crate) fn check(&self, to: &Destination, address: IpAddr) -> Result<SocketAddr, String> {
        let found = SocketAddr::new(address, to.port);
        match address::never_contacted(address) {
            None => {}
            Some(Never::Range(what)) => return Err(format!("{address} is {what}")),
            Some(Never::Embedded(inner)) => {
                return Err(format!("{address} wraps the IPv4 address {inner}"));
            }
        }
        let listed = self
            .0
            .networks
            .iter()
            .any(|network| network.contains(&address));
        if address.is_loopback() && !listed && !matches!(to.host, Host::Address(_)) {
            return Err(format!("{address} is this machine"));
        }
        if !listed && !self.0.networks.is_empty() {
            return Err(format!("{address} is outside the networks of receivers"));
        }
        if self.is_own(found) {
            return Err(format!("{found} is Carillon itself or its database"));
        }
        Ok(found)
    }

    fn is_own(&self, found: SocketAddr) -> bool {
        self.0.own_addresses.iter().any(|own| {
            let everywhere = own.ip().is_unspecified() && found.ip().is_loopback();
            own.port() == found.port() && (own.ip() == found.ip() || everywhere)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(config: &GuardConfig, to: &str, address: &str) -> bool {
        let guard = Guard::new(config.clone());
        let to = to.parse().unwrap();
        guard.check(&to, address.parse().unwrap()).is_ok()
    }

    #[test]
    fn a_name_leads_to_any_network_but_not_home() {
        let config = GuardConfig::default();
        let name = "https://siem.example/";
        for address in ["10.0.0.9", "203.0.113.5", "2001:db8::5", "fd00::5"] {
            assert!(passes(&config, name, address), "{address}");
        }
        for address in [
            "127.0.0.1",
            "::1",
            "169.254.169.254",
            "0.0.0.0",
            "fe80::1",
            "224.0.0.1",
            "255.255.255.255",
            "::ffff:10.0.0.9",
            "64:ff9b::a00:9",
            "100.100.100.200",
        ] {
            assert!(!passes(&config, name, address), "{address}");
        }
    }

    #[test]
    fn loopback_is_for_whoever_writes_it() {
        let config = GuardConfig::default();
        assert!(passes(&config, "syslog+tcp://127.0.0.1:601", "127.0.0.1"));
        assert!(!passes(&config, "syslog+tcp://localhost:601", "127.0.0.1"));
        assert!(!passes(
            &config,
            "https://169.254.169.254/",
            "169.254.169.254"
        ));
        let listed = GuardConfig {
            networks: vec!["127.0.0.0/8".parse().unwrap()],
            ..config
        };
        assert!(passes(&listed, "syslog+tcp://localhost:601", "127.0.0.1"));
        assert!(!passes(&listed, "https://siem.example/", "10.0.0.9"));
    }

    #[test]
    fn our_own_doors_are_no_receivers() {
        let config = GuardConfig {
            own_addresses: vec![
                "0.0.0.0:8080".parse().unwrap(),
                "10.0.0.2:5432".parse().unwrap(),
            ],
            ..GuardConfig::default()
        };
        assert!(!passes(&config, "http://127.0.0.1:8080", "127.0.0.1"));
        assert!(!passes(&config, "http://db.example:5432", "10.0.0.2"));
        assert!(passes(&config, "http://db.example:5433", "10.0.0.2"));
    }
}
