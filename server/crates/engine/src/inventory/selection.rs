//! Phones that somebody has picked, until they say what for.
//!
//! Owns the list behind `?sel=`. It is fixed when it is made: what matches the filter later is
//! not in it.

use std::collections::BTreeSet;
use std::time::Duration;

use carillon_domain::role::Permission;
use carillon_domain::{Filter, Mac};
use serde::{Deserialize, Serialize};

use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

const KIND: &str = "selection";
const LASTS: Duration = Duration::from_hours(12);

/// Phones that somebody has picked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// The phones, sorted, each once.
    pub phones: Vec<Mac>,
    /// The filter that took exactly these, where one did.
    pub filter: Option<Filter>,
}

impl Selection {
    /// Phones that were ticked one by one.
    pub fn of(phones: impl IntoIterator<Item = Mac>) -> Self {
        let phones: BTreeSet<Mac> = phones.into_iter().collect();
        Self {
            phones: phones.into_iter().collect(),
            filter: None,
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self.phones.is_empty() {
            return other;
        }
        Self::of(self.phones.into_iter().chain(other.phones))
    }

    /// The same without some.
    #[must_use]
    pub fn without(self, some: &[Mac]) -> Self {
        if !some.iter().any(|mac| self.has(*mac)) {
            return self;
        }
        Self::of(self.phones.into_iter().filter(|mac| !some.contains(mac)))
    }

    /// Whether a phone is in it.
    pub fn has(&self, mac: Mac) -> bool {
        self.phones.binary_search(&mac).is_ok()
    }
}

impl Engine {
    /// The phones that a filter takes now, as a selection.
    ///
    /// # Errors
    /// Denied.
    pub async fn select(&self, caller: &Caller, filter: &Filter) -> Result<Selection> {
        Ok(Selection {
            phones: self.macs(caller, filter).await?,
            filter: Some(filter.clone()),
        })
    }

    /// Keeps a selection for this account; says under which id.
    ///
    /// # Errors
    /// Denied, or sealed.
    pub async fn keep_selection(&self, caller: &Caller, selection: &Selection) -> Result<String> {
        caller.require(Permission::ViewInventory)?;
        self.keep_draft(caller, KIND, selection, LASTS).await
    }

    /// Puts a selection in the place of the one of this id.
    ///
    /// # Errors
    /// Denied, or sealed.
    pub async fn replace_selection(
        &self,
        caller: &Caller,
        id: &str,
        selection: &Selection,
    ) -> Result<()> {
        caller.require(Permission::ViewInventory)?;
        self.replace_draft(caller, KIND, id, selection, LASTS).await
    }

    /// The selection of this id.
    ///
    /// # Errors
    /// Denied, or not found, also when its time is over.
    pub async fn selection(&self, caller: &Caller, id: &str) -> Result<Selection> {
        caller.require(Permission::ViewInventory)?;
        self.draft(caller, KIND, id).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_names_each_phone_once() {
        let mac = |last| Mac::from_bytes([0, 0x15, 0x65, 0, 0, last]);
        let first = Selection::of([mac(2), mac(1), mac(2)]);
        assert_eq!(first.phones, [mac(1), mac(2)]);
        let both = first.and(Selection::of([mac(3), mac(1)]));
        assert_eq!(both.phones, [mac(1), mac(2), mac(3)]);
        assert_eq!(both.filter, None);
        assert!(both.has(mac(3)) && !both.has(mac(4)));
        assert_eq!(both.without(&[mac(1), mac(4)]).phones, [mac(2), mac(3)]);
    }

    #[test]
    fn a_selection_that_loses_nobody_stays_that_of_its_filter() {
        let all = Selection {
            phones: vec![Mac::from_bytes([0, 0x15, 0x65, 0, 0, 1])],
            filter: Some(Filter::default()),
        };
        let other = Mac::from_bytes([0, 0x15, 0x65, 0, 0, 2]);
        assert_eq!(all.clone().without(&[other]), all);
    }
}
