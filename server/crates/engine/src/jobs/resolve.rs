//! From what somebody named to the phones that it comes to now.
//!
//! Owns the union of phones, groups and filter, as far as the caller reaches. Preview and submission both come through here.

use std::collections::BTreeMap;

use carillon_domain::Mac;
use carillon_domain::filter::{Filter, Term, Test};
use carillon_domain::job::{PlannedPhone, TargetSpec};
use carillon_store::Store;

use crate::Engine;
use crate::error::{EngineError, FieldError, Result};

/// The phones of a specification, each once, by name.
///
/// # Errors
/// Every phone and group that does not exist, each with its field.
pub(super) async fn resolve(
    engine: &Engine,
    seen: &Store,
    spec: &TargetSpec,
    filter: Option<&Filter>,
) -> Result<Vec<PlannedPhone>> {
    let now = engine.clock.now();
    let mut errors = Vec::new();
    let mut found: BTreeMap<Mac, PlannedPhone> = BTreeMap::new();
    let mut add = |phones: Vec<PlannedPhone>| {
        found.extend(phones.into_iter().map(|phone| (phone.mac, phone)));
    };
    let named = seen.phones_to_plan(&spec.phones).await?;
    errors.extend(missing_phones(&spec.phones, &named));
    add(named);
    for slug in &spec.groups {
        if seen.group(slug, now).await?.is_some() {
            add(seen
                .phones_to_plan_matching(&group_filter(slug), now)
                .await?);
        } else {
            let message = format!("there is no group {slug:?}");
            errors.push(FieldError::new("targets.groups", "unknown", message));
        }
    }
    if let Some(filter) = filter {
        add(seen.phones_to_plan_matching(filter, now).await?);
    }
    if !errors.is_empty() {
        return Err(EngineError::Invalid(errors));
    }
    if found.is_empty() {
        return Err(EngineError::invalid(
            "targets",
            "empty",
            "no phone matches: nothing was started",
        ));
    }
    planned(engine, found.into_values().collect()).await
}

/// The filter of one group.
fn group_filter(slug: &str) -> Filter {
    Filter {
        terms: vec![Term {
            negated: false,
            any_of: vec![Test::Group(slug.to_owned())],
        }],
    }
}

fn missing_phones(wanted: &[Mac], found: &[PlannedPhone]) -> Vec<FieldError> {
    let found: std::collections::HashSet<Mac> = found.iter().map(|phone| phone.mac).collect();
    let missing = wanted.iter().filter(|mac| !found.contains(mac));
    missing
        .take(100)
        .map(|mac| {
            FieldError::new(
                "targets.phones",
                "unknown",
                format!("there is no phone {mac}"),
            )
        })
        .collect()
}

/// The same phones with all their groups, sorted by site and name.
async fn planned(engine: &Engine, mut phones: Vec<PlannedPhone>) -> Result<Vec<PlannedPhone>> {
    let macs: Vec<Mac> = phones.iter().map(|phone| phone.mac).collect();
    let mut groups = engine.store.groups_of(&macs, engine.clock.now()).await?;
    for phone in &mut phones {
        phone.groups = groups.remove(&phone.mac).unwrap_or_default();
    }
    phones.sort_by(|a, b| (&a.site, &a.name, a.mac).cmp(&(&b.site, &b.name, b.mac)));
    Ok(phones)
}
