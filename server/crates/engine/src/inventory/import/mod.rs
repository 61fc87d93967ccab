//! Lists of phones coming in: review, then exactly that; or all in one go.
//!
//! Owns both ways and the limit on how many run at once. *Invariant:* a file is taken whole in
//! one transaction or not at all, unless somebody asks for its valid rows; the file itself is
//! kept only sealed.

mod apply;
mod draft;
mod kept;
mod plan;
mod shared;
mod undo;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use carillon_domain::change::Change;
use carillon_domain::phone::TransportSecurity;
use carillon_domain::phone_list::{self, IgnoredColumn, ListError, PhoneList, RenamedColumn};
use carillon_domain::role::Permission;
use carillon_domain::{Mac, Timestamp};
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::ids::new_id;
use apply::Applied;
use draft::Draft;
use plan::Planned;

pub use kept::KeptList;
pub use shared::SharedAddress;
pub use undo::UndoReview;

/// How many imports this process reads at once.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// How the phones of a new site are reached where nobody says it.
pub const NEW_SITE_SECURITY: TransportSecurity = TransportSecurity::Pinned;

/// A file that was read and compared with the inventory. Nothing has been written.
#[derive(Clone, Debug, Default)]
pub struct ImportReview {
    /// Id of the draft.
    pub id: String,
    /// Name of the file.
    pub file_name: String,
    /// Of what would be done: exactly this is applied.
    pub digest: String,
    /// Until when it can be applied.
    pub expires_at: Timestamp,
    /// Phones that would be added.
    pub created: Vec<ReviewRow>,
    /// Phones that would be changed.
    pub updated: Vec<ReviewRow>,
    /// Phones that stay as they are.
    pub unchanged: Vec<ReviewRow>,
    /// Sites that would be made; somebody chooses how each is reached.
    pub new_sites: Vec<NewSite>,
    /// The names of all sites by slug, also of those that would be made.
    pub site_names: HashMap<String, String>,
    /// Every mistake.
    pub errors: Vec<ListError>,
    /// Columns of which nothing is taken.
    pub ignored: Vec<IgnoredColumn>,
    /// Columns that have another name than ours.
    pub renamed: Vec<RenamedColumn>,
    /// Addresses that more than one phone of the file has.
    pub shared: Vec<SharedAddress>,
    /// How many lines have one.
    pub error_rows: usize,
    /// How many lines describe a phone.
    pub total: usize,
    /// Not even the valid rows can be taken.
    pub blocked: bool,
    /// How many lines name an address that is never contacted.
    pub forbidden: usize,
}

/// One line of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRow {
    /// Where it stands in the file.
    pub line: u64,
    /// Identity.
    pub mac: Mac,
    /// What to call it afterwards.
    pub name: String,
    /// What would be different. Passwords show as `(hidden)`.
    pub changes: Vec<Change>,
}

/// A site that a file names and the inventory does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSite {
    /// Identity.
    pub slug: String,
    /// Name as in the file.
    pub name: String,
    /// How many rows name it.
    pub phones: usize,
    /// How many of these phones have neither a credential of their own nor a stored one.
    #[serde(default)]
    pub without_credential: usize,
}

/// What somebody decided in the review.
#[derive(Clone, Debug, Default)]
pub struct ImportChoices {
    /// Digest of the review that was looked at.
    pub digest: String,
    /// Leave out the lines with mistakes.
    pub valid_rows_only: bool,
    /// How the new sites are reached, by slug; `pinned` where nothing is said.
    pub new_site_security: BTreeMap<String, TransportSecurity>,
}

/// What came of a review that was applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportResult {
    /// Id of the import, in every record of it.
    pub id: String,
    /// Name of the file.
    pub file_name: String,
    /// Phones added.
    pub created: usize,
    /// Phones changed.
    pub updated: usize,
    /// Phones left as they were.
    pub unchanged: usize,
    /// Lines left out for their mistakes.
    pub left_out: usize,
    /// The sites that were made.
    pub new_sites: Vec<NewSite>,
    /// What came of taking it back, once somebody did.
    #[serde(default)]
    pub undone: Option<Undone>,
}

