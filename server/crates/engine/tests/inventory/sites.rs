//! Sites.

use carillon_domain::phone::TransportSecurity;
use carillon_domain::phone_list::Column;
use carillon_engine::EngineError;
use carillon_engine::inventory::SiteInput;

use crate::house::{House, edit, fields_of, mac, site_input};

#[tokio::test]
async fn a_site_is_made_changed_and_deleted() {
    let house = House::new().await;
    let made = house
        .engine
        .create_site(&house.admin, &site_input("Köln / Süd"))
        .await
        .unwrap();
    assert_eq!(made.site.slug, "koeln-sued");
    let plain = SiteInput {
        transport_security: TransportSecurity::PlainHttp,
        ..site_input("Köln")
    };
    let changed = house
        .engine
        .update_site(&house.admin, "koeln-sued", &plain, Some(made.version))
        .await;
    assert_eq!(
        changed.unwrap().site.transport_security,
        TransportSecurity::PlainHttp
    );
    let stale = house
        .engine
        .update_site(&house.admin, "koeln-sued", &plain, Some(made.version))
        .await;
    assert!(matches!(stale, Err(EngineError::Conflict(_))));
    house.phone(1, &[(Column::Site, "koeln-sued")]).await;
    let refused = house
        .engine
        .delete_site(&house.admin, "koeln-sued", None)
        .await;
    let Err(EngineError::Conflict(text)) = refused else {
        panic!("{refused:?}")
    };
    assert!(text.starts_with("1 phones"), "{text}");
    house
        .engine
        .update_phone(&house.admin, mac(1), &edit(&[(Column::Site, "")]), None)
        .await
        .unwrap();
    house
        .engine
        .delete_site(&house.admin, "koeln-sued", None)
        .await
        .unwrap();
    let events = house.events().await;
    assert_eq!(
        events[1].detail["changes"]["transport_security"]["new"],
        "plain_http"
    );
    assert_eq!(events.last().unwrap().action, "site.deleted");
    assert_eq!(events.last().unwrap().site.as_deref(), Some("koeln-sued"));
}

#[tokio::test]
async fn a_site_that_goes_plain_forgets_the_keys_of_its_phones() {
    let house = House::new().await;
    house.site("Kiel").await;
    let phone = house.phone(1, &[(Column::Site, "kiel")]).await;
    let pin = "ab".repeat(32);
    house
        .engine
        .confirm_pin(&house.admin, phone, &pin)
        .await
        .unwrap();
    let plain = SiteInput {
        transport_security: TransportSecurity::PlainHttp,
        ..site_input("Kiel")
    };
    house
        .engine
        .update_site(&house.admin, "kiel", &plain, None)
        .await
        .unwrap();
    let row = house.engine.phone(&house.admin, phone).await.unwrap();
    assert_eq!(row.contact.tls_pin, None);
    assert_eq!(
        house.events().await.last().unwrap().detail["learned_forgotten"],
        1
    );
}

#[tokio::test]
async fn what_is_wrong_is_told_by_field() {
    let house = House::new().await;
    let bad = SiteInput {
        max_down_percent: 101,
        ..site_input("…")
    };
    assert_eq!(
        fields_of(house.engine.create_site(&house.admin, &bad).await),
        ["slug", "max_down_percent"]
    );
    let private = |pem: Option<&str>| SiteInput {
        transport_security: TransportSecurity::PrivateCa,
        ca_pem: pem.map(str::to_owned),
        ..site_input("Kiel")
    };
    for pem in [None, Some("no certificate")] {
        let refused = house.engine.create_site(&house.admin, &private(pem)).await;
        assert_eq!(fields_of(refused), ["ca_pem"]);
    }
    let unknown = SiteInput {
        credential: Some("nothing".into()),
        ..site_input("Kiel")
    };
    assert_eq!(
        fields_of(house.engine.create_site(&house.admin, &unknown).await),
        ["credential"]
    );
    house.site("Kiel").await;
    assert_eq!(
        fields_of(
            house
                .engine
                .create_site(&house.admin, &site_input("kiel"))
                .await
        ),
        ["slug"]
    );
    let denied = house
        .engine
        .create_site(&house.operator, &site_input("Bonn"))
        .await;
    assert!(matches!(denied, Err(EngineError::Denied(_))));
    assert_eq!(house.engine.sites(&house.viewer).await.unwrap().len(), 1);
}
