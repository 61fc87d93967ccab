//! Groups, fixed and by rule, and who is in them.
//!
//! Owns the table `groups`; `members` owns the lists. A rule has no stored members: it is asked each
//! time.

mod members;

use std::collections::{BTreeMap, HashSet};

use carillon_domain::phone::{Group, GroupKind, Reachability};
use carillon_domain::{Mac, Reach, Timestamp};

use crate::accounts::users::expect_one;
use crate::conn::Conn;
use crate::error::Result;
use crate::phones::filter::{Groups, Scope};
use crate::phones::read::NAMED;
use crate::reach::{and_groups, and_phones};
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// The group.
    pub group: Group,
    /// How many phones are in it now.
    pub phones: i64,
    /// How many of them answered when last contacted.
    pub reachable: i64,
    /// How many of them were ever contacted.
    pub contacted: i64,
    /// Whether its rule cannot be worked out, so that it has no phones: it asks for a group that is not
    /// there, leads back to itself, or over too many others. A unit that reads one alone does not tell.
    pub broken: bool,
    /// For edits.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

const SELECT: &str = "SELECT g.slug, g.name, g.kind, g.filter, g.credential, g.version, \
     g.created_at, g.updated_at FROM groups g";

fn group_row(row: &Row) -> Result<GroupRow> {
    let fields = row.of("groups", "slug");
    Ok(GroupRow {
        group: Group {
            slug: fields.text("slug")?,
            name: fields.text("name")?,
            kind: fields.parse("kind")?,
            filter: fields.get("filter")?,
            credential: fields.get("credential")?,
        },
        phones: 0,
        reachable: 0,
        contacted: 0,
        broken: false,
        version: fields.int("version")?,
        created_at: fields.at("created_at")?,
        updated_at: fields.at("updated_at")?,
    })
}

async fn find(conn: &mut Conn<'_>, slug: &str, reach: &Reach) -> Result<Option<GroupRow>> {
    let mut sql = Sql::new(SELECT);
    sql.push(" WHERE g.slug = ").bind(slug);
    and_groups(&mut sql, reach);
    let row = conn.optional(sql).await?;
    row.as_ref().map(group_row).transpose()
}

/// All groups: what rules lead to, and what somebody with a reach sees of them.
pub(crate) struct Directory {
    /// For conditions.
    pub(crate) groups: Groups,
    /// By slug, each with whether it is in reach.
    pub(crate) rows: Vec<(GroupRow, bool)>,
    /// Name and user name of the credentials that they give, by slug.
    pub(crate) logins: BTreeMap<String, (String, String)>,
}

impl Directory {
    /// Reads it, in one statement.
    pub(crate) async fn read(conn: &mut Conn<'_>, reach: &Reach) -> Result<Self> {
        let mut sql = Sql::new(
            "SELECT g.slug, g.name, g.kind, g.filter, g.credential, g.version, g.created_at, \
             g.updated_at, c.username AS login, CAST(CASE WHEN 1 = 1",
        );
        and_groups(&mut sql, reach);
        sql.push(" THEN 1 ELSE 0 END AS BIGINT) AS seen FROM groups g ");
        sql.push("LEFT JOIN credentials c ON c.name = g.credential ORDER BY g.slug");
        let rows = conn.all(sql).await?;
        let mut logins = BTreeMap::new();
        for row in &rows {
            let (name, user): (Option<String>, Option<String>) =
                (row.get("credential")?, row.get("login")?);
            if let Some(login) = name.zip(user) {
                logins.insert(row.get("slug")?, login);
            }
        }
        let groups = Groups::of(&rows)?;
        let pair = |row: &Row| {
            let mut group = group_row(row)?;
            group.broken = groups.is_broken(&group.group.slug);
            Ok((group, row.get::<i64>("seen")? == 1))
        };
        let rows = rows.iter().map(pair).collect::<Result<_>>()?;
        Ok(Self {
            groups,
            rows,
            logins,
        })
    }

    /// The groups in reach.
    fn into_seen(self) -> (Groups, Vec<GroupRow>) {
        let seen = self.rows.into_iter().filter(|(_, seen)| *seen);
        (self.groups, seen.map(|(row, _)| row).collect())
    }

    /// Short names of all groups, or of those in reach.
    pub(crate) fn slugs(&self, all: bool) -> Vec<String> {
        let rows = self.rows.iter().filter(|(_, seen)| all || *seen);
        rows.map(|(row, _)| row.group.slug.clone()).collect()
    }
}

