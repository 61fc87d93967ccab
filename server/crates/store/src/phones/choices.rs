//! What a list of phones can be narrowed by.
//!
//! Owns one statement that brings every such value with its number of phones, so that a page of
//! phones does not pay a query for each heading.

use carillon_domain::Reach;
use carillon_domain::phone::GroupKind;

use crate::error::Result;
use crate::reach::{and_groups, and_phones, and_sites};
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;

/// One value and how many phones have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneChoice {
    /// As filters write it.
    pub value: String,
    /// As people read it.
    pub label: String,
    /// How many phones have it.
    pub phones: i64,
}

/// The values that phones can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneChoices {
    /// Every phone there is.
    pub inventory: i64,
    /// All sites, by name.
    pub sites: Vec<PhoneChoice>,
    /// Models, most first; phones whose model is not known are left out.
    pub models: Vec<PhoneChoice>,
    /// Tags, most first.
    pub tags: Vec<PhoneChoice>,
    /// What the last contact said.
    pub states: Vec<PhoneChoice>,
    /// Groups by name, with their kind. Their phones are not counted.
    pub groups: Vec<(PhoneChoice, GroupKind)>,
    /// The lists that the reader keeps, by name.
    pub views: Vec<KeptList>,
}

/// A list that somebody keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptList {
    /// Short name, for addresses.
    pub slug: String,
    /// Name, as its owner calls it.
    pub name: String,
    /// The query of the list.
    pub query: String,
}

/// One statement; each part leaves out what is out of reach.
fn select(reach: &Reach, user: Option<&str>) -> Sql {
    let mut sql = Sql::new(
        "SELECT 'site' AS what, s.slug AS value, s.name AS label, \
         (SELECT COUNT(*) FROM phones p WHERE p.site = s.slug",
    );
    and_phones(&mut sql, reach, "p");
    sql.push(") AS n, '' AS query FROM sites s WHERE 1 = 1");
    and_sites(&mut sql, reach);
    sql.push(" UNION ALL SELECT 'model', p.model, p.model, COUNT(*), '' FROM phones p ");
    sql.push("WHERE p.model <> ''");
    and_phones(&mut sql, reach, "p");
    sql.push(" GROUP BY p.model UNION ALL SELECT 'tag', t.tag, t.tag, COUNT(*), '' ");
    sql.push("FROM phone_tags t");
    if !reach.is_everything() {
        sql.push(" JOIN phones p ON p.mac = t.mac WHERE 1 = 1");
        and_phones(&mut sql, reach, "p");
    }
    sql.push(" GROUP BY t.tag UNION ALL SELECT 'state', p.reachability, p.reachability, ");
    sql.push("COUNT(*), '' FROM phones p WHERE 1 = 1");
    and_phones(&mut sql, reach, "p");
    sql.push(" GROUP BY p.reachability UNION ALL SELECT g.kind, g.slug, g.name, 0, '' ");
    sql.push("FROM groups g ");
    sql.push("WHERE 1 = 1");
    and_groups(&mut sql, reach);
    if let Some(user) = user {
        sql.push(" UNION ALL SELECT 'view', v.slug, v.name, 0, v.query FROM saved_views v ");
        sql.push("WHERE v.user_id = ").bind(user);
    }
    sql
}

impl Store {
    /// Every value that phones can be narrowed by, and the lists that this account keeps, at one
    /// moment.
    pub async fn phone_choices(&self, user: Option<&str>) -> Result<PhoneChoices> {
        let sql = select(&self.reach, user);
        let rows = self.read().await?.conn().all(sql).await?;
        let mut choices = PhoneChoices::default();
        for row in &rows {
            choices.take(row)?;
        }
        choices.sites.sort_by_key(|site| site.label.to_lowercase());
        choices
            .groups
            .sort_by_key(|(group, _)| group.label.to_lowercase());
        choices.views.sort_by_key(|view| view.name.to_lowercase());
        for most_first in [&mut choices.models, &mut choices.tags] {
            most_first.sort_by(|a, b| (b.phones, &a.value).cmp(&(a.phones, &b.value)));
        }
        Ok(choices)
    }
}

impl PhoneChoices {
    fn take(&mut self, row: &Row) -> Result<()> {
        let what: String = row.get("what")?;
        let choice = PhoneChoice {
            value: row.get("value")?,
            label: row.get("label")?,
            phones: row.get("n")?,
        };
        match what.as_str() {
            "site" => self.sites.push(choice),
            "model" => self.models.push(choice),
            "tag" => self.tags.push(choice),
            "state" => {
                self.inventory += choice.phones;
                self.states.push(choice);
            }
            "view" => self.views.push(KeptList {
                slug: choice.value,
                name: choice.label,
                query: row.get("query")?,
            }),
            "fixed" => self.groups.push((choice, GroupKind::Fixed)),
            _ => self.groups.push((choice, GroupKind::Rule)),
        }
        Ok(())
    }
}
