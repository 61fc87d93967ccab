//! The runs of nodes, numbered by epoch.
//!
//! Owns leases. A claim carries its node's epoch, so that what a dead node left can be told
//! from what a living one is doing.

use carillon_domain::Timestamp;

use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// One run of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    /// Its number, higher than every earlier one.
    pub epoch: i64,
    /// Which node.
    pub node: String,
    /// When it began.
    pub started_at: Timestamp,
    /// Until when it may claim, unless renewed.
    pub lease_until: Timestamp,
    /// When it ended or was found dead.
    pub stopped_at: Option<Timestamp>,
}

pub(crate) fn node_row(row: &Row) -> Result<NodeRow> {
    let fields = row.of("nodes", "node");
    Ok(NodeRow {
        epoch: fields.int("epoch")?,
        node: fields.text("node")?,
        started_at: fields.at("started_at")?,
        lease_until: fields.at("lease_until")?,
        stopped_at: fields.maybe_at("stopped_at")?,
    })
}

impl Store {
    /// The runs that have not ended, oldest first.
    pub async fn running_nodes(&self) -> Result<Vec<NodeRow>> {
        let sql = Sql::new(
            "SELECT epoch, node, started_at, lease_until, stopped_at FROM nodes \
             WHERE stopped_at IS NULL ORDER BY epoch",
        );
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(node_row).collect()
    }
}

impl Unit {
    /// Begins a run and answers its epoch.
    pub async fn begin_epoch(
        &mut self,
        node: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<i64> {
        // One statement, so that two nodes starting at once wait for each other.
        let next = Sql::new(
            "UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) \
             WHERE key = 'epoch' RETURNING CAST(value AS BIGINT) AS epoch",
        );
        let epoch = self.conn().number(next, "epoch").await?;
        let insert = Sql::new(
            "INSERT INTO nodes (epoch, node, started_at, lease_until) VALUES ($1, $2, $3, $4)",
        );
        let insert = insert.arg(epoch).arg(node).arg(now).arg(lease_until);
        self.conn().execute(insert).await?;
        Ok(epoch)
    }

    /// Moves the end of a lease. Says no when the run has been declared over: then this node
    /// must stop claiming.
    pub async fn renew_lease(&mut self, epoch: i64, until: Timestamp) -> Result<bool> {
        let sql =
            Sql::new("UPDATE nodes SET lease_until = $2 WHERE epoch = $1 AND stopped_at IS NULL");
        // Jobs first, as for all that looks after what runs: a start under our name would wait for
        // our row while we wait for its jobs.
        let mut conn = self.jobs_conn().await?;
        let changed = conn.execute(sql.arg(epoch).arg(until)).await?;
        Ok(changed > 0)
    }

    /// Writes a run's row as it is: shows that the database takes writes, and changes nothing.
    pub async fn renew_epoch(&mut self, epoch: i64) -> Result<()> {
        let sql = Sql::new("UPDATE nodes SET lease_until = lease_until WHERE epoch = $1");
        self.conn().execute(sql.arg(epoch)).await.map(drop)
    }

    /// Ends a run in good order.
    pub async fn end_epoch(&mut self, epoch: i64, now: Timestamp) -> Result<()> {
        let sql =
            Sql::new("UPDATE nodes SET stopped_at = $2 WHERE epoch = $1 AND stopped_at IS NULL");
        self.conn().execute(sql.arg(epoch).arg(now)).await.map(drop)
    }
}
