//! Opening SQLite: one file, for its owner only, durable before fast.
//!
//! Owns the settings of every connection. *Invariant:* an older library than the one whose
//! write-ahead log is known to be sound is refused.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use crate::conn::Conn;
use crate::error::{DriverError, Result, StoreError};
use crate::mounts::network_file_system;
use crate::sql::Sql;
use crate::store::Pools;

/// The first version without the known fault in resetting the write-ahead log.
const OLDEST: (u32, u32, u32) = (3, 51, 3);
const READERS: u32 = 4;
/// Pages of the writer's cache: KiB, negative. It holds what one batch of results touches in the
/// tables and their indexes, so that they are not read again for the next.
const WRITER_CACHE: &str = "-16384";
/// Pages in the log before it is folded into the file: a page that many batches touch is written
/// there once.
const FOLD_AFTER: &str = "4096";
/// Statements that a connection keeps prepared: each text of several rows comes in several sizes.
const KEPT_STATEMENTS: usize = 256;
/// Rows that SQLite's thread may be ahead of whoever reads them: with few of them the two wait for
/// each other all the time.
const ROWS_AT_ONCE: usize = 512;
const BUSY: Duration = Duration::from_secs(5);
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(30);

pub(crate) async fn open(url: &str) -> Result<Pools> {
    let path = path(url)?;
    refuse_network(&path)?;
    make_private(&path)?;
    let writer = options(&path)
        .statement_cache_capacity(KEPT_STATEMENTS)
        .pragma("cache_size", WRITER_CACHE)
        .pragma("wal_autocheckpoint", FOLD_AFTER);
    let writer = pool(1).connect_with(writer).await?;
    check(&writer).await?;
    let readers = pool(READERS)
        .connect_with(
            options(&path)
                .statement_cache_capacity(KEPT_STATEMENTS)
                .pragma("query_only", "ON"),
        )
        .await?;
    Ok(Pools::Sqlite {
        writer,
        readers,
        file: path,
    })
}

/// A full disk makes SQLite end a transaction by itself; the driver then believes for ever that it
/// is open. Such a connection is closed instead of lent.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(WAIT_FOR_CONNECTION)
        // A file does not hang up: asking first whether it is still there costs a round trip.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .before_acquire(|conn, _| Box::pin(async move { Ok(!conn.is_in_transaction()) }))
}

/// `sqlite:PATH` or `sqlite://PATH`.
fn path(url: &str) -> Result<PathBuf> {
    let rest = url.strip_prefix("sqlite:").unwrap_or_default();
    let text = rest.strip_prefix("//").unwrap_or(rest);
    if text.is_empty() || text.contains('?') || text == ":memory:" {
        return Err(StoreError::Unusable(
            "SQLite needs the path of a file: sqlite:PATH".to_owned(),
        ));
    }
    Ok(PathBuf::from(text))
}

fn refuse_network(path: &Path) -> Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match network_file_system(folder.unwrap_or(Path::new("."))) {
        None => Ok(()),
        Some(kind) => Err(StoreError::Unusable(format!(
            "SQLite cannot live on a network drive ({kind}): choose a local folder or Postgres"
        ))),
    }
}

/// Makes the file, readable by its owner only, before SQLite would make it readable by all.
/// SQLite gives the same mode to its log.
fn make_private(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let unavailable = |error| StoreError::Unavailable(DriverError(sqlx::Error::Io(error)));
    let file = options.open(path).map_err(unavailable)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .map_err(unavailable)?;
    drop(file);
    Ok(())
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .row_buffer_size(ROWS_AT_ONCE)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        // What a statement keeps to undo itself alone is small: no file for it.
        .pragma("temp_store", "MEMORY")
        .pragma("mmap_size", "0")
        .disable_statement_logging()
}

/// Asserts what the settings above asked for.
async fn check(pool: &SqlitePool) -> Result<()> {
    let mut lent = pool.acquire().await?;
    let mut conn = Conn::Sqlite(&mut lent);
    let row = conn
        .optional(Sql::new("SELECT sqlite_version() AS v"))
        .await?;
    let version: String = match row {
        Some(row) => row.get("v")?,
        None => String::new(),
    };
    if parse_version(&version).is_none_or(|found| found < OLDEST) {
        let (a, b, c) = OLDEST;
        let problem = format!("SQLite {version} is too old: {a}.{b}.{c} or later is needed");
        return Err(StoreError::Unusable(problem));
    }
    let row = conn.optional(Sql::new("PRAGMA journal_mode")).await?;
    let mode: String = match row {
        Some(row) => row.get("journal_mode")?,
        None => String::new(),
    };
    let synchronous = conn
        .number(Sql::new("PRAGMA synchronous"), "synchronous")
        .await?;
    let foreign_keys = conn
        .number(Sql::new("PRAGMA foreign_keys"), "foreign_keys")
        .await?;
    if mode == "wal" && synchronous == 2 && foreign_keys == 1 {
        Ok(())
    } else {
        Err(StoreError::Unusable(
            "SQLite did not take its settings: the file may be read-only".to_owned(),
        ))
    }
}

/// The first thing that is wrong with the file. A file that cannot even be read through is
/// wrong as well.
pub(crate) async fn quick_check(conn: &mut Conn<'_>) -> Result<Option<String>> {
    let looked = conn.optional(Sql::new("PRAGMA quick_check(1)")).await;
    let row = match looked {
        Ok(row) => row,
        Err(StoreError::Driver(error)) => return Ok(Some(error.to_string())),
        Err(error) => return Err(error),
    };
    let found: String = match row {
        Some(row) => row.get("quick_check")?,
        None => return Ok(None),
    };
    Ok((found != "ok").then_some(found))
}

fn parse_version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(str::parse);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(Ok(a)), Some(Ok(b)), Some(Ok(c))) => Some((a, b, c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(parse_version("3.6.23") < Some(OLDEST));
        assert!(parse_version("3.51.3") == Some(OLDEST));
        assert!(parse_version("3.100.0") > Some(OLDEST));
    }

    #[tokio::test]
    async fn a_transaction_that_ended_by_itself_blocks_nobody() {
        let dir = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite:{}", dir.path().join("carillon.db").display());
        let store = crate::Store::open(&url).await.expect("opened");
        let mut unit = store.begin().await.expect("begun");
        // What SQLite does by itself on a full disk, unseen by the driver.
        let behind = unit.conn().execute(Sql::new("ROLLBACK")).await;
        behind.expect("ended");
        drop(unit);
        let unit = store.begin().await.expect("begun on another connection");
        unit.commit_bookkeeping().await.expect("committed");
    }

    #[test]
    fn only_files_are_taken() {
        assert_eq!(path("sqlite:/a/b.db").ok(), Some(PathBuf::from("/a/b.db")));
        assert_eq!(path("sqlite://c.db").ok(), Some(PathBuf::from("c.db")));
        assert!(path("sqlite::memory:").is_err());
        assert!(path("sqlite:a?mode=memory").is_err());
    }
}
