//! Groups: listed phones, or a rule.

mod moves;
mod write;

use std::collections::BTreeSet;

use carillon_domain::change;
use carillon_domain::phone::{Group, GroupKind};
use carillon_domain::role::Permission;
use carillon_domain::{FieldError, Filter, Mac, line};
use carillon_store::GroupRow;

use super::rule::{self, Graph};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

pub use moves::{MemberChange, Moved, Why};

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
        if name.is_empty() || name.chars().count() > MAX_NAME || !line::is_plain(name) {
            let message = format!(
                "give a name of 1 to {MAX_NAME} characters, none of them a line break, a control \
                 character or one that turns the direction of writing"
            );
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
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        Ok(seen.groups(self.clock.now()).await?)
    }

    /// One group.
    ///
    /// # Errors
    /// Denied, or not found.
    pub async fn group(&self, caller: &Caller, slug: &str) -> Result<GroupRow> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        let found = seen.group(slug, self.clock.now()).await?;
        found.ok_or(EngineError::NotFound)
    }

    /// The listed members of a fixed group.
    ///
    /// # Errors
    /// Denied.
    pub async fn fixed_members(&self, caller: &Caller, slug: &str) -> Result<Vec<Mac>> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        Ok(seen.fixed_members(slug).await?)
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
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        let filter = read_rule(text).map_err(|error| EngineError::Invalid(vec![error]))?;
        let now = self.clock.now();
        let groups = seen.groups(now).await?;
        check_rule(&groups, slug.unwrap_or_default(), &filter)?;
        let after: BTreeSet<Mac> = seen.macs(&filter, now).await?.into_iter().collect();
        let before = match slug {
            Some(slug) => seen.macs(&members_of(slug), now).await?,
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
            .map(|row| (row.phone.mac, row.phone.distinct_name()));
        Ok(named.collect())
    }
}

/// Refuses a rule that asks for a group that is not there, or leads back to itself, among the groups in
/// reach: one out of reach is not there. Those are lists and lead nowhere.
fn check_rule(groups: &[GroupRow], slug: &str, filter: &Filter) -> Result<()> {
    let others = groups.iter().filter(|row| row.group.slug != slug);
    let others: Graph = others
        .map(|row| {
            let asked = rule_of(row).as_ref().map(rule::asked_for);
            (row.group.slug.clone(), asked.unwrap_or_default())
        })
        .collect();
    rule::check(slug, filter, &others)
        .map_err(|problem| EngineError::invalid("filter", "invalid", problem.to_string()))
}

/// A group's rule, where it has one that can be read.
fn rule_of(row: &GroupRow) -> Option<Filter> {
    let text = row.group.filter.as_deref()?;
    text.parse().ok()
}

/// The filter that takes a group's members.
fn members_of(slug: &str) -> Filter {
    let mut filter = Filter::default();
    filter.require(carillon_domain::filter::Test::Group(slug.to_owned()));
    filter
}
