//! Lists of phones: pages, counts, identities.
//!
//! Owns the orders that a list can have. Each has an index behind it.

use carillon_domain::filter::Filter;
use carillon_domain::{Mac, Reach, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::conn::Conn;
use crate::error::Result;
use crate::page::{Cursor, Direction, Page, Seek};
use crate::reach::and_phones;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

use super::filter::{Groups, Scope};
use super::keys::{address_key, extension_key, label_key};
use super::read::{PhoneRow, SELECT, phones};

carillon_domain::closed_list! {
    /// What a list of phones is sorted by.
    PhoneSort {
        /// Label.
        Label = "label",
        /// Extension, as a number where it is one.
        Extension = "extension",
        /// Model.
        Model = "model",
        /// Slug of the site; phones without one first.
        Site = "site",
        /// Address, as a number; phones without one first.
        Address = "address",
        /// When it last answered; never first.
        LastSeen = "last_seen",
        /// Firmware.
        Firmware = "firmware",
        /// MAC.
        Mac = "mac",
    }
}

/// Which page of which list.
#[derive(Clone, Debug)]
pub struct PhoneList<'f> {
    /// Which phones.
    pub filter: &'f Filter,
    /// Sorted by.
    pub sort: PhoneSort,
    /// Up or down.
    pub direction: Direction,
    /// Where the page begins.
    pub seek: Seek,
    /// Its longest length.
    pub limit: i64,
    /// Now.
    pub now: Timestamp,
}

/// Exactly which phones a filter takes at one moment, in a few bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneSet {
    /// How many.
    pub count: i64,
    /// SHA-256 of their identities in order, in hexadecimal: two sets have one digest exactly
    /// when they are the same phones.
    pub digest: String,
}

impl PhoneSet {
    /// The set of these phones, which are in order.
    pub fn of(macs: &[Mac]) -> Self {
        let text: String = macs.iter().map(Mac::to_string).collect();
        Self {
            count: i64::try_from(macs.len()).unwrap_or(i64::MAX),
            digest: hex::encode(Sha256::digest(text)),
        }
    }
}

impl PhoneSort {
    const fn keys(self) -> &'static str {
        match self {
            Self::Label => "p.label_key; p.mac",
            Self::Extension => "p.extension_key; p.mac",
            Self::Model => "p.model; p.mac",
            Self::Site => "COALESCE(p.site, ''); p.mac",
            Self::Address => "p.address_key; p.mac",
            Self::LastSeen => "COALESCE(p.last_seen, 0); p.mac",
            Self::Firmware => "p.firmware; p.mac",
            Self::Mac => "p.mac",
        }
    }

    fn cursor(self, row: &PhoneRow) -> Cursor {
        let mac = row.phone.mac.to_string();
        let key = match self {
            Self::Label => label_key(&row.phone.label),
            Self::Extension => extension_key(&row.phone.extension),
            Self::Model => row.phone.model.clone(),
            Self::Site => row.phone.site.clone().unwrap_or_default(),
            Self::Address => address_key(row.phone.address),
            Self::LastSeen => {
                let seen = row.contact.last_seen.map_or(0, Timestamp::micros);
                return Cursor::of_number_and_id(seen, &mac);
            }
            Self::Firmware => row.phone.firmware.clone(),
            Self::Mac => String::new(),
        };
        Cursor::of_text_and_id(&key, &mac)
    }
}

/// Adds ` WHERE …` for the filter.
async fn matching(
    conn: &mut Conn<'_>,
    sql: &mut Sql,
    (filter, reach): (&Filter, &Reach),
    now: Timestamp,
) -> Result<()> {
    let groups = Groups::for_filter(conn, filter).await?;
    sql.push(" WHERE ");
    let scope = Scope {
        groups: &groups,
        now,
        dialect: conn.dialect(),
    };
    scope.condition(sql, filter)?;
    and_phones(sql, reach, "p");
    Ok(())
}

async fn macs(conn: &mut Conn<'_>, filter: (&Filter, &Reach), now: Timestamp) -> Result<Vec<Mac>> {
    let mut sql = Sql::new("SELECT p.mac FROM phones p");
    matching(conn, &mut sql, filter, now).await?;
    sql.push(" ORDER BY p.mac");
    conn.read(sql, |row| row.of("phones", "mac").parse("mac"))
        .await
}

