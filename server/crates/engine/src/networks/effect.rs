//! What other networks would mean for the phones that are there.
//!
//! Changes nothing.

use carillon_domain::Mac;
use carillon_domain::job::PlannedPhone;
use carillon_domain::networks::Stored;
use carillon_domain::role::Permission;
use ipnet::IpNet;
use sha2::{Digest as _, Sha256};

use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

/// What was looked at before a choice: it is made only if this still holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The number of the choice that held.
    pub version: i64,
    /// Of the networks that were asked about, how the choice stands, and the phones and sites that
    /// they leave out.
    pub digest: String,
}

/// What a choice would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The phones that could not be contacted, by identity.
    pub phones: Vec<PlannedPhone>,
    /// How many of them cannot be now.
    pub already: usize,
    /// The sites whose SIP server or PBX could not be contacted.
    pub sites: Vec<String>,
    /// How the choice stood that this would take the place of.
    pub stored: Stored,
    /// To be handed back with the choice.
    pub seen: Seen,
}

impl Engine {
    /// Who would be out of reach with these networks; none = all that the settings allow.
    ///
    /// # Errors
    /// Denied; invalid where one is wider than the settings.
    pub async fn networks_effect(&self, caller: &Caller, wanted: &[IpNet]) -> Result<Effect> {
        caller.require(Permission::Administer)?;
        self.check_narrower(wanted)?;
        let (stored, chosen) = self.stored_networks().await?;
        let now = self.guard();
        let outer = self.gateway.outer_guard();
        let then = if wanted.is_empty() {
            outer.clone()
        } else {
            outer.within(wanted)
        };
        let mut phones = self.store.phones_with_address().await?;
        phones.retain(|phone| {
            phone
                .address
                .is_some_and(|ip| then.check_address(ip).is_err())
        });
        let is_out = |phone: &&PlannedPhone| {
            let address = phone.address;
            address.is_some_and(|address| now.check_address(address).is_err())
        };
        let profiles = self.store.sip_profiles().await?.into_iter();
        let profiles = profiles.filter(|row| {
            let proxy = row.profile.proxy;
            proxy.is_some_and(|address| then.check_address(address).is_err())
        });
        let sites: Vec<String> = profiles.map(|row| row.site).collect();
        let macs = phones.iter().map(|phone| phone.mac);
        Ok(Effect {
            already: phones.iter().filter(is_out).count(),
            seen: Seen {
                version: chosen.map_or(0, |row| row.version),
                digest: digest((wanted, stored), macs, &sites),
            },
            sites,
            stored,
            phones,
        })
    }
}

/// Each part with its length before it: no two effects have the same bytes.
fn digest(
    (wanted, stored): (&[IpNet], Stored),
    macs: impl ExactSizeIterator<Item = Mac>,
    sites: &[String],
) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{stored}\n{}\n", wanted.len()));
    for network in wanted {
        hash.update(format!("{network}\n"));
    }
    hash.update(format!("{}\n", macs.len()));
    for mac in macs {
        hash.update(mac.bytes());
    }
    for site in sites {
        hash.update(format!("{}\n{site}", site.len()));
    }
    hex::encode(hash.finalize())
}
