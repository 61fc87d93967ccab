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
    assert_eq!(names(open().with("insecure-http", "true")), ["public-url"]);
    let proxied = || open().with("behind-tls-proxy", "10.0.0.2/32");
    assert_eq!(
        names(proxied().with("public-url", "http://c.example")),
        ["public-url"]
    );
    assert!(names(proxied().with("public-url", "https://c.example")).is_empty());
}
