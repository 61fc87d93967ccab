//! What people have begun and not finished: a selection of phones, a job under review.
//!
//! Owns how such things are kept between two pages: sealed, for a while, for one account.
//! *Invariant:* nobody opens the draft of somebody else, one that is taken is gone, and an account
//! keeps only so many of a kind: the one that nobody touched for longest makes room.

use std::time::Duration;

use carillon_store::{DraftRow, Unit};
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::ids::new_id;
use crate::secrets::Place;

/// What may be large: uploaded lists, what came of them, pictures.
const LARGE: [&str; 5] = [
    "import",
    "import_result",
    "import_undo",
    "import_left_out",
    "screen",
];
/// So many of those does an account keep.
const MOST_LARGE: u32 = 10;
/// So many of each other kind: more than somebody comes back to.
const MOST: u32 = 50;

fn most_of(kind: &str) -> u32 {
    if LARGE.contains(&kind) {
        MOST_LARGE
    } else {
        MOST
    }
}

impl Engine {
    /// Keeps something for this account; says under which id.
    ///
    /// # Errors
    /// Not found for callers without an account; sealed.
    pub async fn keep_draft<T: Serialize>(
        &self,
        caller: &Caller,
        kind: &str,
        content: &T,
        lasts: Duration,
    ) -> Result<String> {
        let id = new_id(self.clock.now(), &self.random)?;
        self.replace_draft(caller, kind, &id, content, lasts)
            .await?;
        Ok(id)
    }

    /// The same inside a unit, so that it is kept exactly when the rest of the unit happens.
    pub(crate) async fn keep_draft_with<T: Serialize>(
        &self,
        unit: &mut Unit,
        (caller, kind): (&Caller, &str),
        content: &T,
        lasts: Duration,
    ) -> Result<String> {
        let id = new_id(self.clock.now(), &self.random)?;
        let row = self.sealed_draft((owner(caller)?, kind), &id, content, lasts)?;
        put(unit, &row).await?;
        Ok(id)
    }

    /// Keeps something in the place of what was kept under this id.
    ///
    /// # Errors
    /// As for [`Engine::keep_draft`]; a conflict when the id is somebody else's.
    pub async fn replace_draft<T: Serialize>(
        &self,
        caller: &Caller,
        kind: &str,
        id: &str,
        content: &T,
        lasts: Duration,
    ) -> Result<()> {
        let row = self.sealed_draft((owner(caller)?, kind), id, content, lasts)?;
        let mut unit = self.store.begin().await?;
        unit.delete_old_drafts(self.clock.now()).await?;
        put(&mut unit, &row).await?;
        Ok(unit.commit_bookkeeping().await?)
    }

    fn sealed_draft<T: Serialize>(
        &self,
        (owner, kind): (&str, &str),
        id: &str,
        content: &T,
        lasts: Duration,
    ) -> Result<DraftRow> {
        let bytes = serde_json::to_vec(content)
            .map_err(|_| EngineError::Internal("a draft without a JSON form"))?;
        let bytes = Zeroizing::new(bytes);
        let sealed = self
            .keyring()?
            .seal(&self.random, &Place::draft(id), &bytes)
            .map_err(|_| EngineError::Internal("a draft could not be sealed"))?;
        let now = self.clock.now();
        Ok(DraftRow {
            id: id.to_owned(),
            user_id: owner.to_owned(),
            kind: kind.to_owned(),
            sealed,
            created_at: now,
            expires_at: now.plus(lasts),
        })
    }

    /// Looks at what this account keeps under an id.
    ///
    /// # Errors
    /// Not found, also when its time is over; sealed.
    pub async fn draft<T: DeserializeOwned>(
        &self,
        caller: &Caller,
        kind: &str,
        id: &str,
    ) -> Result<T> {
        let row = self
            .store
            .draft(id, owner(caller)?, self.clock.now())
            .await?;
        self.opened_draft(kind, row)
    }

    /// Takes what this account keeps under an id: a second try finds nothing.
    ///
    /// # Errors
    /// Not found, also when its time is over; sealed.
    pub async fn take_draft<T: DeserializeOwned>(
        &self,
        caller: &Caller,
        kind: &str,
        id: &str,
    ) -> Result<T> {
        let mut unit = self.store.begin().await?;
        let row = unit
            .take_draft(id, owner(caller)?, self.clock.now())
            .await?;
        let content = self.opened_draft(kind, row)?;
        unit.commit_bookkeeping().await?;
        Ok(content)
    }

    fn opened_draft<T: DeserializeOwned>(&self, kind: &str, row: Option<DraftRow>) -> Result<T> {
        let row = row
            .filter(|row| row.kind == kind)
            .ok_or(EngineError::NotFound)?;
        let opened = self.keyring()?.open(&Place::draft(&row.id), &row.sealed);
        let opened = opened.map_err(|_| EngineError::NotFound)?;
        serde_json::from_slice(opened.expose_secret()).map_err(|_| EngineError::NotFound)
    }
}

/// Drafts belong to accounts.
fn owner(caller: &Caller) -> Result<&str> {
    caller.user_id.as_deref().ok_or(EngineError::NotFound)
}

/// Keeps a draft; where its account has too many of its kind, the oldest goes.
pub(crate) async fn put(unit: &mut Unit, row: &DraftRow) -> Result<()> {
    unit.put_draft(row).await?;
    unit.trim_drafts(&row.user_id, &row.kind, most_of(&row.kind))
        .await?;
    Ok(())
}
