//! What a choice of phones comes to, before anybody says what for.
//!
//! Owns the numbers beside the choice. The same phones as [`super::resolve`] would take, without
//! a plan; phones and groups that do not exist are no error here, they count nothing.

use std::collections::BTreeSet;

use carillon_domain::job::TargetSpec;
use carillon_domain::phone::Reachability;
use carillon_domain::role::Permission;
use carillon_domain::{Filter, Mac};
use carillon_store::{Naming, PhoneRow};

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
        let filter: Option<Filter> = match &spec.filter {
            Some(text) => Some(text.parse().map_err(|problem| {
                EngineError::invalid("targets.filter", "invalid", format!("{problem}"))
            })?),
            None => None,
        };
        let naming = Naming {
            macs: &spec.phones,
            groups: &spec.groups,
            filter: filter.as_ref(),
        };
        let found = seen.named_phones(naming, self.clock.now()).await?;
        let wanted: BTreeSet<Mac> = spec.phones.iter().copied().collect();
        let named = found.iter().map(|row| &row.phone);
        let named = named.filter(|phone| wanted.contains(&phone.mac));
        let names = named.map(|phone| (phone.mac, phone.display_name()));
        Ok(count(&found, names.collect()))
    }
}

fn count(found: &[PhoneRow], named: Vec<(Mac, String)>) -> TargetSurvey {
    let so_many = |test: &dyn Fn(&&PhoneRow) -> bool| found.iter().filter(test).count() as i64;
    let sites: BTreeSet<_> = found
        .iter()
        .filter_map(|row| row.phone.site.as_deref())
        .collect();
    let models = found.iter().map(|row| row.phone.model.as_str());
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
