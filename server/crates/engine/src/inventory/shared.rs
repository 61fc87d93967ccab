//! SIP addresses by which one command reaches several phones.
//!
//! Owns what the inventory knows of that, judged by the way that a command takes: a PBX tells
//! phones apart by less than their whole address.

use std::collections::{HashMap, HashSet};

use carillon_domain::sip::{SipAddress, SipProfile};

use crate::Engine;
use crate::error::Result;

/// Addresses that more than one phone of the inventory has, and endpoints of PBXs that more than
/// one phone is.
#[derive(Default)]
pub(crate) struct SharedAddresses(HashSet<String>);

impl SharedAddresses {
    /// Reads them, for these sites and their profiles.
    pub(crate) async fn read(
        engine: &Engine,
        profiles: &HashMap<&str, &SipProfile>,
    ) -> Result<Self> {
        let shared = engine.store.shared_sip_addresses().await?;
        let mut shared: HashSet<String> = shared.into_keys().collect();
        let pbxs = profiles.iter().filter(|(_, profile)| profile.way.is_pbx());
        let sites: Vec<&str> = pbxs.map(|(site, _)| *site).collect();
        let mut seen = HashSet::new();
        for (site, address) in engine.store.sip_addresses_at(&sites).await? {
            let profile = profiles.get(site.as_str());
            let endpoint = profile.zip(address.parse().ok());
            let endpoint = endpoint.and_then(|(profile, address)| profile.endpoint(&address));
            if let Some(endpoint) = endpoint
                && let Some(again) = seen.replace(endpoint)
            {
                shared.insert(again);
            }
        }
        Ok(Self(shared))
    }

    /// Whether what is sent to an address is known to reach several phones.
    pub(crate) fn has(&self, profile: &SipProfile, address: &SipAddress) -> bool {
        let endpoint = profile.endpoint(address);
        self.0.contains(&address.likeness()) || endpoint.is_some_and(|one| self.0.contains(&one))
    }
}
