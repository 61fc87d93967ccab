//! What the filter language understands and what it refuses.

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Filter {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn one(test: Test) -> Term {
    Term {
        negated: false,
        any_of: vec![test],
    }
}

fn not(test: Test) -> Term {
    Term {
        negated: true,
        any_of: vec![test],
    }
}

#[test]
fn fields_are_anded_and_a_repeated_field_is_ored() {
    let filter = read("site:kiel model:SIP-T46S -tag:VIP site:Berlin -tag:lab desk \"front desk\"");
    assert_eq!(
        filter.terms,
        [
            Term {
                negated: false,
                any_of: vec![Test::Site("kiel".into()), Test::Site("berlin".into())]
            },
            one(Test::Model("T46S".into())),
            not(Test::Tag("vip".into())),
            not(Test::Tag("lab".into())),
            one(Test::Word("desk".into())),
            one(Test::Word("front desk".into())),
        ]
    );
}

#[test]
fn every_field_is_read() {
    let day = Duration::from_hours(24);
    for (text, test) in [
        ("fw:66.86", Test::Firmware("66.86".into())),
        ("ip:10.1.2.3/16", Test::Ip("10.1.0.0/16".parse().unwrap())),
        ("ip:10.1.2.3", Test::Ip("10.1.2.3/32".parse().unwrap())),
        ("ip:fd00::/8", Test::Ip("fd00::/8".parse().unwrap())),
        ("ext:0101", Test::Extension("0101".into())),
        ("mac:AA:bb", Test::MacFragment("aabb".into())),
        ("state:offline", Test::State(Reachability::Offline)),
        ("result:failed", Test::Result(TargetState::Failed)),
        ("ready:ok", Test::Ready(Ready::Ok)),
        ("ready:unknown", Test::Ready(Ready::Unknown)),
        (
            "ready:forbidden",
            Test::Ready(Ready::Gate(Cause::Forbidden)),
        ),
        ("seen:<7d", Test::SeenWithin(day * 7)),
        ("seen:1w", Test::SeenWithin(day * 7)),
        ("seen:>36h", Test::SeenBefore(day * 3 / 2)),
        ("group:Empfang", Test::Group("empfang".into())),
        ("protected:yes", Test::Protected(true)),
        ("site:\"Köln Süd\"", Test::Site("koeln-sued".into())),
        ("SITE:kiel", Test::Site("kiel".into())),
        ("00:15:65", Test::Word("00:15:65".into())),
        ("\"a:b\"", Test::Word("a:b".into())),
        ("\"say \\\"hi\\\"\"", Test::Word("say \"hi\"".into())),
    ] {
        assert_eq!(read(text).terms, [one(test)], "{text}");
    }
    assert!(read("  ").is_everything());
}

#[test]
fn mistakes_name_the_field_the_place_and_what_is_known() {
    let error = "desk sight:kiel".parse::<Filter>().unwrap_err();
    assert_eq!(error.field, "sight");
    assert_eq!(error.position, 5);
    assert!(error.to_string().contains("site:, model:, tag:"), "{error}");

    let error = "result:done".parse::<Filter>().unwrap_err();
    assert_eq!(error.field, "result");
    assert!(error.known.contains(&"acknowledged".to_owned()));

    for text in [
        "site:",
        "-",
        "\"open",
        "ip:10.1",
        "ip:010.0.0.1",
        "ip:010.0.0.1/8",
        "ip:10.0.0.0/255",
        "seen:7",
        "seen:<0d",
        "seen:99999999999d",
        "mac:xyz",
        "fw:new",
        "tag:a;b",
        "protected:maybe",
        "ready:almost",
        "a\"b\"",
        "\"a\"b",
        "\"\"",
    ] {
        assert!(text.parse::<Filter>().is_err(), "{text}");
    }
}

#[test]
fn size_is_bounded() {
    assert!("x".repeat(MAX_CHARS + 1).parse::<Filter>().is_err());
    let many = vec!["x"; MAX_TESTS + 1].join(" ");
    assert!(many.parse::<Filter>().is_err());
}

#[test]
fn words_that_can_be_part_of_a_mac() {
    assert_eq!(mac_digits("00:15-6.5"), Some("001565".to_owned()));
    assert_eq!(mac_digits("desk"), None);
    assert_eq!(mac_digits("5"), None);
}

fn any_test() -> impl Strategy<Value = Test> {
    let slug = "[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?";
    prop_oneof![
        "[^\\s\\p{Cc}]([^\\p{Cc}]{0,12}[^\\s\\p{Cc}])?".prop_map(Test::Word),
        slug.prop_map(|s| Test::Site(crate::phone::slugify(&s))),
        slug.prop_map(|s| Test::Group(crate::phone::slugify(&s))),
        "[A-Z][0-9]{2}[A-Z]?".prop_map(Test::Model),
        "[a-z0-9][a-z0-9 ._/-]{0,10}[a-z0-9]".prop_map(Test::Tag),
        "[0-9]{1,3}(\\.[0-9]{1,3}){0,3}".prop_map(Test::Firmware),
        any::<(u32, u8)>().prop_map(|(ip, prefix)| Test::Ip(
            IpNet::new(std::net::Ipv4Addr::from(ip).into(), prefix % 33)
                .unwrap()
                .trunc()
        )),
        "[0-9*\":-]{1,6}".prop_map(Test::Extension),
        "[0-9a-f]{1,12}".prop_map(Test::MacFragment),
        proptest::sample::select(Reachability::ALL).prop_map(Test::State),
        proptest::sample::select(TargetState::ALL).prop_map(Test::Result),
        proptest::sample::select(Cause::ALL).prop_map(|c| Test::Ready(Ready::Gate(c))),
        (1_u64..100_000).prop_map(|s| Test::SeenWithin(Duration::from_secs(s))),
        (1_u64..100_000).prop_map(|s| Test::SeenBefore(Duration::from_secs(s))),
        any::<bool>().prop_map(Test::Protected),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_as_the_same(
        tests in proptest::collection::vec((any::<bool>(), any_test()), 0..8)
    ) {
        let text = tests
            .iter()
            .map(|(negated, test)| format!("{}{test}", if *negated { "-" } else { "" }))
            .collect::<Vec<_>>()
            .join(" ");
        let filter: Filter = text.parse().expect("written by ourselves");
        let asked = tests.iter().all(|(_, test)| filter.tests().any(|t| t == test));
        prop_assert!(asked, "{text} lost a test: {filter}");
        prop_assert_eq!(filter.to_string().parse::<Filter>(), Ok(filter));
    }

    #[test]
    fn hostile_text_is_read_or_refused_and_stable(text in "\\PC{0,60}") {
        if let Ok(filter) = text.parse::<Filter>() {
            prop_assert_eq!(filter.to_string().parse::<Filter>(), Ok(filter));
        }
    }
}
