//! The phones that a job was frozen to, and how one knows them again.
//!
//! Owns the columns `frozen` and `frozen_mac`: how many of the list are to be sent to, then SHA-256
//! over the phones in their order with their sites; and the code over both. *Invariant:* a list is
//! handed out only if it is the one that was written with the job.

use std::collections::HashSet;

use carillon_domain::{Mac, TargetState};
use sha2::{Digest as _, Sha256};

use crate::conn::Conn;
use crate::error::{Result, StoreError};
use crate::row::{Fields, Row, Shape};
use crate::signed::{Facts, SignedRow, SignedRows};
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// Targets that are read at one go.
const ROWS: i64 = 10_000;
const CONTEXT: &[u8] = b"carillon-list-v1";

/// Reads everything that is signed.
pub(crate) fn select_signed() -> Sql {
    Sql::new("SELECT j.id, j.frozen, j.frozen_mac FROM jobs j")
}

/// What is signed of a row, and its code.
pub(crate) fn signed_facts(row: &Row) -> Result<(Facts, Option<Vec<u8>>)> {
    let fields = row.of("jobs", "id");
    let frozen: Option<Vec<u8>> = fields.get("frozen")?;
    let facts = facts(&fields.text("id")?, frozen.as_deref());
    Ok((facts, fields.get("frozen_mac")?))
}

pub(super) fn facts(job: &str, frozen: Option<&[u8]>) -> Facts {
    Facts::of(SignedRows::JobLists, job.as_bytes(), job.to_owned()).maybe_bytes(frozen)
}

/// The phones of a job in their order: only to these it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrozenList {
    macs: Vec<Mac>,
    /// Those behind are skipped from the beginning.
    runs: usize,
}

impl FrozenList {
    /// Whether this phone at this place is one that is sent to.
    pub fn allows(&self, position: i64, mac: Mac) -> bool {
        let place = usize::try_from(position).ok();
        let place = place.filter(|place| *place < self.runs);
        place.is_some_and(|place| self.macs.get(place) == Some(&mac))
    }
}

/// A list being read or written.
pub(super) struct Listing {
    macs: Vec<Mac>,
    /// Behind the last one that is not skipped.
    runs: usize,
    hash: Sha256,
    /// Whether each stands at its place.
    in_order: bool,
}

impl Listing {
    pub(super) fn new() -> Self {
        Self {
            macs: Vec::new(),
            runs: 0,
            hash: Sha256::new_with_prefix(CONTEXT),
            in_order: true,
        }
    }

    pub(super) fn add(&mut self, mac: Mac, site: Option<&str>, skipped: bool) {
        self.hash.update(mac.to_string());
        let site = site.unwrap_or_default();
        self.hash.update((site.len() as u64).to_be_bytes());
        self.hash.update(site);
        self.macs.push(mac);
        if !skipped {
            self.runs = self.macs.len();
        }
    }

    fn read(&mut self, (position, mac, site, state): Read) {
        self.in_order &= usize::try_from(position) == Ok(self.macs.len());
        self.add(mac, site.as_deref(), state == TargetState::Skipped);
    }

    /// What stands in the column, when so many are to be sent to.
    fn stored_with(&self, runs: usize) -> Vec<u8> {
        let mut hash = self.hash.clone();
        hash.update((self.macs.len() as u64).to_be_bytes());
        [&(runs as u64).to_be_bytes()[..], &hash.finalize()].concat()
    }

    pub(super) fn stored(&self) -> Vec<u8> {
        self.stored_with(self.runs)
    }

    /// The list, if it is the one that stands in the column. Phones that were to be sent to may be
    /// skipped since; those that were skipped from the beginning stay so.
    fn checked(self, frozen: Option<&[u8]>) -> Option<FrozenList> {
        let frozen = frozen?;
        let runs = u64::from_be_bytes(*frozen.first_chunk()?);
        let runs = usize::try_from(runs).ok()?;
        let is_it = self.in_order && self.runs <= runs && self.stored_with(runs) == frozen;
        is_it.then_some(FrozenList {
            macs: self.macs,
            runs,
        })
    }
}

type Read = (i64, Mac, Option<String>, TargetState);

const TARGET: Shape = Shape {
    table: "job_targets",
    key: "mac",
    columns: &["position", "mac", "site", "state"],
};

fn target(fields: Fields<'_>) -> Result<Read> {
    Ok((
        fields.int("position")?,
        fields.parse("mac")?,
        fields.get("site")?,
        fields.parse("state")?,
    ))
}

async fn listing(conn: &mut Conn<'_>, job: &str) -> Result<Listing> {
    let (mut listing, mut after) = (Listing::new(), i64::MIN);
    loop {
        let sql = Sql::new(
            "SELECT position, mac, site, state FROM job_targets \
             WHERE job = $1 AND position > $2 ORDER BY position LIMIT $3",
        );
        let sql = sql.arg(job).arg(after).arg(ROWS);
        let mut rows = conn.read_packed(sql, TARGET, target).await?;
        rows.sort_unstable_by_key(|(position, ..)| *position);
        let is_last = (rows.len() as i64) < ROWS;
        after = rows.last().map_or(after, |(position, ..)| *position);
        for row in rows {
            listing.read(row);
        }
        if is_last {
            return Ok(listing);
        }
    }
}

