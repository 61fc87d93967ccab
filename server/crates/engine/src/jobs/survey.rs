//! What a choice of phones comes to, before anybody says what for.
//!
//! Owns the numbers beside the choice. The same phones as [`super::resolve`] would take, without
//! a plan; phones and groups that do not exist are no error here, they count nothing.

use std::collections::{BTreeMap, BTreeSet};

use carillon_domain::Mac;
use carillon_domain::filter::{Filter, Term, Test};
use carillon_domain::job::TargetSpec;
use carillon_domain::phone::Reachability;
use carillon_domain::role::Permission;
use carillon_store::PhoneRow;

use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// What a choice of phones comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetSurvey {
    /// Phones.
    pub phones: i64,
    /// Sites that they are at.
    pub sites: i64,
    /// Models that they are of.
    pub models: i64,
    /// Did not answer when last contacted.
    pub offline: i64,
    /// Marked as protected.
    pub protected: i64,
    /// Without an address.
    pub no_address: i64,
    /// The phones that were named one by one, with what they are called.
    pub named: Vec<(Mac, String)>,
}

impl Engine {
    /// Counts the phones of a specification.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when the filter cannot be read.
    pub async fn survey_targets(&self, caller: &Caller, spec: &TargetSpec) -> Result<TargetSurvey> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        let now = self.clock.now();
        let mut found: BTreeMap<Mac, PhoneRow> = BTreeMap::new();
        let named = seen.phones_by_macs(&spec.phones).await?;
        let names = named
            .iter()
            .map(|row| (row.phone.mac, row.phone.display_name()));
        let names = names.collect();
        let mut add = |rows: Vec<PhoneRow>| {
            found.extend(rows.into_iter().map(|row| (row.phone.mac, row)));
        };
        add(named);
        for filter in filters(spec)? {
            add(seen.phones_matching(&filter, now).await?);
        }
        Ok(count(&found, names))
    }
}

/// The groups as one filter, and the filter.
fn filters(spec: &TargetSpec) -> Result<Vec<Filter>> {
    let mut filters = Vec::new();
    if !spec.groups.is_empty() {
        let any_of = spec.groups.iter().cloned().map(Test::Group).collect();
        let terms = vec![Term {
            negated: false,
            any_of,
        }];
        filters.push(Filter { terms });
    }
    if let Some(text) = &spec.filter {
        let filter = text.parse().map_err(|problem| {
            EngineError::invalid("targets.filter", "invalid", format!("{problem}"))
        });
        filters.push(filter?);
    }
    Ok(filters)
}

fn count(found: &BTreeMap<Mac, PhoneRow>, named: Vec<(Mac, String)>) -> TargetSurvey {
    let so_many = |test: &dyn Fn(&&PhoneRow) -> bool| found.values().filter(test).count() as i64;
    let sites: BTreeSet<_> = found
        .values()
        .filter_map(|row| row.phone.site.as_deref())
        .collect();
    let models = found.values().map(|row| row.phone.model.as_str());
    let models: BTreeSet<_> = models.filter(|model| !model.is_empty()).collect();
    TargetSurvey {
        phones: found.len() as i64,
        sites: sites.len() as i64,
        models: models.len() as i64,
        offline: so_many(&|row| row.contact.reachability == Reachability::Offline),
        protected: so_many(&|row| row.phone.protected),
        no_address: so_many(&|row| row.phone.address.is_none()),
        named,
    }
}
