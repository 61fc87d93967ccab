//! One-time links by which somebody sets their password anew.
//!
//! Owns the table `reset_links`. Known only by the hash of their code.

use carillon_domain::Timestamp;

use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

const BY_CODE: &str = "SELECT user_id FROM reset_links WHERE code_hash = $1 AND expires_at > $2";

fn owner(row: Option<&Row>) -> Result<Option<String>> {
    row.map(|row| row.get("user_id")).transpose()
}

impl Store {
    /// Whose link this is, while it works.
    pub async fn reset_link(&self, code_hash: &[u8], now: Timestamp) -> Result<Option<String>> {
        let sql = Sql::new(BY_CODE).arg(code_hash).arg(now);
        owner(self.read().await?.conn().optional(sql).await?.as_ref())
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
        self.conn().execute(sql).await.map(drop)
    }

    /// Uses up a link; says whose it was.
    pub async fn take_reset_link(
        &mut self,
        code_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<String>> {
        let sql = Sql::new(
            "DELETE FROM reset_links WHERE code_hash = $1 AND expires_at > $2 RETURNING user_id",
        );
        let row = self.conn().optional(sql.arg(code_hash).arg(now)).await?;
        owner(row.as_ref())
    }

    /// Throws the links of an account away.
    pub async fn delete_reset_links(&mut self, user_id: &str) -> Result<()> {
        let sql = Sql::new("DELETE FROM reset_links WHERE user_id = $1").arg(user_id);
        self.conn().execute(sql).await.map(drop)
    }
}
