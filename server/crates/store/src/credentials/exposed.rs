//! Which stored passwords may go where: in clear, by the word of a key or an authority, or as a
//! proof of it.
//!
//! Owns the one reading of it, of what is committed and of what a unit would make true. *Invariant:*
//! it says where a password may go and never what it is. Phones that are known to ask for better
//! (Digest, a pinned key) are not told it in clear. A rule whose phones change by
//! themselves counts as it is, with every phone that could come, and as if it took none.

use std::collections::{BTreeMap, BTreeSet};

use carillon_domain::phone::{AuthScheme, Scheme, TransportSecurity};
use carillon_domain::{Mac, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::conn::Conn;
use crate::error::Result;
use crate::phones::read::ROWS;
use crate::row::Fields;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

use super::by_sip;
use super::effective::{
    CredentialSource, Names, OFFERED_COLUMNS, OFFERED_FROM, Offered, Rules, choose, rows_of,
};

/// Phones that may be sent their password in clear.
const IN_CLEAR: &str = " WHERE s.transport_security = 'plain_http' AND p.address IS NOT NULL \
     AND (p.auth_scheme = 'legacy_login' OR (p.tls_pin IS NULL \
     AND p.auth_scheme NOT IN ('digest_md5', 'digest_sha256')))";

/// All that may be sent one.
const ANYHOW: &str = " WHERE p.address IS NOT NULL";

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ways {
    /// What may go in clear.
    InClear,
    /// What may go at all, and what a proof of may be given.
    Any,
}

/// How a phone comes to be told its password.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// Whoever listens reads it.
    InClear,
    /// By TLS, whoever answers there first: nobody knows its key yet.
    ByFirstKey,
    /// By TLS, whoever has the key that was seen there or confirmed.
    ByKey,
    /// By TLS, by the word of the site's authority: its digest.
    ByAuthority(String),
    /// By SIP or by Digest in plain HTTP, as a proof of it that can be guessed from: whoever answers
    /// there.
    AProof,
}

/// A stored password, and where it may go.
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
    /// How it goes there.
    pub told: Told,
}

impl Store {
    /// Where these phones' passwords may go, or those of all.
    pub async fn exposed(
        &self,
        macs: Option<&[Mac]>,
        ways: Ways,
        now: Timestamp,
    ) -> Result<BTreeSet<Exposed>> {
        let mut tx = self.snapshot().await?;
        exposed(&mut tx.conn(), macs, (ways, now)).await
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
        ways: Ways,
        now: Timestamp,
    ) -> Result<BTreeSet<Exposed>> {
        exposed(&mut self.conn(), macs, (ways, now)).await
    }
}

/// Where a phone is, and how it is told.
struct Place {
    phone: Mac,
    address: String,
    port: Option<i64>,
    over_tls: bool,
    told: Told,
}

/// The digests of the sites' authorities.
type Authorities = BTreeMap<String, String>;

async fn exposed(
    conn: &mut Conn<'_>,
    macs: Option<&[Mac]>,
    (ways, now): (Ways, Timestamp),
) -> Result<BTreeSet<Exposed>> {
    let authorities = match ways {
        Ways::InClear => Authorities::new(),
        Ways::Any => authorities(conn).await?,
    };
    let mut all = BTreeSet::new();
    for rules in [Rules::AsNow, Rules::Widest, Rules::Without] {
        let asked = (ways, &authorities);
        all.extend(exposed_by(conn, macs, asked, (now, rules)).await?);
    }
    if ways == Ways::Any {
        all.extend(by_sip::proved(conn, macs).await?);
    }
    Ok(all)
}

async fn authorities(conn: &mut Conn<'_>) -> Result<Authorities> {
    let sql = Sql::new("SELECT slug, ca_pem FROM sites WHERE transport_security = 'private_ca'");
    let mut found = Authorities::new();
    for row in conn.all(sql).await? {
        let pem: Option<String> = row.get("ca_pem")?;
        let digest = hex::encode(Sha256::digest(pem.unwrap_or_default()));
        found.insert(row.get("slug")?, digest);
    }
    Ok(found)
}

