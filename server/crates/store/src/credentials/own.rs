//! The credentials that single phones have for themselves, many at once.
//!
//! Owns their bulk reading and writing. They never stand in the list of named credentials.

use std::collections::BTreeMap;

use carillon_domain::Mac;

use crate::error::Result;
use crate::phones::read::ROWS;
use crate::sql::{Sql, Value};
use crate::store::Store;
use crate::unit::Unit;

use super::{CredentialRow, SELECT, credential_row};

impl Store {
    /// How many phones have a credential of their own.
    pub async fn count_own_credentials(&self) -> Result<i64> {
        let sql = Sql::new("SELECT COUNT(*) AS n FROM credentials WHERE phone IS NOT NULL");
        self.read().await?.conn().number(sql, "n").await
    }
}

impl Unit {
    /// The credentials that these phones have for themselves, as this unit sees them.
    pub async fn own_credentials(&mut self, macs: &[Mac]) -> Result<BTreeMap<Mac, CredentialRow>> {
        let mut found = BTreeMap::new();
        for chunk in macs.chunks(ROWS) {
            let mut sql = Sql::new(SELECT);
            sql.push(" WHERE ").one_of("c.phone", chunk.iter().copied());
            for row in self.conn().all(sql).await? {
                let credential = credential_row(&row)?;
                if let Some(mac) = credential.phone {
                    found.insert(mac, credential);
                }
            }
        }
        Ok(found)
    }

    /// Gives phones a credential of their own, or replaces it. No phone may occur twice.
    pub async fn put_own_credentials(&mut self, rows: &[CredentialRow]) -> Result<()> {
        for chunk in rows.chunks(ROWS) {
            let mut sql = Sql::new(
                "INSERT INTO credentials (name, username, secret, secret_version, phone, \
                 changed_at) ",
            );
            sql.rows(chunk.iter().map(values));
            sql.push(
                " ON CONFLICT (name) DO UPDATE SET username = excluded.username, \
                 secret = excluded.secret, secret_version = excluded.secret_version, \
                 changed_at = excluded.changed_at, version = credentials.version + 1",
            );
            self.ways_conn().await?.execute(sql).await?;
        }
        Ok(())
    }

    /// Takes from phones the credentials of their own; says how many had one.
    pub async fn delete_own_credentials(&mut self, macs: &[Mac]) -> Result<u64> {
        let mut deleted = 0;
        for chunk in macs.chunks(ROWS) {
            let mut sql = Sql::new("DELETE FROM credentials WHERE ");
            sql.one_of("phone", chunk.iter().copied());
            deleted += self.ways_conn().await?.execute(sql).await?;
        }
        Ok(deleted)
    }
}

fn values(row: &CredentialRow) -> Vec<Value> {
    vec![
        (&row.name).into(),
        (&row.username).into(),
        (&row.secret).into(),
        row.secret_version.into(),
        row.phone.into(),
        row.changed_at.into(),
    ]
}
