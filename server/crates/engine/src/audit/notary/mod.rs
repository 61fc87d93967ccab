//! The notary: sees that it is signed how far the log reaches, and under what root.
//!
//! Owns the checkpoints of this process. *Invariant:* never signs two that contradict each other:
//! it carries the tree on from what it signed last by the hashes of the records since, and signs
//! only when the head says the same. A log that became shorter, or another, is not signed again.
//! Where a signer of its own holds the key, that one decides over the same once more.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::event::{Actor, Event, EventResult};
use carillon_store::{CheckpointRow, Frontier, Store, TileRow};

use super::journal::Journal;
use super::note::VerifierKey;
use super::signer::RemoteSigner;
use super::signing_key::SigningKey;
use crate::clock::Clock;

mod asking;
mod desk;
mod fault;
mod resume;
mod rows;

use desk::Desk;
pub use fault::NotaryFault;

/// At least so often, while records come.
const EVERY: Duration = Duration::from_mins(1);
/// At least once in so many records.
const RECORDS: u64 = 1000;
/// An anchor that is further behind is worth a word.
const LAG: Duration = Duration::from_mins(15);

/// What a notary is made of.
pub struct NotaryParts {
    /// The log.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// Who signs, or why nobody does: then the tree is looked after, and nothing is signed.
    pub seal: Result<Seal, String>,
    /// The file beside the database.
    pub journal: Journal,
    /// Files elsewhere.
    pub anchors: Vec<Journal>,
}

/// Who signs.
pub enum Seal {
    /// This process, which holds the key.
    Key(Box<SigningKey>),
    /// A process of its own; this one never sees the key.
    Signer(RemoteSigner),
}

/// Signs checkpoints. Cheap to clone.
#[derive(Clone)]
pub struct Notary(Arc<Inner>);

struct Inner {
    parts: NotaryParts,
    /// The public half of the log's key, once it is known.
    key: OnceLock<VerifierKey>,
    /// One look at the log at a time.
    desk: tokio::sync::Mutex<Option<Desk>>,
    told: Mutex<NotaryState>,
}

