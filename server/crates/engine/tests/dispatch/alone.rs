//! What one person does not do alone: limits for operators, and a second person.

use std::time::Duration;

use carillon_domain::event::{Actor, ActorKind};
use carillon_domain::job::JobRequest;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::phone_list::Column;
use carillon_domain::role::Role;
use carillon_domain::{Area, JobState, Reach, Timestamp};
use carillon_engine::accounts::Access;
use carillon_engine::inventory::{PhoneEdit, SiteInput};
use carillon_engine::jobs::{Rules, Submission};
use carillon_engine::{Asker, Caller, EngineError};
use carillon_simulator::{FleetConfig, Profile};
use carillon_store::NewUser;
use serde_json::json;

use crate::house::{House, Place, caller};

/// An account of this name and role, and the person who signed in with it.
async fn person(house: &House, name: &str, role: Role, approver: bool) -> Caller {
    let now = house.engine.clock.now();
    let user = NewUser {
        id: name.to_owned(),
        name: name.to_owned(),
        role,
        password: None,
    };
    let mut unit = house.engine.store.begin().await.unwrap();
    unit.insert_user(&user, now).await.unwrap();
    let mut made = caller().event(now, "user.created");
    made.detail = json!({"user": name, "role": role, "sealed": null});
    unit.record(&[made]).await.unwrap().commit().await.unwrap();
    let access = Access {
        role,
        area: None,
        approver,
    };
    let changed = house
        .engine
        .change_access(&caller(), name, &access, 1)
        .await;
    // The last administrator cannot be looked for before there is one.
    changed.unwrap();
    if approver {
        let mut unit = house.engine.store.begin().await.unwrap();
        let set = unit.set_factor(name, (vec![1], 1), 0, now).await;
        set.unwrap();
        unit.commit_bookkeeping().await.unwrap();
    }
    speaking(ActorKind::User, name, role)
}

fn speaking(kind: ActorKind, name: &str, role: Role) -> Caller {
    Caller::for_tests(Asker {
        actor: Actor {
            kind,
            id: name.to_owned(),
            name: name.to_owned(),
            auth: "test".to_owned(),
            session: String::new(),
        },
        role,
        user_id: Some(name.to_owned()),
        ip: None,
        reach: Reach::everything(),
        proved: true,
    })
}

pub(crate) struct People {
    pub(crate) anna: Caller,
    pub(crate) berta: Caller,
    pub(crate) carl: Caller,
    pub(crate) dora: Caller,
}

pub(crate) async fn house_with_people(place: Place, phones: usize) -> (House, People) {
    let house = House::new(
        place,
        FleetConfig::uniform(Profile::Normal, u32::try_from(phones).unwrap(), PlainHttp),
    )
    .await;
    let people = people_of(&house).await;
    (house, people)
}

/// Whom somebody on the server's machine made: nobody owes another of them anything.
pub(crate) async fn people_of(house: &House) -> People {
    People {
        berta: person(house, "berta", Role::Admin, true).await,
        anna: person(house, "anna", Role::Operator, true).await,
        carl: person(house, "carl", Role::Operator, false).await,
        dora: person(house, "dora", Role::Operator, true).await,
    }
}

pub(crate) async fn ask(
    house: &House,
    who: &Caller,
    action: &str,
    phones: usize,
) -> Result<String, EngineError> {
    let macs: Vec<_> = house
        .fleet
        .phones()
        .iter()
        .take(phones)
        .map(|p| p.inventory.mac.clone())
        .collect();
    let request = json!({"action": action, "targets": {"phones": macs}, "reason": "test",
        "options": {"verify": false, "canary": 0}});
    let request: JobRequest = serde_json::from_value(request).unwrap();
    let made = house
        .engine
        .submit_job(who, &request, Submission::default())
        .await;
    made.map(|made| made.id)
}

pub(crate) async fn state(house: &House, job: &str) -> JobState {
    house.engine.job(&caller(), job).await.unwrap().job.state
}

