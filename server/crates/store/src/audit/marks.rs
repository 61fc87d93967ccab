//! Which values occur in which tile of 256 records.
//!
//! Owns the marks: the index of the log. *Invariant:* a value of a record is marked in the
//! transaction that adds the record; marks grow and are never taken away.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use carillon_domain::event::Event;
use carillon_domain::{Mac, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::{Sql, Value};

use super::checkpoints::TILE;
use super::known::{Known, Learned};
use super::words::{self, ANY, clipped, storable};

/// More different words in one tile are not kept one by one.
pub(super) const WORDS: usize = 256;
const ROWS: usize = 256;
/// Of more changes the first are written one by one.
const TOGETHER: usize = 8;

/// What a value is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Actor,
    Action,
    Command,
    Site,
    Job,
    Result,
    Ip,
    Group,
    /// The hour of its time.
    Hour,
    /// `job`: of a job, and of none of its phones.
    About,
    Word,
    Phone,
}

impl Kind {
    pub(super) const ALL: [Self; 12] = [
        Self::Actor,
        Self::Action,
        Self::Command,
        Self::Site,
        Self::Job,
        Self::Result,
        Self::Ip,
        Self::Group,
        Self::Hour,
        Self::About,
        Self::Word,
        Self::Phone,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Action => "action",
            Self::Command => "command",
            Self::Site => "site",
            Self::Job => "job",
            Self::Result => "result",
            Self::Ip => "ip",
            Self::Group => "group",
            Self::Hour => "hour",
            Self::About => "about",
            Self::Word => "word",
            Self::Phone => "phone",
        }
    }

    /// Whether its marks say no more than that a value may be there.
    pub(super) fn is_loose(self) -> bool {
        self == Self::Word
    }
}

/// The hour of an instant, as it is kept.
pub(super) fn hour(at: Timestamp) -> String {
    format!("{:08}", at.micros().max(0) / 3_600_000_000)
}

/// The catalogue's action that an event is about: `detail.action`.
pub(super) fn command(event: &Event) -> Option<&str> {
    match event.told.iter().find(|(name, _)| *name == "action") {
        Some((_, told)) => told.as_str(),
        None => event.detail.get("action")?.as_str(),
    }
}

/// Hands on each value that is counted, but the hour.
pub(super) fn counted<'e>(
    event: &'e Event,
    source: Option<&'e str>,
    add: &mut impl FnMut(Kind, &'e str),
) {
    add(Kind::Actor, &event.actor.name);
    add(Kind::Action, &event.action);
    add(Kind::Result, event.result.as_str());
    for (kind, value) in [
        (Kind::Command, command(event)),
        (Kind::Site, event.site.as_deref()),
        (Kind::Job, event.job.as_deref()),
        (Kind::Ip, source),
    ] {
        if let Some(value) = value {
            add(kind, value);
        }
    }
    if event.phone.is_none() && event.job.is_some() {
        add(Kind::About, "job");
    }
    for (index, group) in event.groups.iter().enumerate() {
        if !event.groups[..index].contains(group) {
            add(Kind::Group, group);
        }
    }
}

