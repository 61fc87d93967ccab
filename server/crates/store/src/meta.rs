//! Facts about the installation, by name, and what every page has to know of it.
//!
//! Owns the table `meta`.

use carillon_domain::event::Actor;
use carillon_domain::{Reach, Timestamp};
use serde::{Deserialize, Serialize};

use crate::conn::Conn;
use crate::error::{Result, StoreError};
use crate::jobs::approval::APPROVERS;
use crate::orders::{self, Order, Ordered};
use crate::reach::and_jobs;
use crate::row::Row;
use crate::sql::{Sql, beginning};
use crate::store::Store;
use crate::unit::Unit;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// Jobs in reach that are under way.
    pub under_way: i64,
    /// Those of them that are paused.
    pub paused: i64,
    /// Jobs in reach that have not ended: those, and what has not begun or was interrupted.
    pub not_ended: i64,
    /// Whether and by whom all sending is stopped.
    pub stop: Option<StopAll>,
    /// The rules.
    pub rules: Ordered,
    /// People who may approve.
    pub approvers: i64,
    /// Changes that wait for another administrator.
    pub changes: i64,
    /// How many jobs in reach wait for the answer of this account.
    pub approvals: i64,
    /// The last change that was made alone because nobody else could decide.
    pub alone: Option<MadeAlone>,
}

/// A change that an administrator made alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeAlone {
    /// Who.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// What waits for the answer of an account, which is not what it asked for itself. Shown only: what
/// decides is read and checked elsewhere.
fn waiting(sql: &mut Sql, account: &str, reach: &Reach) {
    sql.push("(SELECT COUNT(*) FROM change_requests WHERE state = 'waiting' AND account <> ");
    sql.bind(account);
    sql.push(") AS changes, (SELECT COUNT(*) FROM jobs w WHERE w.state = 'awaiting_approval' ");
    sql.push("AND (w.account IS NULL OR w.account <> ")
        .bind(account);
    sql.push(") AND EXISTS (SELECT 1 FROM users u WHERE u.approver AND u.id = ");
    sql.bind(account).push(")");
    and_jobs(sql, reach, "w.id");
    sql.push(") AS approvals, ").push(ALONE);
}

/// The last change that an administrator made alone.
const ALONE: &str = "(SELECT actor FROM change_requests WHERE state = 'alone' \
     ORDER BY asked_at DESC, id DESC LIMIT 1) AS alone_by, \
     (SELECT MAX(asked_at) FROM change_requests WHERE state = 'alone') AS alone_at";

fn made_alone(row: &Row) -> Result<Option<MadeAlone>> {
    let (actor, at) = (row.get("alone_by")?, row.get::<Option<i64>>("alone_at")?);
    let at = at.map(Timestamp::from_micros);
    Ok(Option::zip(actor, at).map(|(actor, at)| MadeAlone { actor, at }))
}

async fn value(conn: &mut Conn<'_>, key: &str) -> Result<Option<String>> {
    let sql = Sql::new("SELECT value FROM meta WHERE key = $1").arg(key);
    let row = conn.optional(sql).await?;
    row.map(|row| row.get("value")).transpose()
}

fn stop_all_from(ordered: Ordered) -> Result<Option<StopAll>> {
    let wrong = |_| StoreError::Inconsistent {
        table: "orders",
        column: "value",
        row: Order::StopAll.to_string(),
    };
    match ordered {
        Ordered::As(text) => text.map(|text| serde_json::from_str(&text).map_err(wrong)),
        Ordered::Forged => Some(Ok(StopAll::unknown())),
    }
    .transpose()
}

impl StopAll {
    /// Nobody can say whether everything is stopped: so it is.
    fn unknown() -> Self {
        Self {
            at: Timestamp::default(),
            actor: Actor::system().name,
            reason: "whether all sending is stopped was changed outside Carillon".to_owned(),
        }
    }

    /// When; nothing where nobody can say that.
    pub fn since(&self) -> Option<Timestamp> {
        (self.at != Timestamp::default()).then_some(self.at)
    }
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

    /// What every page has to know, in one statement; with what waits for the answer of an account.
    pub async fn surroundings(&self, account: Option<&str>) -> Result<Surroundings> {
        let mut sql = Sql::new("SELECT COUNT(*) AS not_ended, COUNT(*) FILTER (WHERE ");
        sql.push("j.state IN ('running', 'paused', 'stopping')) AS n, ");
        sql.push("COUNT(*) FILTER (WHERE j.state = 'paused') AS paused, ");
        orders::push(&mut sql, Order::StopAll, "stop");
        sql.push(", ");
        orders::push(&mut sql, Order::Rules, "rules");
        sql.push(", ");
        waiting(&mut sql, account.unwrap_or_default(), &self.reach);
        sql.push(", (").push(APPROVERS);
        sql.push(") AS approvers FROM jobs j WHERE ");
        sql.push("j.state IN ('awaiting_approval', 'scheduled', 'running', 'paused', ");
        sql.push("'stopping', 'interrupted')");
        and_jobs(&mut sql, &self.reach, "j.id");
        if !self.is_narrowed() {
            sql.keep();
        }
        let row = self.read().await?.conn().optional(sql).await?;
        // A count without groups is always one row.
        let row = row.ok_or(StoreError::Conflict)?;
        let stop = orders::pushed(&self.trust, &row, (Order::StopAll, "stop"))?;
        Ok(Surroundings {
            under_way: row.get("n")?,
            paused: row.get("paused")?,
            not_ended: row.get("not_ended")?,
            stop: stop_all_from(stop)?,
            rules: orders::pushed(&self.trust, &row, (Order::Rules, "rules"))?,
            approvers: row.get("approvers")?,
            changes: row.get("changes")?,
            approvals: row.get("approvals")?,
            alone: made_alone(&row)?,
        })
    }

    /// Whether and by whom all sending is stopped.
    pub async fn stop_all(&self) -> Result<Option<StopAll>> {
        stop_all_from(self.order(Order::StopAll).await?)
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
        Ok(self.order(Order::StopAll).await? != Ordered::As(None))
    }

    /// Stops all sending on all nodes; `None` lets it go on, and is forged where nobody can say
    /// who stopped it.
    pub async fn set_stop_all(&mut self, stop: Option<&StopAll>) -> Result<()> {
        // Claims read it under the lock on jobs: none is recorded behind the stop that was before it.
        self.jobs_conn().await?;
        let Some(stop) = stop else {
            return self.set_order(Order::StopAll, None).await;
        };
        // A plain record of texts always has a JSON form.
        let text = serde_json::to_string(stop).unwrap_or_default();
        self.overwrite_order(Order::StopAll, Some(&text)).await
    }
}
