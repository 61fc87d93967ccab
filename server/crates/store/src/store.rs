//! The store itself: opening it, and lending connections.
//!
//! Owns both pools. *Invariant:* nothing here or below asks a clock, and no connection string
//! is ever printed.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use carillon_domain::Reach;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, Postgres};
use sqlx::sqlite::{Sqlite, SqlitePool};
use sqlx::{AssertSqlSafe, Transaction};
use tokio::sync::Mutex;

use crate::audit::Known;
use crate::conn::Conn;
use crate::dialect::Dialect;
use crate::error::{Result, StoreError};
use crate::keeps::Keeps;
use crate::kept::{Kept, KeptTx};
use crate::run::Run;
use crate::signed::Trust;
use crate::sql::Sql;
use crate::unit::Unit;
use crate::{migrate, open_postgres, open_sqlite};

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) pools: Arc<Pools>,
    /// What the audit log's table of values surely holds.
    pub(crate) known: Arc<Known>,
    /// What is out of it does not exist for whoever holds this store.
    pub(crate) reach: Arc<Reach>,
    pub(crate) run: Run,
    /// Which rows are believed.
    pub(crate) trust: Arc<Trust>,
    /// Of the units here that keep accounts or ways, one waits at the database: those that waited there
    /// would hold the connections with which the one before reads on.
    pub(crate) turn: Arc<Mutex<()>>,
}

/// The open connections of one of the two databases.
pub(crate) enum Pools {
    /// One writer, as SQLite has one at a time, and a few readers.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        file: PathBuf,
    },
    Postgres {
        pool: PgPool,
        /// For the writes of the one task that these connections are for.
        kept: Option<Kept>,
    },
}

/// A connection lent for reading.
pub(crate) enum Reading {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// An open transaction.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
    Kept(KeptTx),
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({:?})", self.dialect())
    }
}

