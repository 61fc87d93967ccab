//! That phones leave, and when that is for two.

use carillon_domain::event::{ActorKind, Event};
use carillon_domain::phone_list::Column;
use carillon_domain::role::Role;
use carillon_domain::{ChangeKind, ChangeState, Filter, Mac};
use carillon_engine::accounts::{NewToken, TokenScope};
use carillon_engine::changes::{MOST_DELETED, Made};
use carillon_engine::inventory::PhoneEdit;
use carillon_engine::jobs::Rules;
use carillon_engine::{Caller, EngineError};

use crate::changes::{People, asked, people, says};
use crate::house::House;

fn mac(last: u8) -> Mac {
    Mac::from_bytes([0, 0x15, 0x65, 0, 0, last])
}

fn edit(column: Column, text: &str) -> PhoneEdit {
    PhoneEdit {
        fields: [(column, text.to_owned())].into(),
        ..PhoneEdit::default()
    }
}

async fn with_phones(house: &House, count: u8) -> Vec<Mac> {
    for last in 1..=count {
        let (system, edit) = (
            Caller::system(),
            edit(Column::Label, &format!("Desk {last:02}")),
        );
        let made = house.engine.create_phone(&system, mac(last), &edit);
        made.await.unwrap();
    }
    (1..=count).map(mac).collect()
}

async fn left(house: &House) -> usize {
    let (system, all) = (Caller::system(), Filter::default());
    let macs = house.engine.macs(&system, &all).await;
    macs.unwrap().len()
}

async fn told(house: &House, action: &str) -> Vec<Event> {
    let events = house.events().await.into_iter();
    events.filter(|event| event.action == action).collect()
}

async fn delete(house: &House, caller: &Caller, macs: &[Mac]) -> Result<Made, EngineError> {
    house.engine.delete_phones(caller, macs, "moved out").await
}

async fn asks(people: &People, macs: &[Mac]) -> String {
    asked(delete(&people.house, &people.admin, macs).await.unwrap())
}

#[tokio::test]
async fn several_phones_leave_once_another_administrator_agrees() {
    let people = people().await;
    let house = &people.house;
    let macs = with_phones(house, 3).await;
    let id = asks(&people, &macs[..2]).await;
    assert_eq!(left(house).await, 3, "nothing is gone yet");
    let twice = delete(house, &people.carla, &macs[..2]).await;
    assert!(says(&twice, "waits for another administrator already"));
    let waiting = people.waiting(&people.berta).await;
    let request = &waiting[0].request;
    assert_eq!(request.kind, ChangeKind::PhonesDeletion);
    assert!(request.base.contains("Desk 01") && !request.base.contains("Desk 03"));

    let digest = request.digest.clone();
    let own = people.approve(&people.admin, &id, &digest).await;
    assert!(says(&own, "you asked for"), "{own:?}");
    let other = people.approve(&people.berta, &id, "another").await;
    assert!(says(&other, "look again"), "{other:?}");
    people.approve(&people.berta, &id, &digest).await.unwrap();
    assert_eq!(left(house).await, 1);
    let (all, each) = (
        told(house, "phones.deleted").await,
        told(house, "phone.deleted").await,
    );
    assert_eq!((all.len(), each.len()), (1, 2));
    for event in all.iter().chain(&each) {
        assert_eq!(event.actor.name, "berta");
        assert_eq!(event.detail["asked_by"], "admin");
        assert_eq!(event.detail["change"], *id);
        assert_eq!(event.reason, "moved out");
    }
    let again = people.approve(&people.carla, &id, &digest).await;
    assert!(says(&again, "decided already"), "{again:?}");
    house.fits_the_log().await;
}

#[tokio::test]
async fn two_lists_wait_beside_each_other_and_none_leaves_that_moved() {
    let people = people().await;
    let house = &people.house;
    let macs = with_phones(house, 6).await;
    let system = Caller::system();
    let edited = asks(&people, &macs[..2]).await;
    let protected = asks(&people, &macs[2..4]).await;
    let gone = asks(&people, &macs[4..]).await;
    let engine = &house.engine;
    let label = edit(Column::Label, "Reception");
    let changed = engine.update_phone(&system, macs[1], &label, None);
    changed.await.unwrap();
    let guarded = edit(Column::Protected, "yes");
    let changed = engine.update_phone(&system, macs[2], &guarded, None);
    changed.await.unwrap();
    delete(house, &system, &macs[5..]).await.unwrap();
    for (id, name) in [
        (edited, "Desk 02"),
        (protected, "Desk 03"),
        (gone, "Desk 06"),
    ] {
        let waiting = people.waiting(&people.berta).await;
        let one = waiting.iter().find(|one| one.request.id == id).unwrap();
        let digest = one.request.digest.clone();
        let void = people.approve(&people.berta, &id, &digest).await;
        assert!(says(&void, name) && says(&void, "void"), "{void:?}");
        assert_eq!(people.state(&id).await, ChangeState::Void);
    }
    assert_eq!(left(house).await, 5);
    house.fits_the_log().await;
}

