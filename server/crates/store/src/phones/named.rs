//! Phones as somebody names them for a job: one by one, by groups, by a filter.
//!
//! Owns the union, in as few statements whatever was named. *Invariant:* the phones are those in
//! reach; the groups that a phone is in are told whole, for rules and records go by them.

use carillon_domain::job::PlannedPhone;
use carillon_domain::{Filter, Mac, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::groups::{AT_ONCE, Directory, memberships};
use crate::reach::and_phones;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;

use super::filter::Scope;
use super::plan;
use super::read::{self, NAMED, PhoneRow, phone_row};

/// What somebody named; its parts are added up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Naming<'n> {
    /// Phones one by one.
    pub macs: &'n [Mac],
    /// Short names of groups.
    pub groups: &'n [String],
    /// All phones that this takes.
    pub filter: Option<&'n Filter>,
}

/// The phones that it comes to, as a plan wants them.
#[derive(Clone, Debug, Default)]
pub struct NamedPhones {
    /// Each once, by MAC, with all its groups.
    pub phones: Vec<PlannedPhone>,
    /// Groups that were named and are not there, or out of reach.
    pub unknown_groups: Vec<String>,
}

/// How the phones are read: the beginning of the statement, as what, and what tells one from another.
struct Reading<'r, T> {
    select: &'r (dyn Fn() -> Result<Sql> + Sync),
    one: &'r (dyn Fn(&Row) -> Result<T> + Sync),
    mac: fn(&T) -> Mac,
}

impl Store {
    /// The phones that a naming comes to now.
    pub async fn named_phones(&self, naming: Naming<'_>, now: Timestamp) -> Result<Vec<PhoneRow>> {
        let mut read = self.read().await?;
        let mut conn = read.conn();
        let groups = Directory::read(&mut conn, &self.reach).await?.groups;
        let scope = Scope {
            groups: &groups,
            now,
            dialect: conn.dialect(),
        };
        let reading = Reading {
            select: &|| Ok(Sql::new(read::SELECT)),
            one: &phone_row,
            mac: |row: &PhoneRow| row.phone.mac,
        };
        self.united(&mut conn, naming, &scope, &reading).await
    }

    /// The same for a plan, with their groups and the groups that are not there.
    pub async fn phones_to_plan(&self, naming: Naming<'_>, now: Timestamp) -> Result<NamedPhones> {
        let mut read = self.read().await?;
        let mut conn = read.conn();
        let directory = Directory::read(&mut conn, &self.reach).await?;
        let scope = Scope {
            groups: &directory.groups,
            now,
            dialect: conn.dialect(),
        };
        let all = directory.slugs(true);
        let (first, more) = all.split_at(all.len().min(AT_ONCE));
        let reading = Reading {
            select: &|| plan::select(&scope, first),
            one: &|row: &Row| plan::planned(row, first),
            mac: |phone: &PlannedPhone| phone.mac,
        };
        let mut phones = self.united(&mut conn, naming, &scope, &reading).await?;
        let macs: Vec<Mac> = phones.iter().map(|phone| phone.mac).collect();
        let mut groups = memberships(&mut conn, &scope, more, &macs).await?;
        for phone in &mut phones {
            let more = groups.remove(&phone.mac);
            phone.groups.extend(more.unwrap_or_default());
        }
        let seen = directory.slugs(false);
        let unknown = naming.groups.iter().filter(|slug| !seen.contains(slug));
        Ok(NamedPhones {
            phones,
            unknown_groups: unknown.cloned().collect(),
        })
    }

    async fn united<T>(
        &self,
        conn: &mut Conn<'_>,
        naming: Naming<'_>,
        scope: &Scope<'_>,
        reading: &Reading<'_, T>,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        let mut rest = naming;
        while !(rest.macs.is_empty() && rest.groups.is_empty() && rest.filter.is_none()) {
            let (now, later) = rest.macs.split_at(rest.macs.len().min(NAMED));
            let mut sql = (reading.select)()?;
            sql.push(" WHERE (");
            any_of(&mut sql, Naming { macs: now, ..rest }, scope)?;
            sql.push(")");
            and_phones(&mut sql, &self.reach, "p");
            found.extend(conn.read(sql, reading.one).await?);
            rest = Naming {
                macs: later,
                ..Naming::default()
            };
        }
        found.sort_by_key(reading.mac);
        found.dedup_by_key(|one| (reading.mac)(one));
        Ok(found)
    }
}

/// Adds the condition of being named in one of the ways, of which there is at least one.
fn any_of(sql: &mut Sql, naming: Naming<'_>, scope: &Scope<'_>) -> Result<()> {
    let mut or = "";
    if !naming.macs.is_empty() {
        sql.one_of("p.mac", naming.macs.iter().copied());
        or = " OR ";
    }
    for slug in naming.groups {
        sql.push(std::mem::replace(&mut or, " OR ")).push("(");
        scope.member(sql, slug)?;
        sql.push(")");
    }
    if let Some(filter) = naming.filter {
        sql.push(or);
        scope.condition(sql, filter)?;
    }
    Ok(())
}
