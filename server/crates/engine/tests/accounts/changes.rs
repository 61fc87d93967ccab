//! What one administrator asks for and another decides about.

use std::collections::BTreeSet;

use carillon_domain::event::{ActorKind, Event};
use carillon_domain::role::Role;
use carillon_domain::{ChangeKind, ChangeState};
use carillon_engine::accounts::{NewToken, TokenScope};
use carillon_engine::changes::{Made, WaitingChange};
use carillon_engine::jobs::Rules;
use carillon_engine::rows::{RowName, SignedRows};
use carillon_engine::{Caller, EngineError};

use crate::house::{House, PASSWORD};
use crate::second_factor::{App, set_up, sign_in};

/// Three administrators with second factors: who asks, who decides, and one more.
pub(crate) struct People {
    pub(crate) house: House,
    pub(crate) admin: Caller,
    /// Of who asks.
    app: App,
    pub(crate) berta: Caller,
    pub(crate) carla: Caller,
}

pub(crate) async fn people() -> People {
    let house = House::inhabited().await;
    for name in ["berta", "carla"] {
        house.add(name, Role::Admin).await;
    }
    let (app, _, renewed) = set_up(&house, &house.enter("admin").await.session).await;
    People {
        admin: house.session(&renewed.token).await.unwrap().caller,
        app,
        berta: with_factor(&house, "berta").await,
        carla: with_factor(&house, "carla").await,
        house,
    }
}

async fn with_factor(house: &House, name: &str) -> Caller {
    let (.., renewed) = set_up(house, &house.enter(name).await.session).await;
    house.session(&renewed.token).await.unwrap().caller
}

fn wider() -> Rules {
    Rules {
        phones_per_job: 9_000,
        approve_destructive: false,
        ..Rules::default()
    }
}

pub(crate) fn asked(made: Made) -> String {
    match made {
        Made::Asked(id) => id,
        Made::AtOnce | Made::Unchanged => panic!("it was made at once"),
    }
}

impl People {
    async fn ask(&self) -> String {
        let engine = &self.house.engine;
        let made = engine.change_rules(&self.admin, &wider(), "INC-7").await;
        asked(made.unwrap())
    }

    pub(crate) async fn waiting(&self, caller: &Caller) -> Vec<WaitingChange> {
        self.house.engine.change_requests(caller).await.unwrap()
    }

    /// What the one that waits shows.
    pub(crate) async fn digest(&self) -> String {
        self.waiting(&self.berta).await[0].request.digest.clone()
    }

    pub(crate) async fn approve(
        &self,
        who: &Caller,
        id: &str,
        digest: &str,
    ) -> Result<(), EngineError> {
        self.house.engine.approve_change(who, id, digest).await
    }

    async fn rules(&self) -> Rules {
        self.house.engine.rules().await.unwrap().rules
    }

    pub(crate) async fn state(&self, id: &str) -> ChangeState {
        let row = self.house.engine.store.change_request(id).await.unwrap();
        row.unwrap().state
    }

    async fn last(&self, action: &str) -> Event {
        let events = self.house.events().await;
        let found = events
            .into_iter()
            .rev()
            .find(|event| event.action == action);
        found.unwrap()
    }

    async fn ends_void(&self, id: &str) {
        let digest = self.digest().await;
        let void = self.approve(&self.berta, id, &digest).await;
        assert!(says(&void, "void"), "{void:?}");
        assert_eq!(self.state(id).await, ChangeState::Void);
        assert_eq!(self.last("change.voided").await.detail["change"], *id);
        assert!(self.waiting(&self.berta).await.is_empty());
    }
}

pub(crate) fn says<T>(result: &Result<T, EngineError>, words: &str) -> bool {
    matches!(result, Err(EngineError::Conflict(why)) if why.contains(words))
}

