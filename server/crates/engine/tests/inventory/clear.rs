//! No token leads a stored password in clear to where it did not go before.

use std::net::Ipv4Addr;

use carillon_domain::job::JobRequest;
use carillon_domain::phone::{AuthScheme, GroupKind, TransportSecurity};
use carillon_domain::phone_list::Column;
use carillon_domain::sip::{NotifyWay, SipTransport, SipUse};
use carillon_engine::inventory::{
    CredentialInput, GroupInput, ImportOnce, PhoneEdit, SipProfileInput, SiteInput, TagChange,
};
use carillon_engine::jobs::Submission;
use carillon_engine::{Caller, EngineError};
use serde_json::json;

use crate::house::{House, edit, mac, secret, site_input};

pub(crate) fn site(name: &str, security: TransportSecurity, credential: Option<&str>) -> SiteInput {
    SiteInput {
        transport_security: security,
        credential: credential.map(str::to_owned),
        ..site_input(name)
    }
}

const PLAIN: TransportSecurity = TransportSecurity::PlainHttp;
pub(crate) const PINNED: TransportSecurity = TransportSecurity::Pinned;

/// A password of the house, a site that knows it and speaks TLS with a phone, a site of plain HTTP
/// that knows it with a phone, one that knows none with a phone, and groups that know it.
pub(crate) async fn furnished() -> House {
    let house = House::new().await;
    let (engine, admin) = (&house.engine, &house.admin);
    let login = CredentialInput {
        name: "office".to_owned(),
        username: "admin".to_owned(),
        password: Some(secret("a stored password")),
    };
    engine.create_credential(admin, &login).await.unwrap();
    for (name, security, credential) in [
        ("safe", PINNED, Some("office")),
        ("plain", PLAIN, Some("office")),
        ("bare", PLAIN, None),
    ] {
        let site = site(name, security, credential);
        engine.create_site(admin, &site).await.unwrap();
    }
    for (last, site) in [(1, "safe"), (2, "plain"), (3, "bare")] {
        let address = format!("10.0.0.{last}");
        let fields = [(Column::Site, site), (Column::Address, &address)];
        house.phone(last, &fields).await;
    }
    let own = PhoneEdit {
        password: Some(secret("its own")),
        ..edit(&[(Column::Username, "admin")])
    };
    engine.create_phone(admin, mac(4), &own).await.unwrap();
    for group in [group("fixed", GroupKind::Fixed, Some("office")), tagged()] {
        engine.create_group(admin, &group).await.unwrap();
    }
    let scheme = [
        (Column::Site, "plain"),
        (Column::Address, "10.0.0.6"),
        (Column::Scheme, "https"),
    ];
    house.phone(6, &scheme).await;
    let place = [(Column::Site, "bare"), (Column::Address, "10.0.0.5")];
    house.phone(5, &place).await;
    let moods = GroupInput {
        filter: "mac:001565000005 -state:reachable -seen:<1d".to_owned(),
        ..group("moods", GroupKind::Rule, Some("office"))
    };
    engine.create_group(admin, &moods).await.unwrap();
    house
}

pub(crate) fn group(name: &str, kind: GroupKind, credential: Option<&str>) -> GroupInput {
    GroupInput {
        slug: String::new(),
        name: name.to_owned(),
        kind,
        filter: String::new(),
        members: None,
        credential: credential.map(str::to_owned),
    }
}

fn tagged() -> GroupInput {
    GroupInput {
        filter: "tag:led-away".to_owned(),
        ..group("tagged", GroupKind::Rule, Some("office"))
    }
}

