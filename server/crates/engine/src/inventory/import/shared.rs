//! Phones that a list puts at the same address.
//!
//! Addresses move, so that this is no mistake: it is told, and keeps nothing from being imported.

use std::collections::BTreeMap;
use std::net::IpAddr;

use carillon_domain::phone::Phone;

/// Names that are told of one address.
const NAMES: usize = 5;

/// An address that several phones of a list have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedAddress {
    /// The address.
    pub address: IpAddr,
    /// Its port, where the list gives one.
    pub port: Option<u16>,
    /// How many phones have it.
    pub total: usize,
    /// Names of the first of these.
    pub names: Vec<String>,
}

type Place = (IpAddr, Option<u16>);

/// Where the phones of a list are: how many, and names of the first.
#[derive(Default)]
pub(super) struct Places(BTreeMap<Place, (usize, Vec<String>)>);

impl Places {
    pub(super) fn add(&mut self, phone: &Phone) {
        let Some(address) = phone.address else { return };
        let (total, names) = self.0.entry((address, phone.port)).or_default();
        *total += 1;
        if names.len() < NAMES {
            names.push(phone.distinct_name());
        }
    }

    /// Those of more than one phone.
    pub(super) fn shared(self) -> Vec<SharedAddress> {
        let shared = self.0.into_iter().filter(|(_, (total, _))| *total > 1);
        shared
            .map(|((address, port), (total, names))| SharedAddress {
                address,
                port,
                total,
                names,
            })
            .collect()
    }
}
