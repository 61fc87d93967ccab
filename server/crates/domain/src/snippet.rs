//! The provisioning lines that open a phone to us.
//!
//! Owns their text. *Invariant:* they name exactly the addresses given; a word such as `any`
//! cannot come out, for only addresses go in.

use std::collections::BTreeSet;
use std::net::IpAddr;

/// The lines for a phone's configuration; `None` when no address is known that a phone could see.
pub fn allow_list_lines(servers: &[IpAddr]) -> Option<String> {
    let list: BTreeSet<String> = servers
        .iter()
        .map(IpAddr::to_canonical)
        .filter(|address| !address.is_unspecified() && !address.is_multicast())
        .map(|address| address.to_string())
        .collect();
    if list.is_empty() {
        return None;
    }
    let list = list.into_iter().collect::<Vec<_>>().join(",");
    Some(format!(
        "features.action_uri.enable = 1\n\
         features.action_uri_limit_ip = {list}\n\
         features.show_action_uri_option = 0\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_servers_are_let_in() {
        let servers = ["10.0.0.5", "10.0.0.4", "::ffff:10.0.0.5", "0.0.0.0"]
            .map(|text| text.parse().expect("an address"));
        assert_eq!(
            allow_list_lines(&servers).expect("lines"),
            "features.action_uri.enable = 1\n\
             features.action_uri_limit_ip = 10.0.0.4,10.0.0.5\n\
             features.show_action_uri_option = 0\n"
        );
        assert_eq!(allow_list_lines(&["::".parse().expect("an address")]), None);
        assert_eq!(allow_list_lines(&[]), None);
    }
}
