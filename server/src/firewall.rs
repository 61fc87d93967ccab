//! The guard to the phones once more, outside of the process: texts for nftables and systemd.
//!
//! Owns their form. *Invariants:* made from the same list as the guard inside; knows no name of a
//! host; changes nothing on the machine.

use std::fmt::Write as _;

use ipnet::IpNet;

/// What stands in the texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// The networks in which phones may be contacted.
    pub networks: Vec<IpNet>,
    /// The ports of phones and SIP servers.
    pub ports: Vec<u16>,
    /// What else the process talks to: database, identity provider, receivers, resolver.
    pub also: Vec<IpNet>,
    /// Who the process runs as.
    pub user: String,
}

/// What is refused inside the allowed networks too. Loopback is not among them: the rules refuse
/// every address of this machine.
const NEVER: &[&str] = &[
    "0.0.0.0/8",
    "100.100.100.200/32",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "192.0.0.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "2001::/32",
    "2002::/16",
    "fd00:c1::a9fe:a9fe/128",
    "fd00:ec2::/32",
    "fd20:ce::254/128",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

const NFTABLES: &str = "\
# What processes of one user may connect to: the guard of Carillon once more, outside of it. Made by
# `carillon networks nftables`; make it anew when the networks change.
# Answers to browsers pass as part of what exists already. Only processes of that user are looked at.
";

const SYSTEMD: &str = "\
# What the service may talk to: the guard of Carillon once more, outside of it. Made by
# `carillon networks systemd`; make it anew when the networks change.
# systemd looks at both directions and at no port, and what is allowed goes before what is denied: the
# networks of browsers stand here too, and addresses inside that are never contacted are left to the
# guard inside the program. localhost is for the health check and a database on this machine.
";

/// A ruleset for `nft -f`, in a table of its own.
pub fn nftables(outside: &Outside) -> String {
    let never: Vec<IpNet> = NEVER.iter().filter_map(|text| text.parse().ok()).collect();
    let mut text = NFTABLES.to_owned();
    text.push_str("table inet carillon\ndelete table inet carillon\n\ntable inet carillon {\n");
    for (name, networks) in [
        ("phones", &outside.networks),
        ("also", &outside.also),
        ("never", &never),
    ] {
        let (v4, v6) = by_family(networks);
        set(&mut text, (&format!("{name}4"), "ipv4_addr"), &v4);
        set(&mut text, (&format!("{name}6"), "ipv6_addr"), &v6);
    }
    let ports: Vec<String> = outside.ports.iter().map(ToString::to_string).collect();
    set(&mut text, ("ports", "inet_service"), &ports);
    chains(&mut text, &outside.user);
    text
}

fn set(text: &mut String, (name, kind): (&str, &str), elements: &[String]) {
    // Writing into a text cannot fail.
    let _ = writeln!(text, "\tset {name} {{\n\t\ttype {kind}\n\t\tflags interval");
    if !elements.is_empty() {
        let _ = writeln!(text, "\t\telements = {{ {} }}", elements.join(", "));
    }
    text.push_str("\t}\n\n");
}

fn chains(text: &mut String, user: &str) {
    let refuse = "counter reject with icmpx admin-prohibited";
    let _ = write!(
        text,
        "\tchain carillon {{\n\
         \t\tct state established,related accept\n\
         \t\tip daddr @also4 accept\n\
         \t\tip6 daddr @also6 accept\n\
         \t\tip daddr @never4 {refuse}\n\
         \t\tip6 daddr @never6 {refuse}\n\
         \t\tfib daddr type local {refuse}\n\
         \t\tip daddr @phones4 meta l4proto {{ tcp, udp }} th dport @ports accept\n\
         \t\tip6 daddr @phones6 meta l4proto {{ tcp, udp }} th dport @ports accept\n\
         \t\t{refuse}\n\
         \t}}\n\n\
         \tchain output {{\n\
         \t\ttype filter hook output priority filter; policy accept;\n\
         \t\tmeta skuid \"{user}\" jump carillon\n\
         \t}}\n\
         }}\n"
    );
}

/// A drop-in for the unit of the service.
pub fn systemd(outside: &Outside) -> String {
    let mut text = format!("{SYSTEMD}[Service]\nIPAddressDeny=any\nIPAddressAllow=localhost\n");
    for network in outside.networks.iter().chain(&outside.also) {
        let _ = writeln!(text, "IPAddressAllow={network}");
    }
    text
}

fn by_family(networks: &[IpNet]) -> (Vec<String>, Vec<String>) {
    let (v4, v6): (Vec<_>, Vec<_>) = networks
        .iter()
        .partition(|network| matches!(network, IpNet::V4(_)));
    let texts = |list: Vec<&IpNet>| list.into_iter().map(ToString::to_string).collect();
    (texts(v4), texts(v6))
}

#[cfg(test)]
mod tests {
    use carillon_domain::address::never_contacted;

    use super::*;

    fn outside() -> Outside {
        let net = |text: &&str| text.parse().expect("a network");
        Outside {
            networks: ["10.20.0.0/16", "fd12::/16"].iter().map(net).collect(),
            ports: vec![80, 443, 5060, 5061],
            also: ["10.9.0.5/32"].iter().map(net).collect(),
            user: "carillon".to_owned(),
        }
    }

    #[test]
    fn what_is_never_contacted_here_is_never_contacted_inside() {
        for text in NEVER {
            let network: IpNet = text.parse().expect("a network");
            for address in [network.network(), network.broadcast()] {
                assert!(never_contacted(address).is_some(), "{text}: {address}");
            }
        }
    }

    #[test]
    fn the_ruleset_is_this_text() {
        assert_eq!(nftables(&outside()), include_str!("firewall/nftables.txt"));
    }

    #[test]
    fn the_drop_in_is_this_text() {
        assert_eq!(systemd(&outside()), include_str!("firewall/systemd.txt"));
    }

    #[test]
    fn no_network_is_an_empty_set() {
        let text = nftables(&Outside::default());
        assert!(!text.contains("elements = {  }"), "{text}");
    }
}
