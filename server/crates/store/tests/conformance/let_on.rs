//! Jobs that somebody lets go on, beside those that they asked for.

use carillon_store::{Around, LetOn};

use crate::database::Database;
use crate::inventory::{add_phones, at, phone};
use crate::jobs::add_job;

pub(crate) async fn jobs_that_somebody_lets_go_on_count_beside_their_own(db: Database) {
    add_phones(&db.store, &[phone(1), phone(2), phone(3)]).await;
    add_job(&db.store, "mine", &[1]).await;
    add_job(&db.store, "theirs", &[1, 2]).await;
    add_job(&db.store, "approved", &[1, 2, 3]).await;
    let mut unit = db.store.begin().await.unwrap();
    for (job, account) in [("mine", "anna"), ("theirs", "carl"), ("approved", "carl")] {
        unit.note_account(job, Some(account), None).await.unwrap();
    }
    unit.note_decision("approved", "dora", at(3)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let jobs = ["mine", "theirs", "approved", "gone"].map(str::to_owned);
    // Jobs are asked for at 2.
    let around = |after| Around {
        besides: None,
        asked_after: at(after),
        starts_after: at(after),
        starts_before: at(900),
    };
    let asked = |around, alone| LetOn {
        jobs: &jobs,
        account: "anna",
        around,
        alone,
    };
    let of = |name: &str, phones| (name.to_owned(), phones);
    let reboots: Option<&[&str]> = Some(&["Reboot"]);
    let mut found = db.store.let_on(asked(around(1), None)).await.unwrap();
    found.sort();
    assert_eq!(found, [of("approved", 3), of("theirs", 2)]);
    let found = db.store.let_on(asked(around(1), reboots)).await.unwrap();
    assert_eq!(found, [of("theirs", 2)]);
    let others: Option<&[&str]> = Some(&["Reset"]);
    let found = db.store.let_on(asked(around(1), others)).await.unwrap();
    assert_eq!(found, []);
    // Her own of before counts as let go on.
    let mut unit = db.store.begin().await.unwrap();
    let mut found = unit.let_on(asked(around(5), reboots)).await.unwrap();
    found.sort();
    assert_eq!(found, [of("mine", 1), of("theirs", 2)]);
    let besides = Around {
        besides: Some("mine"),
        ..around(5)
    };
    let found = unit.let_on(asked(besides, reboots)).await.unwrap();
    assert_eq!(found, [of("theirs", 2)]);
    drop(unit);
}
