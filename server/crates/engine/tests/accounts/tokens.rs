//! API tokens.

use std::time::Duration;

use carillon_domain::event::ActorKind;
use carillon_domain::role::{Permission, Role};
use carillon_engine::accounts::{IssuedToken, NewToken, NewUser, TokenContext, TokenScope};
use carillon_engine::{Caller, EngineError};
use secrecy::{ExposeSecret as _, SecretString};

use crate::house::{House, PASSWORD, contains, secret};

const DAY: u64 = 24 * 3600;

fn asked(scope: TokenScope) -> NewToken {
    NewToken {
        user: None,
        label: "nightly".to_owned(),
        scope,
        lifetime: None,
        area: None,
    }
}

async fn issue(house: &House, name: &str, scope: TokenScope) -> IssuedToken {
    let new = NewToken {
        user: Some(name.to_owned()),
        ..asked(scope)
    };
    house
        .engine
        .create_token(&Caller::system(), new)
        .await
        .unwrap()
}

async fn bearer(house: &House, token: &SecretString) -> Option<TokenContext> {
    let ip = Some("10.0.0.3".to_owned());
    house.engine.authenticate_token(token, ip).await.unwrap()
}

#[tokio::test]
async fn a_token_speaks_for_its_account_as_far_as_its_scope() {
    let house = House::inhabited().await;
    let expected = [
        (TokenScope::Read, Role::Viewer),
        (TokenScope::Run, Role::Operator),
        (TokenScope::Manage, Role::Admin),
    ];
    for (scope, role) in expected {
        let issued = issue(&house, "admin", scope).await;
        let context = bearer(&house, &issued.token).await.unwrap();
        assert_eq!(context.caller.role, role);
        assert_eq!(context.caller.actor.kind, ActorKind::Token);
        assert_eq!(context.caller.actor.auth, "token:nightly");
        assert_eq!(context.caller.ip.as_deref(), Some("10.0.0.3"));
    }
    let viewers = issue(&house, "viewer", TokenScope::Manage).await;
    let context = bearer(&house, &viewers.token).await.unwrap();
    assert!(context.caller.require(Permission::RunJobs).is_err());
}

#[tokio::test]
async fn the_token_is_stored_nowhere() {
    if crate::house::on_postgres() {
        return;
    }
    let house = House::inhabited().await;
    let issued = issue(&house, "operator", TokenScope::Run).await;
    assert!(issued.token.expose_secret().starts_with("car_"));
    bearer(&house, &issued.token).await.unwrap();
    house.engine.store.close().await;
    let disk = house.bytes_on_disk();
    assert!(contains(&disk, "token.created"));
    assert!(!contains(&disk, issued.token.expose_secret()));
    assert!(!contains(&disk, &issued.token.expose_secret()[4..]));
}

#[tokio::test]
async fn tokens_end() {
    let house = House::inhabited().await;
    let issued = issue(&house, "operator", TokenScope::Run).await;
    house.pass(90 * DAY - 1);
    assert!(bearer(&house, &issued.token).await.is_some());
    house.pass(1);
    assert!(bearer(&house, &issued.token).await.is_none());
    for lifetime in [Duration::ZERO, Duration::from_secs(366 * DAY + 1)] {
        let new = NewToken {
            lifetime: Some(lifetime),
            ..asked(TokenScope::Run)
        };
        let new = NewToken {
            user: Some("operator".to_owned()),
            ..new
        };
        let refused = house
            .engine
            .create_token(&Caller::system(), new)
            .await
            .err();
        assert!(matches!(refused, Some(EngineError::Invalid(_))));
    }
}

#[tokio::test]
async fn a_revoked_token_and_one_of_a_disabled_account_do_not_work() {
    let house = House::inhabited().await;
    let issued = issue(&house, "operator", TokenScope::Run).await;
    let system = Caller::system();
    house
        .engine
        .disable_user(&system, "operator")
        .await
        .unwrap();
    assert!(bearer(&house, &issued.token).await.is_none());
    house.engine.enable_user(&system, "operator").await.unwrap();
    assert!(bearer(&house, &issued.token).await.is_some());
    house
        .engine
        .revoke_token(&system, &issued.info.id)
        .await
        .unwrap();
    house
        .engine
        .revoke_token(&system, &issued.info.id)
        .await
        .unwrap();
    assert!(bearer(&house, &issued.token).await.is_none());
    let actions = house.actions().await;
    assert_eq!(
        actions
            .iter()
            .filter(|action| *action == "token.revoked")
            .count(),
        1
    );
}

