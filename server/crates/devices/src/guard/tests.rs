use super::*;

fn guard(networks: &[&str]) -> Guard {
    Guard::new(GuardConfig {
        networks: networks.iter().map(|n| n.parse().expect("net")).collect(),
        own_addresses: vec![
            "10.9.9.9:8080".parse().expect("own"),
            "[fd00::9]:5432".parse().expect("own"),
        ],
        ..GuardConfig::default()
    })
}

fn everything() -> Guard {
    guard(&["0.0.0.0/0", "::/0"])
}

fn loopback() -> Guard {
    Guard::new(GuardConfig {
        allow_loopback: true,
        own_addresses: vec![
            "127.0.0.1:8080".parse().expect("own"),
            "0.0.0.0:9090".parse().expect("own"),
            "[::1]:5432".parse().expect("own"),
        ],
        ..GuardConfig::default()
    })
}

#[test]
fn defaults_are_the_private_networks() {
    let guard = Guard::new(GuardConfig::default());
    for good in [
        "10.0.0.1",
        "10.255.255.254",
        "172.16.0.1",
        "172.31.255.1",
        "192.168.1.1",
        "fc00::1",
        "fd12:3456:789a::1",
    ] {
        assert!(guard.check_text(good).is_ok(), "{good}");
    }
    for bad in [
        "9.255.255.255",
        "11.0.0.0",
        "172.15.0.1",
        "172.32.0.1",
        "192.167.0.1",
        "8.8.8.8",
        "100.64.0.1",
        "203.0.113.7",
        "2001:db8::1",
        "2606:4700::1111",
        "fbff::1",
        "fe00::1",
    ] {
        let address: IpAddr = bad.parse().expect("address");
        assert_eq!(guard.check_text(bad), Err(Blocked::Outside(address)));
    }
}

#[test]
fn the_list_of_never_stands_even_when_everything_is_allowed() {
    let guard = everything();
    for bad in [
        "0.0.0.0",
        "0.1.2.3",
        "0.255.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "127.1.2.3",
        "169.254.0.1",
        "169.254.169.254",
        "169.254.255.255",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.1",
        "192.0.0.170",
        "192.0.0.255",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "254.1.1.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::dead:beef",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "ff00::",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "fd00:ec2::",
        "fd00:ec2::23",
        "fd00:ec2::123",
        "fd00:ec2::253",
        "fd00:ec2::254",
        "fd00:ec2:ffff:ffff:ffff:ffff:ffff:ffff",
        "fd20:ce::254",
        "FD20:00CE:0:0:0:0:0:0254",
        "fd00:c1::a9fe:a9fe",
        "fd00:c1::169.254.169.254",
        "FD00:0EC2:0000:0000:0000:0000:0000:0254",
        "10.9.9.9",
        "fd00::9",
    ] {
        assert!(guard.check_text(bad).is_err(), "{bad} passed");
    }
    for good in [
        "192.0.1.1",
        "192.0.2.1",
        "169.253.1.1",
        "100.100.100.201",
        "168.63.129.17",
        "223.255.255.1",
        "fe7f::1",
        "fd00:ec1::254",
        "fd00:ec3::254",
        "fd20:ce::253",
        "fd00:c1::a9fe:a9ff",
    ] {
        assert!(guard.check_text(good).is_ok(), "{good} was refused");
    }
}

#[test]
fn every_wrapping_of_ipv4_is_unwrapped_and_refused() {
    let guard = everything();
    for (bad, inner) in [
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::ffff:a00:1", "10.0.0.1"),
        ("::FFFF:127.0.0.1", "127.0.0.1"),
        ("::ffff:7f00:1", "127.0.0.1"),
        ("0:0:0:0:0:ffff:a9fe:a9fe", "169.254.169.254"),
        ("0000:0000:0000:0000:0000:ffff:0a00:0001", "10.0.0.1"),
        ("::10.0.0.1", "10.0.0.1"),
        ("::a00:1", "10.0.0.1"),
        ("::2", "0.0.0.2"),
        ("::ffff:0:10.0.0.1", "10.0.0.1"),
        ("64:ff9b::10.0.0.1", "10.0.0.1"),
        ("64:ff9b::a00:1", "10.0.0.1"),
        ("64:ff9b:1::a00:1", "10.0.0.1"),
        ("64:ff9b:1:ffff::10.0.0.1", "10.0.0.1"),
        ("2002:a00:1::", "10.0.0.1"),
        ("2002:0a00:0001:1::1", "10.0.0.1"),
        ("2002:7f00:1::1", "127.0.0.1"),
        ("2001:0:5ef5:79fd:0:59d:f5ff:fffe", "10.0.0.1"),
        ("2001::f5ff:fffe", "10.0.0.1"),
        ("fd00::5efe:10.0.0.1", "10.0.0.1"),
        ("fd00::200:5efe:a00:1", "10.0.0.1"),
    ] {
        let address: Ipv6Addr = bad.parse().expect("address");
        let inner: Ipv4Addr = inner.parse().expect("inner");
        assert_eq!(
            guard.check_text(bad),
            Err(Blocked::Embedded(address, inner)),
            "{bad}"
        );
        assert!(guard.check(IpAddr::V6(address), 80).is_err());
    }
}

