//! Which credential a phone gets: its own, the one it names, its first group's, its site's.
//!
//! Owns that order. Groups come by slug; the first with a credential wins.

use std::collections::{BTreeMap, HashMap};

use carillon_domain::{Mac, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::phones::filter::{Groups, Scope};
use crate::phones::read::ROWS;
use crate::sql::Sql;
use crate::store::Store;

use super::{CredentialRow, SELECT, credential_row};

/// Where a phone's credential comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CredentialSource {
    /// Made for it alone.
    Own,
    /// Named on the phone.
    Phone,
    /// From the group with this slug.
    Group(String),
    /// From the site with this slug.
    Site(String),
}

/// The credential that a phone gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveCredential {
    /// Where it comes from.
    pub source: CredentialSource,
    /// The credential, sealed.
    pub credential: CredentialRow,
}

impl Store {
    /// What each of these phones gets; phones that get none are left out. All of it tells of
    /// one moment.
    pub async fn effective_credentials(
        &self,
        macs: &[Mac],
        now: Timestamp,
    ) -> Result<BTreeMap<Mac, EffectiveCredential>> {
        let mut tx = self.snapshot().await?;
        let mut conn = tx.conn();
        let mut names = Names::new();
        for chunk in macs.chunks(ROWS) {
            names.extend(self::names(&mut conn, chunk, now).await?);
        }
        let rows = rows_of(&mut conn, &names).await?;
        let effective = |(mac, (source, name))| {
            let credential = rows.get(&name)?.clone();
            Some((mac, EffectiveCredential { source, credential }))
        };
        Ok(names.into_iter().filter_map(effective).collect())
    }
}

/// Where each phone's credential comes from, and its name.
pub(crate) type Names = BTreeMap<Mac, (CredentialSource, String)>;

/// The same without the credentials themselves, for at most as many phones as one statement
/// takes.
pub(crate) async fn names(conn: &mut Conn<'_>, macs: &[Mac], now: Timestamp) -> Result<Names> {
    let mut names = Names::new();
    from_site(conn, macs, &mut names).await?;
    from_groups(conn, macs, now, &mut names).await?;
    from_phone(conn, macs, &mut names).await?;
    Ok(names)
}

async fn from_site(conn: &mut Conn<'_>, macs: &[Mac], names: &mut Names) -> Result<()> {
    let mut sql = Sql::new(
        "SELECT p.mac, s.slug, s.credential FROM phones p JOIN sites s ON s.slug = p.site \
         WHERE s.credential IS NOT NULL AND ",
    );
    sql.one_of_again("p.mac", macs.iter().copied());
    for row in conn.all(sql).await? {
        let source = CredentialSource::Site(row.get("slug")?);
        names.insert(
            row.of("phones", "mac").parse("mac")?,
            (source, row.get("credential")?),
        );
    }
    Ok(())
}

/// Groups with a credential are few; the last in order is looked at first, so that the first
/// one stays.
async fn from_groups(
    conn: &mut Conn<'_>,
    macs: &[Mac],
    now: Timestamp,
    names: &mut Names,
) -> Result<()> {
    let sql = Sql::new(
        "SELECT slug, credential FROM groups WHERE credential IS NOT NULL ORDER BY slug DESC",
    );
    let with_credential = conn.all(sql).await?;
    if with_credential.is_empty() {
        return Ok(());
    }
    let groups = Groups::all(conn).await?;
    let scope = Scope {
        groups: &groups,
        now,
    };
    for row in with_credential {
        let (slug, name): (String, String) = (row.get("slug")?, row.get("credential")?);
        let mut sql = Sql::new("SELECT p.mac FROM phones p WHERE ");
        sql.one_of("p.mac", macs.iter().copied()).push(" AND ");
        scope.member(&mut sql, &slug)?;
        for row in conn.all(sql).await? {
            let source = CredentialSource::Group(slug.clone());
            names.insert(
                row.of("phones", "mac").parse("mac")?,
                (source, name.clone()),
            );
        }
    }
    Ok(())
}

async fn from_phone(conn: &mut Conn<'_>, macs: &[Mac], names: &mut Names) -> Result<()> {
    let mut sql = Sql::new(
        "SELECT p.mac, p.credential, c.name AS own FROM phones p \
         LEFT JOIN credentials c ON c.phone = p.mac \
         WHERE (p.credential IS NOT NULL OR c.name IS NOT NULL) AND ",
    );
    sql.one_of_again("p.mac", macs.iter().copied());
    for row in conn.all(sql).await? {
        let own: Option<String> = row.get("own")?;
        let named: Option<String> = row.get("credential")?;
        let chosen = own
            .map(|name| (CredentialSource::Own, name))
            .or(named.map(|name| (CredentialSource::Phone, name)));
        if let Some(chosen) = chosen {
            names.insert(row.of("phones", "mac").parse("mac")?, chosen);
        }
    }
    Ok(())
}

async fn rows_of(conn: &mut Conn<'_>, names: &Names) -> Result<HashMap<String, CredentialRow>> {
    let mut wanted: Vec<_> = names.values().map(|(_, name)| name.as_str()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut found = HashMap::new();
    for chunk in wanted.chunks(ROWS) {
        let mut sql = Sql::new(SELECT);
        sql.push(" WHERE ")
            .one_of_again("c.name", chunk.iter().copied());
        for row in conn.all(sql).await? {
            let credential = credential_row(&row)?;
            found.insert(credential.name.clone(), credential);
        }
    }
    Ok(found)
}
