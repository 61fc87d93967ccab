//! Accounts.
//!
//! Owns the table `users`. Names are unique without regard to case. *Invariant:* but for lists an
//! account that is not as Carillon wrote it is an error.

use carillon_domain::look::{Density, Look, Theme};
use carillon_domain::reach::Area;
use carillon_domain::role::Role;
use carillon_domain::{Language, Timestamp};

use crate::conn::Conn;
use crate::error::{Result, StoreError};
use crate::reach::{area_in, push_areas};
use crate::row::Row;
use crate::signed::{Facts, SignedRows, Trust};
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// One account.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Identity.
    pub id: String,
    /// What one signs in with, as written.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The sealed password hash; `None` = cannot sign in with a password.
    pub password: Option<Vec<u8>>,
    /// Counts the changes of the password; part of what the seal covers.
    pub password_version: i64,
    /// Cannot sign in, nor can its tokens.
    pub disabled: bool,
    /// Reaches only what its areas name.
    pub scoped: bool,
    /// May let dangerous jobs of others run.
    pub approver: bool,
    /// The sealed secret of its second factor; `None` = it has none.
    pub factor: Option<Vec<u8>>,
    /// Counts the second factors that it had; part of what the seal covers.
    pub factor_version: i64,
    /// For edits.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When somebody last signed in.
    pub last_sign_in_at: Option<Timestamp>,
    /// The language of its pages; `None` = the one that the browser asks for.
    pub language: Option<Language>,
    /// How its pages look.
    pub look: Look,
    /// The sites and groups that it was given; they count where it is scoped.
    pub area: Area,
}

impl std::fmt::Debug for UserRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserRow")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("role", &self.role)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

/// A new account.
#[derive(Clone)]
pub struct NewUser {
    /// Identity.
    pub id: String,
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Sealed password hash, of version 1.
    pub password: Option<Vec<u8>>,
}

const COLUMNS: &str = "u.id, u.name, u.role, u.password, u.password_version, u.disabled, u.scoped, \
     u.approver, u.factor, u.factor_version, u.version, u.created_at, u.updated_at, \
     u.last_sign_in_at, u.language, u.theme, u.density, u.name_key, u.mac AS user_mac";
const AREAS: [&str; 2] = ["user_sites", "user_groups"];

/// Adds the columns of an account that is read as `u`.
pub(crate) fn push_user(sql: &mut Sql) {
    sql.push(COLUMNS);
    push_areas(sql, "u.id", AREAS);
}

/// Reads accounts.
pub(crate) fn select() -> Sql {
    let mut sql = Sql::new("SELECT ");
    push_user(&mut sql);
    sql.push(" FROM users u");
    sql
}

/// What is signed of an account, and its code. The sealed values are bound to their versions.
pub(crate) fn signed_facts(row: &Row) -> Result<(Facts, Option<Vec<u8>>)> {
    let user = user_row(row)?;
    let facts = Facts::of(SignedRows::Accounts, user.id.as_bytes(), user.name.clone())
        .text(&user.name)
        .text(&row.get::<String>("name_key")?)
        .text(user.role.as_str())
        .flag(user.password.is_some())
        .number(user.password_version)
        .flag(user.disabled)
        .flag(user.scoped)
        .flag(user.approver)
        .flag(user.factor.is_some())
        .number(user.factor_version)
        .number(user.version)
        .area(&user.area);
    Ok((facts, row.get("user_mac")?))
}

/// An account that is believed.
pub(crate) fn genuine_user(trust: &Trust, row: &Row) -> Result<UserRow> {
    trust.checked(SignedRows::Accounts, row)?;
    user_row(row)
}

fn user_row(row: &Row) -> Result<UserRow> {
    let fields = row.of("users", "id");
    Ok(UserRow {
        id: fields.text("id")?,
        name: fields.text("name")?,
        role: fields.parse("role")?,
        password: fields.get("password")?,
        password_version: fields.int("password_version")?,
        disabled: fields.get("disabled")?,
        scoped: fields.get("scoped")?,
        approver: fields.get("approver")?,
        factor: fields.get("factor")?,
        factor_version: fields.int("factor_version")?,
        version: fields.int("version")?,
        created_at: fields.at("created_at")?,
        updated_at: fields.at("updated_at")?,
        last_sign_in_at: fields.maybe_at("last_sign_in_at")?,
        language: known(fields.get("language")?),
        look: Look {
            theme: known(fields.get("theme")?),
            density: known(fields.get("density")?),
        },
        area: area_in(row, AREAS)?,
    })
}

