//! Accounts, sessions, tokens, delays, drafts and keys.

use carillon_domain::reach::Area;
use carillon_domain::role::Role;
use carillon_store::{
    DraftRow, IdempotencyKey, KeyUse, NewToken, NewUser, Order, Ordered, SavedView, SessionRow,
    SessionStanding, Store, StoreError, TokenScope,
};

use crate::database::Database;
use crate::inventory::at;

pub(crate) async fn add_user(store: &Store, id: &str, name: &str) {
    let mut unit = store.begin().await.unwrap();
    unit.insert_user(&new_user(id, name), at(1)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
}

fn new_user(id: &str, name: &str) -> NewUser {
    NewUser {
        id: id.to_owned(),
        name: name.to_owned(),
        role: Role::Operator,
        password: Some(vec![1, 2, 3]),
    }
}

pub(crate) async fn names_are_unique_without_regard_to_case(db: Database) {
    assert_eq!(db.store.count_users().await.unwrap(), 0);
    add_user(&db.store, "1", "Jörg").await;
    let mut unit = db.store.begin().await.unwrap();
    let taken = unit.insert_user(&new_user("2", "JÖRG"), at(2)).await;
    assert!(matches!(taken, Err(StoreError::Conflict)), "{taken:?}");
    drop(unit);
    let found = db.store.user_by_name("jÖrG").await.unwrap().unwrap();
    assert_eq!(
        (found.id.as_str(), found.name.as_str(), found.version),
        ("1", "Jörg", 1)
    );
    assert_eq!(db.store.users().await.unwrap(), [found]);
    assert_eq!(db.store.user("2").await.unwrap(), None);
}

pub(crate) async fn a_subject_of_an_issuer_is_one_account(db: Database) {
    add_user(&db.store, "1", "a").await;
    add_user(&db.store, "2", "b").await;
    let (here, there) = (("https://a", "7"), ("https://b", "7"));
    let mut unit = db.store.begin().await.unwrap();
    unit.insert_identity(here, "1", at(3)).await.unwrap();
    unit.insert_identity(there, "2", at(3)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let mut unit = db.store.begin().await.unwrap();
    let found = unit.identity(here.0, here.1).await.unwrap();
    assert_eq!(found.as_deref(), Some("1"));
    let found = unit.identity(there.0, there.1).await.unwrap();
    assert_eq!(found.as_deref(), Some("2"));
    assert_eq!(unit.identity(here.0, "8").await.unwrap(), None);
    let taken = unit.insert_identity(here, "2", at(4)).await;
    assert!(matches!(taken, Err(StoreError::Conflict)), "{taken:?}");
}

pub(crate) async fn passwords_count_their_changes(db: Database) {
    add_user(&db.store, "1", "a").await;
    let mut unit = db.store.begin().await.unwrap();
    unit.set_password("1", vec![9], 2, at(3)).await.unwrap();
    let again = unit.set_password("1", vec![8], 2, at(4)).await;
    assert!(matches!(again, Err(StoreError::Conflict)));
    unit.stamp_sign_in("1", at(5)).await.unwrap();
    assert_eq!(unit.count_active(Role::Operator).await.unwrap(), 1);
    unit.lock_administrators().await.unwrap();
    let mut user = unit.user("1").await.unwrap().unwrap();
    assert_eq!(
        (user.password.clone(), user.password_version),
        (Some(vec![9]), 2)
    );
    assert_eq!(user.last_sign_in_at, Some(at(5)));
    user.disabled = true;
    user.role = Role::Viewer;
    unit.update_user(&user, at(6)).await.unwrap();
    let old = unit.update_user(&user, at(7)).await;
    assert!(matches!(old, Err(StoreError::Conflict)));
    assert_eq!(unit.count_active(Role::Viewer).await.unwrap(), 0);
    unit.commit_bookkeeping().await.unwrap();
    let user = db.store.user("1").await.unwrap().unwrap();
    assert!(user.disabled);
    assert_eq!((user.role, user.updated_at), (Role::Viewer, at(6)));
}

pub(crate) fn session(hash: u8, user: &str) -> SessionRow {
    SessionRow {
        id_hash: vec![hash; 32],
        user_id: user.to_owned(),
        auth: "password".to_owned(),
        created_at: at(10),
        last_seen_at: at(10),
        proved_at: at(10),
        ip: "10.0.0.1".to_owned(),
        agent: "curl".to_owned(),
    }
}

pub(crate) async fn sessions_end_with_their_account(db: Database) {
    add_user(&db.store, "1", "a").await;
    add_user(&db.store, "2", "b").await;
    let mut unit = db.store.begin().await.unwrap();
    for (hash, user) in [(1, "1"), (2, "1"), (3, "2"), (4, "2")] {
        unit.insert_session(&session(hash, user)).await.unwrap();
    }
    unit.touch_session(&session(2, "1"), at(50)).await.unwrap();
    let order = unit.set_order(Order::SecondFactor, Some("admins")).await;
    order.unwrap();
    unit.commit_bookkeeping().await.unwrap();

    let standing = db.store.session(&[2; 32]).await.unwrap();
    let SessionStanding {
        session: found,
        user,
        demanded,
    } = standing.unwrap();
    let admins = Ordered::As(Some("admins".to_owned()));
    assert_eq!((&user.area, demanded), (&Area::default(), admins));
    assert_eq!((found.last_seen_at, user.name.as_str()), (at(50), "a"));
    assert_eq!(
        db.store.sessions(Some("1")).await.unwrap()[0].id_hash,
        [2; 32]
    );
    assert_eq!(db.store.sessions(None).await.unwrap().len(), 4);

    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(
        unit.delete_sessions_of("2", Some(&[4; 32])).await.unwrap(),
        1
    );
    assert_eq!(unit.delete_old_sessions(at(20), at(5)).await.unwrap(), 2);
    assert!(unit.delete_session(&[2; 32]).await.unwrap());
    assert!(!unit.delete_session(&[2; 32]).await.unwrap());
    unit.insert_session(&session(5, "1")).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(db.raw("DELETE FROM users").await.unwrap(), 2);
    assert!(db.store.sessions(None).await.unwrap().is_empty());
}

pub(crate) async fn tokens_are_found_by_hash_and_revoked_once(db: Database) {
    add_user(&db.store, "1", "a").await;
    let token = |id: &str, hash: u8| NewToken {
        id: id.to_owned(),
        token_hash: vec![hash; 32],
        user_id: "1".to_owned(),
        label: format!("label {id}"),
        scope: TokenScope::Run,
        scoped: false,
        created_at: at(1),
        expires_at: Some(at(100)),
    };
    let mut unit = db.store.begin().await.unwrap();
    unit.insert_token(&token("x", 1)).await.unwrap();
    unit.insert_token(&token("y", 2)).await.unwrap();
    unit.insert_token(&token("z", 3)).await.unwrap();
    unit.touch_token("x", at(7)).await.unwrap();
    unit.revoke_token("y", at(8)).await.unwrap();
    let again = unit.revoke_token("y", at(9)).await;
    assert!(matches!(again, Err(StoreError::Conflict)));
    let named = |id: &str| (id.to_owned(), format!("label {id}"));
    let revoked = unit.revoke_tokens_of("1", at(11)).await.unwrap();
    assert_eq!(revoked, [named("x"), named("z")]);
    assert_eq!(unit.revoke_tokens_of("1", at(12)).await.unwrap(), []);
    unit.commit_bookkeeping().await.unwrap();
    let (found, user) = db.store.token_by_hash(&[1; 32]).await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), user.id.as_str()), ("x", "1"));
    assert_eq!(
        (found.last_used_at, found.revoked_at),
        (Some(at(7)), Some(at(11)))
    );
    assert_eq!(found.expires_at, Some(at(100)));
    assert_eq!(
        db.store.token("y").await.unwrap().unwrap().revoked_at,
        Some(at(8))
    );
    assert_eq!(db.store.tokens(Some("1")).await.unwrap().len(), 3);
    assert_eq!(db.store.tokens(None).await.unwrap().len(), 3);
    assert_eq!(db.store.token_by_hash(&[9; 32]).await.unwrap(), None);
}

