//! Which tiles may hold what is asked for.
//!
//! Owns the way from filters to marks. *Invariant:* a tile that is left out holds no record that
//! fits; whether one of a tile that stays does is seen on the record.

use std::collections::BTreeMap;

use carillon_domain::{Mac, Reach, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::{Sql, containing};

use super::checkpoints::TILE;
use super::marks::{Kind, hour, kept};
use super::query::AuditQuery;
use super::words::ANY;

/// A word with more values than this is in nearly every tile: looking there costs less.
const VALUES: usize = 2000;
/// The same for phones: each is a look into their index.
const PHONES: usize = 200;

/// One thing that a tile must hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Term {
    marks: Vec<(Kind, Vec<String>)>,
    phones: Vec<Mac>,
    /// Whether some of the marked records may not fit.
    loose: bool,
}

/// The first and the last tile, both included.
pub(super) type Span = (i64, i64);

impl Term {
    fn of(kind: Kind, values: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let values = values.into_iter().map(|value| kept(value.as_ref()));
        Self {
            marks: vec![(kind, values.collect())],
            ..Self::default()
        }
    }

    /// Takes in what holds one of these, if there are any.
    fn hold<'v>(&mut self, kind: Kind, values: impl Iterator<Item = &'v str>) {
        let values: Vec<_> = values.map(kept).collect();
        if !values.is_empty() {
            self.marks.push((kind, values));
        }
    }

    /// Whether the marks say how many records of a tile fit, not only that some may.
    pub(super) fn counts(&self) -> bool {
        let kinds = self.marks.iter().map(|(kind, _)| *kind);
        let loose = self.loose || kinds.clone().any(Kind::is_loose);
        self.phones.is_empty() && self.marks.len() <= 1 && !loose
    }

    /// The tiles of a span that hold it, with the number of marked records.
    pub(super) async fn tiles(
        &self,
        conn: &mut Conn<'_>,
        (first, last): Span,
    ) -> Result<BTreeMap<i64, i64>> {
        let mut tiles = BTreeMap::new();
        for (kind, values) in &self.marks {
            let mut sql = Sql::new("SELECT tile, records FROM audit_marks WHERE kind = ");
            sql.bind(kind.as_str()).push(" AND ");
            sql.one_of("value", values).push(" AND tile >= ");
            sql.bind(first).push(" AND tile <= ").bind(last);
            for row in conn.all(sql).await? {
                *tiles.entry(row.get("tile")?).or_default() += row.get::<i64>("records")?;
            }
        }
        if !self.phones.is_empty() {
            let mut sql = Sql::new("SELECT DISTINCT seq / 256 AS tile FROM audit WHERE ");
            sql.one_of("phone", self.phones.iter().copied());
            sql.push(" AND seq >= ").bind(first * TILE);
            sql.push(" AND seq < ").bind((last + 1) * TILE);
            for row in conn.all(sql).await? {
                tiles.entry(row.get("tile")?).or_insert(1);
            }
        }
        Ok(tiles)
    }
}

/// Everything that a tile must hold.
pub(super) async fn terms(
    conn: &mut Conn<'_>,
    query: &AuditQuery,
    reach: &Reach,
) -> Result<Vec<Term>> {
    let mut terms = Vec::new();
    for (kind, value) in [
        (Kind::Job, &query.job),
        (Kind::Actor, &query.actor),
        (Kind::Ip, &query.ip),
        (Kind::Site, &query.site),
        (Kind::Group, &query.group),
    ] {
        terms.extend(value.iter().map(|value| Term::of(kind, [value])));
    }
    if let Some(mac) = query.phone {
        terms.push(Term {
            phones: vec![mac],
            ..Term::default()
        });
    }
    if !query.results.is_empty() {
        let results = query.results.iter().map(|result| result.as_str());
        terms.push(Term::of(Kind::Result, results));
    }
    terms.extend(actions(conn, query).await?);
    for word in query.choosing_words() {
        terms.extend(said(conn, &word).await?);
    }
    terms.extend(reach.areas().iter().map(|area| Term {
        marks: vec![
            (
                Kind::Site,
                area.sites.iter().map(|slug| kept(slug)).collect(),
            ),
            (
                Kind::Group,
                area.groups.iter().map(|slug| kept(slug)).collect(),
            ),
            (Kind::About, vec!["job".to_owned()]),
        ],
        ..Term::default()
    }));
    Ok(terms)
}

