//! The networks of the phones, narrowed and opened again.

use carillon_domain::networks::Stored;
use carillon_domain::phone_list::Column;
use carillon_domain::sip::{NotifyWay, SipTransport, SipUse};
use carillon_engine::inventory::{ImportOnce, SipProfileInput};
use carillon_engine::networks::{MOST, Seen, read};
use carillon_engine::{Caller, EngineError};
use carillon_store::testing::raw;
use serde_json::json;

use crate::house::{House, edit, fields_of, mac};

/// Puts networks in force as somebody does who looked first.
async fn narrow(house: &House, text: &str) -> usize {
    let (engine, wanted) = (&house.engine, read(text).unwrap());
    let effect = engine.networks_effect(&house.admin, &wanted).await.unwrap();
    let changed = engine.change_networks(&house.admin, &wanted, &effect.seen, "");
    changed.await.unwrap();
    effect.phones.len()
}

fn list(last: u8, address: &str) -> Vec<u8> {
    format!("mac,address\n{},{address}\n", mac(last)).into_bytes()
}

#[tokio::test]
async fn a_narrower_list_holds_for_edits_and_imports_and_over_a_restart() {
    let house = House::new().await;
    let inside = house.phone(1, &[(Column::Address, "10.20.0.7")]).await;
    let outside = house.phone(2, &[(Column::Address, "10.21.0.7")]).await;
    assert_eq!(narrow(&house, "10.20.0.0/16, fd00::/8").await, 1);
    for engine in [house.engine.clone(), house.again().await] {
        let now = engine.networks(&house.admin).await.unwrap();
        assert_eq!(now.in_force, read("10.20.0.0/16 fd00::/8").unwrap());
        let new = edit(&[(Column::Address, "10.21.0.8")]);
        let made = engine.create_phone(&house.admin, mac(3), &new).await;
        assert_eq!(fields_of(made), ["address"]);
        let moved = engine.update_phone(&house.admin, inside, &new, None).await;
        assert_eq!(fields_of(moved), ["address"]);
        let how = ImportOnce::default();
        let told = engine.import_once(&house.admin, list(4, "10.21.0.9"), how);
        let told = told.await.unwrap();
        assert_eq!((told.applied, told.errors.len()), (false, 1), "{told:?}");
        let label = edit(&[(Column::Label, "still there")]);
        let edited = engine.update_phone(&house.admin, outside, &label, None);
        edited.await.unwrap();
    }
    let told = house.events().await;
    let told = told.iter().find(|event| event.action == "networks.changed");
    let detail = &told.unwrap().detail;
    assert_eq!(detail["phones_out_of_reach"], 1);
    assert_eq!(narrow(&house, "").await, 0);
    let moved = edit(&[(Column::Address, "10.21.0.8")]);
    let moved = house
        .engine
        .update_phone(&house.admin, inside, &moved, None);
    moved.await.unwrap();
}

#[tokio::test]
async fn nobody_widens_and_only_an_administrator_in_person_narrows() {
    let house = House::new().await;
    let engine = &house.engine;
    for wide in ["0.0.0.0/0", "10.0.0.0/7", "8.8.8.8", "::/0", "127.0.0.1"] {
        let wanted = read(wide).unwrap();
        let asked = engine.networks_effect(&house.admin, &wanted).await;
        assert_eq!(fields_of(asked), ["networks"], "{wide}");
        let seen = Seen::default();
        let put = engine
            .change_networks(&house.admin, &wanted, &seen, "")
            .await;
        assert_eq!(fields_of(put), ["networks"], "{wide}");
    }
    let wanted = read("10.0.0.0/8").unwrap();
    let seen = engine.networks_effect(&house.admin, &wanted).await.unwrap();
    let token = house.program();
    for who in [&house.operator, &house.viewer, &token] {
        let put = engine.change_networks(who, &wanted, &seen.seen, "").await;
        assert!(matches!(put, Err(EngineError::Denied(_))));
    }
    assert!(
        house
            .actions()
            .await
            .iter()
            .all(|a| a != "networks.changed")
    );
}