pub(crate) async fn digest(house: &House, job: &str) -> String {
    state_and_digest(house, job).await.1
}

pub(crate) fn is_conflict<T>(result: &Result<T, EngineError>) -> bool {
    matches!(result, Err(EngineError::Conflict(_)))
}

pub(crate) fn is_denied<T>(result: &Result<T, EngineError>) -> bool {
    matches!(result, Err(EngineError::Denied(_)))
}

pub(crate) async fn a_dangerous_job_waits_for_somebody_else(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    let engine = &house.engine;
    let job = ask(&house, &people.anna, "Reset", 1).await.unwrap();
    assert_eq!(state(&house, &job).await, JobState::AwaitingApproval);
    let digest = digest(&house, &job).await;
    let token = speaking(ActorKind::Token, "berta", Role::Admin);
    assert!(is_conflict(
        &engine.approve_job(&people.anna, &job, &digest).await
    ));
    assert!(is_denied(&engine.approve_job(&token, &job, &digest).await));
    assert!(is_denied(
        &engine.approve_job(&people.carl, &job, &digest).await
    ));
    assert!(is_denied(&engine.deny_job(&token, &job, "no").await));
    assert!(is_conflict(
        &engine.approve_job(&people.berta, &job, "another").await
    ));
    let narrow = Caller::for_tests(Asker {
        reach: Reach::within(Some(carillon_domain::Area::of(["elsewhere"], []))),
        ..Asker::clone(&people.dora)
    });
    let unseen = engine.approve_job(&narrow, &job, &digest).await;
    assert!(matches!(unseen, Err(EngineError::NotFound)));
    assert_eq!(house.fleet.ledger().totals().requests, 0);
    let lag = "dangerous jobs wait until an anchor has what was signed";
    engine.dispatch.refuse_dangerous(Some(lag.to_owned()));
    let refused = engine.approve_job(&people.berta, &job, &digest).await;
    assert!(matches!(refused, Err(EngineError::Conflict(why)) if why == lag));
    assert_eq!(state(&house, &job).await, JobState::AwaitingApproval);
    engine.dispatch.refuse_dangerous(None);
    engine
        .approve_job(&people.berta, &job, &digest)
        .await
        .unwrap();
    let end = house.finished(&job).await;
    assert_eq!(end.job.counts.acknowledged, 1);
    assert!(end.job.not_after.is_some());
    assert!(is_conflict(
        &engine.approve_job(&people.dora, &job, &digest).await
    ));
    let events = house.events().await;
    let told = events
        .iter()
        .find(|event| event.action == "job.approved")
        .unwrap();
    assert_eq!(told.actor.id, "berta");
    assert_eq!(told.detail["asked_by_id"], "anna");
    house.fits_the_log().await;
}

/// Whatever somebody changes between the request and the answer, nobody agreed to.
pub(crate) async fn what_is_agreed_to_is_what_was_asked_for(place: Place) {
    let (house, people) = house_with_people(place, 2).await;
    let engine = &house.engine;
    let mut digests = std::collections::BTreeSet::new();
    for change in [
        "UPDATE jobs SET action = 'Reboot'",
        "UPDATE jobs SET params_shown = '{\"a\":\"b\"}'",
        "UPDATE jobs SET options = REPLACE(options, '\"canary\":0', '\"canary\":1')",
        "UPDATE jobs SET not_after = 9000000000000000",
        "UPDATE jobs SET start_at = 9000000000000000",
        "UPDATE job_targets SET mac = '00:15:65:99:99:99' WHERE position = 0 AND job",
    ] {
        let job = ask(&house, &people.anna, "Reset", 2).await.unwrap();
        let seen = digest(&house, &job).await;
        assert!(digests.insert(seen.clone()), "each job has its own");
        let which = match change.strip_suffix(" AND job") {
            Some(change) => format!("{change} AND job = '{job}'"),
            None => format!("{change} WHERE id = '{job}'"),
        };
        house.raw(&which).await;
        let refused = engine.approve_job(&people.berta, &job, &seen).await;
        assert!(is_conflict(&refused), "{change}: {refused:?}");
        let now = digest(&house, &job).await;
        let looked_again = engine.approve_job(&people.berta, &job, &now).await;
        assert!(is_conflict(&looked_again), "{change}: {looked_again:?}");
        assert_eq!(state(&house, &job).await, JobState::AwaitingApproval);
    }
    assert_eq!(house.fleet.ledger().totals().requests, 0);
    let job = ask(&house, &people.anna, "Reset", 2).await.unwrap();
    let seen = digest(&house, &job).await;
    engine
        .approve_job(&people.berta, &job, &seen)
        .await
        .unwrap();
    let of_job = |action: &str, events: &[carillon_domain::event::Event]| {
        let of_job = |event: &&carillon_domain::event::Event| {
            event.action == action && event.job.as_deref() == Some(job.as_str())
        };
        events
            .iter()
            .find(of_job)
            .map(|event| event.detail["approval_digest"].clone())
    };
    let events = house.events().await;
    for action in ["job.submitted", "job.approved"] {
        assert_eq!(of_job(action, &events), Some(json!(seen)), "{action}");
    }
}