#[test]
fn only_the_plain_spelling_is_read() {
    let guard = everything();
    for bad in [
        "",
        " ",
        " 10.0.0.1",
        "10.0.0.1 ",
        "10.0.0.1\n",
        "10.0.0.1\0",
        "10.0.0.1\t",
        "010.0.0.1",
        "10.0.0.01",
        "10.00.0.1",
        "0012.0.0.1",
        "0x0a.0.0.1",
        "0xa.0x0.0x0.0x1",
        "0X0A000001",
        "0x0a000001",
        "167772161",
        "012000000001",
        "0",
        "10",
        "10.1",
        "127.1",
        "10.0.1",
        "10.0.0",
        "10.0.0.1.",
        "10.0.0.1.1",
        ".10.0.0.1",
        "10..0.1",
        "256.0.0.1",
        "10.0.0.256",
        "10.0.0.-1",
        "10.0.0.+1",
        "+10.0.0.1",
        "-10.0.0.1",
        "1e1.0.0.1",
        "10,0,0,1",
        "10.0.0.1:80",
        "10.0.0.1/32",
        "10.0.0.1/",
        "10.0.0.1?x",
        "10.0.0.1#x",
        "admin@10.0.0.1",
        "admin:admin@10.0.0.1",
        "http://10.0.0.1",
        "//10.0.0.1",
        "\\\\10.0.0.1",
        "10.0.0.1%00",
        "10.0.0.1%20",
        "10%2e0.0.1",
        "１０.0.0.1",
        "10。0。0。1",
        "१०.0.0.1",
        "10.0.0.①",
        "10.0.0.1\u{200b}",
        "\u{202e}10.0.0.1",
        "[fd00::1]",
        "[fd00::1]:80",
        "fd00::1%eth0",
        "fd00::1%25eth0",
        "fe80::1%1",
        "fd00::1/64",
        "fd00:::1",
        "fd00::1::2",
        "fd00",
        "fd00:1",
        ":::",
        ":",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "fd00::12345",
        "fd00::g",
        "fd00::10.0.0.01",
        "fd00::0x1",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "phone.example",
        "phone.example.",
        "10.0.0.1.nip.io",
        "xn--phone-1a",
        "a",
        "0.0.0.0.0",
        "nan",
        "null",
    ] {
        assert!(
            matches!(guard.check_text(bad), Err(Blocked::NotALiteral(_))),
            "{bad:?} gave {:?}",
            guard.check_text(bad)
        );
    }
}

#[test]
fn the_refusal_says_what_to_mend() {
    let guard = everything();
    for (text, word) in [
        ("010.0.0.1", "leading zeros"),
        ("0x0a.0.0.1", "hexadecimal"),
        ("10.1", "four numbers"),
        ("10.0.0.300", "255"),
        ("phone.example", "host names"),
        ("[fd00::1]", "brackets"),
        ("fd00::1%eth0", "zone"),
        ("10.0.0.1:80", "without a port"),
        ("10.0.0.1.", "dot at the end"),
        ("a@10.0.0.1", "user names"),
        ("10.0.0.0/8", "prefix"),
        ("", "empty"),
    ] {
        let said = guard.check_text(text).expect_err("refused").to_string();
        assert!(said.contains(word), "{text}: {said}");
    }
}

