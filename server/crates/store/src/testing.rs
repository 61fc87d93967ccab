//! Databases for tests of the crates above: made on a test server, gone afterwards.
//!
//! Only with the feature `testing`, which no build of the program turns on.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

use crate::error::Result;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// An empty database on a Postgres server for tests.
#[derive(Debug)]
pub struct TestDatabase {
    server: String,
    name: String,
}

impl TestDatabase {
    /// Makes one. `server` is the address of a server where the user may create databases.
    pub async fn create(server: &str, prefix: &str) -> Result<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("carillon_{prefix}_{}_{number}", std::process::id());
        let database = Self {
            server: server.to_owned(),
            name,
        };
        database.drop_if_there().await?;
        let create = format!("CREATE DATABASE {} TEMPLATE template0", database.name);
        database.administer(create).await?;
        Ok(database)
    }

    /// Its address, for [`crate::Store::open`].
    pub fn url(&self) -> String {
        let (address, options) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let base = address
            .rfind('/')
            .map_or(address, |slash| &address[..slash]);
        let mark = if options.is_empty() { "" } else { "?" };
        format!("{base}/{}{mark}{options}", self.name)
    }

    /// Removes it, whoever is still connected.
    pub async fn drop_if_there(&self) -> Result<()> {
        self.administer(format!(
            "DROP DATABASE IF EXISTS {} WITH (FORCE)",
            self.name
        ))
        .await
    }

    async fn administer(&self, statement: String) -> Result<()> {
        let mut conn = PgConnection::connect(&self.server).await?;
        conn.execute(AssertSqlSafe(statement)).await?;
        conn.close().await?;
        Ok(())
    }
}

/// Runs a statement behind the store's back, as somebody with the file or the password would.
pub async fn raw(url: &str, statement: &str) -> Result<()> {
    let sql = AssertSqlSafe(statement.to_owned());
    if url.starts_with("sqlite:") {
        let mut conn = SqliteConnection::connect(url).await?;
        conn.execute(sql).await?;
        conn.close().await?;
    } else {
        let mut conn = PgConnection::connect(url).await?;
        conn.execute(sql).await?;
        conn.close().await?;
    }
    Ok(())
}

/// How many rows a statement answers in Postgres, or changes.
pub async fn rows(url: &str, statement: &str) -> Result<u64> {
    let mut conn = PgConnection::connect(url).await?;
    let answered = conn.execute(AssertSqlSafe(statement.to_owned())).await?;
    conn.close().await?;
    Ok(answered.rows_affected())
}

/// Signs the orders of a fresh database, as the first start of a server does, without a record.
pub async fn sign_orders(store: &crate::Store) -> Result<()> {
    let mut unit = store.begin().await?;
    let rows = unit.signed_rows(crate::SignedRows::Orders, None, 9).await?;
    for row in rows.iter().filter(|row| !row.is_signed()) {
        unit.sign_row(row).await?;
    }
    unit.commit_bookkeeping().await
}
