//! Making, changing and deleting groups.

use std::collections::BTreeSet;

use carillon_domain::change::{self, Change};
use carillon_domain::phone::{Group, GroupKind, slugify};
use carillon_domain::role::Permission;
use carillon_domain::{FieldError, Filter, Mac, Timestamp};
use carillon_store::{GroupRow, Keeps, Unit};
use serde_json::json;

use super::super::clear::{self, Touched};
use super::super::{check_version, record};
use super::moves::{Moves, members_now};
use super::{GroupInput, check_rule, fields, rule_of};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::jobs::pause_jobs_of_holders;

/// Whom a group with a credential leads where is not known by its phones alone: rules ask for groups.
const BY_GROUP: Touched<'static> = Touched {
    phones: None,
    page: "/groups",
    proof: true,
};

impl Engine {
    /// Makes a group.
    ///
    /// # Errors
    /// Denied, or every field at fault.
    pub async fn create_group(&self, caller: &Caller, input: &GroupInput) -> Result<GroupRow> {
        let seen = caller.sight(input.permission(), &self.store)?;
        let given = if input.slug.trim().is_empty() {
            &input.name
        } else {
            &input.slug
        };
        let (group, filter) = input.group(slugify(given))?;
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&seen, Keeps::Ways).await?;
        let known = may_be_rule(&mut unit, &group.slug, filter.as_ref()).await?;
        if unit.group(&group.slug).await?.is_some() {
            return Err(EngineError::invalid(
                "slug",
                "taken",
                "there is a group of this name already",
            ));
        }
        self.check_credential_name(&mut unit, group.credential.as_deref())
            .await?;
        unit.insert_group(&group, now).await?;
        can_be_worked_out(&mut unit, known).await?;
        clear::check_rule(caller, &mut unit, (&group, None)).await?;
        let members = self
            .write_members(&mut unit, &group, input.members.as_deref())
            .await?;
        stays_in_sight(&mut unit, &group.slug).await?;
        let mut event = caller.event(now, "group.created");
        event.groups = vec![group.slug.clone()];
        event.detail = json!({"name": group.name, "kind": group.kind, "filter": group.filter, "members": members});
        let begins_with = members_now(&mut unit, &group.slug, now).await?;
        Moves::between(&[], &begins_with).note(&mut event.detail);
        self.finish_guarded(caller, unit, &[event], &BY_GROUP)
            .await?;
        self.group(caller, &group.slug).await
    }

    /// Changes a group, and its members if they are given.
    ///
    /// # Errors
    /// Denied, not found, an old version, or every field at fault.
    pub async fn update_group(
        &self,
        caller: &Caller,
        slug: &str,
        input: &GroupInput,
        version: Option<i64>,
    ) -> Result<GroupRow> {
        let seen = caller.sight(input.permission(), &self.store)?;
        let (group, filter) = input.group(slug.to_owned())?;
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&seen, Keeps::AccountsAndWays).await?;
        let known = may_be_rule(&mut unit, slug, filter.as_ref()).await?;
        let old = unit.group(slug).await?.ok_or(EngineError::NotFound)?;
        caller.require(permission_of(&old.group))?;
        check_version(old.version, version)?;
        self.check_credential_name(&mut unit, group.credential.as_deref())
            .await?;
        let changes = change::between(&fields(&old.group), &fields(&group));
        let holders = unit.accounts_within(slug).await?;
        let before = members_before(&mut unit, (slug, input), (&changes, now)).await?;
        unit.update_group(&group, old.version, now).await?;
        can_be_worked_out(&mut unit, known).await?;
        clear::check_rule(caller, &mut unit, (&group, Some(&old.group))).await?;
        let members = self
            .write_members(&mut unit, &group, input.members.as_deref())
            .await?;
        stays_in_sight(&mut unit, &group.slug).await?;
        if changes.is_empty() && members.is_none() {
            return self.group(caller, slug).await;
        }
        let mut event = caller.event(now, "group.changed");
        event.groups = vec![slug.to_owned()];
        event.detail = record::changes(&changes);
        event.detail["name"] = group.name.as_str().into();
        if let Some(members) = members {
            event.detail["members"] = members.into();
        }
        if let Some(before) = before {
            let after = members_now(&mut unit, slug, now).await?;
            Moves::between(&before, &after).note(&mut event.detail);
        }
        let paused = pause_jobs_of_holders(&mut unit, &holders, (caller, now)).await?;
        let events = [vec![event], paused].concat();
        self.finish_guarded(caller, unit, &events, &BY_GROUP)
            .await?;
        self.jobs_moved(&events);
        self.group(caller, slug).await
    }

    /// Gives a fixed group exactly these members; says how many, or `None` when none were given.
    async fn write_members(
        &self,
        unit: &mut Unit,
        group: &Group,
        members: Option<&[Mac]>,
    ) -> Result<Option<usize>> {
        let (GroupKind::Fixed, Some(members)) = (group.kind, members) else {
            return Ok(None);
        };
        let members: BTreeSet<Mac> = members.iter().copied().collect();
        let members: Vec<Mac> = members.into_iter().collect();
        check_exist(unit, "members", &members).await?;
        unit.set_members(&group.slug, &members).await?;
        Ok(Some(members.len()))
    }

    /// Adds phones to a fixed group and removes others; says how many came and went.
    ///
    /// # Errors
    /// Denied, not found, an old version, a rule, or phones that do not exist.
    pub async fn change_members(
        &self,
        caller: &Caller,
        slug: &str,
        add: &[Mac],
        remove: &[Mac],
        version: Option<i64>,
    ) -> Result<(u64, u64)> {
        let seen = caller.sight(Permission::EditTags, &self.store)?;
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&seen, Keeps::AccountsAndWays).await?;
        let old = unit.group(slug).await?.ok_or(EngineError::NotFound)?;
        caller.require(permission_of(&old.group))?;
        check_version(old.version, version)?;
        if old.group.kind == GroupKind::Rule {
            let message = "this group has a rule: its members follow from it";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        check_exist(&mut unit, "add", add).await?;
        let holders = unit.accounts_within(slug).await?;
        let before = members_now(&mut unit, slug, now).await?;
        let added = unit.add_members(slug, add).await?;
        let removed = unit.remove_members(slug, remove).await?;
        stays_in_sight(&mut unit, slug).await?;
        if added + removed == 0 {
            return Ok((0, 0));
        }
        unit.update_group(&old.group, old.version, now).await?;
        let mut event = caller.event(now, "group.members_changed");
        event.groups = vec![slug.to_owned()];
        event.detail = json!({"name": old.group.name});
        let after = members_now(&mut unit, slug, now).await?;
        Moves::between(&before, &after).note(&mut event.detail);
        let paused = pause_jobs_of_holders(&mut unit, &holders, (caller, now)).await?;
        let events = [vec![event], paused].concat();
        self.finish_guarded(caller, unit, &events, &BY_GROUP)
            .await?;
        self.jobs_moved(&events);
        Ok((added, removed))
    }

    /// Deletes a group that no rule asks for.
    ///
    /// # Errors
    /// Denied, not found, an old version, or a conflict that names the rule.
    pub async fn delete_group(
        &self,
        caller: &Caller,
        slug: &str,
        version: Option<i64>,
    ) -> Result<()> {
        let seen = caller.sight(Permission::EditTags, &self.store)?;
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&seen, Keeps::AccountsAndWays).await?;
        let old = unit.group(slug).await?.ok_or(EngineError::NotFound)?;
        caller.require(permission_of(&old.group))?;
        check_version(old.version, version)?;
        nobody_asks_for(&mut unit, slug).await?;
        let (all, in_reach) = unit.count_members(slug).await?;
        if all > in_reach {
            let message =
                "this group has phones that are out of your reach: an administrator can delete it";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        let holders = unit.accounts_within(slug).await?;
        unit.delete_group(slug).await?;
        let paused = pause_jobs_of_holders(&mut unit, &holders, (caller, now)).await?;
        let mut event = caller.event(now, "group.deleted");
        event.groups = vec![slug.to_owned()];
        event.detail =
            json!({"name": old.group.name, "kind": old.group.kind, "filter": old.group.filter});
        let events = [vec![event], paused].concat();
        self.finish_guarded(caller, unit, &events, &BY_GROUP)
            .await?;
        self.jobs_moved(&events);
        Ok(())
    }
}

