//! Jobs that somebody changed in the database itself: nothing is sent for them.

use carillon_domain::JobState;
use carillon_domain::event::EventResult;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_engine::rows::{RowName, SignedRows};
use carillon_engine::{Engine, EngineError};
use carillon_simulator::{FleetConfig, Profile};
use serde_json::json;

use crate::house::{House, Place, caller};

async fn open_house(place: Place) -> House {
    House::new(place, FleetConfig::uniform(Profile::Open, 4, PlainHttp)).await
}

/// A restart of all phones but the last that somebody paused before it began.
async fn paused(house: &House) -> String {
    let engine = &house.engine;
    engine.stop_all(&caller(), "hold").await.unwrap();
    let job = paused_from(house).await;
    engine.release_stop_all(&caller(), "go").await.unwrap();
    job
}

/// The same, while everything is stopped.
async fn paused_from(house: &House) -> String {
    let engine = &house.engine;
    let macs: Vec<_> = house.fleet.phones().iter().take(3).collect();
    let macs: Vec<_> = macs.iter().map(|phone| &phone.inventory.mac).collect();
    let job = house
        .submit(json!({
            "action": "Reboot", "targets": {"phones": macs}, "reason": "test",
            "options": {"verify": false, "canary": 0, "site_max_down_percent": 100},
        }))
        .await;
    engine.pause_job(&caller(), &job).await.unwrap();
    job
}

async fn told(house: &House) -> Vec<(String, String)> {
    let events = house.events().await;
    let forged = events.iter().filter(|event| event.action == "row.forged");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    forged
        .map(|event| {
            assert_eq!(event.result, EventResult::Failed);
            (text(&event.detail["rows"]), text(&event.detail["row"]))
        })
        .collect()
}

/// Lets other jobs run until the log tells of this row, and says that no phone was restarted.
async fn nothing_is_sent_and_it_is_told(house: &House, kind: &str, job: &str) {
    let row = (kind.to_owned(), job.to_owned());
    loop {
        let other = house
            .submit(json!({
                "action": "VOLUME_UP", "targets": {"filter": ""}, "options": {"verify": false},
            }))
            .await;
        assert_eq!(house.finished(&other).await.job.counts.acknowledged, 4);
        if told(house).await.contains(&row) {
            break;
        }
    }
    assert!(house.fleet.ledger().executed("Reboot").is_empty());
}

async fn is_refused(engine: &Engine, job: &str) {
    let resumed = engine.resume_job(&caller(), job).await;
    assert!(
        matches!(&resumed, Err(EngineError::Conflict(why)) if why.contains("outside Carillon")),
        "{resumed:?}"
    );
}

pub(crate) async fn a_job_that_was_set_running_sends_nothing(place: Place) {
    let house = open_house(place).await;
    let job = paused(&house).await;
    house
        .raw(&format!(
            "UPDATE jobs SET state = 'running' WHERE id = '{job}'"
        ))
        .await;
    nothing_is_sent_and_it_is_told(&house, "job", &job).await;
    house.engine.pause_job(&caller(), &job).await.unwrap();
    is_refused(&house.engine, &job).await;
    assert_eq!(house.engine.cancel_job(&caller(), &job).await.unwrap(), 3);
    let end = house.finished(&job).await.job;
    assert_eq!((end.state, end.counts.cancelled), (JobState::Cancelled, 3));
    let times = told(&house).await;
    assert_eq!(times, [("job".to_owned(), job)], "told once");
}

pub(crate) async fn a_job_that_was_cancelled_does_not_come_back(place: Place) {
    let house = open_house(place).await;
    let job = paused(&house).await;
    house.engine.cancel_job(&caller(), &job).await.unwrap();
    for statement in [
        "UPDATE job_targets SET state = 'waiting', finished_at = NULL",
        "UPDATE jobs SET state = 'running', waiting = total, cancelled = 0, finished_at = NULL",
    ] {
        house.raw(statement).await;
    }
    nothing_is_sent_and_it_is_told(&house, "job", &job).await;
}

/// What stands in a job's row and its phones' rows, to be put back later.
async fn copied(house: &House) {
    for table in ["jobs", "job_targets"] {
        let copy = format!("CREATE TABLE {table}_before AS SELECT * FROM {table}");
        house.raw(&copy).await;
    }
}