/// Each way to lead a stored password elsewhere; what became of it.
async fn ways(house: &House, who: &Caller) -> Vec<(&'static str, Result<(), EngineError>)> {
    let engine = &house.engine;
    let moved = |fields: &[(Column, &str)]| edit(fields);
    let once = ImportOnce::default();
    let list = |line: &str| format!("mac,address,site\n{line}\n").into_bytes();
    let safe = site("safe", PLAIN, Some("office"));
    let bare = site("bare", PLAIN, Some("office"));
    let address = moved(&[(Column::Address, "10.0.0.66")]);
    let port = moved(&[(Column::Port, "443")]);
    let to_plain = moved(&[(Column::Site, "plain")]);
    let named = moved(&[(Column::Credential, "office")]);
    let new = moved(&[(Column::Site, "plain"), (Column::Address, "10.0.0.67")]);
    let own = moved(&[(Column::Site, "bare"), (Column::Address, "10.0.0.68")]);
    let credential = group("other", GroupKind::Fixed, Some("office"));
    let with_member = GroupInput {
        members: Some(vec![mac(3)]),
        ..credential
    };
    let any = GroupInput {
        filter: "site:bare".to_owned(),
        ..tagged()
    };
    let out = |result: Result<_, EngineError>| result.map(drop);
    vec![
        (
            "a site goes plain",
            out(engine.update_site(who, "safe", &safe, None).await),
        ),
        (
            "a plain site gets it",
            out(engine.update_site(who, "bare", &bare, None).await),
        ),
        (
            "another address",
            engine
                .update_phone(who, mac(2), &address, None)
                .await
                .map(drop),
        ),
        (
            "another port",
            engine
                .update_phone(who, mac(2), &port, None)
                .await
                .map(drop),
        ),
        (
            "another site",
            engine
                .update_phone(who, mac(1), &to_plain, None)
                .await
                .map(drop),
        ),
        (
            "many to another site",
            engine
                .edit_phones(who, &[mac(1)], &to_plain)
                .await
                .map(drop),
        ),
        (
            "named on a phone",
            engine
                .update_phone(who, mac(3), &named, None)
                .await
                .map(drop),
        ),
        (
            "named on many",
            engine.edit_phones(who, &[mac(3)], &named).await.map(drop),
        ),
        (
            "a new phone",
            engine.create_phone(who, mac(9), &new).await.map(drop),
        ),
        (
            "its own, elsewhere",
            engine.update_phone(who, mac(4), &own, None).await.map(drop),
        ),
        (
            "a new group",
            engine.create_group(who, &with_member).await.map(drop),
        ),
        (
            "another rule",
            engine
                .update_group(who, "tagged", &any, None)
                .await
                .map(drop),
        ),
        (
            "a member",
            engine
                .change_members(who, "fixed", &[mac(3)], &[], None)
                .await
                .map(drop),
        ),
        (
            "a tag",
            engine
                .tag_phones(who, &[mac(3)], "led-away", TagChange::Add)
                .await
                .map(drop),
        ),
        ("a list with a new phone", {
            let list = list("00:15:65:00:00:0a,10.0.0.70,plain");
            engine.import_once(who, list, once).await.map(drop)
        }),
        ("a list that moves a phone", {
            let list = list("00:15:65:00:00:02,10.0.0.71,plain");
            engine.import_once(who, list, once).await.map(drop)
        }),
        (
            "a PBX",
            engine.save_sip_profile(who, "bare", &switch(), None).await,
        ),
        (
            "an Asterisk",
            engine
                .save_sip_profile(who, "safe", &asterisk(), None)
                .await,
        ),
        (
            "a rule that phones come to",
            engine.create_group(who, &later("1")).await.map(drop),
        ),
        (
            "a credential on such a rule",
            engine
                .update_group(who, "moods", &later("2"), None)
                .await
                .map(drop),
        ),
        (
            "a phone for such a rule",
            engine
                .update_phone(who, mac(5), &moody(), None)
                .await
                .map(drop),
        ),
        (
            "from TLS to HTTP",
            engine
                .update_phone(who, mac(6), &edit(&[(Column::Scheme, "http")]), None)
                .await
                .map(drop),
        ),
    ]
}

fn moody() -> PhoneEdit {
    edit(&[(Column::Address, "10.0.0.72")])
}

/// A rule that takes no phone at this moment.
fn later(last: &str) -> GroupInput {
    GroupInput {
        filter: format!("ip:10.0.0.{last}/32 state:reachable"),
        ..group(&format!("later {last}"), GroupKind::Rule, Some("office"))
    }
}

fn asterisk() -> SipProfileInput {
    SipProfileInput {
        way: NotifyWay::Ami,
        ..switch()
    }
}

fn switch() -> SipProfileInput {
    SipProfileInput {
        used: SipUse::Second,
        way: NotifyWay::Esl,
        proxy: Ipv4Addr::new(10, 0, 0, 80).to_string(),
        // One of the ports that are allowed here.
        port: Some(80),
        transport: SipTransport::Tcp,
        tls_name: String::new(),
        ca_pem: String::new(),
        from: "carillon@pbx.test".to_owned(),
        credential: Some("office".to_owned()),
        realm: String::new(),
        rate: 10,
        after_forbidden: false,
        pbx_profile: String::new(),
        password_in_clear: true,
    }
}

