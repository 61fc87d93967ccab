//! How many phones get which stored credential, and how many of these refused it.
//!
//! Follows the order of `effective.rs` in one statement over all phones.

use std::collections::HashMap;

use carillon_domain::Timestamp;

use crate::error::Result;
use crate::phones::filter::{Groups, Scope};
use crate::sql::Sql;
use crate::store::Store;

/// The phones of one credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CredentialUse {
    /// Phones that get it, by themselves, a group or their site.
    pub phones: i64,
    /// Of these, so many refused it when last asked.
    pub refused: i64,
}

impl Store {
    /// The phones of each stored credential that any phone gets, by its name.
    pub async fn credential_uses(&self, now: Timestamp) -> Result<HashMap<String, CredentialUse>> {
        let mut read = self.read().await?;
        let mut conn = read.conn();
        let all = Sql::new("SELECT slug, kind, filter, credential FROM groups ORDER BY slug");
        let all = conn.all(all).await?;
        let groups = Groups::of(&all)?;
        let scope = Scope {
            groups: &groups,
            now,
            dialect: conn.dialect(),
        };
        let mut sql = Sql::new(
            "SELECT e.name, COUNT(*) AS phones, \
             COUNT(CASE WHEN e.last_cause = 'auth_failed' THEN 1 END) AS refused \
             FROM (SELECT p.last_cause, CASE \
             WHEN p.credential IS NOT NULL THEN p.credential",
        );
        for row in &all {
            let (slug, name): (String, Option<String>) = (row.get("slug")?, row.get("credential")?);
            let Some(name) = name else {
                continue;
            };
            sql.push(" WHEN ");
            scope.member(&mut sql, &slug)?;
            sql.push(" THEN CAST(").bind(name).push(" AS TEXT)");
        }
        // Joined, for Postgres asks again for each phone what stands among the columns.
        sql.push(
            " ELSE s.credential END AS name FROM phones p LEFT JOIN sites s ON s.slug = p.site \
             WHERE NOT EXISTS (SELECT 1 FROM credentials c WHERE c.phone = p.mac)) AS e \
             WHERE e.name IS NOT NULL GROUP BY e.name",
        );
        let mut found = HashMap::new();
        for row in conn.all(sql).await? {
            let used = CredentialUse {
                phones: row.get("phones")?,
                refused: row.get("refused")?,
            };
            found.insert(row.get("name")?, used);
        }
        Ok(found)
    }
}
