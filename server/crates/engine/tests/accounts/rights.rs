//! What somebody may is looked at again by the unit that writes, and a reach that goes takes its jobs along.

use carillon_domain::event::Event;
use carillon_domain::job::JobRequest;
use carillon_domain::phone::{GroupKind, TransportSecurity};
use carillon_domain::phone_list::Column;
use carillon_domain::reach::Area;
use carillon_domain::role::Role;
use carillon_domain::{JobState, Mac};
use carillon_engine::accounts::{Access, NewToken, TokenContext, TokenScope};
use carillon_engine::inventory::{GroupInput, PhoneEdit, SiteInput};
use carillon_engine::jobs::Submission;
use carillon_engine::{Caller, EngineError};
use serde_json::json;

use crate::house::House;

const DESK: Mac = Mac::from_bytes([0, 0x15, 0x65, 0, 0, 1]);

/// A phone at kiel, in the group desk.
async fn furnished() -> House {
    let house = House::inhabited().await;
    let (engine, system) = (&house.engine, Caller::system());
    for name in ["kiel", "wien"] {
        let site = SiteInput {
            slug: String::new(),
            name: name.to_owned(),
            transport_security: TransportSecurity::Pinned,
            ca_pem: None,
            credential: None,
            max_down_percent: 20,
        };
        engine.create_site(&system, &site).await.unwrap();
    }
    let edit = PhoneEdit {
        fields: [
            (Column::Site, "kiel".to_owned()),
            (Column::Address, "10.0.0.1".to_owned()),
        ]
        .into(),
        ..PhoneEdit::default()
    };
    engine.create_phone(&system, DESK, &edit).await.unwrap();
    engine.create_group(&system, &desk()).await.unwrap();
    house
}

fn desk() -> GroupInput {
    GroupInput {
        slug: "desk".to_owned(),
        name: "desk".to_owned(),
        kind: GroupKind::Fixed,
        filter: String::new(),
        members: Some(vec![DESK]),
        credential: None,
    }
}

impl House {
    async fn give(&self, name: &str, role: Role, area: Option<Area>) {
        let version = self.version(name).await;
        let access = Access {
            role,
            area,
            approver: false,
        };
        let changed = self
            .engine
            .change_access(&Caller::system(), name, &access, version)
            .await;
        changed.unwrap();
    }

    async fn version(&self, name: &str) -> i64 {
        let user = self.engine.find_user(&Caller::system(), name).await;
        user.unwrap().version
    }

    async fn token(&self, name: &str, scope: TokenScope) -> TokenContext {
        let new = NewToken {
            user: Some(name.to_owned()),
            label: "nightly".to_owned(),
            scope,
            area: None,
            lifetime: None,
        };
        let issued = self.engine.create_token(&Caller::system(), new).await;
        let found = self
            .engine
            .authenticate_token(&issued.unwrap().token, None)
            .await;
        found.unwrap().unwrap()
    }

    async fn submit(&self, caller: &Caller) -> Result<String, EngineError> {
        let request =
            json!({"action": "VOLUME_UP", "targets": {"phones": [DESK]}, "reason": "test"});
        let request: JobRequest = serde_json::from_value(request).unwrap();
        let made = self
            .engine
            .submit_job(caller, &request, Submission::default())
            .await;
        made.map(|made| made.id)
    }

    async fn state(&self, job: &str) -> JobState {
        let job = self.engine.job(&Caller::system(), job).await;
        job.unwrap().job.state
    }

    async fn last(&self) -> Event {
        self.events().await.pop().unwrap()
    }
}

fn is_too_late<T>(outcome: &Result<T, EngineError>) -> bool {
    matches!(outcome, Err(EngineError::RightsChanged))
}

#[tokio::test]
async fn who_was_disabled_meanwhile_makes_no_account_behind_the_record_of_it() {
    let house = House::inhabited().await;
    let (engine, system) = (&house.engine, Caller::system());
    house.add("second", Role::Admin).await;
    let page = house.enter("admin").await.session.caller;
    let program = house.token("admin", TokenScope::Manage).await.caller;
    engine.disable_user(&system, "admin").await.unwrap();
    for caller in [&page, &program] {
        let made = engine.invite_user(caller, "back", Role::Admin).await;
        assert!(made.is_err(), "{made:?}");
        let group = engine.create_group(caller, &desk_of_nobody()).await;
        assert!(is_too_late(&group), "{group:?}");
        let stopped = engine.stop_all(caller, "mine").await;
        assert!(is_too_late(&stopped), "{stopped:?}");
    }
    let made = engine.invite_user(&page, "back", Role::Admin).await;
    assert!(is_too_late(&made), "{made:?}");
    let link = engine.make_reset_link(&page, "second").await;
    assert!(is_too_late(&link.map(drop)));
    assert_eq!(house.last().await.action, "user.disabled");
}

fn desk_of_nobody() -> GroupInput {
    GroupInput {
        members: Some(Vec::new()),
        ..desk()
    }
}