/// Refuses a rule that may not be. Looked at in the unit that writes it: of two rules that lead to each
/// other, each may be alone. Answers the other groups whose rules cannot be worked out anyhow; nothing for
/// a list.
async fn may_be_rule(
    unit: &mut Unit,
    slug: &str,
    filter: Option<&Filter>,
) -> Result<Option<BTreeSet<String>>> {
    let Some(filter) = filter else {
        return Ok(None);
    };
    let groups = unit.groups().await?;
    check_rule(&groups, slug, filter)?;
    let mut known = broken(groups);
    known.remove(slug);
    Ok(Some(known))
}

/// Refuses a rule, now that it is written, that cannot be worked out, or because of which another cannot.
async fn can_be_worked_out(unit: &mut Unit, known: Option<BTreeSet<String>>) -> Result<()> {
    let Some(known) = known else {
        return Ok(());
    };
    let now = broken(unit.groups().await?);
    if now.is_subset(&known) {
        return Ok(());
    }
    let message = "this cannot be worked out: a group that it asks for cannot, or there are too many \
         parts in all the rules together";
    Err(EngineError::invalid("filter", "invalid", message))
}

/// The groups whose rules cannot be worked out.
fn broken(groups: Vec<GroupRow>) -> BTreeSet<String> {
    let broken = groups.into_iter().filter(|row| row.broken);
    broken.map(|row| row.group.slug).collect()
}