/// That a job may run does not make it run now.
pub(crate) async fn a_job_for_later_starts_later_when_it_is_approved(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    let engine = &house.engine;
    let starts = engine.clock.now().plus(std::time::Duration::from_hours(1));
    let mac = house.fleet.phones()[0].inventory.mac.clone();
    let request = json!({"action": "Reset", "targets": {"phones": [mac]}, "reason": "tonight",
        "options": {"verify": false, "start_at": starts}});
    let request: JobRequest = serde_json::from_value(request).unwrap();
    let made = engine
        .submit_job(&people.anna, &request, Submission::default())
        .await;
    let job = made.unwrap().id;
    let digest = digest(&house, &job).await;
    engine
        .approve_job(&people.berta, &job, &digest)
        .await
        .unwrap();
    let approved = engine.job(&caller(), &job).await.unwrap().job;
    assert_eq!(approved.state, JobState::Scheduled);
    assert!(approved.not_after > Some(starts));
    assert_eq!(house.fleet.ledger().totals().requests, 0);
    house.fits_the_log().await;
}

pub(crate) async fn of_two_answers_one_counts(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    let engine = &house.engine;
    engine.stop_all(&caller(), "hold").await.unwrap();
    let mut approved = Vec::new();
    let jobs = (0..8).map(|_| ask(&house, &people.anna, "Reset", 1));
    for job in futures_util::future::join_all(jobs).await {
        let job = job.unwrap();
        let digest = digest(&house, &job).await;
        let (yes, no, also) = tokio::join!(
            engine.approve_job(&people.berta, &job, &digest),
            engine.deny_job(&people.dora, &job, "no"),
            engine.approve_job(&people.dora, &job, &digest),
        );
        let counted = [&yes, &no, &also]
            .into_iter()
            .filter(|answer| answer.is_ok())
            .count();
        assert_eq!(counted, 1, "{yes:?} {no:?} {also:?}");
        // Whoever comes late changes nothing, and nobody is told that the job is another.
        let late = engine.approve_job(&people.berta, &job, "0").await;
        assert!(is_conflict(&late));
        let job = engine.job(&caller(), &job).await.unwrap().job;
        let (expected, waiting) = if no.is_ok() {
            (JobState::Denied, 0)
        } else {
            approved.push(job.id.clone());
            (JobState::Running, 1)
        };
        assert_eq!((job.state, job.counts.waiting), (expected, waiting));
    }
    assert_eq!(house.fleet.ledger().totals().requests, 0);
    engine.release_stop_all(&caller(), "go on").await.unwrap();
    for job in &approved {
        house.until(job, &[JobState::Finished]).await;
    }
    let forged = |event: &&carillon_domain::event::Event| event.action == "row.forged";
    assert_eq!(house.events().await.iter().find(forged), None);
}

