//! Tags of phones.
//!
//! Owns the table `phone_tags`. Tags come in their one spelling from the domain.

use carillon_domain::phone::Phone;
use carillon_domain::{Mac, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::reach::and_phones;
use crate::sql::{Sql, Value};
use crate::store::Store;
use crate::unit::Unit;

use super::read::ROWS;

/// Gives each phone exactly its tags.
pub(super) async fn replace(conn: &mut Conn<'_>, phones: &[Phone]) -> Result<()> {
    let mut sql = Sql::new("DELETE FROM phone_tags WHERE ");
    sql.one_of("mac", phones.iter().map(|phone| phone.mac));
    conn.execute(sql).await?;
    let rows = phones.iter().flat_map(|phone| {
        let tags = phone.tags.iter();
        tags.map(|tag| vec![phone.mac.into(), tag.into()])
    });
    insert(conn, rows.collect()).await.map(drop)
}

async fn insert(conn: &mut Conn<'_>, rows: Vec<Vec<Value>>) -> Result<u64> {
    let mut added = 0;
    for chunk in rows.chunks(ROWS) {
        let mut sql = Sql::new("INSERT INTO phone_tags (mac, tag) ");
        sql.rows(chunk.iter().cloned());
        sql.push(" ON CONFLICT (mac, tag) DO NOTHING");
        added += conn.execute(sql).await?;
    }
    Ok(added)
}

/// A changed tag is an edit of the phone.
async fn stamp(conn: &mut Conn<'_>, macs: &[Mac], now: Timestamp) -> Result<()> {
    let mut sql = Sql::new("UPDATE phones SET version = version + 1, updated_at = ");
    sql.bind(now)
        .push(" WHERE ")
        .one_of("mac", macs.iter().copied());
    conn.execute(sql).await.map(drop)
}

impl Store {
    /// Every tag with the number of its phones.
    pub async fn tags(&self) -> Result<Vec<(String, i64)>> {
        let mut sql = Sql::new("SELECT t.tag, COUNT(*) AS n FROM phone_tags t");
        if !self.reach.is_everything() {
            sql.push(" JOIN phones p ON p.mac = t.mac WHERE 1 = 1");
            and_phones(&mut sql, &self.reach, "p");
        }
        sql.push(" GROUP BY t.tag ORDER BY t.tag");
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter()
            .map(|row| Ok((row.get("tag")?, row.get("n")?)))
            .collect()
    }
}

impl Unit {
    /// Gives these phones a tag; says how many did not have it.
    pub async fn add_tag(&mut self, macs: &[Mac], tag: &str, now: Timestamp) -> Result<u64> {
        let mut added = 0;
        for chunk in macs.chunks(ROWS) {
            let rows = chunk.iter().map(|mac| vec![(*mac).into(), tag.into()]);
            added += insert(&mut self.ways_conn().await?, rows.collect()).await?;
            stamp(&mut self.conn(), chunk, now).await?;
        }
        Ok(added)
    }

    /// Takes a tag from these phones; says how many had it.
    pub async fn remove_tag(&mut self, macs: &[Mac], tag: &str, now: Timestamp) -> Result<u64> {
        let mut removed = 0;
        for chunk in macs.chunks(ROWS) {
            let mut sql = Sql::new("DELETE FROM phone_tags WHERE tag = ");
            sql.bind(tag)
                .push(" AND ")
                .one_of("mac", chunk.iter().copied());
            removed += self.ways_conn().await?.execute(sql).await?;
            stamp(&mut self.conn(), chunk, now).await?;
        }
        Ok(removed)
    }
}
