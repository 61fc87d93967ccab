//! What a person takes back or confirms of what contact taught.
//!
//! Owns the two columns that decide whether a password is sent: how a phone asks for it, and
//! which key it showed.

use carillon_domain::phone::AuthScheme;
use carillon_domain::{Mac, Timestamp};

use crate::error::Result;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

impl Store {
    /// Phones that are known by this key: at most two, which is one more than tells whose it is.
    pub async fn phones_with_pin(&self, pin: &str) -> Result<Vec<Mac>> {
        let sql = Sql::new("SELECT mac FROM phones WHERE tls_pin = $1 ORDER BY mac LIMIT 2");
        let rows = self.read().await?.conn().all(sql.arg(pin)).await?;
        rows.iter()
            .map(|row| row.of("phones", "mac").parse("mac"))
            .collect()
    }
}

impl Unit {
    /// Sets how a phone asks for its password, `unknown` to learn it anew; says whether there was
    /// such a phone.
    pub async fn set_auth_scheme(
        &mut self,
        mac: Mac,
        scheme: AuthScheme,
        now: Timestamp,
    ) -> Result<bool> {
        let sql = Sql::new(
            "UPDATE phones SET auth_scheme = $3, version = version + 1, updated_at = $2 \
             WHERE mac = $1",
        );
        let sql = sql.arg(mac).arg(now).arg(scheme.as_str());
        Ok(self.ways_conn().await?.execute(sql).await? > 0)
    }

    /// Pins this key, or none; says whether there was such a phone.
    pub async fn set_tls_pin(
        &mut self,
        mac: Mac,
        pin: Option<&str>,
        now: Timestamp,
    ) -> Result<bool> {
        let sql = Sql::new(
            "UPDATE phones SET tls_pin = $3, version = version + 1, updated_at = $2 \
             WHERE mac = $1",
        );
        Ok(self
            .ways_conn()
            .await?
            .execute(sql.arg(mac).arg(now).arg(pin))
            .await?
            > 0)
    }

    /// Forgets the keys and the ways to ask for a password of all phones at a site; says of how
    /// many.
    pub async fn forget_trust_of_site(&mut self, slug: &str, now: Timestamp) -> Result<u64> {
        let sql = Sql::new(
            "UPDATE phones SET tls_pin = NULL, auth_scheme = 'unknown', version = version + 1, \
             updated_at = $2 WHERE site = $1 AND (tls_pin IS NOT NULL OR auth_scheme NOT IN \
             ('unknown', 'legacy_login'))",
        );
        self.ways_conn()
            .await?
            .execute(sql.arg(slug).arg(now))
            .await
    }
}
