//! Who joined or left a group: what records keep of it, and how they are read.
//!
//! *Invariant:* records tell what a change of the group did at its time. That phones come and go by a rule
//! because their own fields changed stands in no record of the group.

use std::collections::{BTreeMap, BTreeSet};

use carillon_domain::event::Event;
use carillon_domain::phone::Group;
use carillon_domain::role::Permission;
use carillon_domain::{Mac, Timestamp};
use carillon_store::{AuditQuery, AuditRow, Page, Seek, Store, Unit};
use serde_json::Value;

use super::super::record;
use super::members_of;
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// So many phones does a record name.
const KEPT: usize = 100;
/// So many of them are told.
const TOLD: usize = 10;

const MADE: &str = "group.created";
const CHANGED: &str = "group.changed";
const LISTED: &str = "group.members_changed";
const DELETED: &str = "phone.deleted";

/// Who came and who went by one change.
pub(super) struct Moves {
    came: Vec<Mac>,
    went: Vec<Mac>,
}

impl Moves {
    pub(super) fn between(before: &[Mac], after: &[Mac]) -> Self {
        let (old, new): (BTreeSet<_>, BTreeSet<_>) =
            (before.iter().collect(), after.iter().collect());
        Self {
            came: new.difference(&old).map(|mac| **mac).collect(),
            went: old.difference(&new).map(|mac| **mac).collect(),
        }
    }

    /// Adds them to what a record says.
    pub(super) fn note(&self, detail: &mut Value) {
        detail["added"] = self.came.len().into();
        detail["removed"] = self.went.len().into();
        detail["add"] = record::macs(&self.came[..self.came.len().min(KEPT)]);
        detail["remove"] = record::macs(&self.went[..self.went.len().min(KEPT)]);
    }
}

/// Who is in a group, as this unit has it.
pub(super) async fn members_now(unit: &mut Unit, slug: &str, now: Timestamp) -> Result<Vec<Mac>> {
    Ok(unit.macs(&members_of(slug), now).await?)
}

/// One change of who is in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberChange {
    /// Its record; of several, the newest.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// Because of what.
    pub why: Why,
    /// Who came; `None` where the record does not say.
    pub joined: Option<Moved>,
    /// Who went.
    pub left: Option<Moved>,
}

/// Why phones came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The group was made.
    Made,
    /// Somebody changed the list.
    Listed,
    /// The group got another rule; empty for a list.
    Rule {
        /// What it was.
        old: String,
        /// What it is since.
        new: String,
    },
    /// Phones were deleted.
    Deleted,
}

/// Phones that came, or went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many.
    pub count: i64,
    /// Some of them, with what to call them.
    pub phones: Vec<(Mac, String)>,
}

impl Engine {
    /// A group without its phones.
    ///
    /// # Errors
    /// Denied, or not found.
    pub async fn group_alone(&self, caller: &Caller, slug: &str) -> Result<Group> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        let found = seen.group_alone(slug).await?;
        found.map(|row| row.group).ok_or(EngineError::NotFound)
    }

    /// How a group came to its members, newest first, since it was made: as far as records say it. A page
    /// may have fewer than `limit`.
    ///
    /// # Errors
    /// Denied; a cursor that is none.
    pub async fn member_changes(
        &self,
        caller: &Caller,
        slug: &str,
        (seek, limit): (&Seek, i64),
    ) -> Result<Page<MemberChange>> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        let query = AuditQuery {
            group: Some(slug.to_owned()),
            actions: [MADE, CHANGED, LISTED, DELETED].map(str::to_owned).into(),
            ..AuditQuery::default()
        };
        let page = self.audit_page(caller, &query, seek, limit).await?;
        let (mut items, whole) = read(&page.items, slug);
        name(&seen, &mut items).await?;
        Ok(Page {
            items,
            previous: page.previous,
            next: page.next.filter(|_| !whole),
        })
    }
}

/// What records say about a group, and whether its beginning is among them: what is older tells of another
/// one that had its short name.
fn read(rows: &[AuditRow], slug: &str) -> (Vec<MemberChange>, bool) {
    let mut changes: Vec<MemberChange> = Vec::new();
    let of_group = |row: &&AuditRow| row.event.groups.iter().any(|group| group == slug);
    for row in rows.iter().filter(of_group) {
        if let Some(change) = change(row) {
            match changes.last_mut() {
                Some(last) if is_same(last, &change) => add(last, change),
                _ => changes.push(change),
            }
        }
        if row.event.action == MADE {
            return (changes, true);
        }
    }
    (changes, false)
}