async fn exposed_by(
    conn: &mut Conn<'_>,
    macs: Option<&[Mac]>,
    asked: (Ways, &Authorities),
    when: (Timestamp, Rules),
) -> Result<BTreeSet<Exposed>> {
    let (mut places, mut names) = (Vec::new(), Names::new());
    let chunks = macs.map(|macs| macs.chunks(ROWS).map(Some).collect());
    for chunk in chunks.unwrap_or_else(|| vec![None]) {
        let (found, chosen) = read(conn, chunk, asked, when).await?;
        places.extend(found);
        names.extend(chosen);
    }
    let secrets = rows_of(conn, &names).await?;
    let exposed = places.into_iter().filter_map(|place| {
        let (source, name) = names.get(&place.phone)?;
        Some(Exposed {
            phone: place.phone,
            address: place.address,
            port: place.port,
            credential: name.clone(),
            secret_version: secrets.get(name)?.secret_version,
            over_tls: place.over_tls,
            is_own: *source == CredentialSource::Own,
            told: place.told,
        })
    });
    Ok(exposed.collect())
}

async fn read(
    conn: &mut Conn<'_>,
    macs: Option<&[Mac]>,
    (ways, authorities): (Ways, &Authorities),
    when: (Timestamp, Rules),
) -> Result<(Vec<Place>, Names)> {
    let mut sql = Sql::new(
        "SELECT p.mac, p.address, p.port, p.scheme, p.auth_scheme, p.tls_pin, \
         s.transport_security",
    );
    sql.push(OFFERED_COLUMNS).push(OFFERED_FROM);
    sql.push(match ways {
        Ways::InClear => IN_CLEAR,
        Ways::Any => ANYHOW,
    });
    if let Some(macs) = macs {
        sql.push(" AND ");
        sql.one_of_again("p.mac", macs.iter().copied());
    }
    let (mut places, mut offered) = (Vec::new(), Vec::new());
    for row in conn.all(sql).await? {
        let fields = row.of("phones", "mac");
        let phone: Mac = fields.parse("mac")?;
        let told = told(&fields, authorities)?;
        places.push(Place {
            phone,
            address: fields.text("address")?,
            port: fields.get("port")?,
            over_tls: goes_by_tls(&fields)?,
            told,
        });
        offered.push((phone, Offered::read(fields)?));
    }
    let names = choose(conn, offered, when).await?;
    Ok((places, names))
}

/// How a phone is told its password. In plain HTTP nobody is asked for a key: who is known to ask for
/// better is given a proof there, whoever it is.
fn told(fields: &Fields<'_>, authorities: &Authorities) -> Result<Told> {
    let pin: Option<String> = fields.get("tls_pin")?;
    let auth: AuthScheme = fields.parse("auth_scheme")?;
    let by_key = match pin {
        Some(_) => Told::ByKey,
        None => Told::ByFirstKey,
    };
    let security: Option<String> = fields.get("transport_security")?;
    let is = |other: TransportSecurity| security.as_deref() == Some(other.as_str());
    if is(TransportSecurity::PrivateCa) {
        let site: Option<String> = fields.get("site")?;
        let authority = site.and_then(|site| authorities.get(&site));
        let digest = authority.cloned().unwrap_or_default();
        return Ok(Told::ByAuthority(digest));
    }
    if !is(TransportSecurity::PlainHttp) {
        return Ok(by_key);
    }
    let digest = matches!(auth, AuthScheme::DigestMd5 | AuthScheme::DigestSha256);
    let asks_for_better = digest || by_key == Told::ByKey;
    // A job may be sent over HTTP whatever stands at the phone, so it counts as asked there.
    Ok(if auth == AuthScheme::LegacyLogin || !asks_for_better {
        Told::InClear
    } else {
        Told::AProof
    })
}

fn goes_by_tls(fields: &Fields<'_>) -> Result<bool> {
    let scheme: Option<String> = fields.get("scheme")?;
    Ok(scheme.is_some_and(|scheme| scheme == Scheme::Https.as_str()))
}
