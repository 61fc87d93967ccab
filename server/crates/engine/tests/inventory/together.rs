//! Two changes at once, each of which is allowed alone: together they send no stored password away.

use std::time::Duration;

use carillon_domain::phone::{GroupKind, TransportSecurity};
use carillon_domain::phone_list::Column;
use carillon_engine::EngineError;
use carillon_engine::inventory::{CredentialInput, GroupInput, SiteInput};
use carillon_store::testing::rows;
use carillon_store::{Store, Unit};

use crate::house::{House, fields_of, mac, on_postgres, secret, site_input};

/// Another connection than the house's, with a change that is not committed yet.
pub(crate) async fn elsewhere(house: &House) -> Unit {
    let store = Store::open(&house.url).await.unwrap();
    let run = carillon_engine::audit::run(&carillon_engine::Random::system());
    store.in_run(run.unwrap()).begin().await.unwrap()
}

/// Until somebody waits for a lock of the database. SQLite lets nobody else write anyway.
pub(crate) async fn somebody_waits(house: &House) {
    let waiting = "SELECT pid FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while on_postgres() && rows(&house.url, waiting).await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
}

async fn stored(house: &House) {
    let login = CredentialInput {
        name: "canary".to_owned(),
        username: "admin".to_owned(),
        password: Some(secret("a stored password")),
    };
    let created = house.engine.create_credential(&house.admin, &login).await;
    created.unwrap();
}

async fn is_refused<T>(
    house: &House,
    unit: Unit,
    second: impl Future<Output = Result<T, EngineError>> + Send + 'static,
) where
    T: Send + 'static,
{
    let outcome = behind(house, unit, second).await.map(drop);
    assert!(
        matches!(outcome, Err(EngineError::NotByToken(_))),
        "{outcome:?}"
    );
}

/// What comes of a change that waits until the first one is committed.
async fn behind<T>(
    house: &House,
    unit: Unit,
    second: impl Future<Output = Result<T, EngineError>> + Send + 'static,
) -> Result<T, EngineError>
where
    T: Send + 'static,
{
    let second = tokio::spawn(second);
    somebody_waits(house).await;
    assert!(!second.is_finished());
    unit.commit_bookkeeping().await.unwrap();
    let outcome = tokio::time::timeout(Duration::from_secs(30), second).await;
    outcome.unwrap().unwrap()
}

fn by_rule(name: &str, filter: &str) -> GroupInput {
    GroupInput {
        slug: name.to_owned(),
        name: name.to_owned(),
        kind: GroupKind::Rule,
        filter: filter.to_owned(),
        members: None,
        credential: None,
    }
}

/// Two groups by rules that ask for no other.
async fn two_rules(house: &House) {
    for name in ["a", "b"] {
        let rule = by_rule(name, "tag:x");
        let made = house.engine.create_group(&house.admin, &rule).await;
        made.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_rules_that_lead_to_each_other_one_is_refused() {
    let house = House::new().await;
    two_rules(&house).await;
    let mut unit = elsewhere(&house).await;
    let mut first = unit.group("a").await.unwrap().unwrap();
    first.group.filter = Some("group:b".to_owned());
    let now = house.engine.clock.now();
    unit.update_group(&first.group, first.version, now)
        .await
        .unwrap();
    let (engine, admin) = (house.engine.clone(), house.admin.clone());
    let second = async move {
        let rule = by_rule("b", "group:a");
        engine.update_group(&admin, "b", &rule, None).await
    };
    let refused = behind(&house, unit, second).await;
    assert_eq!(fields_of(refused), ["filter"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_asks_for_no_group_that_is_being_deleted() {
    let house = House::new().await;
    two_rules(&house).await;
    let mut unit = elsewhere(&house).await;
    assert!(unit.delete_group("a").await.unwrap());
    let (engine, admin) = (house.engine.clone(), house.admin.clone());
    let second = async move {
        let rule = by_rule("b", "-group:a");
        engine.update_group(&admin, "b", &rule, None).await
    };
    let refused = behind(&house, unit, second).await;
    assert_eq!(fields_of(refused), ["filter"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_group_is_deleted_that_a_new_rule_asks_for() {
    let house = House::new().await;
    two_rules(&house).await;
    let mut unit = elsewhere(&house).await;
    let mut rule = unit.group("b").await.unwrap().unwrap();
    rule.group.filter = Some("-group:a".to_owned());
    let now = house.engine.clock.now();
    unit.update_group(&rule.group, rule.version, now)
        .await
        .unwrap();
    let (engine, admin) = (house.engine.clone(), house.admin.clone());
    let second = async move { engine.delete_group(&admin, "a", None).await };
    let refused = behind(&house, unit, second).await;
    assert!(
        matches!(refused, Err(EngineError::Conflict(_))),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_and_a_group_with_a_credential_come_one_after_the_other() {
    let house = House::new().await;
    stored(&house).await;
    house.phone(1, &[]).await;
    let group = |members| GroupInput {
        slug: "r".to_owned(),
        name: "r".to_owned(),
        kind: GroupKind::Fixed,
        filter: String::new(),
        members: Some(members),
        credential: Some("canary".to_owned()),
    };
    let empty = group(Vec::new());
    let made = house.engine.create_group(&house.admin, &empty).await;
    made.unwrap();
    let mut unit = elsewhere(&house).await;
    let mut row = unit.phones_by_macs(&[mac(1)]).await.unwrap().remove(0);
    row.phone.address = Some("10.0.0.60".parse().unwrap());
    let now = house.engine.clock.now();
    unit.update_phone(&row.phone, row.version, now)
        .await
        .unwrap();
    let (engine, program) = (house.engine.clone(), house.program());
    let given = group(vec![mac(1)]);
    let second = Box::pin(async move { engine.update_group(&program, "r", &given, None).await });
    is_refused(&house, unit, second).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_of_a_phone_and_the_credential_of_that_site_come_one_after_the_other() {
    let house = House::new().await;
    stored(&house).await;
    let plain = SiteInput {
        transport_security: TransportSecurity::PlainHttp,
        ..site_input("plain")
    };
    let created = house.engine.create_site(&house.admin, &plain).await;
    created.unwrap();
    house.phone(1, &[(Column::Address, "10.0.0.60")]).await;
    let mut unit = elsewhere(&house).await;
    let mut row = unit.phones_by_macs(&[mac(1)]).await.unwrap().remove(0);
    row.phone.site = Some("plain".to_owned());
    let now = house.engine.clock.now();
    unit.update_phone(&row.phone, row.version, now)
        .await
        .unwrap();
    let (engine, program) = (house.engine.clone(), house.program());
    let given = SiteInput {
        credential: Some("canary".to_owned()),
        ..plain
    };
    let second = Box::pin(async move { engine.update_site(&program, "plain", &given, None).await });
    is_refused(&house, unit, second).await;
}
