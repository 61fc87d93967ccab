//! Comparing the marks with the records that they are of.
//!
//! Owns the check of the index. *Invariant:* a record that a filter would miss, a count that would be
//! wrong, and a mark or a value that no record has, is found. Whether so many words came at once that
//! [`ANY`] stands for them, is only told where that cannot have been.

use std::collections::{BTreeSet, HashMap, HashSet};

use carillon_domain::event::Event;

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::Sql;

use super::checkpoints::TILE;
use super::marks::{self, Kind, WORDS, kept};
use super::sources;
use super::words::{self, ANY};

/// Rows read at once.
const STEP: i64 = 50_000;

const WORD: &[u8] = b"word";
const PHONE: &[u8] = b"phone";

/// All marks, and the tile whose records were seen last.
pub struct MarkCheck {
    /// Tile, number of the value, marked records; by tile.
    rows: Vec<(i64, u32, i64)>,
    names: Vec<(Vec<u8>, Vec<u8>)>,
    values: HashSet<(Vec<u8>, Vec<u8>)>,
    /// Listed phones that no record was of so far.
    unnamed: HashSet<Vec<u8>>,
    seen: Seen,
}

/// What the records of one tile say; kind and value as the database has them.
#[derive(Default)]
struct Seen {
    counted: HashMap<(&'static [u8], Vec<u8>), i64>,
    texts: HashSet<String>,
    words: BTreeSet<String>,
    phones: BTreeSet<String>,
    /// Whether one of them tells no run: it may be from before there were words.
    aged: bool,
}

impl Seen {
    /// Whether these words can have been marked for the records.
    fn explains(&self, marked: &HashSet<&[u8]>) -> bool {
        let said =
            |word: &[u8]| std::str::from_utf8(word).is_ok_and(|word| self.words.contains(word));
        let too_many = self.aged || self.words.len() > WORDS;
        let mut marked = marked.iter();
        marked.all(|word| said(word) || (too_many && *word == ANY.as_bytes()))
    }

    fn count(&mut self, kind: Kind, value: String) {
        let key = (kind.as_str().as_bytes(), value.into_bytes());
        *self.counted.entry(key).or_default() += 1;
    }

    fn take(&mut self, kind: &[u8], value: &[u8]) -> Option<i64> {
        let kind = Kind::ALL
            .iter()
            .find(|one| one.as_str().as_bytes() == kind)?;
        let key = (kind.as_str().as_bytes(), value.to_vec());
        self.counted.remove(&key)
    }
}

impl MarkCheck {
    pub(super) async fn read(conn: &mut Conn<'_>) -> Result<Self> {
        let (mut rows, mut numbers) = (Vec::new(), HashMap::new());
        let text = "SELECT kind, value, tile, records FROM audit_marks \
                    ORDER BY kind, value, tile LIMIT $1 OFFSET $2";
        let mut offset = 0;
        loop {
            let some = conn.all(Sql::new(text).arg(STEP).arg(offset)).await?;
            for row in &some {
                let name = (
                    row.raw("kind")?.unwrap_or_default(),
                    row.raw("value")?.unwrap_or_default(),
                );
                let next = numbers.len() as u32;
                let number = *numbers.entry(name).or_insert(next);
                rows.push((row.get("tile")?, number, row.get("records")?));
            }
            offset += STEP;
            if (some.len() as i64) < STEP {
                break;
            }
        }
        rows.sort_unstable();
        let mut names = vec![Default::default(); numbers.len()];
        for (name, number) in numbers {
            names[number as usize] = name;
        }
        let values = values(conn).await?;
        let phones = values.iter().filter(|(kind, _)| kind == PHONE);
        Ok(Self {
            rows,
            names,
            unnamed: phones.map(|(_, value)| value.clone()).collect(),
            values,
            seen: Seen::default(),
        })
    }

