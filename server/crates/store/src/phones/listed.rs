//! A page of phones with everything that its rows show.
//!
//! Owns how a list stays a handful of statements: groups are read once, for filter, count and
//! column alike, and what stands beside the phones comes in one statement.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use carillon_domain::Mac;

use crate::conn::Conn;
use crate::error::Result;
use crate::groups::{AT_ONCE, Directory, memberships, signed, signs};
use crate::page::Page;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;

use super::awaited::{JobsBeside, jobs_beside};
use super::filter::{Groups, Scope};
use super::list::{PhoneList, PhoneSet, page, set};
use super::read::PhoneRow;

/// One page of a list of phones.
#[derive(Clone, Debug)]
pub struct ListedPhones {
    /// The phones of the page.
    pub page: Page<PhoneRow>,
    /// All phones of the list.
    pub set: PhoneSet,
    /// What jobs have to do with the phones of the page.
    pub jobs: JobsBeside,
    /// The groups in reach of each phone of the page, where they were asked for.
    pub groups: BTreeMap<Mac, Vec<String>>,
}

impl Store {
    /// One page of phones, all phones of the list, and what the rows show besides.
    pub async fn listed_phones(
        &self,
        list: &PhoneList<'_>,
        with_groups: bool,
    ) -> Result<ListedPhones> {
        let mut read = self.read().await?;
        let mut conn = read.conn();
        let (groups, slugs) = if with_groups {
            let directory = Directory::read(&mut conn, &self.reach).await?;
            let slugs = directory.slugs(false);
            (directory.groups, slugs)
        } else {
            (
                Groups::for_filter(&mut conn, list.filter).await?,
                Vec::new(),
            )
        };
        let scope = Scope {
            groups: &groups,
            now: list.now,
            dialect: conn.dialect(),
        };
        let page = page(&mut conn, list, &self.reach, &scope).await?;
        let set = set(&mut conn, (list.filter, &self.reach), &scope).await?;
        let (jobs, groups) = self
            .beside(&mut conn, &page.items, (&scope, &slugs))
            .await?;
        Ok(ListedPhones {
            page,
            set,
            jobs,
            groups,
        })
    }

    /// Names of the sites of some phones by slug, and what jobs have to do with the phones, in one
    /// statement.
    pub async fn names_beside(
        &self,
        phones: &[PhoneRow],
    ) -> Result<(HashMap<String, String>, JobsBeside)> {
        let mut read = self.read().await?;
        let mut conn = read.conn();
        let sites = phones.iter().filter_map(|row| row.phone.site.as_deref());
        let sites: BTreeSet<&str> = sites.collect();
        let mut sql = jobs_beside(conn.dialect(), &self.reach, phones);
        sql.push(" UNION ALL SELECT 'site', s.slug, s.name, '' FROM sites s WHERE ");
        sql.one_of("s.slug", sites);
        let (mut names, mut jobs) = (HashMap::new(), JobsBeside::default());
        for row in conn.all(sql).await? {
            if !jobs.take(&row)? {
                names.insert(row.get("name")?, row.get("word")?);
            }
        }
        Ok((names, jobs))
    }

    /// Names of some sites by slug.
    pub async fn site_names(&self, slugs: &[&str]) -> Result<HashMap<String, String>> {
        let slugs: BTreeSet<&str> = slugs.iter().copied().collect();
        if slugs.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = Sql::new("SELECT s.slug, s.name FROM sites s WHERE ");
        sql.one_of("s.slug", slugs);
        let rows = self.read().await?.conn().all(sql).await?;
        let pair = |row: &Row| Ok((row.get("slug")?, row.get("name")?));
        rows.iter().map(pair).collect()
    }

    /// What jobs have to do with some phones, and the phones' groups.
    async fn beside(
        &self,
        conn: &mut Conn<'_>,
        phones: &[PhoneRow],
        (scope, slugs): (&Scope<'_>, &[String]),
    ) -> Result<(JobsBeside, BTreeMap<Mac, Vec<String>>)> {
        let macs: Vec<Mac> = phones.iter().map(|row| row.phone.mac).collect();
        let (first, more) = slugs.split_at(slugs.len().min(AT_ONCE));
        let mut sql = jobs_beside(conn.dialect(), &self.reach, phones);
        if !first.is_empty() {
            sql.push(" UNION ALL SELECT 'phone', p.mac, ");
            signs(&mut sql, scope, first)?;
            sql.push(", '' FROM phones p WHERE ")
                .one_of("p.mac", macs.iter().copied());
        }
        let (mut jobs, mut groups) = (JobsBeside::default(), BTreeMap::new());
        for row in conn.all(sql).await? {
            if !jobs.take(&row)? {
                let mac = row.of("phones", "name").parse("name")?;
                groups.insert(mac, signed(&row.get::<String>("word")?, first));
            }
        }
        for (mac, slugs) in memberships(conn, scope, more, &macs).await? {
            groups.entry(mac).or_insert_with(Vec::new).extend(slugs);
        }
        Ok((jobs, groups))
    }
}
