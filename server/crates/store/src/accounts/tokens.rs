//! API tokens.
//!
//! Owns the table `api_tokens`. Known only by their hash; revoked ones stay to be named.

use carillon_domain::Timestamp;
use carillon_domain::reach::Area;

use crate::conn::Conn;
use crate::error::{Result, StoreError};
use crate::reach::{area_in, push_areas};
use crate::row::Row;
use crate::signed::{Facts, SignedRows, Trust};
use crate::sql::{Sql, Value};
use crate::store::Store;
use crate::unit::Unit;

use super::users::{UserRow, expect_one, genuine_user, push_user};

carillon_domain::closed_list! {
    /// How far a token goes, within its account's role.
    TokenScope {
        /// Looks.
        Read = "read",
        /// Looks and runs jobs.
        Run = "run",
        /// Everything the account may.
        Manage = "manage",
    }
}

/// One token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Identity.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// Name of that account.
    pub user_name: String,
    /// What it is for.
    pub label: String,
    /// How far it goes.
    pub scope: TokenScope,
    /// Reaches only what its areas name.
    pub scoped: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The sites and groups that it was given; they count where it is scoped.
    pub area: Area,
}

/// A new token.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Identity.
    pub id: String,
    /// SHA-256 of the secret.
    pub token_hash: Vec<u8>,
    /// Whose it is.
    pub user_id: String,
    /// What it is for.
    pub label: String,
    /// How far it goes.
    pub scope: TokenScope,
    /// Reaches only what its areas name.
    pub scoped: bool,
    /// When it is made.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Option<Timestamp>,
}

const COLUMNS: &str = "t.id AS token_id, t.user_id, u.name AS user_name, t.label, t.scope, \
     t.scoped AS token_scoped, \
     t.created_at AS token_created_at, t.expires_at, t.last_used_at, t.revoked_at";
const AREAS: [&str; 2] = ["token_sites", "token_groups"];
/// Beside the columns that are shown.
const SIGNED: &str = ", t.token_hash, t.mac AS token_mac";

/// Adds the columns of a token that is read as `t`, its account being `u`.
fn push_token(sql: &mut Sql) {
    sql.push(COLUMNS).push(SIGNED);
    push_areas(sql, "t.id", AREAS);
}

/// Reads everything that is signed of tokens.
pub(crate) fn select_signed() -> Sql {
    let mut sql = Sql::new(
        "SELECT t.id AS token_id, t.user_id, t.scope, \
         t.scoped AS token_scoped, t.expires_at, t.revoked_at",
    );
    sql.push(SIGNED);
    push_areas(&mut sql, "t.id", AREAS);
    sql.push(" FROM api_tokens t");
    sql
}

/// What is signed of a token, and its code.
pub(crate) fn signed_facts(row: &Row) -> Result<(Facts, Option<Vec<u8>>)> {
    let fields = row.of("api_tokens", "token_id");
    let id = fields.text("token_id")?;
    let hash: Vec<u8> = fields.get("token_hash")?;
    let facts = Facts::of(SignedRows::Tokens, id.as_bytes(), id.clone())
        .bytes_of(&hash)
        .text(&fields.text("user_id")?)
        .text(&fields.text("scope")?)
        .flag(fields.get("token_scoped")?)
        .maybe_at(fields.maybe_at("expires_at")?)
        .maybe_at(fields.maybe_at("revoked_at")?)
        .area(&area_in(row, AREAS)?);
    Ok((facts, fields.get("token_mac")?))
}

fn token_row(row: &Row) -> Result<TokenRow> {
    let fields = row.of("api_tokens", "token_id");
    Ok(TokenRow {
        id: fields.text("token_id")?,
        user_id: fields.text("user_id")?,
        user_name: fields.text("user_name")?,
        label: fields.text("label")?,
        scope: fields.parse("scope")?,
        scoped: fields.get("token_scoped")?,
        created_at: fields.at("token_created_at")?,
        expires_at: fields.maybe_at("expires_at")?,
        last_used_at: fields.maybe_at("last_used_at")?,
        revoked_at: fields.maybe_at("revoked_at")?,
        area: area_in(row, AREAS)?,
    })
}

impl Store {
    /// A token and its account by the hash of its secret, whether or not they are still good.
    pub async fn token_by_hash(&self, token_hash: &[u8]) -> Result<Option<(TokenRow, UserRow)>> {
        let by = ("t.token_hash", Value::from(token_hash));
        find_with_user(&mut self.read().await?.conn(), &self.trust, by).await
    }

    /// The tokens of one account, or of all, newest first, believed or not: to be shown.
    pub async fn tokens(&self, user_id: Option<&str>) -> Result<Vec<TokenRow>> {
        let mut sql = Sql::new("SELECT ");
        push_token(&mut sql);
        sql.push(" FROM api_tokens t JOIN users u ON u.id = t.user_id");
        if let Some(id) = user_id {
            sql.push(" WHERE t.user_id = ").bind(id);
        }
        sql.push(" ORDER BY t.created_at DESC, t.id LIMIT 1000");
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(token_row).collect()
    }

