use super::*;

fn none(_: &str) -> Option<String> {
    None
}

fn settings(flags: SettingFlags) -> Result<Settings, Vec<Problem>> {
    Settings::resolve(&Layers::combine(&flags, &none))
}

/// Flags that point to an empty directory, so that no file of the developer's interferes.
fn flags() -> SettingFlags {
    SettingFlags::default().with("data-dir", "/nonexistent/carillon")
}

#[test]
fn defaults_are_loopback_and_private_networks() {
    let settings = settings(flags()).expect("defaults are valid");
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.front, Front::Loopback);
    assert_eq!(settings.egress.networks.len(), 4);
    assert!(!settings.egress.loopback);
    assert_eq!(settings.max_in_flight, 1024);
    assert_eq!(settings.min_free, 256 << 20);
}

#[test]
fn networks_with_leading_zeros_are_refused() {
    for key in ["allow-networks", "receiver-networks", "behind-tls-proxy"] {
        for (text, meant) in [
            ("010.0.0.0/8", "10.0.0.0/8"),
            ("10.0.0.0/08", "10.0.0.0/8"),
            ("10.020.0.0/16", "10.20.0.0/16"),
        ] {
            let problems = settings(flags().with(key, text)).unwrap_err();
            let told = format!("{problems:?}");
            assert_eq!(problems.len(), 1, "{told}");
            assert!(
                told.contains("leading zeros") && told.contains(meant),
                "{told}"
            );
        }
    }
    let given = settings(flags().with("allow-networks", "10.1.2.3/16,fd00::/8"));
    assert_eq!(given.expect("as before").egress.networks.len(), 2);
}

#[test]
fn not_everybody_is_a_proxy() {
    for text in [
        "0.0.0.0/0",
        "::/0",
        "10.0.0.2/32,::/0",
        "0.0.0.0/1,128.0.0.0/1",
        "10.1.2.3/0",
    ] {
        let given = flags()
            .with("listen", "0.0.0.0:8080")
            .with("public-url", "https://c.example")
            .with("behind-tls-proxy", text);
        let problems = settings(given).expect_err(text);
        let told = format!("{problems:?}");
        assert_eq!(problems.len(), 1, "{told}");
        assert_eq!(problems[0].name, "behind-tls-proxy");
        assert!(told.contains("is every address"), "{told}");
    }
}

#[test]
fn a_provider_is_set_whole_or_not_at_all() {
    let wrong = |flags: SettingFlags| {
        let problems = settings(flags).unwrap_err().into_iter();
        problems.map(|problem| problem.name).collect::<Vec<_>>()
    };
    let issuer = flags().with("oidc-issuer", "http://id.example");
    assert_eq!(
        wrong(issuer),
        ["oidc-issuer", "oidc-client-id", "oidc-roles"]
    );
    let alone = flags().with("oidc-roles", "a=admin");
    assert_eq!(wrong(alone), ["oidc-roles"]);
    let whole = |roles: &str| {
        let flags = flags().with("oidc-issuer", "https://id.example");
        let flags = flags.with("oidc-client-id", "carillon");
        flags.with("oidc-roles", roles)
    };
    assert_eq!(wrong(whole("a=chief")), ["oidc-roles", "oidc-roles"]);
    let given = settings(whole("a=b=operator,all=viewer"));
    let oidc = given.expect("valid").oidc.expect("a provider");
    let roles = [("a=b", Role::Operator), ("all", Role::Viewer)];
    assert_eq!(
        oidc.roles,
        roles.map(|(value, role)| (value.to_owned(), role))
    );
    assert_eq!(oidc.scopes, ["openid", "profile"]);
    assert_eq!((&*oidc.name, &*oidc.role_claim), ("OpenID", "groups"));
}

#[test]
fn flag_wins_over_environment_wins_over_file() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let file = dir.path().join("carillon.toml");
    std::fs::write(
        &file,
        "listen = \"127.0.0.1:1\"\nmax_in_flight = 3\nlog = \"warn\"\n",
    )
    .expect("written");
    let environment = |name: &str| match name {
        "CARILLON_LISTEN" => Some("127.0.0.1:2".to_owned()),
        "CARILLON_MAX_IN_FLIGHT" => Some("4".to_owned()),
        _ => None,
    };
    let flags = SettingFlags::default()
        .with("listen", "127.0.0.1:9")
        .with("config", &file.display().to_string());
    let layers = Layers::combine(&flags, &environment);
    let settings = Settings::resolve(&layers).expect("valid");
    assert_eq!(settings.listen.port(), 9);
    assert_eq!(settings.max_in_flight, 4);
    assert_eq!(settings.log.filter, "warn");
    assert_eq!(layers.source("listen"), Source::Flag);
    assert_eq!(layers.source("log"), Source::File(file));
}

#[test]
fn all_problems_at_once() {
    let flags = flags()
        .with("listen", "everywhere")
        .with("allow-ports", "80,http")
        .with("log-format", "xml")
        .with("tls-key", "k.pem");
    let problems = settings(flags).expect_err("four mistakes");
    let names: Vec<_> = problems.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["listen", "tls-cert", "allow-ports", "log-format"]);
}

