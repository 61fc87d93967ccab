//! A second account of one's own is no second person, however it was come by.

use carillon_domain::JobState;
use carillon_domain::event::{Actor, ActorKind};
use carillon_domain::role::Role;
use carillon_engine::accounts::Access;
use carillon_engine::{Asker, Caller, Clock, EngineError};
use carillon_simulator::{FleetConfig, Profile};

use crate::alone::{ask, digest, house_with_people, is_conflict, people_of, state};
use crate::house::{House, Place, caller};

/// Gives an account this role and this right, as `maker`.
async fn give(house: &House, maker: &Caller, name: &str, (role, approver): (Role, bool)) {
    let engine = &house.engine;
    let version = engine.find_user(&caller(), name).await.unwrap().version;
    let access = Access {
        role,
        area: None,
        approver,
    };
    let given = engine.change_access(maker, name, &access, version).await;
    given.unwrap();
}

/// An administrator that `maker` makes, with a second factor, and whoever signs in there.
async fn puppet(house: &House, maker: &Caller, name: &str, approver: bool) -> Caller {
    let engine = &house.engine;
    let made = engine.invite_user(maker, name, Role::Admin).await.unwrap();
    give(house, maker, name, (Role::Admin, approver)).await;
    let mut unit = engine.store.begin().await.unwrap();
    let set = unit.set_factor(&made.id, (vec![1], 1), 0, engine.clock.now());
    set.await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    Caller::for_tests(Asker {
        actor: Actor {
            kind: ActorKind::User,
            id: made.id.clone(),
            name: name.to_owned(),
            auth: "test".to_owned(),
            session: String::new(),
        },
        user_id: Some(made.id),
        ..Asker::clone(maker)
    })
}

/// What comes of it when one asks and the other says yes.
async fn agreed(house: &House, asker: &Caller, decider: &Caller) -> Result<(), EngineError> {
    let job = ask(house, asker, "Reset", 1).await.unwrap();
    assert_eq!(state(house, &job).await, JobState::AwaitingApproval);
    let seen = digest(house, &job).await;
    house.engine.approve_job(decider, &job, &seen).await
}

async fn are_one(house: &House, one: &Caller, other: &Caller) {
    for (asker, decider) in [(one, other), (other, one)] {
        let answer = agreed(house, asker, decider).await;
        let (asks, decides) = (&asker.actor.name, &decider.actor.name);
        assert!(is_conflict(&answer), "{asks} {decides}: {answer:?}");
    }
}

async fn are_two(house: &House, one: &Caller, other: &Caller) {
    agreed(house, one, other).await.unwrap();
    agreed(house, other, one).await.unwrap();
}

pub(crate) async fn who_stands_behind_both_sides_is_one_person(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    house.engine.stop_all(&caller(), "hold").await.unwrap();
    let bob = puppet(&house, &people.berta, "bob", true).await;
    let carol = puppet(&house, &bob, "carol", true).await;
    let bill = puppet(&house, &people.berta, "bill", true).await;
    are_one(&house, &people.berta, &bob).await;
    are_one(&house, &people.berta, &carol).await;
    // Two puppets of one person are that person.
    are_one(&house, &bill, &carol).await;
    are_two(&house, &people.dora, &carol).await;
    are_two(&house, &people.dora, &people.berta).await;
    house.engine.make_reset_link(&bill, "dora").await.unwrap();
    are_one(&house, &people.dora, &people.berta).await;
    are_two(&house, &people.anna, &people.dora).await;
}

pub(crate) async fn who_took_a_factor_away_stands_behind_that_account(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    house.engine.stop_all(&caller(), "hold").await.unwrap();
    give(&house, &caller(), "anna", (Role::Admin, true)).await;
    let engine = &house.engine;
    let asked = engine.reset_second_factor(&people.berta, "dora", "lost");
    asked.await.unwrap();
    let anna = Caller::for_tests(Asker {
        role: Role::Admin,
        ..Asker::clone(&people.anna)
    });
    let waiting = engine.change_requests(&anna).await.unwrap();
    let change = &waiting[0].request;
    let approved = engine.approve_change(&anna, &change.id, &change.digest);
    approved.await.unwrap();
    let mut unit = engine.store.begin().await.unwrap();
    let dora = unit.user("dora").await.unwrap().unwrap();
    let next = dora.factor_version + 1;
    let set = unit.set_factor("dora", (vec![1], next), 0, engine.clock.now());
    set.await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    are_one(&house, &people.berta, &people.dora).await;
    are_one(&house, &anna, &people.dora).await;
    are_two(&house, &anna, &people.berta).await;
}

pub(crate) async fn after_a_day_a_made_account_is_somebody(place: Place) {
    let clock = Clock::manual(Clock::system().now());
    let fleet = FleetConfig::uniform(
        Profile::Normal,
        1,
        carillon_domain::phone::TransportSecurity::PlainHttp,
    );
    let house = House::with_clock(place, fleet, clock.clone()).await;
    let people = people_of(&house).await;
    let bob = puppet(&house, &people.berta, "bob", true).await;
    clock.advance(std::time::Duration::from_hours(23));
    let carol = puppet(&house, &bob, "carol", true).await;
    are_one(&house, &people.berta, &carol).await;
    clock.advance(std::time::Duration::from_hours(1));
    are_two(&house, &people.berta, &bob).await;
    are_two(&house, &people.berta, &carol).await;
    are_one(&house, &bob, &carol).await;
}

pub(crate) async fn what_a_puppet_took_its_maker_took(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    let bob = puppet(&house, &people.berta, "bob", false).await;
    give(&house, &bob, "anna", (Role::Operator, false)).await;
    house.engine.disable_user(&bob, "dora").await.unwrap();
    let refused = ask(&house, &people.berta, "Reset", 1).await;
    assert!(is_conflict(&refused.map(drop)), "by her puppet");
    let refused = ask(&house, &bob, "Reset", 1).await;
    assert!(is_conflict(&refused.map(drop)), "by itself");
    let job = ask(&house, &people.carl, "Reset", 1).await.unwrap();
    assert_eq!(state(&house, &job).await, JobState::Running);
}

pub(crate) async fn an_administrator_whom_a_puppet_disabled_is_asked_still(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    let engine = &house.engine;
    give(&house, &caller(), "anna", (Role::Admin, true)).await;
    let bob = puppet(&house, &people.berta, "bob", false).await;
    engine.disable_user(&bob, "anna").await.unwrap();
    engine.disable_user(&caller(), "bob").await.unwrap();
    let none = std::collections::BTreeSet::new();
    let changed = engine.demand_second_factor(&people.berta, &none, "").await;
    assert!(is_conflict(&changed), "{changed:?}");
}