    /// Takes in a record of the tile that is open.
    pub fn add(&mut self, event: &Event) {
        let seen = &mut self.seen;
        seen.aged |= event.boot.is_empty();
        marks::counted(event, sources::column(event), &mut |kind, value| {
            seen.count(kind, kept(value));
        });
        seen.count(Kind::Hour, marks::hour(event.at));
        words::each(event, &mut |text| {
            if !text.is_empty() && !seen.texts.contains(text) {
                seen.texts.insert(text.to_owned());
                seen.words.extend(words::words(text));
            }
        });
        if let Some(mac) = event.phone {
            let phone = words::phone(mac, &event.phone_name);
            self.unnamed.remove(phone.as_bytes());
            seen.phones.insert(phone);
        }
    }

    /// Closes the open tile: whether its marks are those of its records.
    pub fn close(&mut self, tile: i64) -> bool {
        let mut seen = std::mem::take(&mut self.seen);
        let from = self.rows.partition_point(|row| row.0 < tile);
        let to = self.rows.partition_point(|row| row.0 <= tile);
        let mut marked = HashSet::new();
        for (_, name, records) in &self.rows[from..to] {
            let Some((kind, value)) = self.names.get(*name as usize) else {
                return false;
            };
            if kind == WORD {
                // Each once: a word is marked, and not counted.
                if *records != 1 || !marked.insert(value.as_slice()) {
                    return false;
                }
            } else if seen.take(kind, value) != Some(*records) || !self.is_listed(kind, value) {
                return false;
            }
        }
        seen.counted.is_empty()
            && seen.explains(&marked)
            && (marked.contains(ANY.as_bytes()) || self.has_words(&seen, &marked))
    }

    fn has_words(&self, seen: &Seen, marked: &HashSet<&[u8]>) -> bool {
        let word = |word: &String| marked.contains(word.as_bytes()) && self.has(Kind::Word, word);
        seen.words.iter().all(word) && seen.phones.iter().all(|phone| self.has(Kind::Phone, phone))
    }

    /// Whether what is looked for by a part of it can be found.
    fn is_listed(&self, kind: &[u8], value: &[u8]) -> bool {
        let listed = [Kind::Action, Kind::Command];
        let listed = listed.iter().any(|one| one.as_str().as_bytes() == kind);
        !listed || self.values.contains(&(kind.to_vec(), value.to_vec()))
    }

    fn has(&self, kind: Kind, value: &str) -> bool {
        let value = (kind.as_str().into(), value.as_bytes().to_vec());
        self.values.contains(&value)
    }

    /// The lowest record that only marks tell of, in a log of this size.
    pub fn stray(&self, size: i64) -> Option<i64> {
        let tiles = (size + TILE - 1) / TILE;
        let place = self.rows.partition_point(|row| row.0 < tiles);
        let beyond = self
            .rows
            .get(place)
            .or(self.rows.first().filter(|row| row.0 < 0));
        beyond.map(|row| row.0.saturating_mul(TILE))
    }
}

impl MarkCheck {
    /// Whether something is listed that no record has. Ask it behind the last record.
    pub fn has_invented(&self) -> bool {
        let marked: HashSet<_> = self.names.iter().collect();
        let mut values = self.values.iter();
        !self.unnamed.is_empty() || values.any(|value| value.0 != PHONE && !marked.contains(value))
    }
}

async fn values(conn: &mut Conn<'_>) -> Result<HashSet<(Vec<u8>, Vec<u8>)>> {
    let mut values = HashSet::new();
    let text = "SELECT kind, value FROM audit_values ORDER BY kind, value LIMIT $1 OFFSET $2";
    loop {
        let offset = values.len() as i64;
        let some = conn.all(Sql::new(text).arg(STEP).arg(offset)).await?;
        for row in &some {
            values.insert((
                row.raw("kind")?.unwrap_or_default(),
                row.raw("value")?.unwrap_or_default(),
            ));
        }
        if (some.len() as i64) < STEP {
            return Ok(values);
        }
    }
}