/// The actions that are asked for; or else those that remain, if only some are not wanted.
async fn actions(conn: &mut Conn<'_>, query: &AuditQuery) -> Result<Option<Term>> {
    let wanted = |names: &[String], action: &str| {
        names.iter().any(|name| match name.strip_suffix('*') {
            Some(start) => action.starts_with(start),
            None => action == kept(name),
        })
    };
    if query.actions.is_empty() && query.not_actions.is_empty() {
        return Ok(None);
    }
    let all = values(conn, Kind::Action, "").await?;
    let found = all.iter().filter(|action| {
        let asked = query.actions.is_empty() || wanted(&query.actions, action);
        asked && !wanted(&query.not_actions, action)
    });
    let commands = values(conn, Kind::Command, "").await?;
    let known = |name: &String| Some(kept(name)).filter(|name| commands.contains(name));
    let asked: Vec<_> = query.actions.iter().filter_map(known).collect();
    let excluded = query.not_actions.iter().filter_map(known).count();
    let mut term = Term::default();
    term.hold(Kind::Action, found.map(String::as_str));
    term.hold(Kind::Command, asked.iter().map(String::as_str));
    // A mark tells the event or its command, and not both of one record.
    term.loose = excluded > 0 || (!asked.is_empty() && !query.not_actions.is_empty());
    Ok(Some(term))
}

/// The tiles where a word may occur; `None` where that would be nearly all.
async fn said(conn: &mut Conn<'_>, word: &str) -> Result<Option<Term>> {
    let mut words = values(conn, Kind::Word, word).await?;
    let phones = values(conn, Kind::Phone, word).await?;
    if words.len() > VALUES || phones.len() > PHONES {
        return Ok(None);
    }
    words.push(ANY.to_owned());
    let phones = phones
        .iter()
        .filter_map(|text| text.get(..17)?.parse().ok());
    Ok(Some(Term {
        marks: vec![(Kind::Word, words)],
        phones: phones.collect(),
        loose: true,
    }))
}

/// The values of a kind with this part, or one that stands for any.
async fn values(conn: &mut Conn<'_>, kind: Kind, part: &str) -> Result<Vec<String>> {
    let mut sql = Sql::new("SELECT value FROM audit_values WHERE kind = ");
    sql.bind(kind.as_str());
    if !part.is_empty() {
        sql.push(" AND (value LIKE ").bind(containing(part));
        sql.push(" ESCAPE '\\' OR value LIKE ");
        sql.bind(containing(ANY)).push(" ESCAPE '\\')");
    }
    sql.push(" LIMIT ").bind(VALUES as i64 + 1);
    let rows = conn.all(sql).await?;
    rows.iter().map(|row| row.get("value")).collect()
}

/// The tiles between which all records of a time lie; `None` where there are none.
pub(super) async fn span(
    conn: &mut Conn<'_>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Result<Option<Span>> {
    let mut sql =
        Sql::new("SELECT MIN(tile) AS low, MAX(tile) AS high FROM audit_marks WHERE kind = 'hour'");
    if let Some(from) = from {
        sql.push(" AND value >= ").bind(hour(from));
    }
    if let Some(to) = to {
        sql.push(" AND value <= ").bind(hour(to));
    }
    let Some(row) = conn.optional(sql).await? else {
        return Ok(None);
    };
    let (low, high): (Option<i64>, Option<i64>) = (row.get("low")?, row.get("high")?);
    Ok(low.zip(high))
}

/// The tiles of a span whose records all lie outside a time, as far as they are closed; and those
/// whose records all lie inside.
pub(super) async fn times(
    conn: &mut Conn<'_>,
    query: &AuditQuery,
    (first, last): Span,
) -> Result<BTreeMap<i64, bool>> {
    let (from, to) = (query.from, query.to);
    let from = from.map_or(i64::MIN, Timestamp::micros);
    let to = to.map_or(i64::MAX, Timestamp::micros);
    let tiles = super::checkpoints::tiles(conn, first, last + 1).await?;
    let judged = tiles.into_iter().filter_map(|tile| {
        let (min, max) = (tile.min_at.micros(), tile.max_at.micros());
        if max < from || min >= to {
            Some((tile.tile, false))
        } else if min >= from && max < to {
            Some((tile.tile, true))
        } else {
            None
        }
    });
    Ok(judged.collect())
}
