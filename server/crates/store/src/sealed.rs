//! Every column that holds sealed values, for the change of the key that seals.
//!
//! Owns the closed list of these columns. *Invariant:* a value is replaced only if it is still
//! the one that was read: whoever wrote meanwhile is not undone.

use crate::conn::Conn;
use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

carillon_domain::closed_list! {
    /// A column of sealed values.
    SealedColumn {
        /// Passwords of phones.
        Credentials = "credentials",
        /// Password hashes of accounts.
        Passwords = "passwords",
        /// Secrets of second factors.
        Factors = "second factors",
        /// Numbers that jobs dial.
        Numbers = "numbers of jobs",
        /// What people have begun and not finished.
        Drafts = "drafts",
        /// Secrets that sign what receivers of the log get.
        Streams = "secrets of streams",
        /// Numbers that audit records commit to.
        Private = "numbers of records",
    }
}

/// One sealed value and where it belongs.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedRow {
    /// Key of the row.
    pub id: String,
    /// Version that the seal covers.
    pub version: i64,
    /// The value.
    pub sealed: Vec<u8>,
}

impl std::fmt::Debug for SealedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedRow")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl SealedColumn {
    /// What one needs to read on: rows after `$1` that another key than `$2` sealed, `$3` at most.
    const fn select(self) -> &'static str {
        match self {
            Self::Credentials => {
                "SELECT name AS id, secret_version AS version, secret AS sealed FROM credentials \
                 WHERE name > $1 AND substr(secret, 2, 8) <> $2 ORDER BY name LIMIT $3"
            }
            Self::Passwords => {
                "SELECT id, password_version AS version, password AS sealed FROM users \
                 WHERE id > $1 AND password IS NOT NULL AND substr(password, 2, 8) <> $2 \
                 ORDER BY id LIMIT $3"
            }
            Self::Factors => {
                "SELECT id, factor_version AS version, factor AS sealed FROM users \
                 WHERE id > $1 AND factor IS NOT NULL AND substr(factor, 2, 8) <> $2 \
                 ORDER BY id LIMIT $3"
            }
            Self::Numbers => {
                "SELECT id, created_at AS version, params_sealed AS sealed FROM jobs \
                 WHERE id > $1 AND params_sealed IS NOT NULL AND substr(params_sealed, 2, 8) <> $2 \
                 ORDER BY id LIMIT $3"
            }
            Self::Drafts => {
                "SELECT id, created_at AS version, sealed FROM drafts \
                 WHERE id > $1 AND substr(sealed, 2, 8) <> $2 ORDER BY id LIMIT $3"
            }
            Self::Private => {
                "SELECT id, at AS version, sealed FROM audit_private \
                 WHERE id > $1 AND substr(sealed, 2, 8) <> $2 ORDER BY id LIMIT $3"
            }
            Self::Streams => {
                "SELECT name AS id, secret_version AS version, secret AS sealed FROM streams \
                 WHERE name > $1 AND secret IS NOT NULL AND substr(secret, 2, 8) <> $2 \
                 ORDER BY name LIMIT $3"
            }
        }
    }

    const fn update(self) -> &'static str {
        match self {
            Self::Credentials => {
                "UPDATE credentials SET secret = $3 WHERE name = $1 AND secret = $2"
            }
            Self::Passwords => "UPDATE users SET password = $3 WHERE id = $1 AND password = $2",
            Self::Factors => "UPDATE users SET factor = $3 WHERE id = $1 AND factor = $2",
            Self::Numbers => {
                "UPDATE jobs SET params_sealed = $3 WHERE id = $1 AND params_sealed = $2"
            }
            Self::Drafts => "UPDATE drafts SET sealed = $3 WHERE id = $1 AND sealed = $2",
            Self::Private => "UPDATE audit_private SET sealed = $3 WHERE id = $1 AND sealed = $2",
            Self::Streams => "UPDATE streams SET secret = $3 WHERE name = $1 AND secret = $2",
        }
    }

    /// How many values each key sealed.
    const fn count(self) -> &'static str {
        match self {
            Self::Credentials => {
                "SELECT substr(secret, 2, 8) AS k, COUNT(*) AS n FROM credentials GROUP BY 1"
            }
            Self::Passwords => {
                "SELECT substr(password, 2, 8) AS k, COUNT(*) AS n FROM users \
                 WHERE password IS NOT NULL GROUP BY 1"
            }
            Self::Factors => {
                "SELECT substr(factor, 2, 8) AS k, COUNT(*) AS n FROM users \
                 WHERE factor IS NOT NULL GROUP BY 1"
            }
            Self::Numbers => {
                "SELECT substr(params_sealed, 2, 8) AS k, COUNT(*) AS n FROM jobs \
                 WHERE params_sealed IS NOT NULL GROUP BY 1"
            }
            Self::Drafts => {
                "SELECT substr(sealed, 2, 8) AS k, COUNT(*) AS n FROM drafts GROUP BY 1"
            }
            Self::Private => {
                "SELECT substr(sealed, 2, 8) AS k, COUNT(*) AS n FROM audit_private GROUP BY 1"
            }
            Self::Streams => {
                "SELECT substr(secret, 2, 8) AS k, COUNT(*) AS n FROM streams \
                 WHERE secret IS NOT NULL GROUP BY 1"
            }
        }
    }
}

fn sealed_row(row: &Row) -> Result<SealedRow> {
    Ok(SealedRow {
        id: row.get("id")?,
        version: row.get("version")?,
        sealed: row.get("sealed")?,
    })
}

impl Store {
    /// The next values of a column, by their row's key, that another key than this one sealed.
    pub async fn sealed_otherwise(
        &self,
        column: SealedColumn,
        key: &[u8],
        after: &str,
        limit: i64,
    ) -> Result<Vec<SealedRow>> {
        let sql = Sql::new(column.select()).arg(after).arg(key).arg(limit);
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(sealed_row).collect()
    }

    /// How many values of a column each key sealed, by the key's eight bytes.
    pub async fn sealed_by_key(&self, column: SealedColumn) -> Result<Vec<(Vec<u8>, i64)>> {
        counted(&mut self.read().await?.conn(), column).await
    }
}

async fn counted(conn: &mut Conn<'_>, column: SealedColumn) -> Result<Vec<(Vec<u8>, i64)>> {
    let rows = conn.all(Sql::new(column.count())).await?;
    rows.iter()
        .map(|row| Ok((row.get("k")?, row.get("n")?)))
        .collect()
}

impl Unit {
    /// How many values of a column each key sealed, as this unit sees it.
    pub async fn sealed_by_key(&mut self, column: SealedColumn) -> Result<Vec<(Vec<u8>, i64)>> {
        counted(&mut self.conn(), column).await
    }

    /// Replaces a sealed value by the same one sealed anew; `false` when it is another by now.
    pub async fn reseal(
        &mut self,
        column: SealedColumn,
        row: &SealedRow,
        anew: Vec<u8>,
    ) -> Result<bool> {
        let sql = Sql::new(column.update());
        let sql = sql.arg(&row.id).arg(&row.sealed).arg(anew);
        let changed = match column {
            SealedColumn::Numbers => self.jobs_conn().await?.execute(sql).await?,
            _ => self.conn().execute(sql).await?,
        };
        Ok(changed > 0)
    }
}
