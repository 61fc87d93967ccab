//! Whoever comes by the provider for the first time may be somebody who is here already.

use carillon_domain::role::Role;
use carillon_engine::accounts::{Access, Arrival, Entered, External};
use carillon_engine::changes::Made;
use carillon_engine::jobs::Rules;
use carillon_engine::{Caller, EngineError};

use crate::house::House;

const DAY: u64 = 24 * 60 * 60;

fn eve(role: Role) -> External {
    External {
        issuer: "https://id.example".to_owned(),
        subject: "eve".to_owned(),
        name: Some("eve".to_owned()),
        role: Some(role),
        strong: true,
        shown_at: None,
    }
}

async fn comes(house: &House, role: Role) -> Caller {
    let (who, arrival) = (eve(role), Arrival::default());
    let entered = house.engine.sign_in_external(&who, &arrival).await.unwrap();
    let Some(Entered::In(signed_in)) = entered else {
        panic!("not in")
    };
    signed_in.session.caller
}

/// The local administrator, whose second factor nobody asks for here.
async fn local(house: &House) -> Caller {
    let rules = Rules {
        approve_with_factor: false,
        ..Rules::default()
    };
    let system = Caller::system();
    let changed = house.engine.change_rules(&system, &rules, "");
    changed.await.unwrap();
    house.enter("admin").await.session.caller
}

/// What comes of it when one asks and the other says yes, and from when the page says that this counts.
async fn agreed(
    house: &House,
    asker: &Caller,
    decider: &Caller,
) -> (bool, Result<(), EngineError>) {
    let engine = &house.engine;
    let mut rules = engine.rules().await.unwrap().rules;
    rules.phones_per_job += 1;
    let made = engine.change_rules(asker, &rules, "more").await.unwrap();
    let Made::Asked(id) = made else {
        panic!("made alone")
    };
    let waiting = engine.change_requests(decider).await.unwrap();
    let one = waiting.iter().find(|one| one.request.id == id).unwrap();
    let says_when = one.hindrance.own.is_some();
    let answer = engine
        .approve_change(decider, &id, &one.request.digest)
        .await;
    if answer.is_err() {
        engine.cancel_change(asker, &id).await.unwrap();
    }
    (says_when, answer)
}

async fn are_one(house: &House, one: &Caller, other: &Caller) {
    for (asker, decider) in [(one, other), (other, one)] {
        let (says_when, answer) = agreed(house, asker, decider).await;
        let Err(EngineError::Conflict(why)) = answer else {
            panic!("{} {}: {answer:?}", asker.actor.name, decider.actor.name)
        };
        assert!(says_when && why.contains("came by the provider"), "{why}");
    }
}

async fn are_two(house: &House, one: &Caller, other: &Caller) {
    for (asker, decider) in [(one, other), (other, one)] {
        let (says_when, answer) = agreed(house, asker, decider).await;
        answer.unwrap();
        assert!(!says_when);
    }
}

#[tokio::test]
async fn whoever_comes_by_the_provider_is_nobodys_second_person_for_a_day() {
    let house = House::inhabited().await;
    let admin = local(&house).await;
    house.add("second", Role::Admin).await;
    let second = house.enter("second").await.session.caller;
    let eve = comes(&house, Role::Admin).await;
    are_one(&house, &admin, &eve).await;
    are_one(&house, &second, &eve).await;
    are_two(&house, &admin, &second).await;
    // Nor is an account that it made.
    let access = Access {
        role: Role::Admin,
        area: None,
        approver: true,
    };
    let engine = &house.engine;
    let version = engine.find_user(&admin, "operator").await.unwrap().version;
    let given = engine.change_access(&eve, "operator", &access, version);
    given.await.unwrap();
    let made = house.enter("operator").await.session.caller;
    are_one(&house, &admin, &made).await;
    house.pass(DAY);
    are_two(&house, &admin, &eve).await;
    are_two(&house, &admin, &made).await;
}

#[tokio::test]
async fn whoever_is_given_more_by_the_provider_waits_anew() {
    let house = House::inhabited().await;
    let admin = local(&house).await;
    comes(&house, Role::Viewer).await;
    house.pass(DAY);
    let eve = comes(&house, Role::Admin).await;
    are_one(&house, &admin, &eve).await;
    house.pass(DAY);
    are_two(&house, &admin, &eve).await;
    // Less is no more.
    comes(&house, Role::Operator).await;
    house.pass(DAY / 2);
    house.fits_the_log().await;
}
