//! Sessions, links and recovery codes that were ended and that somebody puts back with their own codes.

use carillon_domain::role::Role;
use carillon_engine::Caller;
use carillon_engine::accounts::{SessionContext, SignIn, SignedIn};
use carillon_engine::rows::{RowName, SignedRows};
use secrecy::{ExposeSecret as _, SecretString};

use crate::house::{House, PASSWORD, engine, open, secret};
use crate::second_factor::{set_up, sign_in};

const NEW: &str = "another evening bell";
const TABLES: [(&str, &str); 3] = [
    ("sessions", "id_hash"),
    ("reset_links", "code_hash"),
    ("recovery_codes", "code_hash"),
];

/// Keeps a copy of all of them as they stand.
async fn copy(house: &House) {
    for (table, _) in TABLES {
        house
            .raw(&format!("DROP TABLE IF EXISTS {table}_before"))
            .await;
        house
            .raw(&format!(
                "CREATE TABLE {table}_before AS SELECT * FROM {table}"
            ))
            .await;
    }
}

/// Puts those back that are gone since.
async fn put_back(house: &House) {
    for (table, key) in TABLES {
        house
            .raw(&format!(
                "INSERT INTO {table} SELECT * FROM {table}_before b \
                 WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE t.{key} = b.{key})"
            ))
            .await;
    }
}

/// The rows of which the log says that they are forged.
async fn told(house: &House) -> Vec<String> {
    let events = house.events().await;
    let forged = events.iter().filter(|event| event.action == "row.forged");
    let row =
        |event: &carillon_domain::event::Event| event.detail["row"].as_str().map(str::to_owned);
    forged.filter_map(row).collect()
}

/// The same house as a server that was started again has it.
async fn started_again(house: House) -> House {
    let keyring = house.engine.keyring().unwrap().clone();
    let store = open(&house.directory).await;
    House {
        engine: engine(store, Some(keyring), house.clock.clone()),
        ..house
    }
}

/// A session that is copied, ended in a way, and put back.
struct Life {
    house: House,
    one: SignedIn,
    other: SessionContext,
}

impl Life {
    async fn new() -> Self {
        let house = House::inhabited().await;
        let one = house.enter("operator").await;
        // Of two of the same moment nobody knows which one is the oldest.
        house.pass(1);
        let other = house.enter("operator").await.session;
        assert!(house.session(&one.token).await.is_some());
        copy(&house).await;
        Self { house, one, other }
    }

    async fn ends_refused(self, how: &str) {
        let house = self.house;
        assert!(
            house.session(&self.one.token).await.is_none(),
            "{how}: ended"
        );
        put_back(&house).await;
        let name = &self.one.session.caller.actor.session;
        assert!(house.session(&self.one.token).await.is_none(), "{how}");
        assert!(
            !house.engine.session_lives(&self.one.session).await.unwrap(),
            "{how}"
        );
        assert_eq!(told(&house).await, std::slice::from_ref(name), "{how}");
        // The memory of this is no one process's.
        let house = started_again(house).await;
        assert!(
            house.session(&self.one.token).await.is_none(),
            "{how}: started again"
        );
    }
}

#[tokio::test]
async fn a_session_that_was_ended_and_is_back_opens_nothing() {
    let system = Caller::system();
    let life = Life::new().await;
    life.house.engine.sign_out(&life.one.session).await.unwrap();
    life.ends_refused("signed out").await;

    let life = Life::new().await;
    let ended = life.house.engine.end_other_sessions(&life.other).await;
    assert_eq!(ended.unwrap(), 1);
    life.ends_refused("all others ended").await;

    let life = Life::new().await;
    let handle = &life.one.session.handle;
    let admin = life.house.enter("admin").await.session.caller;
    life.house.engine.end_session(&admin, handle).await.unwrap();
    life.ends_refused("ended by an administrator").await;

    let life = Life::new().await;
    let user = life.house.engine.find_user(&system, "operator").await;
    let version = user.unwrap().version;
    let changed = life
        .house
        .engine
        .change_role(&system, "operator", Role::Viewer, version);
    changed.await.unwrap();
    life.ends_refused("another role").await;

    let life = Life::new().await;
    let set = life
        .house
        .engine
        .reset_password(&system, "operator", secret(NEW));
    set.await.unwrap();
    life.ends_refused("another password").await;

    let life = Life::new().await;
    set_up(&life.house, &life.other).await;
    life.ends_refused("a second factor").await;

    let life = Life::new().await;
    let no_code = secret("");
    let proved = life
        .house
        .engine
        .prove(&life.one.session, secret(PASSWORD), &no_code);
    assert!(proved.await.unwrap().is_some());
    life.ends_refused("under another token").await;

    let life = Life::new().await;
    for _ in 0..4 {
        life.house.pass(1);
        life.house.enter("operator").await;
    }
    life.ends_refused("too many").await;
}

