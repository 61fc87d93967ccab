//! How sessions live and end.

use carillon_domain::role::Role;
use carillon_engine::{Caller, EngineError};

use crate::house::{House, PASSWORD, secret};

#[tokio::test]
async fn an_idle_session_ends_at_its_limit() {
    for (name, limit) in [("operator", 30 * 60), ("admin", 15 * 60)] {
        let house = House::inhabited().await;
        let token = house.enter(name).await.token;
        house.pass(limit - 1);
        assert!(house.session(&token).await.is_some(), "{name}");
        house.pass(limit - 1);
        assert!(house.session(&token).await.is_some(), "its use was noted");
        house.pass(limit);
        assert!(house.session(&token).await.is_none(), "{name}");
    }
}

#[tokio::test]
async fn no_session_outlives_twelve_hours() {
    let house = House::inhabited().await;
    let token = house.enter("operator").await.token;
    let steps = 12 * 3600 / 1200;
    for _ in 1..steps {
        house.pass(1200);
        assert!(house.session(&token).await.is_some());
    }
    house.pass(1199);
    assert!(house.session(&token).await.is_some());
    house.pass(1);
    assert!(house.session(&token).await.is_none());
    assert_eq!(
        house.engine.sweep_sessions().await.unwrap(),
        0,
        "at the limit, not beyond it"
    );
    house.pass(1);
    assert_eq!(house.engine.sweep_sessions().await.unwrap(), 1);
}

#[tokio::test]
async fn signing_out_ends_this_session_and_no_other() {
    let house = House::inhabited().await;
    let one = house.enter("operator").await;
    let other = house.enter("operator").await;
    house.engine.sign_out(&one.session).await.unwrap();
    assert!(house.session(&one.token).await.is_none());
    assert!(!house.engine.session_lives(&one.session).await.unwrap());
    assert!(house.session(&other.token).await.is_some());
    assert!(house.engine.session_lives(&other.session).await.unwrap());
    assert_eq!(
        house.actions().await.pop().as_deref(),
        Some("account.signed_out")
    );
}

#[tokio::test]
async fn a_demotion_and_a_disabled_account_act_at_once() {
    let house = House::inhabited().await;
    let operator = house.enter("operator").await;
    let version = house
        .engine
        .find_user(&Caller::system(), "operator")
        .await
        .unwrap()
        .version;
    let system = Caller::system();
    house
        .engine
        .change_role(&system, "operator", Role::Viewer, version)
        .await
        .unwrap();
    assert!(house.session(&operator.token).await.is_none());
    assert_eq!(
        house.enter("operator").await.session.caller.role,
        Role::Viewer
    );

    let auditor = house.enter("auditor").await;
    house.engine.disable_user(&system, "auditor").await.unwrap();
    assert!(house.session(&auditor.token).await.is_none());
    house.engine.enable_user(&system, "auditor").await.unwrap();
    assert!(
        house.session(&auditor.token).await.is_none(),
        "enabling revives nothing"
    );
}

#[tokio::test]
async fn people_see_and_end_their_own_sessions_only() {
    let house = House::inhabited().await;
    let mine = house.enter("operator").await;
    let also_mine = house.enter("operator").await;
    let theirs = house.enter("viewer").await;
    let me = &mine.session.caller;
    let listed = house.engine.own_sessions(me).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|session| session.agent == "test browser"));

    let refused = house.engine.end_session(me, &theirs.session.handle).await;
    assert!(matches!(refused, Err(EngineError::NotFound)));
    house
        .engine
        .end_session(me, &also_mine.session.handle)
        .await
        .unwrap();
    assert!(house.session(&also_mine.token).await.is_none());
    assert!(house.session(&mine.token).await.is_some());
}

#[tokio::test]
async fn administrators_see_and_end_everybodys() {
    let house = House::inhabited().await;
    let operator = house.enter("operator").await;
    let admin = house.enter("admin").await;
    let refused = house.engine.all_sessions(&operator.session.caller).await;
    assert!(matches!(refused, Err(EngineError::Denied(_))));
    let caller = &admin.session.caller;
    assert_eq!(house.engine.all_sessions(caller).await.unwrap().len(), 2);
    house
        .engine
        .end_session(caller, &operator.session.handle)
        .await
        .unwrap();
    assert!(house.session(&operator.token).await.is_none());
    let event = house.events().await.pop().unwrap();
    assert_eq!(
        (event.action.as_str(), event.actor.name.as_str()),
        ("session.ended", "admin")
    );
    assert_eq!(event.detail["user"], "operator");
}

#[tokio::test]
async fn all_others_end_at_once() {
    let house = House::inhabited().await;
    let mine = house.enter("operator").await;
    let others = [house.enter("operator").await, house.enter("operator").await];
    assert_eq!(
        house
            .engine
            .end_other_sessions(&mine.session)
            .await
            .unwrap(),
        2
    );
    for other in others {
        assert!(house.session(&other.token).await.is_none());
    }
    assert!(house.session(&mine.token).await.is_some());
}

#[tokio::test]
async fn form_tokens_belong_to_one_session() {
    let house = House::inhabited().await;
    let mine = house.enter("operator").await.session;
    let theirs = house.enter("viewer").await.session;
    let engine = &house.engine;
    assert!(engine.session_form_matches(&mine, &mine.csrf).unwrap());
    assert!(!engine.session_form_matches(&mine, &theirs.csrf).unwrap());
    assert!(!engine.session_form_matches(&mine, "").unwrap());
    assert!(
        !engine
            .session_form_matches(&mine, "not hexadecimal")
            .unwrap()
    );
    let before = engine.form_token("cookie before sign-in").unwrap();
    assert!(
        engine
            .form_token_matches("cookie before sign-in", &before)
            .unwrap()
    );
    assert!(
        !engine
            .form_token_matches("another cookie", &before)
            .unwrap()
    );
}

#[tokio::test]
async fn what_is_no_token_is_nobody() {
    let house = House::inhabited().await;
    for text in ["", "x", PASSWORD, &"A".repeat(43), &"A".repeat(4096)] {
        assert!(house.session(&secret(text)).await.is_none());
    }
}