#[tokio::test]
async fn a_token_leads_no_stored_password_away_in_clear() {
    let house = furnished().await;
    let before = house.actions().await.len();
    for (way, outcome) in ways(&house, &house.program()).await {
        let Err(EngineError::NotByToken(why)) = outcome else {
            panic!("{way}: {outcome:?}")
        };
        let pbx = ["a PBX", "an Asterisk"].contains(&way);
        let what = if pbx {
            "a SIP server or PBX"
        } else {
            "in clear"
        };
        assert!(
            why.contains(what) && why.contains("the page /"),
            "{way}: {why}"
        );
    }
    assert_eq!(house.actions().await.len(), before, "nothing was changed");
    assert_eq!(house.count("site:plain").await, 2);
    // Whoever showed who they are may; so the ways above are refused for that and nothing else.
    for (way, outcome) in ways(&house, &house.admin).await {
        assert!(outcome.is_ok(), "{way}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_choice_for_a_whole_site_asks_a_person_who_they_are() {
    let house = furnished().await;
    for (way, outcome) in ways(&house, &house.unproved()).await {
        let asks = [
            "a site goes plain",
            "a plain site gets it",
            "a PBX",
            "an Asterisk",
        ];
        let asks = asks.contains(&way) || way.starts_with("a list");
        let asked = matches!(outcome, Err(EngineError::ProofNeeded));
        assert_eq!(asked, asks, "{way}: {outcome:?}");
        assert!(asked || outcome.is_ok(), "{way}: {outcome:?}");
    }
}

/// One choice that leads the passwords of many: a group's, one for all that are ticked, a tag for these.
#[tokio::test]
async fn a_choice_for_many_asks_a_person_who_they_are() {
    let to_plain = edit(&[(Column::Site, "plain")]);
    let named = edit(&[(Column::Credential, "office")]);
    let with_member = GroupInput {
        members: Some(vec![mac(3)]),
        ..group("other", GroupKind::Fixed, Some("office"))
    };
    let house = furnished().await;
    let (engine, who) = (&house.engine, &house.unproved());
    let outcomes = [
        engine
            .edit_phones(who, &[mac(1)], &to_plain)
            .await
            .map(drop),
        engine.edit_phones(who, &[mac(3)], &named).await.map(drop),
        engine.create_group(who, &with_member).await.map(drop),
        engine
            .tag_phones(who, &[mac(3)], "led-away", TagChange::Add)
            .await
            .map(drop),
    ];
    for outcome in outcomes {
        assert!(
            matches!(outcome, Err(EngineError::ProofNeeded)),
            "{outcome:?}"
        );
    }
}

/// So many phones at the site that speaks TLS, behind an address that ends in `10.0.NET.`.
pub(crate) fn many(phones: u8, net: u8) -> Vec<u8> {
    let rows = (100..100 + phones).map(|last| format!("{},10.0.{net}.{last},safe\n", mac(last)));
    format!("mac,address,site\n{}", rows.collect::<String>()).into()
}

/// Nobody knows the keys of these phones: whoever answers there is told the password.
#[tokio::test]
async fn a_list_that_moves_many_asks_a_person_who_they_are_also_by_tls() {
    let house = furnished().await;
    let (engine, once) = (&house.engine, ImportOnce::default());
    let who = house.unproved();
    let made = engine.import_once(&who, many(26, 1), once).await;
    assert_eq!(made.unwrap().created, 26, "new phones are none of them");
    let moved = engine.import_once(&who, many(25, 2), once).await;
    assert_eq!(moved.unwrap().updated, 25);
    let moved = engine.import_once(&who, many(26, 3), once).await;
    assert!(matches!(moved, Err(EngineError::ProofNeeded)), "{moved:?}");
    let moved = engine.import_once(&house.admin, many(26, 3), once).await;
    assert_eq!(moved.unwrap().updated, 26);
}

/// What is asked of a change of its address says nothing of the password that comes with it.
#[tokio::test]
async fn a_phone_that_moves_with_its_password_is_judged_alike_with_a_wrong_one() {
    let house = furnished().await;
    let (engine, program) = (&house.engine, house.program());
    for (given, address) in [("its own", "10.0.1.4"), ("a guess at it", "10.0.1.5")] {
        let moved = PhoneEdit {
            password: Some(secret(given)),
            ..edit(&[
                (Column::Site, "safe"),
                (Column::Address, address),
                (Column::Username, "admin"),
            ])
        };
        let moved = engine.update_phone(&program, mac(4), &moved, None).await;
        assert!(moved.is_ok(), "{given}: {moved:?}");
        let list = format!(
            "mac,address,username,password\n{},10.0.2.4,admin,{given}\n",
            mac(4)
        );
        let moved = engine.import_once(&program, list.into(), ImportOnce::default());
        assert_eq!(moved.await.unwrap().updated, 1, "{given}");
    }
}

/// A job for one phone, over HTTP or as the phone is set.
fn job(last: u8, over_http: bool) -> JobRequest {
    let transport = if over_http { "http" } else { "auto" };
    let request = json!({
        "action": "DNDOn", "targets": {"phones": [mac(last)]}, "reason": "test",
        "options": {"transport": transport},
    });
    serde_json::from_value(request).unwrap()
}

/// Phone 6 is told a shared password by TLS, at a site where HTTP is allowed. The site of 1 sends nothing in
/// clear, 2 gets it in clear anyway, and that of 4 is its own.
#[tokio::test]
async fn a_token_asks_for_no_job_over_http_where_a_shared_password_goes_by_tls() {
    let house = furnished().await;
    let (engine, program) = (&house.engine, house.program());
    let own = edit(&[
        (Column::Site, "plain"),
        (Column::Address, "10.0.0.4"),
        (Column::Scheme, "https"),
    ]);
    let set = engine.update_phone(&house.admin, mac(4), &own, None).await;
    set.unwrap();
    let ask = async |who: &Caller, last, over_http| {
        let request = job(last, over_http);
        engine
            .submit_job(who, &request, Submission::default())
            .await
    };
    let refused = ask(&program, 6, true).await;
    let Err(EngineError::NotByToken(why)) = refused else {
        panic!("{refused:?}")
    };
    for said in ["in clear to", "options.transport", "the page /run"] {
        assert!(why.contains(said), "{said}: {why}");
    }
    assert!(!house.actions().await.contains(&"job.submitted".to_owned()));
    for (last, over_http) in [(6, false), (1, true), (2, true), (4, true)] {
        let made = ask(&program, last, over_http).await;
        assert!(made.is_ok(), "{last}: {made:?}");
    }
    assert!(ask(&house.admin, 6, true).await.is_ok(), "a person may");
}

#[tokio::test]
async fn a_token_still_does_what_leads_nothing_away() {
    let house = furnished().await;
    let (engine, program) = (&house.engine, house.program());
    let label = edit(&[(Column::Label, "Desk"), (Column::Address, "10.0.0.2")]);
    engine
        .update_phone(&program, mac(2), &label, None)
        .await
        .unwrap();
    // A password that comes with the change is no stored one.
    let brought = PhoneEdit {
        password: Some(secret("brought along")),
        ..edit(&[
            (Column::Site, "plain"),
            (Column::Address, "10.0.0.90"),
            (Column::Username, "admin"),
        ])
    };
    engine
        .create_phone(&program, mac(20), &brought)
        .await
        .unwrap();
    let empty = site("empty", PLAIN, Some("office"));
    engine.create_site(&program, &empty).await.unwrap();
    // Who asked for Digest before is given a proof, from which a password can be guessed, and by TLS the
    // password itself.
    let mut unit = engine.store.begin().await.unwrap();
    let now = engine.clock.now();
    let digest = AuthScheme::DigestMd5;
    unit.set_auth_scheme(mac(2), digest, now).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    for elsewhere in [
        edit(&[(Column::Address, "10.0.0.92")]),
        edit(&[(Column::Scheme, "https")]),
    ] {
        let refused = engine
            .update_phone(&program, mac(2), &elsewhere, None)
            .await;
        assert!(
            matches!(refused, Err(EngineError::NotByToken(_))),
            "{refused:?}"
        );
    }
}

/// A rule takes what the groups take that it asks for, over any number of them.
#[tokio::test]
async fn a_token_gives_no_credential_to_phones_that_come_by_a_rule_inside_a_rule() {
    let house = furnished().await;
    let (engine, admin, program) = (&house.engine, &house.admin, house.program());
    let rule = |name: &str, filter: &str, credential| GroupInput {
        filter: filter.to_owned(),
        ..group(name, GroupKind::Rule, credential)
    };
    let (quiet, lively) = (rule("inner", "tag:none", None), "-state:reachable");
    engine.create_group(&program, &quiet).await.unwrap();
    let moods = rule("lively", lively, None);
    engine.create_group(&program, &moods).await.unwrap();
    let middle = rule("middle", "-group:inner", None);
    engine.create_group(&program, &middle).await.unwrap();
    let outer = rule("outer", "tag:none group:middle", Some("office"));
    engine.create_group(&program, &outer).await.unwrap();
    let moved = |to: &str| rule("inner", to, None);
    let asks = |to: &str| rule("middle", to, None);
    let late = rule("late", "tag:none group:lively", Some("office"));
    for refused in [
        engine
            .update_group(&program, "inner", &moved(lively), None)
            .await,
        engine
            .update_group(&program, "middle", &asks("group:lively"), None)
            .await,
        engine.create_group(&program, &late).await,
    ] {
        assert!(
            matches!(refused, Err(EngineError::NotByToken(_))),
            "{refused:?}"
        );
    }
    for quiet in ["tag:nobody", "tag:nothing"] {
        let made = engine
            .update_group(&program, "inner", &moved(quiet), None)
            .await;
        made.unwrap();
    }
    let by_a_person = engine
        .update_group(admin, "inner", &moved(lively), None)
        .await;
    by_a_person.unwrap();
    // What is so already, a token may leave so.
    let renamed = GroupInput {
        name: "Other".to_owned(),
        ..moved(lively)
    };
    let left = engine.update_group(&program, "inner", &renamed, None).await;
    left.unwrap();
}
