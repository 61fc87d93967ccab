//! The audit log: adding to it and reading it.
//!
//! Owns its tables. *Invariant:* records are added at the end of a unit, numbered from 0
//! without gaps, and never changed.

mod append;
mod checkpoints;
mod frontier;
mod list;
mod query;
mod scan;

pub(crate) use append::append;
pub use checkpoints::{CheckpointRow, TILE, TileRow};
pub use frontier::{Frontier, Hash, leaf_hash, node_hash};
pub use list::AuditRow;
pub use query::{AtLeast, AuditQuery};
pub use scan::{AuditScan, RawRecord, RecordFault};