/// Puts all of it back, with the codes of then.
async fn put_back(house: &House, job: &str) {
    let targets = "state, cause, attempts, attempt_id, sent_at, finished_at, retry_at";
    let jobs = "state, not_after, decided_by, decided_at, version, mac, waiting, sending, \
         verifying, verified, acknowledged, failed, unknown, skipped, cancelled, expired, finished_at";
    for (table, columns, key) in [("job_targets", targets, "mac"), ("jobs", jobs, "id")] {
        let value = |column: &str| {
            format!(
                "{column} = (SELECT b.{column} FROM {table}_before b WHERE b.{key} = {table}.{key})"
            )
        };
        let values: Vec<String> = columns.split(", ").map(|one| value(one.trim())).collect();
        let of_job = if table == "jobs" { "id" } else { "job" };
        let set = values.join(", ");
        house
            .raw(&format!(
                "UPDATE {table} SET {set} WHERE {of_job} = '{job}'"
            ))
            .await;
    }
}

fn restarts(house: &House) -> u32 {
    house.fleet.ledger().executed("Reboot").values().sum()
}

pub(crate) async fn a_job_of_before_with_its_own_code_is_not_sent_again(place: Place) {
    let house = open_house(place).await;
    let engine = &house.engine;
    engine.stop_all(&caller(), "hold").await.unwrap();
    let job = paused_from(&house).await;
    engine.resume_job(&caller(), &job).await.unwrap();
    copied(&house).await;
    engine.release_stop_all(&caller(), "go").await.unwrap();
    engine.dispatch.wake();
    assert_eq!(house.finished(&job).await.job.counts.acknowledged, 3);
    put_back(&house, &job).await;
    told_times(&house, ("job", &job), 1).await;
    assert_eq!(restarts(&house), 3);
    let looked = engine.look_through_rows().await.unwrap();
    let row = RowName {
        rows: SignedRows::Jobs,
        name: job.clone(),
    };
    assert_eq!(looked.forged, std::slice::from_ref(&row));
    engine.pause_job(&caller(), &job).await.unwrap();
    is_refused(engine, &job).await;
    // Whoever looked at it may have it all the same.
    engine.accept_row(&caller(), &row, "meant").await.unwrap();
    engine.resume_job(&caller(), &job).await.unwrap();
    // They are restarting, and do not take it.
    let counts = house.finished(&job).await.job.counts;
    assert_eq!(counts.failed + counts.unknown, 3, "{counts:?}");
}

pub(crate) async fn a_pause_of_before_lets_nothing_go_on_that_was_cancelled(place: Place) {
    let house = open_house(place).await;
    let engine = &house.engine;
    let job = paused(&house).await;
    copied(&house).await;
    engine.cancel_job(&caller(), &job).await.unwrap();
    put_back(&house, &job).await;
    is_refused(engine, &job).await;
    told_times(&house, ("job", &job), 1).await;
    assert!(house.fleet.ledger().executed("Reboot").is_empty());
}

pub(crate) async fn another_phone_in_the_list_stops_the_job_until_somebody_accepts_it(
    place: Place,
) {
    let house = open_house(place).await;
    let job = paused(&house).await;
    let other = house.fleet.phones()[3]
        .inventory
        .mac
        .parse::<carillon_domain::Mac>();
    let other = other.unwrap();
    let exchange =
        format!("UPDATE job_targets SET mac = '{other}' WHERE job = '{job}' AND position = 0");
    house.raw(&exchange).await;
    house.engine.resume_job(&caller(), &job).await.unwrap();
    nothing_is_sent_and_it_is_told(&house, "job-list", &job).await;
    let looked = house.engine.look_through_rows().await.unwrap();
    let row = RowName {
        rows: SignedRows::JobLists,
        name: job.clone(),
    };
    assert_eq!(looked.forged, std::slice::from_ref(&row));
    house.engine.pause_job(&caller(), &job).await.unwrap();
    house
        .engine
        .accept_row(&caller(), &row, "meant")
        .await
        .unwrap();
    let again = house.engine.accept_row(&caller(), &row, "meant").await;
    assert!(matches!(again, Err(EngineError::NotFound)), "{again:?}");
    house.engine.resume_job(&caller(), &job).await.unwrap();
    assert_eq!(house.finished(&job).await.job.counts.acknowledged, 3);
    assert_eq!(house.executed("Reboot", other), 1);
}