pub(crate) async fn failures_are_counted_and_forgotten(db: Database) {
    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(
        unit.count_failure("10.0.0.1", at(1))
            .await
            .unwrap()
            .failures,
        1
    );
    let second = unit.count_failure("10.0.0.1", at(2)).await.unwrap();
    assert_eq!(
        (second.failures, second.last_at, second.until),
        (2, at(2), at(1))
    );
    unit.set_throttle_until("10.0.0.1", at(60)).await.unwrap();
    unit.forgive_failure("10.0.0.1").await.unwrap();
    unit.count_failure("old", at(0)).await.unwrap();
    assert!(unit.has_throttles(2).await.unwrap());
    assert!(!unit.has_throttles(3).await.unwrap());
    assert!(unit.has_throttle("old").await.unwrap());
    assert_eq!(unit.delete_old_throttles(at(1)).await.unwrap(), 1);
    assert!(!unit.has_throttle("old").await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    let kept = db.store.throttle("10.0.0.1").await.unwrap().unwrap();
    assert_eq!((kept.failures, kept.until), (1, at(60)));
    let mut unit = db.store.begin().await.unwrap();
    unit.clear_throttle("10.0.0.1").await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(db.store.throttle("10.0.0.1").await.unwrap(), None);
}

pub(crate) async fn a_draft_is_taken_once_by_its_owner(db: Database) {
    add_user(&db.store, "1", "a").await;
    add_user(&db.store, "2", "b").await;
    let mut draft = DraftRow {
        id: "d".to_owned(),
        user_id: "1".to_owned(),
        kind: "import".to_owned(),
        sealed: vec![7; 100_000],
        created_at: at(1),
        expires_at: at(100),
    };
    let mut unit = db.store.begin().await.unwrap();
    unit.put_draft(&draft).await.unwrap();
    draft.sealed = vec![8; 10];
    unit.put_draft(&draft).await.unwrap();
    let stolen = DraftRow {
        user_id: "2".to_owned(),
        ..draft.clone()
    };
    assert!(matches!(
        unit.put_draft(&stolen).await,
        Err(StoreError::Conflict)
    ));
    unit.commit_bookkeeping().await.unwrap();

    assert_eq!(db.store.draft("d", "2", at(2)).await.unwrap(), None);
    assert_eq!(db.store.draft("d", "1", at(100)).await.unwrap(), None);
    assert_eq!(
        db.store.draft("d", "1", at(2)).await.unwrap(),
        Some(draft.clone())
    );
    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(unit.take_draft("d", "2", at(2)).await.unwrap(), None);
    assert_eq!(
        unit.take_draft("d", "1", at(2)).await.unwrap(),
        Some(draft.clone())
    );
    assert_eq!(unit.take_draft("d", "1", at(2)).await.unwrap(), None);
    unit.put_draft(&draft).await.unwrap();
    assert_eq!(unit.delete_old_drafts(at(99)).await.unwrap(), 0);
    assert_eq!(unit.delete_old_drafts(at(100)).await.unwrap(), 1);
    unit.commit_bookkeeping().await.unwrap();
}

pub(crate) async fn the_drafts_that_were_touched_last_are_kept(db: Database) {
    add_user(&db.store, "1", "a").await;
    add_user(&db.store, "2", "b").await;
    let draft = |id: &str, user: &str, kind: &str, until: i64| DraftRow {
        id: id.to_owned(),
        user_id: user.to_owned(),
        kind: kind.to_owned(),
        sealed: vec![7],
        created_at: at(1),
        expires_at: at(until),
    };
    let mut unit = db.store.begin().await.unwrap();
    for kept in [
        draft("a", "1", "run", 100),
        draft("b", "1", "run", 101),
        draft("c", "1", "run", 102),
        draft("a", "1", "run", 103),
        draft("d", "1", "import", 90),
        draft("e", "2", "run", 90),
    ] {
        unit.put_draft(&kept).await.unwrap();
    }
    assert_eq!(unit.trim_drafts("1", "run", 3).await.unwrap(), 0);
    assert_eq!(unit.trim_drafts("1", "run", 2).await.unwrap(), 1);
    unit.commit_bookkeeping().await.unwrap();
    for (id, user, kept) in [
        ("a", "1", true),
        ("b", "1", false),
        ("c", "1", true),
        ("d", "1", true),
        ("e", "2", true),
    ] {
        let found = db.store.draft(id, user, at(2)).await.unwrap();
        assert_eq!(found.is_some(), kept, "{id}");
    }
}

pub(crate) async fn a_view_belongs_to_one_account(db: Database) {
    let view = |slug: &str, query: &str| SavedView {
        slug: slug.to_owned(),
        name: slug.to_uppercase(),
        query: query.to_owned(),
        created_at: at(3),
    };
    for id in ["1", "2"] {
        add_user(&db.store, id, id).await;
    }
    let mut unit = db.store.begin().await.unwrap();
    unit.put_saved_view("1", &view("kiel", "q=a"))
        .await
        .unwrap();
    unit.put_saved_view("1", &view("kiel", "site=kiel"))
        .await
        .unwrap();
    unit.put_saved_view("1", &view("away", "state=offline"))
        .await
        .unwrap();
    assert!(!unit.delete_saved_view("2", "kiel").await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    let mine = db.store.saved_views("1").await.unwrap();
    assert_eq!(
        mine,
        [view("away", "state=offline"), view("kiel", "site=kiel")]
    );
    assert_eq!(db.store.saved_views("2").await.unwrap(), []);
    let choices = db.store.phone_choices(Some("1")).await.unwrap();
    let kept = choices.views.iter();
    let kept: Vec<_> = kept
        .map(|list| (&*list.slug, &*list.name, &*list.query))
        .collect();
    let expected = [
        ("away", "AWAY", "state=offline"),
        ("kiel", "KIEL", "site=kiel"),
    ];
    assert_eq!(kept, expected);
    let mut unit = db.store.begin().await.unwrap();
    assert!(unit.delete_saved_view("1", "kiel").await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(db.store.saved_views("1").await.unwrap().len(), 1);
}

pub(crate) async fn a_key_is_good_for_one_request(db: Database) {
    crate::jobs::add_job(&db.store, "j1", &[1]).await;
    crate::jobs::add_job(&db.store, "j2", &[2]).await;
    let key = |body: u8| IdempotencyKey {
        user_id: "1".to_owned(),
        key: "k".to_owned(),
        body_hash: vec![body; 32],
    };
    assert_eq!(
        db.store.key_use(&key(1), at(0)).await.unwrap(),
        KeyUse::Fresh
    );
    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(
        unit.use_key(&key(1), "j1", at(0), at(10)).await.unwrap(),
        KeyUse::Fresh
    );
    let same = KeyUse::SameRequest("j1".to_owned());
    assert_eq!(
        unit.use_key(&key(1), "j2", at(0), at(11)).await.unwrap(),
        same
    );
    assert_eq!(
        unit.use_key(&key(2), "j2", at(0), at(11)).await.unwrap(),
        KeyUse::OtherRequest
    );
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(db.store.key_use(&key(1), at(0)).await.unwrap(), same);
    assert_eq!(
        db.store.key_use(&key(2), at(0)).await.unwrap(),
        KeyUse::OtherRequest
    );

    let mut unit = db.store.begin().await.unwrap();
    let after_a_day = unit.use_key(&key(2), "j2", at(11), at(12)).await.unwrap();
    assert_eq!(after_a_day, KeyUse::Fresh);
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(
        db.store.key_use(&key(2), at(11)).await.unwrap(),
        KeyUse::SameRequest("j2".to_owned())
    );
    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(unit.delete_old_keys(at(20)).await.unwrap(), 1);
    unit.commit_bookkeeping().await.unwrap();
}

pub(crate) async fn a_step_and_a_recovery_code_are_used_once(db: Database) {
    add_user(&db.store, "1", "a").await;
    let mut unit = db.store.begin().await.unwrap();
    unit.set_factor("1", (vec![9], 1), 100, at(2))
        .await
        .unwrap();
    let again = unit.set_factor("1", (vec![8], 1), 100, at(2)).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    for (version, step, taken) in [
        (1, 100, false),
        (2, 101, false),
        (1, 101, true),
        (1, 101, false),
    ] {
        let used = unit.use_factor_step("1", version, step).await.unwrap();
        assert_eq!(used, taken, "{version} {step}");
    }
    unit.replace_recovery_codes("1", &[vec![1], vec![2]])
        .await
        .unwrap();
    assert!(!unit.use_recovery_code("2", &[1]).await.unwrap());
    assert!(unit.use_recovery_code("1", &[1]).await.unwrap());
    assert!(!unit.use_recovery_code("1", &[1]).await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    let user = db.store.user("1").await.unwrap().unwrap();
    assert_eq!((user.factor, user.factor_version), (Some(vec![9]), 1));
    assert_eq!(db.store.count_recovery_codes("1").await.unwrap(), 1);

    let mut unit = db.store.begin().await.unwrap();
    assert!(unit.clear_factor("1", at(3)).await.unwrap());
    assert!(!unit.clear_factor("1", at(3)).await.unwrap());
    assert!(!unit.use_factor_step("1", 1, 200).await.unwrap());
    unit.set_factor("1", (vec![7], 2), 1, at(4)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(db.store.count_recovery_codes("1").await.unwrap(), 0);
}

pub(crate) async fn a_reset_link_works_once_until_its_end(db: Database) {
    add_user(&db.store, "1", "a").await;
    let mut unit = db.store.begin().await.unwrap();
    unit.put_reset_link("1", &[1], at(100)).await.unwrap();
    unit.put_reset_link("1", &[2], at(100)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(db.store.reset_link(&[1], at(50)).await.unwrap(), None);
    assert_eq!(db.store.reset_link(&[2], at(100)).await.unwrap(), None);
    let owner = db.store.reset_link(&[2], at(99)).await.unwrap();
    assert_eq!(owner.as_deref(), Some("1"));
    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(unit.take_reset_link(&[2], at(100)).await.unwrap(), None);
    let taken = unit.take_reset_link(&[2], at(99)).await.unwrap();
    assert_eq!(taken.as_deref(), Some("1"));
    assert_eq!(unit.take_reset_link(&[2], at(99)).await.unwrap(), None);
}

pub(crate) async fn a_session_goes_on_under_another_id_and_the_oldest_end(db: Database) {
    add_user(&db.store, "1", "a").await;
    let mut unit = db.store.begin().await.unwrap();
    for hash in 1..=4 {
        unit.insert_session(&session(hash, "1")).await.unwrap();
        unit.touch_session(&session(hash, "1"), at(10 + i64::from(hash)))
            .await
            .unwrap();
    }
    assert!(
        unit.renew_session(&[1; 32], &[9; 32], at(60))
            .await
            .unwrap()
    );
    assert!(
        !unit
            .renew_session(&[1; 32], &[8; 32], at(60))
            .await
            .unwrap()
    );
    assert_eq!(unit.delete_sessions_beyond("1", 2).await.unwrap(), 2);
    assert_eq!(unit.delete_sessions_beyond("1", 2).await.unwrap(), 0);
    unit.commit_bookkeeping().await.unwrap();
    let renewed = db.store.session(&[9; 32]).await.unwrap();
    let renewed = renewed.unwrap().session;
    assert_eq!((renewed.proved_at, renewed.last_seen_at), (at(60), at(60)));
    assert_eq!(renewed.created_at, at(10));
    let left = db.store.sessions(Some("1")).await.unwrap();
    let left: Vec<u8> = left.iter().map(|row| row.id_hash[0]).collect();
    assert_eq!(left, [9, 4]);
}
