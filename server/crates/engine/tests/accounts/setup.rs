//! The first administrator.

use carillon_domain::role::Role;
use carillon_engine::EngineError;
use carillon_engine::accounts::{Setup, SignedIn};
use secrecy::{ExposeSecret as _, SecretString};

use crate::house::{House, PASSWORD, contains, secret};

fn typed(code: &SecretString, name: &str) -> Setup {
    Setup {
        code: code.clone(),
        name: name.to_owned(),
        password: secret(PASSWORD),
        ip: Some("127.0.0.1".to_owned()),
        agent: String::new(),
    }
}

fn code_fault(done: Result<SignedIn, EngineError>) -> Option<String> {
    match done.err()? {
        EngineError::Invalid(faults) if faults[0].field == "code" => Some(faults[0].code.clone()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_fresh_house_has_no_account_and_the_code_makes_the_first() {
    let house = House::new().await;
    assert!(house.engine.setup_needed().await.unwrap());
    let code = house.engine.issue_setup_code().await.unwrap().unwrap();
    assert_eq!(code.expose_secret().len(), 22, "128 bits");
    assert!(house.engine.setup_code_works(&code).await.unwrap());
    let first = house
        .engine
        .complete_setup(typed(&code, "Chief"))
        .await
        .unwrap();
    assert_eq!(first.session.caller.role, Role::Admin);
    assert!(house.session(&first.token).await.is_some());
    assert!(house.try_password("chief", PASSWORD).await.is_some());
    assert!(!house.engine.setup_needed().await.unwrap());
    let expected = [
        "key.first_used",
        "setup.code_issued",
        "setup.completed",
        "account.signed_in",
        "account.signed_in",
    ];
    assert_eq!(house.actions().await, expected);
}

#[tokio::test]
async fn a_code_works_once_and_no_other_follows() {
    let house = House::new().await;
    let code = house.engine.issue_setup_code().await.unwrap().unwrap();
    house
        .engine
        .complete_setup(typed(&code, "one"))
        .await
        .unwrap();
    let again = house.engine.complete_setup(typed(&code, "two")).await;
    assert_eq!(code_fault(again).as_deref(), Some("expired"));
    assert!(house.engine.issue_setup_code().await.unwrap().is_none());
}

#[tokio::test]
async fn two_with_the_same_code_make_one_account() {
    let house = House::new().await;
    let code = house.engine.issue_setup_code().await.unwrap().unwrap();
    let (a, b) = futures_util::join!(
        house.engine.complete_setup(typed(&code, "one")),
        house.engine.complete_setup(typed(&code, "two")),
    );
    assert!(a.is_ok() != b.is_ok());
    assert_eq!(house.engine.store.count_users().await.unwrap(), 1);
}

#[tokio::test]
async fn wrong_old_and_replaced_codes_do_not_work() {
    let house = House::new().await;
    let code = house.engine.issue_setup_code().await.unwrap().unwrap();
    for wrong in ["", "guess", &"A".repeat(22)] {
        let done = house
            .engine
            .complete_setup(typed(&secret(wrong), "one"))
            .await;
        assert_eq!(code_fault(done).as_deref(), Some("expired"));
    }
    let newer = house.engine.issue_setup_code().await.unwrap().unwrap();
    assert!(!house.engine.setup_code_works(&code).await.unwrap());
    house.pass(24 * 3600 - 1);
    assert!(house.engine.setup_code_works(&newer).await.unwrap());
    house.pass(1);
    let late = house.engine.complete_setup(typed(&newer, "one")).await;
    assert_eq!(code_fault(late).as_deref(), Some("expired"));
}

#[tokio::test]
async fn a_bad_password_leaves_the_code_usable() {
    let house = House::new().await;
    let code = house.engine.issue_setup_code().await.unwrap().unwrap();
    let bad = Setup {
        password: secret("short"),
        ..typed(&code, "one")
    };
    assert!(matches!(
        house.engine.complete_setup(bad).await,
        Err(EngineError::Invalid(_))
    ));
    house
        .engine
        .complete_setup(typed(&code, "one"))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_account_from_the_command_line_voids_the_code() {
    let house = House::new().await;
    let code = house.engine.issue_setup_code().await.unwrap().unwrap();
    house.add("one", Role::Admin).await;
    assert!(!house.engine.setup_code_works(&code).await.unwrap());
    house.engine.store.close().await;
    assert!(!contains(&house.bytes_on_disk(), code.expose_secret()));
}
