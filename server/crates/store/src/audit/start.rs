//! What is read before a walk begins.
//!
//! Owns the one statement that tells how long the log is, between which tiles a time lies, and which
//! values the log knows by what was asked for.

use std::collections::HashMap;

use carillon_domain::Reach;

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::{Sql, containing};

use super::checkpoints::TILE;
use super::marks::Kind;
use super::query::{AuditQuery, shown_as};
use super::terms::{Span, Term, VALUES, of_hours, terms};
use super::words::ANY;

/// So many tiles are read in vain before their hours are asked for.
const SPARED: i64 = 8;

/// What a walk has to know before it begins.
pub(super) struct Start {
    /// Records of the log.
    pub(super) size: i64,
    /// Tiles that a checkpoint covers whole. What stands of others, somebody else may have written: it
    /// leaves no record out.
    pub(super) closed: i64,
    /// Between these tiles all records of the time lie; `None` where there are none.
    pub(super) span: Option<Span>,
    /// What a tile must hold.
    pub(super) terms: Vec<Term>,
}

impl Start {
    /// Reads it, in one statement.
    pub(super) async fn read(
        conn: &mut Conn<'_>,
        query: &AuditQuery,
        reach: &Reach,
    ) -> Result<Self> {
        let (mut size, mut span, mut values) = (0, None, Values::default());
        let (mut signed, mut marks) = (0, 0);
        for row in conn.all(asked(query)).await? {
            let what: String = row.get("what")?;
            let (low, high): (Option<i64>, Option<i64>) = (row.get("low")?, row.get("high")?);
            match what.as_str() {
                "size" => size = low.unwrap_or_default(),
                "signed" => signed = low.unwrap_or_default(),
                "span" => {
                    span = low.zip(high);
                    marks = row.get::<String>("value")?.parse().unwrap_or(i64::MAX);
                }
                _ => values.entry(what).or_default().push(row.get("value")?),
            }
        }
        let mut terms = terms((&values, size), query, reach);
        terms.extend(span.and_then(|span| scattered(query, span, marks)));
        Ok(Self {
            size,
            closed: size.min(signed) / TILE,
            span,
            terms,
        })
    }
}

/// Where a clock jumped, a time lies between tiles far apart, and few of those between them hold any of
/// it: then its hours are looked for like anything else.
fn scattered(query: &AuditQuery, (first, last): Span, marks: i64) -> Option<Term> {
    let few = marks.saturating_mul(2).saturating_add(SPARED);
    (last - first >= few).then(|| Term::time((query.from, query.to)))
}

/// The values that the log knows, by what they were asked for.
pub(super) type Values = HashMap<String, Vec<String>>;

/// The statement of a [`Start`].
fn asked(query: &AuditQuery) -> Sql {
    let mut sql = Sql::new(
        "SELECT 'size' AS what, '' AS value, size AS low, size AS high \
         FROM audit_head WHERE id = 1",
    );
    if query.is_timed() {
        sql.push(" UNION ALL SELECT 'signed', '', MAX(size), CAST(0 AS BIGINT) ");
        sql.push("FROM audit_checkpoints");
        sql.push(" UNION ALL SELECT 'span', CAST(COUNT(*) AS TEXT), MIN(tile), MAX(tile) ");
        sql.push("FROM audit_marks WHERE kind = 'hour'");
        of_hours(&mut sql, (query.from, query.to));
    }
    if !(query.actions.is_empty() && query.not_actions.is_empty()) {
        known(&mut sql, ACTIONS, Kind::Action, "");
        known(&mut sql, COMMANDS, Kind::Command, "");
    }
    if let Some(ip) = &query.ip {
        sql.push(&format!(" UNION ALL SELECT '{SOURCES}', id, "));
        sql.push("CAST(0 AS BIGINT), CAST(0 AS BIGINT) FROM audit_sources WHERE address = ");
        sql.bind(ip);
    }
    for (what, table, name) in [
        (SITES, "sites", &query.site),
        (GROUPS, "groups", &query.group),
    ] {
        if let Some(name) = name {
            sql.push(&format!(" UNION ALL SELECT '{what}', n.slug, "));
            sql.push("CAST(0 AS BIGINT), CAST(0 AS BIGINT)");
            shown_as(&mut sql, table, name);
        }
    }
    for (index, word) in query.choosing_words().iter().enumerate() {
        known(&mut sql, &words_of(index), Kind::Word, word);
        known(&mut sql, &phones_of(index), Kind::Phone, word);
    }
    sql
}

pub(super) const ACTIONS: &str = "actions";
pub(super) const COMMANDS: &str = "commands";
pub(super) const SOURCES: &str = "sources";
pub(super) const SITES: &str = "sites";
pub(super) const GROUPS: &str = "groups";

pub(super) fn words_of(index: usize) -> String {
    format!("words{index}")
}

pub(super) fn phones_of(index: usize) -> String {
    format!("phones{index}")
}

/// Adds the values of a kind with this part, or one that stands for any, under a name of ours.
fn known(sql: &mut Sql, name: &str, kind: Kind, part: &str) {
    sql.push(&format!(
        " UNION ALL SELECT * FROM (SELECT '{name}', value, "
    ));
    sql.push("CAST(0 AS BIGINT), CAST(0 AS BIGINT) FROM audit_values WHERE kind = ");
    sql.bind(kind.as_str());
    if !part.is_empty() {
        sql.push(" AND (value LIKE ").bind(containing(part));
        sql.push(" ESCAPE '\\' OR value LIKE ");
        sql.bind(containing(ANY)).push(" ESCAPE '\\')");
    }
    sql.push(" LIMIT ").bind(VALUES as i64 + 1);
    sql.push(&format!(") AS {name}"));
}

/// The values under a name.
pub(super) fn of<'v>(values: &'v Values, name: &str) -> &'v [String] {
    values.get(name).map_or(&[], Vec::as_slice)
}
