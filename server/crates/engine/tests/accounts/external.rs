//! Signing in as somebody whom a provider vouches for.

use std::collections::BTreeSet;
use std::time::Duration;

use carillon_domain::phone::{Site, TransportSecurity};
use carillon_domain::reach::Area;
use carillon_domain::role::Role;
use carillon_engine::Caller;
use carillon_engine::accounts::{
    Access, Arrival, Entered, External, NewToken, SignedIn, TokenScope,
};
use carillon_engine::dispatch::stop;
use futures_util::future::join_all;

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
    let id = |signed_in: SignedIn| signed_in.session.caller.user_id.clone();
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

/// The provider knows nothing of reach: what was narrowed here stays narrow.
#[tokio::test]
async fn a_way_up_and_down_again_widens_no_reach() {
    let house = House::inhabited().await;
    let operator = berta(Some(Role::Operator));
    enter(&house, &operator).await;
    let area = narrow(&house).await;
    let caller = enter(&house, &operator).await.session.caller;
    assert_eq!(caller.reach.areas(), std::slice::from_ref(&area));
    let up = enter(&house, &berta(Some(Role::Auditor))).await;
    assert!(up.session.caller.reach.is_everything());
    let told = last(&house, "user.role_changed").await;
    assert_eq!(told["reach_before"], serde_json::to_value(&area).unwrap());
    assert!(told["reach"].is_null());
    let down = enter(&house, &operator).await;
    assert_eq!(
        down.session.caller.reach.areas(),
        std::slice::from_ref(&area)
    );
    let told = last(&house, "user.role_changed").await;
    assert!(told["reach_before"].is_null());
    assert_eq!(told["reach"], serde_json::to_value(&area).unwrap());
}

/// Gives berta one site and nothing else.
async fn narrow(house: &House) -> Area {
    let system = Caller::system();
    let site = Site {
        slug: "north".to_owned(),
        name: "North".to_owned(),
        transport_security: TransportSecurity::PlainHttp,
        ca_pem: None,
        credential: None,
        max_down_percent: 20,
    };
    let mut unit = house.engine.store.begin().await.unwrap();
    let now = house.clock.now();
    unit.insert_site(&site, now).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let area = Area {
        sites: [site.slug].into(),
        ..Area::default()
    };
    let access = Access {
        role: Role::Operator,
        area: Some(area.clone()),
        approver: false,
    };
    let engine = &house.engine;
    let version = engine.find_user(&system, "berta").await.unwrap().version;
    let changed = engine.change_access(&system, "berta", &access, version);
    changed.await.unwrap();
    area
}

async fn last(house: &House, action: &str) -> serde_json::Value {
    let mut events = house.events().await;
    events.retain(|event| event.action == action);
    events.pop().unwrap().detail
}

/// A unit that asks for a second connection waits for those that wait for it.
#[tokio::test]
async fn twenty_who_come_at_once_get_in() {
    let house = House::inhabited().await;
    let all: Vec<_> = (0..20)
        .map(|n| External {
            subject: n.to_string(),
            ..berta(Some(Role::Operator))
        })
        .collect();
    let came = join_all(all.iter().map(|who| enter(&house, who))).await;
    let names: BTreeSet<_> = came
        .iter()
        .map(|one| one.session.caller.actor.name.as_str())
        .collect();
    assert_eq!(names.len(), 20);
    let same = join_all((0..5).map(|_| enter(&house, &all[0]))).await;
    for one in same {
        assert_eq!(one.session.caller.user_id, came[0].session.caller.user_id);
    }
}

#[tokio::test]
async fn one_who_comes_twice_at_once_for_the_first_time_gets_one_account() {
    let house = House::inhabited().await;
    let who = berta(Some(Role::Operator));
    let came = join_all((0..4).map(|_| enter(&house, &who))).await;
    let ids: BTreeSet<_> = came
        .iter()
        .map(|one| one.session.caller.user_id.clone())
        .collect();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn whoever_loses_the_role_loses_the_tokens() {
    let house = House::inhabited().await;
    let session = enter(&house, &berta(Some(Role::Operator))).await.session;
    let mut tokens = Vec::new();
    for label in ["one", "two"] {
        let new = NewToken {
            user: None,
            label: label.to_owned(),
            scope: TokenScope::Run,
            area: None,
            lifetime: None,
        };
        let made = house.engine.create_token(&session.caller, new);
        tokens.push(made.await.unwrap());
    }
    let first = &tokens[0].info.id;
    let revoked = house.engine.revoke_token(&session.caller, first);
    revoked.await.unwrap();
    house.engine.sign_out(&session).await.unwrap();
    assert!(come(&house, &berta(None)).await.is_none());
    for token in &tokens {
        let opened = house.engine.authenticate_token(&token.token, None);
        assert!(opened.await.unwrap().is_none(), "{}", token.info.label);
    }
    let told = last(&house, "token.revoked").await;
    assert_eq!(told["token"], *tokens[1].info.id);
    assert_eq!(told["user"], "berta");
    let revoked = house.actions().await;
    let revoked = revoked.iter().filter(|action| *action == "token.revoked");
    assert_eq!(revoked.count(), 2);
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
    let asked = house.engine.demand_second_factor(&system, &demanded, "");
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

/// Beyond the rate nobody is told from anybody: the one who began the count is one of many.
#[tokio::test]
async fn a_count_of_refusals_names_nobody() {
    let house = House::inhabited().await;
    let arrival = Arrival {
        ip: Some("10.9.8.5".to_owned()),
        ..Arrival::default()
    };
    enter(&house, &berta(Some(Role::Viewer))).await;
    for _ in 0..61 {
        let came = house
            .engine
            .sign_in_external(&berta(None), &arrival)
            .await
            .unwrap();
        assert!(came.is_none());
    }
    for _ in 0..70 {
        assert!(
            house
                .try_from_address("operator", "wrong", "10.9.8.5")
                .await
                .is_none()
        );
    }
    let clock = house.clock.clone();
    stop(&house.engine, move || clock.now()).await.unwrap();
    let mut events = house.events().await;
    events.retain(|event| event.detail["why"] == "several");
    let named: Vec<_> = events
        .iter()
        .map(|event| (event.actor.name.as_str(), event.actor.auth.as_str()))
        .collect();
    assert_eq!(named.len(), 2, "{events:?}");
    for expected in [("unknown account", "oidc"), ("unknown account", "password")] {
        assert!(named.contains(&expected), "{named:?}");
    }
    assert!(
        events
            .iter()
            .all(|event| event.detail["count"].as_i64() > Some(0))
    );
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
