//! No secret is found where it does not belong.
//!
//! A secret of its own goes in by every way there is: command line, forms, API, imports, the
//! environment, a provider of identities. Then everything that the program writes or shows is searched for each of them, in
//! every spelling: the database and its log, logs at the finest level, pages, API, exports, and what
//! leaves for receivers of the audit log and of its checkpoints.

use std::collections::{BTreeSet, HashMap};
use std::fs::{File, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_simulator::{Auth, Collector, Fleet, FleetConfig, SiteConfig, Taken};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use serde_json::json;

use crate::browser::{Browser, token};
use crate::command_line::{carillon, run, with_input};
use crate::house::fleet;
use crate::provider::{CLIENT, Provider};
use crate::requests::{Answer, Client};
use crate::second_factor::{code_at, copied};

/// Secrets by what they are.
struct Canaries(Vec<(String, String)>);

impl Canaries {
    /// A password that passes every rule.
    fn password(&mut self, what: &str) -> String {
        let number = self.0.len();
        self.keep(what, &format!("kq{number:02}-zwielicht-vx{number:02}"))
    }

    fn number(&mut self, what: &str) -> String {
        let number = self.0.len();
        self.keep(what, &format!("04315{number:02}8362947"))
    }

    fn keep(&mut self, what: &str, secret: &str) -> String {
        self.0.push((what.to_owned(), secret.to_owned()));
        secret.to_owned()
    }
}

/// Eight ways to write a secret down.
fn spellings(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = secret.as_bytes();
    let each = |form: &dyn Fn(u8) -> String| -> Vec<u8> {
        bytes
            .iter()
            .map(|byte| form(*byte))
            .collect::<String>()
            .into_bytes()
    };
    // In base 64 the middle of a secret is the same wherever in three bytes it begins.
    let inner = |skip: usize| {
        let part = &bytes[skip..bytes.len() - (bytes.len() - skip) % 3];
        STANDARD_NO_PAD.encode(part).into_bytes()
    };
    vec![
        ("plain", bytes.to_vec()),
        ("hex", hex::encode(bytes).into_bytes()),
        ("HEX", hex::encode_upper(bytes).into_bytes()),
        ("base64, from the first byte", inner(0)),
        ("base64, from the second", inner(1)),
        ("base64, from the third", inner(2)),
        ("base64 of urls", URL_SAFE_NO_PAD.encode(bytes).into_bytes()),
        (
            "Basic",
            STANDARD.encode(format!("admin:{secret}")).into_bytes(),
        ),
        ("percent", each(&|byte| format!("%{byte:02X}"))),
        (
            "two bytes a letter",
            bytes.iter().flat_map(|byte| [*byte, 0]).collect(),
        ),
    ]
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

/// What was written or shown, by where.
#[derive(Default)]
struct Found(Vec<(String, Vec<u8>)>);

impl Found {
    fn keep(&mut self, place: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.push((place.into(), bytes.into()));
    }

    /// Every file of the data directory but the one that holds the keys.
    fn folder(&mut self, when: &str, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.folder(when, &path);
            } else if path.is_file()
                && !path.ends_with("secret.keys")
                && !path.ends_with("signing.key")
            {
                self.keep(
                    format!("{when}: {}", path.display()),
                    std::fs::read(&path).unwrap(),
                );
            }
        }
    }

    /// Looks for all of them in one pass: by their first four bytes, then by the rest.
    fn search(&self, canaries: &Canaries) -> Vec<String> {
        let mut needles = HashMap::<[u8; 4], Vec<(String, Vec<u8>)>>::new();
        for (what, secret) in &canaries.0 {
            for (spelling, needle) in spellings(secret) {
                let first = needle[..4].try_into().unwrap();
                let known = needles.entry(first).or_default();
                known.push((format!("{what}, {spelling}"), needle));
            }
        }
        let mut leaks = BTreeSet::new();
        for (place, hay) in &self.0 {
            for (at, first) in hay.windows(4).enumerate() {
                let Some(known) = needles.get(first) else {
                    continue;
                };
                let here = known
                    .iter()
                    .filter(|(_, needle)| hay[at..].starts_with(needle));
                leaks.extend(here.map(|(name, _)| format!("{name}, in {place}")));
            }
        }
        leaks.into_iter().collect()
    }
}

