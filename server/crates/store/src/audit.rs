//! The audit log: adding to it and reading it.
//!
//! Owns its tables. *Invariant:* records are added at the end of a unit, numbered from 0
//! without gaps, and never changed.

mod append;
mod frontier;
mod list;
mod query;

pub(crate) use append::append;
pub use frontier::{Frontier, Hash, leaf_hash};
pub use list::AuditRow;
pub use query::{AtLeast, AuditQuery};
