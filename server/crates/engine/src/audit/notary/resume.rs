//! Where an earlier process stopped, and the way on from there.

use carillon_domain::Timestamp;
use carillon_store::{Frontier, Hash, TILE, TileRow};

use super::super::journal::Journal;
use super::super::note::SignedCheckpoint;
use super::super::tiles;
use super::Notary;
use super::desk::Desk;
use super::fault::{self, NotaryFault};

/// Hashes read at once.
const STEP: i64 = 16 * TILE;

impl Notary {
    /// Finds where an earlier process stopped: the largest of what it signed.
    pub(super) async fn resume(&self) -> Result<Desk, NotaryFault> {
        let parts = &self.0.parts;
        let mut desk = Desk::new(parts.clock.now(), parts.anchors.len());
        let journal = &parts.journal;
        let last = journal.last();
        let mut known = Vec::from_iter(last.map_err(|error| fault::unreadable(journal, &error))?);
        if let Some(row) = parts.store.last_checkpoint().await? {
            known.extend(row.note.parse::<SignedCheckpoint>());
        }
        self.are_ours(&known)?;
        let anchored: Vec<_> = parts.anchors.iter().map(last_anchored).collect();
        known.extend(anchored.iter().flatten().cloned());
        // Behind those: another server may have more of it signed at any moment.
        let size = parts.store.audit_head().await?.size();
        known.retain(|note| self.key().is_some_and(|key| note.is_signed_by(key)));
        known.sort_by_key(|note| note.checkpoint.size);
        for note in known {
            if note.checkpoint.size > size {
                return Err(fault::shrunk(note.checkpoint.size, size));
            }
            self.carry_on(&mut desk.signed, note.checkpoint.size)
                .await?;
            agree(&desk.signed, note.checkpoint.root)?;
        }
        self.put_back(desk.signed.size()).await?;
        desk.walked = desk.signed.clone();
        let signed = desk.signed.size();
        for (behind, last) in desk.behind.iter_mut().zip(&anchored) {
            let reached = last.as_ref().map_or(0, |note| note.checkpoint.size);
            if reached < signed {
                *behind = Some(self.lacks_since(reached).await?.unwrap_or(desk.signed_at));
            }
        }
        Ok(desk)
    }

    /// When the first was signed that is larger.
    async fn lacks_since(&self, reached: u64) -> Result<Option<Timestamp>, NotaryFault> {
        let reached = i64::try_from(reached).unwrap_or(i64::MAX);
        let first = self.0.parts.store.checkpoint_over(reached).await?;
        Ok(first.map(|row| row.at))
    }

    /// Carries a tree on to `size`, and keeps the tiles that are whole on the way.
    pub(super) async fn carry_on(
        &self,
        frontier: &mut Frontier,
        size: u64,
    ) -> Result<(), NotaryFault> {
        let tiles = self.carried(frontier, size).await?;
        self.keep(tiles, None).await
    }

    /// Carries a tree on to `size`, and gives the last of the tiles that are whole on the way; those
    /// before are kept.
    pub(super) async fn carried(
        &self,
        frontier: &mut Frontier,
        size: u64,
    ) -> Result<Vec<TileRow>, NotaryFault> {
        let store = &self.0.parts.store;
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let mut done = i64::try_from(frontier.size()).unwrap_or(i64::MAX);
        // From the beginning of a tile, so that it can be closed.
        let mut from = done - done % TILE;
        let mut tiles = Vec::new();
        while done < size {
            self.keep(tiles, None).await?;
            let to = (from + STEP).min(size);
            let leaves = store.audit_leaves(from, to).await?;
            if leaves.len() as i64 != to - from {
                return Err(NotaryFault::NotTheSame(format!(
                    "records are missing between {from} and {to}"
                )));
            }
            tiles = tiles::carry_on(frontier, from / TILE, &leaves);
            self.compare(&tiles).await?;
            (from, done) = (to, to);
        }
        Ok(tiles)
    }

    /// Whether of these tiles none stands there already as another one: that row would stay, and leave
    /// records out of what people look for.
    async fn compare(&self, tiles: &[TileRow]) -> Result<(), NotaryFault> {
        let Some((first, last)) = tiles.first().zip(tiles.last()) else {
            return Ok(());
        };
        let store = &self.0.parts.store;
        let there = store.audit_tiles(first.tile, last.tile + 1).await?;
        match there.iter().find(|row| !tiles.contains(row)) {
            None => Ok(()),
            Some(row) => Err(NotaryFault::NotTheSame(format!(
                "what the audit log has of its records {} to {} together was written by somebody \
                 else: run `carillon audit verify`",
                row.tile * TILE,
                (row.tile + 1) * TILE - 1
            ))),
        }
    }

    /// Whether what was signed last, beside the log and in it, has our key: a log has one all its life.
    fn are_ours(&self, signed: &[SignedCheckpoint]) -> Result<(), NotaryFault> {
        let Some(key) = self.key() else {
            return Ok(());
        };
        match signed.iter().find(|note| !note.is_signed_by(key)) {
            None => Ok(()),
            Some(note) => Err(NotaryFault::NotTheSame(format!(
                "nothing is signed: another key than this one ({key}) signed the last checkpoint \
                 (of {} records): run `carillon audit verify`",
                note.checkpoint.size
            ))),
        }
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

fn agree(frontier: &Frontier, root: Hash) -> Result<(), NotaryFault> {
    if frontier.root() == root {
        return Ok(());
    }
    Err(NotaryFault::NotTheSame(format!(
        "the audit log is not the one that was signed: run `carillon audit verify` (checkpoint \
         of {} records)",
        frontier.size()
    )))
}
