//! One-time links by which somebody sets their password anew.
//!
//! Owns the table `reset_links`. Known only by the hash of their code.

use carillon_domain::Timestamp;

use crate::error::Result;
use crate::passes::Pass;
use crate::row::Row;
use crate::signed::{Facts, SignedRows};
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// Reads everything that is signed of links.
pub(crate) fn select_signed() -> Sql {
    Sql::new("SELECT code_hash, user_id, expires_at, mac FROM reset_links")
}

/// What is signed of a link, and its code. People know it by the first digits of its hash.
pub(crate) fn signed_facts(row: &Row) -> Result<(Facts, Option<Vec<u8>>)> {
    let fields = row.of("reset_links", "user_id");
    let hash: Vec<u8> = fields.get("code_hash")?;
    let name = hex::encode(hash.get(..4).unwrap_or_default());
    let facts = Facts::of(SignedRows::ResetLinks, &hash, name)
        .text(&fields.text("user_id")?)
        .at(fields.at("expires_at")?);
    Ok((facts, fields.get("mac")?))
}

impl Store {
    /// Whose link this is, while it works.
    pub async fn reset_link(&self, code_hash: &[u8], now: Timestamp) -> Result<Option<String>> {
        let mut sql = select_signed();
        sql.push(" WHERE code_hash = ").bind(code_hash);
        sql.push(" AND expires_at > ").bind(now);
        let Some(row) = self.read().await?.conn().optional(sql).await? else {
            return Ok(None);
        };
        self.trust.checked(SignedRows::ResetLinks, &row)?;
        row.get("user_id").map(Some)
    }
}

impl Unit {
    /// Makes the one link of an account; those that it had do not work any more.
    pub async fn put_reset_link(
        &mut self,
        user_id: &str,
        code_hash: &[u8],
        expires_at: Timestamp,
    ) -> Result<()> {
        self.delete_reset_links(user_id).await?;
        let sql = Sql::new(
            "INSERT INTO reset_links (code_hash, user_id, expires_at) VALUES ($1, $2, $3)",
        );
        let sql = sql.arg(code_hash).arg(user_id).arg(expires_at);
        self.conn().execute(sql).await?;
        self.sign_now(SignedRows::ResetLinks, code_hash).await
    }

    /// Uses up a link; says whose it was.
    pub async fn take_reset_link(
        &mut self,
        code_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<String>> {
        let sql = Sql::new(
            "DELETE FROM reset_links WHERE code_hash = $1 AND expires_at > $2 \
             RETURNING code_hash, user_id, expires_at, mac",
        );
        let row = self.conn().optional(sql.arg(code_hash).arg(now)).await?;
        let Some(row) = row else { return Ok(None) };
        self.trust.checked(SignedRows::ResetLinks, &row)?;
        self.ended.add(Pass::Link, [code_hash.to_vec()]);
        row.get("user_id").map(Some)
    }

    /// Throws the links of an account away.
    pub async fn delete_reset_links(&mut self, user_id: &str) -> Result<()> {
        let sql = Sql::new("DELETE FROM reset_links WHERE user_id = $1").arg(user_id);
        self.end_passes(Pass::Link, sql).await.map(drop)
    }
}