impl GroupRow {
    /// Counts so many phones of which the last contact said this.
    const fn add(&mut self, state: Reachability, phones: i64) {
        self.phones += phones;
        match state {
            Reachability::Reachable => {
                self.reachable += phones;
                self.contacted += phones;
            }
            Reachability::Offline => self.contacted += phones,
            Reachability::Unknown => {}
        }
    }
}

/// Fills in how many phones are in each, in one pass over the phones.
async fn count(
    conn: &mut Conn<'_>,
    (groups, rows): (&Groups, &mut [GroupRow]),
    reach: &Reach,
    now: Timestamp,
) -> Result<()> {
    let scope = Scope {
        groups,
        now,
        dialect: conn.dialect(),
    };
    for chunk in rows.chunks_mut(AT_ONCE) {
        let mut sql = Sql::new("SELECT p.reachability AS state");
        for (index, row) in chunk.iter().enumerate() {
            sql.push(", COUNT(CASE WHEN ");
            scope.member(&mut sql, &row.group.slug)?;
            sql.push(&format!(" THEN 1 END) AS n{index}"));
        }
        sql.push(" FROM phones p WHERE 1 = 1");
        and_phones(&mut sql, reach, "p");
        sql.push(" GROUP BY p.reachability");
        for counted in conn.all(sql).await? {
            let state: Reachability = counted.of("phones", "state").parse("state")?;
            for (index, row) in chunk.iter_mut().enumerate() {
                row.add(state, counted.get(&format!("n{index}"))?);
            }
        }
    }
    Ok(())
}

/// Groups in one statement.
pub(crate) const AT_ONCE: usize = 100;

/// Which groups in reach each of these phones is in; phones in none are left out.
pub(crate) async fn groups_of(
    conn: &mut Conn<'_>,
    macs: &[Mac],
    reach: &Reach,
    now: Timestamp,
) -> Result<BTreeMap<Mac, Vec<String>>> {
    let directory = Directory::read(conn, reach).await?;
    let scope = Scope {
        groups: &directory.groups,
        now,
        dialect: conn.dialect(),
    };
    memberships(conn, &scope, &directory.slugs(false), macs).await
}

/// Which of these groups each of these phones is in, by slug. A statement for a hundred groups,
/// whatever the number of phones.
pub(crate) async fn memberships(
    conn: &mut Conn<'_>,
    scope: &Scope<'_>,
    slugs: &[String],
    macs: &[Mac],
) -> Result<BTreeMap<Mac, Vec<String>>> {
    let wanted: HashSet<_> = macs.iter().copied().collect();
    let mut found: BTreeMap<Mac, Vec<String>> = BTreeMap::new();
    for chunk in slugs.chunks(AT_ONCE) {
        let mut sql = Sql::new("SELECT p.mac, ");
        signs(&mut sql, scope, chunk)?;
        sql.push(" AS signs FROM phones p");
        if macs.len() <= NAMED {
            sql.push(" WHERE ").one_of("p.mac", macs.iter().copied());
        }
        for row in conn.all(sql).await? {
            let mac = row.of("phones", "mac").parse("mac")?;
            let groups = signed(&row.get::<String>("signs")?, chunk);
            if wanted.contains(&mac) && !groups.is_empty() {
                found.entry(mac).or_default().extend(groups);
            }
        }
    }
    Ok(found)
}

/// Adds a text with a sign for each group: whether phone `p` is in it.
pub(crate) fn signs(sql: &mut Sql, scope: &Scope<'_>, slugs: &[String]) -> Result<()> {
    sql.push("(''");
    for slug in slugs {
        sql.push(" || CASE WHEN ");
        scope.member(sql, slug)?;
        sql.push(" THEN '1' ELSE '0' END");
    }
    sql.push(")");
    Ok(())
}

/// The groups that a text of [`signs`] tells.
pub(crate) fn signed(signs: &str, slugs: &[String]) -> Vec<String> {
    let told = signs.bytes().zip(slugs).filter(|(sign, _)| *sign == b'1');
    told.map(|(_, slug)| slug.clone()).collect()
}

impl Store {
    /// All groups with the number of their phones.
    pub async fn groups(&self, now: Timestamp) -> Result<Vec<GroupRow>> {
        let mut read = self.read().await?;
        let directory = Directory::read(&mut read.conn(), &self.reach).await?;
        let (groups, mut rows) = directory.into_seen();
        groups.tell_of_broken();
        let asked = (&groups, &mut rows[..]);
        count(&mut read.conn(), asked, &self.reach, now).await?;
        Ok(rows)
    }

