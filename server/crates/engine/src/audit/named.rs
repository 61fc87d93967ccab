//! What a phone of a job was called, where it was and in which groups, when the job was made.
//!
//! Owns what of it is kept while a log is followed: a number for all three. *Invariant:* the numbers of
//! one process are compared with each other only; nobody can know what makes two of them alike.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

use carillon_domain::event::Event;
use carillon_store::StandingEnd;

static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Name, site and groups of a phone, as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named(u64);

impl Named {
    /// As a record tells it.
    pub(super) fn told(event: &Event) -> Self {
        Self::of(&event.phone_name, event.site.as_deref(), &event.groups)
    }

    /// As the phone's row says; nothing where that cannot be read.
    pub(super) fn found(row: &StandingEnd) -> Option<Self> {
        let groups: Vec<String> = serde_json::from_str(&row.groups).ok()?;
        Some(Self::of(&row.name, row.site.as_deref(), &groups))
    }

    fn of(name: &str, site: Option<&str>, groups: &[String]) -> Self {
        Self(KEY.hash_one((name, site, groups)))
    }
}