/// A second account of one's own, or one that one has just taken over, is no second person.
pub(crate) async fn who_owes_the_account_to_who_asks_decides_nothing(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    let engine = &house.engine;
    engine
        .invite_user(&people.berta, "bertha", Role::Admin)
        .await
        .unwrap();
    let access = Access {
        role: Role::Admin,
        area: None,
        approver: true,
    };
    let version = engine.find_user(&caller(), "bertha").await.unwrap().version;
    let changed = engine
        .change_access(&people.berta, "bertha", &access, version)
        .await;
    changed.unwrap();
    let id = engine.find_user(&caller(), "bertha").await.unwrap().id;
    let now = engine.clock.now();
    let mut unit = engine.store.begin().await.unwrap();
    unit.set_factor(&id, (vec![1], 1), 0, now).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let second = Caller::for_tests(Asker {
        actor: Actor {
            kind: ActorKind::User,
            id: id.clone(),
            name: "bertha".to_owned(),
            auth: "test".to_owned(),
            session: String::new(),
        },
        role: Role::Admin,
        user_id: Some(id),
        ip: None,
        reach: Reach::everything(),
        proved: true,
    });
    let job = ask(&house, &people.berta, "Reset", 1).await.unwrap();
    let seen = digest(&house, &job).await;
    let refused = engine.approve_job(&second, &job, &seen).await;
    assert!(is_conflict(&refused), "{refused:?}");
    engine.make_reset_link(&people.berta, "dora").await.unwrap();
    let refused = engine.approve_job(&people.dora, &job, &seen).await;
    assert!(is_conflict(&refused), "{refused:?}");
    assert_eq!(state(&house, &job).await, JobState::AwaitingApproval);
    // The other way round it is one person as well.
    let job = ask(&house, &second, "Reset", 1).await.unwrap();
    let seen = digest(&house, &job).await;
    let refused = engine.approve_job(&people.berta, &job, &seen).await;
    assert!(is_conflict(&refused), "{refused:?}");
    engine.approve_job(&people.anna, &job, &seen).await.unwrap();
}

/// Whoever takes the right to say no from everybody else is not alone for that.
pub(crate) async fn who_takes_the_right_away_asks_somebody_all_the_same(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    let engine = &house.engine;
    let none = Access {
        role: Role::Operator,
        area: None,
        approver: false,
    };
    let version = engine.find_user(&caller(), "anna").await.unwrap().version;
    let changed = engine
        .change_access(&people.berta, "anna", &none, version)
        .await;
    changed.unwrap();
    engine.disable_user(&people.berta, "dora").await.unwrap();
    let refused = ask(&house, &people.berta, "Reset", 1).await;
    assert!(is_conflict(&refused.map(drop)));
    let job = ask(&house, &people.carl, "Reset", 1).await.unwrap();
    assert_eq!(
        state(&house, &job).await,
        JobState::Running,
        "he took nothing"
    );
    engine.enable_user(&caller(), "dora").await.unwrap();
    let job = ask(&house, &people.berta, "Reset", 1).await.unwrap();
    assert_eq!(state(&house, &job).await, JobState::AwaitingApproval);
}

pub(crate) async fn what_nobody_decides_about_expires(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    let job = ask(&house, &people.anna, "Reset", 1).await.unwrap();
    let digest = digest(&house, &job).await;
    let past = house
        .engine
        .clock
        .now()
        .minus(std::time::Duration::from_secs(1));
    let mut unit = house.engine.store.begin().await.unwrap();
    unit.note_account(&job, Some("anna"), Some(past))
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let late = house.engine.approve_job(&people.berta, &job, &digest).await;
    assert!(is_conflict(&late));
    let end = house.until(&job, &[JobState::Expired]).await;
    assert_eq!((end.job.counts.expired, end.job.counts.waiting), (1, 0));
    assert_eq!(house.fleet.ledger().totals().requests, 0);
}

