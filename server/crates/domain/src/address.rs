//! Addresses that nothing of ours ever contacts, whatever a setting says.
//!
//! Owns the ranges: "this network", link-local and metadata services, multicast, and IPv6 addresses
//! that carry an IPv4 address inside. Loopback is not among them: each guard decides on it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The metadata service of one cloud, inside the shared address space.
const METADATA_V4: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);

/// Azure's own service for its machines, an address like any other.
const PLATFORM_V4: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// Why an address is never contacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {
    /// It lies in one of the ranges; in words, which.
    Range(&'static str),
    /// It wraps an IPv4 address.
    Embedded(Ipv4Addr),
}

/// Why this address is never contacted; `None` when it may be.
pub fn never_contacted(address: IpAddr) -> Option<Never> {
    match address {
        IpAddr::V4(v4) => never_v4(v4).map(Never::Range),
        IpAddr::V6(v6) => {
            let inner = embedded(v6).map(Never::Embedded);
            inner.or_else(|| never_v6(v6).map(Never::Range))
        }
    }
}

fn never_v4(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        [0, ..] => Some("an address of \"this network\""),
        [169, 254, ..] => Some("a link-local address"),
        [192, 0, 0, _] => Some("reserved for protocols"),
        [224..=239, ..] => Some("a multicast address"),
        [240..=255, ..] => Some("a reserved or broadcast address"),
        _ if address == METADATA_V4 => Some("a cloud's metadata service"),
        _ if address == PLATFORM_V4 => Some("a cloud's own service"),
        _ => None,
    }
}

fn never_v6(address: Ipv6Addr) -> Option<&'static str> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("the unspecified address"),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xfec0..=0xfeff, ..] => Some("a site-local address, long withdrawn"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        // Inside the unique local addresses: AWS (metadata, time, names), Google, Oracle.
        [0xfd00, 0x0ec2, ..]
        | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]
        | [0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe] => Some("a cloud's metadata service"),
        _ => None,
    }
}

/// The IPv4 address inside an IPv6 address of a transition mechanism.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let parts = address.segments();
    match parts {
        // ::/96 wholly, but for the two addresses that are no IPv4 in disguise.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // Mapped, translated, deprecated compatible, and both NAT64 prefixes: the last 32 bits.
        // So too ISATAP, under any prefix. 6to4: bits 16 to 48.
        [0, 0, 0, 0, 0, 0 | 0xffff, a, b]
        | [0, 0, 0, 0, 0xffff, 0, a, b]
        | [0x64, 0xff9b, 0 | 1, _, _, _, a, b]
        | [_, _, _, _, 0 | 0x200, 0x5efe, a, b]
        | [0x2002, a, b, ..] => Some(join(a, b)),
        // Teredo: the client's address, inverted.
        [0x2001, 0, _, _, _, _, a, b] => Some(join(!a, !b)),
        _ => None,
    }
}

fn join(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}
