//! How far a store reaches, in SQL.
//!
//! Owns the conditions by which a narrowed [`Store`] leaves out what its reader may not see: they
//! are part of each statement, never a filter over its rows. Also owns the table `areas`.

use std::collections::BTreeSet;

use carillon_domain::Mac;
use carillon_domain::reach::{Area, Reach};

use crate::error::Result;
use crate::phones::read::ROWS;
use crate::row::Row;
use crate::sql::{Sql, Value, containing};
use crate::store::Store;
use crate::unit::Unit;

/// Adds ` AND …` over `phones` under this name.
pub(crate) fn and_phones(sql: &mut Sql, reach: &Reach, alias: &'static str) {
    for area in reach.areas() {
        sql.push(" AND (COALESCE(").push(alias).push(".site, '')");
        sql.push(" IN ").listed(&area.sites);
        sql.push(" OR EXISTS (SELECT 1 FROM group_members rm WHERE rm.mac = ");
        sql.push(alias).push(".mac AND rm.group_slug IN ");
        sql.listed(&area.groups).push("))");
    }
}

/// Adds ` AND …` over `sites s`: named, or with a phone in reach.
pub(crate) fn and_sites(sql: &mut Sql, reach: &Reach) {
    if reach.is_everything() {
        return;
    }
    sql.push(" AND ((1 = 1");
    for area in reach.areas() {
        sql.push(" AND s.slug IN ").listed(&area.sites);
    }
    sql.push(") OR EXISTS (SELECT 1 FROM phones rp WHERE rp.site = s.slug");
    and_phones(sql, reach, "rp");
    sql.push("))");
}

/// Adds ` AND …` over `groups g`: a rule, which names no phone; or a list that is named, or has
/// a phone in reach.
pub(crate) fn and_groups(sql: &mut Sql, reach: &Reach) {
    if reach.is_everything() {
        return;
    }
    sql.push(" AND (g.kind = 'rule' OR (1 = 1");
    for area in reach.areas() {
        sql.push(" AND g.slug IN ").listed(&area.groups);
    }
    sql.push(") OR EXISTS (SELECT 1 FROM group_members gm JOIN phones rp ON rp.mac = gm.mac ");
    sql.push("WHERE gm.group_slug = g.slug");
    and_phones(sql, reach, "rp");
    sql.push("))");
}

/// Adds ` AND …` over `jobs` under this name: every phone of the job was in reach when it was
/// made.
pub(crate) fn and_jobs(sql: &mut Sql, reach: &Reach, id: &'static str) {
    if reach.is_everything() {
        return;
    }
    sql.push(" AND NOT EXISTS (SELECT 1 FROM job_targets rt WHERE rt.job = ")
        .push(id)
        .push(" AND NOT (1 = 1");
    for area in reach.areas() {
        sql.push(" AND (COALESCE(rt.site, '') IN ")
            .listed(&area.sites);
        for group in &area.groups {
            sql.push(" OR rt.groups LIKE ")
                .bind(containing(&format!("\"{group}\"")))
                .push(" ESCAPE '\\'");
        }
        sql.push(")");
    }
    sql.push("))");
}

/// Adds ` AND …` over `audit a`: about a phone, site or group in reach, or a job that is.
pub(crate) fn and_audit(sql: &mut Sql, reach: &Reach) {
    if reach.is_everything() {
        return;
    }
    sql.push(" AND ((1 = 1");
    for area in reach.areas() {
        sql.push(" AND (COALESCE(a.site, '') IN ")
            .listed(&area.sites);
        for group in &area.groups {
            sql.push(" OR COALESCE(a.groups, '') LIKE ")
                .bind(containing(&format!(" {group} ")))
                .push(" ESCAPE '\\'");
        }
        sql.push(")");
    }
    sql.push(") OR (a.phone IS NULL AND a.job IS NOT NULL ");
    sql.push("AND EXISTS (SELECT 1 FROM jobs rj WHERE rj.id = a.job)");
    and_jobs(sql, reach, "a.job");
    sql.push("))");
}

