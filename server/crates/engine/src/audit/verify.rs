//! Checks the whole log, from its stored bytes up.
//!
//! Owns the order of the checks. *Invariant:* changes nothing, and
//! believes nothing that stands in the database but what a key outside of it has signed.

use std::collections::BTreeMap;

use carillon_store::{
    AuditScan, Frontier, Hash, MarkCheck, RawRecord, Store, StoreError, TILE, Taken,
};

use super::finding::{Finding, Intact, Kind, Verdict};
use super::note::{SignedCheckpoint, VerifierKey};
use super::signed::Signed;
use super::sources::Named;
use super::standing::Given;

/// Records read at once.
const STEP: i64 = 8192;

pub(super) const NO_KEY: &str = "there is no key to check signatures with; give --vkey";

/// What is compared with the log from outside the database.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The key whose signatures count.
    pub key: Option<VerifierKey>,
    /// Checkpoints that were kept elsewhere, each with the name of its source.
    pub kept: Vec<(String, SignedCheckpoint)>,
}

/// Why a check ended early.
enum Stop {
    Found(Finding),
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Checks the log of this database against the evidence.
///
/// # Errors
/// When the storage fails.
pub async fn verify(store: &Store, evidence: &Evidence) -> Result<Verdict, StoreError> {
    let Some(key) = &evidence.key else {
        return Ok(Verdict::CannotTell(NO_KEY.to_owned()));
    };
    let scan = store.audit_scan().await?;
    match check(scan, key, &evidence.kept).await {
        Ok(intact) if intact.checkpoints == 0 => Ok(Verdict::CannotTell(format!(
            "the {} records fit each other, but nothing was signed yet",
            intact.size
        ))),
        Ok(intact) => Ok(Verdict::Intact(intact)),
        Err(Stop::Found(finding)) => Ok(Verdict::Tampered(finding)),
        Err(Stop::Store(error)) => Err(error),
    }
}

async fn check(
    mut scan: AuditScan,
    key: &VerifierKey,
    kept: &[(String, SignedCheckpoint)],
) -> Result<Intact, Stop> {
    let taken = scan.taken().await?;
    if let Some(what) = taken.of_the_log.first() {
        let kind = Kind::Standing(what.clone());
        return Err(Stop::Found(Finding::at(0, kind)));
    }
    let signed = Signed::of(&scan.checkpoints().await?, key, kept);
    let mut walk = Walk {
        frontier: Frontier::default(),
        tile: TileWalk::default(),
        marks: scan.marks().await?,
        signed,
        given: Given::of(&scan.passes().await?),
        named: Named::default(),
    };
    walk.compare().map_err(Stop::Found)?;
    let settles = scan.has_jobs().await?;
    let mut next = step(&mut scan, i64::MIN).await?;
    while let Some(last) = next.0.last() {
        let after = last.seq;
        let (records, tiles) = next;
        // Hashing and reading text is work for the processor, not for the threads that wait; the
        // next records are read meanwhile.
        let work = tokio::task::spawn_blocking(move || {
            let done = walk.records(&records, &tiles);
            (walk, done)
        });
        let (read, worked) = tokio::join!(step(&mut scan, after), work);
        let done;
        (walk, done) = worked.map_err(|error| StoreError::Unusable(error.to_string()))?;
        done.map_err(Stop::Found)?;
        next = read?;
        if settles {
            walk.given.settle(&mut scan).await?;
        }
    }
    walk.end(&mut scan, &taken).await
}

/// The next records, and the tiles that end among them.
async fn step(scan: &mut AuditScan, after: i64) -> Result<(Vec<RawRecord>, Tiles), StoreError> {
    let records = scan.records(after, STEP).await?;
    let Some((first, last)) = records.first().zip(records.last()) else {
        return Ok((records, Tiles::new()));
    };
    let tiles = scan.tiles(first.seq / TILE, last.seq / TILE + 1).await?;
    Ok((
        records,
        tiles.into_iter().map(|tile| (tile.tile, tile)).collect(),
    ))
}

/// How far the check came.
struct Walk {
    frontier: Frontier,
    tile: TileWalk,
    marks: MarkCheck,
    signed: Signed,
    given: Given,
    named: Named,
}

#[derive(Default)]
struct TileWalk {
    frontier: Frontier,
    span: Option<(i64, i64)>,
}

type Tiles = BTreeMap<i64, carillon_store::TileRow>;

impl Walk {
    fn records(&mut self, records: &[RawRecord], tiles: &Tiles) -> Result<(), Finding> {
        records
            .iter()
            .try_for_each(|record| self.record(record, tiles))
    }

