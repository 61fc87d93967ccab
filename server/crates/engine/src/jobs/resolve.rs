//! From what somebody named to the phones that it comes to now.
//!
//! Owns the union of phones, groups and filter, as far as the caller reaches. Preview and submission both come through here.

use std::collections::BTreeMap;

use carillon_domain::Mac;
use carillon_domain::filter::{Filter, Term, Test};
use carillon_domain::job::{PlannedPhone, TargetSpec};
use carillon_store::{PhoneRow, Store};

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
    let mut found: BTreeMap<Mac, PhoneRow> = BTreeMap::new();
    let mut add = |rows: Vec<PhoneRow>| {
        found.extend(rows.into_iter().map(|row| (row.phone.mac, row)));
    };
    let named = seen.phones_by_macs(&spec.phones).await?;
    errors.extend(missing_phones(&spec.phones, &named));
    add(named);
    for slug in &spec.groups {
        if seen.group(slug, now).await?.is_some() {
            add(seen.phones_matching(&group_filter(slug), now).await?);
        } else {
            let message = format!("there is no group {slug:?}");
            errors.push(FieldError::new("targets.groups", "unknown", message));
        }
    }
    if let Some(filter) = filter {
        add(seen.phones_matching(filter, now).await?);
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

fn missing_phones(wanted: &[Mac], found: &[PhoneRow]) -> Vec<FieldError> {
    let found: std::collections::HashSet<Mac> = found.iter().map(|row| row.phone.mac).collect();
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

/// Phones as a plan wants them, with all their groups, sorted by site and name.
pub(super) async fn planned(engine: &Engine, rows: Vec<PhoneRow>) -> Result<Vec<PlannedPhone>> {
    let macs: Vec<Mac> = rows.iter().map(|row| row.phone.mac).collect();
    let mut groups = engine.store.groups_of(&macs, engine.clock.now()).await?;
    let mut phones: Vec<PlannedPhone> = rows
        .into_iter()
        .map(|row| PlannedPhone {
            mac: row.phone.mac,
            name: row.phone.display_name(),
            groups: groups.remove(&row.phone.mac).unwrap_or_default(),
            extension: row.phone.extension,
            model: row.phone.model,
            site: row.phone.site,
            address: row.phone.address,
            protected: row.phone.protected,
        })
        .collect();
    phones.sort_by(|a, b| (&a.site, &a.name, a.mac).cmp(&(&b.site, &b.name, b.mac)));
    Ok(phones)
}
