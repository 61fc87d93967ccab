//! Commands by SIP: the profile of a site on its page and in the API, and a job of a site whose
//! HTTP is closed.

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::role::Role;
use carillon_simulator::{FleetConfig, Profile, SiteConfig};
use serde_json::{Value, json};

use crate::house::{House, fleet};
use crate::pages_jobs::Person;
use crate::requests::Client;

fn profile(port: u16) -> Value {
    json!({
        "proxy": "127.0.0.1", "port": port, "from": "carillon@pbx.test", "rate": 500,
    })
}

/// The fields that an answer finds fault with.
fn at_fault(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap().iter();
    errors
        .map(|error| error["field"].as_str().unwrap())
        .collect()
}

async fn with_site(house: &House) -> Client {
    let api = house.program(Role::Admin).await;
    let site = json!({"name": "Kiel", "transport_security": "pinned"});
    api.post("/sites", &site).await.expect(201);
    api
}

pub(crate) async fn a_profile_is_made_changed_and_taken_away(house: House) -> House {
    let api = with_site(&house).await;
    let path = "/sites/kiel/sip";
    api.get(path).await.expect(404);
    let bad = json!({
        "proxy": "8.8.8.8", "port": 0, "transport": "tls", "from": "nobody",
        "realm": "a\nb", "rate": 0,
    });
    let refused = api.put(path, &bad).await.expect(422);
    let all = ["port", "proxy", "from", "ca_pem", "realm", "rate"];
    assert_eq!(at_fault(&refused), all);

    let made = api.put(path, &profile(5060)).await.expect(200);
    for (name, value) in [
        ("use", json!("second")),
        ("transport", json!("udp")),
        ("realm", json!("")),
        ("rate", json!(500)),
        ("after_forbidden", json!(false)),
        ("version", json!(1)),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    assert_eq!(api.get(path).await.expect(200), made);
    let mut old = profile(5061);
    old["version"] = json!(0);
    api.put(path, &old).await.expect(409);

    by_page(&house).await;
    let changed = api.get(path).await.expect(200);
    assert_eq!(
        (&changed["port"], &changed["use"]),
        (&json!(5070), &json!("only"))
    );
    api.delete(path).await.expect(204);
    api.get(path).await.expect(404);
    let events = api.get("/audit?action=site.*").await.expect(200);
    let events = events["items"].as_array().unwrap().iter();
    let told: Vec<&str> = events
        .map(|event| event["entry"]["action"].as_str().unwrap())
        .collect();
    let expected = [
        "site.sip_removed",
        "site.sip_changed",
        "site.sip_changed",
        "site.created",
    ];
    assert_eq!(told, expected);
    let mut admin = Person::sign_in(&house, Role::Admin).await;
    let log = admin.see("/audit?action=site.*").await.text;
    assert_eq!(log.matches(">Kiel</a>").count(), 4, "by its name: {log}");
    house
}

/// The same profile with a PBX: what it needs is asked for, and its password is shown nowhere.
pub(crate) async fn a_pbx_is_chosen_with_all_that_it_needs(house: House) -> House {
    let api = with_site(&house).await;
    let path = "/sites/kiel/sip";
    let bare = json!({"way": "esl", "transport": "udp", "pbx_profile": "a b"});
    let refused = api.put(path, &bare).await.expect(422);
    let all = ["pbx_profile", "proxy", "transport", "credential"];
    assert_eq!(at_fault(&refused), all);

    let credential = json!({"name": "pbx", "username": "carillon", "password": "canary-7f3e"});
    api.post("/credentials", &credential).await.expect(201);
    let made = json!({"way": "ami", "proxy": "127.0.0.1", "credential": "pbx"});
    // Who is told a stored password is a person's word.
    let refused = api.put(path, &made).await.expect(403);
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("/sites/kiel/sip")
    );
    let mut admin = Person::sign_in(&house, Role::Admin).await;
    let fields = [
        ("version", "0"),
        ("use", "second"),
        ("way", "ami"),
        ("proxy", "127.0.0.1"),
        ("transport", "tcp"),
        ("credential", "pbx"),
        ("rate", "200"),
    ];
    admin.go(path, path, &fields).await;
    let made = api.get(path).await.expect(200);
    for (name, value) in [
        ("way", json!("ami")),
        ("transport", json!("tcp")),
        ("from", json!("carillon@127.0.0.1")),
        ("pbx_profile", json!("")),
        ("password_in_clear", json!(false)),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    assert!(!made.to_string().contains("canary"));

    let form = admin.see(path).await.text;
    assert!(form.contains("value=\"ami\" checked"), "{form}");
    let fields = [
        ("version", "1"),
        ("use", "only"),
        ("way", "esl"),
        ("proxy", "127.0.0.1"),
        ("transport", "tcp"),
        ("credential", "pbx"),
        ("rate", "50"),
    ];
    admin.go(path, path, &fields).await;
    let changed = api.get(path).await.expect(200);
    assert_eq!(
        (&changed["way"], &changed["pbx_profile"]),
        (&json!("esl"), &json!("internal"))
    );
    let events = api.get("/audit?action=site.sip_changed").await.expect(200);
    let change = &events["items"][0]["entry"]["detail"]["changes"]["way"];
    assert_eq!(change, &json!({"old": "ami", "new": "esl"}));
    assert!(!events.to_string().contains("canary"));
    house
}

/// What goes in clear beyond this machine has to be allowed in so many words.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_in_clear_is_allowed_in_so_many_words() {
    let house = House::with(&[("allow-ports", "80,8021")]).await;
    let api = with_site(&house).await;
    let credential = json!({"name": "pbx", "username": "any", "password": "canary-7f3e"});
    api.post("/credentials", &credential).await.expect(201);
    let mut profile = json!({"way": "esl", "proxy": "10.0.0.5", "credential": "pbx"});
    let refused = api.put("/sites/kiel/sip", &profile).await.expect(422);
    assert_eq!(at_fault(&refused), ["password_in_clear"]);
    profile["password_in_clear"] = json!(true);
    // Which password goes where in clear is a person's word.
    let refused = api.put("/sites/kiel/sip", &profile).await.expect(403);
    let said = refused["detail"].as_str().unwrap();
    assert!(said.contains("/sites/kiel/sip"), "{said}");
    let mut admin = Person::sign_in(&house, Role::Admin).await;
    let page = "/sites/kiel/sip";
    let fields = [
        ("version", "0"),
        ("use", "second"),
        ("way", "esl"),
        ("transport", "tcp"),
        ("proxy", "10.0.0.5"),
        ("rate", "10"),
        ("credential", "pbx"),
        ("password_in_clear", "true"),
    ];
    admin.go(page, page, &fields).await;
    profile["proxy"] = json!("8.8.8.8");
    profile["version"] = json!(1);
    let refused = api.put("/sites/kiel/sip", &profile).await.expect(422);
    assert_eq!(at_fault(&refused), ["proxy"]);
}

