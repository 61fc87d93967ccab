//! What asks a person once more who they are: many phones at once, in whatever steps, and lists that are
//! taken back. And what a list does not tell of a password.

use std::time::Duration;

use carillon_domain::phone::GroupKind;
use carillon_domain::phone_list::Column;
use carillon_engine::EngineError;
use carillon_engine::inventory::{GroupInput, ImportChoices, ImportOnce, ImportReport, PhoneEdit};

use crate::clear::{PINNED, furnished, group, many, site};
use crate::house::{House, edit, mac, on_postgres, secret};
use crate::together::{elsewhere, somebody_waits};

/// First nowhere, then somewhere else: what counts is where many come to.
#[tokio::test]
async fn many_phones_that_come_from_nowhere_ask_like_those_that_move() {
    let house = furnished().await;
    let (engine, once, who) = (&house.engine, ImportOnce::default(), house.unproved());
    let made = engine.import_once(&house.admin, many(26, 1), once).await;
    assert_eq!(made.unwrap().created, 26);
    let rows = (100..126).map(|last| format!("{},\n", mac(last)));
    let nowhere = format!("mac,address\n{}", rows.collect::<String>());
    let left = engine.import_once(&who, nowhere.into(), once).await;
    assert_eq!(left.unwrap().updated, 26);
    let moved = engine.import_once(&who, many(26, 2), once).await;
    assert!(matches!(moved, Err(EngineError::ProofNeeded)), "{moved:?}");
    let moved = engine.import_once(&who, many(25, 2), once).await;
    assert_eq!(moved.unwrap().updated, 25);
    let moved = engine.import_once(&house.admin, many(26, 3), once).await;
    assert_eq!(moved.unwrap().updated, 26);
}

/// Who came to a place when nobody had a password there.
#[tokio::test]
async fn a_password_for_many_phones_of_a_site_or_a_group_asks_also_by_tls() {
    let house = furnished().await;
    let (engine, once, who) = (&house.engine, ImportOnce::default(), house.unproved());
    let bare = site("safe", PINNED, None);
    let taken = engine.update_site(&house.admin, "safe", &bare, None).await;
    taken.unwrap();
    let made = engine.import_once(&who, many(26, 1), once).await;
    assert_eq!(made.unwrap().created, 26, "nobody is told anything");
    let given = site("safe", PINNED, Some("office"));
    let asked = engine.update_site(&who, "safe", &given, None).await;
    assert!(matches!(asked, Err(EngineError::ProofNeeded)), "{asked:?}");
    let told = |phones: u8| GroupInput {
        members: Some((100..100 + phones).map(mac).collect()),
        ..group("told", GroupKind::Fixed, Some("office"))
    };
    let asked = engine.create_group(&who, &told(26)).await;
    assert!(matches!(asked, Err(EngineError::ProofNeeded)), "{asked:?}");
    let few = engine.create_group(&who, &told(25)).await;
    assert!(few.is_ok(), "{few:?}");
    let shown = engine.update_site(&house.admin, "safe", &given, None).await;
    assert!(shown.is_ok(), "{shown:?}");
}

/// It leads phones where they were, which is somewhere else by now.
#[tokio::test]
async fn an_import_that_is_taken_back_asks_like_the_list_that_would_do_it() {
    let house = furnished().await;
    let (engine, admin) = (&house.engine, &house.admin);
    let list = format!("mac,address\n{},10.0.0.77\n", mac(2));
    let review = engine.review_import(admin, "list.csv", list.into()).await;
    let review = review.unwrap();
    let seen = ImportChoices {
        digest: review.digest,
        ..ImportChoices::default()
    };
    let applied = engine.apply_import(admin, &review.id, &seen).await;
    assert_eq!(applied.unwrap().updated, 1);
    let records = house.actions().await.len();
    let asked = engine.undo_import(&house.unproved(), &review.id, 1).await;
    assert!(matches!(asked, Err(EngineError::ProofNeeded)), "{asked:?}");
    let asked = engine.undo_import(&house.program(), &review.id, 1).await;
    assert!(
        matches!(asked, Err(EngineError::NotByToken(_))),
        "{asked:?}"
    );
    assert_eq!(house.actions().await.len(), records, "nothing was changed");
    let back = engine.undo_import(admin, &review.id, 1).await;
    assert_eq!(back.unwrap().restored, 1);
}

/// A program's list that gives phone 1 a password, while somebody else changes that phone.
async fn given_meanwhile(house: &House, password: &str) -> Result<ImportReport, EngineError> {
    let mut unit = elsewhere(house).await;
    let mut row = unit.phones_by_macs(&[mac(1)]).await.unwrap().remove(0);
    row.phone.label = format!("beside {password}");
    let now = house.engine.clock.now();
    unit.update_phone(&row.phone, row.version, now)
        .await
        .unwrap();
    let (engine, program) = (house.engine.clone(), house.program());
    let list = format!("mac,username,password\n{},admin,{password}\n", mac(1));
    let second = tokio::spawn(async move {
        let once = ImportOnce::default();
        engine.import_once(&program, list.into(), once).await
    });
    somebody_waits(house).await;
    unit.commit_bookkeeping().await.unwrap();
    let outcome = tokio::time::timeout(Duration::from_secs(30), second).await;
    outcome.unwrap().unwrap()
}

/// In SQLite the list is read after the change; on Postgres before it, and held against it then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_beside_a_list_does_not_tell_whether_a_password_is_the_stored_one() {
    let house = House::new().await;
    let own = PhoneEdit {
        password: Some(secret("its own")),
        ..edit(&[(Column::Username, "admin")])
    };
    let made = house.engine.create_phone(&house.admin, mac(1), &own).await;
    made.unwrap();
    for password in ["its own", "a guess at it"] {
        let outcome = given_meanwhile(&house, password).await;
        if on_postgres() {
            assert!(
                matches!(outcome, Err(EngineError::Conflict(_))),
                "{password}: {outcome:?}"
            );
        } else {
            assert_eq!(outcome.unwrap().updated, 1, "{password}");
        }
    }
}
