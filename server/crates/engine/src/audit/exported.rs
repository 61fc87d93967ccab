//! Checks an export of the whole log, with no database.
//!
//! Owns what a file can show. *Invariant:* what a file says of itself is a word and no proof: where the
//! signatures that it was compared with end, the answer says so.

use carillon_store::{ExportedRecord, Frontier};
use serde::Deserialize;

use super::finding::{Finding, Intact, Kind, Later, Verdict};
use super::note::SignedCheckpoint;
use super::signed::{Signed, between};
use super::standing::Given;
use super::verify::{Evidence, NO_KEY};

/// What an export says of itself in its last line.
#[derive(Deserialize)]
struct Statement {
    #[serde(default)]
    at: String,
    below: u64,
    records: Option<u64>,
    whole: bool,
    #[serde(default)]
    filter: String,
    #[serde(default)]
    checkpoint: Option<String>,
}

#[derive(Deserialize)]
struct LastLine {
    export: Statement,
}

/// Why a check ended early.
enum Stop {
    Found(Finding),
    CannotTell(String),
}

/// Checks the lines of an export against the evidence.
pub fn verify_export(text: &str, evidence: &Evidence) -> Verdict {
    match check(text, evidence) {
        Ok(intact) => Verdict::Intact(intact),
        Err(Stop::Found(finding)) => Verdict::Tampered(finding),
        Err(Stop::CannotTell(why)) => Verdict::CannotTell(why),
    }
}

fn check(text: &str, evidence: &Evidence) -> Result<Intact, Stop> {
    let key = evidence.key.as_ref();
    let key = key.ok_or_else(|| Stop::CannotTell(NO_KEY.to_owned()))?;
    let mut lines: Vec<&str> = text.split_terminator('\n').collect();
    let stated = statement(&mut lines)?;
    let mut kept = Vec::new();
    if let Some(note) = stated
        .as_ref()
        .and_then(|stated| stated.checkpoint.as_ref())
    {
        let note = note.parse::<SignedCheckpoint>().map_err(|_| {
            let source = "checkpoint of 0 records in the export".to_owned();
            Stop::Found(Finding::at(0, Kind::Foreign(source)))
        })?;
        kept.push(("the export".to_owned(), note));
    }
    kept.extend(evidence.kept.iter().cloned());
    let mut signed = Signed::of(&[], key, &kept);
    let walk = Walk::through(&records(&lines)?, &mut signed).map_err(Stop::Found)?;
    let size = walk.frontier.size();
    let later = later(stated, size, &signed).map_err(Stop::Found)?;
    signed.beyond(size).map_err(Stop::Found)?;
    walk.end().map_err(Stop::Found)?;
    let compared = signed.good.iter().map(|(one, _, _)| *one);
    let compared: Vec<u64> = compared.filter(|one| *one <= size).collect();
    let largest = compared.last().copied().ok_or_else(|| {
        Stop::CannotTell(format!(
            "the {size} records fit each other, but no signed checkpoint of at most so many \
             records was given"
        ))
    })?;
    Ok(Intact {
        size,
        root: walk.frontier.root(),
        signed: largest,
        checkpoints: compared.len(),
        lacking: Vec::new(),
        later,
    })
}

/// Takes the last line off, where it is no record.
fn statement(lines: &mut Vec<&str>) -> Result<Option<Statement>, Stop> {
    let last = lines.last().copied().unwrap_or_default();
    let is_one = serde_json::from_str::<serde_json::Value>(last)
        .is_ok_and(|told| told.get("seq").is_none() && told.get("export").is_some());
    if !is_one {
        return Ok(None);
    }
    lines.pop();
    let read = serde_json::from_str::<LastLine>(last);
    let stated = read.map_err(|_| {
        let why = "the last line of the export, which says how far it goes, cannot be read";
        Stop::CannotTell(why.to_owned())
    })?;
    let stated = stated.export;
    if stated.whole {
        return Ok(Some(stated));
    }
    Err(Stop::CannotTell(format!(
        "this export says that it holds some of the records only (filter: {:?}); a whole one can \
         be checked",
        stated.filter
    )))
}

/// The records by number, whatever their order in the file.
fn records<'t>(lines: &[&'t str]) -> Result<Vec<ExportedRecord<'t>>, Stop> {
    let none = || Stop::CannotTell("a line of the export is no record".to_owned());
    let records = lines
        .iter()
        .map(|line| ExportedRecord::of(line).ok_or_else(none));
    let mut records = records.collect::<Result<Vec<_>, _>>()?;
    records.sort_by_key(|record| record.seq);
    Ok(records)
}

/// What the records come to.
#[derive(Default)]
struct Walk {
    frontier: Frontier,
    given: Given,
    /// The first that shows another address than it commits to.
    astray: Option<i64>,
}

impl Walk {
    fn through(records: &[ExportedRecord<'_>], signed: &mut Signed) -> Result<Self, Finding> {
        let mut walk = Self::default();
        signed.compare(&walk.frontier)?;
        for record in records {
            walk.add(record)?;
            signed.compare(&walk.frontier)?;
        }
        Ok(walk)
    }

    fn add(&mut self, record: &ExportedRecord<'_>) -> Result<(), Finding> {
        let expected = i64::try_from(self.frontier.size()).unwrap_or(i64::MAX);
        if record.seq > expected {
            return Err(Finding {
                through: Some(record.seq - 1),
                ..Finding::at(expected, Kind::Missing)
            });
        }
        let event = record.told();
        let event = event.map_err(|fault| Finding::at(record.seq, fault.into()))?;
        if record.seq < expected {
            return Err(Finding::at(record.seq, Kind::Moved));
        }
        self.frontier.push(record.hash());
        self.given.add(record.seq, &event);
        if !record.is_from_there() {
            self.astray.get_or_insert(record.seq);
        }
        Ok(())
    }

    fn end(&self) -> Result<(), Finding> {
        if let Some(seq) = self.astray {
            let what = "the address is not the one that the record commits to";
            return Err(Finding::at(seq, Kind::Source(what)));
        }
        self.given.forbidden()
    }
}

/// What was signed behind the end. Without a word of when it was taken, that was cut off.
fn later(stated: Option<Statement>, size: u64, signed: &Signed) -> Result<Option<Later>, Finding> {
    let later = signed.good.last().filter(|(last, _, _)| *last > size);
    let Some(stated) = stated else {
        return later.map_or(Ok(None), |(last, _, source)| {
            Err(between(size, *last, Kind::Cut(source.clone())))
        });
    };
    for says in [Some(stated.below), stated.records].into_iter().flatten() {
        if says > size {
            return Err(between(size, says, Kind::Short));
        }
        if says < size {
            return Err(between(says, size, Kind::Added));
        }
    }
    Ok(later.map(|(last, _, source)| Later {
        records: last - size,
        source: source.clone(),
        at: stated.at,
    }))
}