    /// One group; its phones are not counted, and whether its rule can be worked out is not told.
    pub async fn group_alone(&self, slug: &str) -> Result<Option<GroupRow>> {
        find(&mut self.read().await?.conn(), slug, &self.reach).await
    }

    /// One group with the number of its phones.
    pub async fn group(&self, slug: &str, now: Timestamp) -> Result<Option<GroupRow>> {
        let mut read = self.read().await?;
        let directory = Directory::read(&mut read.conn(), &self.reach).await?;
        let (groups, mut rows) = directory.into_seen();
        groups.tell_of_broken();
        rows.retain(|row| row.group.slug == slug);
        let asked = (&groups, &mut rows[..]);
        count(&mut read.conn(), asked, &self.reach, now).await?;
        Ok(rows.pop())
    }

    /// Which groups each of these phones is in now; phones in none are left out.
    pub async fn groups_of(
        &self,
        macs: &[Mac],
        now: Timestamp,
    ) -> Result<BTreeMap<Mac, Vec<String>>> {
        groups_of(&mut self.read().await?.conn(), macs, &self.reach, now).await
    }
}

impl Unit {
    /// One group, as this unit sees it; its phones are not counted.
    pub async fn group(&mut self, slug: &str) -> Result<Option<GroupRow>> {
        let reach = self.reach.clone();
        find(&mut self.conn(), slug, &reach).await
    }

    /// All groups in reach, as this unit sees them; their phones are not counted. Until its end nobody else
    /// makes, changes or deletes one, so that what is found of their rules holds.
    pub async fn groups(&mut self) -> Result<Vec<GroupRow>> {
        let reach = self.reach.clone();
        let directory = Directory::read(&mut self.ways_conn().await?, &reach).await?;
        Ok(directory.into_seen().1)
    }

    /// All groups, whoever may see them, as this unit sees them. Until its end nobody else changes one.
    pub async fn every_group(&mut self) -> Result<Vec<Group>> {
        let mut sql = Sql::new(SELECT);
        sql.push(" ORDER BY g.slug");
        sql.push(self.conn().dialect().for_update());
        let rows = self.conn().all(sql).await?;
        rows.iter()
            .map(|row| group_row(row).map(|row| row.group))
            .collect()
    }

    /// Makes a group. Conflict when the slug is taken or the credential does not exist.
    pub async fn insert_group(&mut self, group: &Group, now: Timestamp) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO groups (slug, name, kind, filter, credential, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
        );
        self.ways_conn()
            .await?
            .execute(bound(sql, group).arg(now))
            .await
            .map(drop)
    }

    /// Changes a group. Conflict when `version` is old. One that becomes a rule loses its list.
    pub async fn update_group(
        &mut self,
        group: &Group,
        version: i64,
        now: Timestamp,
    ) -> Result<()> {
        let sql = Sql::new(
            "UPDATE groups SET name = $2, kind = $3, filter = $4, credential = $5, \
             version = version + 1, updated_at = $6 WHERE slug = $1 AND version = $7",
        );
        let sql = bound(sql, group).arg(now).arg(version);
        expect_one(self.ways_conn().await?.execute(sql).await?)?;
        if group.kind == GroupKind::Rule {
            self.clear_members(&group.slug).await?;
        }
        Ok(())
    }

    /// Deletes a group; says whether there was one.
    pub async fn delete_group(&mut self, slug: &str) -> Result<bool> {
        // Whoever is given it meanwhile waits, and finds it gone.
        let mut lock = Sql::new("SELECT slug FROM groups WHERE slug = ");
        lock.bind(slug).push(self.conn().dialect().for_update());
        self.conn().optional(lock).await?;
        let holders = self.genuine_holders_of("group_slug", slug).await?;
        let sql = Sql::new("DELETE FROM groups WHERE slug = $1").arg(slug);
        let deleted = self.ways_conn().await?.execute(sql).await?;
        self.sign_holders(&holders).await?;
        Ok(deleted > 0)
    }
}

fn bound(sql: Sql, group: &Group) -> Sql {
    sql.arg(&group.slug)
        .arg(&group.name)
        .arg(group.kind.as_str())
        .arg(&group.filter)
        .arg(&group.credential)
}
