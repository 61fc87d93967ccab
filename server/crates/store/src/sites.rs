//! Sites.
//!
//! Owns the table `sites`.

use carillon_domain::phone::Site;
use carillon_domain::{Reach, Timestamp};

use crate::accounts::users::expect_one;
use crate::conn::Conn;
use crate::error::Result;
use crate::reach::{and_phones, and_sites};
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// A site and how many phones it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteRow {
    /// The site.
    pub site: Site,
    /// Its phones.
    pub phones: i64,
    /// For edits.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

const SELECT: &str = "SELECT s.slug, s.name, s.transport_security, s.ca_pem, s.credential, \
     s.max_down_percent, s.version, s.created_at, s.updated_at, \
     (SELECT COUNT(*) FROM phones p WHERE p.site = s.slug";

/// Ends with a condition, so that more can follow with ` AND `.
fn select(reach: &Reach) -> Sql {
    let mut sql = Sql::new(SELECT);
    and_phones(&mut sql, reach, "p");
    sql.push(") AS phones FROM sites s WHERE 1 = 1");
    and_sites(&mut sql, reach);
    sql
}

fn site_row(row: &Row) -> Result<SiteRow> {
    let fields = row.of("sites", "slug");
    Ok(SiteRow {
        site: Site {
            slug: fields.text("slug")?,
            name: fields.text("name")?,
            transport_security: fields.parse("transport_security")?,
            ca_pem: fields.get("ca_pem")?,
            credential: fields.get("credential")?,
            max_down_percent: fields.number("max_down_percent")?,
        },
        phones: fields.int("phones")?,
        version: fields.int("version")?,
        created_at: fields.at("created_at")?,
        updated_at: fields.at("updated_at")?,
    })
}

async fn all(conn: &mut Conn<'_>, reach: &Reach) -> Result<Vec<SiteRow>> {
    let mut sql = select(reach);
    sql.push(" ORDER BY s.slug");
    conn.all(sql).await?.iter().map(site_row).collect()
}

async fn find(conn: &mut Conn<'_>, slug: &str, reach: &Reach) -> Result<Option<SiteRow>> {
    let mut sql = select(reach);
    sql.push(" AND s.slug = ").bind(slug);
    conn.optional(sql).await?.as_ref().map(site_row).transpose()
}

impl Store {
    /// All sites.
    pub async fn sites(&self) -> Result<Vec<SiteRow>> {
        all(&mut self.read().await?.conn(), &self.reach).await
    }

    /// One site.
    pub async fn site(&self, slug: &str) -> Result<Option<SiteRow>> {
        find(&mut self.read().await?.conn(), slug, &self.reach).await
    }
}

impl Unit {
    /// All sites, as this unit sees them.
    pub async fn sites(&mut self) -> Result<Vec<SiteRow>> {
        let reach = self.reach.clone();
        all(&mut self.conn(), &reach).await
    }

    /// One site, as this unit sees it.
    pub async fn site(&mut self, slug: &str) -> Result<Option<SiteRow>> {
        let reach = self.reach.clone();
        find(&mut self.conn(), slug, &reach).await
    }

    /// Makes a site. Conflict when the slug is taken or the credential does not exist.
    pub async fn insert_site(&mut self, site: &Site, now: Timestamp) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO sites (slug, name, transport_security, ca_pem, credential, \
             max_down_percent, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        );
        self.ways_conn()
            .await?
            .execute(bound(sql, site).arg(now))
            .await
            .map(drop)
    }

    /// Changes a site. Conflict when `version` is old.
    pub async fn update_site(&mut self, site: &Site, version: i64, now: Timestamp) -> Result<()> {
        let sql = Sql::new(
            "UPDATE sites SET name = $2, transport_security = $3, ca_pem = $4, credential = $5, \
             max_down_percent = $6, version = version + 1, updated_at = $7 \
             WHERE slug = $1 AND version = $8",
        );
        let sql = bound(sql, site).arg(now).arg(version);
        expect_one(self.ways_conn().await?.execute(sql).await?)
    }

    /// Deletes a site; says whether there was one. Conflict while phones are at it.
    pub async fn delete_site(&mut self, slug: &str) -> Result<bool> {
        // Whoever is given it meanwhile waits, and finds it gone.
        let mut lock = Sql::new("SELECT slug FROM sites WHERE slug = ");
        lock.bind(slug).push(self.conn().dialect().for_update());
        self.conn().optional(lock).await?;
        let holders = self.genuine_holders_of("site", slug).await?;
        let sql = Sql::new("DELETE FROM sites WHERE slug = $1").arg(slug);
        let deleted = self.ways_conn().await?.execute(sql).await?;
        self.sign_holders(&holders).await?;
        Ok(deleted > 0)
    }
}

fn bound(sql: Sql, site: &Site) -> Sql {
    sql.arg(&site.slug)
        .arg(&site.name)
        .arg(site.transport_security.as_str())
        .arg(&site.ca_pem)
        .arg(&site.credential)
        .arg(i64::from(site.max_down_percent))
}