/// What came of an import that was taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// Phones deleted.
    pub deleted: usize,
    /// Phones that are as they were.
    pub restored: usize,
    /// Phones that were changed since, or cannot be as they were.
    pub left: usize,
    /// When, by whoever imported it: nobody else can.
    #[serde(default)]
    pub at: Option<Timestamp>,
}

/// How an import without review goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportOnce {
    /// Only tell what would be done.
    pub dry_run: bool,
    /// Leave out the lines with mistakes.
    pub valid_rows_only: bool,
}

/// What came of an import without review.
#[derive(Clone, Debug, Default)]
pub struct ImportReport {
    /// Phones added, or that would be.
    pub created: usize,
    /// Phones changed, or that would be.
    pub updated: usize,
    /// Phones left as they were.
    pub unchanged: usize,
    /// Sites made, or that would be.
    pub new_sites: Vec<NewSite>,
    /// Every mistake.
    pub errors: Vec<ListError>,
    /// Whether anything was written; never in a dry run.
    pub applied: bool,
}

impl Engine {
    /// Reads a file, compares it with the inventory and keeps it, sealed, for
    /// [`Engine::apply_import`].
    ///
    /// # Errors
    /// Denied, busy, or sealed.
    pub async fn review_import(
        &self,
        caller: &Caller,
        file_name: &str,
        bytes: Vec<u8>,
    ) -> Result<ImportReview> {
        caller.require(Permission::ManageInventory)?;
        let draft = Draft::new(file_name, bytes);
        let _slot = slot()?;
        let id = new_id(self.clock.now(), &self.random)?;
        let expires_at = self.keep_import(caller, &id, &draft).await?;
        let review = self.reviewed(caller, (id, expires_at), &draft).await?;
        self.told_if_forbidden(caller, review.forbidden).await?;
        Ok(review)
    }

    /// The review of a file that is still kept, compared with the inventory of this moment.
    ///
    /// # Errors
    /// Denied, not found, busy, or sealed.
    pub async fn import_review(&self, caller: &Caller, id: &str) -> Result<ImportReview> {
        caller.require(Permission::ManageInventory)?;
        let (draft, expires_at) = self.kept_import(caller, id).await?;
        let _slot = slot()?;
        let kept = (id.to_owned(), expires_at);
        self.reviewed(caller, kept, &draft).await
    }

    /// The file with its mistakes beside the lines; passwords are left out.
    ///
    /// # Errors
    /// Denied, not found, busy, or sealed.
    pub async fn import_errors_file(&self, caller: &Caller, id: &str) -> Result<String> {
        caller.require(Permission::ManageInventory)?;
        let (draft, _) = self.kept_import(caller, id).await?;
        let _slot = slot()?;
        let planned = self.planned(caller, &draft).await?;
        Ok(phone_list::with_errors(&draft.bytes, &planned.errors))
    }

    /// Does what a review showed, in one transaction.
    ///
    /// # Errors
    /// Denied, not found, busy, sealed, mistakes that nobody chose to leave out, or a conflict
    /// when the inventory changed since the review.
    pub async fn apply_import(
        &self,
        caller: &Caller,
        id: &str,
        choices: &ImportChoices,
    ) -> Result<ImportResult> {
        caller.require(Permission::ManageInventory)?;
        let (draft, _) = self.kept_import(caller, id).await?;
        let _slot = slot()?;
        let planned = self.planned(caller, &draft).await?;
        if planned.digest(&draft.sha256()) != choices.digest {
            return Err(EngineError::Conflict(
                "the inventory changed since you looked: look at the review again".to_owned(),
            ));
        }
        refuse_mistakes(&planned, choices.valid_rows_only)?;
        let applied = Applied {
            id: id.to_owned(),
            file_name: draft.file_name.clone(),
            sha256: draft.sha256(),
            security: choices.new_site_security.clone(),
            takes_draft: true,
        };
        self.apply(caller, planned, applied).await
    }