/// What was deleted in one go stands in one line.
fn is_same(one: &MemberChange, other: &MemberChange) -> bool {
    let deleted = one.why == Why::Deleted && other.why == Why::Deleted;
    deleted && one.at == other.at && one.actor == other.actor
}

fn add(to: &mut MemberChange, more: MemberChange) {
    if let (Some(to), Some(more)) = (&mut to.left, more.left) {
        to.count += more.count;
        let room = TOLD.saturating_sub(to.phones.len());
        to.phones.extend(more.phones.into_iter().take(room));
    }
}

fn change(row: &AuditRow) -> Option<MemberChange> {
    let event = &row.event;
    let detail = &event.detail;
    let (why, joined, left) = match event.action.as_str() {
        MADE => (Why::Made, begun(detail), Some(Moved::default())),
        LISTED | CHANGED => (
            why(event)?,
            moved(detail, ("added", "add")),
            moved(detail, ("removed", "remove")),
        ),
        _ => (Why::Deleted, Some(Moved::default()), deleted(event)),
    };
    let nobody = |moved: &Option<Moved>| moved.as_ref().is_some_and(|moved| moved.count == 0);
    if why == Why::Listed && nobody(&joined) && nobody(&left) {
        return None;
    }
    Some(MemberChange {
        seq: row.seq,
        at: event.at,
        actor: event.actor.name.clone(),
        why,
        joined,
        left,
    })
}

/// Nothing for a change that leaves who is in the group.
fn why(event: &Event) -> Option<Why> {
    let changes = &event.detail["changes"];
    if changes["filter"].is_object() || changes["kind"].is_object() {
        let text = |side: &str| {
            let text = changes["filter"][side].as_str();
            text.unwrap_or_default().to_owned()
        };
        let (old, new) = (text("old"), text("new"));
        return Some(Why::Rule { old, new });
    }
    let listed = event.action == LISTED || !event.detail["members"].is_null();
    listed.then_some(Why::Listed)
}

fn moved(detail: &Value, (count, phones): (&str, &str)) -> Option<Moved> {
    let macs = detail[phones].as_array().into_iter().flatten();
    let macs = macs.filter_map(|mac| mac.as_str()?.parse().ok());
    Some(Moved {
        count: detail[count].as_i64()?,
        phones: macs.map(|mac| (mac, String::new())).take(TOLD).collect(),
    })
}

/// Whom a group began with. Records of older releases say only how many a list had.
fn begun(detail: &Value) -> Option<Moved> {
    let listed = || moved(detail, ("members", "add"));
    moved(detail, ("added", "add")).or_else(listed)
}

fn deleted(event: &Event) -> Option<Moved> {
    Some(Moved {
        count: 1,
        phones: vec![(event.phone?, event.phone_name.clone())],
    })
}

/// Gives the phones of records the names that they have now. Those that are gone are told by their MAC, but
/// to nobody who does not see all.
async fn name(seen: &Store, changes: &mut [MemberChange]) -> Result<()> {
    let moved = |change: &MemberChange| [change.joined.clone(), change.left.clone()];
    let all = changes.iter().flat_map(moved).flatten();
    let all: BTreeSet<Mac> = all
        .flat_map(|moved| moved.phones)
        .map(|phone| phone.0)
        .collect();
    let all: Vec<Mac> = all.into_iter().collect();
    if all.is_empty() {
        return Ok(());
    }
    let rows = seen.phones_by_macs(&all).await?.into_iter();
    let names: BTreeMap<Mac, String> = rows
        .map(|row| (row.phone.mac, row.phone.display_name()))
        .collect();
    for change in changes {
        for moved in [&mut change.joined, &mut change.left].into_iter().flatten() {
            for (mac, name) in &mut moved.phones {
                match names.get(mac) {
                    Some(now) => now.clone_into(name),
                    None if name.is_empty() && !seen.is_narrowed() => *name = mac.to_string(),
                    None => {}
                }
            }
            moved.phones.retain(|(_, name)| !name.is_empty());
        }
    }
    Ok(())
}