pub(crate) async fn who_may_not_any_more_has_nothing_approved(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    let job = ask(&house, &people.anna, "Reset", 1).await.unwrap();
    let digest = digest(&house, &job).await;
    house.engine.disable_user(&caller(), "anna").await.unwrap();
    let refused = house.engine.approve_job(&people.berta, &job, &digest).await;
    assert!(is_conflict(&refused));
    assert_eq!(state(&house, &job).await, JobState::AwaitingApproval);
}

pub(crate) async fn fifty_phones_may_be_disturbed_alone(place: Place) {
    let (house, people) = house_with_people(place, 51).await;
    let engine = &house.engine;
    engine.stop_all(&caller(), "hold").await.unwrap();
    engine
        .change_rules(&caller(), &no_share(), "")
        .await
        .unwrap();
    let fifty = ask(&house, &people.anna, "Reboot", 50).await.unwrap();
    assert_eq!(state(&house, &fifty).await, JobState::Running);
    let more = ask(&house, &people.anna, "Reboot", 51).await.unwrap();
    assert_eq!(state(&house, &more).await, JobState::AwaitingApproval);
    engine.disable_user(&caller(), "dora").await.unwrap();
    engine.disable_user(&caller(), "berta").await.unwrap_err();
    let alone = Access {
        role: Role::Operator,
        area: None,
        approver: false,
    };
    let version = engine.find_user(&caller(), "anna").await.unwrap().version;
    engine
        .change_access(&caller(), "anna", &alone, version)
        .await
        .unwrap();
    let again = ask(&house, &people.anna, "Reboot", 51).await.unwrap();
    assert_eq!(
        state(&house, &again).await,
        JobState::Running,
        "one may approve: nobody is asked"
    );
}

async fn state_and_digest(house: &House, job: &str) -> (JobState, String) {
    let job = house.engine.job(&caller(), job).await.unwrap().job;
    let digest = house.engine.approval_digest(&job).await.unwrap();
    (job.state, digest.unwrap_or_default())
}

/// The rules but for the share of the fleet, which is small in tests.
fn no_share() -> Rules {
    Rules {
        approve_disruptive_percent: None,
        ..Rules::default()
    }
}

/// Whether each of these jobs, asked for one after another, waits for a second person.
async fn waits(house: &House, who: &Caller, phones: &[usize]) -> Vec<bool> {
    let mut waits = Vec::new();
    for phones in phones {
        let job = ask(house, who, "Reboot", *phones).await.unwrap();
        waits.push(state(house, &job).await == JobState::AwaitingApproval);
    }
    waits
}

pub(crate) async fn many_small_jobs_come_to_a_large_one(place: Place) {
    let (house, people) = house_with_people(place, 60).await;
    let engine = &house.engine;
    engine.stop_all(&caller(), "hold").await.unwrap();
    engine
        .change_rules(&caller(), &no_share(), "")
        .await
        .unwrap();
    let anna = waits(&house, &people.anna, &[30, 20, 1, 1]).await;
    assert_eq!(anna, [false, false, true, true], "fifty are reached");
    let token = speaking(ActorKind::Token, "anna", Role::Operator);
    assert_eq!(
        waits(&house, &token, &[1]).await,
        [true],
        "her token is her"
    );
    assert_eq!(waits(&house, &people.dora, &[30]).await, [false]);
    let share = Rules::default();
    engine.change_rules(&caller(), &share, "").await.unwrap();
    let carl = waits(&house, &people.carl, &[3, 3, 1]).await;
    assert_eq!(carl, [false, false, true], "a tenth of sixty is six");
    let request = json!({"action": "Reboot", "targets": {"filter": ""}, "reason": "test"});
    let request: JobRequest = serde_json::from_value(request).unwrap();
    let preview = engine.preview_job(&people.carl, &request).await.unwrap();
    let rules = engine.rules().await.unwrap();
    let told = engine
        .needs_approval(&people.carl, (&preview, None), &rules)
        .await;
    assert!(told.unwrap(), "and is told before");
}

