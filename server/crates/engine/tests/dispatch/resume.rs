//! Letting a job go on is held to what starting it is held to.

use std::collections::BTreeMap;

use carillon_domain::phone::GroupKind;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::phone_list::Column;
use carillon_domain::role::Role;
use carillon_domain::{Area, JobState, Mac};
use carillon_engine::accounts::Access;
use carillon_engine::changes::Made;
use carillon_engine::inventory::{GroupInput, PhoneEdit, SiteInput};
use carillon_engine::jobs::{Rules, Started, Submission};
use carillon_engine::{Asker, Caller, EngineError};
use serde_json::json;

use crate::alone::{People, ask, digest, house_with_people, is_conflict, is_denied, state};
use crate::house::{House, Place, caller};

/// Rules under which nothing waits for a second person, but for what is changed in them.
fn alone() -> Rules {
    Rules {
        approve_destructive: false,
        approve_disruptive_above: None,
        approve_disruptive_percent: None,
        ..Rules::default()
    }
}

async fn rule(house: &House, rules: Rules) {
    let changed = house.engine.change_rules(&caller(), &rules, "").await;
    changed.unwrap();
}

/// A house that holds everything back, under these rules.
async fn held(place: Place, phones: usize) -> (House, People) {
    let (house, people) = house_with_people(place, phones).await;
    house.engine.stop_all(&caller(), "hold").await.unwrap();
    rule(&house, alone()).await;
    (house, people)
}

/// A job of somebody, paused while it ran.
async fn paused(house: &House, who: &Caller, action: &str, phones: usize) -> String {
    let job = ask(house, who, action, phones).await.unwrap();
    house.engine.pause_job(&caller(), &job).await.unwrap();
    job
}

/// Whether somebody may let it go on; it rests again behind that.
async fn goes_on(house: &House, who: &Caller, job: &str) -> Result<(), EngineError> {
    house.engine.resume_job(who, job).await?;
    assert_eq!(state(house, job).await, JobState::Running);
    house.engine.pause_job(&caller(), job).await
}

pub(crate) async fn operators_resume_nothing_that_they_do_not_start(place: Place) {
    let (house, people) = held(place, 5).await;
    let reset = paused(&house, &people.berta, "Reset", 1).await;
    let harmless = paused(&house, &people.berta, "DNDOn", 5).await;
    let answer = paused(&house, &people.berta, "ANSWER", 1).await;
    for job in [&reset, &harmless, &answer] {
        goes_on(&house, &people.anna, job).await.unwrap();
    }
    let operators_start = Started {
        destructive: false,
        call_control: false,
        ..Started::default()
    };
    let rules = Rules {
        operators_start,
        phones_per_job: 4,
        ..alone()
    };
    rule(&house, rules).await;
    for job in [&reset, &harmless, &answer] {
        let refused = goes_on(&house, &people.anna, job).await;
        assert!(is_conflict(&refused), "{refused:?}");
        assert_eq!(state(&house, job).await, JobState::Paused);
        goes_on(&house, &people.berta, job).await.unwrap();
    }
    let hour = Rules {
        phones_per_hour: 6,
        ..alone()
    };
    rule(&house, hour).await;
    let own = paused(&house, &people.carl, "DNDOn", 2).await;
    let refused = goes_on(&house, &people.carl, &harmless).await;
    assert!(
        is_conflict(&refused),
        "with his own it is seven: {refused:?}"
    );
    goes_on(&house, &people.dora, &harmless).await.unwrap();
    goes_on(&house, &people.carl, &own).await.unwrap();
    // What she let go on before is seven phones of hers.
    let refused = goes_on(&house, &people.anna, &reset).await;
    assert!(is_conflict(&refused), "{refused:?}");
    let refused = ask(&house, &people.anna, "DNDOn", 1).await;
    assert!(is_conflict(&refused), "{refused:?}");
}

pub(crate) async fn who_resumes_needs_a_second_person_where_who_starts_does(place: Place) {
    let (house, people) = held(place, 6).await;
    let reset = paused(&house, &people.berta, "Reset", 1).await;
    let reboot = paused(&house, &people.berta, "Reboot", 6).await;
    rule(&house, Rules::default()).await;
    for job in [&reset, &reboot] {
        for who in [&people.berta, &people.anna] {
            let refused = goes_on(&house, who, job).await;
            assert!(is_conflict(&refused), "{refused:?}");
        }
    }
    let job = ask(&house, &people.berta, "Reset", 1).await.unwrap();
    let seen = digest(&house, &job).await;
    let engine = &house.engine;
    engine.approve_job(&people.dora, &job, &seen).await.unwrap();
    engine.pause_job(&people.anna, &job).await.unwrap();
    goes_on(&house, &people.berta, &job).await.unwrap();
    goes_on(&house, &people.anna, &job).await.unwrap();
}

pub(crate) async fn protected_phones_are_let_go_on_by_administrators(place: Place) {
    let (house, people) = held(place, 1).await;
    let phone = house.fleet.phones()[0].inventory.mac.clone();
    let request = json!({"action": "DNDOn", "targets": {"phones": [phone]}, "reason": "test",
        "options": {"include_protected": true}});
    let request = serde_json::from_value(request).unwrap();
    let made = house
        .engine
        .submit_job(&people.berta, &request, Submission::default());
    let job = made.await.unwrap().id;
    house.engine.pause_job(&caller(), &job).await.unwrap();
    let refused = goes_on(&house, &people.anna, &job).await;
    assert!(is_denied(&refused), "{refused:?}");
    goes_on(&house, &people.berta, &job).await.unwrap();
}

