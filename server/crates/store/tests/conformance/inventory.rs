//! Phones, sites, groups, tags.

use carillon_domain::phone::{
    AuthScheme, DialForm, Group, GroupKind, Phone, Reachability, Scheme, Site, TransportSecurity,
    UrlForm,
};
use carillon_domain::{Mac, Timestamp};
use carillon_store::{ContactUpdate, Store, StoreError};

use crate::database::Database;

/// An instant some seconds into the tests.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_763_800_000_000_000 + seconds * 1_000_000)
}

pub(crate) fn mac(number: u32) -> Mac {
    let [a, b, c, d] = number.to_be_bytes();
    Mac::from_bytes([0x80, 0x5e, a, b, c, d])
}

/// A phone that is not much more than its identity.
pub(crate) fn phone(number: u32) -> Phone {
    let mut phone = Phone::new(mac(number));
    phone.label = format!("Phone {number:05}");
    phone.extension = number.to_string();
    phone.model = if number.is_multiple_of(2) {
        "T46S"
    } else {
        "T54W"
    }
    .into();
    phone
}

pub(crate) fn site(slug: &str) -> Site {
    Site {
        slug: slug.to_owned(),
        name: slug.to_uppercase(),
        transport_security: TransportSecurity::Pinned,
        ca_pem: None,
        credential: None,
        max_down_percent: 20,
    }
}

pub(crate) fn group(slug: &str, rule: Option<&str>) -> Group {
    Group {
        slug: slug.to_owned(),
        name: slug.to_uppercase(),
        kind: if rule.is_some() {
            GroupKind::Rule
        } else {
            GroupKind::Fixed
        },
        filter: rule.map(str::to_owned),
        credential: None,
    }
}