/// One job of so many phones, to start then.
async fn ask_for(house: &House, who: &Caller, phones: usize, start: Timestamp) -> String {
    let chosen = house.fleet.phones().iter().take(phones);
    let macs: Vec<_> = chosen.map(|phone| phone.inventory.mac.clone()).collect();
    let request = json!({"action": "Reboot", "targets": {"phones": macs}, "reason": "test",
        "options": {"verify": false, "canary": 0, "start_at": start}});
    let request: JobRequest = serde_json::from_value(request).unwrap();
    let made = house
        .engine
        .submit_job(who, &request, Submission::default())
        .await;
    made.unwrap().id
}

/// As if all jobs had been asked for two hours sooner.
async fn two_hours_pass(house: &House) {
    let sooner = "UPDATE jobs SET created_at = created_at - 7200000000";
    house.raw(sooner).await;
}

pub(crate) async fn jobs_of_one_hour_count_together_whenever_they_were_asked_for(place: Place) {
    let (house, people) = house_with_people(place, 60).await;
    let engine = &house.engine;
    engine
        .change_rules(&caller(), &no_share(), "")
        .await
        .unwrap();
    let hour = Duration::from_hours(1);
    let start = engine.clock.now().plus(hour * 24);
    let first = ask_for(&house, &people.anna, 30, start).await;
    assert_eq!(state(&house, &first).await, JobState::Scheduled);
    two_hours_pass(&house).await;
    let other_day = ask_for(&house, &people.anna, 30, start.plus(hour * 5)).await;
    assert_eq!(state(&house, &other_day).await, JobState::Scheduled);
    two_hours_pass(&house).await;
    let same_hour = ask_for(&house, &people.anna, 30, start.plus(hour / 2)).await;
    assert_eq!(state(&house, &same_hour).await, JobState::AwaitingApproval);
}

pub(crate) async fn whoever_is_disabled_has_nothing_started_and_nothing_running(place: Place) {
    let (house, people) = house_with_people(place, 4).await;
    let engine = &house.engine;
    engine
        .change_rules(&caller(), &no_share(), "")
        .await
        .unwrap();
    let soon = engine.clock.now().plus(Duration::from_secs(1));
    let later = ask_for(&house, &people.carl, 2, soon).await;
    engine.stop_all(&caller(), "hold").await.unwrap();
    let running = ask(&house, &people.carl, "VOLUME_UP", 3).await.unwrap();
    assert_eq!(state(&house, &running).await, JobState::Running);
    engine.disable_user(&caller(), "carl").await.unwrap();
    assert_eq!(state(&house, &running).await, JobState::Paused);
    engine.release_stop_all(&caller(), "go").await.unwrap();
    assert_eq!(house.finished(&later).await.job.state, JobState::Cancelled);
    assert_eq!(house.fleet.ledger().totals().executed, 0);
    // Somebody else may let it go on.
    engine.resume_job(&people.dora, &running).await.unwrap();
    assert_eq!(house.finished(&running).await.job.counts.acknowledged, 3);
}

pub(crate) async fn an_account_that_somebody_wrote_has_nothing_started(place: Place) {
    let (house, people) = house_with_people(place, 4).await;
    let engine = &house.engine;
    engine
        .change_rules(&caller(), &no_share(), "")
        .await
        .unwrap();
    let soon = engine.clock.now().plus(Duration::from_secs(1));
    let forged = ask_for(&house, &people.carl, 2, soon).await;
    let honest = ask_for(&house, &people.dora, 1, soon).await;
    house
        .raw("UPDATE users SET role = 'admin' WHERE name = 'carl'")
        .await;
    assert_eq!(house.finished(&forged).await.job.state, JobState::Cancelled);
    assert_eq!(house.finished(&honest).await.job.counts.acknowledged, 1);
}