/// A person changes it, after a mistake that loses nothing.
async fn by_page(house: &House) {
    let mut admin = Person::sign_in(house, Role::Admin).await;
    let page = "/sites/kiel/sip";
    assert!(admin.see("/sites").await.text.contains(page));
    let form = admin.see(page).await;
    assert!(
        form.text.contains("value=\"carillon@pbx.test\""),
        "{}",
        form.text
    );
    let fields = |rate| {
        [
            ("version", "1"),
            ("use", "only"),
            ("proxy", "127.0.0.1"),
            ("port", "5070"),
            ("transport", "udp"),
            ("from", "carillon@pbx.test"),
            ("rate", rate),
        ]
    };
    let refused = admin.send(page, page, &fields("many")).await;
    assert_eq!(refused.status, 422);
    for kept in ["f-rate-error", "value=\"many\"", "value=\"5070\""] {
        assert!(refused.text.contains(kept), "{kept}: {}", refused.text);
    }
    admin.go(page, page, &fields("100")).await;
}

/// HTTP to these phones is refused. The same form and the same page: with a profile of the site
/// they are reached, and page, file and audit log tell the way.
pub(crate) async fn a_site_whose_http_is_closed_is_reached_from_the_same_page(
    house: House,
) -> House {
    let site = SiteConfig::new("Kiel", 4)
        .with_security(PlainHttp)
        .with_sip()
        .with(Profile::Refused, 4);
    let fleet = fleet(FleetConfig::default().with_site(site)).await;
    let api = house.with_phones(&fleet).await;
    let mut anna = Person::sign_in(&house, Role::Operator).await;
    let form = [
        ("filter", "site:kiel"),
        ("action", "VOLUME_UP"),
        ("pacing", "custom"),
        ("window", "4"),
        ("site_max_down_percent", "100"),
        ("canary", "0"),
        ("verify", "false"),
    ];
    let mut ends = Vec::new();
    for round in ["without", "with"] {
        if round == "with" {
            let port = fleet.sip_port().unwrap();
            api.put("/sites/kiel/sip", &profile(port)).await.expect(200);
        }
        let review = anna.go("/run", "/run", &form).await;
        let shown = anna.see(&review).await.text;
        let says = shown.contains("4 phones by SIP where HTTP does not reach them");
        assert_eq!(says, round == "with", "{shown}");
        let waits = shown.contains("waits at most 32 s for an answer by SIP");
        assert_eq!(waits, round == "with", "{shown}");
        let started = anna.start(&review, "the door is shut").await;
        assert_eq!(started.status, 303, "{}", started.text);
        let job = started.headers["location"].to_str().unwrap().to_owned();
        let page = anna.finished(&job).await;
        let file = anna.see(&format!("{job}/targets.json")).await.json();
        ends.push((job, page.text, file));
    }
    let (_, _, without) = &ends[0];
    for target in without.as_array().unwrap() {
        assert_eq!(
            (&target["state"], &target["cause"]),
            (&json!("failed"), &json!("refused"))
        );
    }
    let (job, page, with) = &ends[1];
    for target in with.as_array().unwrap() {
        assert_eq!(target["state"], "acknowledged", "{target}");
        assert_eq!(
            (&target["transport"], &target["attempts"]),
            (&json!("sip"), &json!(2))
        );
    }
    assert_eq!(
        page.matches("before: http, Connection refused").count(),
        4,
        "{page}"
    );
    let id = job.rsplit('/').next().unwrap();
    let events = api.get(&format!("/audit?job={id}")).await.expect(200);
    let events = events["items"].as_array().unwrap().iter();
    let told: Vec<(&Value, &Value)> = events
        .map(|event| &event["entry"])
        .map(|entry| (&entry["action"], &entry["detail"]["transport"]))
        .collect();
    for (action, way) in [("target.retrying", "http"), ("target.result", "sip")] {
        let count = told
            .iter()
            .filter(|one| **one == (&json!(action), &json!(way)))
            .count();
        assert_eq!(count, 4, "{told:?}");
    }
    house
}