    /// What came of an import that was reviewed and applied, for a day.
    ///
    /// # Errors
    /// Denied, not found, or sealed.
    pub async fn import_result(&self, caller: &Caller, id: &str) -> Result<ImportResult> {
        caller.require(Permission::ManageInventory)?;
        self.kept_result(caller, id).await
    }

    /// Reads a file and applies it at once, or only tells what it would do. Mistakes are told in
    /// the report; with any of them nothing is written, unless the valid rows are asked for. A column
    /// that nobody knows is one of the file as a whole: nobody looks before it would be left out.
    /// New sites are made as `pinned`.
    ///
    /// # Errors
    /// Denied, busy, or sealed.
    pub async fn import_once(
        &self,
        caller: &Caller,
        bytes: Vec<u8>,
        how: ImportOnce,
    ) -> Result<ImportReport> {
        caller.require(Permission::ManageInventory)?;
        let draft = Draft::new("", bytes);
        let _slot = slot()?;
        let list = read(draft.bytes.clone()).await?.with_known_columns_only();
        let planned = self.planned_of(caller, list).await?;
        self.told_if_forbidden(caller, planned.forbidden).await?;
        let mut report = planned.report();
        let refused = refuse_mistakes(&planned, how.valid_rows_only).is_err();
        if how.dry_run || refused {
            return Ok(report);
        }
        let applied = Applied {
            id: new_id(self.clock.now(), &self.random)?,
            file_name: draft.file_name.clone(),
            sha256: draft.sha256(),
            security: BTreeMap::new(),
            takes_draft: false,
        };
        self.apply(caller, planned, applied).await?;
        report.applied = true;
        Ok(report)
    }

    async fn told_if_forbidden(&self, caller: &Caller, lines: usize) -> Result<()> {
        if lines == 0 {
            return Ok(());
        }
        self.record_blocked(caller, "a list of phones").await
    }

    /// Reads a draft's file and compares it with the inventory.
    async fn planned(&self, caller: &Caller, draft: &Draft) -> Result<Planned> {
        let list = read(draft.bytes.clone()).await?;
        self.planned_of(caller, list).await
    }

    /// That a password is the stored one is told to nobody who did not show lately who they are, and so to no
    /// token: whoever may import could try any number of them, and leave no record.
    async fn planned_of(&self, caller: &Caller, list: PhoneList) -> Result<Planned> {
        self.follow_networks().await?;
        let mut unit = self.store.begin().await?;
        let planned = self.plan_import(&mut unit, list).await?;
        Ok(planned.telling(caller.proved))
    }

    async fn reviewed(
        &self,
        caller: &Caller,
        (id, expires_at): (String, Timestamp),
        draft: &Draft,
    ) -> Result<ImportReview> {
        let planned = self.planned(caller, draft).await?;
        Ok(ImportReview {
            id,
            file_name: draft.file_name.clone(),
            digest: planned.digest(&draft.sha256()),
            expires_at,
            ..planned.review()
        })
    }
}

/// Reads a list off the runtime's threads: a large one takes a while.
async fn read(bytes: Zeroizing<Vec<u8>>) -> Result<PhoneList> {
    tokio::task::spawn_blocking(move || phone_list::read(&bytes))
        .await
        .map_err(|_| EngineError::Internal("reading the list was interrupted"))
}

fn slot() -> Result<SemaphorePermit<'static>> {
    AT_ONCE.try_acquire().map_err(|_| EngineError::Busy {
        retry_after: Duration::from_secs(5),
    })
}

fn refuse_mistakes(planned: &Planned, valid_rows_only: bool) -> Result<()> {
    if planned.blocked {
        let message = "the file as a whole cannot be taken: mend what is said about it first";
        return Err(EngineError::Conflict(message.to_owned()));
    }
    if !planned.errors.is_empty() && !valid_rows_only {
        let message = "the file has mistakes: mend them, or choose to take the valid rows only";
        return Err(EngineError::Conflict(message.to_owned()));
    }
    Ok(())
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