#[tokio::test]
async fn a_change_waits_for_another_administrator_and_its_record_names_both() {
    let people = people().await;
    let id = people.ask().await;
    assert_eq!(
        people.rules().await,
        Rules::default(),
        "nothing changed yet"
    );
    let waiting = people.waiting(&people.berta).await;
    assert_eq!(waiting[0].request.kind, ChangeKind::Rules);
    assert!(!waiting[0].own && people.waiting(&people.admin).await[0].own);
    let told = people.last("change.requested").await;
    assert_eq!(
        (told.reason.as_str(), told.detail["change"].as_str()),
        ("INC-7", Some(id.as_str()))
    );
    assert_eq!(told.detail["before"]["phones_per_job"], 500);
    assert_eq!(told.detail["after"]["phones_per_job"], 9_000);

    let digest = people.digest().await;
    let other = people.approve(&people.berta, &id, "another").await;
    assert!(says(&other, "look again"), "{other:?}");
    people.approve(&people.berta, &id, &digest).await.unwrap();
    assert_eq!(people.rules().await, wider());
    let approved = people.last("change.approved").await;
    let changed = people.last("rules.changed").await;
    for event in [&approved, &changed] {
        assert_eq!(event.actor.name, "berta");
        assert_eq!(event.detail["asked_by"], "admin");
        assert_eq!(
            event.detail["asked_by_id"],
            people.admin.user_id.clone().unwrap()
        );
        assert_eq!(event.detail["change"], *id);
    }
    assert_eq!(changed.reason, "INC-7");
    assert!(changed.detail.get("alone").is_none());

    let again = people.approve(&people.carla, &id, &digest).await;
    assert!(says(&again, "decided already"), "{again:?}");
    people.house.fits_the_log().await;
}

#[tokio::test]
async fn the_same_holds_for_every_kind() {
    let people = people().await;
    let (engine, admin) = (&people.house.engine, &people.admin);
    let operators = BTreeSet::from([Role::Admin, Role::Operator]);
    let networks = carillon_engine::networks::read("10.20.0.0/16").unwrap();
    let effect = engine.networks_effect(admin, &networks).await.unwrap();
    let made = [
        engine.reset_second_factor(admin, "carla", "lost").await,
        engine.demand_second_factor(admin, &operators, "").await,
        engine
            .change_networks(admin, &networks, &effect.seen, "")
            .await,
    ];
    for made in made {
        asked(made.unwrap());
    }
    assert!(
        engine
            .find_user(admin, "carla")
            .await
            .unwrap()
            .second_factor
    );
    assert!(engine.second_factor_roles().await.unwrap().is_empty());
    assert!(engine.networks(admin).await.unwrap().chosen.is_empty());
    for waiting in people.waiting(&people.berta).await {
        let request = waiting.request;
        let own = people.approve(admin, &request.id, &request.digest).await;
        assert!(says(&own, "you asked for"), "{own:?}");
        let approved = people.approve(&people.berta, &request.id, &request.digest);
        approved.await.unwrap();
    }
    assert!(
        !engine
            .find_user(admin, "carla")
            .await
            .unwrap()
            .second_factor
    );
    assert_eq!(engine.second_factor_roles().await.unwrap(), operators);
    let now = engine.networks(admin).await.unwrap();
    assert_eq!(
        (now.in_force, now.changed.unwrap().0),
        (networks, "admin".to_owned())
    );
    people.house.fits_the_log().await;
}

