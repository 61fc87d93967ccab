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
use crate::reach::and_jobs;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;

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
    /// Names of the actions that the phones of the page were last sent, by job.
    pub actions: HashMap<String, String>,
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
        let (actions, groups) = self
            .beside(&mut conn, &page.items, (&scope, &slugs))
            .await?;
        Ok(ListedPhones {
            page,
            set,
            actions,
            groups,
        })
    }

    /// Names of the sites of some phones by slug, and of the actions that they were last sent by
    /// job, in one statement.
    pub async fn names_beside(
        &self,
        phones: &[PhoneRow],
    ) -> Result<(HashMap<String, String>, HashMap<String, String>)> {
        let last = phones.iter().filter_map(|row| row.last.as_ref());
        let jobs: BTreeSet<&str> = last.map(|last| last.job.as_str()).collect();
        let sites = phones.iter().filter_map(|row| row.phone.site.as_deref());
        let sites: BTreeSet<&str> = sites.collect();
        let mut sql = Sql::new("SELECT 'job' AS what, j.id AS name, j.action AS word ");
        sql.push("FROM jobs j WHERE ").one_of("j.id", jobs);
        and_jobs(&mut sql, &self.reach, "j.id");
        sql.push(" UNION ALL SELECT 'site', s.slug, s.name FROM sites s WHERE ");
        sql.one_of("s.slug", sites);
        let (mut names, mut actions) = (HashMap::new(), HashMap::new());
        for row in self.read().await?.conn().all(sql).await? {
            let of = if row.get::<String>("what")? == "job" {
                &mut actions
            } else {
                &mut names
            };
            of.insert(row.get("name")?, row.get("word")?);
        }
        Ok((names, actions))
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

    /// The actions of the last jobs of some phones, and the phones' groups.
    async fn beside(
        &self,
        conn: &mut Conn<'_>,
        phones: &[PhoneRow],
        (scope, slugs): (&Scope<'_>, &[String]),
    ) -> Result<(HashMap<String, String>, BTreeMap<Mac, Vec<String>>)> {
        let macs: Vec<Mac> = phones.iter().map(|row| row.phone.mac).collect();
        let last = phones.iter().filter_map(|row| row.last.as_ref());
        let jobs: BTreeSet<&str> = last.map(|last| last.job.as_str()).collect();
        let (first, more) = slugs.split_at(slugs.len().min(AT_ONCE));
        let mut sql = Sql::new("SELECT 'job' AS what, j.id AS name, j.action AS word ");
        sql.push("FROM jobs j WHERE ").one_of("j.id", jobs);
        and_jobs(&mut sql, &self.reach, "j.id");
        if !first.is_empty() {
            sql.push(" UNION ALL SELECT 'phone', p.mac, ");
            signs(&mut sql, scope, first)?;
            sql.push(" FROM phones p WHERE ")
                .one_of("p.mac", macs.iter().copied());
        }
        let (mut actions, mut groups) = (HashMap::new(), BTreeMap::new());
        for row in conn.all(sql).await? {
            let word: String = row.get("word")?;
            if row.get::<String>("what")? == "job" {
                actions.insert(row.get("name")?, word);
            } else {
                let mac = row.of("phones", "name").parse("name")?;
                groups.insert(mac, signed(&word, first));
            }
        }
        for (mac, slugs) in memberships(conn, scope, more, &macs).await? {
            groups.entry(mac).or_insert_with(Vec::new).extend(slugs);
        }
        Ok((actions, groups))
    }
}
