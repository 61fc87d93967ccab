//! The notary: signs how far the log reaches, and under what root.
//!
//! Owns the checkpoints of this process. *Invariant:* never signs two that contradict each other:
//! it carries the tree on from what it signed last by the hashes of the records since, and signs
//! only when the head says the same. A log that became shorter, or another, is not signed again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_store::{CheckpointRow, Frontier, Hash, Store, TILE};

use super::journal::Journal;
use super::note::{SignedCheckpoint, VerifierKey};
use super::signing_key::SigningKey;
use super::tiles;
use crate::clock::Clock;
use crate::error::{EngineError, Result};

/// At least so often, while records come.
const EVERY: Duration = Duration::from_mins(1);
/// At least once in so many records.
const RECORDS: u64 = 1000;
/// An anchor that is further behind is worth a word.
const LAG: Duration = Duration::from_mins(15);
/// Hashes read at once.
const STEP: i64 = 16 * TILE;

/// What a notary is made of.
pub struct NotaryParts {
    /// The log.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// The key, or why there is none: then the tree is looked after, and nothing is signed.
    pub key: Result<SigningKey, String>,
    /// The file beside the database.
    pub journal: Journal,
    /// Files elsewhere.
    pub anchors: Vec<Journal>,
}

/// Signs checkpoints. Cheap to clone.
#[derive(Clone)]
pub struct Notary(Arc<Inner>);

struct Inner {
    parts: NotaryParts,
    /// One look at the log at a time.
    desk: tokio::sync::Mutex<Option<Desk>>,
    told: Mutex<NotaryState>,
}

/// How far the notary came.
struct Desk {
    frontier: Frontier,
    signed_at: Timestamp,
    /// From when on each anchor lacks something.
    behind: Vec<Option<Timestamp>>,
}

/// What people may know of the notary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotaryState {
    /// Why nothing is signed.
    pub problem: Option<String>,
    /// Since when an anchor lacks the last checkpoint, once that is long.
    pub anchor_behind: Option<Timestamp>,
    /// Since when an anchor lacks the last checkpoint, however short.
    pub anchor_lacks: Option<Timestamp>,
    /// How many anchors there are.
    pub anchors: usize,
}

impl Notary {
    /// One for this log; it does nothing before [`Notary::look`].
    pub fn new(parts: NotaryParts) -> Self {
        let told = NotaryState {
            problem: parts.key.as_ref().err().cloned(),
            anchors: parts.anchors.len(),
            ..NotaryState::default()
        };
        Self(Arc::new(Inner {
            parts,
            desk: tokio::sync::Mutex::default(),
            told: Mutex::new(told),
        }))
    }

    /// The key to check with.
    pub fn key(&self) -> Option<&VerifierKey> {
        self.0.parts.key.as_ref().ok().map(SigningKey::public)
    }

    /// What people may know.
    pub fn state(&self) -> NotaryState {
        self.told().clone()
    }

    /// Looks at the log and signs it when that is due, or where anything is new and `now_or_never`
    /// says so.
    ///
    /// # Errors
    /// When the storage fails, or when the log is not the one that was signed; the reason then
    /// also stands in [`Notary::state`].
    pub async fn look(&self, now_or_never: bool) -> Result<()> {
        let mut desk = self.0.desk.lock().await;
        let done = self.work(&mut desk, now_or_never).await;
        let no_key = self.0.parts.key.as_ref().err().cloned();
        self.told().problem = done.as_ref().err().map(ToString::to_string).or(no_key);
        done
    }

    async fn work(&self, desk: &mut Option<Desk>, now_or_never: bool) -> Result<()> {
        if desk.is_none() {
            *desk = Some(self.resume().await?);
        }
        let Some(desk) = desk else { return Ok(()) };
        let now = self.0.parts.clock.now();
        let head = self.0.parts.store.audit_head().await?;
        let new = head.size().saturating_sub(desk.frontier.size());
        let waited = now.micros() - desk.signed_at.micros() >= micros(EVERY);
        if head.size() < desk.frontier.size() {
            return Err(shrunk(desk.frontier.size(), head.size()));
        }
        if new >= RECORDS || (new > 0 && (waited || now_or_never)) {
            self.sign(desk, &head, now).await?;
        }
        self.anchor(desk, now).await
    }

    /// Finds where an earlier process stopped: the largest of what it signed.
    async fn resume(&self) -> Result<Desk> {
        let parts = &self.0.parts;
        let mut desk = Desk {
            frontier: Frontier::default(),
            signed_at: parts.clock.now(),
            behind: vec![None; parts.anchors.len()],
        };
        let size = parts.store.audit_head().await?.size();
        let journal = &parts.journal;
        let last = journal.last();
        let mut known = Vec::from_iter(last.map_err(|error| unreadable(journal, &error))?);
        let anchored: Vec<_> = parts.anchors.iter().map(last_anchored).collect();
        known.extend(anchored.iter().flatten().cloned());
        if let Some(row) = parts.store.last_checkpoint().await? {
            known.extend(row.note.parse::<SignedCheckpoint>());
        }
        known.retain(|note| self.key().is_some_and(|key| note.is_signed_by(key)));
        known.sort_by_key(|note| note.checkpoint.size);
        for note in known {
            if note.checkpoint.size > size {
                return Err(shrunk(note.checkpoint.size, size));
            }
            self.carry_on(&mut desk.frontier, note.checkpoint.size)
                .await?;
            agree(&desk.frontier, note.checkpoint.root)?;
        }
        let signed = desk.frontier.size();
        for (behind, last) in desk.behind.iter_mut().zip(&anchored) {
            let reached = last.as_ref().map_or(0, |note| note.checkpoint.size);
            if reached < signed {
                *behind = Some(self.lacks_since(reached).await?.unwrap_or(desk.signed_at));
            }
        }
        Ok(desk)
    }