#[tokio::test]
async fn nobody_approves_their_own_and_a_token_nobodys() {
    let people = people().await;
    let (house, id) = (&people.house, people.ask().await);
    let digest = people.digest().await;
    house.pass(30);
    let code = people.app.code(house);
    let again = sign_in(house, "admin", PASSWORD, &code).await.unwrap();
    let again = again.session.caller;
    for own in [&people.admin, &again] {
        let refused = people.approve(own, &id, &digest).await;
        assert!(says(&refused, "you asked for"), "{refused:?}");
        let refused = house.engine.deny_change(own, &id, "no").await;
        assert!(says(&refused, "you asked for"), "{refused:?}");
    }
    let new = NewToken {
        user: Some("berta".to_owned()),
        label: "script".to_owned(),
        scope: TokenScope::Manage,
        lifetime: None,
        area: None,
    };
    let issued = house
        .engine
        .create_token(&Caller::system(), new)
        .await
        .unwrap();
    let token = house.engine.authenticate_token(&issued.token, None).await;
    let token = token.unwrap().unwrap().caller;
    assert_eq!(token.actor.kind, ActorKind::Token);
    for nobody in [&token, &Caller::system()] {
        let engine = &house.engine;
        let answers = [
            people.approve(nobody, &id, &digest).await,
            engine.deny_change(nobody, &id, "no").await,
            engine.cancel_change(nobody, &id).await,
        ];
        assert!(
            answers
                .iter()
                .all(|answer| matches!(answer, Err(EngineError::Denied(_)))),
            "{answers:?}"
        );
    }
    assert_eq!(people.rules().await, Rules::default());
}

#[tokio::test]
async fn who_approves_has_a_second_factor_and_administers_at_that_moment() {
    let people = people().await;
    let (house, id) = (&people.house, people.ask().await);
    let digest = people.digest().await;
    house.add("dora", Role::Admin).await;
    let dora = house.enter("dora").await.session.caller;
    let bare = people.approve(&dora, &id, &digest).await;
    assert!(says(&bare, "needs a second factor"), "{bare:?}");
    let system = Caller::system();
    house.engine.disable_user(&system, "berta").await.unwrap();
    let disabled = people.approve(&people.berta, &id, &digest).await;
    assert!(
        matches!(disabled, Err(EngineError::RightsChanged)),
        "{disabled:?}"
    );
    let operator = house.enter("operator").await.session.caller;
    let denied = people.approve(&operator, &id, &digest).await;
    assert!(matches!(denied, Err(EngineError::Denied(_))), "{denied:?}");
    assert!(house.engine.change_requests(&operator).await.is_err());
    people.approve(&people.carla, &id, &digest).await.unwrap();
}

#[tokio::test]
async fn of_two_answers_at_once_one_counts() {
    let people = people().await;
    for round in 0..4 {
        let rules = Rules {
            jobs_per_minute: 20 + round,
            ..Rules::default()
        };
        let engine = &people.house.engine;
        let id = asked(
            engine
                .change_rules(&people.admin, &rules, "")
                .await
                .unwrap(),
        );
        let digest = people.digest().await;
        let one = people.approve(&people.berta, &id, &digest);
        let (one, two) = if round % 2 == 0 {
            tokio::join!(one, people.approve(&people.carla, &id, &digest))
        } else {
            tokio::join!(one, engine.cancel_change(&people.admin, &id))
        };
        assert_ne!(one.is_ok(), two.is_ok(), "{one:?} {two:?}");
        let approved = people.rules().await == rules;
        assert_eq!(approved, people.state(&id).await == ChangeState::Approved);
        assert_eq!(approved, one.is_ok() || round % 2 == 0);
    }
}

#[tokio::test]
async fn one_can_be_refused_with_a_reason_and_taken_back_by_who_asked() {
    let people = people().await;
    let (engine, id) = (&people.house.engine, people.ask().await);
    let taken = engine.cancel_change(&people.berta, &id).await;
    assert!(says(&taken, "somebody else asked"), "{taken:?}");
    let silent = engine.deny_change(&people.berta, &id, " ").await;
    assert!(matches!(silent, Err(EngineError::Invalid(_))), "{silent:?}");
    // What holds already is no second request.
    let usual = Rules::default();
    let nothing = engine.change_rules(&people.carla, &usual, "").await;
    assert_eq!(nothing.unwrap(), Made::Unchanged);
    let other = Rules {
        jobs_per_minute: 7,
        ..usual
    };
    let twice = engine.change_rules(&people.carla, &other, "").await;
    assert!(
        says(&twice, "waits for another administrator already"),
        "{twice:?}"
    );
    engine
        .deny_change(&people.berta, &id, "not now")
        .await
        .unwrap();
    let denied = people.last("change.denied").await;
    assert_eq!(
        (denied.reason.as_str(), denied.actor.name.as_str()),
        ("not now", "berta")
    );
    assert_eq!(denied.detail["asked_by"], "admin");
    let id = people.ask().await;
    engine.cancel_change(&people.admin, &id).await.unwrap();
    assert_eq!(people.state(&id).await, ChangeState::Cancelled);
    assert_eq!(people.last("change.cancelled").await.actor.name, "admin");
    assert_eq!(people.rules().await, Rules::default());
    people.house.fits_the_log().await;
}

