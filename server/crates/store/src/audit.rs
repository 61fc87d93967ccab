//! The audit log: adding to it and reading it.
//!
//! Owns its tables. *Invariant:* records are added at the end of a unit, numbered from 0
//! without gaps, and never changed.

mod append;
mod by_job;
mod checkpoints;
mod count;
mod ends;
mod entry;
mod export;
mod exported;
mod frontier;
mod guards;
mod indexes;
mod known;
mod list;
mod marked;
mod marks;
mod passes;
mod query;
mod requests;
mod scan;
mod sources;
mod standing;
mod start;
mod stretches;
mod taken;
mod terms;
mod walk;
mod words;

pub(crate) use append::append;
pub use checkpoints::{CheckpointRow, TILE, TileRow};
pub use ends::{StandingAsked, StandingCause, StandingEnd, StandingJob};
pub use export::{AuditExport, AuditLines};
pub use exported::ExportedRecord;
pub use frontier::{Frontier, Hash, leaf_hash, node_hash};
pub use guards::AuditGuards;
pub(crate) use known::{Known, Learned};
pub use list::AuditRow;
pub use marked::MarkCheck;
pub use passes::StandingPass;
pub use query::{AtLeast, AuditQuery};
pub use requests::StandingChange;
pub use scan::{AuditScan, RawRecord, RecordFault};
pub use sources::AuditSource;
pub(crate) use sources::{behind, show};
pub use standing::{
    StandingAccount, StandingDecision, StandingNetworks, StandingOrder, StandingSeal,
    StandingSource, StandingToken, Standings,
};
pub use taken::Taken;
