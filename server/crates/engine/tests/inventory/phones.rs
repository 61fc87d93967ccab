//! Phones one by one, tags, and trust.

use carillon_domain::phone::AuthScheme;
use carillon_domain::phone_list::Column;
use carillon_domain::{Filter, Mac};
use carillon_engine::EngineError;
use carillon_engine::changes::Made;
use carillon_engine::inventory::{ImportOnce, TagChange};

use crate::house::{House, edit, fields_of, mac};

#[tokio::test]
async fn a_phone_is_added_changed_and_deleted_with_a_record_each() {
    let house = House::new().await;
    house.site("Köln Süd").await;
    let mac = house
        .phone(
            1,
            &[
                (Column::Label, "Desk"),
                (Column::Site, "Köln Süd"),
                (Column::Address, "10.0.0.1"),
            ],
        )
        .await;
    let row = house.engine.phone(&house.viewer, mac).await.unwrap();
    assert_eq!(row.phone.site.as_deref(), Some("koeln-sued"));
    let change = edit(&[(Column::Label, "Front desk"), (Column::Address, "")]);
    let new = house
        .engine
        .update_phone(&house.admin, mac, &change, Some(row.version))
        .await
        .unwrap();
    assert_eq!(
        (new.phone.label.as_str(), new.phone.address),
        ("Front desk", None)
    );
    assert_eq!(new.version, row.version + 1);
    let again = house
        .engine
        .update_phone(&house.admin, mac, &change, None)
        .await
        .unwrap();
    assert_eq!(
        again.version, new.version,
        "nothing different, nothing written"
    );
    let stale = house
        .engine
        .update_phone(
            &house.admin,
            mac,
            &edit(&[(Column::Label, "x")]),
            Some(row.version),
        )
        .await;
    assert!(matches!(stale, Err(EngineError::Conflict(_))));
    house
        .engine
        .delete_phone(&house.admin, mac, Some(new.version))
        .await
        .unwrap();
    assert!(matches!(
        house.engine.phone(&house.admin, mac).await,
        Err(EngineError::NotFound)
    ));
    let events = house.events().await;
    let about: Vec<_> = events.iter().map(|e| e.action.as_str()).collect();
    assert_eq!(
        about,
        [
            "site.created",
            "phone.created",
            "phone.changed",
            "phone.deleted"
        ]
    );
    assert_eq!(events[2].detail["changes"]["label"]["new"], "Front desk");
    assert_eq!(events[2].phone_name, "Front desk");
    assert_eq!(events[3].site.as_deref(), Some("koeln-sued"));
    assert_eq!(events[3].ip.as_deref(), Some("10.9.9.9"));
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_field() {
    let house = House::new().await;
    let create = async |fields: &[(Column, &str)]| {
        let edit = edit(fields);
        house.engine.create_phone(&house.admin, mac(9), &edit).await
    };
    for (field, text) in [
        (Column::Address, "8.8.8.8"),
        (Column::Address, "127.0.0.1"),
        (Column::Address, "169.254.1.1"),
        (Column::Address, "phone.example"),
        (Column::Site, "nowhere"),
        (Column::Credential, "nothing"),
        (Column::Extension, "1 2"),
    ] {
        let fields = [(field, text)];
        assert_eq!(fields_of(create(&fields).await), [field.as_str()], "{text}");
    }
    let port = [(Column::Address, "10.0.0.1"), (Column::Port, "22")];
    assert_eq!(fields_of(create(&port).await), ["port"]);
    house.phone(1, &[]).await;
    let twice = house
        .engine
        .create_phone(&house.admin, mac(1), &edit(&[]))
        .await;
    assert_eq!(fields_of(twice), ["mac"]);
    assert_eq!(house.count("").await, 1);
}

#[tokio::test]
async fn operators_edit_tags_and_nothing_else() {
    let house = House::new().await;
    let one = house.phone(1, &[(Column::Tags, "lab")]).await;
    let two = house.phone(2, &[]).await;
    let tags = edit(&[(Column::Tags, "VIP; lab")]);
    let row = house
        .engine
        .update_phone(&house.operator, one, &tags, None)
        .await
        .unwrap();
    assert_eq!(row.phone.tags, ["lab", "vip"]);
    let label = edit(&[(Column::Label, "x")]);
    let denied = house
        .engine
        .update_phone(&house.operator, one, &label, None)
        .await;
    assert!(matches!(denied, Err(EngineError::Denied(_))));
    let denied = house
        .engine
        .update_phone(&house.viewer, one, &tags, None)
        .await;
    assert!(matches!(denied, Err(EngineError::Denied(_))));
    let both = [one, two];
    let tagged = house
        .engine
        .tag_phones(&house.operator, &both, "Vip", TagChange::Add)
        .await;
    assert_eq!(tagged.unwrap(), 1, "one has it already");
    assert_eq!(house.count("tag:vip").await, 2);
    let removed = house
        .engine
        .tag_phones(&house.operator, &both, "vip", TagChange::Remove)
        .await;
    assert_eq!(removed.unwrap(), 2);
    let wrong = house
        .engine
        .tag_phones(&house.operator, &both, "a;b", TagChange::Add)
        .await;
    assert_eq!(fields_of(wrong), ["tag"]);
    let actions = house.actions().await;
    assert_eq!(
        actions[2..],
        ["phone.changed", "phones.tagged", "phones.untagged"]
    );
}

#[tokio::test]
async fn people_name_phones_by_mac_or_extension() {
    let house = House::new().await;
    let one = house.phone(1, &[(Column::Extension, "101")]).await;
    house.phone(2, &[(Column::Extension, "102")]).await;
    house.phone(3, &[(Column::Extension, "102")]).await;
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let find = async |wanted: &[&str]| {
        let wanted = names(wanted);
        house
            .engine
            .named_phones(&house.viewer, "add", &wanted)
            .await
    };
    let found = find(&["101", " ", "00-15-65-00-00-02"]).await.unwrap();
    assert_eq!(found, [one, mac(2)]);
    assert_eq!(
        fields_of(find(&["102", "103", "001565999999"]).await),
        ["add"; 3]
    );
}

#[tokio::test]
async fn trust_is_taken_back_and_confirmed_by_people() {
    let house = House::new().await;
    let mac = house.phone(1, &[]).await;
    let pin = "AB".repeat(32);
    house
        .engine
        .confirm_pin(&house.admin, mac, &pin)
        .await
        .unwrap();
    let row = house.engine.phone(&house.admin, mac).await.unwrap();
    assert_eq!(row.contact.tls_pin, Some(pin.to_lowercase()));
    assert_eq!(
        fields_of(house.engine.confirm_pin(&house.admin, mac, "abc").await),
        ["pin"]
    );
    house.engine.forget_pin(&house.admin, mac).await.unwrap();
    house
        .engine
        .forget_sign_in(&house.admin, mac)
        .await
        .unwrap();
    let row = house.engine.phone(&house.admin, mac).await.unwrap();
    assert_eq!(row.contact.tls_pin, None);
    let denied = house.engine.forget_pin(&house.operator, mac).await;
    assert!(matches!(denied, Err(EngineError::Denied(_))));
    let chosen = house.engine.choose_legacy_login(&house.admin, mac).await;
    chosen.unwrap();
    let row = house.engine.phone(&house.admin, mac).await.unwrap();
    assert_eq!(row.contact.auth_scheme, AuthScheme::LegacyLogin);
    let actions = house.actions().await;
    assert_eq!(
        actions[1..],
        [
            "phone.pin_confirmed",
            "phone.pin_forgotten",
            "phone.sign_in_forgotten",
            "phone.sign_in_chosen",
        ]
    );
}

#[tokio::test]
async fn deleting_takes_memberships_and_logins_along() {
    let house = House::new().await;
    let mut fields = edit(&[(Column::Username, "admin")]);
    fields.password = Some(crate::house::secret("not-for-the-disk"));
    house
        .engine
        .create_phone(&house.admin, mac(1), &fields)
        .await
        .unwrap();
    house.phone(2, &[]).await;
    let macs: Vec<Mac> = house
        .engine
        .macs(&house.admin, &Filter::default())
        .await
        .unwrap();
    let deleted = house.engine.delete_phones(&house.admin, &macs, "").await;
    assert_eq!(deleted.unwrap(), Made::AtOnce);
    assert_eq!(house.count("").await, 0);
    assert_eq!(
        house
            .engine
            .count_own_credentials(&house.admin)
            .await
            .unwrap(),
        0
    );
    let deleted = house.engine.delete_phones(&house.admin, &macs, "").await;
    assert_eq!(deleted.unwrap(), Made::Unchanged);
}

/// A command goes there where no SIP server takes it.
#[tokio::test]
async fn a_sip_address_names_no_place_that_may_not_be_contacted() {
    let house = House::new().await;
    let (engine, admin) = (&house.engine, &house.admin);
    house.phone(1, &[(Column::Address, "10.0.0.1")]).await;
    for uri in [
        "x@169.254.169.254",
        "x@168.63.129.16",
        "x@[::1]",
        "x@[::ffff:10.0.0.9]",
        "x@8.8.8.8",
        "sip:x@10.0.0.9:22",
    ] {
        let named = edit(&[(Column::SipUri, uri)]);
        let made = engine.create_phone(admin, mac(9), &named).await;
        assert_eq!(fields_of(made), ["sip_uri"], "{uri}");
        let edited = engine.update_phone(admin, mac(1), &named, None).await;
        assert_eq!(fields_of(edited), ["sip_uri"], "{uri}");
        let list = format!("mac,sip_uri\n{},{uri}\n", mac(9));
        let once = ImportOnce::default();
        let listed = engine.import_once(admin, list.into(), once).await.unwrap();
        assert!(!listed.applied, "{uri}");
        assert_eq!(listed.errors[0].column, "sip_uri", "{uri}");
        assert!(uri.contains(&listed.errors[0].value), "{uri}");
    }
    for uri in [
        "x@pbx.test",
        "x@10.0.0.9",
        "sip:x@10.0.0.9:5060",
        "x@[fd00::9]",
    ] {
        let named = edit(&[(Column::SipUri, uri)]);
        let edited = engine.update_phone(admin, mac(1), &named, None).await;
        assert!(edited.is_ok(), "{uri}");
    }
}