#[tokio::test]
async fn after_half_an_hour_it_is_over() {
    let people = people().await;
    let (house, id) = (&people.house, people.ask().await);
    let digest = people.digest().await;
    house.pass(29 * 60);
    house.engine.expire_changes().await.unwrap();
    assert_eq!(people.state(&id).await, ChangeState::Waiting);
    house.pass(60);
    let late = people.approve(&people.berta, &id, &digest).await;
    assert!(says(&late, "in time"), "{late:?}");
    assert!(people.waiting(&people.berta).await.is_empty());
    house.engine.expire_changes().await.unwrap();
    assert_eq!(people.state(&id).await, ChangeState::Expired);
    assert_eq!(people.last("change.expired").await.detail["change"], *id);
    // One that the timer did not end yet stands in nobody's way.
    people.ask().await;
    house.pass(31 * 60);
    people.ask().await;
    assert_eq!(people.waiting(&people.berta).await.len(), 1);
    people.house.fits_the_log().await;
}

#[tokio::test]
async fn what_was_changed_meanwhile_makes_it_void() {
    let people = people().await;
    let (house, system) = (&people.house, Caller::system());
    let id = people.ask().await;
    let other = Rules {
        jobs_per_minute: 3,
        ..Rules::default()
    };
    // To and fro: it looks as it did, and is another.
    for rules in [other, Rules::default()] {
        let changed = house.engine.change_rules(&system, &rules, "").await;
        assert_eq!(changed.unwrap(), Made::AtOnce);
    }
    people.ends_void(&id).await;
    assert_eq!(people.rules().await, Rules::default());

    let reset = house
        .engine
        .reset_second_factor(&people.admin, "carla", "")
        .await;
    let id = asked(reset.unwrap());
    let here = house.engine.reset_second_factor(&system, "carla", "").await;
    assert_eq!(here.unwrap(), Made::AtOnce);
    with_factor(house, "carla").await;
    people.ends_void(&id).await;
    assert!(
        house
            .engine
            .find_user(&system, "carla")
            .await
            .unwrap()
            .second_factor
    );

    let id = people.ask().await;
    let demoted = house
        .engine
        .find_user(&system, "admin")
        .await
        .unwrap()
        .version;
    let demoted = house
        .engine
        .change_role(&system, "admin", Role::Viewer, demoted);
    demoted.await.unwrap();
    people.ends_void(&id).await;
    people.house.fits_the_log().await;
}

#[tokio::test]
async fn a_row_that_somebody_else_wrote_is_worth_nothing() {
    for change in [
        "UPDATE change_requests SET asked = replace(asked, '9000', '90000')",
        "UPDATE change_requests SET until = until + 1",
        "UPDATE change_requests SET account = 'x', actor = 'carla'",
        "UPDATE change_requests SET mac = NULL",
    ] {
        let people = people().await;
        let (house, id) = (&people.house, people.ask().await);
        let digest = people.digest().await;
        house.raw(change).await;
        let refused = people.approve(&people.berta, &id, &digest).await;
        assert!(
            matches!(refused, Err(EngineError::NotFound)),
            "{change}: {refused:?}"
        );
        assert!(people.waiting(&people.berta).await.is_empty(), "{change}");
        assert_eq!(people.rules().await, Rules::default());
        assert_eq!(
            people.last("row.forged").await.detail["row"],
            *id,
            "{change}"
        );
    }
}

