//! How far somebody reaches: which sites and fixed groups they may see and command.
//!
//! Owns the meaning of scope. *Invariant:* a narrower reach is never widened by another one;
//! nothing named is nothing reached.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Sites and fixed groups, either of which takes a phone in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Slugs of sites.
    pub sites: BTreeSet<String>,
    /// Slugs of fixed groups.
    pub groups: BTreeSet<String>,
}

impl Area {
    /// An area of these.
    pub fn of<'a>(
        sites: impl IntoIterator<Item = &'a str>,
        groups: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self {
            sites: sites.into_iter().map(str::to_owned).collect(),
            groups: groups.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// How far somebody reaches: everything, or what lies in each of some areas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach(Vec<Area>);

impl Reach {
    /// All phones.
    pub const fn everything() -> Self {
        Self(Vec::new())
    }

    /// The phones of one area; `None` = all.
    pub fn within(area: Option<Area>) -> Self {
        Self(area.into_iter().collect())
    }

    /// What both reach.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether nothing is out of it.
    pub const fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// A phone must lie in each of these.
    pub fn areas(&self) -> &[Area] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_together_are_never_more_than_one() {
        let kiel = Reach::within(Some(Area::of(["kiel"], [])));
        assert_eq!(Reach::everything().and(kiel.clone()), kiel);
        assert_eq!(kiel.clone().and(Reach::everything()), kiel);
        assert_eq!(kiel.clone().and(kiel).areas().len(), 2);
    }

    #[test]
    fn an_empty_area_is_not_everything() {
        assert!(!Reach::within(Some(Area::default())).is_everything());
        assert!(Reach::within(None).is_everything());
    }
}