    /// When the first was signed that is larger.
    async fn lacks_since(&self, reached: u64) -> Result<Option<Timestamp>> {
        let reached = i64::try_from(reached).unwrap_or(i64::MAX);
        let first = self.0.parts.store.checkpoint_over(reached).await?;
        Ok(first.map(|row| row.at))
    }

    async fn sign(&self, desk: &mut Desk, head: &Frontier, now: Timestamp) -> Result<()> {
        let mut frontier = desk.frontier.clone();
        self.carry_on(&mut frontier, head.size()).await?;
        if &frontier != head {
            return Err(EngineError::Conflict(format!(
                "records {} to {} do not fit the head of the audit log",
                desk.frontier.size(),
                head.size()
            )));
        }
        if let Ok(key) = &self.0.parts.key {
            let note = key.sign(head.size(), head.root());
            let journal = &self.0.parts.journal;
            journal
                .add(&note)
                .map_err(|error| unreadable(journal, &error))?;
            self.keep(head.size(), now, note).await?;
        }
        desk.frontier = frontier;
        desk.signed_at = now;
        for behind in &mut desk.behind {
            behind.get_or_insert(now);
        }
        Ok(())
    }

    async fn keep(&self, size: u64, at: Timestamp, note: String) -> Result<()> {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let mut unit = self.0.parts.store.begin().await?;
        unit.insert_checkpoint(&CheckpointRow { size, at, note })
            .await?;
        Ok(unit.commit_bookkeeping().await?)
    }

    /// Carries a tree on to `size`, and keeps the tiles that are whole on the way.
    async fn carry_on(&self, frontier: &mut Frontier, size: u64) -> Result<()> {
        let store = &self.0.parts.store;
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let mut done = i64::try_from(frontier.size()).unwrap_or(i64::MAX);
        // From the beginning of a tile, so that it can be closed.
        let mut from = done - done % TILE;
        while done < size {
            let to = (from + STEP).min(size);
            let leaves = store.audit_leaves(from, to).await?;
            if leaves.len() as i64 != to - from {
                return Err(EngineError::Conflict(format!(
                    "records are missing between {from} and {to}"
                )));
            }
            let known = usize::try_from(done - from).unwrap_or(0);
            for (hash, _) in leaves.iter().skip(known) {
                frontier.push(*hash);
            }
            tiles::keep(store, from / TILE, &leaves).await?;
            (from, done) = (to, to);
        }
        Ok(())
    }

    /// Brings each anchor up to the last checkpoint; one that fails is tried again later.
    async fn anchor(&self, desk: &mut Desk, now: Timestamp) -> Result<()> {
        if desk.behind.iter().any(Option::is_some)
            && let Some(row) = self.0.parts.store.last_checkpoint().await?
        {
            for (anchor, behind) in self.0.parts.anchors.iter().zip(&mut desk.behind) {
                if behind.is_none() {
                    continue;
                }
                match anchor.add(&row.note) {
                    Ok(()) => *behind = None,
                    Err(error) => {
                        let file = anchor.path().display();
                        tracing::warn!(%file, %error, "the anchor was not reached");
                    }
                }
            }
        }
        let since = desk.behind.iter().flatten().min().copied();
        let late = |since: &Timestamp| now.micros() - since.micros() >= micros(LAG);
        let mut told = self.told();
        (told.anchor_lacks, told.anchor_behind) = (since, since.filter(late));
        Ok(())
    }

    fn told(&self) -> std::sync::MutexGuard<'_, NotaryState> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where an anchor stands; one that cannot be read keeps nobody from signing.
fn last_anchored(anchor: &Journal) -> Option<SignedCheckpoint> {
    anchor.last().unwrap_or_else(|error| {
        let file = anchor.path().display();
        tracing::warn!(%file, %error, "the anchor cannot be read");
        None
    })
}

fn agree(frontier: &Frontier, root: Hash) -> Result<()> {
    if frontier.root() == root {
        return Ok(());
    }
    Err(EngineError::Conflict(format!(
        "the audit log is not the one that was signed: run `carillon audit verify` (checkpoint \
         of {} records)",
        frontier.size()
    )))
}

fn shrunk(signed: u64, found: u64) -> EngineError {
    EngineError::Conflict(format!(
        "the audit log has {found} records, and {signed} were signed: run `carillon audit verify`"
    ))
}

fn unreadable(journal: &Journal, error: &std::io::Error) -> EngineError {
    EngineError::Conflict(format!(
        "the checkpoints in {} cannot be used: {error}",
        journal.path().display()
    ))
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