#[test]
fn every_spelling_is_found_where_it_is() {
    let mut canaries = Canaries(Vec::new());
    let secret = canaries.password("planted");
    for (spelling, _) in spellings(&secret) {
        for lead in ["", "x", "xy"] {
            let text = match spelling {
                "Basic" => STANDARD.encode(format!("admin:{secret}")).into_bytes(),
                s if s.starts_with("base64, ") => {
                    STANDARD.encode(format!("{lead}{secret}zz")).into_bytes()
                }
                s => {
                    spellings(&secret)
                        .into_iter()
                        .find(|(name, _)| *name == s)
                        .unwrap()
                        .1
                }
            };
            let mut found = Found::default();
            found.keep("here", [b"before ".as_slice(), &text, b" after"].concat());
            assert!(!found.search(&canaries).is_empty(), "{spelling} {lead}");
        }
    }
}

/// The server as a process of its own, which logs everything it can.
struct Process {
    child: Child,
    base: String,
}

impl Process {
    fn start(home: &Path, log: &Path, token: &str, settings: &[&str]) -> Self {
        let mut child = carillon(home)
            .args(["serve", "--listen", "127.0.0.1:0", "--allow-loopback"])
            .args(settings)
            .args(["--log", "trace", "--log-format", "json"])
            .env("CARILLON_TOKEN", token)
            .stdout(Stdio::piped())
            .stderr(File::create(log).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let base = line.strip_prefix("Address: ").unwrap();
        let base = base.trim_end_matches('/').to_owned();
        Self { child, base }
    }

    fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap();
    }
}

async fn form(browser: &mut Browser, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = token(&browser.get(page).await);
    let fields = [&[("csrf", csrf.as_str())], fields].concat();
    let form = browser.form(path, &fields);
    browser
        .send(form.header("sec-fetch-site", "same-origin"))
        .await
}

fn leads_to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.headers[LOCATION].to_str().unwrap().to_owned()
}

/// Signing in, the second factor, accounts and links.
async fn people(browser: &mut Browser, canaries: &mut Canaries, admin: &str) {
    let wrong = canaries.password("a wrong password");
    browser.sign_in("eve", &wrong).await;
    let as_name = canaries.password("a password typed as a name");
    browser.sign_in(&as_name, &wrong).await;
    leads_to(&browser.sign_in("eve", admin).await);
    let factor = "/account/second-factor";
    let begun = form(browser, factor, "/account/second-factor/begin", &[]).await;
    let setup = leads_to(&begun);
    let secret = copied(&browser.get(&setup).await).replace(' ', "");
    canaries.keep("the secret of a second factor", &secret);
    let code = code_at(&secret, carillon_engine::Clock::system().now());
    let id = setup.split_once("setup=").unwrap().1.to_owned();
    let fields = [("setup", id.as_str()), ("code", code.as_str())];
    let made = form(browser, &setup, "/account/second-factor/confirm", &fields).await;
    let codes = copied(&browser.get(&leads_to(&made)).await);
    canaries.keep("a recovery code", codes.lines().next().unwrap());

    let new = [("name", "berta"), ("role", "operator")];
    let first = form(browser, "/admin/users/new", "/admin/users/new", &new).await;
    let first = copied(&browser.get(&leads_to(&first)).await);
    canaries.keep(
        "a link to a first password",
        first.split_once("code=").unwrap().1,
    );
    let edit = "/admin/users/berta/edit";
    let link = form(browser, edit, "/admin/users/berta/reset-link", &[]).await;
    let link = copied(&browser.get(&leads_to(&link)).await);
    let code = link.split_once("code=").unwrap().1.to_owned();
    canaries.keep("a link to a new password", &code);
    let chosen = canaries.password("a password set by a link");
    let mut other = Browser::new(link.split_once("/reset").unwrap().0);
    let path = format!("/reset?code={code}");
    let fields = [
        ("code", code.as_str()),
        ("password", &chosen),
        ("password_again", &chosen),
    ];
    leads_to(&form(&mut other, &path, "/reset", &fields).await);

    let changed = canaries.password("a changed password");
    let fields = [
        ("current", admin),
        ("password", &changed),
        ("password_again", &changed),
    ];
    leads_to(&form(browser, "/account", "/account/password", &fields).await);
    let wrong = canaries.password("a wrong current password");
    let fields = [
        ("current", wrong.as_str()),
        ("password", &changed),
        ("password_again", &changed),
    ];
    form(browser, "/account", "/account/password", &fields).await;
    for cookie in ["sid", "known"] {
        let value = browser.cookie(cookie).unwrap();
        canaries.keep(&format!("the cookie {cookie}"), &value);
    }
}

