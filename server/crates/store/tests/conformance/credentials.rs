//! Credentials and which one a phone gets.

use carillon_domain::Mac;
use carillon_domain::credential::own_name;
use carillon_store::{CredentialRow, CredentialSource, SealedColumn, StoreError};

use crate::database::Database;
use crate::inventory::{add_phones, add_site, at, group, mac, phone, site};

pub(crate) fn named(name: &str) -> CredentialRow {
    CredentialRow {
        name: name.to_owned(),
        username: format!("user of {name}"),
        secret: vec![1, 0, 0, 0, 0, 0, 0, 0, 7, 99],
        secret_version: 1,
        phone: None,
        changed_at: at(1),
        version: 1,
    }
}

fn own(mac: Mac) -> CredentialRow {
    CredentialRow {
        phone: Some(mac),
        ..named(&own_name(mac))
    }
}

async fn insert(db: &Database, rows: &[CredentialRow]) {
    let mut unit = db.store.begin().await.unwrap();
    for row in rows {
        unit.insert_credential(row).await.unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
}

pub(crate) async fn a_unit_counts_what_it_sealed_itself(db: Database) {
    insert(&db, &[named("before")]).await;
    let mut unit = db.store.begin().await.unwrap();
    unit.insert_credential(&named("within")).await.unwrap();
    let counted = unit.sealed_by_key(SealedColumn::Credentials).await;
    assert_eq!(counted.unwrap(), [(vec![0, 0, 0, 0, 0, 0, 0, 7], 2)]);
    drop(unit);
    let counted = db.store.sealed_by_key(SealedColumn::Credentials).await;
    assert_eq!(counted.unwrap(), [(vec![0, 0, 0, 0, 0, 0, 0, 7], 1)]);
}

pub(crate) async fn the_nearest_credential_wins(db: Database) {
    insert(&db, &["p", "g1", "g2", "s"].map(named)).await;
    let mut kiel = site("kiel");
    kiel.credential = Some("s".to_owned());
    add_site(&db.store, &kiel).await;
    let mut phones: Vec<_> = (1..=6).map(phone).collect();
    for phone in &mut phones[..5] {
        phone.site = Some("kiel".to_owned());
    }
    phones[1].credential = Some("p".to_owned());
    phones[2].credential = Some("p".to_owned());
    add_phones(&db.store, &phones).await;
    insert(&db, &[own(mac(1)), own(mac(2))]).await;
    let mut unit = db.store.begin().await.unwrap();
    let mut first = group("a-rule", Some("ext:4"));
    first.credential = Some("g1".to_owned());
    let mut second = group("b-fixed", None);
    second.credential = Some("g2".to_owned());
    unit.insert_group(&second, at(1)).await.unwrap();
    unit.insert_group(&first, at(1)).await.unwrap();
    unit.insert_group(&group("a-none", Some("ext:5")), at(1))
        .await
        .unwrap();
    unit.set_members("b-fixed", &[mac(3), mac(4)])
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();

    let macs: Vec<_> = (1..=7).map(mac).collect();
    let got = db.store.effective_credentials(&macs, at(2)).await.unwrap();
    let summary: Vec<_> = got
        .iter()
        .map(|(mac, found)| {
            (
                mac.bytes()[5],
                found.source.clone(),
                found.credential.name.clone(),
            )
        })
        .collect();
    assert_eq!(
        summary,
        [
            (1, CredentialSource::Own, own_name(mac(1))),
            (2, CredentialSource::Own, own_name(mac(2))),
            (3, CredentialSource::Phone, "p".to_owned()),
            (
                4,
                CredentialSource::Group("a-rule".to_owned()),
                "g1".to_owned()
            ),
            (5, CredentialSource::Site("kiel".to_owned()), "s".to_owned()),
        ]
    );
    assert!(
        db.store
            .phone(mac(1))
            .await
            .unwrap()
            .unwrap()
            .own_credential
    );
    assert!(
        !db.store
            .phone(mac(3))
            .await
            .unwrap()
            .unwrap()
            .own_credential
    );
}

pub(crate) async fn credentials_in_use_stay(db: Database) {
    insert(&db, &["a", "b"].map(named)).await;
    let mut one = phone(1);
    one.credential = Some("a".to_owned());
    add_phones(&db.store, &[one, phone(2)]).await;
    insert(&db, &[own(mac(2))]).await;
    let mut kiel = site("kiel");
    kiel.credential = Some("a".to_owned());
    add_site(&db.store, &kiel).await;

    let listed = db.store.credentials().await.unwrap();
    let uses: Vec<_> = listed
        .iter()
        .map(|row| (row.name.as_str(), row.used_by()))
        .collect();
    assert_eq!(uses, [("a", 2), ("b", 0)]);
    assert_eq!(
        (listed[0].phones, listed[0].groups, listed[0].sites),
        (1, 0, 1)
    );

    let mut unit = db.store.begin().await.unwrap();
    assert!(matches!(
        unit.delete_credential("a").await,
        Err(StoreError::Conflict)
    ));
    drop(unit);
    let mut unit = db.store.begin().await.unwrap();
    assert!(matches!(
        unit.insert_credential(&named("b")).await,
        Err(StoreError::Conflict)
    ));
    drop(unit);
    let mut unit = db.store.begin().await.unwrap();
    let mut changed = unit.credential("b").await.unwrap().unwrap();
    changed.secret = vec![2; 20];
    changed.secret_version = 2;
    changed.changed_at = at(9);
    unit.update_credential(&changed).await.unwrap();
    assert!(matches!(
        unit.update_credential(&changed).await,
        Err(StoreError::Conflict)
    ));
    assert!(unit.delete_own_credential(mac(2)).await.unwrap());
    assert_eq!(unit.own_credential(mac(2)).await.unwrap(), None);
    unit.commit_bookkeeping().await.unwrap();
    let stored = db.store.credential("b").await.unwrap().unwrap();
    assert_eq!(
        (stored.secret, stored.secret_version, stored.version),
        (vec![2; 20], 2, 2)
    );
    let mut unit = db.store.begin().await.unwrap();
    assert!(unit.delete_credential("b").await.unwrap());
    assert!(!unit.delete_credential("b").await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    assert!(!format!("{:?}", named("x")).contains("99"));
}

pub(crate) async fn own_credentials_come_in_bulk(db: Database) {
    add_phones(&db.store, &(1..=1200).map(phone).collect::<Vec<_>>()).await;
    let macs: Vec<_> = (1..=1200).map(mac).collect();
    let rows: Vec<_> = macs.iter().map(|mac| own(*mac)).collect();
    let mut unit = db.store.begin().await.unwrap();
    unit.put_own_credentials(&rows).await.unwrap();
    let mut again = rows.clone();
    again[0].secret = vec![5];
    unit.put_own_credentials(&again).await.unwrap();
    let stored = unit.own_credentials(&macs).await.unwrap();
    assert_eq!(stored.len(), 1200);
    assert_eq!(
        (&stored[&mac(1)].secret, stored[&mac(1)].version),
        (&vec![5], 2)
    );
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(db.store.count_own_credentials().await.unwrap(), 1200);
    assert!(db.store.credentials().await.unwrap().is_empty());
    assert_eq!(
        db.store.own_credential(mac(2)).await.unwrap(),
        Some(CredentialRow {
            version: 2,
            ..own(mac(2))
        })
    );

    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(
        unit.delete_own_credentials(&macs[..600]).await.unwrap(),
        600
    );
    assert_eq!(unit.delete_phones(&macs[600..]).await.unwrap(), 600);
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(db.store.count_own_credentials().await.unwrap(), 0);
}

pub(crate) async fn the_keys_in_use_are_known(db: Database) {
    assert!(db.store.sealing_keys().await.unwrap().is_empty());
    insert(&db, &["a", "b"].map(named)).await;
    crate::accounts::add_user(&db.store, "1", "a").await;
    let mut keys = db.store.sealing_keys().await.unwrap();
    keys.sort();
    assert_eq!(keys, [vec![0, 0, 0, 0, 0, 0, 0, 7], vec![2, 3]]);
}
