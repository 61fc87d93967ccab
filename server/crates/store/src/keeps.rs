//! What a unit keeps to itself from its beginning to its end, on all nodes together.
//!
//! Owns the locks by which units come one after the other, and the one order in which everything is
//! kept, so that no two units wait for each other: who may what (`Accounts`), where stored passwords go
//! (`Ways`), the rows of who asks ([`Unit::session_to_keep`], [`Unit::token_to_keep`]) and of other
//! accounts, jobs, phones, and last the head of the audit log. *Invariant:* what decides where a stored
//! password goes is changed through [`Unit::ways_conn`] and by nothing else.

use crate::conn::Conn;
use crate::dialect::Dialect;
use crate::error::Result;
use crate::sql::Sql;
use crate::unit::Unit;

/// What a unit keeps from its beginning. SQLite has one writer, who keeps all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keeps {
    /// Nothing; the rest of the order comes when it is needed.
    #[default]
    Nothing,
    /// Who may what: accounts, their rights, and by what they come in.
    Accounts,
    /// Where stored passwords go: phones, sites, groups, credentials, SIP profiles.
    Ways,
    /// Both: what goes may have been in somebody's reach.
    AccountsAndWays,
    /// Jobs and their targets.
    Jobs,
}

impl Keeps {
    pub(crate) const fn ways(self) -> bool {
        matches!(self, Self::Ways | Self::AccountsAndWays)
    }

    /// Whether others keep it while they read with more connections than their own.
    pub(crate) const fn waits_long(self) -> bool {
        !matches!(self, Self::Nothing | Self::Jobs)
    }

    pub(crate) const fn jobs(self) -> bool {
        matches!(self, Self::Jobs)
    }
}

impl Dialect {
    /// How a write begins that keeps this, in one round trip. SQLite takes its one write lock at once:
    /// a transaction that reads first and writes later would fail as busy without waiting.
    pub(crate) const fn begin_keeping(self, keeps: Keeps) -> &'static str {
        match (self, keeps) {
            (Self::Sqlite, _) => "BEGIN IMMEDIATE",
            (Self::Postgres, Keeps::Nothing) => "BEGIN",
            (Self::Postgres, Keeps::Accounts) => {
                "BEGIN; SELECT pg_advisory_xact_lock(20251) IS NULL AS locked"
            }
            (Self::Postgres, Keeps::Ways) => {
                "BEGIN; SELECT pg_advisory_xact_lock(20252) IS NULL AS locked"
            }
            (Self::Postgres, Keeps::AccountsAndWays) => {
                "BEGIN; SELECT pg_advisory_xact_lock(20251) IS NULL AS locked; \
                 SELECT pg_advisory_xact_lock(20252) IS NULL AS locked"
            }
            (Self::Postgres, Keeps::Jobs) => {
                "BEGIN; SELECT pg_advisory_xact_lock(20250) IS NULL AS locked"
            }
        }
    }

    /// Lets one writer of jobs at a time through, on all nodes together, until it commits;
    /// nothing where there is one writer anyway.
    ///
    /// Without it two nodes could both find a phone free and collide on the unique index, or
    /// wait for each other's jobs in turn. The audit log has one writer at a time as well, so
    /// little is lost.
    const fn jobs_lock(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT pg_advisory_xact_lock(20250) IS NULL AS locked"),
        }
    }

    /// The same for writers of what decides where stored passwords go. Without it two changes, each
    /// allowed by what it saw, could together send one where neither would have been allowed to.
    const fn ways_lock(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT pg_advisory_xact_lock(20252) IS NULL AS locked"),
        }
    }
}

impl Unit {
    /// The connection for a change of jobs or targets. Every such change begins here.
    pub(crate) async fn jobs_conn(&mut self) -> Result<Conn<'_>> {
        if !self.holds.jobs {
            self.take(Dialect::jobs_lock).await?;
            self.holds.jobs = true;
        }
        Ok(self.conn())
    }

    /// The connection for a change of what decides where a stored password goes. Every such change
    /// begins here: whoever did not begin with [`Keeps::Ways`] keeps it from here on.
    pub(crate) async fn ways_conn(&mut self) -> Result<Conn<'_>> {
        if !self.holds.ways {
            self.take(Dialect::ways_lock).await?;
            self.holds.ways = true;
        }
        Ok(self.conn())
    }

    async fn take(&mut self, lock: fn(Dialect) -> Option<&'static str>) -> Result<()> {
        let mut conn = self.conn();
        if let Some(lock) = lock(conn.dialect()) {
            conn.all(Sql::new(lock)).await?;
        }
        Ok(())
    }
}
