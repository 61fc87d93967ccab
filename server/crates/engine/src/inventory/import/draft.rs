//! Files under review, and what came of them.
//!
//! Owns their sealed form in the table of drafts. *Invariant:* a file touches the disk only
//! sealed: it may hold passwords.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_store::{DraftRow, Unit};
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;

use super::{ImportResult, sha256};
use crate::Engine;
use crate::caller::Caller;
use crate::drafts;
use crate::error::{EngineError, Result};
use crate::secrets::Place;

const REVIEW_LASTS: Duration = Duration::from_hours(2);
const RESULT_LASTS: Duration = Duration::from_hours(24);
const REVIEW: &str = "import";
const RESULT: &str = "import_result";
const MAX_NAME: usize = 100;

/// A file as it was given.
pub(super) struct Draft {
    pub(super) file_name: String,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

impl Draft {
    /// Keeps of the file's name what can be shown on one line.
    pub(super) fn new(file_name: &str, bytes: Vec<u8>) -> Self {
        let bytes = Zeroizing::new(bytes);
        let plain = file_name.chars().filter(|c| !c.is_control());
        Self {
            file_name: plain.take(MAX_NAME).collect(),
            bytes,
        }
    }

    pub(super) fn sha256(&self) -> String {
        sha256(&self.bytes)
    }

    /// The name, a line break, the file.
    fn packed(&self) -> Zeroizing<Vec<u8>> {
        let mut packed = Zeroizing::new(Vec::with_capacity(self.bytes.len() + MAX_NAME * 4));
        packed.extend_from_slice(self.file_name.as_bytes());
        packed.push(b'\n');
        packed.extend_from_slice(&self.bytes);
        packed
    }

    fn unpacked(packed: &[u8]) -> Option<Self> {
        let end = packed.iter().position(|byte| *byte == b'\n')?;
        let name = std::str::from_utf8(&packed[..end]).ok()?;
        Some(Self::new(name, packed[end + 1..].to_vec()))
    }
}

impl Engine {
    /// Keeps a file for its review; says until when.
    pub(super) async fn keep_import(
        &self,
        caller: &Caller,
        id: &str,
        draft: &Draft,
    ) -> Result<Timestamp> {
        let now = self.clock.now();
        let mut unit = self.store.begin().await?;
        unit.delete_old_drafts(now).await?;
        let row = self.draft_row(caller, id, REVIEW, &draft.packed(), REVIEW_LASTS)?;
        drafts::put(&mut unit, &row).await?;
        unit.commit_bookkeeping().await?;
        Ok(row.expires_at)
    }

    /// A file that this person put up for review.
    pub(super) async fn kept_import(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<(Draft, Timestamp)> {
        let (opened, expires_at) = self.opened(caller, id, REVIEW).await?;
        let draft = Draft::unpacked(opened.expose_secret());
        Ok((draft.ok_or(EngineError::NotFound)?, expires_at))
    }

    pub(super) async fn kept_result(&self, caller: &Caller, id: &str) -> Result<ImportResult> {
        let (opened, _) = self.opened(caller, id, RESULT).await?;
        serde_json::from_slice(opened.expose_secret()).map_err(|_| EngineError::NotFound)
    }

    /// Puts the result in the place of the file. A file that somebody else took meanwhile is a
    /// conflict: it was applied already.
    pub(super) async fn replace_by_result(
        &self,
        unit: &mut Unit,
        caller: &Caller,
        result: &ImportResult,
    ) -> Result<()> {
        let taken = unit
            .take_draft(&result.id, owner(caller)?, self.clock.now())
            .await?;
        if taken.is_none_or(|row| row.kind != REVIEW) {
            let message = "this import was applied already";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        self.put_result(unit, caller, result).await
    }

    /// Keeps what came of an import, or what became of it since.
    pub(super) async fn put_result(
        &self,
        unit: &mut Unit,
        caller: &Caller,
        result: &ImportResult,
    ) -> Result<()> {
        let bytes = serde_json::to_vec(result)
            .map_err(|_| EngineError::Internal("a result could not be written"))?;
        self.put_for_a_day(unit, caller, (&result.id, RESULT), &bytes)
            .await
    }

    /// Keeps something of an import that was applied.
    pub(super) async fn put_for_a_day(
        &self,
        unit: &mut Unit,
        caller: &Caller,
        (id, kind): (&str, &str),
        bytes: &[u8],
    ) -> Result<()> {
        let row = self.draft_row(caller, id, kind, bytes, RESULT_LASTS)?;
        drafts::put(unit, &row).await
    }

    /// Takes something away that was kept; whether it was there.
    pub(super) async fn take_kept(
        &self,
        unit: &mut Unit,
        caller: &Caller,
        id: &str,
    ) -> Result<bool> {
        let taken = unit
            .take_draft(id, owner(caller)?, self.clock.now())
            .await?;
        Ok(taken.is_some())
    }

    pub(super) async fn opened(
        &self,
        caller: &Caller,
        id: &str,
        kind: &str,
    ) -> Result<(secrecy::SecretSlice<u8>, Timestamp)> {
        let now = self.clock.now();
        let row = self.store.draft(id, owner(caller)?, now).await?;
        let row = row
            .filter(|row| row.kind == kind)
            .ok_or(EngineError::NotFound)?;
        let opened = self.keyring()?.open(&Place::draft(id), &row.sealed);
        let opened = opened.map_err(|_| EngineError::NotFound)?;
        Ok((opened, row.expires_at))
    }

    fn draft_row(
        &self,
        caller: &Caller,
        id: &str,
        kind: &str,
        bytes: &[u8],
        lasts: Duration,
    ) -> Result<DraftRow> {
        let now = self.clock.now();
        let sealed = self
            .keyring()?
            .seal(&self.random, &Place::draft(id), bytes)
            .map_err(|_| EngineError::Internal("a draft could not be sealed"))?;
        Ok(DraftRow {
            id: id.to_owned(),
            user_id: owner(caller)?.to_owned(),
            kind: kind.to_owned(),
            sealed,
            created_at: now,
            expires_at: now.plus(lasts),
        })
    }
}

/// Drafts belong to accounts; callers without one use the import without review.
fn owner(caller: &Caller) -> Result<&str> {
    caller.user_id.as_deref().ok_or(EngineError::NotFound)
}