/// Lets the list of a job count as it stands, and answers what the job says of itself then.
async fn accepted(house: &House, job: &str) -> carillon_store::JobRow {
    let row = RowName {
        rows: SignedRows::JobLists,
        name: job.to_owned(),
    };
    let looked = house.engine.look_through_rows().await.unwrap();
    assert_eq!(looked.forged, std::slice::from_ref(&row));
    let accepted = house.engine.accept_row(&caller(), &row, "meant").await;
    accepted.unwrap();
    house.fits_the_log().await;
    house.engine.job(&caller(), job).await.unwrap().job
}

pub(crate) async fn a_job_whose_list_was_accepted_ends_or_is_cancelled(place: Place) {
    let house = open_house(place).await;
    let engine = &house.engine;
    let added = paused(&house).await;
    let last = &house.fleet.phones()[3].inventory.mac;
    let last = last.parse::<carillon_domain::Mac>().unwrap();
    house
        .raw(&format!(
            "INSERT INTO job_targets (job, position, mac, name, extension, model, groups, state) \
             VALUES ('{added}', 7, '{last}', '', '', '', '[]', 'waiting')"
        ))
        .await;
    let early = engine.cancel_job(&caller(), &added).await;
    assert!(
        matches!(&early, Err(EngineError::Conflict(why)) if why.contains("accepted first")),
        "{early:?}"
    );
    let job = accepted(&house, &added).await;
    assert_eq!((job.total, job.counts.waiting), (4, 4));
    assert_eq!(engine.cancel_job(&caller(), &added).await.unwrap(), 4);
    assert_eq!(house.finished(&added).await.job.counts.cancelled, 4);
    let emptied = paused(&house).await;
    let gone = format!("DELETE FROM job_targets WHERE job = '{emptied}'");
    house.raw(&gone).await;
    let job = accepted(&house, &emptied).await;
    assert_eq!((job.state, job.total), (JobState::Finished, 0));
    let removed = paused(&house).await;
    let gone = format!("DELETE FROM job_targets WHERE job = '{removed}' AND position = 0");
    house.raw(&gone).await;
    let job = accepted(&house, &removed).await;
    assert_eq!((job.total, job.counts.waiting), (2, 2));
    engine.resume_job(&caller(), &removed).await.unwrap();
    let end = house.finished(&removed).await.job;
    assert_eq!(
        (end.state, end.counts.acknowledged),
        (JobState::Finished, 2)
    );
    assert_eq!(restarts(&house), 2);
    house.fits_the_log().await;
    let accepted = house.events().await;
    let accepted: Vec<_> = accepted
        .iter()
        .filter(|event| event.action == "row.accepted")
        .map(|event| (&event.detail["total_before"], &event.detail["total"]))
        .collect();
    assert_eq!(accepted.len(), 3);
    assert!(accepted.contains(&(&json!(3), &json!(4))), "{accepted:?}");
}

pub(crate) async fn a_scheduled_job_that_was_changed_keeps_no_other_from_its_hour(place: Place) {
    let house = open_house(place).await;
    let start = house
        .engine
        .clock
        .now()
        .plus(std::time::Duration::from_secs(1));
    let options = json!({"canary": 0, "start_at": start});
    let forged = house.reboot(options).await;
    let early = format!("UPDATE jobs SET start_at = 1 WHERE id = '{forged}'");
    house.raw(&early).await;
    let honest = house
        .submit(json!({
            "action": "VOLUME_UP", "targets": {"filter": ""}, "options": {"start_at": start},
        }))
        .await;
    assert_eq!(house.finished(&honest).await.job.counts.acknowledged, 4);
    nothing_is_sent_and_it_is_told(&house, "job", &forged).await;
}

pub(crate) async fn the_life_of_jobs_leaves_every_row_genuine(place: Place) {
    let mut house = open_house(place).await;
    let first = paused(&house).await;
    house.engine.resume_job(&caller(), &first).await.unwrap();
    house.finished(&first).await;
    let second = paused(&house).await;
    house.engine.cancel_job(&caller(), &second).await.unwrap();
    let third = paused(&house).await;
    house.restart_after_crash().await;
    house.engine.resume_job(&caller(), &third).await.unwrap();
    house.finished(&third).await;
    let looked = house.engine.look_through_rows().await.unwrap();
    assert_eq!(looked.forged, []);
    assert!(looked.genuine >= 6, "{looked:?}");
    assert_eq!(told(&house).await, []);
    house.fits_the_log().await;
}