/// The marks of some records that are being added.
#[derive(Default)]
pub(super) struct Marks<'e> {
    counted: HashMap<(Kind, &'e str, i64), i64>,
    /// The last value of each kind, which is nearly always that of the next record as well: with its
    /// tile and how often it came since it was added to `counted`.
    last: [Option<(&'e str, i64, i64)>; Kind::ALL.len()],
    hours: BTreeMap<(i64, i64), (Timestamp, i64)>,
    /// Texts whose words are in already, by tile.
    read: HashSet<(&'e str, i64)>,
    /// The texts of the last record, in their order, and its tile.
    told: (i64, Vec<&'e str>),
    words: BTreeMap<i64, BTreeSet<String>>,
    phones: BTreeMap<Mac, &'e str>,
    /// Other names of the same phones.
    renamed: Vec<(Mac, &'e str)>,
}

impl<'e> Marks<'e> {
    pub(super) fn add(&mut self, seq: i64, event: &'e Event, source: Option<&'e str>) {
        let tile = seq / TILE;
        counted(event, source, &mut |kind, value| {
            self.count(kind, value, tile);
        });
        let hour = event.at.micros().max(0) / 3_600_000_000;
        self.hours.entry((hour, tile)).or_insert((event.at, 0)).1 += 1;
        self.read_all(event, tile);
        if let Some(mac) = event.phone {
            let name = self.phones.entry(mac).or_insert(&event.phone_name);
            if *name != event.phone_name {
                self.renamed.push((mac, &event.phone_name));
            }
        }
    }

    fn count(&mut self, kind: Kind, value: &'e str, tile: i64) {
        match &mut self.last[kind as usize] {
            Some((last, of, times)) if *of == tile && *last == value => *times += 1,
            last => {
                if let Some((value, tile, times)) = last.replace((value, tile, 1)) {
                    *self.counted.entry((kind, value, tile)).or_default() += times;
                }
            }
        }
    }

    /// All that was counted, in `counted`.
    fn counted(&mut self) {
        for (kind, last) in Kind::ALL.into_iter().zip(&mut self.last) {
            if let Some((value, tile, times)) = last.take() {
                *self.counted.entry((kind, value, tile)).or_default() += times;
            }
        }
    }

    /// Reads the texts of a record, but those that the record before it had in the same place.
    fn read_all(&mut self, event: &'e Event, tile: i64) {
        let (of, mut told) = std::mem::take(&mut self.told);
        if of != tile {
            told.clear();
        }
        let mut place = 0;
        words::each(event, &mut |text| {
            if told.get(place) != Some(&text) {
                told.truncate(place);
                told.push(text);
                self.read(text, tile);
            }
            place += 1;
        });
        self.told = (tile, told);
    }

    fn read(&mut self, text: &'e str, tile: i64) {
        if text.is_empty() || !self.read.insert((text, tile)) {
            return;
        }
        let words = self.words.entry(tile).or_default();
        words.extend(words::words(text));
        if words.len() > WORDS {
            // Whatever is looked for may be here.
            *words = BTreeSet::from([ANY.to_owned()]);
        }
    }

    /// Writes the marks, together with `changes` of other tables. Answers what is new among the
    /// values, to be learned after the commit.
    pub(super) async fn insert(
        mut self,
        conn: &mut Conn<'_>,
        known: &Known,
        mut changes: Vec<Sql>,
    ) -> Result<Learned> {
        self.counted();
        let mut values = BTreeSet::new();
        for (kind, value, _) in self.counted.keys() {
            if matches!(kind, Kind::Action | Kind::Command) {
                values.insert((*kind, kept(value)));
            }
        }
        for word in self.words.values().flatten() {
            values.insert((Kind::Word, word.clone()));
        }
        let phones = self.phones.iter().map(|(mac, name)| (*mac, *name));
        let phones = phones.chain(self.renamed.iter().copied());
        let learned = known.unknown(values, phones);
        changes.extend(new_values(&learned.rows()));
        let words = self.words.iter().flat_map(|(tile, words)| {
            let row =
                |word: &String| vec!["word".into(), word.into(), (*tile).into(), 1_i64.into()];
            words.iter().map(row)
        });
        changes.extend(word_marks(&words.collect::<Vec<_>>()));
        changes.extend(counted_marks(self.rows()));
        // Those that are many go before, so that what goes together has few forms.
        let alone = changes.len().saturating_sub(TOGETHER);
        let mut changes = changes.into_iter();
        for change in changes.by_ref().take(alone) {
            conn.execute(change).await?;
        }
        if let Some(first) = changes.next() {
            conn.change_together(first, changes.collect()).await?;
        }
        Ok(learned)
    }

    /// Each counted value once, in the order of the key.
    fn rows(&self) -> BTreeMap<(&'static str, String, i64), i64> {
        let mut rows = BTreeMap::new();
        for ((kind, value, tile), records) in &self.counted {
            *rows.entry((kind.as_str(), kept(value), *tile)).or_default() += records;
        }
        for ((_, tile), (at, records)) in &self.hours {
            rows.insert((Kind::Hour.as_str(), hour(*at), *tile), *records);
        }
        rows
    }
}

/// A value as it is kept.
pub(super) fn kept(value: &str) -> String {
    match storable(value) {
        Cow::Borrowed(value) => clipped(value).to_owned(),
        Cow::Owned(value) => clipped(&value).to_owned(),
    }
}

fn counted_marks(rows: BTreeMap<(&'static str, String, i64), i64>) -> Vec<Sql> {
    let rows = rows.into_iter().map(|((kind, value, tile), records)| {
        vec![kind.into(), value.into(), tile.into(), records.into()]
    });
    let rows: Vec<Vec<Value>> = rows.collect();
    let insert = |rows: &[Vec<Value>]| {
        let mut sql = Sql::new("INSERT INTO audit_marks (kind, value, tile, records) ");
        sql.rows_once(rows.iter().cloned());
        sql.push(" ON CONFLICT (kind, value, tile) DO UPDATE SET ");
        sql.push("records = audit_marks.records + excluded.records");
        sql
    };
    rows.chunks(ROWS).map(insert).collect()
}

fn word_marks(rows: &[Vec<Value>]) -> Vec<Sql> {
    let insert = |rows: &[Vec<Value>]| {
        let mut sql = Sql::new("INSERT INTO audit_marks (kind, value, tile, records) ");
        sql.rows_again(rows.iter().cloned());
        sql.push(" ON CONFLICT (kind, value, tile) DO NOTHING");
        sql
    };
    rows.chunks(ROWS).map(insert).collect()
}

fn new_values(rows: &[Vec<Value>]) -> Vec<Sql> {
    let insert = |rows: &[Vec<Value>]| {
        let mut sql = Sql::new("INSERT INTO audit_values (kind, value) ");
        sql.rows_again(rows.iter().cloned());
        sql.push(" ON CONFLICT (kind, value) DO NOTHING");
        sql
    };
    rows.chunks(ROWS).map(insert).collect()
}
