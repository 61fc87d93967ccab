//! No token chooses who is told a stored password: not by a key that nobody knows, not by an
//! authority of its own, and not as the PBX of a site.

use std::net::Ipv4Addr;

use carillon_domain::Mac;
use carillon_domain::phone::TransportSecurity;
use carillon_domain::phone_list::Column;
use carillon_domain::sip::{NotifyWay, SipTransport, SipUse};
use carillon_engine::inventory::{
    CredentialInput, GroupInput, ImportOnce, PhoneEdit, SipProfileInput, SiteInput,
};
use carillon_engine::{Caller, EngineError};

use crate::house::{House, edit, mac, secret, site_input};

const PINNED: TransportSecurity = TransportSecurity::Pinned;
const OWN: TransportSecurity = TransportSecurity::PrivateCa;
const KEY: &str = "ab";

fn authority() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    params.self_signed(&key).unwrap().pem()
}

fn site(name: &str, security: TransportSecurity, credential: Option<&str>) -> SiteInput {
    SiteInput {
        transport_security: security,
        credential: credential.map(str::to_owned),
        ca_pem: (security == OWN).then(authority),
        ..site_input(name)
    }
}

async fn pin(house: &House, mac: Mac) {
    let pinned = house
        .engine
        .confirm_pin(&house.admin, mac, &KEY.repeat(32))
        .await;
    pinned.unwrap();
}

/// A stored password at a site of pinned keys and at one with an authority of its own, none at a
/// third; 1 to 3 are phones there whose keys nobody knows, 4 and 5 two of the first and the third
/// whose keys are known.
async fn furnished() -> House {
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
        ("own", OWN, Some("office")),
        ("bare", PINNED, None),
    ] {
        let site = site(name, security, credential);
        engine.create_site(admin, &site).await.unwrap();
    }
    for (last, site) in [
        (1, "safe"),
        (2, "own"),
        (3, "bare"),
        (4, "safe"),
        (5, "bare"),
    ] {
        let address = format!("10.0.0.{last}");
        let fields = [(Column::Site, site), (Column::Address, &address)];
        house.phone(last, &fields).await;
    }
    for last in [4, 5] {
        pin(&house, mac(last)).await;
    }
    house
}

fn pbx(way: NotifyWay, last: u8) -> SipProfileInput {
    SipProfileInput {
        used: SipUse::Second,
        way,
        proxy: Ipv4Addr::new(10, 0, 0, last).to_string(),
        // One of the ports that are allowed here.
        port: Some(443),
        transport: SipTransport::Tls,
        tls_name: "pbx.test".to_owned(),
        ca_pem: authority(),
        from: "carillon@pbx.test".to_owned(),
        credential: Some("office".to_owned()),
        realm: String::new(),
        rate: 10,
        after_forbidden: false,
        pbx_profile: String::new(),
        password_in_clear: false,
    }
}

type Outcome = Result<(), EngineError>;

async fn ways(house: &House, who: &Caller) -> Vec<(&'static str, Outcome)> {
    let engine = &house.engine;
    let list = |line: &str| format!("mac,address,site\n{line}\n").into_bytes();
    let once = ImportOnce::default();
    let save = async |last: u8, fields: &[(Column, &str)]| {
        let edit = edit(fields);
        engine
            .update_phone(who, mac(last), &edit, None)
            .await
            .map(drop)
    };
    let new = edit(&[(Column::Site, "safe"), (Column::Address, "10.0.0.67")]);
    let switch = |name: &str, security| site(name, security, Some("office"));
    let members = GroupInput {
        slug: String::new(),
        name: "told".to_owned(),
        kind: carillon_domain::phone::GroupKind::Fixed,
        filter: String::new(),
        members: Some(vec![mac(3)]),
        credential: Some("office".to_owned()),
    };
    vec![
        (
            "a new phone",
            engine.create_phone(who, mac(9), &new).await.map(drop),
        ),
        (
            "another address",
            save(1, &[(Column::Address, "10.0.0.66")]).await,
        ),
        ("another port", save(1, &[(Column::Port, "80")]).await),
        (
            "an address at an authority",
            save(2, &[(Column::Address, "10.0.0.65")]).await,
        ),
        ("another site", save(3, &[(Column::Site, "safe")]).await),
        (
            "another site, its own key",
            save(5, &[(Column::Site, "safe")]).await,
        ),
        (
            "named on a phone",
            save(3, &[(Column::Credential, "office"), (Column::Site, "bare")]).await,
        ),
        (
            "a group",
            engine.create_group(who, &members).await.map(drop),
        ),
        (
            "a list",
            engine
                .import_once(who, list("00:15:65:00:00:0a,10.0.0.70,safe"), once)
                .await
                .map(drop),
        ),
        (
            "a list that moves",
            engine
                .import_once(who, list("00:15:65:00:00:01,10.0.0.71,safe"), once)
                .await
                .map(drop),
        ),
        (
            "an authority for pinned keys",
            engine
                .update_site(who, "safe", &switch("safe", OWN), None)
                .await
                .map(drop),
        ),
        (
            "another authority",
            engine
                .update_site(who, "own", &switch("own", OWN), None)
                .await
                .map(drop),
        ),
        (
            "a FreeSWITCH",
            engine
                .save_sip_profile(who, "safe", &pbx(NotifyWay::Esl, 80), None)
                .await,
        ),
        (
            "an Asterisk",
            engine
                .save_sip_profile(who, "own", &pbx(NotifyWay::Ami, 80), None)
                .await,
        ),
        (
            "a SIP server",
            engine
                .save_sip_profile(who, "bare", &pbx(NotifyWay::Sip, 80), None)
                .await,
        ),
    ]
}

