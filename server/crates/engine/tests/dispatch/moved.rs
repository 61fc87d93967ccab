//! Phones that are led elsewhere between the yes of a second person and the hour of their job.

use std::time::Duration;

use carillon_domain::event::Event;
use carillon_domain::job::JobRequest;
use carillon_domain::phone::TransportSecurity;
use carillon_domain::phone_list::Column;
use carillon_domain::{Cause, JobState, Mac};
use carillon_engine::inventory::{PhoneEdit, SiteInput};
use carillon_engine::jobs::Submission;
use serde_json::json;

use crate::alone::{People, digest, house_with_people, state};
use crate::house::{House, Place, caller};

/// A job of all phones for in a second, which begins when all sending is released.
async fn asked_for(house: &House, people: &People, action: &str) -> String {
    let engine = &house.engine;
    engine.stop_all(&caller(), "hold").await.unwrap();
    let phones = house.fleet.phones().iter();
    let macs: Vec<_> = phones.map(|phone| phone.inventory.mac.clone()).collect();
    let soon = engine.clock.now().plus(Duration::from_secs(1));
    let request = json!({"action": action, "targets": {"phones": macs}, "reason": "tonight",
        "options": {"verify": false, "canary": 0, "start_at": soon}});
    let request: JobRequest = serde_json::from_value(request).unwrap();
    let made = engine
        .submit_job(&people.anna, &request, Submission::default())
        .await;
    made.unwrap().id
}

async fn approved(house: &House, people: &People) -> String {
    let job = asked_for(house, people, "Reset").await;
    let seen = digest(house, &job).await;
    let decided = house.engine.approve_job(&people.berta, &job, &seen).await;
    decided.unwrap();
    assert_eq!(state(house, &job).await, JobState::Scheduled);
    job
}

fn mac(house: &House, place: usize) -> Mac {
    house.fleet.phones()[place].inventory.mac.parse().unwrap()
}

async fn edit(house: &House, place: usize, column: Column, value: &str) {
    let change = PhoneEdit {
        fields: [(column, value.to_owned())].into(),
        ..PhoneEdit::default()
    };
    let phone = mac(house, place);
    let who = caller();
    let edited = house.engine.update_phone(&who, phone, &change, None);
    edited.await.unwrap();
}

async fn start(house: &House, job: &str) -> Event {
    let released = house.engine.release_stop_all(&caller(), "go").await;
    released.unwrap();
    house.finished(job).await;
    let events = house.events().await.into_iter();
    let mut starts = events.filter(|event| event.action == "job.started");
    starts
        .find(|event| event.job.as_deref() == Some(job))
        .unwrap()
}

pub(crate) async fn a_phone_that_is_led_elsewhere_after_the_yes_is_left_out(place: Place) {
    let (house, people) = house_with_people(place, 3).await;
    edit(&house, 2, Column::Address, "127.0.0.98").await;
    let before = house.fleet.phones()[2].inventory.address.clone();
    edit(&house, 2, Column::Address, &before).await;
    let job = approved(&house, &people).await;
    edit(&house, 0, Column::Notes, "behind the door").await;
    edit(&house, 1, Column::Address, "127.0.0.99").await;
    let started = start(&house, &job).await;
    assert!(started.reason.contains("lead elsewhere"), "{started:?}");
    assert_eq!(started.detail["cancelled"], 1);
    let counts = house.finished(&job).await.job.counts;
    assert_eq!((counts.acknowledged, counts.cancelled), (2, 1), "{counts}");
    assert_eq!(house.executed("Reset", mac(&house, 1)), 0);
    house.fits_the_log().await;
}

pub(crate) async fn a_site_that_is_reached_otherwise_after_the_yes_is_left_out(place: Place) {
    let (house, people) = house_with_people(place, 2).await;
    let job = approved(&house, &people).await;
    let site = house.fleet.sites()[0].slug.clone();
    let now = house.engine.site(&caller(), &site).await.unwrap().site;
    let other = SiteInput {
        slug: site.clone(),
        name: now.name,
        transport_security: TransportSecurity::Pinned,
        ca_pem: None,
        credential: now.credential,
        max_down_percent: 20,
    };
    let who = caller();
    let changed = house.engine.update_site(&who, &site, &other, None);
    changed.await.unwrap();
    start(&house, &job).await;
    assert_eq!(house.finished(&job).await.job.counts.cancelled, 2);
    assert_eq!(house.fleet.ledger().totals().executed, 0);
    house.fits_the_log().await;
}

pub(crate) async fn a_phone_that_is_protected_before_the_hour_is_left_out(place: Place) {
    let (house, people) = house_with_people(place, 2).await;
    let job = asked_for(&house, &people, "VOLUME_UP").await;
    edit(&house, 1, Column::Protected, "yes").await;
    start(&house, &job).await;
    let counts = house.finished(&job).await.job.counts;
    assert_eq!((counts.acknowledged, counts.skipped), (1, 1), "{counts}");
    let causes = house.targets(&job).await.into_iter();
    let causes: Vec<_> = causes.filter_map(|target| target.cause).collect();
    assert_eq!(causes, [Cause::Protected]);
    assert_eq!(house.executed("VOLUME_UP", mac(&house, 1)), 0);
    house.fits_the_log().await;
}

pub(crate) async fn a_job_that_nobody_had_to_agree_to_follows_its_phones(place: Place) {
    let (house, people) = house_with_people(place, 1).await;
    let before = house.fleet.phones()[0].inventory.address.clone();
    edit(&house, 0, Column::Address, "127.0.0.99").await;
    let job = asked_for(&house, &people, "VOLUME_UP").await;
    edit(&house, 0, Column::Address, &before).await;
    let started = start(&house, &job).await;
    assert_eq!(started.reason, "");
    assert_eq!(house.finished(&job).await.job.counts.acknowledged, 1);
}