#[tokio::test]
async fn use_is_noted_once_a_minute() {
    let house = House::inhabited().await;
    let issued = issue(&house, "operator", TokenScope::Run).await;
    let last_used = async || {
        let all = house.engine.all_tokens(&Caller::system()).await.unwrap();
        all[0].last_used_at
    };
    assert_eq!(last_used().await, None);
    bearer(&house, &issued.token).await.unwrap();
    let first = last_used().await.unwrap();
    house.pass(59);
    bearer(&house, &issued.token).await.unwrap();
    assert_eq!(last_used().await, Some(first));
    house.pass(1);
    bearer(&house, &issued.token).await.unwrap();
    assert_eq!(last_used().await, Some(house.clock.now()));
}

#[tokio::test]
async fn people_make_see_and_revoke_their_own_only() {
    let house = House::inhabited().await;
    let operator = house.enter("operator").await.session.caller;
    let mine = house
        .engine
        .create_token(&operator, asked(TokenScope::Run))
        .await
        .unwrap();
    let theirs = issue(&house, "viewer", TokenScope::Read).await;
    let listed = house.engine.own_tokens(&operator).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&mine.info));
    let refused = house.engine.revoke_token(&operator, &theirs.info.id).await;
    assert!(matches!(refused, Err(EngineError::NotFound)));
    let for_admin = NewToken {
        user: Some("admin".to_owned()),
        ..asked(TokenScope::Manage)
    };
    let refused = house.engine.create_token(&operator, for_admin).await.err();
    assert!(matches!(refused, Some(EngineError::Denied(_))));
    house
        .engine
        .revoke_token(&operator, &mine.info.id)
        .await
        .unwrap();
    assert!(bearer(&house, &mine.token).await.is_none());
}

#[tokio::test]
async fn a_token_makes_no_wider_and_no_longer_one() {
    let house = House::inhabited().await;
    for scope in [TokenScope::Read, TokenScope::Run] {
        let issued = issue(&house, "admin", scope).await;
        let caller = bearer(&house, &issued.token).await.unwrap().caller;
        let refused = house
            .engine
            .create_token(&caller, asked(TokenScope::Read))
            .await
            .err();
        assert!(matches!(refused, Some(EngineError::Denied(_))), "{scope}");
        let refused = house.engine.revoke_token(&caller, &issued.info.id).await;
        assert!(matches!(refused, Err(EngineError::Denied(_))), "{scope}");
    }
    let parent = issue(&house, "admin", TokenScope::Manage).await;
    let caller = bearer(&house, &parent.token).await.unwrap().caller;
    house.pass(10 * DAY);
    let child = house
        .engine
        .create_token(&caller, asked(TokenScope::Manage))
        .await
        .unwrap();
    assert_eq!(child.info.expires_at, parent.info.expires_at);
}

#[tokio::test]
async fn a_token_changes_no_account_and_ends_no_session() {
    let house = House::inhabited().await;
    let issued = issue(&house, "admin", TokenScope::Manage).await;
    let caller = bearer(&house, &issued.token).await.unwrap().caller;
    let operator = house.enter("operator").await;
    let engine = &house.engine;
    assert_eq!(engine.list_users(&caller).await.unwrap().len(), 4);
    let new = NewUser {
        name: "eve".to_owned(),
        role: Role::Admin,
        password: secret(PASSWORD),
    };
    let refusals = [
        engine.add_user(&caller, new).await.err(),
        engine.disable_user(&caller, "viewer").await.err(),
        engine
            .reset_password(&caller, "viewer", secret(PASSWORD))
            .await
            .err(),
        engine
            .end_session(&caller, &operator.session.handle)
            .await
            .err(),
    ];
    for refusal in refusals {
        assert!(
            matches!(refusal, Some(EngineError::Denied(_))),
            "{refusal:?}"
        );
    }
}

#[tokio::test]
async fn labels_are_needed_and_plain() {
    let house = House::inhabited().await;
    let caller = house.enter("operator").await.session.caller;
    for label in ["", "  ", "a\u{7}b", &"x".repeat(101)] {
        let new = NewToken {
            label: label.to_owned(),
            ..asked(TokenScope::Read)
        };
        let refused = house.engine.create_token(&caller, new).await.err();
        assert!(
            matches!(refused, Some(EngineError::Invalid(_))),
            "{label:?}"
        );
    }
}
