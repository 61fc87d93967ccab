//! What opens phones: sealed user names and passwords, and which one a phone gets.
//!
//! Owns the table `credentials`. *Invariant:* a secret is only ever seen sealed here.

mod by_sip;
pub(crate) mod effective;
mod exposed;
mod own;
mod usage;

pub use effective::{CredentialSource, EffectiveCredential};
pub use exposed::{Exposed, Told, Ways};
pub use usage::CredentialUse;

use carillon_domain::{Mac, Timestamp};

use crate::accounts::users::expect_one;
use crate::conn::Conn;
use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// One credential.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialRow {
    /// Identity.
    pub name: String,
    /// User name, in clear.
    pub username: String,
    /// The sealed password.
    pub secret: Vec<u8>,
    /// Counts the changes of the secret; part of what the seal covers.
    pub secret_version: i64,
    /// The one phone that it was made for; `None` = stored under a name for many.
    pub phone: Option<Mac>,
    /// When the secret was last changed.
    pub changed_at: Timestamp,
    /// For edits.
    pub version: i64,
}

impl std::fmt::Debug for CredentialRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CredentialRow")
            .field("name", &self.name)
            .field("phone", &self.phone)
            .finish_non_exhaustive()
    }
}

/// A named credential in a list, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialSummary {
    /// Identity.
    pub name: String,
    /// User name.
    pub username: String,
    /// When the secret was last changed.
    pub changed_at: Timestamp,
    /// For edits.
    pub version: i64,
    /// How many phones name it.
    pub phones: i64,
    /// How many groups name it.
    pub groups: i64,
    /// How many sites name it, for their phones or for their SIP server.
    pub sites: i64,
}

impl CredentialSummary {
    /// How many phones, groups and sites name it.
    pub const fn used_by(&self) -> i64 {
        self.phones + self.groups + self.sites
    }
}

pub(crate) const SELECT: &str = "SELECT c.name, c.username, c.secret, c.secret_version, c.phone, \
     c.changed_at, c.version FROM credentials c";

pub(crate) fn credential_row(row: &Row) -> Result<CredentialRow> {
    let fields = row.of("credentials", "name");
    Ok(CredentialRow {
        name: fields.text("name")?,
        username: fields.text("username")?,
        secret: fields.get("secret")?,
        secret_version: fields.int("secret_version")?,
        phone: fields.maybe("phone")?,
        changed_at: fields.at("changed_at")?,
        version: fields.int("version")?,
    })
}

fn summary(row: &Row) -> Result<CredentialSummary> {
    let fields = row.of("credentials", "name");
    Ok(CredentialSummary {
        name: fields.text("name")?,
        username: fields.text("username")?,
        changed_at: fields.at("changed_at")?,
        version: fields.int("version")?,
        phones: fields.int("phones")?,
        groups: fields.int("groups_n")?,
        sites: fields.int("sites_n")?,
    })
}

async fn find(conn: &mut Conn<'_>, name: &str) -> Result<Option<CredentialRow>> {
    let mut sql = Sql::new(SELECT);
    sql.push(" WHERE c.name = ").bind(name);
    conn.optional(sql)
        .await?
        .as_ref()
        .map(credential_row)
        .transpose()
}

async fn own(conn: &mut Conn<'_>, mac: Mac) -> Result<Option<CredentialRow>> {
    let mut sql = Sql::new(SELECT);
    sql.push(" WHERE c.phone = ").bind(mac);
    conn.optional(sql)
        .await?
        .as_ref()
        .map(credential_row)
        .transpose()
}

