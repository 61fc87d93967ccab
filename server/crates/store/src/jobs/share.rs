//! The next targets of a job that leave enough phones of each site at their places.
//!
//! Owns the meaning of a site's limit: so many percent of its phones, but at least one, or so
//! many phones, may be away at once, over all jobs. Away is what is `sending` or `verifying`: a
//! phone that restarts is away until it was seen again.

use std::collections::{BTreeSet, HashMap};

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::Sql;

use super::claim::{Candidate, Claim, next_in_order, waiting};

/// How much of a site may be away at once. The default is no limit; of several the narrowest
/// holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SiteLimit {
    /// So many percent of its phones, but at least one.
    pub percent: Option<i64>,
    /// So many phones.
    pub phones: Option<i64>,
    /// What the site itself says, in percent.
    pub own_rule: bool,
}

/// How many more phones of each site may go.
struct Room {
    limit: SiteLimit,
    left: HashMap<String, i64>,
}

/// Walks the waiting targets in order and takes those whose site has room, up to `limit`. A
/// site that is full is left out of the further walk, so that its phones are not read again.
pub(super) async fn next_within_share(
    conn: &mut Conn<'_>,
    claim: &Claim<'_>,
    limit: usize,
) -> Result<Vec<Candidate>> {
    let mut room = Room {
        limit: claim.site_limit,
        left: HashMap::new(),
    };
    let mut found = Vec::with_capacity(limit);
    let mut after = -1;
    loop {
        let wanted = limit - found.len();
        let rows = walk(conn, claim, &room, after, wanted).await?;
        room.learn(conn, &rows).await?;
        let exhausted = rows.len() < wanted;
        for row in rows {
            after = row.target.position;
            if room.take(row.target.site.as_deref()) {
                found.push(row);
            }
        }
        if exhausted || found.len() == limit {
            return Ok(found);
        }
    }
}

async fn walk(
    conn: &mut Conn<'_>,
    claim: &Claim<'_>,
    room: &Room,
    after: i64,
    wanted: usize,
) -> Result<Vec<Candidate>> {
    let mut sql = next_in_order(claim, conn.dialect());
    sql.push(" AND t.position > ").bind(after);
    if !room.full().is_empty() {
        sql.push(" AND (t.site IS NULL OR NOT ");
        sql.one_of("t.site", room.full()).push(")");
    }
    // A sum, as in a plain claim.
    sql.push(" ORDER BY t.position LIMIT 0 + ")
        .bind(wanted as i64);
    waiting(conn, claim, sql).await
}

impl Room {
    /// The sites that no phone may leave any more.
    fn full(&self) -> Vec<&str> {
        let full = self.left.iter().filter(|(_, left)| **left <= 0);
        full.map(|(site, _)| site.as_str()).collect()
    }

    /// Whether one more phone of this site may go; if so, it counts as gone. A phone without a
    /// site always may.
    fn take(&mut self, site: Option<&str>) -> bool {
        let Some(left) = site.and_then(|site| self.left.get_mut(site)) else {
            return true;
        };
        let may = *left > 0;
        *left -= i64::from(may);
        may
    }

    /// Looks up the room of the sites not met before.
    async fn learn(&mut self, conn: &mut Conn<'_>, rows: &[Candidate]) -> Result<()> {
        let met = rows.iter().filter_map(|row| row.target.site.as_deref());
        let new: BTreeSet<_> = met.filter(|site| !self.left.contains_key(*site)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let sizes = sizes(conn, &new).await?;
        let mut away = Sql::new("SELECT site, COUNT(*) AS n FROM (");
        for (index, in_hand) in conn.dialect().targets_in_hand().iter().enumerate() {
            away.push(if index > 0 { " UNION ALL " } else { "" });
            away.push("SELECT t.site").push(in_hand);
        }
        away.push(") AS away WHERE ");
        away.one_of("site", new.iter().copied())
            .push(" GROUP BY site");
        let away = counted(conn, away).await?;
        for site in new {
            let (phones, own) = sizes.get(site).copied().unwrap_or((0, 100));
            let away = away.get(site).copied().unwrap_or(0);
            self.left
                .insert(site.to_owned(), self.limit.most(phones, own) - away);
        }
        Ok(())
    }
}

impl SiteLimit {
    /// How many of a site's `phones` may be away when its own rule says `own` percent.
    fn most(self, phones: i64, own: i64) -> i64 {
        let own = if self.own_rule { own } else { 100 };
        let percent = self.percent.unwrap_or(100).min(own);
        let share = if percent < 100 {
            (phones * percent / 100).max(1)
        } else {
            i64::MAX
        };
        share.min(self.phones.unwrap_or(i64::MAX))
    }
}

/// How many phones each site has, and what it says of itself.
async fn sizes(conn: &mut Conn<'_>, sites: &BTreeSet<&str>) -> Result<HashMap<String, (i64, i64)>> {
    let mut sql = Sql::new(
        "SELECT s.slug, s.max_down_percent AS own, \
         (SELECT COUNT(*) FROM phones p WHERE p.site = s.slug) AS n FROM sites s WHERE ",
    );
    sql.one_of("s.slug", sites.iter().copied());
    let rows = conn.all(sql).await?;
    rows.iter()
        .map(|row| Ok((row.get("slug")?, (row.get("n")?, row.get("own")?))))
        .collect()
}

async fn counted(conn: &mut Conn<'_>, sql: Sql) -> Result<HashMap<String, i64>> {
    let rows = conn.all(sql).await?;
    rows.iter()
        .map(|row| Ok((row.get("site")?, row.get("n")?)))
        .collect()
}
