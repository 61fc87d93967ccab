//! The provisioning lines that open phones to exactly this server.
//!
//! Owns finding out which of our addresses a phone sees: the one from which this machine would
//! speak to it. Asking the operating system for that sends nothing.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use carillon_domain::snippet::allow_list_lines;

/// The lines for phones at these addresses; `None` where none of them can be reached from here.
pub fn lines_for(phones: impl IntoIterator<Item = IpAddr>) -> Option<String> {
    let phones: BTreeSet<IpAddr> = phones.into_iter().collect();
    let ours: BTreeSet<IpAddr> = phones.into_iter().filter_map(seen_by).collect();
    let ours: Vec<IpAddr> = ours.into_iter().collect();
    allow_list_lines(&ours)
}

/// The address that a phone there sees as ours: the route's source. No packet leaves.
fn seen_by(phone: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match phone {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((phone, 443)).ok()?;
    let ours = socket.local_addr().ok()?.ip();
    (!ours.is_unspecified()).then_some(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_on_this_machine_sees_this_machine() {
        let phone = IpAddr::from([127, 0, 0, 9]);
        let lines = lines_for([phone]).expect("loopback has a route");
        assert!(
            lines.contains("features.action_uri_limit_ip = 127.0.0.1\n"),
            "{lines}"
        );
        assert_eq!(lines_for([]), None);
    }
}