#[tokio::test]
async fn who_was_narrowed_meanwhile_starts_nothing_by_what_was_judged_before() {
    let house = furnished().await;
    let kiel = Area::of(["kiel"], []);
    house.give("operator", Role::Operator, Some(kiel)).await;
    let page = house.enter("operator").await.session.caller;
    let program = house.token("operator", TokenScope::Run).await.caller;
    house.submit(&page).await.unwrap();
    house.submit(&program).await.unwrap();
    let wien = Area::of(["wien"], []);
    house.give("operator", Role::Operator, Some(wien)).await;
    for caller in [&page, &program] {
        let made = house.submit(caller).await;
        assert!(is_too_late(&made), "{made:?}");
    }
    assert_eq!(
        house
            .engine
            .store
            .count_jobs()
            .await
            .unwrap()
            .iter()
            .map(|(_, n)| n)
            .sum::<i64>(),
        2
    );
}

#[tokio::test]
async fn a_session_that_ended_and_a_token_that_was_revoked_write_nothing() {
    let house = furnished().await;
    let (engine, system) = (&house.engine, Caller::system());
    let signed_in = house.enter("operator").await;
    let token = house.token("operator", TokenScope::Run).await;
    engine.revoke_token(&system, &token.id).await.unwrap();
    engine.sign_out(&signed_in.session).await.unwrap();
    for caller in [&signed_in.session.caller, &token.caller] {
        let made = house.submit(caller).await;
        assert!(is_too_late(&made), "{made:?}");
    }
    // Others of the same account are not concerned.
    let other = house.enter("operator").await.session.caller;
    house.submit(&other).await.unwrap();
}

#[tokio::test]
async fn a_role_that_was_taken_is_not_used_once_more() {
    let house = furnished().await;
    let program = house.token("operator", TokenScope::Run).await.caller;
    house.give("operator", Role::Viewer, None).await;
    let made = house.submit(&program).await;
    assert!(is_too_late(&made), "{made:?}");
}

/// The record of the pause, which commits with that of what narrowed.
async fn was_paused_by(house: &House, job: &str, action: &str) {
    assert_eq!(house.state(job).await, JobState::Paused);
    let mut events = house.events().await;
    let paused = events.pop().unwrap();
    assert_eq!(paused.action, "job.paused");
    assert_eq!(paused.job.as_deref(), Some(job));
    assert!(paused.reason.contains("does not reach"), "{paused:?}");
    assert_eq!(events.pop().unwrap().action, action);
}

#[tokio::test]
async fn jobs_pause_when_the_group_goes_that_reached_their_phones() {
    let house = furnished().await;
    let (engine, system) = (&house.engine, Caller::system());
    house
        .give("operator", Role::Operator, Some(Area::of([], ["desk"])))
        .await;
    let caller = house.enter("operator").await.session.caller;
    let job = house.submit(&caller).await.unwrap();
    // Somebody who reaches the phone otherwise is not concerned.
    let other = house.submit(&system).await.unwrap();
    engine.delete_group(&system, "desk", None).await.unwrap();
    was_paused_by(&house, &job, "group.deleted").await;
    assert_eq!(house.state(&other).await, JobState::Running);
}

#[tokio::test]
async fn jobs_pause_when_the_group_gets_a_rule_that_reached_their_phones() {
    let house = furnished().await;
    house
        .give("operator", Role::Operator, Some(Area::of([], ["desk"])))
        .await;
    let caller = house.enter("operator").await.session.caller;
    let job = house.submit(&caller).await.unwrap();
    let rule = GroupInput {
        kind: GroupKind::Rule,
        filter: "site:kiel".to_owned(),
        members: None,
        ..desk()
    };
    let system = Caller::system();
    house
        .engine
        .update_group(&system, "desk", &rule, None)
        .await
        .unwrap();
    was_paused_by(&house, &job, "group.changed").await;
}

#[tokio::test]
async fn jobs_pause_when_the_list_loses_the_phones_that_it_reached() {
    let house = furnished().await;
    let system = Caller::system();
    house
        .give("operator", Role::Operator, Some(Area::of([], ["desk"])))
        .await;
    let caller = house.enter("operator").await.session.caller;
    let job = house.submit(&caller).await.unwrap();
    let changed = house
        .engine
        .change_members(&system, "desk", &[], &[DESK], None);
    changed.await.unwrap();
    was_paused_by(&house, &job, "group.members_changed").await;
}

#[tokio::test]
async fn an_edit_that_changes_nothing_writes_nothing_and_ends_no_session() {
    let house = furnished().await;
    let area = Area::of(["kiel"], []);
    house
        .give("operator", Role::Operator, Some(area.clone()))
        .await;
    let signed_in = house.enter("operator").await;
    let (version, records) = (house.version("operator").await, house.events().await.len());
    house
        .give("operator", Role::Operator, Some(area.clone()))
        .await;
    assert_eq!(house.version("operator").await, version);
    assert_eq!(house.events().await.len(), records);
    assert!(house.session(&signed_in.token).await.is_some());
    let access = Access {
        role: Role::Operator,
        area: Some(area),
        approver: false,
    };
    let old = house
        .engine
        .change_access(&Caller::system(), "operator", &access, version - 1)
        .await;
    assert!(matches!(old, Err(EngineError::Conflict(_))));
}
