//! Phones: reading, finding, changing.
//!
//! Owns the tables `phones`, `phone_tags` and `phone_addresses`. What an edit writes and what
//! contact teaches are different columns: neither overwrites the other.

pub(crate) mod addresses;
pub(crate) mod awaited;
pub(crate) mod belongings;
pub(crate) mod call;
pub(crate) mod choices;
pub(crate) mod contact;
pub(crate) mod filter;
pub(crate) mod health;
pub(crate) mod keys;
pub(crate) mod list;
pub(crate) mod listed;
pub(crate) mod lock;
pub(crate) mod named;
pub(crate) mod plan;
pub(crate) mod read;
pub(crate) mod save;
pub(crate) mod tags;
pub(crate) mod trust;