pub(crate) async fn what_somebody_accepted_is_no_finding(place: Place) {
    let house = open_house(place).await;
    let job = paused(&house).await;
    let other = "UPDATE jobs SET reason = 'another', request_example = '', start_at = 5";
    house.raw(other).await;
    let looked = house.engine.look_through_rows().await.unwrap();
    let row = RowName {
        rows: SignedRows::Jobs,
        name: job,
    };
    assert_eq!(looked.forged, std::slice::from_ref(&row));
    let accepted = house.engine.accept_row(&caller(), &row, "looked").await;
    accepted.unwrap();
    house.fits_the_log().await;
}

pub(crate) async fn a_stop_is_lifted_by_nobody_who_only_has_the_database(place: Place) {
    let house = open_house(place).await;
    let engine = &house.engine;
    for (index, lifting) in [
        "UPDATE orders SET value = NULL WHERE name = 'stop_all'",
        "DELETE FROM orders WHERE name = 'stop_all'",
    ]
    .into_iter()
    .enumerate()
    {
        engine.stop_all(&caller(), "hold").await.unwrap();
        let job = house
            .submit(json!({
                "action": "VOLUME_UP", "targets": {"filter": ""}, "options": {"verify": false},
            }))
            .await;
        house.raw(lifting).await;
        told_times(&house, ("order", "stop_all"), index + 1).await;
        assert!(engine.stop_all_state().await.unwrap().is_some());
        let released = engine.release_stop_all(&caller(), "go").await;
        assert!(matches!(released, Err(EngineError::Conflict(_))));
        let held = house.engine.job(&caller(), &job).await.unwrap().job;
        assert_eq!(held.counts.waiting, 4, "{lifting}: {held:?}");
        let row = RowName {
            rows: SignedRows::Orders,
            name: "stop_all".to_owned(),
        };
        engine.accept_row(&caller(), &row, "looked").await.unwrap();
        engine.dispatch.wake();
        assert_eq!(house.finished(&job).await.job.counts.acknowledged, 4);
    }
}

async fn copy_orders(house: &House) {
    let copy = "CREATE TABLE orders_before AS SELECT * FROM orders";
    house.raw(copy).await;
}

/// Puts all of them back, with the codes of then.
async fn put_orders_back(house: &House) {
    let value = |column: &str| {
        format!("{column} = (SELECT b.{column} FROM orders_before b WHERE b.name = orders.name)")
    };
    let set = ["value", "version", "mac"].map(value).join(", ");
    house.raw(&format!("UPDATE orders SET {set}")).await;
}

pub(crate) async fn an_order_that_cannot_be_read_keeps_nothing_else_waiting(place: Place) {
    let mut house = open_house(place).await;
    let engine = &house.engine;
    let mut rules = engine.rules().await.unwrap().rules;
    rules.jobs_per_minute += 1;
    engine.change_rules(&caller(), &rules, "").await.unwrap();
    house
        .raw(if engine.store.is_shared() {
            "ALTER TABLE audit DISABLE TRIGGER ALL"
        } else {
            "DROP TRIGGER audit_is_not_changed"
        })
        .await;
    let spoil = "UPDATE audit SET entry = 'no record' WHERE action = 'rules.changed'";
    house.raw(spoil).await;
    house.restart_after_crash().await;
    let job = house
        .submit(json!({
            "action": "VOLUME_UP", "targets": {"filter": ""}, "options": {"verify": false},
        }))
        .await;
    assert_eq!(house.finished(&job).await.job.counts.acknowledged, 4);
    let forged = house.engine.forged_rows();
    assert_eq!((forged.len(), forged[0].name.as_str()), (1, "rules"));
}

pub(crate) async fn a_release_of_before_lifts_no_stop(place: Place) {
    let house = open_house(place).await;
    let engine = &house.engine;
    copy_orders(&house).await;
    engine.stop_all(&caller(), "hold").await.unwrap();
    let job = house
        .submit(json!({
            "action": "VOLUME_UP", "targets": {"filter": ""}, "options": {"verify": false},
        }))
        .await;
    put_orders_back(&house).await;
    told_times(&house, ("order", "stop_all"), 1).await;
    assert!(engine.stop_all_state().await.unwrap().is_some());
    let held = engine.job(&caller(), &job).await.unwrap().job;
    assert_eq!(held.counts.waiting, 4, "{held:?}");
    let row = RowName {
        rows: SignedRows::Orders,
        name: "stop_all".to_owned(),
    };
    engine.accept_row(&caller(), &row, "looked").await.unwrap();
    engine.dispatch.wake();
    assert_eq!(house.finished(&job).await.job.counts.acknowledged, 4);
    assert_eq!(engine.look_through_rows().await.unwrap().forged, []);
}