/// Somebody by way of the provider, whose settings are these.
async fn by_provider(base: &str, provider: &Provider, canaries: &mut Canaries) {
    let mut browser = Browser::new(base);
    let sent_to = leads_to(&browser.get("/sign-in/oidc").await);
    let bound = browser.cookie("sign-on").unwrap();
    let (secret, _) = bound.split_once('.').unwrap();
    canaries.keep("the cookie of a sign-in on its way", secret);
    let asked = form_urlencoded::parse(sent_to.as_bytes()).into_owned();
    for (name, value) in asked.filter(|(name, _)| name == "state" || name == "nonce") {
        canaries.keep(&format!("the {name} of a sign-in"), &value);
    }
    leads_to(&browser.get(&provider.sign_in(&sent_to)).await);
    let session = browser.cookie("sid").unwrap();
    canaries.keep("the cookie of a session by the provider", &session);
    let kinds: BTreeSet<_> = provider
        .secrets()
        .into_iter()
        .map(|(what, _)| what)
        .collect();
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    for (what, secret) in provider.secrets() {
        canaries.keep(what, &secret);
    }
}

/// Passwords of phones, by form, API and list.
async fn phones(
    browser: &mut Browser,
    api: &Client,
    canaries: &mut Canaries,
    (fleet, home, folder): (&Fleet, &Path, &Path),
) {
    let stored = &fleet.sites()[0];
    canaries.keep(
        "the password that phones are asked for",
        stored.password.as_str(),
    );
    let credential = json!({"name": stored.credential, "username": stored.username,
        "password": stored.password.as_str()});
    api.post("/credentials", &credential).await.expect(201);
    let site = json!({"slug": stored.slug, "name": stored.name, "credential": stored.credential,
        "transport_security": stored.transport_security});
    api.post("/sites", &site).await.expect(201);
    // A token may not bring phones of plain HTTP to a stored password; what it is told holds none.
    let refused = api.import("", &fleet.inventory_csv()).await;
    assert!(
        refused
            .problem(403, "forbidden")
            .to_string()
            .contains("in clear")
    );
    import_list(home, folder, &fleet.inventory_csv());
    let by_api = canaries.password("a credential by API");
    let body = json!({"name": "by-api", "username": "admin", "password": by_api});
    api.post("/credentials", &body).await.expect(201);
    let refused = canaries.password("a credential that was refused");
    let body = json!({"name": "by-api", "username": "admin", "password": refused, "x": refused});
    assert!(
        api.post("/credentials", &body)
            .await
            .status
            .is_client_error()
    );
    let new = "/admin/credentials/new";
    let by_form = canaries.password("a credential by form");
    let fields = [
        ("name", "by-form"),
        ("username", "admin"),
        ("password", by_form.as_str()),
    ];
    leads_to(&form(browser, new, new, &fields).await);
    let own = canaries.password("a phone's own password by form");
    let fields = [
        ("mac", "00:15:65:77:00:01"),
        ("label", "own"),
        ("username", "admin"),
        ("password", own.as_str()),
        ("url_form", "servlet"),
        ("dial_form", "key"),
    ];
    leads_to(&form(browser, "/phones/new", "/phones/new", &fields).await);
    let in_list = canaries.password("a password in a list by API");
    let list = format!("mac,username,password\n00:15:65:77:00:02,admin,{in_list}\n");
    api.import("", &list).await.expect(200);
    let faulty = canaries.password("a password in a faulty list");
    let list = format!("mac,username,password,address\n00:15:65:77:00:03,admin,{faulty},nowhere\n");
    api.import("", &list).await;
    let waiting = canaries.password("a password in a list under review");
    upload(
        browser,
        &format!("mac,username,password\n00:15:65:77:00:04,admin,{waiting}\n"),
    )
    .await;
}

