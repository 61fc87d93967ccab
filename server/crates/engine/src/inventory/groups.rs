//! Groups: listed phones, or a rule.

use std::collections::BTreeSet;

use carillon_domain::change;
use carillon_domain::phone::{Group, GroupKind, slugify};
use carillon_domain::role::Permission;
use carillon_domain::{FieldError, Filter, Mac};
use carillon_store::{GroupRow, Unit};
use serde_json::json;

use super::rule::{self, Graph};
use super::{check_version, finish, record};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

const MAX_NAME: usize = 100;
const MAX_EXAMPLES: usize = 10;

/// A group as somebody gives it.
#[derive(Clone, Debug)]
pub struct GroupInput {
    /// Identity, for a new one; blank = made from the name.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// Fixed or by rule.
    pub kind: GroupKind,
    /// The rule's text, for a rule.
    pub filter: String,
    /// The members of a fixed group; `None` leaves them.
    pub members: Option<Vec<Mac>>,
    /// Name of a stored credential for its phones.
    pub credential: Option<String>,
}

/// What a rule would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleEffect {
    /// Members afterwards.
    pub after: usize,
    /// So many come.
    pub joining: usize,
    /// So many go.
    pub leaving: usize,
    /// Some of those that come, with what to call them.
    pub joining_examples: Vec<(Mac, String)>,
    /// Some of those that go.
    pub leaving_examples: Vec<(Mac, String)>,
}

impl GroupInput {
    /// Fixed groups without a credential are open to operators; all else decides who is sent what.
    fn permission(&self) -> Permission {
        let plain = self.kind == GroupKind::Fixed && self.credential_name().is_none();
        if plain {
            Permission::EditTags
        } else {
            Permission::ManageInventory
        }
    }

    fn credential_name(&self) -> Option<String> {
        self.credential
            .clone()
            .filter(|name| !name.trim().is_empty())
    }

    fn group(&self, slug: String) -> Result<(Group, Option<Filter>)> {
        let mut errors = Vec::new();
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control)
        {
            let message = format!("give a name of 1 to {MAX_NAME} characters");
            errors.push(FieldError::new("name", "invalid", message));
        }
        if slug.is_empty() {
            let message = "a short name needs a letter or a digit";
            errors.push(FieldError::new("slug", "invalid", message));
        }
        let filter = match self.kind {
            GroupKind::Fixed => None,
            GroupKind::Rule => read_rule(&self.filter)
                .map_err(|error| errors.push(error))
                .ok(),
        };
        if !errors.is_empty() {
            return Err(EngineError::Invalid(errors));
        }
        let group = Group {
            slug,
            name: name.to_owned(),
            kind: self.kind,
            filter: filter.as_ref().map(Filter::to_string),
            credential: self.credential_name(),
        };
        Ok((group, filter))
    }
}

/// A rule that takes every phone is hardly meant: it has to say something.
fn read_rule(text: &str) -> Result<Filter, FieldError> {
    let filter: Filter =
        text.parse()
            .map_err(|problem: carillon_domain::filter::FilterError| {
                let message = format!("{problem}, at character {}", problem.position + 1);
                FieldError::new("filter", "invalid", message)
            })?;
    if filter.is_everything() {
        return Err(FieldError::new(
            "filter",
            "missing",
            "say which phones, such as site:kiel",
        ));
    }
    Ok(filter)
}

fn fields(group: &Group) -> Vec<(&'static str, String)> {
    vec![
        ("name", group.name.clone()),
        ("kind", group.kind.to_string()),
        ("filter", change::text(group.filter.as_ref())),
        ("credential", change::text(group.credential.as_ref())),
    ]
}

impl Engine {
    /// All groups with the number of their phones.
    ///
    /// # Errors
    /// Denied.
    pub async fn groups(&self, caller: &Caller) -> Result<Vec<GroupRow>> {
        caller.require(Permission::ViewInventory)?;
        Ok(self.store.groups(self.clock.now()).await?)
    }

    /// One group.
    ///
    /// # Errors
    /// Denied, or not found.
    pub async fn group(&self, caller: &Caller, slug: &str) -> Result<GroupRow> {
        caller.require(Permission::ViewInventory)?;
        let found = self.store.group(slug, self.clock.now()).await?;
        found.ok_or(EngineError::NotFound)
    }

    /// The listed members of a fixed group.
    ///
    /// # Errors
    /// Denied.
    pub async fn fixed_members(&self, caller: &Caller, slug: &str) -> Result<Vec<Mac>> {
        caller.require(Permission::ViewInventory)?;
        Ok(self.store.fixed_members(slug).await?)
    }

    /// What a rule would change about a group, or would make of a new one.
    ///
    /// # Errors
    /// Denied, or a rule that cannot be.
    pub async fn preview_rule(
        &self,
        caller: &Caller,
        slug: Option<&str>,
        text: &str,
    ) -> Result<RuleEffect> {
        caller.require(Permission::ViewInventory)?;
        let filter = read_rule(text).map_err(|error| EngineError::Invalid(vec![error]))?;
        self.check_rule(slug.unwrap_or_default(), &filter).await?;
        let now = self.clock.now();
        let after: BTreeSet<Mac> = self.store.macs(&filter, now).await?.into_iter().collect();
        let before = match slug {
            Some(slug) => self.store.macs(&members_of(slug), now).await?,
            None => Vec::new(),
        };
        let before: BTreeSet<Mac> = before.into_iter().collect();
        let joining: Vec<Mac> = after.difference(&before).copied().collect();
        let leaving: Vec<Mac> = before.difference(&after).copied().collect();
        Ok(RuleEffect {
            after: after.len(),
            joining: joining.len(),
            leaving: leaving.len(),
            joining_examples: self.names_of(&joining).await?,
            leaving_examples: self.names_of(&leaving).await?,
        })
    }

