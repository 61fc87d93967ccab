//! Who is in the groups that are picked by hand.
//!
//! Owns the table `group_members`.

use carillon_domain::{Mac, Reach};

use crate::error::Result;
use crate::phones::read::ROWS;
use crate::reach::and_phones;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

impl Store {
    /// The listed members of a fixed group, sorted.
    pub async fn fixed_members(&self, slug: &str) -> Result<Vec<Mac>> {
        let mut sql = Sql::new("SELECT m.mac FROM group_members m WHERE m.group_slug = ");
        sql.bind(slug);
        and_members(&mut sql, &self.reach);
        sql.push(" ORDER BY m.mac");
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter()
            .map(|row| row.of("group_members", "mac").parse("mac"))
            .collect()
    }
}

impl Unit {
    /// Gives a fixed group exactly these members. Conflict when a phone does not exist.
    pub async fn set_members(&mut self, slug: &str, macs: &[Mac]) -> Result<()> {
        self.clear_members(slug).await?;
        self.add_members(slug, macs).await.map(drop)
    }

    /// Adds members; says how many were not in it.
    pub async fn add_members(&mut self, slug: &str, macs: &[Mac]) -> Result<u64> {
        let mut added = 0;
        for chunk in macs.chunks(ROWS) {
            let mut sql = Sql::new("INSERT INTO group_members (group_slug, mac) ");
            sql.rows(chunk.iter().map(|mac| vec![slug.into(), (*mac).into()]));
            sql.push(" ON CONFLICT (group_slug, mac) DO NOTHING");
            added += self.ways_conn().await?.execute(sql).await?;
        }
        Ok(added)
    }

    /// Removes members; says how many were in it.
    pub async fn remove_members(&mut self, slug: &str, macs: &[Mac]) -> Result<u64> {
        let mut removed = 0;
        for chunk in macs.chunks(ROWS) {
            let mut sql = Sql::new("DELETE FROM group_members AS m WHERE m.group_slug = ");
            sql.bind(slug)
                .push(" AND ")
                .one_of("m.mac", chunk.iter().copied());
            and_members(&mut sql, &self.reach);
            removed += self.ways_conn().await?.execute(sql).await?;
        }
        Ok(removed)
    }

    pub(super) async fn clear_members(&mut self, slug: &str) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM group_members AS m WHERE m.group_slug = ");
        sql.bind(slug);
        and_members(&mut sql, &self.reach);
        self.ways_conn().await?.execute(sql).await.map(drop)
    }

    /// How many listed members a fixed group has in all, and how many of them are in reach.
    pub async fn count_members(&mut self, slug: &str) -> Result<(i64, i64)> {
        let sql = Sql::new("SELECT COUNT(*) AS n FROM group_members WHERE group_slug = $1");
        let all = self.conn().number(sql.arg(slug), "n").await?;
        let mut sql = Sql::new("SELECT COUNT(*) AS n FROM group_members m WHERE m.group_slug = ");
        sql.bind(slug);
        and_members(&mut sql, &self.reach);
        Ok((all, self.conn().number(sql, "n").await?))
    }
}

/// Adds ` AND …` over `group_members m`: the phone is in reach.
fn and_members(sql: &mut Sql, reach: &Reach) {
    if !reach.is_everything() {
        sql.push(" AND EXISTS (SELECT 1 FROM phones rp WHERE rp.mac = m.mac");
        and_phones(sql, reach, "rp");
        sql.push(")");
    }
}
