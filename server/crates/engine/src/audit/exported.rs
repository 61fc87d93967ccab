//! Checks an export of the whole log, with no database.
//!
//! Owns what a file can show. *Invariant:* what a file says of itself is a word and no proof: where the
//! signatures that it was compared with end, the answer says so.

use std::io::{Read, Seek};

use carillon_domain::strict::Strict;
use carillon_store::{ExportedRecord, Frontier};
use serde::Deserialize;

use super::behind::is_as_written;
use super::finding::{Finding, Intact, Kind, Later, Verdict};
use super::lines::{Backwards, Forwards, LineFault, line_at};
use super::note::{SignedCheckpoint, VerifierKey};
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

impl From<Finding> for Stop {
    fn from(finding: Finding) -> Self {
        Self::Found(finding)
    }
}

impl From<LineFault> for Stop {
    fn from(fault: LineFault) -> Self {
        Self::CannotTell(format!("the export cannot be read: {fault}"))
    }
}

/// Checks the lines of an export against the evidence. A line at a time is held, however large it is.
pub fn verify_export<F: Read + Seek>(file: &mut F, evidence: &Evidence) -> Verdict {
    match check(file, evidence) {
        Ok(intact) => Verdict::Intact(intact),
        Err(Stop::Found(finding)) => Verdict::Tampered(finding),
        Err(Stop::CannotTell(why)) => Verdict::CannotTell(why),
    }
}

fn check<F: Read + Seek>(file: &mut F, evidence: &Evidence) -> Result<Intact, Stop> {
    let key = evidence.key.as_ref();
    let key = key.ok_or_else(|| Stop::CannotTell(NO_KEY.to_owned()))?;
    match check_in(Way::Written, file, (key, evidence)) {
        // Lines that stand elsewhere than where they were written are no finding by that.
        Err(Stop::Found(_)) => check_in(Way::Sorted, file, (key, evidence)),
        told => told,
    }
}

/// In which order records are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As they were written: the newest first, or the oldest.
    Written,
    /// By number; of each a few bytes are held.
    Sorted,
}

fn check_in<F: Read + Seek>(
    way: Way,
    file: &mut F,
    (key, evidence): (&VerifierKey, &Evidence),
) -> Result<Intact, Stop> {
    let end = Backwards::of(file)?.next().transpose()?;
    let stated = end.as_ref().map(|(_, last)| statement(last)).transpose()?;
    let stated = stated.flatten();
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
    let signed = Signed::of(&[], key, &kept);
    // Records end where the statement begins.
    let below = stated
        .as_ref()
        .and(end)
        .map_or(u64::MAX, |(begins, _)| begins);
    let walk = Walk::of(signed);
    let walk = match way {
        Way::Written => walk.in_written_order(file, below)?,
        Way::Sorted => walk.sorted(file, below)?,
    };
    intact(walk, stated)
}

/// What to say behind the last record.
fn intact(walk: Walk, stated: Option<Statement>) -> Result<Intact, Stop> {
    let (size, signed) = (walk.frontier.size(), &walk.signed);
    let later = later(stated, size, signed)?;
    signed.beyond(size)?;
    walk.end()?;
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

/// What the last line says, where it is no record.
fn statement(last: &str) -> Result<Option<Statement>, Stop> {
    let is_one = last.starts_with('{')
        && serde_json::from_str::<Strict>(last)
            .is_ok_and(|Strict(told)| told.get("seq").is_none() && told.get("export").is_some());
    if !is_one {
        return Ok(None);
    }
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

fn record(line: &str) -> Result<ExportedRecord<'_>, Stop> {
    let none = || Stop::CannotTell("a line of the export is no record".to_owned());
    ExportedRecord::of(line).ok_or_else(none)
}

/// What the records come to.
struct Walk {
    signed: Signed,
    frontier: Frontier,
    given: Given,
    /// The first that shows another address than it commits to.
    astray: Option<i64>,
}

impl Walk {
    fn of(signed: Signed) -> Self {
        Self {
            signed,
            frontier: Frontier::default(),
            given: Given::default(),
            astray: None,
        }
    }

    fn in_written_order<F: Read + Seek>(mut self, file: &mut F, below: u64) -> Result<Self, Stop> {
        self.signed.compare(&self.frontier)?;
        let first = Forwards::of(file)?.next().transpose()?;
        let first = first.filter(|(begins, _)| *begins < below);
        let Some((_, first)) = first else {
            return Ok(self);
        };
        // An export begins with the newest.
        if record(&first)?.seq > 0 {
            for line in Backwards::of(file)? {
                let (begins, line) = line?;
                if begins < below {
                    self.add(&line)?;
                }
            }
            return Ok(self);
        }
        for line in Forwards::of(file)? {
            let (begins, line) = line?;
            if begins < below {
                self.add(&line)?;
            }
        }
        Ok(self)
    }

    fn sorted<F: Read + Seek>(mut self, file: &mut F, below: u64) -> Result<Self, Stop> {
        let mut places = Vec::new();
        for line in Forwards::of(file)? {
            let (begins, line) = line?;
            if begins < below {
                places.push((record(&line)?.seq, begins, line.len()));
            }
        }
        places.sort_by_key(|(seq, _, _)| *seq);
        self.signed.compare(&self.frontier)?;
        for (_, begins, bytes) in places {
            self.add(&line_at(file, begins, bytes)?)?;
        }
        Ok(self)
    }

    fn add(&mut self, line: &str) -> Result<(), Stop> {
        let record = record(line)?;
        let expected = i64::try_from(self.frontier.size()).unwrap_or(i64::MAX);
        if record.seq > expected {
            return Err(Stop::Found(Finding {
                through: Some(record.seq - 1),
                ..Finding::at(expected, Kind::Missing)
            }));
        }
        if !is_as_written(line, &record) {
            return Err(Stop::Found(Finding::at(record.seq, Kind::Unreadable)));
        }
        let event = record.told();
        let event = event.map_err(|fault| Finding::at(record.seq, fault.into()))?;
        if record.seq < expected {
            return Err(Stop::Found(Finding::at(record.seq, Kind::Moved)));
        }
        self.frontier.push(record.hash());
        self.given.add(record.seq, &event);
        if !record.is_from_there() {
            self.astray.get_or_insert(record.seq);
        }
        Ok(self.signed.compare(&self.frontier)?)
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
