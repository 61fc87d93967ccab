//! An import taken back: what it added goes, what it changed is as it was.
//!
//! Owns what is kept for that, sealed and for a day. *Invariant:* only what is still as the import
//! left it is touched; passwords stay, since the old ones are gone.

use std::collections::{BTreeMap, BTreeSet};

use carillon_domain::event::Event;
use carillon_domain::phone::{Phone, distinct_name};
use carillon_domain::role::Permission;
use carillon_domain::{Mac, Timestamp};
use carillon_store::{Keeps, PhoneRow, Unit};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::clear::Touched;
use super::super::record;
use super::plan::{Item, Planned};
use super::{ImportResult, Undone};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::jobs::pause_jobs_that_lose;

/// The kind of its draft.
const UNDO: &str = "import_undo";
/// Names that are shown of those that stay.
const NAMES: usize = 10;

/// One phone of an import, for who wants it back as it was.
#[derive(Serialize, Deserialize)]
struct Kept {
    mac: Mac,
    /// What the import called it.
    name: String,
    /// `None` for one that the import added.
    before: Option<Phone>,
    /// The version that the import left.
    version: i64,
    /// Its own login was changed, too.
    login: bool,
}

/// What taking an import back would do now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoReview {
    /// Name of the file.
    pub file_name: String,
    /// Phones that would be deleted.
    pub deleted: usize,
    /// Phones that would be as they were.
    pub restored: usize,
    /// Phones that stay as they are: changed or deleted since, their site or credential is gone, or
    /// where they were may not be contacted any more.
    pub left: usize,
    /// Names of some of these.
    pub left_names: Vec<String>,
    /// Phones of the restored whose new password stays.
    pub logins: usize,
}

/// What is done with each phone.
#[derive(Default)]
struct Plan {
    deleted: Vec<Phone>,
    /// As they are and as they were.
    restored: Vec<(Phone, Phone)>,
    left: Vec<String>,
    logins: usize,
}

/// Under which name it is kept.
fn id_of(import: &str) -> String {
    format!("{import}.undo")
}

impl Kept {
    /// By which it is found: as it is called now, or was called where it is gone, and what tells it apart.
    fn name_now(&self, row: Option<&PhoneRow>) -> String {
        row.map_or_else(
            || distinct_name(&self.name, "", self.mac),
            |row| row.phone.distinct_name(),
        )
    }

    fn of(item: &Item, before: &BTreeMap<Mac, Phone>) -> Self {
        let mac = item.phone.mac;
        Self {
            mac,
            name: item.phone.display_name(),
            before: item.version.and_then(|_| before.get(&mac).cloned()),
            version: item.version.map_or(1, |version| version + 1),
            login: item.version.is_some() && !item.intent.changes().is_empty(),
        }
    }
}

impl Engine {
    /// Keeps what the inventory has before an import, in the import's own transaction.
    pub(super) async fn keep_undo(
        &self,
        unit: &mut Unit,
        caller: &Caller,
        (import, planned): (&str, &Planned),
    ) -> Result<()> {
        let changed: Vec<Mac> = planned.updates.iter().map(|item| item.phone.mac).collect();
        let rows = unit.phones_by_macs(&changed).await?.into_iter();
        let before = rows.map(|row| (row.phone.mac, row.phone)).collect();
        let items = planned.creates.iter().chain(&planned.updates);
        let kept: Vec<Kept> = items.map(|item| Kept::of(item, &before)).collect();
        let bytes = serde_json::to_vec(&kept)
            .map_err(|_| EngineError::Internal("what an import changes could not be written"))?;
        self.put_for_a_day(unit, caller, (&id_of(import), UNDO), &bytes)
            .await
    }

    /// The phones that an import added or changed.
    ///
    /// # Errors
    /// As [`Engine::undo_review`].
    pub async fn imported_phones(&self, caller: &Caller, import: &str) -> Result<Vec<Mac>> {
        caller.require(Permission::ManageInventory)?;
        let kept = self.kept_phones(caller, import).await?.into_iter();
        Ok(kept.map(|phone| phone.mac).collect())
    }

    /// What taking an import back would do now.
    ///
    /// # Errors
    /// Denied; not found when it is more than a day old, was taken back already, or is somebody
    /// else's; sealed.
    pub async fn undo_review(&self, caller: &Caller, import: &str) -> Result<UndoReview> {
        caller.require(Permission::ManageInventory)?;
        let result = self.kept_result(caller, import).await?;
        let kept = self.kept_phones(caller, import).await?;
        let mut unit = self.store.begin().await?;
        let plan = self.plan_undo(&mut unit, kept).await?;
        Ok(UndoReview {
            file_name: result.file_name,
            deleted: plan.deleted.len(),
            restored: plan.restored.len(),
            left: plan.left.len(),
            left_names: plan.left.into_iter().take(NAMES).collect(),
            logins: plan.logins,
        })
    }