    fn record(&mut self, record: &RawRecord, tiles: &Tiles) -> Result<(), Finding> {
        let expected = i64::try_from(self.frontier.size()).unwrap_or(i64::MAX);
        if record.seq > expected {
            return Err(Finding {
                through: Some(record.seq - 1),
                ..Finding::at(expected, Kind::Missing)
            });
        }
        let hash = record.computed_hash();
        if record.leaf_hash != hash {
            return Err(Finding::at(record.seq, Kind::Changed));
        }
        let event = record.told();
        let event = event.map_err(|fault| Finding::at(record.seq, fault.into()))?;
        if record.seq < expected {
            return Err(Finding::at(record.seq, Kind::Moved));
        }
        self.frontier.push(hash);
        self.marks.add(&event);
        self.given.add(record.seq, &event);
        self.named.add(record.seq, &event);
        self.tile(record, hash, tiles)?;
        self.compare()
    }

    fn tile(&mut self, record: &RawRecord, hash: Hash, tiles: &Tiles) -> Result<(), Finding> {
        let at = record.at();
        let (min, max) = self.tile.span.unwrap_or((at, at));
        self.tile.span = Some((min.min(at), max.max(at)));
        self.tile.frontier.push(hash);
        if self.tile.frontier.size() < TILE as u64 {
            return Ok(());
        }
        let done = std::mem::take(&mut self.tile);
        let number = record.seq / TILE;
        let fits = tiles.get(&number).is_none_or(|row| {
            row.hash == done.frontier.root()
                && Some((row.min_at.micros(), row.max_at.micros())) == done.span
        });
        let kind = match (fits, self.marks.close(number)) {
            (true, true) => return Ok(()),
            (true, false) => Kind::Marks,
            (false, _) => Kind::Tile,
        };
        Err(Finding {
            through: Some(record.seq),
            ..Finding::at(number * TILE, kind)
        })
    }

    fn compare(&mut self) -> Result<(), Finding> {
        self.signed.compare(&self.frontier)
    }

    async fn end(mut self, scan: &mut AuditScan, taken: &Taken) -> Result<Intact, Stop> {
        let size = self.frontier.size();
        if let Some((signed, _, source)) = self.signed.good.last().filter(|(s, _, _)| *s > size) {
            return Err(Stop::Found(Finding {
                through: Some(number(*signed) - 1),
                ..Finding::at(number(size), Kind::Cut(source.clone()))
            }));
        }
        self.signed.beyond(size).map_err(Stop::Found)?;
        self.signed.held(size).map_err(Stop::Found)?;
        let (head_size, head_frontier) = scan.head().await?;
        if (head_size, head_frontier) != (number(size), self.frontier.to_bytes()) {
            let seq = head_size.clamp(0, number(size));
            return Err(Stop::Found(Finding::at(seq, Kind::Head)));
        }
        if let Some(tile) = scan.stray_tile(number(size)).await? {
            let first = tile.saturating_mul(TILE);
            return Err(Stop::Found(Finding::at(first, Kind::Tile)));
        }
        self.last_marks(number(size)).map_err(Stop::Found)?;
        if let Some(what) = taken.beside.first() {
            let kind = Kind::Standing(what.clone());
            return Err(Stop::Found(Finding::at(number(size), kind)));
        }
        if let Some(what) = scan.odd_index().await? {
            let kind = Kind::Database(what);
            return Err(Stop::Found(Finding::at(number(size), kind)));
        }
        let standing = scan.standing().await?;
        let named = self.named.compare(&standing.sources, number(size));
        named.map_err(Stop::Found)?;
        self.given.forbidden().map_err(Stop::Found)?;
        let (ended, sums) = self.given.ends(scan).await?;
        let mut of_jobs: Vec<_> = ended.into_iter().collect();
        if standing.jobs {
            let odd = self.given.odd_jobs(scan, (&sums, number(size)));
            of_jobs.extend(odd.await?);
        }
        let held = self.given.compare((&standing, of_jobs), number(size));
        held.map_err(Stop::Found)?;
        Ok(Intact {
            size,
            root: self.frontier.root(),
            signed: self.signed.good.last().map_or(0, |(size, _, _)| *size),
            checkpoints: self.signed.good.len(),
            lacking: standing.lacking,
            later: None,
        })
    }
}

impl Walk {
    /// The marks of the tile that is not full, and those of records that are not there.
    fn last_marks(&mut self, size: i64) -> Result<(), Finding> {
        let begun = size / TILE;
        if !self.marks.close(begun) {
            return Err(Finding {
                through: Some(size - 1),
                ..Finding::at(begun * TILE, Kind::Marks)
            });
        }
        match self.marks.stray(size) {
            Some(seq) => Err(Finding::at(seq, Kind::Marks)),
            None if self.marks.has_invented() => Err(Finding::at(size, Kind::Invented)),
            None => Ok(()),
        }
    }
}

fn number(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
