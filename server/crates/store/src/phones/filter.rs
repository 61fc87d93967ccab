//! From a filter to a condition.
//!
//! Owns the meaning of every test in SQL. *Invariants:* values are bound; a group whose rule cannot be
//! worked out has no phones, and what asks for it takes none, also where it asks for all others: nobody
//! is sent anything by mistake, and all other groups are as they were.

mod sound;

use std::collections::HashMap;

use carillon_domain::Timestamp;
use carillon_domain::filter::{Filter, Ready, Term, Test, mac_digits};
use carillon_domain::phone::GroupKind;

use crate::conn::Conn;
use crate::dialect::Dialect;
use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::sql::{Sql, beginning, containing};

use super::keys::address_range;

/// How many rules may lead to each other.
const DEPTH: usize = 8;
/// How many tests one condition may come to, with those of all rules that it leads to.
const TESTS: usize = 500;

/// What a group stands for, as far as filters need to know.
enum Membership {
    Fixed,
    Rule(Filter),
    /// By a rule that cannot be worked out.
    Broken,
}

/// The groups that filters can ask for.
#[derive(Default)]
pub(crate) struct Groups(HashMap<String, Membership>);

/// What conditions need to know besides the filter.
pub(crate) struct Scope<'s> {
    pub(crate) groups: &'s Groups,
    /// Now, for "seen within".
    pub(crate) now: Timestamp,
    /// For whom they are written.
    pub(crate) dialect: Dialect,
}

/// The way from a filter through rules, to know a circle and an avalanche.
#[derive(Default)]
struct Walk {
    path: Vec<String>,
    tests: usize,
}

impl Walk {
    fn refused(&self, slug: &str) -> bool {
        self.path.len() == DEPTH || self.tests > TESTS || self.path.iter().any(|on| on == slug)
    }
}

impl Groups {
    /// Reads the groups if the filter asks for any.
    pub(crate) async fn for_filter(conn: &mut Conn<'_>, filter: &Filter) -> Result<Self> {
        if filter.groups().next().is_none() {
            return Ok(Self::default());
        }
        Self::all(conn).await
    }

    /// Reads all groups.
    pub(crate) async fn all(conn: &mut Conn<'_>) -> Result<Self> {
        let sql = Sql::new("SELECT slug, kind, filter FROM groups");
        Self::of(&conn.all(sql).await?)
    }

    /// Whether phones come into a group, or leave it, without anybody changing anything.
    pub(crate) fn changes_by_itself(&self, slug: &str) -> bool {
        self.changes(slug, DEPTH)
    }

    fn changes(&self, slug: &str, depth: usize) -> bool {
        let Some(Membership::Rule(rule)) = self.0.get(slug) else {
            return false;
        };
        let further = |name: &str| depth == 0 || self.changes(name, depth - 1);
        rule.terms.iter().any(Term::changes_by_itself) || rule.groups().any(further)
    }

    /// The same groups with every phone that could come into them by itself.
    pub(crate) fn widest(&self) -> Self {
        let widest = |(slug, membership): (&String, &Membership)| {
            let membership = match membership {
                Membership::Fixed => Membership::Fixed,
                Membership::Rule(rule) => Membership::Rule(self.without_changing(rule)),
                Membership::Broken => Membership::Broken,
            };
            (slug.clone(), membership)
        };
        Self(self.0.iter().map(widest).collect())
    }

    /// A rule without the terms whose answer changes by itself: fewer demands are more phones.
    fn without_changing(&self, rule: &Filter) -> Filter {
        let asks = |test: &Test| matches!(test, Test::Group(slug) if self.changes_by_itself(slug));
        let changing = |term: &Term| {
            term.changes_by_itself() || (term.negated && term.any_of.iter().any(asks))
        };
        let terms = rule.terms.iter().filter(|term| !changing(term));
        Filter {
            terms: terms.cloned().collect(),
        }
    }

    /// The groups of rows with the columns slug, kind and filter.
    pub(crate) fn of(rows: &[Row]) -> Result<Self> {
        let mut groups = HashMap::new();
        for row in rows {
            let fields = row.of("groups", "slug");
            let membership = match fields.parse("kind")? {
                GroupKind::Fixed => Membership::Fixed,
                GroupKind::Rule => fields
                    .parse("filter")
                    .map_or(Membership::Broken, Membership::Rule),
            };
            groups.insert(fields.text("slug")?, membership);
        }
        Ok(Self(sound::only(groups)))
    }

    /// Tells the log of the groups whose rules cannot be worked out. For what is committed.
    pub(crate) fn tell_of_broken(&self) {
        sound::name(&self.0);
    }

    /// Whether a group's rule cannot be worked out.
    pub(crate) fn is_broken(&self, slug: &str) -> bool {
        matches!(self.0.get(slug), Some(Membership::Broken))
    }
}