async fn upload(browser: &mut Browser, list: &str) {
    let csrf = token(&browser.get("/phones/import").await);
    let part = |head: &str, text: &str| {
        format!("--edge\r\ncontent-disposition: form-data; {head}\r\n\r\n{text}\r\n")
    };
    let body = [
        part("name=\"csrf\"", &csrf),
        part("name=\"text\"", ""),
        part("name=\"file\"; filename=\"list.csv\"", list),
        "--edge--\r\n".to_owned(),
    ];
    let request = browser.form("/phones/import", &[]);
    let kind = reqwest::header::HeaderValue::from_static("multipart/form-data; boundary=edge");
    let request = request.headers(reqwest::header::HeaderMap::from_iter([(
        CONTENT_TYPE,
        kind,
    )]));
    let request = request
        .header("sec-fetch-site", "same-origin")
        .body(body.concat());
    leads_to(&browser.send(request).await);
}

/// Who gets the audit log outside: by syslog, by webhook, and its checkpoints.
struct Outside {
    syslog: Collector,
    webhook: Collector,
    anchor: Collector,
}

impl Outside {
    async fn start() -> Self {
        let collector = || async { Collector::start(None).await.unwrap() };
        Self {
            syslog: collector().await,
            webhook: collector().await,
            anchor: collector().await,
        }
    }

    fn settings(&self) -> [String; 4] {
        let (syslog, webhook) = (self.syslog.address(), self.webhook.address());
        let streams = format!("siem=syslog+tcp://{syslog},tickets=http://{webhook}/hook");
        let anchor = format!("http://{}/worm", self.anchor.address());
        [
            "--stream".to_owned(),
            streams,
            "--anchor-url".to_owned(),
            anchor,
        ]
    }

    /// Nothing leaves for a webhook before it has a secret.
    async fn open(browser: &mut Browser, canaries: &mut Canaries) {
        let (page, path) = ("/admin/streams", "/admin/streams/tickets/secret");
        let made = leads_to(&form(browser, page, path, &[]).await);
        let secret = copied(&browser.get(&made).await);
        let secret = secret.strip_prefix("whsec_").unwrap();
        canaries.keep("the secret of a webhook", secret);
    }

    /// What they got, once they have the whole log as it is now.
    async fn search(&self, api: &Client, found: &mut Found) {
        let newest = api.get("/audit?limit=1").await.expect(200);
        let newest = format!("\"seq\":{},", newest["items"][0]["seq"]);
        let whole = |taken: &Vec<Taken>| taken.iter().any(|one| one.text.contains(&newest));
        keep_taken(found, "the syslog receiver", &self.syslog.once(whole).await);
        keep_taken(found, "the webhook", &self.webhook.once(whole).await);
    }
}

fn keep_taken(found: &mut Found, place: &str, taken: &[Taken]) {
    assert!(!taken.is_empty(), "{place}");
    for one in taken {
        found.keep(place, format!("{}{}", one.head, one.text));
    }
}

