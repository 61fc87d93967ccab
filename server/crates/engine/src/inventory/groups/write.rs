//! Making, changing and deleting groups.

use std::collections::BTreeSet;

use carillon_domain::change;
use carillon_domain::phone::{Group, GroupKind, slugify};
use carillon_domain::role::Permission;
use carillon_domain::{FieldError, Filter, Mac};
use carillon_store::{GroupRow, Keeps, Unit};
use serde_json::json;

use super::super::clear::{self, Touched};
use super::super::{check_version, record};
use super::{GroupInput, fields};
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
        if let Some(filter) = &filter {
            self.check_rule(&seen, &group.slug, filter).await?;
        }
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&seen, Keeps::Ways).await?;
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
        clear::check_rule(caller, &mut unit, (&group, None)).await?;
        let members = self
            .write_members(&mut unit, &group, input.members.as_deref())
            .await?;
        stays_in_sight(&mut unit, &group.slug).await?;
        let mut event = caller.event(now, "group.created");
        event.groups = vec![group.slug.clone()];
        event.detail = json!({"name": group.name, "kind": group.kind, "filter": group.filter, "members": members});
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
        if let Some(filter) = &filter {
            self.check_rule(&seen, slug, filter).await?;
        }
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&seen, Keeps::AccountsAndWays).await?;
        let old = unit.group(slug).await?.ok_or(EngineError::NotFound)?;
        caller.require(permission_of(&old.group))?;
        check_version(old.version, version)?;
        self.check_credential_name(&mut unit, group.credential.as_deref())
            .await?;
        let changes = change::between(&fields(&old.group), &fields(&group));
        let holders = unit.accounts_within(slug).await?;
        unit.update_group(&group, old.version, now).await?;
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
        let added = unit.add_members(slug, add).await?;
        let removed = unit.remove_members(slug, remove).await?;
        stays_in_sight(&mut unit, slug).await?;
        if added + removed == 0 {
            return Ok((0, 0));
        }
        unit.update_group(&old.group, old.version, now).await?;
        let mut event = caller.event(now, "group.members_changed");
        event.groups = vec![slug.to_owned()];
        event.detail = json!({"name": old.group.name, "added": added, "removed": removed,
            "add": record::macs(&add[..add.len().min(100)]),
            "remove": record::macs(&remove[..remove.len().min(100)])});
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
        let all = seen.groups(now).await?;
        let asks = |row: &&GroupRow| {
            let rule = row
                .group
                .filter
                .as_deref()
                .and_then(|text| text.parse::<Filter>().ok());
            rule.is_some_and(|rule| rule.groups().any(|name| name == slug))
        };
        if let Some(other) = all.iter().find(asks) {
            let message = format!(
                "the rule of {} asks for it: change that first",
                other.group.name
            );
            return Err(EngineError::Conflict(message));
        }
        let mut unit = caller.begin_keeping(&seen, Keeps::AccountsAndWays).await?;
        let old = unit.group(slug).await?.ok_or(EngineError::NotFound)?;
        caller.require(permission_of(&old.group))?;
        check_version(old.version, version)?;
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