    /// One token, believed or not: to be shown and revoked.
    pub async fn token(&self, id: &str) -> Result<Option<TokenRow>> {
        find(&mut self.read().await?.conn(), id).await
    }
}

async fn find(conn: &mut Conn<'_>, id: &str) -> Result<Option<TokenRow>> {
    let mut sql = Sql::new("SELECT ");
    push_token(&mut sql);
    sql.push(" FROM api_tokens t JOIN users u ON u.id = t.user_id");
    sql.push(" WHERE t.id = ").bind(id);
    conn.optional(sql)
        .await?
        .as_ref()
        .map(token_row)
        .transpose()
}

async fn find_with_user(
    conn: &mut Conn<'_>,
    trust: &Trust,
    (column, value): (&'static str, Value),
) -> Result<Option<(TokenRow, UserRow)>> {
    let mut sql = Sql::new("SELECT ");
    push_token(&mut sql);
    sql.push(", ");
    push_user(&mut sql);
    sql.push(" FROM api_tokens t JOIN users u ON u.id = t.user_id WHERE ");
    sql.push(column).push(" = ").bind(value);
    let row = conn.optional(sql).await?;
    let both = |row: Row| {
        trust.checked(SignedRows::Tokens, &row)?;
        Ok((token_row(&row)?, genuine_user(trust, &row)?))
    };
    row.map(both).transpose()
}

impl Unit {
    /// A token with its account, both of which nobody changes or revokes until this unit is over.
    pub async fn token_to_keep(&mut self, id: &str) -> Result<Option<(TokenRow, UserRow)>> {
        let trust = self.trust.clone();
        let mut conn = self.conn();
        if let Some(lock) = conn.dialect().for_share() {
            let mut sql =
                Sql::new("SELECT u.id FROM users u JOIN api_tokens p ON p.user_id = u.id ");
            sql.push("WHERE p.id = ").bind(id).push(lock);
            conn.optional(sql).await?;
        }
        find_with_user(&mut conn, &trust, ("t.id", Value::from(id))).await
    }

    /// One token as this unit sees it, believed or not.
    pub async fn token(&mut self, id: &str) -> Result<Option<TokenRow>> {
        find(&mut self.conn(), id).await
    }

    /// Makes a token.
    pub async fn insert_token(&mut self, token: &NewToken) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO api_tokens (id, token_hash, user_id, label, scope, scoped, created_at, \
             expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        );
        let sql = sql
            .arg(&token.id)
            .arg(&token.token_hash)
            .arg(&token.user_id);
        let sql = sql.arg(&token.label).arg(token.scope.as_str());
        let sql = sql.arg(token.scoped);
        self.conn()
            .execute(sql.arg(token.created_at).arg(token.expires_at))
            .await?;
        self.sign_now(SignedRows::Tokens, token.id.as_bytes()).await
    }

    /// Revokes a token. Conflict when it is gone or revoked already.
    pub async fn revoke_token(&mut self, id: &str, now: Timestamp) -> Result<()> {
        let sql =
            Sql::new("UPDATE api_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL");
        let which = (SignedRows::Tokens, id.as_bytes());
        let revoked = self.take_from_signed(which, sql.arg(id).arg(now)).await?;
        expect_one(revoked)
    }

    /// Revokes all tokens of an account that are not yet; names each by identity and label.
    pub async fn revoke_tokens_of(
        &mut self,
        user_id: &str,
        now: Timestamp,
    ) -> Result<Vec<(String, String)>> {
        let sql = Sql::new(
            "SELECT id, label FROM api_tokens WHERE user_id = $1 AND revoked_at IS NULL \
             ORDER BY id",
        );
        let rows = self.conn().all(sql.arg(user_id)).await?;
        let named = |row: &Row| Ok((row.get("id")?, row.get("label")?));
        let found: Vec<(String, String)> = rows.iter().map(named).collect::<Result<_>>()?;
        let mut all = Vec::new();
        for (id, label) in found {
            match self.revoke_token(&id, now).await {
                Ok(()) => all.push((id, label)),
                // Somebody else did meanwhile.
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// Notes that a token was used, unless something is being written with it.
    pub async fn touch_token(&mut self, id: &str, now: Timestamp) -> Result<()> {
        let mut sql = Sql::new(
            "UPDATE api_tokens SET last_used_at = $2 WHERE id IN \
             (SELECT id FROM api_tokens WHERE id = $1",
        );
        let mut conn = self.conn();
        sql.push(conn.dialect().unless_kept()).push(")");
        conn.execute(sql.arg(id).arg(now)).await.map(drop)
    }
}