/// Commands to phones: their passwords go out, and numbers with them.
async fn commands(api: &Client, canaries: &mut Canaries, fleet: &Fleet) {
    let macs: Vec<String> = fleet
        .phones()
        .iter()
        .map(|phone| phone.mac.to_string())
        .collect();
    let all = json!({"action": "DNDOn", "targets": {"phones": macs}, "reason": "a test",
        "options": {"window": 10, "canary": 0, "verify": false}});
    let number = canaries.number("a dialled number");
    let call = json!({"action": "number", "params": {"number": number},
        "targets": {"phones": [macs[0]]}, "reason": "a test"});
    for body in [all, call] {
        let made = api.post("/jobs", &body).await.expect(202);
        api.finished(made["id"].as_str().unwrap()).await;
    }
    let refused = canaries.number("a number that was refused");
    let body = json!({"action": "number", "params": {"number": format!("{refused}x")},
        "targets": {"phones": [macs[0]]}, "reason": "a test"});
    assert!(api.post("/jobs", &body).await.status.is_client_error());
}

/// Pages and answers that show what there is, exports with them.
async fn look(browser: &mut Browser, api: &Client, found: &mut Found) {
    let jobs = api.get("/jobs").await.expect(200);
    let job = jobs["items"][0]["id"].as_str().unwrap().to_owned();
    let mut pages: Vec<String> = [
        "/",
        "/phones",
        "/phones/00:15:65:77:00:01",
        "/phones/00:15:65:77:00:01/edit",
        "/groups",
        "/sites",
        "/run",
        "/jobs",
        "/approvals",
        "/audit?limit=1000",
        "/admin/users",
        "/admin/users/berta/edit",
        "/admin/credentials",
        "/admin/credentials/by-api/edit",
        "/admin/streams",
        "/admin/tokens",
        "/admin/networks",
        "/admin/settings",
        "/account",
        "/account/second-factor",
        "/phones/import",
        "/phones/export",
        "/audit/export?format=csv",
        "/audit/export?format=jsonl",
        "/healthz",
        "/readyz",
    ]
    .map(str::to_owned)
    .to_vec();
    pages.push(format!("/jobs/{job}"));
    pages.push(format!("/jobs/{job}/targets.csv"));
    let records = api.get("/audit?limit=1000").await.expect(200);
    for record in records["items"].as_array().unwrap() {
        pages.push(format!("/audit/{}", record["seq"]));
    }
    for path in pages {
        let page = browser.get(&path).await;
        found.keep(format!("the page {path}"), page.text);
    }
    for path in [
        "/phones",
        "/credentials",
        "/sites",
        "/groups",
        "/actions",
        "/jobs",
        "/users",
        "/tokens",
        "/sessions",
        "/metrics",
        "/audit?limit=1000",
        "/audit/export?format=csv",
        "/audit/export?format=jsonl",
    ] {
        found.keep(format!("the API's {path}"), api.get(path).await.text);
    }
    api.finished(&job).await;
    let stream = browser.get(&format!("/jobs/{job}/feed")).await.text;
    assert!(stream.contains("event: finished"), "{stream}");
    found.keep("the page's stream", stream);
    let stream = api.get(&format!("/jobs/{job}/events")).await.text;
    assert!(stream.contains("event: finished"), "{stream}");
    found.keep("the API's stream", stream);
    let job = api.get(&format!("/jobs/{job}/targets")).await.text;
    found.keep("the API's targets", job);
}

fn import_by_command(home: &Path, folder: &Path, mac: &str, password: &str) {
    import_list(
        home,
        folder,
        &format!("mac,username,password\n{mac},admin,{password}\n"),
    );
}

fn import_list(home: &Path, folder: &Path, list: &str) {
    let file = folder.join("list.csv");
    std::fs::write(&file, list).unwrap();
    let (status, out, err) = run(carillon(home).args(["phones", "import"]).arg(&file));
    assert_eq!(status, 0, "{out}{err}");
}