pub(crate) async fn whoever_reaches_less_has_nothing_approved(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    let engine = &house.engine;
    engine.stop_all(&caller(), "hold").await.unwrap();
    let asked = ask(&house, &people.anna, "Reset", 1).await.unwrap();
    let now = engine.list_users(&caller()).await.unwrap();
    let version = now.iter().find(|user| user.name == "anna").unwrap().version;
    let elsewhere = SiteInput {
        slug: "elsewhere".to_owned(),
        name: "Elsewhere".to_owned(),
        transport_security: PlainHttp,
        ca_pem: None,
        credential: None,
        max_down_percent: 20,
    };
    engine.create_site(&caller(), &elsewhere).await.unwrap();
    let nowhere = Access {
        role: Role::Operator,
        area: Some(Area::of(["elsewhere"], [])),
        approver: false,
    };
    let changed = engine
        .change_access(&caller(), "anna", &nowhere, version)
        .await;
    changed.unwrap();
    let frozen = digest(&house, &asked).await;
    let approved = engine.approve_job(&people.berta, &asked, &frozen).await;
    assert!(is_conflict(&approved), "{approved:?}");
}

pub(crate) async fn a_phone_that_left_the_reach_before_the_hour_is_not_commanded(place: Place) {
    let (house, people) = house_with_people(place, 4).await;
    let engine = &house.engine;
    engine
        .change_rules(&caller(), &no_share(), "")
        .await
        .unwrap();
    let elsewhere = SiteInput {
        slug: "elsewhere".to_owned(),
        name: "Elsewhere".to_owned(),
        transport_security: PlainHttp,
        ca_pem: None,
        credential: None,
        max_down_percent: 20,
    };
    engine.create_site(&caller(), &elsewhere).await.unwrap();
    let sites = house.fleet.sites().iter().map(|site| site.slug.as_str());
    let access = Access {
        role: Role::Operator,
        area: Some(Area::of(sites, [])),
        approver: false,
    };
    let now = engine.list_users(&caller()).await.unwrap();
    let version = now.iter().find(|user| user.name == "dora").unwrap().version;
    let changed = engine
        .change_access(&caller(), "dora", &access, version)
        .await;
    changed.unwrap();
    let soon = engine.clock.now().plus(Duration::from_secs(2));
    let both = ask_for(&house, &people.dora, 2, soon).await;
    let one = ask_for(&house, &people.dora, 1, soon).await;
    let moved = PhoneEdit {
        fields: [(Column::Site, "elsewhere".to_owned())].into(),
        ..PhoneEdit::default()
    };
    let mac = house.fleet.phones()[1].inventory.mac.parse().unwrap();
    let moved = engine.update_phone(&caller(), mac, &moved, None).await;
    moved.unwrap();
    let cancelled = house.finished(&both).await.job;
    assert_eq!(cancelled.state, JobState::Cancelled);
    assert_eq!(cancelled.counts.cancelled, 2, "also what is still in reach");
    let events = house.events().await;
    let mut mine = events
        .iter()
        .filter(|event| event.job.as_ref() == Some(&both));
    let told = mine.find(|event| event.action == "job.cancelled").unwrap();
    assert!(told.reason.contains("does not reach all"));
    assert_eq!(house.finished(&one).await.job.counts.acknowledged, 1);
    assert_eq!(house.executed("Reboot", mac), 0);
}

pub(crate) async fn what_operators_do_not_start_they_are_told(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    let engine = &house.engine;
    engine.stop_all(&caller(), "hold").await.unwrap();
    let asked = ask(&house, &people.anna, "Reset", 1).await.unwrap();
    let mut rules = Rules::default();
    rules.operators_start.destructive = false;
    rules.operators_start.call_control = false;
    engine.change_rules(&caller(), &rules, "").await.unwrap();
    let token = speaking(ActorKind::Token, "anna", Role::Operator);
    for who in [&people.anna, &token] {
        for action in ["Reset", "ANSWER"] {
            let refused = ask(&house, who, action, 1).await;
            let Err(EngineError::Invalid(errors)) = refused else {
                panic!("{action}: {refused:?}");
            };
            assert_eq!(errors[0].code, "not_permitted");
        }
        assert!(ask(&house, who, "DNDOn", 1).await.is_ok());
    }
    let mac = house.fleet.phones()[0].inventory.mac.clone();
    let request = json!({"action": "Reset", "targets": {"phones": [mac]}, "reason": "test"});
    let request: JobRequest = serde_json::from_value(request).unwrap();
    let preview = engine.preview_job(&people.anna, &request).await;
    assert!(matches!(preview, Err(EngineError::Invalid(_))));
    let digest = digest(&house, &asked).await;
    let late = engine.approve_job(&people.berta, &asked, &digest).await;
    assert!(
        is_conflict(&late),
        "what was asked for before is not let run"
    );
    assert!(ask(&house, &people.berta, "Reset", 1).await.is_ok());
    let hers = speaking(ActorKind::Token, "berta", Role::Operator);
    assert!(
        ask(&house, &hers, "Reset", 1).await.is_ok(),
        "her token is her"
    );
}