#[tokio::test]
async fn one_by_one_only_a_few_leave_alone() {
    let people = people().await;
    let house = &people.house;
    let macs = with_phones(house, 14).await;
    for mac in &macs[..10] {
        let made = delete(house, &people.admin, &[*mac]).await;
        assert_eq!(made.unwrap(), Made::AtOnce);
    }
    let token = token(house).await;
    let refused = house.engine.delete_phone(&token, macs[10], None).await;
    assert!(
        matches!(&refused, Err(EngineError::NotByToken(_))),
        "{refused:?}"
    );
    let id = asks(&people, &macs[10..11]).await;
    assert_eq!(left(house).await, 4);
    people
        .approve(&people.berta, &id, &people.digest().await)
        .await
        .unwrap();
    assert_eq!(left(house).await, 3);
    // What somebody agreed to counts for nobody.
    let made = delete(house, &people.berta, &macs[11..12]).await;
    assert_eq!(made.unwrap(), Made::AtOnce);
    house.pass(60 * 60 + 1);
    let again = house.engine.delete_phone(&token, macs[12], None).await;
    assert_eq!(again.unwrap(), Made::AtOnce, "an hour later");
    house.fits_the_log().await;
}

/// A token of who asks.
async fn token(house: &House) -> Caller {
    let new = NewToken {
        user: Some("admin".to_owned()),
        label: "script".to_owned(),
        scope: TokenScope::Manage,
        lifetime: None,
        area: None,
    };
    let engine = &house.engine;
    let issued = engine.create_token(&Caller::system(), new).await.unwrap();
    let token = engine.authenticate_token(&issued.token, None).await;
    let token = token.unwrap().unwrap().caller;
    assert_eq!(token.actor.kind, ActorKind::Token);
    token
}

#[tokio::test]
async fn where_the_rule_is_off_or_nobody_else_is_there_they_leave_at_once() {
    let people = people().await;
    let house = &people.house;
    let macs = with_phones(house, 2).await;
    let rules = Rules {
        approve_destructive: false,
        ..Rules::default()
    };
    let engine = &house.engine;
    let off = engine.change_rules(&Caller::system(), &rules, "").await;
    assert_eq!(off.unwrap(), Made::AtOnce);
    let made = delete(house, &people.admin, &macs).await;
    assert_eq!(made.unwrap(), Made::AtOnce);
    let record = told(house, "phones.deleted").await.remove(0);
    assert_eq!(
        (record.actor.name.as_str(), &*record.reason),
        ("admin", "moved out")
    );
    assert!(record.detail["alone"].is_null() && record.detail["change"].is_null());
    let none = delete(house, &people.admin, &macs).await;
    assert_eq!(none.unwrap(), Made::Unchanged);
    house.fits_the_log().await;

    let house = House::inhabited().await;
    let macs = with_phones(&house, 3).await;
    let alone = house.enter("admin").await.session.caller;
    let made = delete(&house, &alone, &macs[..2]).await;
    assert_eq!(made.unwrap(), Made::AtOnce);
    let record = told(&house, "phones.deleted").await.remove(0);
    assert_eq!(record.detail["alone"], true);
    let made = delete(&house, &alone, &macs[2..]).await;
    assert_eq!(
        made.unwrap(),
        Made::AtOnce,
        "one phone is one person's business"
    );
    assert_eq!(left(&house).await, 0);
    house.fits_the_log().await;
}

#[tokio::test]
async fn more_than_fifty_leave_at_no_time_at_once() {
    let people = people().await;
    let house = &people.house;
    house.add("dora", Role::Admin).await;
    let macs: Vec<Mac> = (0..=50).map(mac).collect();
    assert!(macs.len() > MOST_DELETED);
    for who in [&people.admin, &Caller::system()] {
        let refused = delete(house, who, &macs).await;
        assert!(
            says(&refused, "too many to be deleted at once"),
            "{refused:?}"
        );
    }
    assert!(people.waiting(&people.berta).await.is_empty());
}