/// What commands say.
fn told(home: &Path, found: &mut Found) {
    for words in [
        &["user", "list"][..],
        &["token", "list"],
        &["phones", "export"],
        &["audit", "export", "--format", "csv"],
        &["audit", "export", "--format", "jsonl"],
        &["audit", "verify"],
        &["keys", "list"],
        &["check-config"],
    ] {
        let (_, out, err) = run(carillon(home).args(words));
        found.keep(
            format!("carillon {}", words.join(" ")),
            format!("{out}{err}"),
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_found_where_it_does_not_belong() {
    let dir = tempfile::tempdir().unwrap();
    let (home, log) = (dir.path().join("data"), dir.path().join("log"));
    let (mut canaries, mut found) = (Canaries(Vec::new()), Found::default());
    let admin = canaries.password("the administrator's password");
    let add = ["user", "add", "eve", "--role", "admin", "--password-stdin"];
    let (status, _, err) = with_input(carillon(&home).args(add), &format!("{admin}\n"));
    assert_eq!(status, 0, "{err}");
    let create = [
        "token", "create", "--user", "eve", "--label", "t", "--scope", "manage",
    ];
    let (_, made, _) = run(carillon(&home).args(create));
    let made = canaries.keep("a token", made.trim());
    let stopped = canaries.password("a password in a list, server stopped");
    import_by_command(&home, dir.path(), "00:15:65:77:00:08", &stopped);

    let asked = "kq-zwielicht-fleet-vx".to_owned();
    let kiel = SiteConfig::new("Kiel", 3)
        .with_security(PlainHttp)
        .with_auth(Auth::Basic)
        .with_credential("admin", &asked);
    let fleet = fleet(FleetConfig::default().with_site(kiel)).await;
    let provider = Provider::start().await;
    let client = canaries.password("the secret that the provider is shown");
    let file = dir.path().join("client-secret");
    std::fs::write(&file, &client).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let outside = Outside::start().await;
    let leaving = outside.settings();
    let settings = [
        ["--oidc-issuer", &provider.issuer],
        ["--oidc-client-id", CLIENT],
        ["--oidc-secret-file", file.to_str().unwrap()],
        ["--oidc-roles", "helpdesk=operator"],
        [leaving[0].as_str(), leaving[1].as_str()],
        [leaving[2].as_str(), leaving[3].as_str()],
    ];
    let server = Process::start(&home, &log, &made, &settings.concat());
    let api = Client::with_token(&server.base, &made);
    let mut browser = Browser::new(&server.base);
    people(&mut browser, &mut canaries, &admin).await;
    Outside::open(&mut browser, &mut canaries).await;
    by_provider(&server.base, &provider, &mut canaries).await;
    phones(
        &mut browser,
        &api,
        &mut canaries,
        (&fleet, &home, dir.path()),
    )
    .await;
    commands(&api, &mut canaries, &fleet).await;
    let beside = canaries.password("a password in a list, beside the server");
    import_by_command(&home, dir.path(), "00:15:65:77:00:09", &beside);
    let set = canaries.password("a password by command");
    let words = ["user", "password", "berta", "--password-stdin"];
    let (status, _, err) = with_input(carillon(&home).args(words), &format!("{set}\n"));
    assert_eq!(status, 0, "{err}");

    look(&mut browser, &api, &mut found).await;
    found.folder("running", &home);
    told(&home, &mut found);
    outside.search(&api, &mut found).await;
    server.stop();
    keep_taken(&mut found, "the anchor", &outside.anchor.taken());
    fleet.stop().await;
    found.folder("stopped", &home);
    found.keep("the log", std::fs::read(&log).unwrap());

    assert!(canaries.0.len() >= 12 + 8, "{}", canaries.0.len());
    for (place, word) in [
        ("the log", "\"serving\""),
        ("running", "account.signed_in"),
        ("running", "olga"),
        ("the page /audit?", "eve"),
        ("the API's /metrics", "carillon_audit_records"),
        ("the syslog receiver", "account.sign_in_failed"),
        ("the syslog receiver", "user.password_set"),
        ("the webhook", "account.sign_in_failed"),
        ("the webhook", "job.submitted"),
        ("the webhook", "webhook-signature: v1,"),
        ("the anchor", "PUT /worm/checkpoint-"),
    ] {
        let there = found.0.iter().filter(|(name, _)| name.starts_with(place));
        assert!(
            there.clone().any(|(_, hay)| contains(hay, word.as_bytes())),
            "{place}"
        );
    }
    let leaks = found.search(&canaries);
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