/// Refuses to delete a group that a rule asks for. One that cannot be worked out loses nothing by it, and
/// of a circle each can go.
async fn nobody_asks_for(unit: &mut Unit, slug: &str) -> Result<()> {
    let groups = unit.groups().await?;
    let asks = |row: &&GroupRow| {
        let rule = rule_of(row).filter(|_| !row.broken);
        rule.is_some_and(|rule| rule.groups().any(|name| name == slug))
    };
    let Some(other) = groups.iter().find(asks) else {
        return Ok(());
    };
    Err(EngineError::Conflict(format!(
        "the rule of {} asks for it: change that first",
        other.group.name
    )))
}

/// Who is in a group before a change that may change it.
async fn members_before(
    unit: &mut Unit,
    (slug, input): (&str, &GroupInput),
    (changes, now): (&[Change], Timestamp),
) -> Result<Option<Vec<Mac>>> {
    let decides = |change: &Change| matches!(change.field.as_str(), "kind" | "filter");
    if input.members.is_none() && !changes.iter().any(decides) {
        return Ok(None);
    }
    members_now(unit, slug, now).await.map(Some)
}

/// Whoever reaches a group by its phones alone would lose it with the last of them.
async fn stays_in_sight(unit: &mut Unit, slug: &str) -> Result<()> {
    match unit.group(slug).await? {
        Some(_) => Ok(()),
        None => Err(EngineError::invalid(
            "members",
            "required",
            "name at least one phone: without one this group is out of your reach",
        )),
    }
}

fn permission_of(group: &Group) -> Permission {
    if group.kind == GroupKind::Fixed && group.credential.is_none() {
        Permission::EditTags
    } else {
        Permission::ManageInventory
    }
}

async fn check_exist(unit: &mut Unit, field: &str, macs: &[Mac]) -> Result<()> {
    let found: BTreeSet<Mac> = unit
        .phones_by_macs(macs)
        .await?
        .into_iter()
        .map(|row| row.phone.mac)
        .collect();
    let missing = macs.iter().filter(|mac| !found.contains(mac));
    let errors: Vec<FieldError> = missing
        .map(|mac| FieldError::new(field, "unknown", format!("there is no phone {mac}")))
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(EngineError::Invalid(errors))
    }
}