/// What people may know of the notary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotaryState {
    /// Why nothing is signed.
    pub problem: Option<String>,
    /// Whether the problem is that the log is not the one that was signed.
    pub alarm: bool,
    /// Whether the problem is a signer that is not reached: it passes with it.
    pub signer_away: bool,
    /// From when the first record is that should be signed, while there is a problem.
    pub unsigned_since: Option<Timestamp>,
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
            problem: parts.seal.as_ref().err().cloned(),
            anchors: parts.anchors.len(),
            ..NotaryState::default()
        };
        let key = match &parts.seal {
            Ok(Seal::Key(key)) => OnceLock::from(key.public().clone()),
            _ => OnceLock::new(),
        };
        Self(Arc::new(Inner {
            parts,
            key,
            desk: tokio::sync::Mutex::default(),
            told: Mutex::new(told),
        }))
    }

    /// The key to check with; with a signer, once it is known.
    pub fn key(&self) -> Option<&VerifierKey> {
        self.0.key.get()
    }

    /// Whether anybody signs.
    pub fn signs(&self) -> bool {
        self.0.parts.seal.is_ok()
    }

    /// What people may know.
    pub fn state(&self) -> NotaryState {
        self.told().clone()
    }

    /// Looks at the log and signs it when that is due, or where anything is new and `now_or_never`
    /// says so.
    ///
    /// # Errors
    /// When the storage fails, when the signer is away, or when the log is not the one that was
    /// signed; the reason then also stands in [`Notary::state`].
    pub async fn look(&self, now_or_never: bool) -> Result<(), NotaryFault> {
        let mut desk = self.0.desk.lock().await;
        let done = self.work(&mut desk, now_or_never).await;
        let fault = done.as_ref().err();
        let no_key = self.0.parts.seal.as_ref().err().cloned();
        let problem = fault.map(ToString::to_string).or(no_key);
        let since = match &problem {
            Some(_) => self.unsigned_since().await,
            None => None,
        };
        let mut told = self.told();
        told.problem = problem;
        told.alarm = fault.is_some_and(NotaryFault::is_alarm);
        told.signer_away = fault.is_some_and(NotaryFault::is_away);
        told.unsigned_since = since;
        done
    }

    /// Writes a record of the alarm that this fault is, and nothing where it is none.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn record_alarm(&self, fault: &NotaryFault) -> Result<(), NotaryFault> {
        if !fault.is_alarm() {
            return Ok(());
        }
        let mut event = Event::new(self.0.parts.clock.now(), Actor::system(), "audit.alarm");
        event.result = EventResult::Failed;
        event.detail = serde_json::json!({ "problem": fault.to_string() });
        let unit = self.0.parts.store.begin().await?;
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }

    async fn work(&self, desk: &mut Option<Desk>, now_or_never: bool) -> Result<(), NotaryFault> {
        self.identify().await?;
        if desk.is_none() {
            *desk = Some(self.resume().await?);
        }
        let Some(desk) = desk else { return Ok(()) };
        let now = self.0.parts.clock.now();
        let head = self.0.parts.store.audit_head().await?;
        let new = head.size().saturating_sub(desk.signed.size());
        if head.size() < desk.signed.size() {
            return Err(fault::shrunk(desk.signed.size(), head.size()));
        }
        let due = now_or_never || desk.waited(now) || self.is_unasked(desk);
        let signed = if new >= RECORDS || (new > 0 && due) {
            self.sign(desk, &head, now).await
        } else {
            Ok(())
        };
        // A signer that is away keeps no anchor from what was signed before.
        if signed.as_ref().is_err_and(|fault| !fault.is_away()) {
            return signed;
        }
        self.anchor(desk, now).await?;
        signed
    }

    async fn sign(
        &self,
        desk: &mut Desk,
        head: &Frontier,
        now: Timestamp,
    ) -> Result<(), NotaryFault> {
        let walked = self.walk(desk, head).await;
        if walked.is_err() {
            desk.walked = desk.signed.clone();
        }
        let tiles = walked?;
        let sealed = self.sealed(desk, head, now).await;
        let note = sealed.as_ref().ok().cloned().flatten();
        let row = note.map(|note| row(head.size(), now, note));
        let written = self.write(desk, tiles, row).await;
        if written.is_err() {
            // The tiles on the way are not kept: they are closed again.
            desk.walked = desk.signed.clone();
        }
        sealed?;
        written?;
        desk.signed = head.clone();
        desk.signed_at = now;
        for behind in &mut desk.behind {
            behind.get_or_insert(now);
        }
        Ok(())
    }

    /// Carries the tree on to the head, and compares them; gives the tiles that are not kept yet.
    /// What was not signed yet may have been lost with a server that is gone, and other records stand
    /// there now.
    async fn walk(&self, desk: &mut Desk, head: &Frontier) -> Result<Vec<TileRow>, NotaryFault> {
        match self.carried(&mut desk.walked, head.size()).await {
            Ok(tiles) if &desk.walked == head => return Ok(tiles),
            Err(fault) if !fault.is_alarm() => return Err(fault),
            _ => desk.walked = desk.signed.clone(),
        }
        let tiles = self.carried(&mut desk.walked, head.size()).await?;
        if &desk.walked == head {
            return Ok(tiles);
        }
        Err(NotaryFault::NotTheSame(format!(
            "records {} to {} do not fit the head of the audit log",
            desk.signed.size(),
            head.size()
        )))
    }

    /// Writes a checkpoint into the file and then, with the tiles, into the database.
    async fn write(
        &self,
        desk: &mut Desk,
        tiles: Vec<TileRow>,
        row: Option<CheckpointRow>,
    ) -> Result<(), NotaryFault> {
        if let Some(row) = &row {
            if !desk.has_row {
                self.keep_last().await?;
            }
            desk.has_row = false;
            let journal = &self.0.parts.journal;
            journal
                .add(&row.note)
                .map_err(|error| fault::unreadable(journal, &error))?;
        }
        let signed = row.is_some();
        self.keep(tiles, row).await?;
        desk.has_row |= signed;
        Ok(())
    }

    /// Keeps tiles, and a checkpoint where there is one, in one transaction.
    async fn keep(
        &self,
        tiles: Vec<TileRow>,
        row: Option<CheckpointRow>,
    ) -> Result<(), NotaryFault> {
        if tiles.is_empty() && row.is_none() {
            return Ok(());
        }
        let mut unit = self.0.parts.store.begin().await?;
        unit.insert_tiles(&tiles).await?;
        if let Some(row) = &row {
            unit.insert_checkpoint(row).await?;
        }
        Ok(unit.commit_bookkeeping().await?)
    }

    /// Brings each anchor up to the last checkpoint; one that fails is tried again later.
    async fn anchor(&self, desk: &mut Desk, now: Timestamp) -> Result<(), NotaryFault> {
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
        let late = |since: &Timestamp| now.micros() - since.micros() >= desk::micros(LAG);
        let mut told = self.told();
        (told.anchor_lacks, told.anchor_behind) = (since, since.filter(late));
        Ok(())
    }

    /// From when the first record is that no checkpoint covers. It stands in the log, so that a
    /// restart does not make a lag look new.
    async fn unsigned_since(&self) -> Option<Timestamp> {
        let store = &self.0.parts.store;
        let found = async {
            let signed = store.last_checkpoint().await?.map_or(0, |row| row.size);
            store.audit_leaves(signed, signed.saturating_add(1)).await
        };
        match found.await {
            Ok(leaves) => leaves.first().map(|(_, at)| *at),
            // What was known before is not forgotten with the database.
            Err(_) => self.told().unsigned_since,
        }
    }

    fn told(&self) -> std::sync::MutexGuard<'_, NotaryState> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The row of a note over so many records.
fn row(size: u64, at: Timestamp, note: String) -> CheckpointRow {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    CheckpointRow { size, at, note }
}
