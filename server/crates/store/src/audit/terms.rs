//! Which tiles may hold what is asked for.
//!
//! Owns the way from filters to marks. *Invariant:* a tile that is left out holds no record that
//! fits; whether one of a tile that stays does is seen on the record.

use carillon_domain::{Mac, Reach, Timestamp};

use crate::sql::Sql;

use super::checkpoints::TILE;
use super::marks::{Kind, hour, kept};
use super::query::{AuditQuery, spellings};
use super::start::{ACTIONS, COMMANDS, GROUPS, SITES, SOURCES, Values, of, phones_of, words_of};
use super::stretches;
use super::words::ANY;

/// A word with more values than this is in nearly every tile: looking there costs less.
pub(super) const VALUES: usize = 2000;
/// The same for phones.
const PHONES: usize = 200;
/// And where finding them takes more looks into their index than this.
const LOOKS: i64 = 200_000;

/// One thing that a tile must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Term {
    marks: Vec<(Kind, Vec<String>)>,
    phones: Vec<Mac>,
    /// From when and to when, where that is what is asked.
    time: Option<Time>,
    /// Whether some of the marked records may not fit.
    loose: bool,
}

/// From an instant on, and before another.
pub(super) type Time = (Option<Timestamp>, Option<Timestamp>);

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

    /// A whole word.
    pub(super) fn word(word: &str) -> Self {
        Self::of(Kind::Word, [word, ANY])
    }

    /// An hour of this time. Of a tile that lies whole in the time the marks count its records.
    pub(super) fn time(time: Time) -> Self {
        Self {
            time: Some(time),
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

    /// Whether no tile can hold it.
    pub(super) const fn is_nowhere(&self) -> bool {
        self.marks.is_empty() && self.phones.is_empty() && self.time.is_none()
    }

    /// Adds the tiles of a span that hold a part of it, with the number of marked records.
    fn tiles(&self, sql: &mut Sql, index: usize, (first, last): Span, between: &mut &str) {
        for (kind, values) in &self.marks {
            sql.push(std::mem::replace(between, " UNION ALL "));
            sql.push(&format!("SELECT {index} AS term, tile, records "));
            sql.push("FROM audit_marks WHERE kind = ")
                .bind(kind.as_str());
            sql.push(" AND ").one_of("value", values);
            sql.push(" AND tile >= ").bind(first);
            sql.push(" AND tile <= ").bind(last);
        }
        if let Some(time) = self.time {
            sql.push(std::mem::replace(between, " UNION ALL "));
            sql.push(&format!("SELECT {index} AS term, tile, records "));
            sql.push("FROM audit_marks WHERE kind = 'hour'");
            of_hours(sql, time);
            sql.push(" AND tile >= ").bind(first);
            sql.push(" AND tile <= ").bind(last);
        }
        if !self.phones.is_empty() {
            sql.push(std::mem::replace(between, " UNION ALL "));
            sql.push(&format!("SELECT DISTINCT {index} AS term, "));
            sql.push("a.seq / 256 AS tile, 1 AS records FROM ");
            let (low, high) = (first * TILE, (last + 1) * TILE);
            stretches::of_phones(sql, (low, high));
            sql.push(" AND ")
                .one_of("a.phone", self.phones.iter().copied());
        }
    }
}

/// Adds a table of the tiles of a span that hold all of these, of which there is at least one:
/// `tile`; `records`, of which no more can fit; `partial`, how many of the terms mark some of its
/// records and not all.
pub(super) fn held(sql: &mut Sql, terms: &[Term], span: Span) {
    sql.push("SELECT m.tile, MIN(m.records) AS records, ");
    sql.push("COUNT(CASE WHEN m.records < 256 THEN 1 END) AS partial FROM ");
    sql.push("(SELECT e.term, e.tile, CAST(SUM(e.records) AS BIGINT) AS records FROM (");
    let mut between = "";
    for (index, term) in terms.iter().enumerate() {
        term.tiles(sql, index, span, &mut between);
    }
    sql.push(") AS e GROUP BY e.term, e.tile) AS m GROUP BY m.tile HAVING COUNT(*) = ");
    sql.bind(i64::try_from(terms.len()).unwrap_or(i64::MAX));
}

/// Everything that a tile must hold.
pub(super) fn terms(
    (values, size): (&Values, i64),
    query: &AuditQuery,
    reach: &Reach,
) -> Vec<Term> {
    let mut terms = Vec::new();
    terms.extend(query.job.iter().map(|job| Term::of(Kind::Job, [job])));
    for (kind, name, slugs) in [
        (Kind::Actor, &query.actor, &[][..]),
        (Kind::Site, &query.site, of(values, SITES)),
        (Kind::Group, &query.group, of(values, GROUPS)),
    ] {
        terms.extend(name.iter().map(|name| Term {
            // A record may be of several groups.
            loose: slugs.len() > 1,
            ..Term::of(kind, spellings(name).iter().chain(slugs))
        }));
    }
    if let Some(ip) = &query.ip {
        // As it stands in old records, and what newer ones say in its place.
        let sources = of(values, SOURCES).iter().chain([ip]);
        terms.push(Term::of(Kind::Ip, sources));
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
    terms.extend(actions(values, query));
    terms.extend((0..query.choosing_words().len()).filter_map(|index| said((values, size), index)));
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
    terms
}

/// The actions that are asked for; or else those that remain, if only some are not wanted.
fn actions(values: &Values, query: &AuditQuery) -> Option<Term> {
    let wanted = |names: &[String], action: &str| {
        names.iter().any(|name| match name.strip_suffix('*') {
            Some(start) => action.starts_with(start),
            None => action == kept(name),
        })
    };
    if query.actions.is_empty() && query.not_actions.is_empty() {
        return None;
    }
    let found = of(values, ACTIONS).iter().filter(|action| {
        let asked = query.actions.is_empty() || wanted(&query.actions, action);
        asked && !wanted(&query.not_actions, action)
    });
    let commands = of(values, COMMANDS);
    let known = |name: &String| Some(kept(name)).filter(|name| commands.contains(name));
    let asked: Vec<_> = query.actions.iter().filter_map(known).collect();
    let excluded = query.not_actions.iter().filter_map(known).count();
    let mut term = Term::default();
    term.hold(Kind::Action, found.map(String::as_str));
    term.hold(Kind::Command, asked.iter().map(String::as_str));
    // A mark tells the event or its command, and not both of one record.
    term.loose = excluded > 0 || (!asked.is_empty() && !query.not_actions.is_empty());
    Some(term)
}

/// The tiles where a word may occur; `None` where that would be nearly all.
fn said((values, size): (&Values, i64), index: usize) -> Option<Term> {
    let words = of(values, &words_of(index));
    let phones = of(values, &phones_of(index));
    let too_many = phones.len() > PHONES || stretches::looks(phones.len(), size) > LOOKS;
    if words.len() > VALUES || too_many {
        return None;
    }
    let any = std::iter::once(ANY.to_owned());
    let phones = phones
        .iter()
        .filter_map(|text| text.get(..17)?.parse().ok());
    Some(Term {
        marks: vec![(Kind::Word, words.iter().cloned().chain(any).collect())],
        phones: phones.collect(),
        time: None,
        loose: true,
    })
}

/// Adds ` AND …` over the hours of marks: they hold a part of this time.
pub(super) fn of_hours(sql: &mut Sql, (from, to): Time) {
    if let Some(from) = from {
        sql.push(" AND value >= ").bind(hour(from));
    }
    if let Some(to) = to {
        sql.push(" AND value <= ").bind(hour(to));
    }
}

/// Adds ` AND …` over a tile under this name: not all of its records lie outside the time, as far
/// as it is one of the first `closed`.
pub(super) fn not_outside(sql: &mut Sql, query: &AuditQuery, closed: i64, tile: &'static str) {
    if !query.is_timed() {
        return;
    }
    sql.push(" AND NOT EXISTS (SELECT 1 FROM audit_tiles o WHERE o.tile = ");
    sql.push(tile).push(" AND o.tile < ").bind(closed);
    sql.push(" AND (1 = 0");
    if let Some(from) = query.from {
        sql.push(" OR o.max_at < ").bind(from);
    }
    if let Some(to) = query.to {
        sql.push(" OR o.min_at >= ").bind(to);
    }
    sql.push("))");
}

/// Adds the condition that all records of the tile `t`, one of the first `closed`, lie in the time.
pub(super) fn inside(sql: &mut Sql, query: &AuditQuery, closed: i64) {
    sql.push("(t.tile IS NOT NULL AND t.tile < ").bind(closed);
    if let Some(from) = query.from {
        sql.push(" AND t.min_at >= ").bind(from);
    }
    if let Some(to) = query.to {
        sql.push(" AND t.max_at < ").bind(to);
    }
    sql.push(")");
}