impl Store {
    /// The named credentials and how many use each. Those of single phones are not listed.
    pub async fn credentials(&self) -> Result<Vec<CredentialSummary>> {
        let sql = Sql::new(
            "SELECT c.name, c.username, c.changed_at, c.version, \
             (SELECT COUNT(*) FROM phones p WHERE p.credential = c.name) AS phones, \
             (SELECT COUNT(*) FROM groups g WHERE g.credential = c.name) AS groups_n, \
             (SELECT COUNT(*) FROM sites s WHERE s.credential = c.name OR EXISTS \
             (SELECT 1 FROM sip_profiles i WHERE i.site = s.slug AND i.credential = c.name)) \
             AS sites_n \
             FROM credentials c WHERE c.phone IS NULL ORDER BY c.name",
        );
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(summary).collect()
    }

    /// One credential with its sealed secret.
    pub async fn credential(&self, name: &str) -> Result<Option<CredentialRow>> {
        find(&mut self.read().await?.conn(), name).await
    }

    /// The credential made for one phone.
    pub async fn own_credential(&self, mac: Mac) -> Result<Option<CredentialRow>> {
        own(&mut self.read().await?.conn(), mac).await
    }

    /// The ids of all keys that sealed something in this database: the eight bytes after the
    /// version byte of each sealed value.
    pub async fn sealing_keys(&self) -> Result<Vec<Vec<u8>>> {
        let sql = Sql::new(
            "SELECT SUBSTR(secret, 2, 8) AS kid FROM credentials \
             UNION SELECT SUBSTR(password, 2, 8) FROM users WHERE password IS NOT NULL \
             UNION SELECT SUBSTR(params_sealed, 2, 8) FROM jobs WHERE params_sealed IS NOT NULL \
             UNION SELECT SUBSTR(sealed, 2, 8) FROM drafts \
             UNION SELECT SUBSTR(secret, 2, 8) FROM streams WHERE secret IS NOT NULL \
             UNION SELECT SUBSTR(sealed, 2, 8) FROM audit_private",
        );
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(|row| row.get("kid")).collect()
    }
}

impl Unit {
    /// One credential, as this unit sees it.
    pub async fn credential(&mut self, name: &str) -> Result<Option<CredentialRow>> {
        find(&mut self.conn(), name).await
    }

    /// The credential made for one phone, as this unit sees it.
    pub async fn own_credential(&mut self, mac: Mac) -> Result<Option<CredentialRow>> {
        own(&mut self.conn(), mac).await
    }

    /// Makes a credential. Conflict when the name is taken or the phone has one.
    /// `version` of the row is ignored.
    pub async fn insert_credential(&mut self, new: &CredentialRow) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO credentials (name, username, secret, secret_version, phone, changed_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        );
        let sql = sql.arg(&new.name).arg(&new.username).arg(&new.secret);
        let sql = sql
            .arg(new.secret_version)
            .arg(new.phone)
            .arg(new.changed_at);
        self.ways_conn().await?.execute(sql).await.map(drop)
    }

    /// Replaces user name and sealed secret. Conflict when `version` of the row is old.
    pub async fn update_credential(&mut self, row: &CredentialRow) -> Result<()> {
        let sql = Sql::new(
            "UPDATE credentials SET username = $2, secret = $3, secret_version = $4, \
             changed_at = $5, version = version + 1 WHERE name = $1 AND version = $6",
        );
        let sql = sql.arg(&row.name).arg(&row.username).arg(&row.secret);
        let sql = sql
            .arg(row.secret_version)
            .arg(row.changed_at)
            .arg(row.version);
        expect_one(self.ways_conn().await?.execute(sql).await?)
    }

    /// Deletes a credential; says whether there was one. Conflict while something names it.
    pub async fn delete_credential(&mut self, name: &str) -> Result<bool> {
        let sql = Sql::new("DELETE FROM credentials WHERE name = $1").arg(name);
        Ok(self.ways_conn().await?.execute(sql).await? > 0)
    }

    /// Deletes the credential made for one phone; says whether there was one.
    pub async fn delete_own_credential(&mut self, mac: Mac) -> Result<bool> {
        let sql = Sql::new("DELETE FROM credentials WHERE phone = $1").arg(mac);
        Ok(self.ways_conn().await?.execute(sql).await? > 0)
    }
}
