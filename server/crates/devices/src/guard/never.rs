//! What no setting opens.
//!
//! The ranges are those of [`carillon_domain::address`].

use std::net::IpAddr;

use carillon_domain::address::{self, Never};

use super::Blocked;

/// Refuses what is never contacted. Loopback proper passes here; the guard decides on it.
pub(super) fn check(address: IpAddr) -> Result<(), Blocked> {
    match (address::never_contacted(address), address) {
        (None, _) => Ok(()),
        (Some(Never::Embedded(inner)), IpAddr::V6(v6)) => Err(Blocked::Embedded(v6, inner)),
        (Some(Never::Embedded(_)), IpAddr::V4(_)) => {
            Err(Blocked::Never(address, "an address inside another"))
        }
        (Some(Never::Range(what)), _) => Err(Blocked::Never(address, what)),
    }
}
