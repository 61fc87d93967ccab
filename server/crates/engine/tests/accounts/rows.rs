//! Rows that decide security and that somebody changed in the database itself.

use carillon_domain::event::EventResult;
use carillon_domain::phone::{Site, TransportSecurity};
use carillon_domain::reach::Area;
use carillon_domain::role::Role;
use carillon_engine::accounts::{Access, IssuedToken, NewToken, TokenScope};
use carillon_engine::rows::{RowName, SignedRows, adopt_rows, look_at_rows};
use carillon_engine::{Caller, EngineError};
use carillon_store::Store;
use serde_json::json;

use crate::house::{House, PASSWORD, engine, open};

fn row(rows: SignedRows, name: &str) -> RowName {
    RowName {
        rows,
        name: name.to_owned(),
    }
}

async fn token(house: &House, name: &str) -> IssuedToken {
    let new = NewToken {
        user: Some(name.to_owned()),
        label: "nightly".to_owned(),
        scope: TokenScope::Read,
        lifetime: None,
        area: None,
    };
    let made = house.engine.create_token(&Caller::system(), new).await;
    made.unwrap()
}

/// The rows of which the log says that they are forged, in its order.
async fn told(house: &House) -> Vec<String> {
    let events = house.events().await;
    let forged = events.iter().filter(|event| event.action == "row.forged");
    forged
        .map(|event| {
            assert_eq!(event.result, EventResult::Failed);
            event.detail["row"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[tokio::test]
async fn whoever_gives_an_account_more_in_the_database_takes_everything_from_it() {
    for change in [
        "UPDATE users SET role = 'admin' WHERE name = 'viewer'",
        "UPDATE users SET approver = (1 = 1) WHERE name = 'viewer'",
        "UPDATE users SET disabled = (1 = 1) WHERE name = 'viewer'",
        "UPDATE users SET factor = password WHERE name = 'viewer'",
        "UPDATE users SET mac = NULL WHERE name = 'viewer'",
    ] {
        let house = House::inhabited().await;
        let session = house.enter("viewer").await;
        let bearer = token(&house, "viewer").await;
        assert!(house.session(&session.token).await.is_some());
        house.raw(change).await;
        assert!(house.session(&session.token).await.is_none(), "{change}");
        let bearer = house.engine.authenticate_token(&bearer.token, None).await;
        assert!(bearer.unwrap().is_none(), "{change}");
        assert!(house.try_password("viewer", PASSWORD).await.is_none());
        assert!(!house.engine.session_lives(&session.session).await.unwrap());
        assert_eq!(told(&house).await, ["viewer"], "{change}");
        let forged = [row(SignedRows::Accounts, "viewer")];
        assert_eq!(house.engine.forged_rows(), forged);
        // The others go on.
        house.enter("operator").await;
    }
}

#[tokio::test]
async fn an_account_that_nobody_made_cannot_sign_in() {
    let house = House::inhabited().await;
    house
        .raw(
            "INSERT INTO users (id, name, name_key, role, password, password_version, created_at, \
             updated_at) SELECT 'x', 'eve', 'eve', 'admin', password, password_version, 0, 0 \
             FROM users WHERE name = 'admin'",
        )
        .await;
    assert!(house.try_password("eve", PASSWORD).await.is_none());
    assert_eq!(told(&house).await, ["eve"]);
}

#[tokio::test]
async fn a_forged_row_that_is_gone_is_told_no_more() {
    let house = House::inhabited().await;
    house
        .raw(
            "INSERT INTO users (id, name, name_key, role, password, password_version, created_at, \
             updated_at) SELECT 'x', 'eve', 'eve', 'admin', password, password_version, 0, 0 \
             FROM users WHERE name = 'admin'",
        )
        .await;
    let looked = house.engine.look_through_rows().await.unwrap();
    assert_eq!(looked.forged, [row(SignedRows::Accounts, "eve")]);
    assert_eq!(house.engine.forged_rows(), looked.forged);
    house.raw("DELETE FROM users WHERE id = 'x'").await;
    let looked = house.engine.look_through_rows().await.unwrap();
    assert!(looked.forged.is_empty() && house.engine.forged_rows().is_empty());
}

#[tokio::test]
async fn a_reach_that_somebody_widens_is_none() {
    let house = House::inhabited().await;
    let mut unit = house.engine.store.begin().await.unwrap();
    for slug in ["berlin", "hamburg"] {
        let site = Site {
            slug: slug.to_owned(),
            name: slug.to_owned(),
            transport_security: TransportSecurity::Pinned,
            ca_pem: None,
            credential: None,
            max_down_percent: 100,
        };
        unit.insert_site(&site, house.clock.now()).await.unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
    let system = Caller::system();
    let viewer = house.engine.find_user(&system, "viewer").await.unwrap();
    let access = Access {
        role: Role::Viewer,
        area: Some(Area::of(["berlin"], [])),
        approver: false,
    };
    let narrowed = house
        .engine
        .change_access(&system, "viewer", &access, viewer.version);
    narrowed.await.unwrap();
    let session = house.enter("viewer").await;
    assert!(house.session(&session.token).await.is_some());
    house
        .raw("INSERT INTO areas (holder, site) SELECT id, 'hamburg' FROM users WHERE name = 'viewer'")
        .await;
    assert!(house.session(&session.token).await.is_none());
    assert_eq!(told(&house).await, ["viewer"]);
}

#[tokio::test]
async fn a_link_that_nobody_made_sets_no_password() {
    let house = House::inhabited().await;
    let system = Caller::system();
    let link = house.engine.make_reset_link(&system, "viewer").await;
    let link = link.unwrap();
    house
        .raw("UPDATE reset_links SET user_id = (SELECT id FROM users WHERE name = 'admin')")
        .await;
    let owner = house.engine.reset_link_owner(&link.code).await;
    assert_eq!(owner.unwrap(), None);
    assert_eq!(told(&house).await.len(), 1);
    let new = crate::house::secret("another evening rings");
    let used = house.engine.use_reset_link(&link.code, new, None).await;
    assert!(matches!(used, Err(EngineError::NotFound)), "{used:?}");
    house.enter("admin").await;
}

#[tokio::test]
async fn a_session_that_nobody_began_is_none() {
    for change in [
        "UPDATE sessions SET user_id = (SELECT id FROM users WHERE name = 'admin')",
        "UPDATE sessions SET proved_at = proved_at + 1",
        "UPDATE sessions SET created_at = created_at + 1",
        "UPDATE sessions SET last_seen_at = last_seen_at + 1",
        "UPDATE sessions SET mac = NULL",
    ] {
        let house = House::inhabited().await;
        let session = house.enter("viewer").await;
        house.raw(change).await;
        assert!(house.session(&session.token).await.is_none(), "{change}");
        assert_eq!(told(&house).await.len(), 1, "{change}");
        // Signing in anew helps.
        let anew = house.enter("viewer").await;
        assert!(house.session(&anew.token).await.is_some(), "{change}");
    }
}

#[tokio::test]
async fn a_token_that_somebody_widens_opens_nothing_and_can_be_revoked() {
    for change in [
        "UPDATE api_tokens SET scope = 'manage'",
        "UPDATE api_tokens SET expires_at = NULL",
        "UPDATE api_tokens SET user_id = (SELECT id FROM users WHERE name = 'admin')",
        "UPDATE api_tokens SET mac = NULL",
    ] {
        let house = House::inhabited().await;
        let issued = token(&house, "operator").await;
        house.raw(change).await;
        let found = house.engine.authenticate_token(&issued.token, None).await;
        assert!(found.unwrap().is_none(), "{change}");
        assert_eq!(told(&house).await, [issued.info.id.as_str()], "{change}");
        let system = Caller::system();
        let revoked = house.engine.revoke_token(&system, &issued.info.id).await;
        revoked.unwrap();
    }
}

#[tokio::test]
async fn a_revoked_token_stays_revoked() {
    let house = House::inhabited().await;
    let issued = token(&house, "operator").await;
    let system = Caller::system();
    let revoked = house.engine.revoke_token(&system, &issued.info.id).await;
    revoked.unwrap();
    house.raw("UPDATE api_tokens SET revoked_at = NULL").await;
    let found = house.engine.authenticate_token(&issued.token, None).await;
    assert!(found.unwrap().is_none());
    assert_eq!(told(&house).await, [issued.info.id.as_str()]);
}

#[tokio::test]
async fn who_accepts_a_token_tells_what_counts_from_then_on() {
    let house = House::inhabited().await;
    let issued = token(&house, "operator").await;
    house
        .raw("UPDATE api_tokens SET scope = 'run', expires_at = NULL")
        .await;
    let row = row(SignedRows::Tokens, &issued.info.id);
    house.engine.look_through_rows().await.unwrap();
    let system = Caller::system();
    let accepted = house.engine.accept_row(&system, &row, "why");
    accepted.await.unwrap();
    let events = house.events().await;
    let accepted = events.iter().find(|event| event.action == "row.accepted");
    assert_eq!(
        accepted.unwrap().detail,
        json!({
            "rows": "token", "row": issued.info.id, "user": "operator", "scope": "run",
            "expires_at": null, "revoked": false,
        })
    );
}

#[tokio::test]
async fn nothing_makes_a_forged_account_true_but_whoever_accepts_it() {
    let house = House::inhabited().await;
    house
        .raw("UPDATE users SET role = 'admin' WHERE name = 'viewer'")
        .await;
    let system = Caller::system();
    let engine = &house.engine;
    let refused = [
        engine.disable_user(&system, "viewer").await,
        engine
            .reset_password(&system, "viewer", crate::house::secret(PASSWORD))
            .await,
        engine.change_role(&system, "viewer", Role::Admin, 1).await,
    ];
    for refused in refused {
        let Err(EngineError::Conflict(why)) = refused else {
            panic!("{refused:?}")
        };
        assert!(why.contains("changed outside Carillon"), "{why}");
    }
    let looked = engine.look_through_rows().await.unwrap();
    let viewer = row(SignedRows::Accounts, "viewer");
    assert_eq!(looked.forged, std::slice::from_ref(&viewer));
    assert_eq!(told(&house).await, ["viewer"]);
    // Nobody is told twice.
    engine.look_through_rows().await.unwrap();
    assert_eq!(told(&house).await, ["viewer"]);

    let unexplained = engine.accept_row(&system, &viewer, " ").await;
    assert!(matches!(unexplained, Err(EngineError::Invalid(_))));
    let operator = row(SignedRows::Accounts, "operator");
    let genuine = engine.accept_row(&system, &operator, "why").await;
    assert!(matches!(genuine, Err(EngineError::NotFound)));
    let accepted = engine.accept_row(&system, &viewer, "restored by hand");
    accepted.await.unwrap();
    assert_eq!(engine.forged_rows(), []);
    house.enter("viewer").await;
    let accepted = house.events().await;
    let accepted = accepted.iter().find(|event| event.action == "row.accepted");
    let accepted = accepted.unwrap();
    assert_eq!(accepted.reason, "restored by hand");
    assert_eq!(
        accepted.detail,
        json!({
            "rows": "account", "row": "viewer", "role": "admin", "approver": false, "disabled": false,
        })
    );
}

/// A house whose rows were written before there were signatures.
async fn before_signatures() -> House {
    let house = House::inhabited().await;
    house.enter("viewer").await;
    token(&house, "viewer").await;
    for table in ["users", "sessions", "api_tokens"] {
        house.raw(&format!("UPDATE {table} SET mac = NULL")).await;
    }
    house
}

async fn adopt(house: &House) {
    let keyring = house.engine.keyring().unwrap();
    let adopted = adopt_rows(&house.engine.store, keyring, house.clock.now()).await;
    adopted.unwrap();
}

#[tokio::test]
async fn rows_from_before_are_signed_once() {
    let house = before_signatures().await;
    assert!(house.try_password("viewer", PASSWORD).await.is_none());
    adopt(&house).await;
    house.enter("viewer").await;
    let counts = json!({ "account": 4, "session": 1, "token": 1 });
    let signed = |events: Vec<carillon_domain::event::Event>| {
        let signed = events.into_iter().filter(|e| e.action == "rows.signed");
        signed.map(|e| e.detail["rows"].clone()).collect::<Vec<_>>()
    };
    let first = signed(house.events().await);
    assert_eq!(first.len(), 1);
    for (kind, count) in counts.as_object().unwrap() {
        assert_eq!(first[0][kind], *count, "{kind}");
    }
    // Whoever takes the codes away, and the note that there were some, gets none back.
    house
        .raw("UPDATE users SET mac = NULL, role = 'admin'")
        .await;
    house
        .raw("DELETE FROM meta WHERE key LIKE 'rows_signed:%'")
        .await;
    adopt(&house).await;
    assert!(house.try_password("viewer", PASSWORD).await.is_none());
    assert_eq!(signed(house.events().await), first);
    assert!(
        told(&house)
            .await
            .contains(&"rows_signed:account".to_owned())
    );
}

#[tokio::test]
async fn normal_life_leaves_every_row_genuine() {
    let house = House::inhabited().await;
    let system = Caller::system();
    let engine = &house.engine;
    let session = house.enter("viewer").await;
    house.pass(90);
    assert!(house.session(&session.token).await.is_some());
    token(&house, "viewer").await;
    engine.disable_user(&system, "operator").await.unwrap();
    engine.enable_user(&system, "operator").await.unwrap();
    let new = crate::house::secret("another evening rings");
    engine.reset_password(&system, "viewer", new).await.unwrap();
    let looked = engine.look_through_rows().await.unwrap();
    assert_eq!(looked.forged, []);
    assert!(looked.genuine >= 5, "{looked:?}");
}

#[tokio::test]
async fn rows_follow_the_key_and_hold_the_old_one_until_they_did() {
    let house = House::inhabited().await;
    let system = Caller::system();
    let engine = &house.engine;
    let session = house.enter("viewer").await;
    let before = engine.keyring().unwrap().active();
    let fresh = engine.add_key(&system).await.unwrap();
    engine.activate_key(&system, fresh).await.unwrap();
    assert!(house.session(&session.token).await.is_some());
    let early = engine.retire_key(&system, before).await;
    assert!(matches!(early, Err(EngineError::Conflict(_))), "{early:?}");
    let forged = "UPDATE users SET role = 'admin' WHERE name = 'auditor'";
    house.raw(forged).await;
    let done = engine.rewrap(&system, |_| {}).await.unwrap();
    assert_eq!(done.unreadable, ["account: auditor"]);
    assert_eq!(done.rows, 7, "with three orders");
    assert!(house.session(&session.token).await.is_some());
    let auditor = row(SignedRows::Accounts, "auditor");
    engine.accept_row(&system, &auditor, "why").await.unwrap();
    engine.retire_key(&system, before).await.unwrap();
    assert!(house.session(&session.token).await.is_some());
    assert_eq!(engine.look_through_rows().await.unwrap().forged, []);
}

#[tokio::test]
async fn who_verifies_with_the_keys_finds_a_forged_row() {
    let house = House::inhabited().await;
    let keyring = house.engine.keyring().unwrap().clone();
    let look = async || {
        let store: Store = open(&house.directory).await;
        let looked = look_at_rows(&store, &keyring).await.unwrap().unwrap();
        store.close().await;
        looked.forged
    };
    assert_eq!(look().await, []);
    house
        .raw("UPDATE users SET role = 'admin' WHERE name = 'viewer'")
        .await;
    assert_eq!(look().await, [row(SignedRows::Accounts, "viewer")]);
    // An engine over the same database judges for itself.
    let again = engine(
        open(&house.directory).await,
        Some(keyring.clone()),
        house.clock.clone(),
    );
    let looked = again.look_through_rows().await.unwrap();
    assert_eq!(looked.forged, [row(SignedRows::Accounts, "viewer")]);
}