    async fn names_of(&self, macs: &[Mac]) -> Result<Vec<(Mac, String)>> {
        let some = &macs[..macs.len().min(MAX_EXAMPLES)];
        let rows = self.store.phones_by_macs(some).await?;
        let named = rows
            .into_iter()
            .map(|row| (row.phone.mac, row.phone.display_name()));
        Ok(named.collect())
    }

    /// Refuses a rule that asks for a group that is not there, or leads back to itself.
    async fn check_rule(&self, slug: &str, filter: &Filter) -> Result<()> {
        let groups = self.store.groups(self.clock.now()).await?;
        let others: Graph = groups
            .into_iter()
            .map(|row| {
                let rule = row
                    .group
                    .filter
                    .as_deref()
                    .and_then(|text| text.parse().ok());
                let asked = rule.as_ref().map(rule::asked_for).unwrap_or_default();
                (row.group.slug, asked)
            })
            .filter(|(name, _)| name != slug)
            .collect();
        rule::check(slug, filter, &others)
            .map_err(|problem| EngineError::invalid("filter", "invalid", problem.to_string()))
    }

    /// Makes a group.
    ///
    /// # Errors
    /// Denied, or every field at fault.
    pub async fn create_group(&self, caller: &Caller, input: &GroupInput) -> Result<GroupRow> {
        caller.require(input.permission())?;
        let given = if input.slug.trim().is_empty() {
            &input.name
        } else {
            &input.slug
        };
        let (group, filter) = input.group(slugify(given))?;
        if let Some(filter) = &filter {
            self.check_rule(&group.slug, filter).await?;
        }
        let now = self.clock.now();
        let mut unit = self.store.begin().await?;
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
        let members = self
            .write_members(&mut unit, &group, input.members.as_deref())
            .await?;
        let mut event = caller.event(now, "group.created");
        event.groups = vec![group.slug.clone()];
        event.detail = json!({"name": group.name, "kind": group.kind, "filter": group.filter, "members": members});
        finish(unit, &[event]).await?;
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
        caller.require(input.permission())?;
        let (group, filter) = input.group(slug.to_owned())?;
        if let Some(filter) = &filter {
            self.check_rule(slug, filter).await?;
        }
        let now = self.clock.now();
        let mut unit = self.store.begin().await?;
        let old = unit.group(slug).await?.ok_or(EngineError::NotFound)?;
        caller.require(permission_of(&old.group))?;
        check_version(old.version, version)?;
        self.check_credential_name(&mut unit, group.credential.as_deref())
            .await?;
        let changes = change::between(&fields(&old.group), &fields(&group));
        unit.update_group(&group, old.version, now).await?;
        let members = self
            .write_members(&mut unit, &group, input.members.as_deref())
            .await?;
        if changes.is_empty() && members.is_none() {
            return self.group(caller, slug).await;
        }
        let mut event = caller.event(now, "group.changed");
        event.groups = vec![slug.to_owned()];
        event.detail = record::changes(&changes);
        if let Some(members) = members {
            event.detail["members"] = members.into();
        }
        finish(unit, &[event]).await?;
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
        caller.require(Permission::EditTags)?;
        let now = self.clock.now();
        let mut unit = self.store.begin().await?;
        let old = unit.group(slug).await?.ok_or(EngineError::NotFound)?;
        caller.require(permission_of(&old.group))?;
        check_version(old.version, version)?;
        if old.group.kind == GroupKind::Rule {
            let message = "this group has a rule: its members follow from it";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        check_exist(&mut unit, "add", add).await?;
        let added = unit.add_members(slug, add).await?;
        let removed = unit.remove_members(slug, remove).await?;
        if added + removed == 0 {
            return Ok((0, 0));
        }
        unit.update_group(&old.group, old.version, now).await?;
        let mut event = caller.event(now, "group.members_changed");
        event.groups = vec![slug.to_owned()];
        event.detail = json!({"added": added, "removed": removed,
            "add": record::macs(&add[..add.len().min(100)]),
            "remove": record::macs(&remove[..remove.len().min(100)])});
        finish(unit, &[event]).await?;
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
        caller.require(Permission::EditTags)?;
        let now = self.clock.now();
        let all = self.store.groups(now).await?;
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
        let mut unit = self.store.begin().await?;
        let old = unit.group(slug).await?.ok_or(EngineError::NotFound)?;
        caller.require(permission_of(&old.group))?;
        check_version(old.version, version)?;
        unit.delete_group(slug).await?;
        let mut event = caller.event(now, "group.deleted");
        event.groups = vec![slug.to_owned()];
        event.detail =
            json!({"name": old.group.name, "kind": old.group.kind, "filter": old.group.filter});
        finish(unit, &[event]).await
    }
}

/// The filter that takes a group's members.
fn members_of(slug: &str) -> Filter {
    let mut filter = Filter::default();
    filter.require(carillon_domain::filter::Test::Group(slug.to_owned()));
    filter
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