#[test]
fn unknown_keys_are_refused() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let file = dir.path().join("carillon.toml");
    let text = "lissten = \"x\"\nlisten = 5\nlog_format = \"xml\"\n[tls]\ncert = 1\n";
    std::fs::write(&file, text).expect("written");
    let flags = SettingFlags::default().with("config", &file.display().to_string());
    let problems = settings(flags).expect_err("two unknown keys and two wrong values");
    let names: Vec<_> = problems.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["lissten", "tls", "listen", "log-format"]);
}

#[test]
fn off_loopback_wants_tls_and_an_origin() {
    let open = || flags().with("listen", "10.0.0.1:8080");
    let names = |flags| -> Vec<String> {
        settings(flags)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|problem| problem.name)
            .collect()
    };
    assert_eq!(names(open()), ["listen", "public-url"]);
    let metrics = flags().with("metrics-listen", "0.0.0.0:9464");
    assert_eq!(names(metrics), ["metrics-listen"]);
    let at = |listen, metrics| {
        flags()
            .with("listen", listen)
            .with("metrics-listen", metrics)
    };
    assert_eq!(
        names(at("127.0.0.1:9000", "127.0.0.1:9000")),
        ["metrics-listen"]
    );
    assert!(names(at("127.0.0.1:9000", "127.0.0.1:9001")).is_empty());
    assert!(names(at("127.0.0.1:0", "127.0.0.1:0")).is_empty());
    assert_eq!(names(open().with("insecure-http", "true")), ["public-url"]);
    let proxied = || open().with("behind-tls-proxy", "10.0.0.2/32");
    assert_eq!(
        names(proxied().with("public-url", "http://c.example")),
        ["public-url"]
    );
    assert!(names(proxied().with("public-url", "https://c.example")).is_empty());
}

#[test]
fn an_anchor_that_is_required_has_to_be_there() {
    let required = flags().with("anchor-required", "60");
    let problems = settings(required.clone()).expect_err("no anchor");
    assert!(
        problems[0].to_string().contains("no anchor to require"),
        "{}",
        problems[0]
    );
    for key in ["anchor-file", "anchor-url"] {
        let value = ["https://worm.example/log", "/mnt/anchor"][usize::from(key == "anchor-file")];
        let settings = settings(required.clone().with(key, value)).expect("an anchor");
        assert!(settings.receivers.anchor_required.is_some());
    }
}

#[test]
fn an_anchors_secret_is_for_one_anchor_and_never_in_clear() {
    let with = |urls: &str, files: &str| {
        let flags = flags().with("anchor-url", urls);
        let settings = settings(flags.with("anchor-authorization-file", files));
        settings.map(|settings| {
            let anchors = settings.receivers.anchors.into_iter();
            let files = anchors.map(|anchor| anchor.authorization);
            files
                .map(|file| file.map(|file| file.display().to_string()))
                .collect::<Vec<_>>()
        })
    };
    let (a, b) = ("https://a.example/log", "https://b.example/log");
    let some = |file: &str| Some(file.to_owned());
    assert_eq!(with(a, "/t").expect("one"), [some("/t")]);
    assert_eq!(
        with(&format!("syslog+tls://s.example,{a}"), "/t").expect("one over HTTP"),
        [None, some("/t")]
    );
    assert_eq!(
        with(&format!("{a},{b}"), &format!("{b}=/t")).expect("named"),
        [None, some("/t")]
    );
    assert_eq!(
        with("http://127.0.0.1:9", "/t").expect("loopback"),
        [some("/t")]
    );
    for (urls, files, why) in [
        (&*format!("{a},{b}"), "/t", "several"),
        ("http://a.example/log", "/t", "in clear"),
        ("syslog+tls://s.example", "/t", "https://"),
        (
            "syslog+tls://s.example",
            "syslog+tls://s.example=/t",
            "syslog",
        ),
        (a, "https://c.example=/t", "URL=FILE"),
        ("", "/t", "https://"),
    ] {
        let problems = with(urls, files).expect_err(why);
        assert!(problems[0].to_string().contains(why), "{}", problems[0]);
    }
}

#[test]
fn a_database_over_the_network_is_checked_or_said_to_be_insecure() {
    let at = |url: &str| flags().with("database-url", url);
    for url in [
        "postgres://c:secret@db.example/carillon",
        "postgres://c:secret@10.0.0.9/carillon?sslmode=require",
    ] {
        let problems = settings(at(url)).expect_err(url);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].name, "database-url");
        let told = problems[0].to_string();
        assert!(told.contains("sslmode=verify-full") && told.contains("--insecure-database"));
        assert!(!told.contains("secret"), "{told}");
        settings(at(url).with("insecure-database", "true")).expect("chosen");
    }
    for url in [
        "postgres://c@db.example/carillon?sslmode=verify-full",
        "postgres://c@127.0.0.1/carillon",
        "postgres:///carillon?host=/run/postgresql",
    ] {
        settings(at(url)).expect(url);
    }
}
