//! Columns made for sorting and searching.
//!
//! Owns their form, so that both databases sort and find alike: they know different alphabets.

use std::net::IpAddr;

use carillon_domain::phone::Phone;
use ipnet::IpNet;

/// Lower case, the same for all alphabets.
pub(crate) fn label_key(label: &str) -> String {
    label.to_lowercase()
}

/// Numbers padded so that 99 comes before 100; other texts behind them in lower case.
pub(crate) fn extension_key(extension: &str) -> String {
    if !extension.is_empty() && extension.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{extension:0>20}")
    } else {
        extension.to_lowercase()
    }
}

/// Where a free word is looked for.
pub(crate) fn search_key(phone: &Phone) -> String {
    format!("{}\n{}", phone.label, phone.extension).to_lowercase()
}

/// 32 hexadecimal digits; IPv4 as mapped into IPv6. Sorts by number, so that a network is a
/// range. Empty without an address.
pub(crate) fn address_key(address: Option<IpAddr>) -> String {
    address.map(number_of).map_or_else(String::new, digits)
}

/// The first and last key of a network.
pub(crate) fn address_range(network: IpNet) -> (String, String) {
    (
        digits(number_of(network.network())),
        digits(number_of(network.broadcast())),
    )
}

fn number_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn digits(number: u128) -> String {
    format!("{number:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_sort_by_number_and_networks_are_ranges() {
        let key = |text: &str| address_key(text.parse().ok());
        assert!(key("10.0.0.9") < key("10.0.0.10"));
        assert!(key("10.0.0.10") < key("fd00::1"));
        let (first, last) = address_range("10.1.0.0/16".parse().expect("a network"));
        assert_eq!((first, last), (key("10.1.0.0"), key("10.1.255.255")));
        assert_eq!(address_key(None), "");
    }

    #[test]
    fn extensions_sort_as_numbers() {
        assert!(extension_key("99") < extension_key("100"));
        assert!(extension_key("100") < extension_key("Lobby"));
    }
}
