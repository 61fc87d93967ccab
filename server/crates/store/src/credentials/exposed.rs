//! Which stored passwords may go in clear, and where to.
//!
//! Owns the one reading of it, of what is committed and of what a unit would make true. *Invariant:*
//! it says where a password may go and never what it is. Phones that are known to ask for better
//! (Digest, a pinned key) are not told it in clear and do not count. A rule whose phones change by
//! themselves counts as it is, with every phone that could come, and as if it took none.

use std::collections::BTreeSet;

use carillon_domain::phone::Scheme;
use carillon_domain::{Mac, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::phones::read::ROWS;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

use super::effective::{
    CredentialSource, Names, OFFERED_COLUMNS, OFFERED_FROM, Offered, Rules, choose, rows_of,
};

/// Phones that may be sent their password in clear.
const IN_CLEAR: &str = " WHERE s.transport_security = 'plain_http' AND p.address IS NOT NULL \
     AND (p.auth_scheme = 'legacy_login' OR (p.tls_pin IS NULL \
     AND p.auth_scheme NOT IN ('digest_md5', 'digest_sha256')))";

/// A stored password, and where it may go in clear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exposed {
    /// Whose.
    pub phone: Mac,
    /// Where that phone is.
    pub address: String,
    /// Its port, where it is not the usual one.
    pub port: Option<i64>,
    /// Name of the credential.
    pub credential: String,
    /// Which of its secrets.
    pub secret_version: i64,
    /// Whether it goes by TLS as long as nobody asks for another way.
    pub over_tls: bool,
    /// Whether it is that phone's alone.
    pub is_own: bool,
}

impl Store {
    /// What may go in clear of these phones' passwords, or of all.
    pub async fn exposed(&self, macs: Option<&[Mac]>, now: Timestamp) -> Result<BTreeSet<Exposed>> {
        let mut tx = self.snapshot().await?;
        exposed(&mut tx.conn(), macs, now).await
    }

    /// The names of those of these credentials that are stored, each with its secret's number.
    pub async fn stored_secrets(&self, names: &[&str]) -> Result<BTreeSet<(String, i64)>> {
        let mut read = self.read().await?;
        let mut found = BTreeSet::new();
        for chunk in names.chunks(ROWS) {
            let mut sql = Sql::new("SELECT name, secret_version FROM credentials WHERE ");
            sql.one_of_again("name", chunk.iter().copied());
            for row in read.conn().all(sql).await? {
                found.insert((row.get("name")?, row.get("secret_version")?));
            }
        }
        Ok(found)
    }
}

impl Unit {
    /// The same as this unit would make it.
    pub async fn exposed(
        &mut self,
        macs: Option<&[Mac]>,
        now: Timestamp,
    ) -> Result<BTreeSet<Exposed>> {
        exposed(&mut self.conn(), macs, now).await
    }
}

/// Where a phone is.
type Place = (Mac, String, Option<i64>, bool);

async fn exposed(
    conn: &mut Conn<'_>,
    macs: Option<&[Mac]>,
    now: Timestamp,
) -> Result<BTreeSet<Exposed>> {
    let mut all = BTreeSet::new();
    for rules in [Rules::AsNow, Rules::Widest, Rules::Without] {
        all.extend(exposed_by(conn, macs, (now, rules)).await?);
    }
    Ok(all)
}

async fn exposed_by(
    conn: &mut Conn<'_>,
    macs: Option<&[Mac]>,
    when: (Timestamp, Rules),
) -> Result<BTreeSet<Exposed>> {
    let (mut places, mut names) = (Vec::new(), Names::new());
    let chunks = macs.map(|macs| macs.chunks(ROWS).map(Some).collect());
    for chunk in chunks.unwrap_or_else(|| vec![None]) {
        let (found, chosen) = read(conn, chunk, when).await?;
        places.extend(found);
        names.extend(chosen);
    }
    let secrets = rows_of(conn, &names).await?;
    let exposed = places
        .into_iter()
        .filter_map(|(phone, address, port, over_tls)| {
            let (source, name) = names.get(&phone)?;
            Some(Exposed {
                phone,
                address,
                port,
                credential: name.clone(),
                secret_version: secrets.get(name)?.secret_version,
                over_tls,
                is_own: *source == CredentialSource::Own,
            })
        });
    Ok(exposed.collect())
}

async fn read(
    conn: &mut Conn<'_>,
    macs: Option<&[Mac]>,
    when: (Timestamp, Rules),
) -> Result<(Vec<Place>, Names)> {
    let mut sql = Sql::new("SELECT p.mac, p.address, p.port, p.scheme");
    sql.push(OFFERED_COLUMNS).push(OFFERED_FROM).push(IN_CLEAR);
    if let Some(macs) = macs {
        sql.push(" AND ");
        sql.one_of_again("p.mac", macs.iter().copied());
    }
    let (mut places, mut offered) = (Vec::new(), Vec::new());
    for row in conn.all(sql).await? {
        let fields = row.of("phones", "mac");
        let mac: Mac = fields.parse("mac")?;
        let scheme: Option<String> = fields.get("scheme")?;
        let over_tls = scheme.is_some_and(|scheme| scheme == Scheme::Https.as_str());
        let address = fields.text("address")?;
        places.push((mac, address, fields.get("port")?, over_tls));
        offered.push((mac, Offered::read(fields)?));
    }
    let names = choose(conn, offered, when).await?;
    Ok((places, names))
}