#[tokio::test]
async fn what_was_looked_at_must_still_hold() {
    let house = House::new().await;
    let engine = &house.engine;
    let wanted = read("10.20.0.0/16").unwrap();
    let effect = engine.networks_effect(&house.admin, &wanted).await.unwrap();
    house.phone(1, &[(Column::Address, "10.21.0.7")]).await;
    let put = engine.change_networks(&house.admin, &wanted, &effect.seen, "");
    assert!(matches!(put.await, Err(EngineError::Conflict(_))));
    let effect = engine.networks_effect(&house.admin, &wanted).await.unwrap();
    let two = || engine.change_networks(&house.admin, &wanted, &effect.seen, "");
    let (one, other) = tokio::join!(two(), two());
    assert_eq!([&one, &other].iter().filter(|r| r.is_ok()).count(), 1);
}

#[tokio::test]
async fn a_list_that_somebody_else_wrote_lets_nothing_through() {
    let house = House::new().await;
    narrow(&house, "10.20.0.0/16").await;
    let url = house.url.clone();
    raw(&url, "UPDATE egress SET networks = '10.0.0.0/8'")
        .await
        .unwrap();
    for engine in [house.engine.clone(), house.again().await] {
        let now = engine.networks(&Caller::system()).await.unwrap();
        assert!(now.in_force.is_empty(), "{now:?}");
    }
    let told = house.actions().await;
    assert!(told.iter().any(|action| action == "row.forged"), "{told:?}");
    raw(&url, "UPDATE egress SET networks = '10.20.0.0/16'")
        .await
        .unwrap();
    let now = house.engine.networks(&Caller::system()).await.unwrap();
    assert_eq!(now.in_force, read("10.20.0.0/16").unwrap());
}

/// A SIP server of a site there.
async fn sip_server(house: &House, proxy: &str) {
    let profile = SipProfileInput {
        used: SipUse::Second,
        way: NotifyWay::Sip,
        proxy: proxy.to_owned(),
        port: None,
        transport: SipTransport::Udp,
        tls_name: String::new(),
        ca_pem: String::new(),
        from: "carillon@pbx.test".to_owned(),
        credential: None,
        realm: String::new(),
        rate: 10,
        after_forbidden: false,
        pbx_profile: String::new(),
        password_in_clear: false,
    };
    let (engine, admin) = (&house.engine, &house.admin);
    let saved = engine.save_sip_profile(admin, "berlin", &profile, None);
    saved.await.unwrap();
}

#[tokio::test]
async fn a_sip_server_that_would_be_out_of_reach_is_seen_before() {
    let house = House::new().await;
    house.site("Berlin").await;
    let engine = &house.engine;
    let wanted = read("10.20.0.0/16").unwrap();
    let effect = engine.networks_effect(&house.admin, &wanted).await.unwrap();
    assert!(effect.sites.is_empty() && effect.phones.is_empty());
    sip_server(&house, "10.21.0.5").await;
    let put = engine.change_networks(&house.admin, &wanted, &effect.seen, "");
    assert!(matches!(put.await, Err(EngineError::Conflict(_))));
    let effect = engine.networks_effect(&house.admin, &wanted).await.unwrap();
    assert_eq!(effect.sites, ["berlin"]);
    let put = engine.change_networks(&house.admin, &wanted, &effect.seen, "");
    put.await.unwrap();
    let told = house.events().await;
    let told = told.iter().find(|event| event.action == "networks.changed");
    assert_eq!(
        told.unwrap().detail["sites_out_of_reach"],
        json!(["berlin"])
    );
}

