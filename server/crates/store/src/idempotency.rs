//! Keys with which a client makes sure that it asks once.
//!
//! Owns the table `idempotency`: a key is good for one request of one account.

use carillon_domain::Timestamp;

use crate::error::Result;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// What an account sends to make sure that a job is made once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Whose.
    pub user_id: String,
    /// What the client chose.
    pub key: String,
    /// SHA-256 of the request.
    pub body_hash: Vec<u8>,
}

/// What is known about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// Nothing: go on.
    Fresh,
    /// The same request made this job.
    SameRequest(String),
    /// Another request used it.
    OtherRequest,
}

const SELECT: &str = "SELECT body_hash, job FROM idempotency \
     WHERE user_id = $1 AND key = $2 AND created_at >= $3";

fn key_use(row: Option<&crate::row::Row>, key: &IdempotencyKey) -> Result<KeyUse> {
    let Some(row) = row else {
        return Ok(KeyUse::Fresh);
    };
    let body_hash: Vec<u8> = row.get("body_hash")?;
    if body_hash == key.body_hash {
        row.get("job").map(KeyUse::SameRequest)
    } else {
        Ok(KeyUse::OtherRequest)
    }
}

impl Store {
    /// What is known about a key that was used at `since` or later.
    pub async fn key_use(&self, key: &IdempotencyKey, since: Timestamp) -> Result<KeyUse> {
        let sql = Sql::new(SELECT).arg(&key.user_id).arg(&key.key).arg(since);
        let row = self.read().await?.conn().optional(sql).await?;
        key_use(row.as_ref(), key)
    }
}

impl Unit {
    /// Ties a key to a job that this unit inserted. Answers [`KeyUse::Fresh`] when that was
    /// done; otherwise the unit is to be dropped. A use before `since` is forgotten.
    ///
    /// Two requests at once: the second waits here for the first.
    pub async fn use_key(
        &mut self,
        key: &IdempotencyKey,
        job: &str,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<KeyUse> {
        let sql = Sql::new(
            "INSERT INTO idempotency (user_id, key, body_hash, job, created_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id, key) DO UPDATE SET \
             body_hash = excluded.body_hash, job = excluded.job, \
             created_at = excluded.created_at WHERE idempotency.created_at < $6",
        );
        let sql = sql.arg(&key.user_id).arg(&key.key).arg(&key.body_hash);
        if self
            .conn()
            .execute(sql.arg(job).arg(now).arg(since))
            .await?
            > 0
        {
            return Ok(KeyUse::Fresh);
        }
        let sql = Sql::new(SELECT).arg(&key.user_id).arg(&key.key).arg(since);
        let row = self.conn().optional(sql).await?;
        key_use(row.as_ref(), key)
    }

    /// Forgets keys used before `before`.
    pub async fn delete_old_keys(&mut self, before: Timestamp) -> Result<u64> {
        let sql = Sql::new("DELETE FROM idempotency WHERE created_at < $1").arg(before);
        self.conn().execute(sql).await
    }
}
