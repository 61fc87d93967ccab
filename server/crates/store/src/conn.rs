//! One connection of either database, and the ways to run a statement on it.
//!
//! Owns the only place where a statement meets a driver.

use futures_util::{Stream, TryStreamExt as _};
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, query_with};

use crate::dialect::Dialect;
use crate::error::Result;
use crate::row::{Fields, Row, Shape};
use crate::sql::Sql;

/// A borrowed connection.
pub(crate) enum Conn<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Conn<'_> {
    pub(crate) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: Sql) -> Result<u64> {
        let keep = sql.is_kept();
        Ok(match self {
            Self::Sqlite(conn) => {
                let (text, values) = sql.into_sqlite()?;
                tell(&text);
                let query = query_with(AssertSqlSafe(text), values).persistent(keep);
                query.execute(&mut **conn).await?.rows_affected()
            }
            Self::Postgres(conn) => {
                let (text, values) = sql.into_postgres()?;
                tell(&text);
                let query = query_with(AssertSqlSafe(text), values).persistent(keep);
                query.execute(&mut **conn).await?.rows_affected()
            }
        })
    }

    /// Runs changes of different rows, and says how many rows the first changed. Postgres takes
    /// them at one go; SQLite's way there is short, and its driver takes one at a time.
    pub(crate) async fn change_together(&mut self, first: Sql, rest: Vec<Sql>) -> Result<u64> {
        if let Self::Postgres(_) = self
            && !rest.is_empty()
        {
            let changed = self.number(Sql::together(first, rest), "n").await?;
            return Ok(u64::try_from(changed).unwrap_or_default());
        }
        let changed = self.execute(first).await?;
        for one in rest {
            self.execute(one).await?;
        }
        Ok(changed)
    }

    /// Runs removals, and says how many rows each removed. In SQLite's file what is removed is
    /// overwritten, not only given free.
    pub(crate) async fn overwriting<const N: usize>(
        &mut self,
        removals: [Sql; N],
    ) -> Result<[u64; N]> {
        let overwrites = self.dialect() == Dialect::Sqlite;
        if overwrites {
            self.all(Sql::new("PRAGMA secure_delete = ON")).await?;
        }
        let mut removed = Ok([0; N]);
        for (index, removal) in removals.into_iter().enumerate() {
            let rows = self.execute(removal).await;
            match (&mut removed, rows) {
                (Ok(all), Ok(rows)) => all[index] = rows,
                (Ok(_), Err(error)) => removed = Err(error),
                (Err(_), _) => {}
            }
        }
        if overwrites {
            self.all(Sql::new("PRAGMA secure_delete = OFF")).await?;
        }
        removed
    }

    /// All rows.
    pub(crate) async fn all(&mut self, sql: Sql) -> Result<Vec<Row>> {
        let keep = sql.is_kept();
        Ok(match self {
            Self::Sqlite(conn) => {
                let (text, values) = sql.into_sqlite()?;
                tell(&text);
                let query = query_with(AssertSqlSafe(text), values).persistent(keep);
                let rows = query.fetch_all(&mut **conn).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(conn) => {
                let (text, values) = sql.into_postgres()?;
                tell(&text);
                let query = query_with(AssertSqlSafe(text), values).persistent(keep);
                let rows = query.fetch_all(&mut **conn).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// What each row says, read as it comes: of ten thousand rows only a few are held at a time.
    ///
    /// A row that cannot be read is the error; the others are still fetched, for the same reason
    /// as in [`Conn::optional`].
    pub(crate) async fn read<T>(
        &mut self,
        sql: Sql,
        one: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let keep = sql.is_kept();
        match self {
            Self::Sqlite(conn) => {
                let (text, values) = sql.into_sqlite()?;
                tell(&text);
                let query = query_with(AssertSqlSafe(text), values).persistent(keep);
                each(query.fetch(&mut **conn).map_ok(Row::Sqlite), one).await
            }
            Self::Postgres(conn) => {
                let (text, values) = sql.into_postgres()?;
                tell(&text);
                let query = query_with(AssertSqlSafe(text), values).persistent(keep);
                each(query.fetch(&mut **conn).map_ok(Row::Postgres), one).await
            }
        }
    }

    /// The same for rows of which there are many, again and again; in no order that could be
    /// relied on. SQLite hands them over at one go.
    pub(crate) async fn read_packed<T>(
        &mut self,
        sql: Sql,
        shape: Shape,
        mut one: impl FnMut(Fields<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        if self.dialect() == Dialect::Postgres {
            let read = |row: &Row| one(row.of(shape.table, shape.key));
            return self.read(sql, read).await;
        }
        let packed = self.optional(sql.packed(shape.columns)).await?;
        let text: Option<String> = packed.map(|row| row.get("packed")).transpose()?;
        shape.unpack(text.as_deref().unwrap_or("[]"), one)
    }

    /// The first row, if there is one. All are fetched: a half-read statement of SQLite would
    /// keep its transaction open.
    pub(crate) async fn optional(&mut self, sql: Sql) -> Result<Option<Row>> {
        Ok(self.all(sql).await?.into_iter().next())
    }

    /// One number, such as a count.
    pub(crate) async fn number(&mut self, sql: Sql, column: &str) -> Result<i64> {
        match self.optional(sql).await? {
            Some(row) => row.get(column),
            None => Ok(0),
        }
    }
}

async fn each<T>(
    rows: impl Stream<Item = std::result::Result<Row, sqlx::Error>>,
    mut one: impl FnMut(&Row) -> Result<T>,
) -> Result<Vec<T>> {
    let mut rows = std::pin::pin!(rows);
    let mut read = Ok(Vec::new());
    while let Some(row) = rows.try_next().await? {
        if let Ok(found) = &mut read {
            match one(&row) {
                Ok(value) => found.push(value),
                Err(error) => read = Err(error),
            }
        }
    }
    read
}

/// Whoever counts or reads statements asks for `carillon_store::statement=trace`. The text is our
/// own; values are not in it.
fn tell(text: &str) {
    tracing::trace!(target: "carillon_store::statement", "{text}");
}
