//! How the whole fleet is.
//!
//! Owns one statement that brings everything an overview says of phones, so that the page pays
//! for one query, whatever the number of sites.

use carillon_domain::phone::Reachability;
use carillon_domain::{Cause, Reach};

use crate::error::Result;
use crate::reach::{and_groups, and_phones, and_sites};
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;

/// Phones by what the last contact said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Answered.
    pub reachable: i64,
    /// Did not.
    pub offline: i64,
    /// Never contacted.
    pub unknown: i64,
}

/// One site and its phones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteReached {
    /// Slug.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Its phones.
    pub reached: Reached,
}

/// How the whole fleet is, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetHealth {
    /// All phones, those without a site included.
    pub all: Reached,
    /// Every site by slug.
    pub sites: Vec<SiteReached>,
    /// Number of groups.
    pub groups: i64,
    /// Causes of last results, most first.
    pub causes: Vec<(Cause, i64)>,
}

/// One statement; each part leaves out what is out of reach.
pub(crate) fn select(reach: &Reach) -> Sql {
    let mut sql = Sql::new(
        "SELECT 'site' AS what, s.slug AS name, s.name AS word, 0 AS n FROM sites s WHERE 1 = 1",
    );
    and_sites(&mut sql, reach);
    sql.push(" UNION ALL SELECT 'phones', COALESCE(p.site, ''), p.reachability, COUNT(*) ");
    sql.push("FROM phones p WHERE 1 = 1");
    and_phones(&mut sql, reach, "p");
    sql.push(" GROUP BY COALESCE(p.site, ''), p.reachability ");
    sql.push("UNION ALL SELECT 'cause', '', p.last_cause, COUNT(*) FROM phones p ");
    sql.push("WHERE p.last_cause IS NOT NULL");
    and_phones(&mut sql, reach, "p");
    sql.push(" GROUP BY p.last_cause ");
    sql.push("UNION ALL SELECT 'groups', '', '', COUNT(*) FROM groups g WHERE 1 = 1");
    and_groups(&mut sql, reach);
    sql
}

impl Reached {
    /// All of them.
    pub const fn total(&self) -> i64 {
        self.reachable + self.offline + self.unknown
    }

    const fn add(&mut self, state: Reachability, count: i64) {
        match state {
            Reachability::Reachable => self.reachable += count,
            Reachability::Offline => self.offline += count,
            Reachability::Unknown => self.unknown += count,
        }
    }
}

impl Store {
    /// How the whole fleet is.
    pub async fn fleet_health(&self) -> Result<FleetHealth> {
        let rows = self.read().await?.conn().all(select(&self.reach)).await?;
        FleetHealth::of(&rows)
    }
}

impl FleetHealth {
    /// Of the rows of [`select`], and of others that are left out.
    pub(crate) fn of(rows: &[Row]) -> Result<Self> {
        let mut health = Self::default();
        for row in rows {
            health.take_site(row)?;
        }
        health.sites.sort_by(|a, b| a.slug.cmp(&b.slug));
        for row in rows {
            health.take(row)?;
        }
        health
            .causes
            .sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Ok(health)
    }

    fn take_site(&mut self, row: &Row) -> Result<()> {
        let fields = row.of("sites", "name");
        if fields.text("what")? == "site" {
            self.sites.push(SiteReached {
                slug: fields.text("name")?,
                name: fields.text("word")?,
                reached: Reached::default(),
            });
        }
        Ok(())
    }

    fn take(&mut self, row: &Row) -> Result<()> {
        let fields = row.of("phones", "name");
        let count = fields.int("n")?;
        match fields.text("what")?.as_str() {
            "phones" => self.count(&fields.text("name")?, fields.parse("word")?, count),
            "cause" => self.causes.push((fields.parse("word")?, count)),
            "groups" => self.groups = count,
            _ => {}
        }
        Ok(())
    }

    fn count(&mut self, slug: &str, state: Reachability, count: i64) {
        self.all.add(state, count);
        let place = self
            .sites
            .binary_search_by(|site| site.slug.as_str().cmp(slug));
        if let Ok(index) = place {
            self.sites[index].reached.add(state, count);
        }
    }
}