/// A word that this program does not know is as if nothing were chosen.
fn known<T: std::str::FromStr>(word: Option<String>) -> Option<T> {
    word?.parse().ok()
}

async fn find(
    conn: &mut Conn<'_>,
    trust: &Trust,
    (column, value): (&str, &str),
    lock: &str,
) -> Result<Option<UserRow>> {
    let mut sql = select();
    sql.push(" WHERE ").push(column).push(" = ").bind(value);
    sql.push(lock);
    let row = conn.optional(sql).await?;
    row.map(|row| genuine_user(trust, &row)).transpose()
}

impl Store {
    /// All accounts by name, believed or not: to be shown.
    pub async fn users(&self) -> Result<Vec<UserRow>> {
        let mut sql = select();
        sql.push(" ORDER BY u.name_key");
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(user_row).collect()
    }

    /// How many accounts there are.
    pub async fn count_users(&self) -> Result<i64> {
        let sql = Sql::new("SELECT COUNT(*) AS n FROM users");
        self.read().await?.conn().number(sql, "n").await
    }

    /// One account.
    pub async fn user(&self, id: &str) -> Result<Option<UserRow>> {
        let mut reading = self.read().await?;
        find(&mut reading.conn(), &self.trust, ("u.id", id), "").await
    }

    /// One account by its name, without regard to case.
    pub async fn user_by_name(&self, name: &str) -> Result<Option<UserRow>> {
        let key = name.to_lowercase();
        let mut reading = self.read().await?;
        find(&mut reading.conn(), &self.trust, ("u.name_key", &key), "").await
    }
}

impl Unit {
    /// How many accounts there are, as this unit sees it.
    pub async fn count_users(&mut self) -> Result<i64> {
        let sql = Sql::new("SELECT COUNT(*) AS n FROM users");
        self.conn().number(sql, "n").await
    }

    /// Lets one unit at a time change who administers: two that disable each other's account
    /// would each count the other as still there.
    pub async fn lock_administrators(&mut self) -> Result<()> {
        let sql = Sql::new("UPDATE users SET version = version WHERE role = $1");
        self.conn()
            .execute(sql.arg(Role::Admin.as_str()))
            .await
            .map(drop)
    }

    /// The accounts that administer now, but this one. One that somebody else wrote counts only where
    /// that is all there is: then it is the error.
    pub async fn other_administrators(&mut self, id: &str) -> Result<Vec<UserRow>> {
        let trust = self.trust.clone();
        let mut sql = select();
        sql.push(" WHERE u.id <> ").bind(id);
        sql.push(" ORDER BY u.name_key");
        let (mut others, mut forged) = (Vec::new(), None);
        for row in self.conn().all(sql).await? {
            match genuine_user(&trust, &row) {
                Ok(user) if user.role == Role::Admin && !user.disabled => others.push(user),
                Ok(_) => {}
                Err(StoreError::Forged(row)) => forged = Some(row),
                Err(error) => return Err(error),
            }
        }
        match forged {
            Some(row) if others.is_empty() => Err(StoreError::Forged(row)),
            _ => Ok(others),
        }
    }

    /// How many accounts hold this role and are not disabled.
    pub async fn count_active(&mut self, role: Role) -> Result<i64> {
        let sql = Sql::new("SELECT COUNT(*) AS n FROM users WHERE role = $1 AND NOT disabled");
        self.conn().number(sql.arg(role.as_str()), "n").await
    }

    /// One account, as this unit sees it.
    pub async fn user(&mut self, id: &str) -> Result<Option<UserRow>> {
        let trust = self.trust.clone();
        find(&mut self.conn(), &trust, ("u.id", id), "").await
    }

    /// One account by its name, without regard to case, as this unit sees it.
    pub async fn user_by_name(&mut self, name: &str) -> Result<Option<UserRow>> {
        let (key, trust) = (name.to_lowercase(), self.trust.clone());
        find(&mut self.conn(), &trust, ("u.name_key", &key), "").await
    }