pub(crate) async fn add_phones(store: &Store, phones: &[Phone]) {
    let mut unit = store.begin().await.unwrap();
    unit.insert_phones(phones, at(1)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
}

pub(crate) async fn add_site(store: &Store, site: &Site) {
    let mut unit = store.begin().await.unwrap();
    unit.insert_site(site, at(1)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
}

/// However a change came, and not when nothing changed.
pub(crate) async fn the_addresses_of_a_phone_are_kept_in_order(db: Database) {
    let mut moved = phone(1);
    add_phones(&db.store, &[moved.clone(), phone(2)]).await;
    let mut unit = db.store.begin().await.unwrap();
    moved.address = Some("10.1.2.3".parse().unwrap());
    unit.update_phone(&moved, 1, at(2)).await.unwrap();
    "another room".clone_into(&mut moved.notes);
    unit.update_phone(&moved, 2, at(3)).await.unwrap();
    moved.address = Some("10.1.2.4".parse().unwrap());
    unit.upsert_phones(std::slice::from_ref(&moved), at(4))
        .await
        .unwrap();
    unit.upsert_phones(std::slice::from_ref(&moved), at(5))
        .await
        .unwrap();
    moved.address = None;
    unit.update_phone(&moved, 5, at(6)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let kept = db.store.phone_addresses(mac(1), 10).await.unwrap();
    let kept: Vec<_> = kept
        .iter()
        .map(|one| (one.address.as_deref(), one.since))
        .collect();
    let expected = [
        (None, at(6)),
        (Some("10.1.2.4"), at(4)),
        (Some("10.1.2.3"), at(2)),
    ];
    assert_eq!(kept, expected);
    assert_eq!(db.store.phone_addresses(mac(1), 1).await.unwrap().len(), 1);
    assert_eq!(db.store.phone_addresses(mac(2), 9).await.unwrap(), []);
    let mut unit = db.store.begin().await.unwrap();
    unit.delete_phones(&[mac(1)]).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(db.store.phone_addresses(mac(1), 9).await.unwrap(), []);
}

pub(crate) async fn a_phone_is_read_as_it_was_written(db: Database) {
    add_site(&db.store, &site("kiel")).await;
    let full = Phone {
        mac: mac(1),
        label: "Empfang – Süd 'x' \"y\" %_".to_owned(),
        extension: "007".to_owned(),
        model: "T46S".to_owned(),
        firmware: "66.86.0.15".to_owned(),
        site: Some("kiel".to_owned()),
        tags: vec!["lobby".to_owned(), "vip".to_owned()],
        address: Some("10.1.2.3".parse().unwrap()),
        port: Some(8443),
        scheme: Some(Scheme::Https),
        sip_uri: "sip:7@example.org".to_owned(),
        credential: None,
        protected: true,
        notes: "two\nlines".to_owned(),
        url_form: UrlForm::CgiServer,
        dial_form: DialForm::Bare,
    };
    let mut bare = Phone::new(mac(2));
    bare.address = Some("fd00::1".parse().unwrap());
    add_phones(&db.store, &[full.clone(), bare.clone()]).await;

    let row = db.store.phone(mac(1)).await.unwrap().unwrap();
    assert_eq!(row.phone, full);
    assert_eq!(
        (row.version, row.created_at, row.updated_at),
        (1, at(1), at(1))
    );
    assert_eq!(row.contact.auth_scheme, AuthScheme::Unknown);
    assert_eq!(
        (row.contact.reachability, row.last),
        (Reachability::Unknown, None)
    );
    assert_eq!(db.store.phone(mac(2)).await.unwrap().unwrap().phone, bare);
    assert_eq!(db.store.phone(mac(3)).await.unwrap(), None);
    for (extension, somebody) in [("007", true), ("7", false), ("08", false)] {
        let has = db.store.has_extension(extension).await.unwrap();
        assert_eq!(has, somebody, "{extension}");
    }

    let mut unit = db.store.begin().await.unwrap();
    let twice = unit.insert_phones(&[phone(1)], at(2)).await;
    assert!(matches!(twice, Err(StoreError::Conflict)));
    drop(unit);
    let mut lost = phone(4);
    lost.site = Some("nowhere".to_owned());
    let mut unit = db.store.begin().await.unwrap();
    let nowhere = unit.insert_phones(&[lost], at(2)).await;
    assert!(matches!(nowhere, Err(StoreError::Conflict)));
    drop(unit);

    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(unit.delete_phones(&[mac(1), mac(9)]).await.unwrap(), 1);
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(db.store.phone(mac(1)).await.unwrap(), None);
    assert_eq!(db.store.tags().await.unwrap(), []);
}

pub(crate) async fn an_old_version_is_refused(db: Database) {
    add_phones(&db.store, &[phone(1)]).await;
    let mut changed = phone(1);
    changed.label = "New".into();
    changed.tags = vec!["a".to_owned()];
    let mut unit = db.store.begin().await.unwrap();
    unit.update_phone(&changed, 1, at(2)).await.unwrap();
    let old = unit.update_phone(&changed, 1, at(3)).await;
    assert!(matches!(old, Err(StoreError::Conflict)));
    let gone = unit.update_phone(&phone(2), 1, at(3)).await;
    assert!(matches!(gone, Err(StoreError::Conflict)));
    unit.commit_bookkeeping().await.unwrap();
    let row = db.store.phone(mac(1)).await.unwrap().unwrap();
    assert_eq!((row.phone, row.version), (changed, 2));
    assert_eq!((row.created_at, row.updated_at), (at(1), at(2)));
}

pub(crate) async fn ten_thousand_phones_are_written_in_one_unit(db: Database) {
    let mut phones: Vec<_> = (0..10_000).map(phone).collect();
    for phone in &mut phones {
        phone.tags = vec!["bulk".to_owned(), "new".to_owned()];
    }
    add_phones(&db.store, &phones).await;
    for phone in &mut phones {
        phone.notes = "again".into();
        phone.tags = vec!["bulk".to_owned()];
    }
    let mut unit = db.store.begin().await.unwrap();
    unit.upsert_phones(&phones, at(2)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();

    let macs: Vec<_> = phones.iter().map(|phone| phone.mac).collect();
    let rows = db.store.phones_by_macs(&macs).await.unwrap();
    assert_eq!(rows.len(), 10_000);
    assert!(
        rows.iter()
            .all(|row| row.version == 2 && row.phone.notes == "again")
    );
    assert!(rows.iter().all(|row| row.phone.tags == ["bulk"]));
    assert_eq!(
        db.store.tags().await.unwrap(),
        [("bulk".to_owned(), 10_000)]
    );

    let (mut seen, mut last) = (0, None);
    loop {
        let batch = db.store.phones_batch(last, 999).await.unwrap();
        let Some(row) = batch.last() else { break };
        assert!(batch.first().map(|row| row.phone.mac) > last);
        last = Some(row.phone.mac);
        seen += batch.len();
    }
    assert_eq!(seen, 10_000);
}

pub(crate) async fn sites_in_use_stay(db: Database) {
    add_site(&db.store, &site("kiel")).await;
    add_site(&db.store, &site("bonn")).await;
    let mut one = phone(1);
    one.site = Some("kiel".to_owned());
    add_phones(&db.store, &[one]).await;

    let mut changed = site("kiel");
    changed.transport_security = TransportSecurity::PrivateCa;
    changed.ca_pem = Some("-----BEGIN".to_owned());
    let mut unit = db.store.begin().await.unwrap();
    unit.update_site(&changed, 1, at(2)).await.unwrap();
    let old = unit.update_site(&changed, 1, at(3)).await;
    assert!(matches!(old, Err(StoreError::Conflict)));
    assert!(unit.delete_site("bonn").await.unwrap());
    assert!(!unit.delete_site("bonn").await.unwrap());
    assert_eq!(unit.sites().await.unwrap().len(), 1);
    assert_eq!(unit.site("kiel").await.unwrap().unwrap().version, 2);
    unit.commit_bookkeeping().await.unwrap();

    let mut unit = db.store.begin().await.unwrap();
    assert!(matches!(
        unit.delete_site("kiel").await,
        Err(StoreError::Conflict)
    ));
    drop(unit);
    let mut unit = db.store.begin().await.unwrap();
    assert!(matches!(
        unit.insert_site(&site("kiel"), at(3)).await,
        Err(StoreError::Conflict)
    ));
    drop(unit);
    let sites = db.store.sites().await.unwrap();
    assert_eq!(sites.len(), 1);
    assert_eq!((&sites[0].site, sites[0].phones), (&changed, 1));
    assert_eq!(db.store.site("bonn").await.unwrap(), None);
}

pub(crate) async fn groups_keep_their_members(db: Database) {
    add_phones(&db.store, &(1..=6).map(phone).collect::<Vec<_>>()).await;
    let mut unit = db.store.begin().await.unwrap();
    unit.insert_group(&group("fixed", None), at(1))
        .await
        .unwrap();
    unit.insert_group(&group("even", Some("model:T46S")), at(1))
        .await
        .unwrap();
    unit.insert_group(&group("both", Some("group:fixed group:even")), at(1))
        .await
        .unwrap();
    unit.insert_group(&group("not-even", Some("-group:even")), at(1))
        .await
        .unwrap();
    unit.set_members("fixed", &[mac(5), mac(6)]).await.unwrap();
    unit.set_members("fixed", &[mac(1), mac(2)]).await.unwrap();
    assert_eq!(
        unit.add_members("fixed", &[mac(2), mac(3)]).await.unwrap(),
        1
    );
    assert_eq!(
        unit.remove_members("fixed", &[mac(3), mac(4)])
            .await
            .unwrap(),
        1
    );
    let every: Vec<_> = unit.every_group().await.unwrap();
    let rules: Vec<_> = every
        .iter()
        .map(|group| (group.slug.as_str(), group.filter.as_deref()))
        .collect();
    assert_eq!(
        rules,
        [
            ("both", Some("group:fixed group:even")),
            ("even", Some("model:T46S")),
            ("fixed", None),
            ("not-even", Some("-group:even")),
        ]
    );
    unit.commit_bookkeeping().await.unwrap();

    let groups = db.store.groups(at(2)).await.unwrap();
    let counts: Vec<_> = groups
        .iter()
        .map(|row| (row.group.slug.as_str(), row.phones))
        .collect();
    assert_eq!(
        counts,
        [("both", 4), ("even", 3), ("fixed", 2), ("not-even", 3)]
    );
    assert_eq!(
        db.store.fixed_members("fixed").await.unwrap(),
        [mac(1), mac(2)]
    );
    let of = db
        .store
        .groups_of(&[mac(1), mac(2), mac(3)], at(2))
        .await
        .unwrap();
    assert_eq!(of[&mac(1)], ["both", "fixed", "not-even"]);
    assert_eq!(of[&mac(2)], ["both", "even", "fixed"]);
    assert_eq!(of[&mac(3)], ["not-even"]);

    let mut unit = db.store.begin().await.unwrap();
    let stranger = unit.add_members("fixed", &[mac(99)]).await;
    assert!(matches!(stranger, Err(StoreError::Conflict)));
    drop(unit);
    let mut unit = db.store.begin().await.unwrap();
    unit.update_group(&group("fixed", Some("ext:5")), 1, at(3))
        .await
        .unwrap();
    let old = unit.update_group(&group("fixed", None), 1, at(3)).await;
    assert!(matches!(old, Err(StoreError::Conflict)));
    assert_eq!(unit.group("fixed").await.unwrap().unwrap().version, 2);
    let alone = db.store.group_alone("both").await.unwrap().unwrap();
    assert_eq!((alone.group.slug.as_str(), alone.phones), ("both", 0));
    assert_eq!(db.store.group_alone("neither").await.unwrap(), None);
    assert!(unit.delete_group("both").await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(
        db.store
            .group("fixed", at(3))
            .await
            .unwrap()
            .unwrap()
            .phones,
        1
    );
    assert!(db.store.fixed_members("fixed").await.unwrap().is_empty());
    assert_eq!(db.store.group("both", at(3)).await.unwrap(), None);
}

pub(crate) async fn tags_are_added_and_taken(db: Database) {
    add_phones(&db.store, &(1..=3).map(phone).collect::<Vec<_>>()).await;
    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(
        unit.add_tag(&[mac(1), mac(2)], "vip", at(2)).await.unwrap(),
        2
    );
    assert_eq!(
        unit.add_tag(&[mac(2), mac(3)], "vip", at(3)).await.unwrap(),
        1
    );
    assert_eq!(unit.add_tag(&[mac(2)], "desk", at(3)).await.unwrap(), 1);
    assert_eq!(
        unit.remove_tag(&[mac(1), mac(2)], "vip", at(4))
            .await
            .unwrap(),
        2
    );
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(
        db.store.phone(mac(2)).await.unwrap().unwrap().phone.tags,
        ["desk"]
    );
    let tags = db.store.tags().await.unwrap();
    assert_eq!(tags, [("desk".to_owned(), 1), ("vip".to_owned(), 1)]);
}

pub(crate) async fn what_contact_taught_survives_an_edit(db: Database) {
    add_phones(&db.store, &[phone(1)]).await;
    let taught = |pin: &str| ContactUpdate {
        reached: true,
        learned_auth: Some(AuthScheme::DigestMd5),
        learned_pin: Some(pin.to_owned()),
    };
    let silent = ContactUpdate {
        reached: false,
        learned_auth: None,
        learned_pin: None,
    };
    let mut unit = db.store.begin().await.unwrap();
    unit.note_contact(mac(1), taught("aa"), at(5))
        .await
        .unwrap();
    unit.note_contact(mac(1), taught("bb"), at(6))
        .await
        .unwrap();
    unit.note_contact(mac(1), silent, at(7)).await.unwrap();
    unit.note_firmware(mac(1), "66.86.0.15", "T99")
        .await
        .unwrap();
    let mut edited = phone(1);
    edited.firmware = "66.86.0.15".into();
    unit.upsert_phones(&[edited.clone()], at(8)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let row = db.store.phone(mac(1)).await.unwrap().unwrap();
    assert_eq!(row.phone, edited);
    assert_eq!(row.contact.auth_scheme, AuthScheme::DigestMd5);
    assert_eq!(row.contact.tls_pin.as_deref(), Some("aa"));
    assert_eq!(row.contact.reachability, Reachability::Offline);
    assert_eq!(
        (row.contact.last_seen, row.contact.last_tried),
        (Some(at(6)), Some(at(7)))
    );

    let mut unit = db.store.begin().await.unwrap();
    assert!(
        unit.set_auth_scheme(mac(1), AuthScheme::Unknown, at(9))
            .await
            .unwrap()
    );
    assert!(unit.set_tls_pin(mac(1), Some("cc"), at(9)).await.unwrap());
    assert!(!unit.set_tls_pin(mac(2), None, at(9)).await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    let row = db.store.phone(mac(1)).await.unwrap().unwrap();
    assert_eq!(row.contact.auth_scheme, AuthScheme::Unknown);
    assert_eq!(row.contact.tls_pin.as_deref(), Some("cc"));
}