impl Scope<'_> {
    /// Adds the condition on `phones p` that the filter stands for, in brackets.
    pub(crate) fn condition(&self, sql: &mut Sql, filter: &Filter) -> Result<()> {
        self.filter(sql, filter, &mut Walk::default())
    }

    /// Adds the condition of being in a group.
    pub(crate) fn member(&self, sql: &mut Sql, slug: &str) -> Result<()> {
        self.group(sql, slug, &mut Walk::default())
    }

    fn filter(&self, sql: &mut Sql, filter: &Filter, walk: &mut Walk) -> Result<()> {
        if filter.groups().any(|slug| self.groups.is_broken(slug)) {
            sql.push("(1 = 0)");
            return Ok(());
        }
        sql.push("(1 = 1");
        for term in &filter.terms {
            sql.push(" AND ");
            self.term(sql, term, walk)?;
        }
        sql.push(")");
        Ok(())
    }

    fn term(&self, sql: &mut Sql, term: &Term, walk: &mut Walk) -> Result<()> {
        sql.push(if term.negated { "NOT (" } else { "(" });
        for (index, test) in term.any_of.iter().enumerate() {
            sql.push(if index > 0 { " OR " } else { "" });
            walk.tests += 1;
            self.test(sql, test, walk)?;
        }
        sql.push(")");
        Ok(())
    }

    /// Each condition is true or false, never unknown: `NOT` of it must be the other phones.
    fn test(&self, sql: &mut Sql, test: &Test, walk: &mut Walk) -> Result<()> {
        match test {
            Test::Word(word) => free_word(sql, word),
            Test::Site(slug) => sql.push("COALESCE(p.site, '') = ").bind(slug),
            Test::Model(model) => sql.push("p.model = ").bind(model),
            Test::Tag(tag) => {
                self.listed(sql, "phone_tags", ("tag", tag));
                sql
            }
            Test::Group(slug) => return self.group(sql, slug, walk),
            Test::Firmware(start) => like(sql, "p.firmware", beginning(start)),
            Test::Ip(network) => {
                let (first, last) = address_range(*network);
                sql.push("p.address_key BETWEEN ").bind(first);
                sql.push(" AND ").bind(last)
            }
            Test::Extension(extension) => sql.push("p.extension = ").bind(extension),
            Test::MacFragment(digits) => mac_fragment(sql, digits),
            Test::State(state) => sql.push("p.reachability = ").bind(state.as_str()),
            Test::Result(state) => sql
                .push("COALESCE(p.last_result, '') = ")
                .bind(state.as_str()),
            Test::Ready(ready) => readiness(sql, *ready),
            Test::SeenWithin(span) => sql
                .push("COALESCE(p.last_seen, 0) > ")
                .bind(self.now.minus(*span)),
            Test::SeenBefore(span) => sql
                .push("COALESCE(p.last_seen, 0) <= ")
                .bind(self.now.minus(*span)),
            Test::Protected(yes) => sql.push("p.protected = ").bind(*yes),
        };
        Ok(())
    }

    fn group(&self, sql: &mut Sql, slug: &str, walk: &mut Walk) -> Result<()> {
        match self.groups.0.get(slug) {
            None | Some(Membership::Broken) => {
                sql.push("1 = 0");
            }
            Some(Membership::Fixed) => {
                self.listed(sql, "group_members", ("group_slug", slug));
            }
            Some(Membership::Rule(_)) if walk.refused(slug) => {
                return Err(StoreError::Inconsistent {
                    table: "groups",
                    column: "filter",
                    row: slug.to_owned(),
                });
            }
            Some(Membership::Rule(rule)) => {
                walk.path.push(slug.to_owned());
                self.filter(sql, rule, walk)?;
                walk.path.pop();
            }
        }
        Ok(())
    }
}

impl Scope<'_> {
    /// Whether a table has a row of the phone with this value. Counting asks that of every phone
    /// for every group: Postgres reads the list once then, and would look up each phone in
    /// the other form, which is the better one for SQLite.
    fn listed(&self, sql: &mut Sql, table: &str, (column, value): (&str, &str)) {
        let (begin, of_phone) = match self.dialect {
            Dialect::Postgres => ("p.mac IN (SELECT x.mac FROM ", ""),
            Dialect::Sqlite => ("EXISTS (SELECT 1 FROM ", "x.mac = p.mac AND "),
        };
        sql.push(begin).push(table).push(" x WHERE ").push(of_phone);
        sql.push("x.").push(column).push(" = ").bind(value);
        sql.push(")");
    }
}

fn like<'s>(sql: &'s mut Sql, column: &str, pattern: String) -> &'s mut Sql {
    sql.push(column).push(" LIKE ");
    sql.bind(pattern).push(" ESCAPE '\\'")
}

fn mac_fragment<'s>(sql: &'s mut Sql, digits: &str) -> &'s mut Sql {
    like(sql, "REPLACE(p.mac, ':', '')", containing(digits))
}

fn free_word<'s>(sql: &'s mut Sql, word: &str) -> &'s mut Sql {
    sql.push("(");
    like(sql, "p.search_key", containing(&word.to_lowercase()));
    if let Some(digits) = mac_digits(word) {
        sql.push(" OR ");
        mac_fragment(sql, &digits);
    }
    sql.push(")")
}

fn readiness(sql: &mut Sql, ready: Ready) -> &mut Sql {
    match ready {
        Ready::Ok => sql.push("(p.last_result IS NOT NULL AND p.last_cause IS NULL)"),
        Ready::Unknown => sql.push("p.last_result IS NULL"),
        Ready::Gate(cause) => sql
            .push("COALESCE(p.last_cause, '') = ")
            .bind(cause.to_string()),
    }
}