    /// Takes an import back; `seen` is how many phones somebody was told would change.
    ///
    /// # Errors
    /// As [`Engine::undo_review`]; a conflict when it would be others than were looked at; a proof of
    /// who asks where the same change by a list wants one.
    pub async fn undo_import(&self, caller: &Caller, import: &str, seen: usize) -> Result<Undone> {
        caller.require(Permission::ManageInventory)?;
        let result = self.kept_result(caller, import).await?;
        let kept = self.kept_phones(caller, import).await?;
        let macs: Vec<Mac> = kept.iter().map(|phone| phone.mac).collect();
        let mut groups = self.store.groups_of(&macs, self.clock.now()).await?;
        let keeps = Keeps::AccountsAndWays;
        let mut unit = caller.begin_keeping(&self.store, keeps).await?;
        let paused = self.pause_those_that_lose(&mut unit, caller, &kept).await?;
        unit.lock_phones(&macs).await?;
        let plan = self.plan_undo(&mut unit, kept).await?;
        if plan.deleted.len() + plan.restored.len() != seen {
            let message = "the inventory changed since you looked: look again";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        let mut events = plan.events(caller, self.clock.now(), import);
        for event in &mut events {
            let named = event.phone.and_then(|mac| groups.remove(&mac));
            event.groups = named.unwrap_or_default();
        }
        events.extend(paused);
        let undone = self.write_undo(&mut unit, &plan).await?;
        self.note_undone(
            &mut unit,
            caller,
            ImportResult {
                undone: Some(undone),
                ..result
            },
        )
        .await?;
        // As a list that brings these phones where they were: one choice, and many passwords.
        let restored = plan.restored.iter().map(|(_, before)| before.mac);
        let restored: Vec<Mac> = restored.collect();
        let touched = Touched {
            phones: Some(&restored),
            page: "/phones/import",
            proof: true,
        };
        self.finish_guarded(caller, unit, &events, &touched).await?;
        self.jobs_moved(&events);
        Ok(undone)
    }

    /// Pauses the jobs that wait for phones which are about to go, as deleting them does. Also where somebody
    /// changed one since, so that it stays: jobs are kept before phones are, and only then it is known.
    async fn pause_those_that_lose(
        &self,
        unit: &mut Unit,
        caller: &Caller,
        kept: &[Kept],
    ) -> Result<Vec<Event>> {
        let added = kept.iter().filter(|phone| phone.before.is_none());
        let added: Vec<Mac> = added.map(|phone| phone.mac).collect();
        pause_jobs_that_lose(unit, &added, (caller, self.clock.now())).await
    }

    async fn write_undo(&self, unit: &mut Unit, plan: &Plan) -> Result<Undone> {
        let deleted: Vec<Mac> = plan.deleted.iter().map(|phone| phone.mac).collect();
        let before = plan.restored.iter().map(|(_, before)| before.clone());
        let before: Vec<Phone> = before.collect();
        unit.delete_own_credentials(&deleted).await?;
        unit.delete_phones(&deleted).await?;
        let now = self.clock.now();
        unit.upsert_phones(&before, now).await?;
        Ok(Undone {
            deleted: deleted.len(),
            restored: before.len(),
            left: plan.left.len(),
            at: Some(now),
        })
    }

    /// The result says so from now on, and it cannot be done twice.
    async fn note_undone(
        &self,
        unit: &mut Unit,
        caller: &Caller,
        result: ImportResult,
    ) -> Result<()> {
        let taken = self.take_kept(unit, caller, &id_of(&result.id)).await?;
        if !taken {
            let message = "this import was taken back already";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        self.put_result(unit, caller, &result).await
    }

    async fn kept_phones(&self, caller: &Caller, import: &str) -> Result<Vec<Kept>> {
        let (opened, _) = self.opened(caller, &id_of(import), UNDO).await?;
        serde_json::from_slice(opened.expose_secret()).map_err(|_| EngineError::NotFound)
    }

    async fn plan_undo(&self, unit: &mut Unit, kept: Vec<Kept>) -> Result<Plan> {
        let sites = unit.sites().await?.into_iter();
        let sites: BTreeSet<String> = sites.map(|row| row.site.slug).collect();
        let credentials = self.store.credentials().await?.into_iter();
        let credentials: BTreeSet<String> = credentials.map(|row| row.name).collect();
        let macs: Vec<Mac> = kept.iter().map(|phone| phone.mac).collect();
        let rows = unit.phones_by_macs(&macs).await?.into_iter();
        let now = rows.map(|row| (row.phone.mac, row)).collect();
        Ok(plan(kept, &now, |phone, before| {
            before.site.iter().all(|site| sites.contains(site))
                && before
                    .credential
                    .iter()
                    .all(|name| credentials.contains(name))
                && self.check_reachable(before, phone).is_ok()
        }))
    }
}

/// What becomes of each phone; `may_return` says whether a phone, as it is, may become what it was.
fn plan(
    kept: Vec<Kept>,
    now: &BTreeMap<Mac, PhoneRow>,
    may_return: impl Fn(&Phone, &Phone) -> bool,
) -> Plan {
    let mut plan = Plan::default();
    for phone in kept {
        let row = now.get(&phone.mac);
        let name = phone.name_now(row);
        let row = row.filter(|row| row.version == phone.version);
        match (row, phone.before) {
            (Some(row), None) => plan.deleted.push(row.phone.clone()),
            (Some(row), Some(before)) if may_return(&row.phone, &before) => {
                plan.logins += usize::from(phone.login);
                plan.restored.push((row.phone.clone(), before));
            }
            _ => plan.left.push(name),
        }
    }
    plan
}

impl Plan {
    fn events(&self, caller: &Caller, at: Timestamp, import: &str) -> Vec<Event> {
        let mut summary = caller.event(at, "inventory.import_undone");
        summary.detail = json!({
            "import": import, "deleted": self.deleted.len(), "restored": self.restored.len(),
            "left": self.left.len(),
        });
        let deleted = self.deleted.iter().map(|phone| {
            let mut event = record::of_phone(caller, at, "phone.deleted", phone);
            event.detail = json!({ "import": import });
            event
        });
        let restored = self.restored.iter().map(|(now, before)| {
            let mut event = record::of_phone(caller, at, "phone.changed", before);
            event.detail = record::changes(&now.changes_to(before));
            event.detail["import"] = import.into();
            event
        });
        std::iter::once(summary)
            .chain(deleted)
            .chain(restored)
            .collect()
    }
}