pub(crate) async fn what_was_protected_meanwhile_is_left_out(place: Place) {
    let (house, people) = held(place, 2).await;
    let job = paused(&house, &people.carl, "DNDOn", 2).await;
    let protected = PhoneEdit {
        fields: BTreeMap::from([(Column::Protected, "yes".to_owned())]),
        ..PhoneEdit::default()
    };
    let (engine, phone) = (&house.engine, mac(&house, 1));
    let caller = caller();
    let edited = engine.update_phone(&caller, phone, &protected, None);
    edited.await.unwrap();
    engine.resume_job(&people.anna, &job).await.unwrap();
    engine.release_stop_all(&caller, "go").await.unwrap();
    let counts = house.finished(&job).await.job.counts;
    assert_eq!((counts.acknowledged, counts.skipped), (1, 1), "{counts}");
    assert_eq!(house.executed("DNDOn", phone), 0);
    house.fits_the_log().await;
}

pub(crate) async fn who_loses_a_phone_that_is_deleted_has_its_job_paused(place: Place) {
    let (house, people) = held(place, 2).await;
    let members = vec![mac(&house, 0), mac(&house, 1)];
    let few = GroupInput {
        slug: "few".to_owned(),
        name: "Few".to_owned(),
        kind: GroupKind::Fixed,
        filter: String::new(),
        members: Some(members.clone()),
        credential: None,
    };
    let engine = &house.engine;
    engine.create_group(&caller(), &few).await.unwrap();
    let dora = narrow_to(&house, &people.dora, Area::of([], ["few"])).await;
    let both = ask(&house, &dora, "DNDOn", 2).await.unwrap();
    let first = ask(&house, &dora, "DNDOff", 1).await.unwrap();
    let deleted = engine.delete_phones(&caller(), &members[1..], "").await;
    assert_eq!(deleted.unwrap(), Made::AtOnce);
    assert_eq!(state(&house, &both).await, JobState::Paused);
    assert_eq!(state(&house, &first).await, JobState::Running);
    let refused = goes_on(&house, &dora, &both).await;
    assert!(is_conflict(&refused), "{refused:?}");
    goes_on(&house, &people.anna, &both).await.unwrap();
}

fn mac(house: &House, index: usize) -> Mac {
    house.fleet.phones()[index].inventory.mac.parse().unwrap()
}

async fn elsewhere(house: &House) {
    let site = SiteInput {
        slug: "elsewhere".to_owned(),
        name: "Elsewhere".to_owned(),
        transport_security: PlainHttp,
        ca_pem: None,
        credential: None,
        max_down_percent: 20,
    };
    house.engine.create_site(&caller(), &site).await.unwrap();
}

/// Lets an operator reach these sites; answers who she is then.
async fn narrow(house: &House, who: &Caller, sites: &[&str]) -> Caller {
    let area = Area::of(sites.iter().copied(), []);
    narrow_to(house, who, area).await
}

/// Lets an operator reach no more than this; answers who she is then.
async fn narrow_to(house: &House, who: &Caller, area: Area) -> Caller {
    let (engine, name) = (&house.engine, &who.actor.name);
    let version = engine.find_user(&caller(), name).await.unwrap().version;
    let access = Access {
        role: Role::Operator,
        area: Some(area.clone()),
        approver: false,
    };
    let changed = engine
        .change_access(&caller(), name, &access, version)
        .await;
    changed.unwrap();
    Caller::for_tests(Asker {
        reach: carillon_domain::Reach::within(Some(area)),
        ..Asker::clone(who)
    })
}

async fn move_phone(house: &House, index: usize, site: &str) {
    let moved = PhoneEdit {
        fields: BTreeMap::from([(Column::Site, site.to_owned())]),
        ..PhoneEdit::default()
    };
    let mac = house.fleet.phones()[index].inventory.mac.parse().unwrap();
    let moved = house
        .engine
        .update_phone(&caller(), mac, &moved, None)
        .await;
    moved.unwrap();
}

pub(crate) async fn who_does_not_reach_all_of_it_lets_nothing_go_on(place: Place) {
    let (house, people) = held(place, 2).await;
    elsewhere(&house).await;
    let here = house.fleet.sites()[0].slug.clone();
    let dora = narrow(&house, &people.dora, &[&here]).await;
    let job = paused(&house, &people.berta, "DNDOn", 2).await;
    goes_on(&house, &dora, &job).await.unwrap();
    move_phone(&house, 1, "elsewhere").await;
    let refused = goes_on(&house, &dora, &job).await;
    assert!(is_conflict(&refused), "{refused:?}");
    goes_on(&house, &people.anna, &job).await.unwrap();
    assert_eq!(house.fleet.ledger().totals().requests, 0);
}

pub(crate) async fn whoever_is_narrowed_has_nothing_running_beyond_that(place: Place) {
    let (house, people) = held(place, 2).await;
    elsewhere(&house).await;
    move_phone(&house, 1, "elsewhere").await;
    let both = ask(&house, &people.dora, "DNDOn", 2).await.unwrap();
    let one = ask(&house, &people.dora, "DNDOff", 1).await.unwrap();
    let here = house.fleet.sites()[0].slug.clone();
    narrow(&house, &people.dora, &[&here, "elsewhere"]).await;
    assert_eq!(state(&house, &both).await, JobState::Running, "all of it");
    narrow(&house, &people.dora, &[&here]).await;
    assert_eq!(state(&house, &both).await, JobState::Paused);
    assert_eq!(state(&house, &one).await, JobState::Running);
    let events = house.events().await;
    let mut told = events
        .iter()
        .filter(|event| event.job.as_ref() == Some(&both));
    let told = told.find(|event| event.action == "job.paused").unwrap();
    assert!(
        told.reason.contains("does not reach all"),
        "{}",
        told.reason
    );
}
