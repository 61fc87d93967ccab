//! SIP profiles of sites, and addresses that phones share.

use carillon_domain::sip::{NotifyWay, SipProfile, SipTransport, SipUse};
use carillon_store::{SipPhone, StoreError, Told, Ways};

use crate::credentials::named;
use crate::database::Database;
use crate::inventory::{add_phones, add_site, at, mac, phone, site};
use crate::jobs::add_job;

fn profile() -> SipProfile {
    SipProfile {
        used: SipUse::Second,
        way: NotifyWay::Esl,
        proxy: Some("10.0.0.5".parse().unwrap()),
        port: Some(5070),
        transport: SipTransport::Tls,
        tls_name: "pbx.example".to_owned(),
        ca_pem: Some("-----BEGIN".to_owned()),
        from: "carillon@pbx.example".parse().unwrap(),
        credential: None,
        realm: "pbx".to_owned(),
        rate: 300,
        after_forbidden: true,
        pbx_profile: "internal".to_owned(),
        password_in_clear: true,
    }
}

pub(crate) async fn a_profile_is_read_as_it_was_written(db: Database) {
    for slug in ["bonn", "kiel"] {
        add_site(&db.store, &site(slug)).await;
    }
    let bare = SipProfile {
        used: SipUse::Only,
        way: NotifyWay::Sip,
        proxy: None,
        port: None,
        transport: SipTransport::Udp,
        tls_name: String::new(),
        ca_pem: None,
        after_forbidden: false,
        pbx_profile: String::new(),
        password_in_clear: false,
        ..profile()
    };
    let mut unit = db.store.begin().await.unwrap();
    for (slug, profile) in [("kiel", &profile()), ("bonn", &bare)] {
        unit.insert_sip_profile(slug, profile, at(1)).await.unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
    let all = db.store.sip_profiles().await.unwrap();
    assert_eq!(
        all.iter()
            .map(|row| (row.site.as_str(), &row.profile))
            .collect::<Vec<_>>(),
        [("bonn", &bare), ("kiel", &profile())]
    );

    let mut unit = db.store.begin().await.unwrap();
    unit.update_sip_profile("bonn", &profile(), 1, at(2))
        .await
        .unwrap();
    let old = unit.update_sip_profile("bonn", &bare, 1, at(3)).await;
    assert!(matches!(old, Err(StoreError::Conflict)));
    assert!(unit.delete_sip_profile("kiel").await.unwrap());
    assert!(!unit.delete_sip_profile("kiel").await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    let row = db.store.sip_profile("bonn").await.unwrap().unwrap();
    assert_eq!((row.version, row.profile), (2, profile()));
    // It goes with its site.
    let mut unit = db.store.begin().await.unwrap();
    assert!(unit.delete_site("bonn").await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    assert!(db.store.sip_profiles().await.unwrap().is_empty());
}

pub(crate) async fn a_credential_of_a_sip_server_stays_and_holds_its_phones(db: Database) {
    add_site(&db.store, &site("kiel")).await;
    let mut phones: Vec<_> = (1..=3).map(phone).collect();
    for phone in &mut phones[..2] {
        phone.site = Some("kiel".to_owned());
    }
    add_phones(&db.store, &phones).await;
    let mut unit = db.store.begin().await.unwrap();
    let unknown = SipProfile {
        credential: Some("pbx".to_owned()),
        ..profile()
    };
    unit.insert_credential(&named("pbx")).await.unwrap();
    unit.insert_sip_profile("kiel", &unknown, at(1))
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let used = db.store.credentials().await.unwrap();
    assert_eq!((used[0].name.as_str(), used[0].sites), ("pbx", 1));
    let mut unit = db.store.begin().await.unwrap();
    let refused = unit.delete_credential("pbx").await;
    assert!(matches!(refused, Err(StoreError::Conflict)));
    drop(unit);

    add_job(&db.store, "j", &[1, 2, 3]).await;
    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(unit.hold_waiting("j", "pbx", at(2)).await.unwrap(), 2);
    let held = unit.held_phones("j", "pbx").await.unwrap();
    assert_eq!(held, [mac(1), mac(2)]);
    unit.commit_bookkeeping().await.unwrap();
}

/// Not over a server, nor over a PBX, nor where none is stored.
pub(crate) async fn proofs_go_where_a_command_goes(db: Database) {
    let straight = SipProfile {
        way: NotifyWay::Sip,
        proxy: None,
        transport: SipTransport::Udp,
        port: None,
        credential: Some("pbx".to_owned()),
        ..profile()
    };
    let served = SipProfile {
        proxy: profile().proxy,
        ..straight.clone()
    };
    let mut unit = db.store.begin().await.unwrap();
    unit.insert_credential(&named("pbx")).await.unwrap();
    for (slug, profile) in [("kiel", &straight), ("bonn", &served)] {
        unit.insert_site(&site(slug), at(1)).await.unwrap();
        unit.insert_sip_profile(slug, profile, at(1)).await.unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
    let mut phones: Vec<_> = (1..=5).map(phone).collect();
    let given = [
        ("kiel", "", "1@pbx"),
        ("kiel", "10.0.0.2", "2@pbx"),
        ("kiel", "10.0.0.3", "3@10.0.0.9:5070"),
        ("kiel", "10.0.0.4", ""),
        ("bonn", "10.0.0.5", "5@pbx"),
    ];
    for (phone, (site, address, uri)) in phones.iter_mut().zip(given) {
        phone.site = Some(site.to_owned());
        phone.address = address.parse().ok();
        uri.clone_into(&mut phone.sip_uri);
    }
    add_phones(&db.store, &phones).await;
    let found = db.store.exposed(None, Ways::Any, at(2)).await.unwrap();
    let proofs = found.iter().filter(|one| one.told == Told::AProof);
    let places: Vec<_> = proofs
        .map(|one| (one.phone, one.address.as_str(), one.port))
        .collect();
    let expected = [
        (mac(2), "10.0.0.2", Some(5060)),
        (mac(3), "10.0.0.9", Some(5070)),
    ];
    assert_eq!(places, expected);
    let clear = db.store.exposed(None, Ways::InClear, at(2)).await.unwrap();
    assert!(clear.iter().all(|one| one.told != Told::AProof));
}

pub(crate) async fn sip_addresses_are_known(db: Database) {
    let mut phones: Vec<_> = (1..=4).map(phone).collect();
    for (phone, address) in phones.iter_mut().zip(["a@pbx", "b@pbx", "sip:a@pbx", ""]) {
        address.clone_into(&mut phone.sip_uri);
    }
    add_site(&db.store, &site("kiel")).await;
    for phone in &mut phones[1..] {
        phone.site = Some("kiel".to_owned());
    }
    phones[1].protected = true;
    add_phones(&db.store, &phones).await;
    let mut there = db.store.phones_with_sip().await.unwrap();
    there.sort_by_key(|phone| phone.mac);
    let known = |number, site: Option<&str>, address: &str| SipPhone {
        mac: mac(number),
        site: site.map(str::to_owned),
        protected: number == 2,
        address: address.to_owned(),
    };
    let kiel = Some("kiel");
    let expected = [
        known(1, None, "a@pbx"),
        known(2, kiel, "b@pbx"),
        known(3, kiel, "sip:a@pbx"),
    ];
    assert_eq!(there, expected);
}
