//! What somebody lets go on counts among what they disturb within an hour.

use std::time::Duration;

use carillon_domain::JobState;
use carillon_domain::event::{Actor, ActorKind};
use carillon_domain::job::JobRequest;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_engine::jobs::{Rules, Submission};
use carillon_engine::{Asker, Caller, Clock, EngineError};
use carillon_simulator::{FleetConfig, Profile};
use serde_json::json;

use crate::alone::{People, is_conflict, people_of, state};
use crate::house::{House, Place, caller};

/// A house of eight phones that holds everything back, and in which four may be disturbed alone.
async fn held(place: Place) -> (House, People, Clock) {
    let clock = Clock::manual(Clock::system().now());
    let fleet = FleetConfig::uniform(Profile::Normal, 8, PlainHttp);
    let house = House::with_clock(place, fleet, clock.clone()).await;
    let people = people_of(&house).await;
    house.engine.stop_all(&caller(), "hold").await.unwrap();
    let rules = Rules {
        approve_disruptive_above: Some(4),
        approve_disruptive_percent: None,
        ..Rules::default()
    };
    house
        .engine
        .change_rules(&caller(), &rules, "")
        .await
        .unwrap();
    (house, people, clock)
}

/// A job that may wait for a day.
async fn ask(house: &House, who: &Caller, (action, phones): (&str, usize), http: bool) -> String {
    let macs = house.fleet.phones().iter().take(phones);
    let macs: Vec<_> = macs.map(|phone| phone.inventory.mac.clone()).collect();
    let end = house.engine.clock.now().plus(Duration::from_hours(24));
    let request = json!({"action": action, "targets": {"phones": macs}, "reason": "test",
        "options": {"verify": false, "canary": 0, "not_after": end,
            "transport": if http { "http" } else { "auto" }}});
    let request: JobRequest = serde_json::from_value(request).unwrap();
    let made = house
        .engine
        .submit_job(who, &request, Submission::default());
    made.await.unwrap().id
}

async fn paused(house: &House, who: &Caller, phones: usize) -> String {
    let job = ask(house, who, ("Reboot", phones), false).await;
    house.engine.pause_job(&caller(), &job).await.unwrap();
    job
}

pub(crate) async fn jobs_of_others_that_somebody_lets_go_on_add_up(place: Place) {
    let (house, people, clock) = held(place).await;
    let engine = &house.engine;
    let mut jobs = Vec::new();
    for who in [&people.anna, &people.carl, &people.dora] {
        jobs.push(paused(&house, who, 2).await);
    }
    for job in [&jobs[0], &jobs[1], &jobs[1]] {
        engine.resume_job(&people.berta, job).await.unwrap();
        engine.pause_job(&caller(), job).await.unwrap();
    }
    let refused = engine.resume_job(&people.berta, &jobs[2]).await;
    assert!(is_conflict(&refused), "six of four: {refused:?}");
    // Nor does her token let it go on, nor is a new one hers alone.
    let token = token_of(&people.berta);
    let refused = engine.resume_job(&token, &jobs[2]).await;
    assert!(is_conflict(&refused), "{refused:?}");
    let new = ask(&house, &people.berta, ("Reboot", 1), false).await;
    assert_eq!(state(&house, &new).await, JobState::AwaitingApproval);
    // Cancelled, they disturb nobody any more.
    engine.cancel_job(&caller(), &jobs[0]).await.unwrap();
    engine.resume_job(&people.berta, &jobs[2]).await.unwrap();
    clock.advance(Duration::from_mins(61));
    let new = ask(&house, &people.berta, ("Reboot", 4), false).await;
    assert_eq!(state(&house, &new).await, JobState::Running);
    assert_eq!(house.fleet.ledger().totals().requests, 0);
}

pub(crate) async fn what_was_asked_for_long_ago_counts_when_it_goes_on(place: Place) {
    let (house, people, clock) = held(place).await;
    let engine = &house.engine;
    let first = paused(&house, &people.berta, 3).await;
    clock.advance(Duration::from_mins(61));
    let second = paused(&house, &people.berta, 3).await;
    let refused = engine.resume_job(&people.berta, &first).await;
    assert!(is_conflict(&refused), "three and three: {refused:?}");
    engine.resume_job(&people.berta, &second).await.unwrap();
    engine.pause_job(&caller(), &second).await.unwrap();
    clock.advance(Duration::from_mins(61));
    engine.resume_job(&people.berta, &first).await.unwrap();
    let refused = engine.resume_job(&people.berta, &second).await;
    assert!(is_conflict(&refused), "{refused:?}");
    engine.resume_job(&people.anna, &second).await.unwrap();
}

fn token_of(person: &Caller) -> Caller {
    Caller::for_tests(Asker {
        actor: Actor {
            kind: ActorKind::Token,
            id: "a token".to_owned(),
            auth: "token:test".to_owned(),
            ..person.actor.clone()
        },
        proved: false,
        ..Asker::clone(person)
    })
}

pub(crate) async fn a_token_lets_nothing_go_on_in_clear_that_it_could_not_start(place: Place) {
    let (house, people, _) = held(place).await;
    house.raw("UPDATE phones SET scheme = 'https'").await;
    let job = ask(&house, &people.berta, ("DNDOn", 1), true).await;
    let engine = &house.engine;
    engine.pause_job(&caller(), &job).await.unwrap();
    let refused = engine.resume_job(&token_of(&people.berta), &job).await;
    assert!(
        matches!(refused, Err(EngineError::NotByToken(_))),
        "{refused:?}"
    );
    engine.resume_job(&people.berta, &job).await.unwrap();
}
