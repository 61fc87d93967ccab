//! A site whose commands go straight to its phones by SIP gives proofs of a stored password to wherever
//! these are: no token chooses that.

use carillon_domain::phone_list::Column;
use carillon_domain::sip::{NotifyWay, SipTransport, SipUse};
use carillon_engine::inventory::{CredentialInput, ImportOnce, SipProfileInput};
use carillon_engine::{Caller, EngineError};

use crate::house::{House, edit, mac, secret, site_input};

fn profile(proxy: &str, credential: Option<&str>) -> SipProfileInput {
    SipProfileInput {
        used: SipUse::Only,
        way: NotifyWay::Sip,
        proxy: proxy.to_owned(),
        // One of the ports that are allowed here.
        port: (!proxy.is_empty()).then_some(443),
        transport: SipTransport::Udp,
        tls_name: String::new(),
        ca_pem: String::new(),
        from: "carillon@pbx.test".to_owned(),
        credential: credential.map(str::to_owned),
        realm: String::new(),
        rate: 10,
        after_forbidden: false,
        pbx_profile: String::new(),
        password_in_clear: false,
    }
}

/// Phones 1 and 2 at a site that is told straight with a stored password, 3 at one without one, 4 at one
/// with a SIP server.
async fn furnished() -> House {
    let house = House::new().await;
    let (engine, admin) = (&house.engine, &house.admin);
    let login = CredentialInput {
        name: "sip".to_owned(),
        username: "carillon".to_owned(),
        password: Some(secret("a stored password")),
    };
    engine.create_credential(admin, &login).await.unwrap();
    for (name, proxy, credential) in [
        ("straight", "", Some("sip")),
        ("bare", "", None),
        ("served", "10.0.0.200", Some("sip")),
    ] {
        engine.create_site(admin, &site_input(name)).await.unwrap();
        let profile = profile(proxy, credential);
        let saved = engine.save_sip_profile(admin, name, &profile, None);
        saved.await.unwrap();
    }
    for (last, site) in [(1, "straight"), (2, "straight"), (3, "bare"), (4, "served")] {
        let (address, uri) = (format!("10.0.0.{last}"), format!("20{last}@pbx.test"));
        let fields = [
            (Column::Site, site),
            (Column::Address, &address),
            (Column::SipUri, &uri),
        ];
        house.phone(last, &fields).await;
    }
    house
}

type Outcome = Result<(), EngineError>;

async fn ways(house: &House, who: &Caller) -> Vec<(&'static str, Outcome)> {
    let engine = &house.engine;
    let save = async |last: u8, column: Column, text: &str| {
        let edit = edit(&[(column, text)]);
        let saved = engine.update_phone(who, mac(last), &edit, None).await;
        saved.map(drop)
    };
    let new = edit(&[
        (Column::Site, "straight"),
        (Column::Address, "10.0.0.66"),
        (Column::SipUri, "2066@pbx.test"),
    ]);
    let list = "mac,address,site,sip_uri,username,password\n\
        00:15:65:00:00:0a,10.0.0.70,straight,2070@pbx.test,admin,brought along\n";
    let once = ImportOnce::default();
    let listed = engine.import_once(who, list.as_bytes().to_vec(), once);
    vec![
        ("a list", listed.await.map(drop)),
        (
            "a new phone",
            engine.create_phone(who, mac(9), &new).await.map(drop),
        ),
        (
            "another address",
            save(1, Column::Address, "10.0.0.67").await,
        ),
        (
            "an address in it",
            save(2, Column::SipUri, "202@10.0.0.68").await,
        ),
        (
            "its port",
            save(2, Column::SipUri, "202@10.0.0.68:80").await,
        ),
        ("another site", save(3, Column::Site, "straight").await),
        ("from a server", save(4, Column::Site, "straight").await),
    ]
}

#[tokio::test]
async fn a_token_has_no_proof_given_to_where_it_chooses() {
    let house = furnished().await;
    let before = house.actions().await.len();
    for (way, outcome) in ways(&house, &house.program()).await {
        let Err(EngineError::NotByToken(why)) = outcome else {
            panic!("{way}: {outcome:?}")
        };
        assert!(why.contains("a proof of a stored password"), "{way}: {why}");
    }
    assert_eq!(house.actions().await.len(), before, "nothing was changed");
    for (way, outcome) in ways(&house, &house.admin).await {
        assert!(outcome.is_ok(), "{way}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_token_still_keeps_phones_that_are_given_none() {
    let house = furnished().await;
    let (engine, program) = (&house.engine, &house.program());
    for (last, fields) in [
        (
            1,
            vec![(Column::Label, "Desk"), (Column::SipUri, "209@pbx.test")],
        ),
        (2, vec![(Column::SipUri, "202@10.0.0.2")]),
        (3, vec![(Column::Address, "10.0.0.90")]),
        (4, vec![(Column::Address, "10.0.0.91")]),
        (1, vec![(Column::Site, "served")]),
    ] {
        let edit = edit(&fields);
        let saved = engine.update_phone(program, mac(last), &edit, None);
        saved.await.unwrap();
    }
    // Whom nothing can be sent to.
    let nowhere = edit(&[(Column::Site, "straight"), (Column::SipUri, "20@pbx.test")]);
    engine
        .create_phone(program, mac(20), &nowhere)
        .await
        .unwrap();
    let silent = edit(&[(Column::Site, "straight"), (Column::Address, "10.0.0.92")]);
    engine
        .create_phone(program, mac(21), &silent)
        .await
        .unwrap();
}