pub(crate) async fn only_somebody_with_a_second_factor_lets_a_job_run(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    let engine = &house.engine;
    let mut unit = engine.store.begin().await.unwrap();
    unit.clear_factor("berta", engine.clock.now())
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let job = ask(&house, &people.anna, "Reset", 1).await.unwrap();
    let digest = digest(&house, &job).await;
    let refused = engine.approve_job(&people.berta, &job, &digest).await;
    let Err(EngineError::Conflict(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.contains("second factor"), "{why}");
    assert_eq!(state(&house, &job).await, JobState::AwaitingApproval);
    let mut vouched = Asker::clone(&people.berta);
    "oidc+mfa".clone_into(&mut vouched.actor.auth);
    let vouched = Caller::for_tests(vouched);
    engine.approve_job(&vouched, &job, &digest).await.unwrap();
    let other = ask(&house, &people.anna, "Reset", 1).await.unwrap();
    let rules = Rules {
        approve_with_factor: false,
        ..Rules::default()
    };
    engine.change_rules(&caller(), &rules, "").await.unwrap();
    let theirs = state_and_digest(&house, &other).await;
    assert_eq!(theirs.0, JobState::AwaitingApproval);
    let approved = engine.approve_job(&people.berta, &other, &theirs.1).await;
    approved.unwrap();
}

/// So many at once; answers how many were let.
async fn at_once(house: &House, who: &Caller, jobs: usize, phones: usize) -> usize {
    let asked = (0..jobs).map(|_| ask(house, who, "DNDOn", phones));
    let answers = futures_util::future::join_all(asked).await;
    let refused = answers.iter().filter(|answer| answer.is_err());
    assert!(
        refused.clone().all(is_conflict),
        "{:?}",
        refused.collect::<Vec<_>>()
    );
    answers.iter().filter(|answer| answer.is_ok()).count()
}

pub(crate) async fn many_at_once_come_to_no_more_than_one_after_another(place: Place) {
    let (house, people) = house_with_people(place, 5).await;
    let engine = &house.engine;
    engine.stop_all(&caller(), "hold").await.unwrap();
    assert_eq!(at_once(&house, &people.carl, 30, 1).await, 10);
    let token = speaking(ActorKind::Token, "carl", Role::Operator);
    assert_eq!(at_once(&house, &token, 1, 1).await, 0, "his token is him");
    let wide = Rules {
        jobs_per_minute: 1_000,
        phones_per_hour: 32,
        ..Rules::default()
    };
    engine.change_rules(&people.berta, &wide, "").await.unwrap();
    assert_eq!(at_once(&house, &people.dora, 50, 3).await, 10);
    let small = Rules {
        phones_per_job: 4,
        ..wide
    };
    engine
        .change_rules(&people.berta, &small, "")
        .await
        .unwrap();
    let large = ask(&house, &people.anna, "DNDOn", 5).await;
    assert!(matches!(large, Err(EngineError::Invalid(_))));
    assert!(ask(&house, &people.berta, "DNDOn", 5).await.is_ok());
    let run_token = speaking(ActorKind::Token, "berta", Role::Operator);
    assert!(
        ask(&house, &run_token, "DNDOn", 5).await.is_ok(),
        "her token is her"
    );
    assert!(is_denied(
        &engine.change_rules(&people.anna, &wide, "").await
    ));
}
