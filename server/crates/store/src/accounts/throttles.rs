//! Delays after failed sign-ins.
//!
//! Owns the table `login_throttles`. How long a delay is, is the caller's to say.

use carillon_domain::Timestamp;

use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// What is held against one source or account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThrottleRow {
    /// Of whom.
    pub key: String,
    /// How many times in a row.
    pub failures: i64,
    /// When last.
    pub last_at: Timestamp,
    /// Until when further tries are answered without looking.
    pub until: Timestamp,
}

fn throttle_row(row: &Row) -> Result<ThrottleRow> {
    let fields = row.of("login_throttles", "key");
    Ok(ThrottleRow {
        key: fields.text("key")?,
        failures: fields.int("failures")?,
        last_at: fields.at("last_at")?,
        until: fields.at("until")?,
    })
}

impl Store {
    /// What is held against `key`.
    pub async fn throttle(&self, key: &str) -> Result<Option<ThrottleRow>> {
        let sql =
            Sql::new("SELECT key, failures, last_at, until FROM login_throttles WHERE key = $1");
        let row = self.read().await?.conn().optional(sql.arg(key)).await?;
        row.as_ref().map(throttle_row).transpose()
    }
}

impl Unit {
    /// Counts one failure and answers the row with the new count; its `until` is left as it was.
    pub async fn count_failure(&mut self, key: &str, now: Timestamp) -> Result<ThrottleRow> {
        let sql = Sql::new(
            "INSERT INTO login_throttles (key, failures, last_at, until) VALUES ($1, 1, $2, $2) \
             ON CONFLICT (key) DO UPDATE SET failures = login_throttles.failures + 1, \
             last_at = excluded.last_at RETURNING key, failures, last_at, until",
        );
        let row = self.conn().optional(sql.arg(key).arg(now)).await?;
        row.as_ref().map(throttle_row).transpose().map(|row| {
            row.unwrap_or_else(|| ThrottleRow {
                key: key.to_owned(),
                failures: 1,
                last_at: now,
                until: now,
            })
        })
    }

    /// Sets until when tries are answered without looking.
    pub async fn set_throttle_until(&mut self, key: &str, until: Timestamp) -> Result<()> {
        let sql = Sql::new("UPDATE login_throttles SET until = $2 WHERE key = $1");
        self.conn().execute(sql.arg(key).arg(until)).await.map(drop)
    }

    /// Takes one failure back: the try turned out to be right.
    pub async fn forgive_failure(&mut self, key: &str) -> Result<()> {
        let sql = Sql::new(
            "UPDATE login_throttles SET failures = failures - 1 WHERE key = $1 AND failures > 0",
        );
        self.conn().execute(sql.arg(key)).await.map(drop)
    }

    /// Forgets what is held against `key`.
    pub async fn clear_throttle(&mut self, key: &str) -> Result<()> {
        let sql = Sql::new("DELETE FROM login_throttles WHERE key = $1").arg(key);
        self.conn().execute(sql).await.map(drop)
    }

    /// Forgets what ended before `before`.
    pub async fn delete_old_throttles(&mut self, before: Timestamp) -> Result<u64> {
        let sql = Sql::new("DELETE FROM login_throttles WHERE until < $1").arg(before);
        self.conn().execute(sql).await
    }

    /// Whether so many are kept, or more.
    pub async fn has_throttles(&mut self, count: u32) -> Result<bool> {
        let sql =
            Sql::new("SELECT key FROM login_throttles LIMIT 1 OFFSET $1").arg(i64::from(count) - 1);
        Ok(self.conn().optional(sql).await?.is_some())
    }

    /// Whether something is held against `key`.
    pub async fn has_throttle(&mut self, key: &str) -> Result<bool> {
        let sql = Sql::new("SELECT key FROM login_throttles WHERE key = $1").arg(key);
        Ok(self.conn().optional(sql).await?.is_some())
    }
}