impl Store {
    /// Opens `sqlite:PATH` or `postgres://…` without changing what is in it.
    ///
    /// A missing SQLite file is made, for its owner only.
    pub async fn open(url: &str) -> Result<Self> {
        let known = Arc::<Known>::default();
        let pools = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => open_sqlite::open(url).await?,
            Some("postgres" | "postgresql") => open_postgres::open(url, known.clone()).await?,
            _ => {
                return Err(StoreError::Unusable(
                    "the database's address must begin with sqlite: or postgres://".to_owned(),
                ));
            }
        };
        Ok(Self {
            pools: Arc::new(pools),
            known,
            reach: Arc::default(),
            run: Run::default(),
            trust: Arc::default(),
            turn: Arc::default(),
        })
    }

    /// The same for a run that records. Without, no record can name an address.
    #[must_use]
    pub fn in_run(self, run: Run) -> Self {
        Self { run, ..self }
    }

    /// The run that records through this store.
    pub const fn run(&self) -> &Run {
        &self.run
    }

    /// Whether several nodes can share this database.
    pub fn is_shared(&self) -> bool {
        self.dialect() == Dialect::Postgres
    }

    /// Whether the database was ever set up. Ask before [`Store::migrate`].
    pub async fn schema_exists(&self) -> Result<bool> {
        let sql = Sql::new(self.dialect().count_tables());
        let tables = self.read().await?.conn().number(sql, "n").await?;
        Ok(tables > 0)
    }

    /// Brings the tables up to date. Several nodes may try at once.
    pub async fn migrate(&self) -> Result<()> {
        migrate::run(&self.pools).await
    }

    /// Answers when the database answers.
    pub async fn ping(&self) -> Result<()> {
        let sql = Sql::new("SELECT COUNT(*) AS n FROM meta");
        self.read().await?.conn().number(sql, "n").await.map(drop)
    }

    /// Settings of the database under which a confirmed commit could still be lost. SQLite's are
    /// ours and were asserted when it was opened; a Postgres server's are its owner's.
    pub async fn durability_concerns(&self) -> Result<Vec<String>> {
        match self.dialect() {
            Dialect::Sqlite => Ok(Vec::new()),
            Dialect::Postgres => {
                open_postgres::durability_concerns(&mut self.read().await?.conn()).await
            }
        }
    }

    /// Free bytes beside a SQLite file; `None` where they are not ours to know.
    pub fn free_bytes(&self) -> Option<u64> {
        let Pools::Sqlite { file, .. } = &*self.pools else {
            return None;
        };
        let disk = rustix::fs::statvfs(file).ok()?;
        // A file system without a size of its own says nothing of its room.
        (disk.f_blocks > 0).then_some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Looks whether a SQLite file of at most `largest` bytes is whole. Answers what is wrong
    /// with it, in SQLite's words; `None` also where nobody looked.
    pub async fn quick_check(&self, largest: u64) -> Result<Option<String>> {
        let Pools::Sqlite { file, .. } = &*self.pools else {
            return Ok(None);
        };
        if std::fs::metadata(file).is_ok_and(|facts| facts.len() > largest) {
            return Ok(None);
        }
        open_sqlite::quick_check(&mut self.read().await?.conn()).await
    }

    /// Begins a write. SQLite lets one in at a time; the others wait.
    pub async fn begin(&self) -> Result<Unit> {
        self.begin_keeping(Keeps::Nothing).await
    }

    /// Begins a write of jobs or targets.
    pub async fn begin_jobs(&self) -> Result<Unit> {
        self.begin_keeping(Keeps::Jobs).await
    }

    /// Begins a write that keeps something to itself from its beginning, in the same round trip.
    pub async fn begin_keeping(&self, keeps: Keeps) -> Result<Unit> {
        let turn = if keeps.waits_long() && self.is_shared() {
            Some(self.turn.clone().lock_owned().await)
        } else {
            None
        };
        let tx = self.begin_with(self.dialect().begin_keeping(keeps)).await?;
        Ok(Unit::new(
            (tx, keeps, turn),
            self.reach.clone(),
            self.run.clone(),
            (self.known.clone(), self.trust.clone()),
        ))
    }

    async fn begin_with(&self, statement: &'static str) -> Result<Tx> {
        Ok(match &*self.pools {
            Pools::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with(statement).await?),
            Pools::Postgres { pool, kept: None } => Tx::Postgres(pool.begin_with(statement).await?),
            Pools::Postgres {
                pool,
                kept: Some(kept),
            } => Tx::Kept(kept.begin(pool, statement).await?),
        })
    }

    /// The same database for a task on a runtime of its own: a connection to Postgres is served by
    /// the runtime that opened it, and would wait for its turn there. SQLite has its one writer.
    ///
    /// # Panics
    /// On Postgres, outside a runtime.
    #[must_use]
    pub fn apart(&self) -> Self {
        let pools = match &*self.pools {
            Pools::Sqlite { .. } => self.pools.clone(),
            Pools::Postgres { pool, .. } => Arc::new(Pools::Postgres {
                pool: open_postgres::apart(pool),
                kept: Some(Kept::default()),
            }),
        };
        Self {
            pools,
            ..self.clone()
        }
    }

    /// Ends the connections that [`Store::apart`] made, and nothing where it made none.
    pub async fn close_apart(&self) {
        if let Pools::Postgres { pool, kept } = &*self.pools {
            if let Some(kept) = kept {
                kept.close().await;
            }
            pool.close().await;
        }
    }

    /// Ends all connections; SQLite's log is folded into its file first.
    pub async fn close(&self) {
        match &*self.pools {
            Pools::Sqlite {
                writer, readers, ..
            } => {
                readers.close().await;
                let folded = sqlx::query(AssertSqlSafe("PRAGMA wal_checkpoint(TRUNCATE)"))
                    .execute(writer)
                    .await;
                if let Err(error) = folded {
                    tracing::warn!(%error, "the database's log could not be folded in");
                }
                writer.close().await;
            }
            Pools::Postgres { pool, .. } => pool.close().await,
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match &*self.pools {
            Pools::Sqlite { .. } => Dialect::Sqlite,
            Pools::Postgres { .. } => Dialect::Postgres,
        }
    }

    /// A connection for one read.
    pub(crate) async fn read(&self) -> Result<Reading> {
        Ok(match &*self.pools {
            Pools::Sqlite { readers, .. } => Reading::Sqlite(readers.acquire().await?),
            Pools::Postgres { pool, .. } => Reading::Postgres(pool.acquire().await?),
        })
    }

    /// A transaction for several reads that must tell of one moment.
    pub(crate) async fn snapshot(&self) -> Result<Tx> {
        let statement = self.dialect().begin_read();
        Ok(match &*self.pools {
            Pools::Sqlite { readers, .. } => Tx::Sqlite(readers.begin_with(statement).await?),
            Pools::Postgres { pool, .. } => Tx::Postgres(pool.begin_with(statement).await?),
        })
    }
}

impl Reading {
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            Self::Postgres(conn) => Conn::Postgres(conn),
        }
    }
}

impl Tx {
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(tx) => Conn::Sqlite(tx),
            Self::Postgres(tx) => Conn::Postgres(tx),
            Self::Kept(tx) => Conn::Postgres(tx.conn()),
        }
    }

    pub(crate) async fn commit(self) -> std::result::Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
            Self::Kept(tx) => tx.commit().await,
        }
    }
}