async fn count(conn: &mut Conn<'_>, filter: (&Filter, &Reach), now: Timestamp) -> Result<i64> {
    let mut sql = Sql::new("SELECT COUNT(*) AS n FROM phones p");
    matching(conn, &mut sql, filter, now).await?;
    conn.number(sql, "n").await
}

/// One page of a list.
pub(super) async fn page(
    conn: &mut Conn<'_>,
    list: &PhoneList<'_>,
    reach: &Reach,
    scope: &Scope<'_>,
) -> Result<Page<PhoneRow>> {
    let mut sql = Sql::new(SELECT);
    sql.push(" WHERE ");
    scope.condition(&mut sql, list.filter)?;
    and_phones(&mut sql, reach, "p");
    let keys = list.sort.keys();
    let values = |cursor: &Cursor| match list.sort {
        PhoneSort::LastSeen => cursor.number_and_id(),
        PhoneSort::Mac => Ok(cursor.text_and_id()?.split_off(1)),
        _ => cursor.text_and_id(),
    };
    list.seek
        .by(&mut sql, keys, list.direction, list.limit, values)?;
    let rows = phones(conn, sql).await?;
    let cursor = |row: &PhoneRow| list.sort.cursor(row);
    Ok(Page::of(rows, &list.seek, list.limit, cursor))
}

/// One row comes back, not one for each phone.
pub(super) async fn set(
    conn: &mut Conn<'_>,
    (filter, reach): (&Filter, &Reach),
    scope: &Scope<'_>,
) -> Result<PhoneSet> {
    let mut sql = Sql::new(
        "SELECT COUNT(*) AS n, COALESCE(string_agg(p.mac, '' ORDER BY p.mac), '') AS macs \
         FROM phones p WHERE ",
    );
    scope.condition(&mut sql, filter)?;
    and_phones(&mut sql, reach, "p");
    let Some(row) = conn.optional(sql).await? else {
        return Ok(PhoneSet::of(&[]));
    };
    let macs: String = row.get("macs")?;
    Ok(PhoneSet {
        count: row.get("n")?,
        digest: hex::encode(Sha256::digest(macs)),
    })
}

impl Store {
    /// One page of phones.
    pub async fn phone_page(&self, list: &PhoneList<'_>) -> Result<Page<PhoneRow>> {
        let mut read = self.read().await?;
        let mut conn = read.conn();
        let groups = Groups::for_filter(&mut conn, list.filter).await?;
        let scope = Scope {
            groups: &groups,
            now: list.now,
            dialect: conn.dialect(),
        };
        page(&mut conn, list, &self.reach, &scope).await
    }

    /// All phones that a filter takes, by label.
    pub async fn phones_matching(&self, filter: &Filter, now: Timestamp) -> Result<Vec<PhoneRow>> {
        let mut read = self.read().await?;
        let mut conn = read.conn();
        let mut sql = Sql::new(SELECT);
        matching(&mut conn, &mut sql, (filter, &self.reach), now).await?;
        sql.push(" ORDER BY p.label_key, p.mac");
        phones(&mut conn, sql).await
    }

    /// How many phones a filter takes.
    pub async fn count_phones(&self, filter: &Filter, now: Timestamp) -> Result<i64> {
        count(&mut self.read().await?.conn(), (filter, &self.reach), now).await
    }

    /// How many phones a filter takes, and exactly which.
    pub async fn phone_set(&self, filter: &Filter, now: Timestamp) -> Result<PhoneSet> {
        let mut read = self.read().await?;
        let mut conn = read.conn();
        let groups = Groups::for_filter(&mut conn, filter).await?;
        let scope = Scope {
            groups: &groups,
            now,
            dialect: conn.dialect(),
        };
        set(&mut conn, (filter, &self.reach), &scope).await
    }

    /// The identities of the phones that a filter takes, sorted.
    pub async fn macs(&self, filter: &Filter, now: Timestamp) -> Result<Vec<Mac>> {
        macs(&mut self.read().await?.conn(), (filter, &self.reach), now).await
    }
}

impl Unit {
    /// The identities of the phones that a filter takes, as this unit sees them, sorted.
    pub async fn macs(&mut self, filter: &Filter, now: Timestamp) -> Result<Vec<Mac>> {
        let reach = self.reach.clone();
        macs(&mut self.conn(), (filter, &reach), now).await
    }
}
