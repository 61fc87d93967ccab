//! Facts about the installation, by name, and the switch that stops all sending.
//!
//! Owns the table `meta`.

use carillon_domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::conn::Conn;
use crate::error::{Result, StoreError};
use crate::jobs::approval::APPROVERS;
use crate::reach::and_jobs;
use crate::sql::{Sql, beginning};
use crate::store::Store;
use crate::unit::Unit;

const STOP_ALL: &str = "stop_all";

/// Somebody stopped all sending on all nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopAll {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
}

/// What every page has to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Jobs in reach that are under way.
    pub under_way: i64,
    /// Whether and by whom all sending is stopped.
    pub stop: Option<StopAll>,
    /// The fact that was asked for.
    pub rules: Option<String>,
    /// People who may approve.
    pub approvers: i64,
}

async fn value(conn: &mut Conn<'_>, key: &str) -> Result<Option<String>> {
    let sql = Sql::new("SELECT value FROM meta WHERE key = $1").arg(key);
    let row = conn.optional(sql).await?;
    row.map(|row| row.get("value")).transpose()
}

fn stop_all_from(text: Option<String>) -> Result<Option<StopAll>> {
    let wrong = |_| StoreError::Inconsistent {
        table: "meta",
        column: "value",
        row: STOP_ALL.to_owned(),
    };
    text.map(|text| serde_json::from_str(&text).map_err(wrong))
        .transpose()
}

impl Store {
    /// One fact.
    pub async fn meta(&self, key: &str) -> Result<Option<String>> {
        value(&mut self.read().await?.conn(), key).await
    }

    /// All facts whose name begins with `prefix`, by name.
    pub async fn metas(&self, prefix: &str) -> Result<Vec<(String, String)>> {
        let sql =
            Sql::new("SELECT key, value FROM meta WHERE key LIKE $1 ESCAPE '\\' ORDER BY key");
        let rows = self
            .read()
            .await?
            .conn()
            .all(sql.arg(beginning(prefix)))
            .await?;
        rows.iter()
            .map(|row| Ok((row.get("key")?, row.get("value")?)))
            .collect()
    }

    /// What every page has to know, in one statement; `rules` is the name of a fact.
    pub async fn surroundings(&self, rules: &str) -> Result<Surroundings> {
        let mut sql = Sql::new("SELECT COUNT(*) AS n, (SELECT value FROM meta WHERE key = ");
        sql.bind(STOP_ALL)
            .push(") AS stop, (SELECT value FROM meta WHERE key = ");
        sql.bind(rules).push(") AS rules, (").push(APPROVERS);
        sql.push(") AS approvers FROM jobs j WHERE ");
        sql.push("j.state IN ('running', 'paused', 'stopping')");
        and_jobs(&mut sql, &self.reach, "j.id");
        if !self.is_narrowed() {
            sql.keep();
        }
        let Some(row) = self.read().await?.conn().optional(sql).await? else {
            return Ok(Surroundings::default());
        };
        Ok(Surroundings {
            under_way: row.get("n")?,
            stop: stop_all_from(row.get("stop")?)?,
            rules: row.get("rules")?,
            approvers: row.get("approvers")?,
        })
    }

    /// Whether and by whom all sending is stopped.
    pub async fn stop_all(&self) -> Result<Option<StopAll>> {
        stop_all_from(self.meta(STOP_ALL).await?)
    }
}

impl Unit {
    /// One fact, as this unit sees it.
    pub async fn meta(&mut self, key: &str) -> Result<Option<String>> {
        value(&mut self.conn(), key).await
    }

    /// Writes one fact.
    pub async fn set_meta(&mut self, key: &str, value: &str) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO meta (key, value) VALUES ($1, $2) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        );
        self.conn().execute(sql.arg(key).arg(value)).await.map(drop)
    }

    /// Writes one fact unless it is there already; says whether it wrote.
    pub async fn claim_meta(&mut self, key: &str, value: &str) -> Result<bool> {
        let sql =
            Sql::new("INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING");
        let written = self.conn().execute(sql.arg(key).arg(value)).await?;
        Ok(written > 0)
    }

    /// Removes one fact; says whether it was there.
    pub async fn delete_meta(&mut self, key: &str) -> Result<bool> {
        let sql = Sql::new("DELETE FROM meta WHERE key = $1").arg(key);
        Ok(self.conn().execute(sql).await? > 0)
    }

    /// Whether all sending is stopped, as this unit sees it.
    pub async fn is_stopped(&mut self) -> Result<bool> {
        Ok(self.meta(STOP_ALL).await?.is_some())
    }

    /// Stops all sending on all nodes; `None` lets it go on.
    pub async fn set_stop_all(&mut self, stop: Option<&StopAll>) -> Result<()> {
        match stop.map(serde_json::to_string) {
            Some(Ok(text)) => self.set_meta(STOP_ALL, &text).await,
            // A plain record of texts always has a JSON form.
            Some(Err(_)) => self.set_meta(STOP_ALL, "{}").await,
            None => self.delete_meta(STOP_ALL).await.map(drop),
        }
    }
}
