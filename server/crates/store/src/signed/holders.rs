//! Accounts and tokens whose areas change.
//!
//! Owns that their codes follow, also where an area goes with its site or group. *Invariant:* only
//! holders that were genuine before are signed after.

use super::SignedRows;
use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;
use crate::unit::Unit;

/// An account or token by kind and key.
pub(crate) type Holder = (SignedRows, Vec<u8>);

impl Unit {
    /// Those of these holders that are genuine now.
    pub(crate) async fn genuine_holders(&mut self, ids: &[String]) -> Result<Vec<Holder>> {
        let mut genuine = Vec::new();
        for id in ids {
            for rows in [SignedRows::Accounts, SignedRows::Tokens] {
                let Some(row) = self.as_it_stands(rows, id.as_bytes()).await? else {
                    continue;
                };
                if row.is_good(&self.trust) {
                    genuine.push((rows, id.clone().into_bytes()));
                }
            }
        }
        Ok(genuine)
    }

    /// Those of the holders that were given this site or group.
    pub(crate) async fn genuine_holders_of(
        &mut self,
        column: &'static str,
        slug: &str,
    ) -> Result<Vec<Holder>> {
        let mut sql = Sql::new("SELECT DISTINCT holder FROM areas WHERE ");
        sql.push(column).push(" = ").bind(slug);
        sql.push(" ORDER BY holder");
        let rows = self.conn().all(sql).await?;
        let ids = rows.iter().map(|row: &Row| row.get("holder"));
        let ids: Vec<String> = ids.collect::<Result<_>>()?;
        self.genuine_holders(&ids).await
    }

    /// Signs these as they stand now.
    pub(crate) async fn sign_holders(&mut self, holders: &[Holder]) -> Result<()> {
        for (rows, id) in holders {
            self.sign_now(*rows, id).await?;
        }
        Ok(())
    }
}
