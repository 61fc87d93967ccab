//! SIP addresses by which one command reaches several phones.
//!
//! Owns what the inventory knows of that, judged by the way that a command takes: a PBX tells
//! phones apart by less than their whole address.

use std::collections::HashMap;
use std::sync::Arc;

use carillon_domain::Mac;
use carillon_domain::sip::{SipAddress, SipProfile};

use crate::Engine;
use crate::error::Result;

/// A phone whose address others have too.
pub(crate) struct Sharer {
    pub(crate) mac: Mac,
    protected: bool,
}

/// Addresses that more than one phone of the inventory has, and endpoints of PBXs that more than
/// one phone is, each with its phones.
#[derive(Default)]
pub(crate) struct SharedAddresses(HashMap<String, Vec<Arc<Sharer>>>);

impl SharedAddresses {
    /// Reads them, for these sites and their profiles, and hands on the address of each phone.
    pub(crate) async fn read(
        engine: &Engine,
        profiles: &HashMap<&str, &SipProfile>,
        mut each: impl FnMut(Mac, SipAddress) + Send,
    ) -> Result<Self> {
        let mut known: HashMap<String, Vec<Arc<Sharer>>> = HashMap::new();
        for phone in engine.store.phones_with_sip().await? {
            // What is no address reaches nobody.
            let Ok(address) = phone.address.parse::<SipAddress>() else {
                continue;
            };
            let profile = phone.site.as_deref().and_then(|site| profiles.get(site));
            let endpoint = profile.and_then(|profile| profile.endpoint(&address));
            let sharer = Arc::new(Sharer {
                mac: phone.mac,
                protected: phone.protected,
            });
            for name in [Some(address.likeness()), endpoint].into_iter().flatten() {
                known.entry(name).or_default().push(Arc::clone(&sharer));
            }
            each(phone.mac, address);
        }
        known.retain(|_, phones| phones.len() > 1);
        Ok(Self(known))
    }

    /// The other phones that are known to get what is sent for this one. Nobody does where nobody
    /// stands in between.
    pub(crate) fn others(
        &self,
        profile: &SipProfile,
        address: &SipAddress,
        phone: Mac,
    ) -> impl Iterator<Item = &Sharer> {
        let names = [Some(address.likeness()), profile.endpoint(address)];
        let through = profile.proxy.is_some();
        let names = names.into_iter().flatten().filter(move |_| through);
        let sharers = names.filter_map(|name| self.0.get(&name)).flatten();
        sharers
            .map(AsRef::as_ref)
            .filter(move |other: &&Sharer| other.mac != phone)
    }
}

impl Sharer {
    pub(crate) const fn is_protected(&self) -> bool {
        self.protected
    }
}