#[test]
fn ports_are_a_list() {
    let guard = guard(&["10.0.0.0/8"]);
    let address: IpAddr = "10.0.0.1".parse().expect("address");
    for good in [80, 443, 5060, 5061] {
        assert_eq!(
            guard.check(address, good),
            Ok(SocketAddr::new(address, good))
        );
    }
    for bad in [0, 1, 22, 79, 81, 444, 5062, 8080, 65535] {
        assert_eq!(guard.check(address, bad), Err(Blocked::Port(bad)));
    }
}

#[test]
fn loopback_is_open_only_when_told_and_never_on_our_own_ports() {
    let closed = everything();
    let local: IpAddr = "127.0.0.1".parse().expect("address");
    assert!(matches!(
        closed.check(local, 8443),
        Err(Blocked::Loopback(_))
    ));

    let open = loopback();
    for address in ["127.0.0.1", "127.9.8.7", "127.255.255.254", "::1"] {
        let ip: IpAddr = address.parse().expect("address");
        assert!(open.check(ip, 1024).is_ok(), "{address}");
        assert!(open.check(ip, 65535).is_ok(), "{address}");
        for system in [0, 80, 443, 1023] {
            assert!(open.check(ip, system).is_err(), "{address} {system}");
        }
        for own in [8080, 9090, 5432] {
            assert!(matches!(open.check(ip, own), Err(Blocked::Own(_))));
        }
    }
    assert!(open.check_text("::ffff:127.0.0.1").is_err());
    assert!(open.check_text("0.0.0.0").is_err());
}

#[test]
fn our_own_addresses_are_closed_on_every_port() {
    let guard = everything();
    let own: IpAddr = "10.9.9.9".parse().expect("address");
    for port in [80, 443, 5060] {
        assert!(matches!(guard.check(own, port), Err(Blocked::Own(_))));
    }
}

#[test]
fn the_list_can_be_narrowed_and_never_widened() {
    let guard = Guard::new(GuardConfig::default());
    let net = |text: &str| text.parse::<IpNet>().expect("net");
    assert!(guard.is_allowed_network(net("10.1.0.0/16")));
    assert!(guard.is_allowed_network(net("fd00::/8")));
    assert!(!guard.is_allowed_network(net("8.0.0.0/7")));
    assert!(!guard.is_allowed_network(net("0.0.0.0/0")));

    let narrow = guard.narrowed(&[net("10.1.0.0/16")]).expect("narrower");
    assert!(narrow.check_text("10.1.2.3").is_ok());
    assert!(narrow.check_text("10.2.0.1").is_err());
    assert!(narrow.check_text("192.168.1.1").is_err());
    assert_eq!(
        narrow.narrowed(&[net("10.0.0.0/8")]).map(|_| ()),
        Err(Blocked::Wider(net("10.0.0.0/8")))
    );
    let none = guard.narrowed(&[]).expect("nothing at all");
    assert!(none.check_text("10.1.2.3").is_err());
}

#[test]
fn loopback_narrows_like_any_other_network() {
    let narrow = loopback()
        .narrowed(&["127.1.0.0/16".parse().expect("net")])
        .expect("narrower");
    assert!(narrow.check_text("127.1.0.5").is_ok());
    assert!(narrow.check_text("127.2.0.5").is_err());
}

#[test]
fn every_refusal_is_the_same_cause() {
    assert_eq!(Blocked::Port(1).cause(), Cause::BlockedAddress);
}

#[test]
fn what_two_lists_have_in_common_is_never_wider_than_either() {
    let outer = guard(&["10.0.0.0/8", "192.168.7.0/24"]);
    let parse = |texts: &[&str]| -> Vec<IpNet> {
        let nets = texts.iter().map(|text| text.parse().expect("net"));
        nets.collect()
    };
    for (list, common) in [
        (vec!["10.1.0.0/16"], vec!["10.1.0.0/16"]),
        (vec!["0.0.0.0/0"], vec!["10.0.0.0/8", "192.168.7.0/24"]),
        (vec!["192.168.0.0/16"], vec!["192.168.7.0/24"]),
        (vec!["172.16.0.0/12", "fd00::/8"], vec![]),
        (vec![], vec![]),
    ] {
        let narrower = outer.within(&parse(&list));
        assert_eq!(narrower.networks(), parse(&common), "{list:?}");
        assert!(narrower.check_text("172.16.0.1").is_err(), "{list:?}");
        assert!(narrower.check_text("10.9.9.9").is_err(), "our own");
    }
    assert!(outer.within(&[]).check_text("10.0.0.1").is_err());
}