#[tokio::test]
async fn one_that_gives_way_to_a_new_sign_in_does_not_come_back() {
    let life = Life::new().await;
    let attempt = SignIn {
        name: "operator".to_owned(),
        password: secret(PASSWORD),
        previous: Some(life.one.token.clone()),
        ..SignIn::default()
    };
    assert!(life.house.engine.sign_in(attempt).await.unwrap().is_some());
    life.ends_refused("signed in again").await;
}

#[tokio::test]
async fn what_lives_goes_on_after_a_start() {
    let house = House::inhabited().await;
    let one = house.enter("operator").await;
    let no_code = secret("");
    let renewed = house.engine.prove(&one.session, secret(PASSWORD), &no_code);
    let renewed = renewed.await.unwrap().unwrap();
    let house = started_again(house).await;
    for _ in 0..2 {
        assert!(house.session(&renewed.token).await.is_some());
        house.pass(120);
    }
    let house = started_again(house).await;
    assert!(house.session(&renewed.token).await.is_some());
    assert!(told(&house).await.is_empty());
}

#[tokio::test]
async fn a_session_that_somebody_accepts_counts_again() {
    let life = Life::new().await;
    life.house.engine.sign_out(&life.one.session).await.unwrap();
    put_back(&life.house).await;
    assert!(life.house.session(&life.one.token).await.is_none());
    let row = RowName {
        rows: SignedRows::Sessions,
        name: life.one.session.caller.actor.session.clone(),
    };
    let system = Caller::system();
    let accepted = life.house.engine.accept_row(&system, &row, "restored");
    accepted.await.unwrap();
    assert!(life.house.session(&life.one.token).await.is_some());
    assert!(life.house.engine.forged_rows().is_empty());
}

#[tokio::test]
async fn an_end_by_time_is_told() {
    let house = House::inhabited().await;
    let one = house.enter("operator").await;
    house.pass(12 * 3600 + 1);
    assert_eq!(house.engine.sweep_sessions().await.unwrap(), 1);
    let event = house.events().await.pop().unwrap();
    assert_eq!(event.action, "session.expired");
    let name = &one.session.caller.actor.session;
    assert_eq!(event.detail["ended"]["sessions"][0], **name);
    assert_eq!(house.engine.sweep_sessions().await.unwrap(), 0);
}

async fn link(house: &House) -> SecretString {
    let made = house
        .engine
        .make_reset_link(&Caller::system(), "operator")
        .await;
    made.unwrap().code
}

#[tokio::test]
async fn a_link_that_was_used_or_replaced_and_is_back_sets_nothing() {
    for replaced in [true, false] {
        let house = House::inhabited().await;
        let code = link(&house).await;
        let owner = house.engine.reset_link_owner(&code).await.unwrap();
        assert_eq!(owner.as_deref(), Some("operator"));
        copy(&house).await;
        if replaced {
            link(&house).await;
        } else {
            let used = house.engine.use_reset_link(&code, secret(NEW), None).await;
            used.unwrap();
        }
        put_back(&house).await;
        let again = house
            .engine
            .use_reset_link(&code, secret(PASSWORD), None)
            .await;
        assert!(again.is_err(), "{again:?}");
        assert_eq!(house.engine.reset_link_owner(&code).await.unwrap(), None);
        assert_eq!(told(&house).await.len(), 1);
    }
}

#[tokio::test]
async fn a_recovery_code_that_was_used_or_replaced_and_is_back_is_wrong() {
    for replaced in [true, false] {
        let house = House::inhabited().await;
        let session = house.enter("operator").await.session;
        let (_, codes, entered) = set_up(&house, &session).await;
        copy(&house).await;
        let code = codes[0].expose_secret();
        if replaced {
            let renewed = house.engine.renew_recovery_codes(&entered.session).await;
            renewed.unwrap();
        } else {
            let used = sign_in(&house, "operator", PASSWORD, code).await;
            assert!(used.is_some());
        }
        put_back(&house).await;
        let again = sign_in(&house, "operator", PASSWORD, code).await;
        assert!(again.is_none(), "replaced: {replaced}");
        assert_eq!(told(&house).await.len(), 1, "replaced: {replaced}");
        let fresh = sign_in(&house, "operator", PASSWORD, codes[1].expose_secret()).await;
        assert_eq!(fresh.is_some(), !replaced);
    }
}

#[tokio::test]
async fn what_another_node_ended_is_asked_about_again() {
    if !crate::house::on_postgres() {
        return;
    }
    let life = Life::new().await;
    let keyring = life.house.engine.keyring().unwrap().clone();
    let store = open(&life.house.directory).await;
    let other = engine(store, Some(keyring), life.house.clock.clone());
    let enters = async || {
        other
            .authenticate_session(&life.one.token, None)
            .await
            .unwrap()
    };
    assert!(enters().await.is_some());
    other.look_through_rows().await.unwrap();
    life.house.engine.sign_out(&life.one.session).await.unwrap();
    // As the dispatcher does each second.
    other.look_through_rows().await.unwrap();
    put_back(&life.house).await;
    assert!(enters().await.is_none());
}
