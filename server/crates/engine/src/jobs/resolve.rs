//! From what somebody named to the phones that it comes to now.
//!
//! Owns the union of phones, groups and filter, as far as the caller reaches. Preview and submission both come through here.

use carillon_domain::job::{PlannedPhone, TargetSpec};
use carillon_domain::{Filter, Mac};
use carillon_store::{Naming, Store};

use crate::Engine;
use crate::error::{EngineError, FieldError, Result};

/// The phones of a specification, each once, with all their groups, sorted by site and name.
///
/// # Errors
/// Every phone and group that does not exist, each with its field.
pub(super) async fn resolve(
    engine: &Engine,
    seen: &Store,
    spec: &TargetSpec,
    filter: Option<&Filter>,
) -> Result<Vec<PlannedPhone>> {
    let naming = Naming {
        macs: &spec.phones,
        groups: &spec.groups,
        filter,
    };
    let found = seen.phones_to_plan(naming, engine.clock.now()).await?;
    let mut errors = missing_phones(&spec.phones, &found.phones);
    errors.extend(found.unknown_groups.iter().map(|slug| {
        let message = format!("there is no group {slug:?}");
        FieldError::new("targets.groups", "unknown", message)
    }));
    if !errors.is_empty() {
        return Err(EngineError::Invalid(errors));
    }
    if found.phones.is_empty() {
        return Err(EngineError::invalid(
            "targets",
            "empty",
            "no phone matches: nothing was started",
        ));
    }
    let mut phones = found.phones;
    phones.sort_by(|a, b| (&a.site, &a.name, a.mac).cmp(&(&b.site, &b.name, b.mac)));
    Ok(phones)
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
