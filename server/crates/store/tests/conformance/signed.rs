//! Rows that decide security: what somebody else changed is not believed.

use carillon_domain::reach::Area;
use carillon_domain::role::Role;
use carillon_store::{
    EgressRow, ForgedRow, NewToken, NewUser, SessionRow, SignedRows, Store, StoreError, TokenScope,
};

use crate::database::Database;
use crate::inventory::{at, site};

pub(crate) fn forged<T>(rows: SignedRows, name: &str) -> impl Fn(Result<T, StoreError>) -> bool {
    let row = ForgedRow {
        rows,
        name: name.to_owned(),
    };
    move |read| matches!(read, Err(StoreError::Forged(found)) if found == row)
}

async fn filled(store: &Store) {
    let mut unit = store.begin().await.unwrap();
    unit.insert_site(&site("berlin"), at(1)).await.unwrap();
    unit.insert_site(&site("hamburg"), at(1)).await.unwrap();
    for (id, name) in [("1", "anna"), ("2", "berta")] {
        let user = NewUser {
            id: id.to_owned(),
            name: name.to_owned(),
            role: Role::Operator,
            password: Some(vec![1, 2]),
        };
        unit.insert_user(&user, at(1)).await.unwrap();
    }
    let area = Area::of(["berlin", "hamburg"], []);
    let user = unit.user("1").await.unwrap().unwrap();
    let user = carillon_store::UserRow {
        scoped: true,
        ..user
    };
    unit.update_user(&user, at(2)).await.unwrap();
    unit.set_area("1", &area).await.unwrap();
    unit.insert_session(&session("1")).await.unwrap();
    unit.insert_token(&token("t")).await.unwrap();
    unit.set_area("t", &area).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
}

fn session(user: &str) -> SessionRow {
    SessionRow {
        id_hash: vec![7; 32],
        user_id: user.to_owned(),
        auth: "password".to_owned(),
        created_at: at(10),
        last_seen_at: at(10),
        proved_at: at(10),
        ip: String::new(),
        agent: String::new(),
    }
}

fn token(id: &str) -> NewToken {
    NewToken {
        id: id.to_owned(),
        token_hash: vec![9; 32],
        user_id: "1".to_owned(),
        label: "label".to_owned(),
        scope: TokenScope::Read,
        scoped: true,
        created_at: at(1),
        expires_at: Some(at(100)),
    }
}

/// Does each of these to the same row in turn, and puts back the column that it changed.
pub(crate) async fn each_is_noticed<F: Future<Output = bool>>(
    db: &Database,
    (table, row): (&str, &str),
    changes: &[(&str, &str)],
    noticed: impl Fn() -> F,
) {
    for (column, value) in changes {
        let keep = format!("CREATE TABLE kept AS SELECT {column} AS v FROM {table} WHERE {row}");
        db.raw(&keep).await.unwrap();
        let change = format!("UPDATE {table} SET {column} = {value} WHERE {row}");
        assert_eq!(db.raw(&change).await.unwrap(), 1, "{column}");
        assert!(noticed().await, "{column} = {value}");
        let back = format!("UPDATE {table} SET {column} = (SELECT v FROM kept) WHERE {row}");
        db.raw(&back).await.unwrap();
        db.raw("DROP TABLE kept").await.unwrap();
        assert!(!noticed().await, "{column} put back");
    }
    assert_eq!(db.store.forged_rows(), []);
}

pub(crate) async fn a_changed_account_is_not_believed(db: Database) {
    filled(&db.store).await;
    let changes = [
        ("role", "'admin'"),
        ("name", "'root'"),
        ("disabled", "(1 = 1)"),
        ("scoped", "(1 = 0)"),
        ("approver", "(1 = 1)"),
        ("password", "NULL"),
        ("password_version", "0"),
        ("factor", "password"),
        ("factor_version", "5"),
        ("version", "version + 1"),
        ("mac", "NULL"),
        ("mac", "password"),
        ("mac", "(SELECT o.mac FROM users o WHERE o.id = '2')"),
    ];
    each_is_noticed(&db, ("users", "id = '1'"), &changes, || async {
        let name = db.store.users().await.unwrap();
        let name = &name.iter().find(|user| user.id == "1").unwrap().name;
        let found = db.store.user("1").await;
        let by_name = db.store.user_by_name("anna").await;
        let session = db.store.session(&[7; 32]).await;
        let token = db.store.token_by_hash(&[9; 32]).await;
        let all = [
            forged(SignedRows::Accounts, name)(found),
            forged(SignedRows::Accounts, name)(by_name),
            forged(SignedRows::Accounts, name)(session),
            forged(SignedRows::Accounts, name)(token),
        ];
        assert!(all == [true; 4] || all == [false; 4], "{all:?}");
        all[0]
    })
    .await;
    // Another name to sign in with: the account itself says nothing of it.
    db.raw("UPDATE users SET name_key = 'bertha' WHERE id = '2'")
        .await
        .unwrap();
    let found = db.store.user_by_name("bertha").await;
    assert!(forged(SignedRows::Accounts, "berta")(found));
    // An area more, and one less.
    for change in [
        "DELETE FROM areas WHERE holder = '1' AND site = 'berlin'",
        "DELETE FROM areas WHERE holder = '1'",
        "INSERT INTO areas (holder, site) VALUES ('2', 'berlin')",
    ] {
        db.raw(change).await.unwrap();
        let id = if change.contains("'2'") { "2" } else { "1" };
        let found = db.store.user(id).await;
        assert!(matches!(found, Err(StoreError::Forged(_))), "{change}");
    }
    let made = "INSERT INTO users (id, name, name_key, role, created_at, updated_at) \
         VALUES ('3', 'eve', 'eve', 'admin', 0, 0)";
    db.raw(made).await.unwrap();
    let found = db.store.user_by_name("eve").await;
    assert!(forged(SignedRows::Accounts, "eve")(found));
    let told = db.store.untold_forged_rows();
    let names: Vec<_> = told.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["anna", "berta", "eve"]);
    assert_eq!(db.store.untold_forged_rows(), []);
    db.store.forged_rows_are_untold(&told);
    assert_eq!(db.store.untold_forged_rows(), told);
}