pub(crate) async fn a_stop_that_is_undone_at_once_holds(place: Place) {
    let house = open_house(place).await;
    let engine = &house.engine;
    copy_orders(&house).await;
    // Another look held the row of before already.
    engine.look_through_rows().await.unwrap();
    engine.stop_all(&caller(), "hold").await.unwrap();
    put_orders_back(&house).await;
    told_times(&house, ("order", "stop_all"), 1).await;
    assert!(engine.stop_all_state().await.unwrap().is_some());
}

pub(crate) async fn an_earlier_pause_sends_to_nobody_again(place: Place) {
    let house = open_house(place).await;
    let engine = &house.engine;
    engine.stop_all(&caller(), "hold").await.unwrap();
    let job = paused_from(&house).await;
    copied(&house).await;
    engine.release_stop_all(&caller(), "go").await.unwrap();
    engine.resume_job(&caller(), &job).await.unwrap();
    while restarts(&house) < 1 {
        tokio::task::yield_now().await;
    }
    // It may be over before it can be paused.
    let _paused = engine.pause_job(&caller(), &job).await;
    while {
        let counts = engine.job(&caller(), &job).await.unwrap().job.counts;
        counts.sending + counts.verifying > 0
    } {
        tokio::task::yield_now().await;
    }
    let before = restarts(&house);
    put_back(&house, &job).await;
    is_refused(engine, &job).await;
    assert_eq!(restarts(&house), before);
}

pub(crate) async fn parameters_of_another_job_are_not_sent_and_named(place: Place) {
    let house = open_house(place).await;
    let engine = &house.engine;
    engine.stop_all(&caller(), "hold").await.unwrap();
    let mut jobs = Vec::new();
    for (phone, number) in house.fleet.phones().iter().zip(["2041", "2042"]) {
        let job = house
            .submit(json!({
                "action": "number", "params": {"number": number}, "reason": "test",
                "targets": {"phones": [phone.inventory.mac]}, "options": {"verify": false},
            }))
            .await;
        jobs.push(job);
    }
    let [one, other] = jobs.as_slice() else {
        panic!("{jobs:?}")
    };
    house
        .raw(&format!(
            "UPDATE jobs SET params_sealed = (SELECT j.params_sealed FROM jobs j \
             WHERE j.id = '{other}') WHERE id = '{one}'"
        ))
        .await;
    let looked = engine.look_through_rows().await.unwrap();
    let row = RowName {
        rows: SignedRows::Jobs,
        name: one.clone(),
    };
    assert_eq!(looked.forged, std::slice::from_ref(&row));
    assert_eq!(engine.forged_rows(), std::slice::from_ref(&row));
    engine.release_stop_all(&caller(), "go").await.unwrap();
    engine.dispatch.wake();
    let sent = house.finished(other).await.job;
    assert_eq!(sent.counts.acknowledged, 1, "{:?}", sent.counts);
    told_times(&house, ("job", one), 1).await;
    let now = engine.job(&caller(), one).await.unwrap().job;
    assert_eq!(now.counts.waiting, 1);
    // A look does not forget it.
    assert_eq!(engine.look_through_rows().await.unwrap().forged, [row]);
}

/// Has the dispatcher look until the log told of this row so many times.
async fn told_times(house: &House, (kind, name): (&str, &str), times: usize) {
    let row = (kind.to_owned(), name.to_owned());
    while told(house)
        .await
        .iter()
        .filter(|told| **told == row)
        .count()
        < times
    {
        house.engine.dispatch.wake();
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn rules_that_somebody_else_wrote_are_the_strictest(place: Place) {
    let house = open_house(place).await;
    let engine = &house.engine;
    let mut lax = engine.rules().await.unwrap().rules;
    lax.approve_destructive = false;
    engine.change_rules(&caller(), &lax, "").await.unwrap();
    assert_eq!(engine.rules().await.unwrap().rules, lax);
    let more = "UPDATE orders SET value = replace(value, '500', '5000') WHERE name = 'rules'";
    house.raw(more).await;
    let strict = engine.rules().await.unwrap().rules;
    assert!(strict.approve_destructive && !strict.operators_start.harmless);
    assert_eq!(strict.phones_per_job, 1);
    let over = engine.change_rules(&caller(), &lax, "").await;
    assert!(matches!(over, Err(EngineError::Conflict(_))), "{over:?}");
    told_times(&house, ("order", "rules"), 1).await;
}
