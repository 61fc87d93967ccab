//! Credentials go in and never come out, and the nearest one wins.

use carillon_domain::phone::GroupKind;
use carillon_domain::phone_list::Column;
use carillon_engine::EngineError;
use carillon_engine::inventory::{CredentialInput, GroupInput, SiteInput};
use carillon_engine::secrets::Place;
use carillon_store::CredentialSource;
use secrecy::ExposeSecret;

use crate::house::{House, edit, fields_of, mac, secret, site_input};

fn login(name: &str, password: &str) -> CredentialInput {
    CredentialInput {
        name: name.to_owned(),
        username: "admin".to_owned(),
        password: Some(secret(password)),
    }
}

fn group(name: &str, credential: &str) -> GroupInput {
    GroupInput {
        slug: String::new(),
        name: name.to_owned(),
        kind: GroupKind::Rule,
        filter: "tag:lab".to_owned(),
        members: None,
        credential: Some(credential.to_owned()),
    }
}

async fn opened(house: &House, name: &str) -> String {
    let row = house.engine.store.credential(name).await.unwrap().unwrap();
    let place = Place::credential(name, row.secret_version);
    let text = house
        .engine
        .keyring()
        .unwrap()
        .open_text(&place, &row.secret);
    text.unwrap().expose_secret().to_owned()
}

#[tokio::test]
async fn a_password_is_on_the_disk_only_sealed() {
    if crate::house::on_postgres() {
        return;
    }
    let house = House::new().await;
    let first = "first-of-all-passwords";
    house
        .engine
        .create_credential(&house.admin, &login("office", first))
        .await
        .unwrap();
    assert_eq!(opened(&house, "office").await, first);
    let second = "second-of-all-passwords";
    let changed = house
        .engine
        .update_credential(&house.admin, "office", &login("", second), Some(1))
        .await;
    assert_eq!(changed.unwrap().version, 2);
    assert_eq!(opened(&house, "office").await, second);
    let renamed = CredentialInput {
        username: "root".into(),
        ..login("", "")
    };
    let renamed = CredentialInput {
        password: None,
        ..renamed
    };
    house
        .engine
        .update_credential(&house.admin, "office", &renamed, None)
        .await
        .unwrap();
    assert_eq!(opened(&house, "office").await, second);
    house.engine.store.close().await;
    assert!(!house.is_on_disk(first) && !house.is_on_disk(second));
    assert!(house.is_on_disk("credential.changed"));
}

#[tokio::test]
async fn records_tell_that_a_password_changed_and_not_which() {
    let house = House::new().await;
    house
        .engine
        .create_credential(&house.admin, &login("office", "one-password"))
        .await
        .unwrap();
    house
        .engine
        .update_credential(&house.admin, "office", &login("", "two-password"), None)
        .await
        .unwrap();
    let events = house.events().await;
    assert_eq!(events[1].detail["changes"]["password"]["new"], "(hidden)");
    let text = serde_json::to_string(&events).unwrap();
    assert!(!text.contains("one-password") && !text.contains("two-password"));
}

#[tokio::test]
async fn what_is_wrong_is_told_by_field() {
    let house = House::new().await;
    let bad = CredentialInput {
        name: "a:b".into(),
        username: "x:y".into(),
        password: None,
    };
    let refused = house.engine.create_credential(&house.admin, &bad).await;
    assert_eq!(fields_of(refused), ["name", "username", "password"]);
    house
        .engine
        .create_credential(&house.admin, &login("office", "p"))
        .await
        .unwrap();
    let twice = house
        .engine
        .create_credential(&house.admin, &login("office", "p"))
        .await;
    assert_eq!(fields_of(twice), ["name"]);
    let denied = house.engine.credentials(&house.operator).await;
    assert!(matches!(denied, Err(EngineError::Denied(_))));
    let stale = house
        .engine
        .update_credential(&house.admin, "office", &login("", "q"), Some(7))
        .await;
    assert!(matches!(stale, Err(EngineError::Conflict(_))));
}