impl Sql {
    /// Adds `(…)` with a place for each; nothing is in an empty list.
    fn listed<'v>(&mut self, values: impl IntoIterator<Item = &'v String>) -> &mut Self {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        if values.is_empty() {
            // NULL is like nothing, itself included; COALESCE keeps the answer from being unknown.
            return self.push("(SELECT slug FROM sites WHERE 1 = 0)");
        }
        self.tuple(values)
    }
}

impl Store {
    /// The same store as somebody with this reach sees it: what is out of it does not exist.
    #[must_use]
    pub fn narrowed(&self, reach: &Reach) -> Self {
        Self {
            reach: std::sync::Arc::new(self.reach.as_ref().clone().and(reach.clone())),
            ..self.clone()
        }
    }

    /// Whether something is out of its sight.
    pub fn is_narrowed(&self) -> bool {
        !self.reach.is_everything()
    }
}

/// The areas of whatever `holder` names, as columns for [`area_in`].
pub(crate) fn push_areas(sql: &mut Sql, holder: &'static str, names: [&'static str; 2]) {
    let columns = ["site", "group_slug"];
    for (column, name) in columns.into_iter().zip(names) {
        sql.push(", (SELECT string_agg(a.").push(column);
        sql.push(", ' ') FROM areas a WHERE a.holder = ")
            .push(holder);
        sql.push(") AS ").push(name);
    }
}

/// The areas in columns that [`push_areas`] named so.
pub(crate) fn area_in(row: &Row, [sites, groups]: [&'static str; 2]) -> Result<Area> {
    Ok(Area {
        sites: slugs(row.get(sites)?),
        groups: slugs(row.get(groups)?),
    })
}

/// Short names, in which there are no spaces.
fn slugs<T: FromIterator<String>>(text: Option<String>) -> T {
    let text = text.unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

impl Unit {
    /// The accounts whose reach names this group, by identity.
    pub async fn accounts_within(&mut self, group: &str) -> Result<Vec<String>> {
        let sql = Sql::new(
            "SELECT u.id FROM areas a JOIN users u ON u.id = a.holder \
             WHERE a.group_slug = $1 AND u.scoped ORDER BY u.id",
        );
        let rows = self.conn().all(sql.arg(group)).await?;
        rows.iter().map(|row| row.get("id")).collect()
    }

    /// The accounts whose reach names a group that has one of these phones, by identity.
    pub async fn accounts_with_groups_of(&mut self, macs: &[Mac]) -> Result<Vec<String>> {
        let mut found = BTreeSet::new();
        for chunk in macs.chunks(ROWS) {
            let mut sql = Sql::new(
                "SELECT DISTINCT u.id FROM areas a JOIN users u ON u.id = a.holder \
                 JOIN group_members m ON m.group_slug = a.group_slug WHERE u.scoped AND ",
            );
            sql.one_of("m.mac", chunk.iter().copied());
            for row in self.conn().all(sql).await? {
                found.insert(row.get("id")?);
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Gives an account or token exactly these. Conflict when a site or group does not exist.
    pub async fn set_area(&mut self, holder: &str, area: &Area) -> Result<()> {
        let signed = self.genuine_holders(&[holder.to_owned()]).await?;
        let sql = Sql::new("DELETE FROM areas WHERE holder = $1").arg(holder);
        self.conn().execute(sql).await?;
        let sites = area.sites.iter().map(|site| (Some(site.as_str()), None));
        let groups = area.groups.iter().map(|group| (None, Some(group.as_str())));
        for (site, group) in sites.chain(groups) {
            let sql = Sql::new("INSERT INTO areas (holder, site, group_slug) VALUES ($1, $2, $3)");
            self.conn()
                .execute(sql.arg(holder).arg(site).arg(group))
                .await?;
        }
        self.sign_holders(&signed).await
    }
}
