//! Which credential a phone gets: its own, the one it names, its first group's, its site's.
//!
//! Owns that order. Groups come by slug; the first with a credential wins.

use std::collections::{BTreeMap, HashMap};

use carillon_domain::{Mac, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::groups::memberships;
use crate::phones::filter::{Groups, Scope};
use crate::phones::read::ROWS;
use crate::row::Fields;
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
    let mut sql = Sql::new("SELECT p.mac");
    sql.push(OFFERED_COLUMNS).push(OFFERED_FROM).push(" WHERE ");
    sql.one_of_again("p.mac", macs.iter().copied());
    let mut offered = Vec::with_capacity(macs.len());
    for row in conn.all(sql).await? {
        let fields = row.of("phones", "mac");
        offered.push((fields.parse("mac")?, Offered::read(fields)?));
    }
    choose(conn, offered, (now, Rules::AsNow)).await
}

/// How rules are taken whose phones change by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    /// With the phones of this moment.
    AsNow,
    /// With every phone that could come.
    Widest,
    /// With none.
    Without,
}

/// Behind the columns of phones `p`: what [`Offered::read`] reads.
pub(crate) const OFFERED_COLUMNS: &str = ", c.name AS own, p.credential AS named, s.credential AS of_site, p.site AS site, \
     (SELECT COUNT(*) FROM groups WHERE credential IS NOT NULL) AS with_groups";
/// Where those columns come from.
pub(crate) const OFFERED_FROM: &str = " FROM phones p LEFT JOIN sites s ON s.slug = p.site \
     LEFT JOIN credentials c ON c.phone = p.mac";

/// The credentials that a phone could get, except its groups'.
pub(crate) struct Offered {
    own: Option<String>,
    named: Option<String>,
    of_site: Option<String>,
    site: Option<String>,
    /// Whether any group has one.
    with_groups: bool,
}

impl Offered {
    pub(crate) fn read(fields: Fields<'_>) -> Result<Self> {
        Ok(Self {
            own: fields.get("own")?,
            named: fields.get("named")?,
            of_site: fields.get("of_site")?,
            site: fields.get("site")?,
            with_groups: fields.int("with_groups")? > 0,
        })
    }

    fn before_groups(&mut self) -> Option<(CredentialSource, String)> {
        let own = self.own.take().map(|name| (CredentialSource::Own, name));
        own.or_else(|| Some((CredentialSource::Phone, self.named.take()?)))
    }

    fn after_groups(self) -> Option<(CredentialSource, String)> {
        Some((CredentialSource::Site(self.site?), self.of_site?))
    }
}

/// Chooses for each phone what it gets of all that is offered.
pub(crate) async fn choose(
    conn: &mut Conn<'_>,
    offered: Vec<(Mac, Offered)>,
    when: (Timestamp, Rules),
) -> Result<Names> {
    let mut names = Names::new();
    if offered.iter().any(|(_, offered)| offered.with_groups) {
        let macs: Vec<Mac> = offered.iter().map(|(mac, _)| *mac).collect();
        from_groups(conn, &macs, when, &mut names).await?;
    }
    for (mac, mut offered) in offered {
        if let Some(first) = offered.before_groups() {
            names.insert(mac, first);
        } else if !names.contains_key(&mac)
            && let Some(last) = offered.after_groups()
        {
            names.insert(mac, last);
        }
    }
    Ok(names)
}

/// Of the groups with a credential that a phone is in, the first one's counts.
async fn from_groups(
    conn: &mut Conn<'_>,
    macs: &[Mac],
    (now, rules): (Timestamp, Rules),
    names: &mut Names,
) -> Result<()> {
    let sql = Sql::new("SELECT slug, kind, filter, credential FROM groups ORDER BY slug");
    let rows = conn.all(sql).await?;
    let mut with_credential = BTreeMap::new();
    for row in &rows {
        let credential: Option<String> = row.get("credential")?;
        if let Some(name) = credential {
            with_credential.insert(row.get::<String>("slug")?, name);
        }
    }
    if with_credential.is_empty() {
        return Ok(());
    }
    let mut groups = Groups::of(&rows)?;
    match rules {
        Rules::AsNow => {}
        Rules::Widest => groups = groups.widest(),
        Rules::Without => with_credential.retain(|slug, _| !groups.changes_by_itself(slug)),
    }
    let scope = Scope {
        groups: &groups,
        now,
        dialect: conn.dialect(),
    };
    let slugs: Vec<String> = with_credential.keys().cloned().collect();
    for (mac, groups) in memberships(conn, &scope, &slugs, macs).await? {
        let first = groups.into_iter().next();
        let name = first.as_ref().and_then(|slug| with_credential.get(slug));
        if let (Some(name), Some(slug)) = (name.cloned(), first) {
            names.insert(mac, (CredentialSource::Group(slug), name));
        }
    }
    Ok(())
}

pub(crate) async fn rows_of(
    conn: &mut Conn<'_>,
    names: &Names,
) -> Result<HashMap<String, CredentialRow>> {
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
