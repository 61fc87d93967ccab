//! Migrations, embedded in the program.
//!
//! Owns which files belong to which database. *Invariant:* both folders hold the same names.

use std::borrow::Cow;

use rust_embed::RustEmbed;
use sqlx::migrate::{MigrateError, Migration, MigrationSource, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Connection as _, SqlSafeStr as _};

use crate::dialect::Dialect;
use crate::error::{Result, StoreError};
use crate::store::Pools;

#[derive(RustEmbed)]
#[folder = "../../../migrations"]
struct Files;

/// The files of one database's folder.
#[derive(Debug)]
struct Embedded(Dialect);

pub(crate) async fn run(pools: &Pools) -> Result<()> {
    let done = match pools {
        Pools::Sqlite { writer, .. } => {
            let migrator = Migrator::new(Embedded(Dialect::Sqlite)).await;
            migrator.map_err(failed)?.run(writer).await
        }
        Pools::Postgres { pool, .. } => {
            let migrator = Migrator::new(Embedded(Dialect::Postgres)).await;
            let migrator = migrator.map_err(failed)?;
            // A connection of its own: a migration may take long, and so may waiting for
            // another node's.
            let mut conn = pool.acquire().await?.detach();
            for limit in ["SET statement_timeout = 0", "SET lock_timeout = 0"] {
                sqlx::query(limit).execute(&mut conn).await?;
            }
            let done = migrator.run_direct(None, &mut conn, false).await;
            conn.close().await?;
            done
        }
    };
    done.map_err(failed)
}

fn failed(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _) => inner.into(),
        MigrateError::VersionMissing(version) => StoreError::Unusable(format!(
            "the database was set up by a newer Carillon (migration {version})"
        )),
        MigrateError::VersionMismatch(version) => StoreError::Unusable(format!(
            "migration {version} is not the one that this database was set up with"
        )),
        other => StoreError::Unusable(format!(
            "the tables could not be brought up to date: {other}"
        )),
    }
}

impl MigrationSource<'static> for Embedded {
    fn resolve(
        self,
    ) -> futures_util::future::BoxFuture<
        'static,
        std::result::Result<Vec<Migration>, sqlx::error::BoxDynError>,
    > {
        let migrations = names(self.0).filter_map(|name| migration(&name)).collect();
        Box::pin(std::future::ready(Ok(migrations)))
    }
}

const fn folder(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "sqlite/",
        Dialect::Postgres => "postgres/",
    }
}

fn names(dialect: Dialect) -> impl Iterator<Item = String> {
    Files::iter()
        .map(Cow::into_owned)
        .filter(move |name| name.starts_with(folder(dialect)))
}

/// `sqlite/0001_meta.sql` → number 1, description `meta`.
fn migration(path: &str) -> Option<Migration> {
    let file = Files::get(path)?;
    let text = String::from_utf8(file.data.into_owned()).ok()?;
    let name = path.rsplit('/').next()?.strip_suffix(".sql")?;
    let (number, description) = name.split_once('_')?;
    Some(Migration::new(
        number.parse().ok()?,
        Cow::Owned(description.replace('_', " ")),
        MigrationType::Simple,
        AssertSqlSafe(text).into_sql_str(),
        false,
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn both_folders_hold_the_same_names() {
        let bare = |dialect| {
            let mut found: Vec<_> = names(dialect)
                .filter_map(|path| path.rsplit('/').next().map(str::to_owned))
                .collect();
            found.sort();
            found
        };
        assert!(!bare(Dialect::Sqlite).is_empty());
        assert_eq!(bare(Dialect::Sqlite), bare(Dialect::Postgres));
    }

    /// A database remembers the files that it was set up with, and refuses others: what has been
    /// given away is not edited, only added to. `sha256sum --check checksums` says the same.
    #[test]
    fn what_was_given_away_is_as_it_was() {
        let text = |file: rust_embed::EmbeddedFile| String::from_utf8(file.data.into_owned());
        let listed = text(Files::get("checksums").expect("the list")).expect("text");
        let listed: BTreeMap<&str, &str> = listed
            .lines()
            .filter_map(|line| line.split_once("  "))
            .map(|(digest, name)| (name, digest))
            .collect();
        let all = names(Dialect::Sqlite).chain(names(Dialect::Postgres));
        let found = all.map(|name| {
            let digest = Sha256::digest(Files::get(&name).expect(&name).data);
            (name, hex::encode(digest))
        });
        let found: BTreeMap<String, String> = found.collect();
        let found: BTreeMap<&str, &str> = found.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(found, listed);
    }

    #[test]
    fn every_file_is_a_migration_with_its_own_number() {
        let mut numbers: Vec<_> = names(Dialect::Sqlite)
            .map(|path| migration(&path).expect(&path).version)
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers.first(), Some(&1));
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