    /// One account, which nobody else changes until this unit is over.
    pub async fn user_for_update(&mut self, id: &str) -> Result<Option<UserRow>> {
        let trust = self.trust.clone();
        let mut conn = self.conn();
        // First the lock, then the row and its areas, as they are when the lock is had.
        let mut lock = Sql::new("SELECT id FROM users WHERE id = ");
        lock.bind(id).push(conn.dialect().for_update());
        conn.optional(lock).await?;
        find(&mut conn, &trust, ("u.id", id), "").await
    }

    /// Makes an account. Conflict when the name is taken.
    pub async fn insert_user(&mut self, user: &NewUser, now: Timestamp) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO users (id, name, name_key, role, password, password_version, \
             created_at, updated_at) VALUES ($1, $2, $3, $4, $5, 1, $6, $6)",
        );
        let sql = sql
            .arg(&user.id)
            .arg(&user.name)
            .arg(user.name.to_lowercase());
        let sql = sql
            .arg(user.role.as_str())
            .arg(user.password.clone())
            .arg(now);
        self.conn().execute(sql).await?;
        self.sign_now(SignedRows::Accounts, user.id.as_bytes())
            .await
    }

    /// Changes what the account may and whether it is disabled. Conflict when `version` is old.
    pub async fn update_user(&mut self, user: &UserRow, now: Timestamp) -> Result<()> {
        let sql = Sql::new(
            "UPDATE users SET role = $3, disabled = $4, scoped = $5, approver = $6, \
             version = version + 1, updated_at = $7 WHERE id = $1 AND version = $2",
        );
        let sql = sql.arg(&user.id).arg(user.version).arg(user.role.as_str());
        let sql = sql.arg(user.disabled).arg(user.scoped).arg(user.approver);
        expect_one(self.change_user(&user.id, sql.arg(now)).await?)
    }

    /// Makes a change of one account that is believed.
    pub(crate) async fn change_user(&mut self, id: &str, change: Sql) -> Result<u64> {
        let which = (SignedRows::Accounts, id.as_bytes());
        self.change_signed(which, change).await
    }

    /// Sets another password, sealed for `password_version`, which must be the next one. Links
    /// by which one could be set do not work any more.
    pub async fn set_password(
        &mut self,
        id: &str,
        sealed: Vec<u8>,
        password_version: i64,
        now: Timestamp,
    ) -> Result<()> {
        self.replace_hash(id, sealed, password_version, now).await?;
        self.delete_reset_links(id).await
    }

    /// Sets another hash of the same password, sealed for `password_version`, which must be the
    /// next one.
    pub async fn replace_hash(
        &mut self,
        id: &str,
        sealed: Vec<u8>,
        password_version: i64,
        now: Timestamp,
    ) -> Result<()> {
        let sql = Sql::new(
            "UPDATE users SET password = $2, password_version = $3, version = version + 1, \
             updated_at = $4 WHERE id = $1 AND password_version = $3 - 1",
        );
        let sql = sql.arg(id).arg(sealed).arg(password_version).arg(now);
        expect_one(self.change_user(id, sql).await?)
    }

    /// Sets the language of the account's pages. Not an edit of the account: whoever edits it
    /// meanwhile is not disturbed.
    pub async fn set_language(&mut self, id: &str, language: Option<Language>) -> Result<()> {
        let sql = Sql::new("UPDATE users SET language = $2 WHERE id = $1");
        let word = language.map(Language::as_str);
        self.conn().execute(sql.arg(id).arg(word)).await.map(drop)
    }

    /// Sets how the account's pages look; no edit of the account either.
    pub async fn set_look(&mut self, id: &str, look: Look) -> Result<()> {
        let sql = Sql::new("UPDATE users SET theme = $2, density = $3 WHERE id = $1").arg(id);
        let theme = look.theme.map(Theme::as_str);
        let density = look.density.map(Density::as_str);
        self.conn()
            .execute(sql.arg(theme).arg(density))
            .await
            .map(drop)
    }

    /// Notes a sign-in.
    pub async fn stamp_sign_in(&mut self, id: &str, now: Timestamp) -> Result<()> {
        let sql = Sql::new("UPDATE users SET last_sign_in_at = $2 WHERE id = $1");
        self.conn().execute(sql.arg(id).arg(now)).await.map(drop)
    }
}

/// An edit that met no row was made from an old version, or the row is gone.
pub(crate) const fn expect_one(changed: u64) -> Result<()> {
    if changed == 0 {
        Err(StoreError::Conflict)
    } else {
        Ok(())
    }
}
