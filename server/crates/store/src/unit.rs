//! A unit of work: changes that become true together, with the records that tell of them.
//!
//! Owns the end of every write. *Invariant:* a change that people see is committed by
//! [`Recorded::commit`] and by nothing else; dropping a unit undoes all of it.

use std::ops::Range;
use std::sync::Arc;

use carillon_domain::Reach;
use carillon_domain::event::Event;
use tokio::sync::OwnedMutexGuard;

use crate::audit::{Known, Learned, append};
use crate::conn::Conn;
use crate::error::{DriverError, Result, StoreError};
use crate::keeps::Keeps;
use crate::passes::Ended;
use crate::run::Run;
use crate::signed::Trust;
use crate::store::Tx;

/// An open write. Dropped, it never was.
#[must_use = "a unit that is dropped undoes its changes"]
pub struct Unit {
    tx: Tx,
    turn: Option<Turn>,
    /// Of the locks that are taken when they are needed, those that it has.
    pub(crate) holds: Holds,
    known: Arc<Known>,
    run: Run,
    /// What is out of it does not exist for this unit.
    pub(crate) reach: Arc<Reach>,
    /// Which rows are believed.
    pub(crate) trust: Arc<Trust>,
    /// By what nobody comes in any more: the records tell.
    pub(crate) ended: Ended,
}

/// Held until the unit is over.
pub(crate) type Turn = OwnedMutexGuard<()>;

/// Locks that a unit has.
pub(crate) struct Holds {
    pub(crate) ways: bool,
    pub(crate) jobs: bool,
}

/// A unit whose audit records are written, ready to commit.
#[must_use = "nothing is kept before commit"]
pub struct Recorded {
    tx: Tx,
    seqs: Range<i64>,
    known: Arc<Known>,
    learned: Learned,
    trust: Arc<Trust>,
    ended: Ended,
    _turn: Option<Turn>,
}

impl Unit {
    /// One that began with what it keeps.
    pub(crate) fn new(
        (tx, keeps, turn): (Tx, Keeps, Option<Turn>),
        reach: Arc<Reach>,
        run: Run,
        (known, trust): (Arc<Known>, Arc<Trust>),
    ) -> Self {
        Self {
            tx,
            turn,
            holds: Holds {
                ways: keeps.ways(),
                jobs: keeps.jobs(),
            },
            known,
            run,
            reach,
            trust,
            ended: Ended::default(),
        }
    }

    pub(crate) fn conn(&mut self) -> Conn<'_> {
        self.tx.conn()
    }

    /// Writes the audit records of this unit, in this order; the first tells which sessions, links and
    /// codes the unit ended. Nothing else can follow.
    pub async fn record(mut self, events: &[Event]) -> Result<Recorded> {
        let told = self.ended.told(events);
        let events = told.as_deref().unwrap_or(events);
        let (seqs, learned) = append(&mut self.tx.conn(), events, (&self.known, &self.run)).await?;
        Ok(Recorded {
            tx: self.tx,
            seqs,
            known: self.known,
            learned,
            trust: self.trust,
            ended: self.ended,
            _turn: self.turn,
        })
    }

    /// Commits what nobody needs to hear of: stamps of last use, drafts, leases, throttles.
    pub async fn commit_bookkeeping(self) -> Result<()> {
        finish(self.tx).await
    }
}

impl Recorded {
    /// The numbers that the records were given.
    pub fn seqs(&self) -> Range<i64> {
        self.seqs.clone()
    }

    /// Makes the unit true, durably.
    ///
    /// After [`StoreError::Uncertain`] it may be true all the same: read before acting on it.
    pub async fn commit(self) -> Result<Range<i64>> {
        let done = finish(self.tx).await;
        // Also where nobody knows whether it is true.
        for hash in self.ended.sessions() {
            self.trust.sessions.let_go(hash);
        }
        done?;
        self.known.learn(self.learned);
        Ok(self.seqs)
    }
}

/// A commit that returns an error may have happened: the error may come from the way back, or
/// from a disk that wrote and then complained.
async fn finish(tx: Tx) -> Result<()> {
    tx.commit()
        .await
        .map_err(|error| StoreError::Uncertain(DriverError(error)))
}