/// The choice was there when somebody looked, or not at all: each is told, and nothing is written
/// that she did not mean.
#[tokio::test]
async fn a_choice_that_was_lost_is_told_and_made_anew_everywhere() {
    let house = House::new().await;
    let (engine, other) = (&house.engine, house.again().await);
    let unchosen = engine.networks(&house.admin).await.unwrap();
    assert_eq!(unchosen.stored, Stored::Unchosen);
    narrow(&house, "10.20.0.0/16").await;
    other.follow_networks().await.unwrap();
    let wanted = read("10.21.0.0/16").unwrap();
    let effect = engine.networks_effect(&house.admin, &wanted).await.unwrap();
    assert_eq!(effect.stored, Stored::Chosen);
    raw(&house.url, "DELETE FROM egress").await.unwrap();
    let put = engine.change_networks(&house.admin, &wanted, &effect.seen, "");
    assert!(matches!(put.await, Err(EngineError::Conflict(_))));
    let fresh = house.again().await;
    for (engine, in_force) in [
        (engine, "10.20.0.0/16"),
        (&other, "10.20.0.0/16"),
        (&fresh, "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7"),
    ] {
        let now = engine.networks(&house.admin).await.unwrap();
        assert_eq!(now.stored, Stored::Lost);
        assert_eq!(now.in_force, read(in_force).unwrap());
    }
    // By a node that never followed the choice that was lost: who did follows all the same.
    let effect = fresh.networks_effect(&house.admin, &wanted).await.unwrap();
    let put = fresh.change_networks(&house.admin, &wanted, &effect.seen, "");
    put.await.unwrap();
    for engine in [engine, &other, &fresh] {
        let now = engine.networks(&house.admin).await.unwrap();
        assert_eq!((now.stored, now.in_force), (Stored::Chosen, wanted.clone()));
    }
    let told = house.events().await;
    let last = told
        .iter()
        .rfind(|event| event.action == "networks.changed");
    let detail = &last.unwrap().detail;
    assert_eq!(detail["stored_before"], "lost");
    assert!(detail["before"].is_null(), "{detail}");
}

#[tokio::test]
async fn over_a_forged_choice_nothing_is_written() {
    let house = House::new().await;
    let engine = &house.engine;
    narrow(&house, "10.20.0.0/16").await;
    let wanted = read("10.21.0.0/16").unwrap();
    let before = engine.networks_effect(&house.admin, &wanted).await.unwrap();
    raw(&house.url, "UPDATE egress SET networks = ''")
        .await
        .unwrap();
    let put = engine.change_networks(&house.admin, &wanted, &before.seen, "");
    assert!(matches!(put.await, Err(EngineError::Conflict(_))));
    let now = engine.networks(&house.admin).await.unwrap();
    assert_eq!((now.stored, now.in_force), (Stored::Forged, Vec::new()));
    let effect = engine.networks_effect(&house.admin, &wanted).await.unwrap();
    assert_eq!(effect.stored, Stored::Forged);
    let put = engine.change_networks(&house.admin, &wanted, &effect.seen, "");
    let Err(EngineError::Conflict(why)) = put.await else {
        panic!("it was written");
    };
    assert!(why.contains("changed outside Carillon"), "{why}");
    let changes = house.actions().await.into_iter();
    assert_eq!(
        changes
            .filter(|action| action == "networks.changed")
            .count(),
        1
    );
}

#[test]
fn networks_are_read_as_people_write_them() {
    let read_ok = |text| {
        read(text)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        read_ok("10.1.0.0/16\n10.2.0.7;fd00::/8,"),
        ["10.1.0.0/16", "10.2.0.7/32", "fd00::/8"]
    );
    assert!(read_ok(" \n").is_empty());
    for bad in [
        "10.1.2.3/16",
        "10.1/16",
        "10.0.0.0/33",
        "localhost",
        "010.0.0.0/8",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "<b>",
        "fd00::1%1/64",
    ] {
        assert_eq!(fields_of(read(bad)), ["networks"], "{bad}");
    }
    let many: Vec<String> = (0..=MOST)
        .map(|n| format!("10.{}.{}.0/30", n / 200, n % 200))
        .collect();
    assert_eq!(read(&many.join(" ")).unwrap().len(), MOST + 1);
}