pub(crate) async fn a_changed_session_is_not_believed(db: Database) {
    filled(&db.store).await;
    let changes = [
        ("user_id", "'2'"),
        ("auth", "'oidc_mfa'"),
        ("created_at", "created_at + 1"),
        ("last_seen_at", "last_seen_at + 1"),
        ("proved_at", "proved_at + 1"),
        ("mac", "NULL"),
    ];
    each_is_noticed(&db, ("sessions", "1 = 1"), &changes, || async {
        let found = db.store.session(&[7; 32]).await;
        forged(SignedRows::Sessions, "07070707")(found)
    })
    .await;
    let stolen = "UPDATE sessions SET id_hash = mac";
    db.raw(stolen).await.unwrap();
    let hash = db.store.sessions(None).await.unwrap()[0].id_hash.clone();
    let found = db.store.session(&hash).await;
    assert!(matches!(found, Err(StoreError::Forged(_))));
    let mut unit = db.store.begin().await.unwrap();
    let renewed = unit.renew_session(&hash, &[8; 32], at(20)).await;
    assert!(matches!(renewed, Err(StoreError::Forged(_))));
    assert!(unit.delete_session(&hash).await.unwrap());
}

pub(crate) async fn a_changed_token_is_not_believed_and_can_be_revoked(db: Database) {
    filled(&db.store).await;
    let changes = [
        ("user_id", "'2'"),
        ("scope", "'manage'"),
        ("scoped", "(1 = 0)"),
        ("expires_at", "expires_at + 1"),
        ("expires_at", "NULL"),
        ("revoked_at", "5"),
        ("mac", "NULL"),
    ];
    each_is_noticed(&db, ("api_tokens", "id = 't'"), &changes, || async {
        let found = db.store.token_by_hash(&[9; 32]).await;
        forged(SignedRows::Tokens, "t")(found)
    })
    .await;
    db.raw("UPDATE api_tokens SET token_hash = mac")
        .await
        .unwrap();
    let mut unit = db.store.begin().await.unwrap();
    unit.revoke_token("t", at(20)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let token = db.store.token("t").await.unwrap().unwrap();
    assert_eq!(token.revoked_at, Some(at(20)));
    let rows = db.store.signed_rows(SignedRows::Tokens, None, 9).await;
    assert!(!db.store.is_genuine(&rows.unwrap()[0]));
}

pub(crate) async fn areas_go_with_their_site_and_codes_follow(db: Database) {
    filled(&db.store).await;
    let mut unit = db.store.begin().await.unwrap();
    assert!(unit.delete_site("berlin").await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    let left = Area::of(["hamburg"], []);
    let user = db.store.user("1").await.unwrap().unwrap();
    assert_eq!(user.area, left);
    let (token, _) = db.store.token_by_hash(&[9; 32]).await.unwrap().unwrap();
    assert_eq!(token.area, left);
    // Whoever was forged before is not made true by that.
    db.raw("UPDATE users SET role = 'admin' WHERE id = '1'")
        .await
        .unwrap();
    let mut unit = db.store.begin().await.unwrap();
    assert!(unit.delete_site("hamburg").await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    assert!(db.store.user("1").await.is_err());
    let rows = db.store.signed_rows(SignedRows::Tokens, None, 9).await;
    assert!(db.store.is_genuine(&rows.unwrap()[0]));
}

pub(crate) async fn a_change_of_a_forged_row_makes_it_no_better(db: Database) {
    filled(&db.store).await;
    db.raw("UPDATE users SET role = 'admin' WHERE id = '2'")
        .await
        .unwrap();
    let mut unit = db.store.begin().await.unwrap();
    let set = unit.set_password("2", vec![4], 2, at(3)).await;
    assert!(forged(SignedRows::Accounts, "berta")(set));
    let set = unit.set_factor("2", (vec![4], 1), 0, at(3)).await;
    assert!(forged(SignedRows::Accounts, "berta")(set));
    unit.set_area("2", &Area::of(["berlin"], [])).await.unwrap();
    unit.stamp_sign_in("2", at(3)).await.unwrap();
    assert!(unit.user("2").await.is_err());
    drop(unit);
    assert!(db.store.user("2").await.is_err());
    assert!(db.store.user("1").await.is_ok());
}

pub(crate) async fn a_changed_link_or_identity_is_not_believed(db: Database) {
    filled(&db.store).await;
    let mut unit = db.store.begin().await.unwrap();
    unit.put_reset_link("1", &[5; 32], at(100)).await.unwrap();
    let who = ("https://id.example", "subject one");
    unit.insert_identity(who, "1", at(1)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let changes = [
        ("user_id", "'2'"),
        ("expires_at", "expires_at + 1"),
        ("mac", "NULL"),
    ];
    each_is_noticed(&db, ("reset_links", "1 = 1"), &changes, || async {
        let found = db.store.reset_link(&[5; 32], at(50)).await;
        forged(SignedRows::ResetLinks, "05050505")(found)
    })
    .await;
    let changes = [("user_id", "'2'"), ("mac", "NULL")];
    each_is_noticed(&db, ("identities", "1 = 1"), &changes, || async {
        let mut unit = db.store.begin().await.unwrap();
        let found = unit.identity(who.0, who.1).await;
        forged(SignedRows::Identities, "https://id.example subject one")(found)
    })
    .await;
    let made = "INSERT INTO reset_links (code_hash, user_id, expires_at) \
         SELECT mac, '2', expires_at FROM reset_links";
    db.raw(made).await.unwrap();
    let rows = db.store.signed_rows(SignedRows::ResetLinks, None, 9).await;
    let rows = rows.unwrap();
    let genuine = rows.iter().filter(|row| db.store.is_genuine(row));
    assert_eq!((rows.len(), genuine.count()), (2, 1));
}

pub(crate) async fn a_changed_recovery_code_opens_nothing(db: Database) {
    filled(&db.store).await;
    let mut unit = db.store.begin().await.unwrap();
    let codes = [vec![3; 32], vec![4; 32]];
    unit.replace_recovery_codes("1", &codes).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let changes = [("user_id", "'2'"), ("code_hash", "mac"), ("mac", "NULL")];
    let row = if db.store.is_shared() {
        format!("code_hash = '\\x{}'::bytea", "03".repeat(32))
    } else {
        format!("code_hash = x'{}'", "03".repeat(32))
    };
    let row = format!("({row} OR code_hash = mac)");
    each_is_noticed(&db, ("recovery_codes", &row), &changes, || async {
        let mut unit = db.store.begin().await.unwrap();
        let others = unit.use_recovery_code("2", &codes[0]).await;
        assert!(!others.unwrap());
        // Dropped, it was not used.
        !unit.use_recovery_code("1", &codes[0]).await.unwrap()
    })
    .await;
}

pub(crate) async fn changed_networks_are_not_believed(db: Database) {
    assert_eq!(db.store.egress().await.unwrap(), None);
    let row = |version, networks: &[&str]| EgressRow {
        networks: networks.iter().map(|text| (*text).to_owned()).collect(),
        version,
        changed_by: "anna".to_owned(),
        changed_at: at(9),
    };
    let set = async |row: EgressRow, before| {
        let mut unit = db.store.begin().await.unwrap();
        let set = unit.set_egress(&row, before).await;
        unit.commit_bookkeeping().await.unwrap();
        set
    };
    let missing = set(row(2, &[]), 1).await;
    assert!(
        matches!(missing, Err(StoreError::Conflict)),
        "of a lost row"
    );
    set(row(1, &["10.0.0.0/8", "fd00::/8"]), 0).await.unwrap();
    for before in [0, 2] {
        let late = set(row(3, &[]), before).await;
        assert!(matches!(late, Err(StoreError::Conflict)), "{before}");
    }
    let found = db.store.egress().await.unwrap();
    assert_eq!(found, Some(row(1, &["10.0.0.0/8", "fd00::/8"])));
    let changes = [
        ("networks", "''"),
        ("version", "version + 1"),
        ("mac", "NULL"),
    ];
    each_is_noticed(&db, ("egress", "1 = 1"), &changes, || async {
        forged(SignedRows::Networks, "phones")(db.store.egress().await)
    })
    .await;
    db.raw("UPDATE egress SET networks = ''").await.unwrap();
    let over = set(row(2, &["10.0.0.0/8"]), 1).await;
    assert!(forged(SignedRows::Networks, "phones")(over));
}