#[tokio::test]
async fn a_row_of_before_that_is_put_back_is_found_by_the_log() {
    let people = people().await;
    let (house, id) = (&people.house, people.ask().await);
    let digest = people.digest().await;
    house
        .raw("CREATE TABLE kept AS SELECT * FROM change_requests")
        .await;
    house
        .engine
        .deny_change(&people.berta, &id, "no")
        .await
        .unwrap();
    house.raw("DELETE FROM change_requests").await;
    house
        .raw("INSERT INTO change_requests SELECT * FROM kept")
        .await;
    let refused = people.approve(&people.carla, &id, &digest).await;
    assert!(says(&refused, "changed outside Carillon"), "{refused:?}");
    let row = RowName {
        rows: SignedRows::ChangeRequests,
        name: id.clone(),
    };
    assert_eq!(house.engine.forged_rows(), std::slice::from_ref(&row));
    // Accepted or not: the log says that it was refused.
    let system = Caller::system();
    let accepted = house.engine.accept_row(&system, &row, "restored");
    accepted.await.unwrap();
    house.fits_the_log().await;
    let refused = people.approve(&people.carla, &id, &digest).await;
    assert!(says(&refused, "changed outside Carillon"), "{refused:?}");
    assert_eq!(people.rules().await, Rules::default());
    house.fits_the_log().await;
}

#[tokio::test]
async fn where_nobody_else_administers_it_is_made_at_once_and_told() {
    let house = House::inhabited().await;
    let admin = with_factor(&house, "admin").await;
    let made = house
        .engine
        .change_rules(&admin, &wider(), "alone here")
        .await;
    assert_eq!(made.unwrap(), Made::AtOnce);
    let events = house.events().await;
    let told = events.iter().rfind(|event| event.action == "rules.changed");
    let told = told.unwrap();
    assert_eq!(
        (told.detail["alone"].as_bool(), told.reason.as_str()),
        (Some(true), "alone here")
    );
    house.fits_the_log().await;
    let alarm = house.engine.surroundings(&admin).await.unwrap().alone;
    assert_eq!(alarm.unwrap().actor, "admin");
    let operator = house.enter("operator").await.session.caller;
    assert_eq!(
        house.engine.surroundings(&operator).await.unwrap().alone,
        None
    );

    // One who is switched off decides nothing. But whoever switched them off is not alone for that.
    house.add("berta", Role::Admin).await;
    let usual = Rules::default();
    let asks = || house.engine.change_rules(&admin, &usual, "");
    let id = asked(asks().await.unwrap());
    house.engine.cancel_change(&admin, &id).await.unwrap();
    house.engine.disable_user(&admin, "berta").await.unwrap();
    let refused = asks().await;
    assert!(says(&refused, "you took their rights"), "{refused:?}");
    house.engine.enable_user(&admin, "berta").await.unwrap();
    let system = Caller::system();
    house.engine.disable_user(&system, "berta").await.unwrap();
    let made = house.engine.change_rules(&system, &usual, "").await;
    assert_eq!(made.unwrap(), Made::AtOnce);
    // But not one of whom somebody else wrote that they are.
    house.engine.enable_user(&admin, "berta").await.unwrap();
    let on_sqlite = "UPDATE users SET disabled = 1 WHERE name = 'berta'";
    let on_postgres = "UPDATE users SET disabled = TRUE WHERE name = 'berta'";
    let text = if crate::house::on_postgres() {
        on_postgres
    } else {
        on_sqlite
    };
    house.raw(text).await;
    let refused = house.engine.change_rules(&admin, &wider(), "").await;
    assert!(says(&refused, "changed outside Carillon"), "{refused:?}");
}