#[tokio::test]
async fn the_phones_own_comes_first_then_its_groups_then_its_sites() {
    let house = House::new().await;
    for name in ["of-site", "of-group-a", "of-group-b", "named"] {
        house
            .engine
            .create_credential(&house.admin, &login(name, name))
            .await
            .unwrap();
    }
    let site = SiteInput {
        credential: Some("of-site".into()),
        ..site_input("Kiel")
    };
    house.engine.create_site(&house.admin, &site).await.unwrap();
    let phone = house.phone(1, &[]).await;
    let effective = async |expected: Option<(CredentialSource, &str)>| {
        let found = house
            .engine
            .effective_login(&house.viewer, phone)
            .await
            .unwrap();
        let found = found.map(|login| (login.source, login.name));
        assert_eq!(
            found,
            expected.map(|(source, name)| (source, name.to_owned()))
        );
    };
    let change = async |fields: &[(Column, &str)], password: &str| {
        let mut edit = edit(fields);
        edit.password = Some(secret(password)).filter(|_| !password.is_empty());
        house
            .engine
            .update_phone(&house.admin, phone, &edit, None)
            .await
            .unwrap();
    };
    effective(None).await;
    change(&[(Column::Site, "kiel")], "").await;
    effective(Some((CredentialSource::Site("kiel".into()), "of-site"))).await;
    house
        .engine
        .create_group(&house.admin, &group("B", "of-group-b"))
        .await
        .unwrap();
    house
        .engine
        .create_group(&house.admin, &group("A", "of-group-a"))
        .await
        .unwrap();
    change(&[(Column::Tags, "lab")], "").await;
    effective(Some((CredentialSource::Group("a".into()), "of-group-a"))).await;
    change(&[(Column::Credential, "named")], "").await;
    effective(Some((CredentialSource::Phone, "named"))).await;
    change(&[(Column::Username, "me")], "secret-of-one").await;
    effective(Some((CredentialSource::Own, "phone:001565000001"))).await;
    change(&[(Column::Credential, "")], "").await;
    effective(Some((CredentialSource::Own, "phone:001565000001"))).await;
    change(&[(Column::Credential, "named")], "").await;
    effective(Some((CredentialSource::Phone, "named"))).await;
    assert_eq!(
        house
            .engine
            .count_own_credentials(&house.admin)
            .await
            .unwrap(),
        0
    );
    let text = serde_json::to_string(&house.events().await).unwrap();
    assert!(!text.contains("secret-of-one"));
}

#[tokio::test]
async fn a_user_name_alone_changes_no_password_and_needs_one() {
    let house = House::new().await;
    let name_only = edit(&[(Column::Username, "admin")]);
    let refused = house
        .engine
        .create_phone(&house.admin, mac(1), &name_only)
        .await;
    assert_eq!(fields_of(refused), ["password"]);
    let mut both = name_only.clone();
    both.password = Some(secret("first"));
    house
        .engine
        .create_phone(&house.admin, mac(1), &both)
        .await
        .unwrap();
    let renamed = edit(&[(Column::Username, "root")]);
    house
        .engine
        .update_phone(&house.admin, mac(1), &renamed, None)
        .await
        .unwrap();
    let row = house
        .engine
        .store
        .own_credential(mac(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.username, "root");
    assert_eq!(opened(&house, &row.name).await, "first");
}

#[tokio::test]
async fn a_credential_in_use_says_by_whom() {
    let house = House::new().await;
    house
        .engine
        .create_credential(&house.admin, &login("office", "p"))
        .await
        .unwrap();
    house.phone(1, &[(Column::Credential, "office")]).await;
    let summary = house
        .engine
        .credential(&house.admin, "office")
        .await
        .unwrap();
    assert_eq!((summary.phones, summary.used_by()), (1, 1));
    let refused = house
        .engine
        .delete_credential(&house.admin, "office", None)
        .await;
    let Err(EngineError::Conflict(text)) = refused else {
        panic!("{refused:?}")
    };
    assert!(text.contains("1 phones"), "{text}");
    let free = edit(&[(Column::Credential, "")]);
    house
        .engine
        .update_phone(&house.admin, mac(1), &free, None)
        .await
        .unwrap();
    house
        .engine
        .delete_credential(&house.admin, "office", None)
        .await
        .unwrap();
    assert_eq!(house.actions().await.last().unwrap(), "credential.deleted");
}
