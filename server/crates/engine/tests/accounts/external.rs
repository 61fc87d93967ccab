//! Signing in as somebody whom a provider vouches for.

use std::collections::BTreeSet;
use std::time::Duration;

use carillon_domain::role::Role;
use carillon_engine::Caller;
use carillon_engine::accounts::{Arrival, Entered, External, SignedIn};

use crate::house::{House, secret};
use crate::second_factor::set_up;

fn berta(role: Option<Role>) -> External {
    External {
        issuer: "https://id.example".to_owned(),
        subject: "7".to_owned(),
        name: Some("Berta".to_owned()),
        role,
        strong: false,
        shown_at: None,
    }
}

async fn come(house: &House, who: &External) -> Option<Entered> {
    let arrival = Arrival::default();
    house.engine.sign_in_external(who, &arrival).await.unwrap()
}

async fn enter(house: &House, who: &External) -> SignedIn {
    match come(house, who).await {
        Some(Entered::In(signed_in)) => *signed_in,
        Some(Entered::NeedsCode(_)) => panic!("a code is asked for"),
        None => panic!("refused"),
    }
}

async fn last_refusal(house: &House) -> String {
    let event = house.events().await.pop().unwrap();
    assert_eq!(event.action, "account.sign_in_failed");
    event.detail["why"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_comes_first_gets_an_account_and_later_the_same() {
    let house = House::inhabited().await;
    let who = berta(Some(Role::Operator));
    let first = enter(&house, &who).await.session;
    assert_eq!(first.caller.actor.name, "berta");
    assert_eq!(first.caller.role, Role::Operator);
    assert_eq!(first.caller.actor.auth, "oidc");
    assert!(!first.has_password);
    let renamed = External {
        name: Some("Berta Neu".to_owned()),
        ..who
    };
    let again = enter(&house, &renamed).await.session;
    assert_eq!(again.caller.user_id, first.caller.user_id);
    let actions = house.actions().await;
    let made = actions.iter().filter(|action| *action == "user.created");
    assert_eq!(made.count(), Role::ALL.len() + 1);
}

/// Whoever may choose their name at the provider gains nothing by it.
#[tokio::test]
async fn a_name_leads_to_no_account_that_is_there() {
    let house = House::inhabited().await;
    let id = |signed_in: SignedIn| signed_in.session.caller.user_id;
    let admin = id(house.enter("admin").await);
    for (name, begins) in [("admin", "admin-"), ("../ <b>", "user-"), ("", "user-")] {
        let who = External {
            subject: name.to_owned() + "x",
            name: Some(name.to_owned()),
            ..berta(Some(Role::Viewer))
        };
        let signed_in = enter(&house, &who).await;
        let caller = &signed_in.session.caller;
        assert!(
            caller.actor.name.starts_with(begins),
            "{}",
            caller.actor.name
        );
        assert_eq!(caller.role, Role::Viewer);
        assert_ne!(id(signed_in), admin);
    }
    let elsewhere = External {
        issuer: "https://other.example".to_owned(),
        ..berta(Some(Role::Viewer))
    };
    let here = id(enter(&house, &berta(Some(Role::Viewer))).await);
    assert_ne!(
        id(enter(&house, &elsewhere).await),
        here,
        "same subject, another issuer"
    );
}

#[tokio::test]
async fn without_a_role_nobody_enters() {
    let house = House::inhabited().await;
    assert!(come(&house, &berta(None)).await.is_none());
    assert_eq!(last_refusal(&house).await, "no_role");
    let before = enter(&house, &berta(Some(Role::Viewer))).await;
    assert!(come(&house, &berta(None)).await.is_none(), "not any more");
    assert!(house.session(&before.token).await.is_none(), "nowhere");
    let system = Caller::system();
    house.engine.disable_user(&system, "berta").await.unwrap();
    assert!(come(&house, &berta(Some(Role::Admin))).await.is_none());
    assert_eq!(last_refusal(&house).await, "disabled_account");
}

#[tokio::test]
async fn another_role_counts_from_the_next_sign_in() {
    let house = House::inhabited().await;
    let before = enter(&house, &berta(Some(Role::Admin))).await;
    let after = enter(&house, &berta(Some(Role::Viewer))).await;
    assert_eq!(after.session.caller.role, Role::Viewer);
    assert!(house.session(&before.token).await.is_none());
    assert_eq!(
        house.session(&after.token).await.unwrap().caller.role,
        Role::Viewer
    );
    assert!(
        house
            .actions()
            .await
            .contains(&"user.role_changed".to_owned())
    );

    enter(&house, &berta(Some(Role::Admin))).await;
    let system = Caller::system();
    house.engine.disable_user(&system, "admin").await.unwrap();
    assert!(come(&house, &berta(Some(Role::Viewer))).await.is_none());
    assert_eq!(last_refusal(&house).await, "last_administrator");
}

#[tokio::test]
async fn a_second_factor_of_ours_is_asked_for_where_the_provider_vouches_for_none() {
    let house = House::inhabited().await;
    let who = berta(Some(Role::Operator));
    let session = enter(&house, &who).await.session;
    let (app, ..) = set_up(&house, &session).await;
    house.pass(60);
    let Some(Entered::NeedsCode(account)) = come(&house, &who).await else {
        panic!("the code was forgotten");
    };
    let arrival = Arrival::default();
    let typed = async |code: &str| {
        let code = secret(code);
        let done = house
            .engine
            .sign_in_external_code(&account, &code, &arrival);
        done.await.unwrap()
    };
    assert!(typed("000000").await.is_none());
    assert_eq!(last_refusal(&house).await, "wrong_code");
    let code = app.code(&house);
    let signed_in = typed(&code).await.unwrap();
    assert_eq!(signed_in.session.caller.actor.auth, "oidc+app");
    assert!(typed(&code).await.is_none(), "each works once");
    let strong = External {
        strong: true,
        ..who
    };
    enter(&house, &strong).await;
}

#[tokio::test]
async fn a_provider_that_vouches_for_one_spares_setting_one_up() {
    let house = House::inhabited().await;
    let demanded = BTreeSet::from([Role::Operator]);
    let system = Caller::system();
    let asked = house.engine.demand_second_factor(&system, &demanded);
    asked.await.unwrap();
    let who = berta(Some(Role::Operator));
    let plain = enter(&house, &who).await;
    assert!(house.session(&plain.token).await.unwrap().must_set_up);
    assert!(!house.engine.session_lives(&plain.session).await.unwrap());
    let strong = External {
        strong: true,
        ..who
    };
    let strong = enter(&house, &strong).await;
    assert_eq!(strong.session.caller.actor.auth, "oidc+mfa");
    assert!(!house.session(&strong.token).await.unwrap().must_set_up);
    assert!(house.engine.session_lives(&strong.session).await.unwrap());
}

/// Whoever sits down at a browser that is still signed in at the provider has shown nothing.
#[tokio::test]
async fn only_who_showed_the_provider_lately_who_they_are_has_shown_it_here() {
    let house = House::inhabited().await;
    let now = house.clock.now();
    let proved = async |shown_at| {
        let who = External {
            shown_at,
            ..berta(Some(Role::Operator))
        };
        enter(&house, &who).await.session.is_proved(now)
    };
    assert!(!proved(None).await);
    assert!(!proved(Some(now.minus(Duration::from_mins(5)))).await);
    assert!(proved(Some(now.minus(Duration::from_mins(4)))).await);
    assert!(proved(Some(now.plus(Duration::from_mins(1)))).await);
}

/// Anybody can send answers that belong to no sign-in.
#[tokio::test]
async fn refusals_of_one_address_do_not_fill_the_log() {
    let house = House::inhabited().await;
    let arrival = Arrival {
        ip: Some("10.9.8.7".to_owned()),
        ..Arrival::default()
    };
    let before = house.events().await.len();
    for _ in 0..100 {
        let noted = house
            .engine
            .record_external_failure("wrong_state", &arrival);
        noted.await.unwrap();
    }
    assert_eq!(house.events().await.len(), before + 60);
}

#[tokio::test]
async fn nobody_without_a_password_changes_or_shows_one() {
    let house = House::inhabited().await;
    let session = enter(&house, &berta(Some(Role::Operator))).await.session;
    let nothing = secret("");
    let proof = house.engine.prove(&session, secret(""), &nothing);
    assert!(proof.await.unwrap().is_none());
    let new = secret("another evening bell");
    let changed = house.engine.change_own_password(&session, secret(""), new);
    assert!(changed.await.is_err());
    assert!(house.try_password("berta", "").await.is_none());
}
