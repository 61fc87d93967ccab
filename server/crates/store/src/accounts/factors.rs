//! The second factor of accounts, and the codes for the day when it is lost.
//!
//! Owns the factor's columns of `users` and the table `recovery_codes`. *Invariant:* a step or a
//! code that was used once is never taken again: each is used up by one conditional statement.

use carillon_domain::Timestamp;

use crate::error::{Result, StoreError};
use crate::passes::Pass;
use crate::row::Row;
use crate::signed::{Facts, SignedRows};
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

use super::users::expect_one;

/// Reads everything that is signed of recovery codes.
pub(crate) fn select_signed() -> Sql {
    Sql::new("SELECT code_hash, user_id, mac FROM recovery_codes")
}

/// What is signed of a recovery code, and its own. That it is there says that it was not used.
pub(crate) fn signed_facts(row: &Row) -> Result<(Facts, Option<Vec<u8>>)> {
    let fields = row.of("recovery_codes", "user_id");
    let hash: Vec<u8> = fields.get("code_hash")?;
    Ok((facts(&hash, &fields.text("user_id")?), fields.get("mac")?))
}

/// People know it by the first digits of its hash.
fn facts(hash: &[u8], user_id: &str) -> Facts {
    let name = hex::encode(hash.get(..4).unwrap_or_default());
    Facts::of(SignedRows::RecoveryCodes, hash, name).text(user_id)
}

impl Store {
    /// How many recovery codes an account has left.
    pub async fn count_recovery_codes(&self, user_id: &str) -> Result<i64> {
        let sql = Sql::new("SELECT COUNT(*) AS n FROM recovery_codes WHERE user_id = $1");
        self.read()
            .await?
            .conn()
            .number(sql.arg(user_id), "n")
            .await
    }
}

impl Unit {
    /// Gives an account a second factor sealed for `version`, which must be the next one; the
    /// code of `step` was used to show that it works.
    pub async fn set_factor(
        &mut self,
        user_id: &str,
        (sealed, version): (Vec<u8>, i64),
        step: i64,
        now: Timestamp,
    ) -> Result<()> {
        let sql = Sql::new(
            "UPDATE users SET factor = $2, factor_version = $3, factor_step = $4, \
             version = version + 1, updated_at = $5 WHERE id = $1 AND factor_version = $3 - 1",
        );
        let sql = sql.arg(user_id).arg(sealed).arg(version).arg(step).arg(now);
        expect_one(self.change_user(user_id, sql).await?)
    }

    /// Takes the second factor of an account away, and its recovery codes; says whether it had one.
    pub async fn clear_factor(&mut self, user_id: &str, now: Timestamp) -> Result<bool> {
        self.replace_recovery_codes(user_id, &[]).await?;
        let sql = Sql::new(
            "UPDATE users SET factor = NULL, version = version + 1, updated_at = $2 \
             WHERE id = $1 AND factor IS NOT NULL",
        );
        Ok(self.change_user(user_id, sql.arg(user_id).arg(now)).await? > 0)
    }

    /// Uses up the code of a step of this factor; `false` when that one or a later one was used
    /// before, or the factor is another by now.
    pub async fn use_factor_step(
        &mut self,
        user_id: &str,
        version: i64,
        step: i64,
    ) -> Result<bool> {
        let sql = Sql::new(
            "UPDATE users SET factor_step = $3 WHERE id = $1 AND factor_version = $2 \
             AND factor IS NOT NULL AND factor_step < $3",
        );
        let sql = sql.arg(user_id).arg(version).arg(step);
        Ok(self.conn().execute(sql).await? > 0)
    }

    /// Gives an account these recovery codes, by their hashes, instead of those it had.
    pub async fn replace_recovery_codes(
        &mut self,
        user_id: &str,
        hashes: &[Vec<u8>],
    ) -> Result<()> {
        let sql = Sql::new("DELETE FROM recovery_codes WHERE user_id = $1");
        self.end_passes(Pass::Code, sql.arg(user_id)).await?;
        for hash in hashes {
            let sql = Sql::new(
                "INSERT INTO recovery_codes (code_hash, user_id, mac) VALUES ($1, $2, $3)",
            );
            let code = self.trust.sign(&facts(hash, user_id));
            let sql = sql.arg(hash).arg(user_id).arg(code);
            self.conn().execute(sql).await?;
        }
        Ok(())
    }

    /// Uses up a recovery code; says whether it was one. One that somebody else put there, or gave
    /// to this account, is none.
    pub async fn use_recovery_code(&mut self, user_id: &str, hash: &[u8]) -> Result<bool> {
        let sql = Sql::new(
            "DELETE FROM recovery_codes WHERE code_hash = $2 AND user_id = $1 \
             RETURNING code_hash, user_id, mac",
        );
        let row = self.conn().optional(sql.arg(user_id).arg(hash)).await?;
        let Some(row) = row else { return Ok(false) };
        match self.trust.checked(SignedRows::RecoveryCodes, &row) {
            Err(StoreError::Forged(_)) => Ok(false),
            checked => {
                self.ended.add(Pass::Code, [hash.to_vec()]);
                checked.map(|()| true)
            }
        }
    }

    /// Remembers that a code of this account was put back, to be told.
    pub fn code_was_put_back(&mut self, user_id: &str, hash: &[u8]) {
        self.trust.remember(&facts(hash, user_id));
    }
}