async fn stored(conn: &mut Conn<'_>, job: &str) -> Result<Option<Row>> {
    let mut sql = select_signed();
    sql.push(" WHERE j.id = ").bind(job);
    sql.keep();
    conn.optional(sql).await
}

impl Store {
    /// The phones that a job was frozen to, if nobody else changed them.
    pub async fn frozen_list(&self, job: &str) -> Result<Option<FrozenList>> {
        let mut reading = self.read().await?;
        let mut conn = reading.conn();
        let Some(row) = stored(&mut conn, job).await? else {
            return Ok(None);
        };
        let (facts, code) = signed_facts(&row)?;
        let frozen: Option<Vec<u8>> = row.get("frozen")?;
        let read = listing(&mut conn, job).await?;
        if !self.trust.has_keys() {
            let (macs, runs) = (read.macs, usize::MAX);
            return Ok(Some(FrozenList { macs, runs }));
        }
        let good = self.trust.is_good(&facts, code.as_deref());
        let list = read.checked(frozen.as_deref()).filter(|_| good);
        match list {
            Some(list) => {
                self.trust.check(&facts, code.as_deref())?;
                Ok(Some(list))
            }
            None => Err(StoreError::Forged(self.trust.remember(&facts))),
        }
    }

    /// The jobs that are not over, by id.
    pub async fn open_jobs(&self) -> Result<HashSet<String>> {
        let sql = Sql::new(
            "SELECT id FROM jobs WHERE state IN ('awaiting_approval', 'scheduled', 'running', \
             'paused', 'stopping', 'interrupted')",
        );
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(|row| row.get("id")).collect()
    }

    /// Whether the list of a job is genuine, with its phones where the job is one of `open`. One
    /// that is not is remembered to be told.
    pub async fn is_list_genuine(&self, row: &SignedRow, open: &HashSet<String>) -> Result<bool> {
        let job = row.row().name;
        if !open.contains(&job) {
            return Ok(self.is_genuine(row));
        }
        match self.frozen_list(&job).await {
            Ok(_) => Ok(true),
            Err(StoreError::Forged(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Unit {
    /// Freezes the jobs that are not over and that an earlier program made without that.
    pub async fn freeze_lists(&mut self) -> Result<()> {
        let sql = Sql::new(
            "SELECT id FROM jobs WHERE frozen IS NULL AND frozen_mac IS NULL AND \
             state IN ('awaiting_approval', 'scheduled', 'running', 'paused', 'stopping', \
             'interrupted') ORDER BY id",
        );
        for row in self.jobs_conn().await?.all(sql).await? {
            let id: String = row.get("id")?;
            self.freeze(&id, false).await?;
        }
        Ok(())
    }

    /// Freezes a job to the phones that stand there now; `sign`: somebody looked at them.
    pub(super) async fn freeze(&mut self, job: &str, sign: bool) -> Result<()> {
        let mut conn = self.jobs_conn().await?;
        let frozen = listing(&mut conn, job).await?.stored();
        let facts = facts(job, Some(&frozen));
        let code = self.trust.sign(&facts).filter(|_| sign);
        let sql = Sql::new("UPDATE jobs SET frozen = $2, frozen_mac = $3 WHERE id = $1");
        let sql = sql.arg(job).arg(frozen).arg(code);
        self.jobs_conn().await?.execute(sql).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(number: u8) -> Mac {
        format!("00:15:65:00:00:{number:02x}").parse().unwrap()
    }

    fn listing(rows: &[(i64, u8, &str, bool)]) -> Listing {
        let mut listing = Listing::new();
        for (position, number, site, skipped) in rows {
            let state = if *skipped {
                TargetState::Skipped
            } else {
                TargetState::Waiting
            };
            listing.read((*position, mac(*number), Some((*site).to_owned()), state));
        }
        listing
    }

    #[test]
    fn another_list_is_another() {
        let whole = [
            (0, 1, "kiel", false),
            (1, 2, "bonn", false),
            (2, 3, "", true),
        ];
        let frozen = listing(&whole).stored();
        let found = |rows: &[_]| listing(rows).checked(Some(&frozen));
        let list = found(&whole).unwrap();
        assert!(list.allows(0, mac(1)) && list.allows(1, mac(2)));
        assert!(!list.allows(0, mac(2)) && !list.allows(2, mac(3)) && !list.allows(-1, mac(1)));
        let mut skipped_since = whole;
        skipped_since[1].3 = true;
        assert_eq!(found(&skipped_since), Some(list));
        let changed = |at: usize, row| {
            let mut rows = whole;
            rows[at] = row;
            found(&rows)
        };
        assert_eq!(changed(0, (0, 9, "kiel", false)), None);
        assert_eq!(changed(0, (0, 1, "kie", false)), None);
        assert_eq!(changed(2, (2, 3, "", false)), None, "one more to send to");
        assert_eq!(changed(2, (3, 3, "", true)), None);
        assert_eq!(found(&whole[..2]), None);
        assert_eq!(found(&[whole[1], whole[0], whole[2]]), None);
        assert_eq!(listing(&whole).checked(None), None);
        assert_eq!(listing(&whole).checked(Some(&[])), None);
    }
}
