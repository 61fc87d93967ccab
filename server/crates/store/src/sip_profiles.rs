//! How the phones of sites are reached by SIP.
//!
//! Owns the table `sip_profiles`, and which phones have a SIP address.

use carillon_domain::sip::SipProfile;
use carillon_domain::{Mac, Timestamp};

use crate::accounts::users::expect_one;
use crate::conn::Conn;
use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// The profile of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipProfileRow {
    /// Slug of the site.
    pub site: String,
    /// The profile.
    pub profile: SipProfile,
    /// For edits.
    pub version: i64,
}

/// A phone that has a SIP address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipPhone {
    /// Identity.
    pub mac: Mac,
    /// Slug of its site.
    pub site: Option<String>,
    /// Whether it is marked as protected.
    pub protected: bool,
    /// As it stands in the inventory.
    pub address: String,
}

const SELECT: &str = "SELECT site, used, way, proxy, port, transport, tls_name, ca_pem, sender, \
     credential, realm, rate, after_forbidden, pbx_profile, password_in_clear, version \
     FROM sip_profiles";

fn profile_row(row: &Row) -> Result<SipProfileRow> {
    let fields = row.of("sip_profiles", "site");
    Ok(SipProfileRow {
        site: fields.text("site")?,
        profile: SipProfile {
            used: fields.parse("used")?,
            way: fields.parse("way")?,
            proxy: fields.maybe("proxy")?,
            port: fields.maybe_number("port")?,
            transport: fields.parse("transport")?,
            tls_name: fields.text("tls_name")?,
            ca_pem: fields.get("ca_pem")?,
            from: fields.parse("sender")?,
            credential: fields.get("credential")?,
            realm: fields.text("realm")?,
            rate: fields.number("rate")?,
            after_forbidden: fields.get("after_forbidden")?,
            pbx_profile: fields.text("pbx_profile")?,
            password_in_clear: fields.get("password_in_clear")?,
        },
        version: fields.int("version")?,
    })
}

async fn find(conn: &mut Conn<'_>, site: &str) -> Result<Option<SipProfileRow>> {
    let mut sql = Sql::new(SELECT);
    sql.push(" WHERE site = ").bind(site);
    conn.optional(sql)
        .await?
        .as_ref()
        .map(profile_row)
        .transpose()
}

impl Store {
    /// The profiles of all sites that have one.
    pub async fn sip_profiles(&self) -> Result<Vec<SipProfileRow>> {
        // For every batch of phones.
        let mut sql = Sql::new(SELECT);
        sql.keep().push(" ORDER BY site");
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(profile_row).collect()
    }

    /// The profile of a site.
    pub async fn sip_profile(&self, site: &str) -> Result<Option<SipProfileRow>> {
        find(&mut self.read().await?.conn(), site).await
    }

    /// Every phone that has a SIP address.
    pub async fn phones_with_sip(&self) -> Result<Vec<SipPhone>> {
        let sql = Sql::new("SELECT mac, site, protected, sip_uri FROM phones WHERE sip_uri <> ''");
        let rows = self.read().await?.conn().all(sql).await?;
        let phone = |row: &Row| {
            let fields = row.of("phones", "mac");
            Ok(SipPhone {
                mac: fields.parse("mac")?,
                site: row.get("site")?,
                protected: row.get("protected")?,
                address: row.get("sip_uri")?,
            })
        };
        rows.iter().map(phone).collect()
    }
}

impl Unit {
    /// The profile of a site, as this unit sees it.
    pub async fn sip_profile(&mut self, site: &str) -> Result<Option<SipProfileRow>> {
        find(&mut self.conn(), site).await
    }

    /// Gives a site a profile. Conflict when it has one, or when the credential does not exist.
    pub async fn insert_sip_profile(
        &mut self,
        site: &str,
        profile: &SipProfile,
        now: Timestamp,
    ) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO sip_profiles (site, used, proxy, port, transport, tls_name, ca_pem, \
             sender, credential, realm, rate, after_forbidden, way, pbx_profile, \
             password_in_clear, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        );
        let sql = bound(sql, site, profile, now);
        self.ways_conn().await?.execute(sql).await.map(drop)
    }

    /// Changes the profile of a site. Conflict when `version` is old.
    pub async fn update_sip_profile(
        &mut self,
        site: &str,
        profile: &SipProfile,
        version: i64,
        now: Timestamp,
    ) -> Result<()> {
        let sql = Sql::new(
            "UPDATE sip_profiles SET used = $2, proxy = $3, port = $4, transport = $5, \
             tls_name = $6, ca_pem = $7, sender = $8, credential = $9, realm = $10, \
             rate = $11, after_forbidden = $12, way = $13, pbx_profile = $14, \
             password_in_clear = $15, updated_at = $16, version = version + 1 \
             WHERE site = $1 AND version = $17",
        );
        let sql = bound(sql, site, profile, now).arg(version);
        expect_one(self.ways_conn().await?.execute(sql).await?)
    }

    /// Takes the profile of a site away; says whether there was one.
    pub async fn delete_sip_profile(&mut self, site: &str) -> Result<bool> {
        let sql = Sql::new("DELETE FROM sip_profiles WHERE site = $1").arg(site);
        Ok(self.ways_conn().await?.execute(sql).await? > 0)
    }
}

fn bound(sql: Sql, site: &str, profile: &SipProfile, now: Timestamp) -> Sql {
    sql.arg(site)
        .arg(profile.used.as_str())
        .arg(profile.proxy.map(|address| address.to_string()))
        .arg(profile.port.map(i64::from))
        .arg(profile.transport.as_str())
        .arg(&profile.tls_name)
        .arg(&profile.ca_pem)
        .arg(profile.from.to_string())
        .arg(&profile.credential)
        .arg(&profile.realm)
        .arg(i64::from(profile.rate))
        .arg(profile.after_forbidden)
        .arg(profile.way.as_str())
        .arg(&profile.pbx_profile)
        .arg(profile.password_in_clear)
        .arg(now)
}