#[tokio::test]
async fn a_token_has_no_stored_password_told_to_whom_it_chooses() {
    let house = furnished().await;
    let before = house.actions().await.len();
    for (way, outcome) in ways(&house, &house.program()).await {
        let Err(EngineError::NotByToken(why)) = outcome else {
            panic!("{way}: {outcome:?}")
        };
        assert!(why.contains("the page /"), "{way}: {why}");
    }
    assert_eq!(house.actions().await.len(), before, "nothing was changed");
    for (way, outcome) in ways(&house, &house.admin).await {
        assert!(outcome.is_ok(), "{way}: {outcome:?}");
    }
}

/// Whatever of a profile says to whom the password is told.
#[tokio::test]
async fn a_token_changes_nothing_of_where_a_pbx_is_told_its_password() {
    let house = furnished().await;
    let (engine, program) = (&house.engine, &house.program());
    let made = pbx(NotifyWay::Esl, 80);
    let saved = engine
        .save_sip_profile(&house.admin, "safe", &made, None)
        .await;
    saved.unwrap();
    let other = pbx(NotifyWay::Esl, 80).ca_pem;
    let changes: [fn(&mut SipProfileInput); 5] = [
        |profile| profile.proxy = "10.0.0.81".to_owned(),
        |profile| profile.port = Some(80),
        |profile| profile.tls_name = "evil".to_owned(),
        |profile| profile.ca_pem = authority(),
        |profile| profile.way = NotifyWay::Ami,
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut changed = made.clone();
        change(&mut changed);
        let refused = engine
            .save_sip_profile(program, "safe", &changed, None)
            .await;
        assert!(
            matches!(refused, Err(EngineError::NotByToken(_))),
            "{at}: {refused:?}"
        );
        let asked = engine
            .save_sip_profile(&house.unproved(), "safe", &changed, None)
            .await;
        assert!(
            matches!(asked, Err(EngineError::ProofNeeded)),
            "{at}: {asked:?}"
        );
    }
    assert_ne!(other, made.ca_pem);
    // What tells it to nobody else, and a profile that tells nothing stored.
    let slower = SipProfileInput { rate: 5, ..made };
    engine
        .save_sip_profile(program, "safe", &slower, None)
        .await
        .unwrap();
    let none = SipProfileInput {
        credential: None,
        ..pbx(NotifyWay::Sip, 82)
    };
    engine
        .save_sip_profile(program, "bare", &none, None)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_token_still_keeps_phones_that_are_told_nothing_stored() {
    let house = furnished().await;
    let (engine, program) = (&house.engine, &house.program());
    let bare = edit(&[(Column::Site, "bare"), (Column::Address, "10.0.0.91")]);
    engine.create_phone(program, mac(21), &bare).await.unwrap();
    let brought = PhoneEdit {
        password: Some(secret("brought along")),
        ..edit(&[
            (Column::Site, "safe"),
            (Column::Address, "10.0.0.90"),
            (Column::Username, "admin"),
        ])
    };
    engine
        .create_phone(program, mac(20), &brought)
        .await
        .unwrap();
    // Without an address nobody is told anything.
    let nowhere = edit(&[(Column::Site, "safe")]);
    engine
        .create_phone(program, mac(22), &nowhere)
        .await
        .unwrap();
    // Whose key is known may move: another key is not told it.
    let moved = edit(&[(Column::Address, "10.0.0.92")]);
    engine
        .update_phone(program, mac(4), &moved, None)
        .await
        .unwrap();
    let label = edit(&[(Column::Label, "Desk"), (Column::Address, "10.0.0.1")]);
    engine
        .update_phone(program, mac(1), &label, None)
        .await
        .unwrap();
    let list = b"mac,address,site\n00:15:65:00:00:0b,10.0.0.93,bare\n".to_vec();
    let once = ImportOnce::default();
    engine.import_once(program, list, once).await.unwrap();
}
