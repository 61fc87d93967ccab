//! The addresses of this machine: never a phone's.
//!
//! Read from the kernel's own lists, because nothing safe asks for them otherwise. Where there
//! are none, only the address that was bound is known.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where this server listens: one address, or with a wildcard every one of the machine.
pub(super) fn of(bound: SocketAddr) -> Vec<SocketAddr> {
    let mut own = vec![bound];
    if bound.ip().is_unspecified() {
        own.extend(of_the_machine(bound.port()));
    }
    own
}

/// Every address that this machine has now, whatever listens there. Loopback is not among them: the
/// guards decide on it.
pub(super) fn of_the_machine(port: u16) -> Vec<SocketAddr> {
    let v4 = std::fs::read_to_string("/proc/net/fib_trie").unwrap_or_default();
    let v6 = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    let machine = local_v4(&v4).chain(local_v6(&v6));
    machine.map(|ip| SocketAddr::new(ip, port)).collect()
}

/// An address stands on the line before the one that calls it local.
fn local_v4(table: &str) -> impl Iterator<Item = IpAddr> {
    let lines = table.lines().zip(table.lines().skip(1));
    let local = lines.filter(|(_, about)| about.contains("host LOCAL"));
    let addresses = local.filter_map(|(line, _)| line.trim().strip_prefix("|-- ")?.parse().ok());
    addresses
        .filter(|ip: &Ipv4Addr| !ip.is_loopback())
        .map(IpAddr::V4)
}

/// Thirty-two digits at the beginning of each line.
fn local_v6(table: &str) -> impl Iterator<Item = IpAddr> {
    let words = table
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let addresses = words.filter_map(|word| u128::from_str_radix(word, 16).ok());
    addresses
        .map(Ipv6Addr::from_bits)
        .filter(|ip| !ip.is_loopback())
        .map(IpAddr::V6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Layers, SettingFlags, Settings};

    #[test]
    fn the_kernels_lists_are_read() {
        let v4 = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.0.5.20\n        /32 host LOCAL\n     \
                  |-- 10.0.5.255\n        /32 link BROADCAST\n     |-- 127.0.0.1\n        /32 host LOCAL\n";
        let found: Vec<_> = local_v4(v4).map(|ip| ip.to_string()).collect();
        assert_eq!(found, ["10.0.5.20"]);
        let v6 = "fd000000000000000000000000000007 02 40 00 80     eth0\n\
                  00000000000000000000000000000001 01 80 10 80       lo\n";
        let found: Vec<_> = local_v6(v6).map(|ip| ip.to_string()).collect();
        assert_eq!(found, ["fd00::7"]);
    }

    #[test]
    fn a_single_address_is_only_itself() {
        let bound = SocketAddr::from(([127, 0, 0, 1], 80));
        assert_eq!(of(bound), [bound]);
    }

    #[test]
    fn nothing_on_this_machine_is_a_phone_wherever_this_server_listens() {
        let flags = SettingFlags::default()
            .with("data-dir", "/nonexistent/carillon")
            .with("allow-networks", "0.0.0.0/0,::/0")
            .with("allow-loopback", "true");
        let settings = Settings::resolve(&Layers::combine(&flags, &|_| None)).expect("settings");
        let guard = super::super::guard(&settings, &of(settings.listen));
        for own in of_the_machine(80) {
            assert!(guard.check(own.ip(), 80).is_err(), "{own}");
            assert!(guard.check_address(own.ip()).is_err(), "{own}");
        }
        let simulated = guard.check(IpAddr::from([127, 10, 0, 10]), 18080);
        assert!(simulated.is_ok(), "{simulated:?}");
    }
}
